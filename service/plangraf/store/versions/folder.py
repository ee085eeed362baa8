"""Writes into the versions folder: lock, atomic replacement, a version's dump, the link to the current version.

Making a version current records the changes too: feed, dates, removed subjects.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from plangraf.errors import VersionsError
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.changes.log import FeedLog, Staged, State
from plangraf.store.versions.version import (
    BULK_FILES,
    CONTEXTS,
    CURRENT,
    DUMP,
    FEED,
    INPUTS,
    KNOWN,
    LOCK,
    PRUNED,
    REMOVED,
    REPLICA,
    TEMPORARY,
    UNFINISHED,
    VERSION_ID,
    Version,
    encode_json,
)

# Entries of file systems and repositories in an otherwise empty folder.
_IGNORED = {"lost+found", ".gitkeep", ".gitignore", ".keep"}
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "it is read-only; name another folder with --versions or PLANGRAF_VERSIONS",
    errno.EACCES: "this user may not write there; name another folder with --versions or PLANGRAF_VERSIONS",
    errno.EPERM: "this user may not write there; name another folder with --versions or PLANGRAF_VERSIONS",
    errno.EEXIST: "it is not a folder; name another one with --versions or PLANGRAF_VERSIONS",
    errno.ENOTDIR: "it is not a folder; name another one with --versions or PLANGRAF_VERSIONS",
}
# The process and the folder of each lock that is held, for writers in the same process.
_HOLDERS: set[tuple[int, int, int]] = set()
_GUARD = threading.Lock()
# Level 9 takes a third of the time of level 19, for a dump that is a tenth larger.
_ZSTD_LEVEL = 9
# Some file systems keep no finer times.
_APART_NS = 1_000_000


class LockedError(VersionsError):
    """Another process writes into the folder."""


class VersionsFolder:
    """Writes into the folder under one lock; readers do not need this class."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._locked = False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Makes this process the only writer; the kernel releases the lock when the process ends.

        Creates the folder when it is missing and removes the leftovers of killed builds. No child inherits the lock,
        so that a killed build whose children still end does not keep the next build out.

        Raises:
            VersionsError: another build is writing, or the folder is not one for versions.
        """
        if self._locked:
            yield
            return
        with self.explained():
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
        with self._locked_file():
            try:
                self._locked = True
                with self.explained():
                    self._remove_leftovers()
                yield
            finally:
                self._locked = False

    @contextmanager
    def _locked_file(self) -> Iterator[None]:
        """Holds a record lock, which belongs to the process: flock's would belong to its children, too (fcntl(2)).

        It holds no flock lock beside it, because NFS makes a record lock of that, and the two would exclude each other.
        """
        with self.explained():
            folder = self.path.stat()
        holder = (os.getpid(), folder.st_dev, folder.st_ino)
        with _GUARD:
            # A record lock neither excludes the process that has it nor survives that it closes the file once more.
            if holder in _HOLDERS:
                raise self._other_writer()
            with self.explained():
                descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError) as error:  # POSIX allows both
                os.close(descriptor)
                raise self._other_writer() from error
            _HOLDERS.add(holder)
        try:
            yield
        finally:
            with _GUARD:
                _HOLDERS.discard(holder)
                os.close(descriptor)

    def _other_writer(self) -> LockedError:
        if (self.path / REPLICA).is_dir():
            return LockedError(
                f"{self.path} is kept by a replica that runs, or another build is writing there. Change the versions "
                "where they are published, or stop the replica first."
            )
        return LockedError(f"Another build is writing to {self.path}. Wait until it is done, then try again.")

    def temporary(self, name: str) -> Path:
        """A temporary path of this process; the next build removes leftovers."""
        return self.path / f"{TEMPORARY}{name}-{os.getpid()}"

    def replace_json(self, name: str, value: object) -> None:
        """Replaces one JSON file of the folder by an atomic rename."""
        temporary = self.temporary(name.replace("/", "-"))
        try:
            write_file(temporary, encode_json(value))
            temporary.replace(self.path / name)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self.path)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Converts an error of the file system to a VersionsError with advice."""
        try:
            yield
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, f"{error.strerror or error}")
            raise VersionsError(
                f"The folder of versions {self.path} cannot be written: {reason}. The current version is unchanged."
            ) from error

    def _refuse_foreign(self) -> None:
        if foreign := foreign_names(self.path):
            raise VersionsError(
                f"{self.path} holds other things than versions ({', '.join(foreign[:3])}"
                f"{', …' if len(foreign) > 3 else ''}) and is left alone. "
                "Name an empty or new folder with --versions or PLANGRAF_VERSIONS."
            )

    def _remove_leftovers(self) -> None:
        for entry in self.path.iterdir():
            if entry.name.startswith(TEMPORARY):
                if entry.is_dir() and not entry.is_symlink():
                    remove_tree(entry)
                else:
                    entry.unlink()


def foreign_names(folder: Path) -> list[str]:
    """The names of entries that no version, and nothing that belongs to versions, has."""
    names = {entry.name for entry in folder.iterdir()} - _IGNORED
    foreign = sorted(
        name
        for name in names
        if name not in (CURRENT, INPUTS, FEED, CONTEXTS, PRUNED, LOCK, BULK_FILES, REPLICA, UNFINISHED, KNOWN)
        and not name.startswith(TEMPORARY)
        # Pruning can remove a version meanwhile.
        and not (VERSION_ID.fullmatch(name) and ((folder / name).is_dir() or not os.path.lexists(folder / name)))
    )
    current = folder / CURRENT
    if current.exists() and not current.is_symlink():
        foreign.append(CURRENT)
    return foreign


def remove_tree(folder: Path) -> None:
    """Removes a folder; tries again for a second, because a child of a killed build may write into it until it ends."""
    deadline = time.monotonic() + 1
    while True:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def write_dump(path: Path, lines: Iterable[bytes]) -> str:
    """Writes and syncs the dump; returns the id, which is a digest of the lines."""
    digest = hashlib.sha256()
    last = b""
    with path.open("wb") as file:
        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as dump:
            for line in lines:
                if line <= last:
                    raise ValueError(f"N-Quads lines must be sorted and unique: {line!r} after {last!r}")
                last = line
                whole = line + b"\n"
                digest.update(whole)
                dump.write(whole)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()[:16]


def install_version(folder: VersionsFolder, temporary: Path, version_id: str) -> None:
    """Moves a finished folder to its name, or renews the derived files of the existing version.

    The dump of an existing version is equal, because the id is its digest. Derived files differ when the code that
    derives them has changed; each is then replaced by a rename.
    """
    target = folder.path / version_id
    if target.is_dir() and not Version(version_id, target, {}).verify():
        target.rename(folder.temporary("damaged"))
    if not target.is_dir():
        temporary.rename(target)
    else:
        for file in sorted(temporary.iterdir()):
            known = target / file.name
            if file.is_dir():
                old = folder.temporary(f"old-{file.name}")
                if known.is_dir():
                    known.rename(old)
                file.rename(known)
                shutil.rmtree(old, ignore_errors=True)
            elif file.name != DUMP and not (known.is_file() and known.read_bytes() == file.read_bytes()):
                file.replace(known)
        sync_folder(target)
    _make_newest(folder.path, target)
    sync_folder(folder.path)


def _make_newest(versions: Path, target: Path) -> None:
    """Dates a version after all others, also when the clock was set back: pruning removes the oldest ones."""
    others = [entry for entry in versions.iterdir() if VERSION_ID.fullmatch(entry.name) and entry != target]
    newest = max((entry.stat().st_mtime_ns for entry in others), default=0)
    if target.stat().st_mtime_ns <= newest:
        os.utime(target, ns=(newest + _APART_NS, newest + _APART_NS))


def make_current(folder: VersionsFolder, version: Version, before: Version | None, feed_page: int) -> None:
    """Replaces the link to the current version, then commits the changes to the feed.

    Args:
        folder: folder of versions, locked by the caller.
        version: the new current version.
        before: the present current version, if any.
        feed_page: changes on a page of a new feed.
    """
    if before is not None and before.id != version.id:
        # A damaged version keeps its old list; opening it reports the damage.
        with suppress(VersionsError):
            folder.replace_json(f"{version.id}/{REMOVED}", _find_removed(before, version.lines()))
        _make_newest(folder.path, version.path)
    with staged_changes(folder, version, feed_page) as changes:
        link = folder.temporary(CURRENT)
        link.symlink_to(version.id)
        link.replace(folder.path / CURRENT)
        sync_folder(folder.path)
        if changes is not None:
            changes.commit()


@contextmanager
def staged_changes(folder: VersionsFolder, version: Version, feed_page: int) -> Iterator[Staged | None]:
    """Stages the changes of a version; None without changes or with a damaged dump."""
    log = FeedLog(folder.path / FEED, feed_page)
    temporary = folder.temporary(FEED)
    try:
        if log.version == version.id or not version.verify():
            if log.version == version.id and not version.dates_path.is_file():
                _write_dates(folder, version, log.dates())
            yield None
        else:
            staged = log.stage(version.id, version.lines(), datetime.now(UTC), temporary, _end_of(log, folder))
            _write_dates(folder, version, log.dates() if staged is None else staged.dates)
            yield staged
    finally:
        for left in folder.path.glob(f"{temporary.name}.*"):
            left.unlink()


def _end_of(log: FeedLog, folder: VersionsFolder) -> State | None:
    """The version at the end of the log; None when it is not kept or not whole."""
    if log.version is None:
        return None
    version = Version(log.version, folder.path / log.version, {})
    dates = version.dates()
    return State(version.lines(), dates) if dates and version.verify() else None


def _write_dates(folder: VersionsFolder, version: Version, dates: Mapping[str, tuple[str, str]]) -> None:
    version.dates_path.parent.mkdir(exist_ok=True)
    folder.replace_json(f"{FEED}/{version.dates_path.name}", dates)


def _find_removed(before: Version, lines: Iterable[bytes]) -> dict[str, str]:
    """Finds subjects of `before` and earlier versions that are missing now, each with the last version that had it.

    Args:
        before: the previous version; if its dump is damaged, only its list of removed subjects counts.
        lines: N-Quads lines of the new version.
    """
    subjects = {line.partition(b" ")[0] for line in lines}
    gone = {iri: last for iri, last in before.removed().items() if f"<{iri}>".encode() not in subjects}
    with suppress(VersionsError):
        had = {line.partition(b" ")[0] for line in before.lines()} - subjects
        gone |= {subject[1:-1].decode(): before.id for subject in had if subject.startswith(b"<")}
    return gone
