"""Writes into the versions folder: lock, atomic replacement, clear errors."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plangraf.errors import VersionsError
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.versions.layout import (
    BULK_FILES,
    CONTEXTS,
    CURRENT,
    FEED,
    INPUTS,
    LOCK,
    PRUNED,
    TEMPORARY,
    VERSION_ID,
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
        """Holds a record lock, which belongs to the process: flock's would belong to its children, too (fcntl(2))."""
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

    def _other_writer(self) -> VersionsError:
        return VersionsError(f"Another build is writing to {self.path}. Wait until it is done, then try again.")

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
        names = {entry.name for entry in self.path.iterdir()} - _IGNORED
        foreign = sorted(
            name
            for name in names
            if name not in (CURRENT, INPUTS, FEED, CONTEXTS, PRUNED, LOCK, BULK_FILES)
            and not name.startswith(TEMPORARY)
            and not ((VERSION_ID.fullmatch(name)) and (self.path / name).is_dir())
        )
        current = self.path / CURRENT
        if current.exists() and not current.is_symlink():
            foreign.append(CURRENT)
        if foreign:
            raise VersionsError(
                f"{self.path} holds other things than versions ({', '.join(foreign[:3])}"
                f"{', …' if len(foreign) > 3 else ''}) and is left alone. "
                "Name an empty or new folder with --versions or PLANGRAF_VERSIONS."
            )

    def _remove_leftovers(self) -> None:
        for entry in self.path.iterdir():
            if entry.name.startswith(TEMPORARY):
                if entry.is_dir() and not entry.is_symlink():
                    _remove_tree(entry)
                else:
                    entry.unlink()


def _remove_tree(folder: Path) -> None:
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
