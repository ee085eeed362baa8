"""The state of a folder of versions at one instant, without its lock.

Writers of the folder rename finished files into place, and survive a crash at any instant. So a copy of the state at
one instant is as good as the folder. Two looks that agree on each file saw the state of the instant between them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plangraf.errors import BackupError
from plangraf.store.versions.version import CURRENT, KNOWN, LOCK, REPLICA, TEMPORARY, UNFINISHED

# Left by a version that is just renewed: then one of its folders may be missing.
_RENEWED = f"{TEMPORARY}old-"
# What a build or a replica keeps for its next run can be made again.
_IGNORED = frozenset({LOCK, KNOWN, REPLICA, UNFINISHED, "lost+found", ".gitkeep", ".gitignore", ".keep"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What tells a file from another one in its place; times in ns."""

    inode: int
    size: int
    modified: int
    changed: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Files and folders by their paths in the folder of versions, and the id of the current version, if any.

    `settled` is false when a version was just being renewed.
    """

    files: dict[str, Seen]
    folders: dict[str, int]
    current: str | None
    settled: bool


def look(versions: Path) -> Listing:
    """Lists the folder without its lock and temporary files.

    Raises:
        BackupError: it holds a link or a device.
        OSError: it cannot be read.
    """
    files: dict[str, Seen] = {}
    folders: dict[str, int] = {}
    settled = True
    try:
        current: str | None = str((versions / CURRENT).readlink())
    except FileNotFoundError:
        current = None
    for path, found in _walk(versions, ""):
        if stat.S_ISDIR(found.st_mode):
            folders[path] = found.st_mtime_ns
        elif stat.S_ISREG(found.st_mode):
            files[path] = Seen(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        else:
            raise BackupError(f"{versions / path} is neither a file nor a folder. Remove it, then back up again.")
    for entry in versions.iterdir():
        settled = settled and not entry.name.startswith(_RENEWED)
    return Listing(files, folders, current, settled)


def _walk(folder: Path, under: str) -> Iterator[tuple[str, os.stat_result]]:
    """Paths with their status; what vanishes meanwhile is left out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if not under and (entry.name in _IGNORED or entry.name == CURRENT or entry.name.startswith(TEMPORARY)):
            continue
        path = f"{under}{entry.name}"
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        yield path, found
        if stat.S_ISDIR(found.st_mode):
            yield from _walk(folder / entry.name, f"{path}/")
