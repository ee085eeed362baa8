"""Puts a folder of versions back from a backup: all of it, verified, or nothing.

The backup is unpacked beside the folder. Each file is compared with its digest, each version with its id, the log of
changes is read to its end, and only then the folder takes its place by a rename.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from plangraf.errors import BackupError, VersionsError
from plangraf.maintenance.archive import Description, Member, read_archive, read_folder
from plangraf.maintenance.backing_up import STANDARD_STREAM
from plangraf.maintenance.listing import look
from plangraf.store.atomic import folder_beside, put_in_place, restore_interrupted, sync_folder
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, VersionStore, context_digest
from plangraf.store.versions.folder import VersionsFolder
from plangraf.store.versions.version import CONTEXTS, CURRENT

# Bytes that stay free on the disk.
_RESERVE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    versions: list[str]
    current: str | None
    files: int


def restore(source: str, versions: Path, *, replace: bool = False) -> Restored:
    """Restores a backup.

    Args:
        source: an archive, a folder, or `-` for an archive on standard input.
        versions: the folder of versions; it need not exist.
        replace: replace the versions that are there.
    Raises:
        BackupError: the backup is damaged, hostile or too large for the disk, or the folder is not empty.
        VersionsError: a build is writing to the folder, or it is not one for versions.
        OSError: the folder cannot be written; it is as it was.
    """
    versions = versions.absolute()
    restore_interrupted(versions)
    filled = _is_filled(versions)
    if filled and not replace:
        raise BackupError(
            f"{versions} has versions. Name an empty folder with --versions, or replace them with --replace."
        )
    inside = versions.is_dir() and (versions.is_mount() or not os.access(versions.parent, os.W_OK))
    if inside and filled:
        raise BackupError(
            f"{versions} is where a disk is mounted, so it cannot be replaced by one rename. Restore into an empty "
            "folder, and name that one with PLANGRAF_VERSIONS."
        )
    with ExitStack() as held:
        if versions.is_dir():
            held.enter_context(VersionsFolder(versions).lock())
        made = held.enter_context(_folder_inside(versions) if inside else folder_beside(versions))
        description = _unpack(source, made)
        _verify(made, description)
        if inside:
            _move_entries(made, versions)
        else:
            put_in_place(made, versions, [entry.name for entry in versions.iterdir()] if versions.is_dir() else [])
    return Restored(description.versions, description.current, len(description.files))


def _is_filled(versions: Path) -> bool:
    if not versions.is_dir():
        return False
    found = look(versions)
    return bool(found.files or found.current)


def _unpack(source: str, made: Path) -> Description:
    """Writes the files of the backup into an empty folder; returns its description when each has its digest."""
    digests: dict[str, tuple[int, str]] = {}
    for found in _read(source):
        if isinstance(found, Description):
            _compare(found, digests, made)
            return found
        free = shutil.disk_usage(made).free - _RESERVE
        if found.size > free:
            raise BackupError(
                f"{found.path} of the backup has {found.size} bytes, and the disk of {made.parent.parent} has room for "
                f"{max(free, 0)}. Nothing is restored. Free some space, or check whether the backup is yours."
            )
        digests[found.path] = found.size, _write(made, found)
    raise BackupError("The backup has no description. Nothing is restored; use another backup.")


def _read(source: str) -> Iterator[Member | Description]:
    if source == STANDARD_STREAM:
        yield from read_archive(sys.stdin.buffer)
        return
    path = Path(source)
    if path.is_dir():
        yield from read_folder(path)
    else:
        with path.open("rb") as file:
            yield from read_archive(file)


def _write(made: Path, member: Member) -> str:
    target = made / member.path
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.open("wb")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise BackupError(
            f"The backup has {member.path} both as a file and as a folder. Nothing is restored; use another backup."
        ) from error
    with file:
        for piece in member.content:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _compare(description: Description, digests: dict[str, tuple[int, str]], made: Path) -> None:
    """Compares what was unpacked with the description; removes what it does not name, and sets the times."""
    for path, entry in description.files.items():
        if digests.get(path) != (entry.bytes, entry.sha256):
            why = "is missing in" if path not in digests else "is not as it was at"
            raise BackupError(f"{path} {why} the backup. Nothing is restored; use another backup.")
    for path in digests.keys() - description.files.keys():
        (made / path).unlink()
    for path in description.folders:
        (made / path).mkdir(parents=True, exist_ok=True)
    unknown = [found for found in look(made).folders if found not in description.folders]
    for path in sorted(unknown, reverse=True):
        (made / path).rmdir()
    try:
        for path, entry in description.files.items():
            os.utime(made / path, ns=(entry.modified, entry.modified))
        for path in sorted(description.folders, reverse=True):
            os.utime(made / path, ns=(description.folders[path],) * 2)
    except OverflowError as error:
        raise BackupError(f"A time in the backup cannot be used ({error}). Nothing is restored.") from error


def _verify(made: Path, description: Description) -> None:
    """Checks that a service can use the folder, and completes it with the link to the current version."""
    if description.current is not None:
        (made / CURRENT).symlink_to(description.current)
    try:
        store = VersionStore(made)
        if damaged := store.damaged(dumps=True):
            raise BackupError(
                f"Version {damaged[0]} of the backup is damaged. Nothing is restored; use another backup."
            )
        FeedLog(made / FEED).state()
    except VersionsError as error:
        raise BackupError(f"The backup is damaged: {error} Nothing is restored.") from error
    for context in (made / CONTEXTS).glob("*"):
        if context_digest(context.read_bytes()) != context.stem:
            raise BackupError(
                f"The context {context.name} of the backup is damaged. Nothing is restored; use another backup."
            )
    for folder, _, _ in os.walk(made):
        sync_folder(Path(folder))


@contextmanager
def _folder_inside(versions: Path) -> Iterator[Path]:
    """A scratch folder in the folder of versions, where the next build removes what a crash leaves."""
    made = VersionsFolder(versions).temporary("restore")
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _move_entries(made: Path, versions: Path) -> None:
    """Moves all into an empty folder, at last the link to the current version; undoes it when one cannot be moved."""
    names = sorted((entry.name for entry in made.iterdir()), key=lambda name: (name == CURRENT, name))
    with ExitStack() as undo:
        for name in names:
            (made / name).rename(versions / name)
            undo.callback((versions / name).rename, made / name)
        sync_folder(versions)
        undo.pop_all()
