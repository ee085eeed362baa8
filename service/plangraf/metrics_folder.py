"""Makes the folder of metrics that the HTTP processes of one service share, and removes those of killed services.

A service locks its folder as long as it lives. The lock ends with the process however it ends, while a process id
would be reused.
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
# A younger folder without a lock may belong to a service that is starting, or to one of an earlier release.
_YOUNG_S = 3600
_PROCESS = re.compile(r"_(\d+)\.db$")


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """Removes the folders of killed services, then makes one for this process and removes it at the end."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        # Not inherited, so that no child process holds the lock after this process was killed.
        lock = os.open(Path(name, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(lock)


def sweep(temporary: Path) -> list[Path]:
    """Removes the folders whose service has ended; returns them."""
    removed = []
    with contextlib.suppress(OSError):
        for folder in sorted(temporary.glob(f"{PREFIX}*")):
            with contextlib.suppress(OSError):
                if _is_ours(folder) and _is_left(folder):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder)
    return removed


def _is_ours(folder: Path) -> bool:
    """Whether the path is a folder of this user and not a link."""
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
    """A folder of an earlier release is left when its processes have ended and it has not changed for an hour."""
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
