"""Examines the data on disk: the disk itself, versions, log of changes and contexts."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from plangraf.errors import PlangrafError, VersionsError
from plangraf.maintenance.examined import BUILD_AGAIN, Finding
from plangraf.search.index_files import check_index
from plangraf.settings import Settings
from plangraf.store.changes.log import FeedLog
from plangraf.store.contents import list_downloads
from plangraf.store.pictures import read_pictures
from plangraf.store.versions import DOWNLOADS, FEED, Version, VersionStore, context_digest
from plangraf.store.versions.bulk import open_bulk
from plangraf.store.versions.folder import foreign_names
from plangraf.store.versions.version import CONTEXTS, CURRENT, LOCK, TEMPORARY, is_kept
from plangraf.views.collections.list_files import LISTS, damaged_files

_MIB = 1024 * 1024
_LEAST_FREE = 64 * _MIB
_LEAST_FILES = 2_000
_PIECE = 1 << 20


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Space, number of files and permissions where versions and temporary files are written."""
    versions = settings.versions.absolute()
    there = versions if versions.is_dir() else _nearest(versions)
    yield from _space("disk", there, _LEAST_FREE + _size_of_current(versions), "a new version")
    if versions.is_dir() and not os.access(versions, os.R_OK | os.X_OK):
        yield Finding("disk", "broken", f"this user may not read {versions}", "Give the user of the service access.")
    elif not os.access(there, os.W_OK | os.X_OK):
        why = "is on a read-only disk" if os.statvfs(there).f_flag & os.ST_RDONLY else "may not be written by this user"
        yield Finding(
            "disk", "note", f"{there} {why}", "The service serves from it; builds and switches need a folder to write."
        )
    temporary = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108  only looked at
    if not temporary.is_dir() or not os.access(temporary, os.W_OK | os.X_OK):
        yield Finding(
            "disk", "broken", f"{temporary} cannot be written", "Name a folder for temporary files with TMPDIR."
        )
    else:
        yield from _space("disk", temporary, _LEAST_FREE, "temporary files")


def _nearest(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.is_dir())


def _size_of_current(versions: Path) -> int:
    size = 0
    for file in (versions / CURRENT).rglob("*") if (versions / CURRENT).is_dir() else ():
        with suppress(FileNotFoundError):  # another process has just removed it
            size += file.lstat().st_size
    return size


def _space(check: str, folder: Path, needed: int, what: str) -> Iterator[Finding]:
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    told = f"{folder}: {free // _MIB} MiB free"
    if free < needed:
        yield Finding(check, "broken", f"{told}, {what} needs {needed // _MIB}", "Free some space, or prune versions.")
    elif found.f_files and found.f_favail < _LEAST_FILES:
        yield Finding(check, "broken", f"{folder}: room for {found.f_favail} more files", "Remove files nobody needs.")
    else:
        yield Finding(check, "ok", told)


def check_versions(settings: Settings) -> Iterator[Finding]:
    """The current version and every kept one, byte by byte, and what dead builds left."""
    store = VersionStore(settings.versions)
    if not store.path.is_dir():
        yield Finding("versions", "broken", f"there is no folder {store.path}", "Run `plangraf build`.")
        return
    try:
        current = store.current()
        yield Finding("versions", "ok", f"current is {current.id}, {current.triples} triples")
    except VersionsError as error:
        yield Finding("versions", "broken", str(error), "Or make a kept one current with `plangraf versions use`.")
    if foreign := foreign_names(store.path):
        names = ", ".join(foreign[:3])
        yield Finding("versions", "broken", f"{store.path} holds {names}, so no build writes there", "Move it away.")
    whole = 0
    for folder in sorted(store.folders()):
        damages = _settled_damages(store, folder)
        whole += damages == []
        for damage in damages or ():
            yield Finding("versions", "broken", f"version {folder.name} is damaged: {damage}", BUILD_AGAIN)
    yield Finding("versions", "ok", f"{whole} kept {'version is' if whole == 1 else 'versions are'} whole")
    yield from _leftovers(store.path)


def _settled_damages(store: VersionStore, folder: Path) -> list[str] | None:
    """The damages of a version that no other process changed meanwhile; None when one removed it."""
    while is_kept(folder):
        with suppress(FileNotFoundError):
            before = folder.stat()
            try:
                damages = list(_damages(store.get(folder.name)))
            except (VersionsError, OSError, ValueError, KeyError, TypeError) as error:
                damages = [str(error)]
            after = folder.stat()
            unchanged = (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
            if not damages or (unchanged and is_kept(folder)):
                return damages
    return None


def _damages(version: Version) -> Iterator[str]:
    if not version.verify():
        yield "its dump has another digest than its id"
    downloads = list_downloads(version.path, version.id)
    files = [(version.path / DOWNLOADS / file.name, file.sha256) for file in downloads]
    pictures = read_pictures(version.path)
    for picture in pictures.pictures.values():
        for drawing in picture.drawings:
            files += [(pictures.folder / file.name, file.sha256) for file in drawing.files.values()]
    for path, sha256 in files:
        if not path.is_file() or _digest(path) != sha256:
            yield f"{path.relative_to(version.path)} is missing or has another digest"
    for name in damaged_files(version.path / LISTS):
        yield f"{LISTS}/{name} is missing or has another checksum"
    for graph in version.bulk():
        digest = hashlib.sha256()
        with open_bulk(version.bulk_path(graph)) as bulk:
            while piece := bulk.read(_PIECE):
                digest.update(piece)
        if digest.hexdigest() != graph.sha256:
            yield f"{version.bulk_path(graph)} has another digest"
    try:
        check_index(version.path, version.id)
    except PlangrafError as error:
        if (version.path / "search").is_dir():
            yield str(error)
    for name in ("object-kinds.json", "term-counts.json", "report.json"):
        if (version.path / name).is_file():
            json.loads((version.path / name).read_bytes())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _leftovers(versions: Path) -> Iterator[Finding]:
    left = sorted(entry.name for entry in versions.iterdir() if entry.name.startswith(TEMPORARY))
    if writer := _writer(versions):
        yield Finding("versions", "note", f"process {writer} is writing to {versions}", "")
    elif left:
        yield Finding(
            "versions", "note", f"{len(left)} leftovers of a build that was killed, such as {left[0]}",
            "The next build removes them.",
        )  # fmt: skip


def _writer(versions: Path) -> int:
    """The process that holds the lock of the folder; 0 when there is none. Asking does not take the lock."""
    try:
        descriptor = os.open(versions / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        # struct flock of fcntl(2) with 64-bit offsets: type, whence, start, length, process.
        form = "hhqqi4x"
        asked = struct.pack(form, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, process = struct.unpack(form, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
        return 0 if kind == fcntl.F_UNLCK else int(process)
    finally:
        os.close(descriptor)


def check_feed(settings: Settings) -> Iterator[Finding]:
    """The log of changes, from its first entry to its last."""
    store = VersionStore(settings.versions)
    if not store.has_current():
        return
    log = FeedLog(store.path / FEED)
    things = len(log.state())
    if log.version != store.current().id:
        yield Finding(
            "feed", "note", f"its last entry is of version {log.version}, and {store.current().id} is current",
            "The next start or build adds what is missing, where the folder can be written.",
        )  # fmt: skip
    yield Finding("feed", "ok", f"{log.last} changes in {len(log.publications())} publications, {things} things")


def check_contexts(settings: Settings) -> Iterator[Finding]:
    """The published JSON-LD contexts, whose names are their digests."""
    folder = settings.versions / CONTEXTS
    found = sorted(folder.glob("*")) if folder.is_dir() else []
    damaged = [path for path in found if context_digest(path.read_bytes()) != path.stem]
    for path in damaged:
        yield Finding(
            "contexts", "broken", f"{path} has another digest than its name",
            "Restore it from a backup, because documents that were published refer to it.",
        )  # fmt: skip
    yield Finding("contexts", "ok", f"{len(found) - len(damaged)} are as they were published")
