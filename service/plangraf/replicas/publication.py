"""Publishes a folder of versions to an object store, so that readers see the old publication or the new one.

Objects first, then the state, then the pointer: by a conditional write, so that of two publications at once one is
refused. A publication that dies half-way changes nothing for replicas; the next one writes only what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plangraf.errors import ObjectMissingError, ObjectRefusedError, PublicationConflictError, ReplicationError
from plangraf.replicas.fetching import Fetcher, digest_of
from plangraf.replicas.layout import (
    ENGINE_LOG,
    OBJECTS,
    SHARED,
    Blob,
    Listing,
    Placed,
    Pointer,
    State,
    blob_of,
    checked_path,
    encode_listing,
    encode_state,
    read_shared_listing,
    read_state,
    read_version_listing,
)
from plangraf.replicas.objects import Found, Objects, Tag
from plangraf.store.versions import Version, VersionStore
from plangraf.store.versions.version import FEED, PRUNED

_AT_ONCE = 8
# An object that no publication needs stays for a while, because a replica may be reading an older one. Publications
# take an object that no other one needs for written only while it is far from its removal.
_KEPT, _TRUSTED = timedelta(hours=24), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Published:
    """The outcome: the publication, whether it was there already, and what was written and removed."""

    number: int
    version: str
    versions: int
    there_already: bool
    written: int
    written_bytes: int
    removed: int


class Publisher:
    """Publishes one folder of versions to one store."""

    def __init__(self, store: VersionStore, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def publish(self, *, replace: bool = False, again: bool = False) -> Published:
        """Publishes all versions of the folder, with the log of changes and all else that their answers need.

        Args:
            replace: publish although the store has changes that the folder lacks, or is damaged.
            again: write objects that the store has already, too.
        Raises:
            PublicationConflictError: the store has other changes, or another publication came first.
            ReplicationError: the store cannot be used, or a file cannot be published.
            VersionsError: there is no current version, a build is writing, or the log of changes is damaged.
        """
        with self._store.lock():
            self._store.catch_up()
            current = self._store.current()
            found = self._pointer(replace)
            before, tag = found or (None, None)
            known = self._known(before, replace)
            files = _Files()
            state = self._collect(current, files)
            if known is not None and not replace:
                self._refuse_loss(known, files.shared)
            content = encode_state(state)
            blob = blob_of(content)
            if before is not None and before.state == blob and not again:
                return Published(before.number, current.id, len(state.versions), True, 0, 0, 0)
            files.documents[blob] = content
            self._objects.check_conditions()
            present = self._objects.list(OBJECTS)
            needed = known.objects if known is not None else frozenset()
            missing = [one for one in files.all() if again or not _is_there(one, present, needed)]
            self._write(missing, files)
            pointer = Pointer(
                before.number + 1 if before else 1, current.id, blob, before.state if before is not None else None
            )
            self._objects.replace_pointer(pointer, tag)
            kept = {one.object for one in files.all()} | needed
            removed = self._sweep(present, kept, pointer)
            written = sum(one.size for one in missing)
            return Published(pointer.number, current.id, len(state.versions), False, len(missing), written, removed)

    def _pointer(self, replace: bool) -> tuple[Pointer | None, Tag] | None:
        try:
            return self._objects.pointer()
        except ObjectMissingError:
            return None
        except ObjectRefusedError as error:
            if not replace:
                raise ReplicationError(f"{error} `--replace` publishes all the same.") from error
            return None, self._objects.tag_of_pointer()

    def _known(self, pointer: Pointer | None, replace: bool) -> _Known | None:
        """What the newest publication of the store holds; None before the first."""
        if pointer is None:
            return None
        fetcher = Fetcher(self._objects, Path(os.devnull))
        try:
            state = read_state(pointer.state.object, fetcher.document(pointer.state))
            shared = read_shared_listing(state.shared.object, fetcher.document(state.shared))
            listings = [
                read_version_listing(one.listing.object, fetcher.document(one.listing)) for one in state.versions
            ]
        except (ObjectRefusedError, ObjectMissingError) as error:
            if replace:
                return None
            raise ReplicationError(
                f"What was published last cannot be read: {error} `--replace` publishes all the same."
            ) from error
        named = {pointer.state, state.shared, *shared.values(), *(one.listing for one in state.versions)}
        named |= {blob for listing in listings for blob in listing.values()}
        return _Known(shared, frozenset(blob.object for blob in named))

    def _collect(self, current: Version, files: _Files) -> State:
        """The state of the folder, and the file of each content.

        Raises:
            ReplicationError: a file is one that replicas would refuse.
        """
        placed = []
        for version in self._store.list():
            listing = files.add_folder(version.path)
            placed.append(Placed(version.id, version.written_ns, files.add_document(encode_listing(listing))))
        root = self._store.path
        for folder in SHARED:
            for path in sorted((root / folder).glob("*")):
                # Stores of bulk files are for the next build only, which writes a missing one.
                if path.is_file() and not path.name.endswith(".part"):
                    files.shared[f"{folder}/{path.name}"] = files.add_file(path)
        if (root / PRUNED).is_file():
            files.shared[PRUNED] = files.add_file(root / PRUNED)
        return State(current.id, tuple(placed), files.add_document(encode_listing(files.shared)))

    def _refuse_loss(self, known: _Known, shared: Listing) -> None:
        """Refuses to undo another publication: every change that the store has must be in the folder's log.

        Raises:
            PublicationConflictError: one is not.
        """
        for path, blob in sorted(known.shared.items()):
            if path.startswith(f"{FEED}/0") and shared.get(path) != blob:
                raise PublicationConflictError(
                    f"{self._objects.address} has changes that {self._store.path} lacks ({path}), because another "
                    "folder was published there. Fetch them first with `plangraf versions fetch`, or let this folder "
                    "replace them with `--replace`."
                )

    def _write(self, missing: Iterable[Blob], files: _Files) -> None:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="publish") as threads:
            running = [threads.submit(self._objects.write, blob, files.content(blob)) for blob in missing]
            try:
                for future in running:
                    future.result()
            finally:
                for future in running:
                    future.cancel()
        os.sync()  # a store of files must have the objects before the pointer, after a power cut too

    def _sweep(self, present: Mapping[str, Found], kept: Iterable[str], pointer: Pointer) -> int:
        """Removes old objects that neither this publication nor the one before needs; a failure only leaves them."""
        now = datetime.now(UTC)
        old = sorted({name for name, found in present.items() if now - found.written > _KEPT} - set(kept))
        with suppress(ReplicationError):
            found = self._objects.pointer() if old else None
            if found is not None and found[0] == pointer:
                self._objects.delete(old)
                return len(old)
        return 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store's newest publication holds: its files beside versions, and the names of all its objects."""

    shared: Listing
    objects: frozenset[str]


class _Files:
    """The contents of a publication: files on this disk, and documents in memory."""

    def __init__(self) -> None:
        self.shared: dict[str, Blob] = {}
        self.documents: dict[Blob, bytes] = {}
        self._paths: dict[Blob, Path] = {}
        # Versions share large files by hard links, so that each is read once.
        self._digests: dict[tuple[int, int], Blob] = {}

    def all(self) -> list[Blob]:
        """Each content once, the largest files first, because they take longest."""
        return sorted({*self._paths, *self.documents}, key=lambda blob: (-blob.size, blob.sha256))

    def content(self, blob: Blob) -> bytes | Path:
        return self.documents[blob] if blob in self.documents else self._paths[blob]

    def add_document(self, content: bytes) -> Blob:
        blob = blob_of(content)
        self.documents[blob] = content
        return blob

    def add_file(self, path: Path) -> Blob:
        known = path.stat()
        key = known.st_dev, known.st_ino
        if key not in self._digests:
            self._digests[key] = digest_of(path)
        blob = self._digests[key]
        self._paths[blob] = path
        return blob

    def add_folder(self, folder: Path) -> dict[str, Blob]:
        """The listing of a version.

        Raises:
            ReplicationError: it holds a link, or a name that replicas refuse.
        """
        listing = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise ReplicationError(f"{path} cannot be published, because it is neither a file nor a folder.")
            if path.is_dir() or ENGINE_LOG.fullmatch(name):
                continue
            try:
                listing[checked_path(name)] = self.add_file(path)
            except ValueError as error:
                raise ReplicationError(f"{path} cannot be published: {error}.") from error
        return listing


def _is_there(blob: Blob, present: Mapping[str, Found], needed: Iterable[str]) -> bool:
    found = present.get(blob.object)
    if found is None or found.size != blob.size:
        return False
    return blob.object in needed or datetime.now(UTC) - found.written < _TRUSTED
