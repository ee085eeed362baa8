"""The folder that the HTTP processes of one service count into, and those that killed services left.

A service holds a lock on its folder as long as it lives, however it ends: a number of a process would be given to
another one some day, a lock is not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "plangraf-metrics-"
_LOCK = ".lock"
# What a service that is just starting has made and not locked yet, or one of an earlier release that counts nothing.
_YOUNG_S = 3600
_PROCESS = re.compile(r"_(\d+)\.db$")


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """A folder of this process, gone at the end; those of services that were killed go at the beginning."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        # Not inherited: neither HTTP processes nor a build keep it when this process is killed.
        lock = os.open(Path(name, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(lock)


def sweep(temporary: Path) -> list[Path]:
    """Removes the folders whose service lives no more; the folders that are gone."""
    removed = []
    with contextlib.suppress(OSError):
        for folder in sorted(temporary.glob(f"{PREFIX}*")):
            with contextlib.suppress(OSError):
                if _is_ours(folder) and _is_left(folder):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder)
    return removed


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user, and no link to one."""
    return folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()


def _is_left(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return _is_left_without_lock(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(lock)


def _is_left_without_lock(folder: Path) -> bool:
    """Of an earlier release: when each process that counted is gone and nothing was written for an hour."""
    files = list(folder.iterdir())
    newest = max((file.stat().st_mtime for file in (folder, *files)), default=0.0)
    if time.time() - newest < _YOUNG_S:
        return False
    numbers = {int(match[1]) for file in files if (match := _PROCESS.search(file.name))}
    return not any(_lives(number) for number in numbers)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
