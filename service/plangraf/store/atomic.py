"""Writes files and replaces folders so that a crash or a power cut at any step leaves the old content or the new one.

A folder is replaced by two renames, because no single one replaces a folder that holds files. A crash between them
leaves the old folder in a scratch folder beside its place, and `restore_interrupted` puts it back:

    .<name>.swap-<random>/lock    held while a process uses the scratch folder
    .<name>.swap-<random>/new     the folder that takes the place
    .<name>.swap-<random>/old     the folder that had it
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_SCRATCH, _LOCK, _NEW, _OLD = ".swap-", "lock", "new", "old"


def write_file(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def link_or_copy(source: Path, target: Path) -> None:
    """Gives a file that nobody changes a second name, which takes no space; a synced copy where links fail."""
    try:
        os.link(source, target)
    except OSError:  # the file system has no hard links, or no more of this file
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Syncs a folder, because a rename survives a power cut only when its folder is synced too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Waits until no other process replaces something in a folder, and holds it; a crash leaves no lock.

    Where the file system has no locks, it does not wait.
    """
    with ExitStack() as held:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def explained(folder: Path, kind: Callable[[str], Exception]) -> Iterator[None]:
    """Raises the caller's kind of error where a folder cannot be replaced: it says why, and that all is as it was."""
    try:
        yield
    except OSError as error:
        where, why = error.filename or folder, error.strerror or error
        raise kind(f"{where} cannot be written ({why}). {folder} is as it was.") from error


@contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """Makes an empty folder for `put_in_place`, and removes it at the end unless it was put there.

    Raises:
        OSError: it cannot be made.
    """
    folder = _resolved(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as locked:
        # Locked as soon as it is there, so that another process takes it for a leftover only after this one has ended.
        with exclusive(folder.parent):
            scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}{_SCRATCH}", dir=folder.parent))
            locked.enter_context(_lock(scratch))
        try:
            (scratch / _NEW).mkdir()
            yield scratch / _NEW
        finally:
            with exclusive(folder.parent):
                _clear(scratch, folder)


def put_in_place(made: Path, folder: Path, outdated: Collection[str] = ()) -> None:
    """Makes `made` the folder. Entries that only the old folder has are copied, apart from those in `outdated`.

    Hold `exclusive` of the folder's parent where another process may replace the same folder.

    Args:
        made: a folder of `folder_beside`, whose files are synced.
        folder: the folder to replace; it need not exist.
        outdated: names of entries that are not copied.
    Raises:
        OSError: a step failed; the old folder is in its place, as it was.
    """
    folder, old = _resolved(folder), made.with_name(_OLD)
    replaces = folder.exists()
    if replaces:
        for path in sorted(folder.iterdir()):
            if path.name not in outdated and not os.path.lexists(made / path.name):
                _copy(path, made / path.name)
    sync_folder(made)
    with ExitStack() as undo:
        if replaces:
            folder.rename(old)
            undo.callback(old.rename, folder)
            shutil.copymode(old, made)
        made.rename(folder)
        undo.callback(folder.rename, made)
        # Synced before the old folder is removed, because after a power cut one of the two must be there.
        sync_folder(folder.parent)
        undo.pop_all()


def restore_interrupted(folder: Path) -> None:
    """Puts the old folder back when a crash broke a replacement off, and removes what crashes left beside it.

    Raises:
        OSError: it cannot be put back.
    """
    folder = _resolved(folder)
    if not folder.parent.is_dir():
        return
    with exclusive(folder.parent):
        for scratch, name in _scratch_folders(folder.parent):
            if name == folder.name:
                with suppress(BlockingIOError), _lock(scratch):  # a running process holds the lock of what it uses
                    _clear(scratch, folder)


def interrupted_folders(parent: Path) -> list[Path]:
    """The folders that a crash took out of `parent`, and that `restore_interrupted` would put back."""
    taken = {parent / name for scratch, name in _scratch_folders(parent) if (scratch / _OLD).is_dir()}
    return sorted(folder for folder in taken if not folder.exists())


def _scratch_folders(parent: Path) -> Iterator[tuple[Path, str]]:
    """The scratch folders in a folder, each with the name of the folder that it is for."""
    for scratch in sorted(parent.glob(f".*{_SCRATCH}*")):
        yield scratch, scratch.name[1:].rpartition(_SCRATCH)[0]


def _clear(scratch: Path, folder: Path) -> None:
    """Removes a scratch folder, after the old folder in it was put back where no new one took its place."""
    if (scratch / _OLD).is_dir() and not folder.exists():
        (scratch / _OLD).rename(folder)
        sync_folder(folder.parent)
    shutil.rmtree(scratch, ignore_errors=True)


def _resolved(folder: Path) -> Path:
    """The folder that a link leads to, because its target is replaced and the link stays."""
    return Path(os.path.realpath(folder))


@contextmanager
def _lock(scratch: Path) -> Iterator[None]:
    """Holds the lock of a scratch folder.

    Raises:
        BlockingIOError: another process holds it.
    """
    descriptor = os.open(scratch / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    """Copies a file, a link as a link, or a folder, and syncs the copy."""
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=_copy_file)
        for folder, _, _ in os.walk(target):
            sync_folder(Path(folder))
    else:
        _copy_file(source, target)


def _copy_file(source: str | Path, target: str | Path) -> None:
    shutil.copy2(source, target, follow_symlinks=False)
    if not Path(target).is_symlink():
        with Path(target).open("rb") as file:
            os.fsync(file.fileno())
