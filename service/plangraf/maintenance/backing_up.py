"""Copies everything of a folder of versions that source files cannot give back: versions, log of changes, contexts.

A build may run meanwhile. What changes while it is copied is copied again, until the folder is as the copy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from plangraf.errors import BackupError, VersionsError
from plangraf.maintenance.archive import Description, Entry, FolderTarget, Target, TarTarget
from plangraf.maintenance.listing import Seen, look
from plangraf.store.atomic import folder_beside, put_in_place, sync_folder
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, VersionStore

STANDARD_STREAM = "-"
_COMPRESSIONS = {".tar.zst": "zstd", ".tar.gz": "gzip", ".tgz": "gzip", ".tar": ""}
_MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds; `size` is the sum of its files before compression, in bytes."""

    versions: list[str]
    current: str
    files: int
    size: int


def compression_of(name: str) -> str | None:
    """The compression of an archive by its name; None for a folder."""
    if name == STANDARD_STREAM:
        return "zstd"
    return next((kind for ending, kind in _COMPRESSIONS.items() if name.endswith(ending)), None)


def back_up(versions: Path, to: str, *, replace: bool = False) -> BackedUp:
    """Writes a backup to an archive, a folder or standard output.

    Args:
        versions: folder of the versions; nothing in it is changed.
        to: a path with the ending of an archive, of a folder otherwise, or `-` for a zstd archive on standard output.
        replace: replace what is at that path.
    Raises:
        BackupError: the target is there, or what would be saved is damaged.
        VersionsError: there is no version.
        OSError: something cannot be read or written; then the target is as it was.
    """
    _check(versions)
    compression = compression_of(to)
    if to == STANDARD_STREAM:
        return _copy(versions, TarTarget(sys.stdout.buffer, "zstd"))
    path = Path(to).absolute()
    if path == versions.absolute() or versions.absolute() in path.parents:
        raise BackupError(f"{path} lies in the folder of versions. Name a place outside of it.")
    if os.path.lexists(path) and not replace:
        raise BackupError(f"{path} is there already. Name another target, or replace it with --replace.")
    if compression is None:
        with folder_beside(path) as made:
            done = _copy(versions, FolderTarget(made))
            put_in_place(made, path, [entry.name for entry in path.iterdir()] if path.is_dir() else [])
            return done
    with _file_beside(path) as file:
        return _copy(versions, TarTarget(file, compression))


def _check(versions: Path) -> None:
    """Checks all that restoring checks, so that a damage is told while another copy may still exist."""
    store = VersionStore(versions)
    store.current()
    if damaged := store.damaged(dumps=True):
        raise BackupError(
            f"Version {damaged[0]} in {versions} is damaged, and a backup of it could not be restored. Write it again "
            "with `plangraf build --force`, restore it from an older backup, or remove its folder."
        )
    try:
        FeedLog(versions / FEED).state()
    except VersionsError as error:
        raise BackupError(f"{error} Then back up again.") from error


def _copy(versions: Path, target: Target) -> BackedUp:
    copied: dict[str, tuple[Seen, Entry]] = {}
    before = look(versions)
    for _ in range(_MOST_ROUNDS):
        for path, seen in before.files.items():
            if path not in copied or copied[path][0] != seen:
                with suppress(FileNotFoundError):  # the next look tells
                    copied[path] = _add(versions, path, target)
        after = look(versions)
        same = all(path in copied and copied[path][0] == seen for path, seen in after.files.items())
        if same and after == before and after.settled:
            break
        before = after
    else:
        raise BackupError(f"{versions} changed all the time while it was copied. Back up again when no build runs.")
    files = {path: copied[path][1] for path in before.files}
    description = Description(before.current, before.folders, files)
    target.finish(description)
    size = sum(entry.bytes for entry in files.values())
    return BackedUp(description.versions, str(before.current), len(files), size)


def _add(versions: Path, path: str, target: Target) -> tuple[Seen, Entry]:
    with (versions / path).open("rb") as file:
        found = os.fstat(file.fileno())
        try:
            digest = target.add(path, found.st_size, found.st_mtime_ns, file)
        except EOFError as error:
            raise BackupError(
                f"{versions / path} became shorter while it was copied ({error}). Back up again."
            ) from error
    seen = Seen(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return seen, Entry(found.st_size, digest, found.st_mtime_ns)


@contextmanager
def _file_beside(path: Path) -> Iterator[IO[bytes]]:
    """A new file, which takes the place of the path when all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
