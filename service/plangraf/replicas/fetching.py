"""Fetches objects into a folder: resumed by range, verified by SHA-256, never used before they are whole."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from plangraf.errors import ObjectRefusedError, ReplicationError
from plangraf.replicas.layout import Blob, blob_of
from plangraf.replicas.objects import Objects

# Bytes of one request; what was fetched before a connection breaks is kept.
RANGE = 4 << 20
_AT_ONCE = 8
_PART = ".part"
_READ = 1 << 20


class StoppedError(ReplicationError):
    """The replica ends while it fetches; the next start resumes."""


class Fetcher:
    """Fetches objects of one store.

    Args:
        objects: the store.
        folder: keeps fetched objects by their SHA-256, and parts of others; it may be kept over restarts.
        stopping: set when the process ends.
    """

    def __init__(self, objects: Objects, folder: Path, stopping: threading.Event | None = None) -> None:
        self.folder = folder
        self._objects = objects
        self._stopping = stopping or threading.Event()

    def document(self, blob: Blob) -> bytes:
        """A small object in memory.

        Raises:
            ObjectRefusedError: its digest or size is not the stated one.
            ReplicationError: the store does not give it.
        """
        content = b"".join(
            self._objects.read(blob, start, min(start + RANGE, blob.size)) for start in range(0, blob.size, RANGE)
        )
        if blob_of(content) != blob:
            raise _wrong_digest(blob, blob.object)
        return content

    def fetch(self, wanted: Iterable[tuple[Blob, str]], on_file: Callable[[Blob], None] | None = None) -> None:
        """Fetches the objects that the folder lacks, several at once.

        Args:
            wanted: each object with what it is, for messages.
            on_file: called for each object that is whole now.
        Raises:
            ReplicationError: the first object that could not be fetched; the others that were are kept.
            OSError: the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        by_object = {blob.object: (blob, name) for blob, name in wanted}
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetch") as threads:
            running = [threads.submit(self._fetch_one, blob, name) for blob, name in by_object.values()]
            try:
                for future, (blob, _) in zip(running, by_object.values(), strict=True):
                    future.result()
                    if on_file is not None:
                        on_file(blob)
            except BaseException:
                for future in running:
                    future.cancel()
                raise

    def path(self, blob: Blob) -> Path:
        """Where a fetched object lies."""
        return self.folder / blob.sha256

    def forget(self, wanted: Iterable[Blob]) -> None:
        """Removes all but these objects and their parts."""
        kept = {name for blob in wanted for name in (blob.sha256, blob.sha256 + _PART)}
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name not in kept:
                    path.unlink()

    def _fetch_one(self, blob: Blob, name: str) -> None:
        target = self.path(blob)
        if target.is_file() and target.stat().st_size == blob.size:
            return
        part = target.with_name(target.name + _PART)
        resumed = part.exists()
        if not self._fetch_into(part, blob):
            part.unlink()
            # A part of an earlier run may have been damaged by a crash.
            if not (resumed and self._fetch_into(part, blob)):
                with suppress(FileNotFoundError):
                    part.unlink()
                raise _wrong_digest(blob, name)
        part.rename(target)

    def _fetch_into(self, part: Path, blob: Blob) -> bool:
        """Fetches what a file lacks; returns whether its digest is right now."""
        with part.open("a+b") as file:
            digest = _resume(file, blob.size)
            for start in range(file.tell(), blob.size, RANGE):
                if self._stopping.is_set():
                    raise StoppedError("The replica ends.")
                content = self._objects.read(blob, start, min(start + RANGE, blob.size))
                file.write(content)
                digest.update(content)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest() == blob.sha256


def digest_of(path: Path) -> Blob:
    """The content of a file on this disk."""
    with path.open("rb") as file:
        return Blob(hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size)


def _resume(file: BinaryIO, size: int) -> hashlib._Hash:
    """Hashes what a part has already, and stands at its end."""
    digest = hashlib.sha256()
    if file.seek(0, os.SEEK_END) > size:
        file.truncate(0)
    file.seek(0)
    while content := file.read(_READ):
        digest.update(content)
    return digest


def _wrong_digest(blob: Blob, name: str) -> ObjectRefusedError:
    about = "" if name == blob.object else f", which is {name},"
    return ObjectRefusedError(
        f"The object {blob.object}{about} is refused: its content has another SHA-256. "
        "Write it again with `plangraf publish --to … --again`."
    )
