"""The form of a backup: files, and at the end `backup.json` with the digest of each.

It is a tar archive (POSIX ustar), plain or compressed by gzip or zstd, or a folder. A name may come several times in an
archive; the last one counts. Names are checked while they are read, and nothing but plain files is accepted.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal, Protocol

import orjson
import zstandard

from plangraf.errors import BackupError
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.versions.version import BULK_FILES, CONTEXTS, FEED, INPUTS, PRUNED, VERSION_ID

DESCRIPTION = "backup.json"
PIECE = 1 << 20
_FORMAT = "plangraf backup 1"
_BLOCK = 512
_LONGEST_SHORT_NAME = 100
_LARGEST_DESCRIPTION = 256 * 1024 * 1024
_MOST_FILES = 5_000_000
_ZSTD_LEVEL = 3
_LARGEST_WINDOW = 1 << 27
_ZSTD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
_NAME = re.compile(r"[A-Za-z0-9_.+ -]{1,100}(/[A-Za-z0-9_.+ -]{1,100}){0,7}")
_FOLDERS, _FILES = frozenset({FEED, CONTEXTS, BULK_FILES}), frozenset({INPUTS, PRUNED})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a backup; the time of its last change in ns."""

    bytes: int
    sha256: str
    modified: int


@dataclass(frozen=True, slots=True)
class Description:
    """What a backup holds: files and folders by path, folders with the time of their last change, in ns."""

    current: str | None
    folders: dict[str, int]
    files: dict[str, Entry]

    @property
    def versions(self) -> list[str]:
        return sorted(path for path in self.folders if VERSION_ID.fullmatch(path))

    def encode(self) -> bytes:
        return orjson.dumps(
            {"format": _FORMAT, **asdict(self)},
            option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE,
        )


def decode_description(body: bytes) -> Description:
    """Reads `backup.json`.

    Raises:
        BackupError: it is not one of this release, or names a path that cannot be in a folder of versions.
    """
    try:
        known = orjson.loads(body)
        if known["format"] != _FORMAT:
            raise BackupError(f"The backup has the form {known['format']!r}; this release reads {_FORMAT!r}.")
        files = {
            str(path): Entry(int(one["bytes"]), str(one["sha256"]), int(one["modified"]))
            for path, one in known["files"].items()
        }
        folders = {str(path): int(modified) for path, modified in known["folders"].items()}
        current = None if known["current"] is None else str(known["current"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{DESCRIPTION} of the backup is damaged ({error}). Use another backup.") from error
    for path in (*files, *folders):
        check_name(path)
    if current is not None and (not VERSION_ID.fullmatch(current) or current not in folders):
        raise BackupError(f"{DESCRIPTION} of the backup names the current version {current!r}, which it does not hold.")
    return Description(current, folders, files)


def check_name(path: str) -> None:
    """Checks that a path stands in a folder of versions.

    Raises:
        BackupError: it is absolute, leads out of the folder, or is no path of this service.
    """
    parts = path.split("/")
    known = bool(VERSION_ID.fullmatch(parts[0])) or parts[0] in (_FILES if len(parts) == 1 else _FOLDERS)
    known = known or (len(parts) == 1 and parts[0] in _FOLDERS)
    if not _NAME.fullmatch(path) or {".", ".."} & set(parts) or not known:
        raise BackupError(
            f"The backup holds {path[:200]!r}, which is not a path of a folder of versions. Nothing is restored."
        )


class Target(Protocol):
    """Where a backup is written to."""

    def add(self, path: str, size: int, modified: int, content: IO[bytes]) -> str:
        """Writes a file with so many bytes; returns its SHA-256. Raises OSError and EOFError."""

    def finish(self, description: Description) -> None: ...


class FolderTarget:
    """A folder, which has the files as they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, path: str, size: int, modified: int, content: IO[bytes]) -> str:
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with target.open("wb") as file:
            for piece in pieces(content, size):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.utime(target, ns=(modified, modified))
        return digest.hexdigest()

    def finish(self, description: Description) -> None:
        for path in self._folder.rglob("*"):
            if path.is_file() and path.relative_to(self._folder).as_posix() not in description.files:
                path.unlink()  # of a version that was removed while it was copied
        write_file(self._folder / DESCRIPTION, description.encode())
        for folder, _, _ in os.walk(self._folder):
            sync_folder(Path(folder))


class TarTarget:
    """A tar archive, which is written from its beginning to its end, so that it may be a pipe."""

    def __init__(self, file: IO[bytes], compression: str) -> None:
        self._closing = ExitStack()
        if compression == "zstd":
            compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            packed: Any = compressor.stream_writer(file, closefd=False)
            self._out: Any = self._closing.enter_context(packed)
        elif compression == "gzip":
            self._out = self._closing.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0))
        else:
            self._out = file

    def add(self, path: str, size: int, modified: int, content: IO[bytes]) -> str:
        info = tarfile.TarInfo(path)
        info.size, info.mtime, info.mode = size, modified // 10**9, 0o644
        # GNU's numbers have no upper limit; names that are too long for it are split by ustar.
        form: Literal[0, 1] = tarfile.GNU_FORMAT if len(path) <= _LONGEST_SHORT_NAME else tarfile.USTAR_FORMAT
        self._out.write(info.tobuf(form))
        digest = hashlib.sha256()
        for piece in pieces(content, size):
            digest.update(piece)
            self._out.write(piece)
        self._out.write(bytes(-size % _BLOCK))
        return digest.hexdigest()

    def finish(self, description: Description) -> None:
        body = description.encode()
        info = tarfile.TarInfo(DESCRIPTION)
        info.size, info.mode = len(body), 0o644
        self._out.write(info.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % _BLOCK) + bytes(2 * _BLOCK))
        self._closing.close()


def pieces(content: IO[bytes], size: int) -> Iterator[bytes]:
    """So many bytes of a file, in pieces.

    Raises:
        EOFError: it has fewer.
    """
    while size:
        piece = content.read(min(PIECE, size))
        if not piece:
            raise EOFError(f"{size} bytes are missing")
        size -= len(piece)
        yield piece


@dataclass(frozen=True, slots=True)
class Member:
    """A file while a backup is read; its content must be read before the next one."""

    path: str
    size: int
    content: Iterator[bytes]


def read_archive(file: IO[bytes]) -> Iterator[Member | Description]:
    """The files of a tar archive, and at last its description.

    Raises:
        BackupError: it is damaged, cut off, or holds something else than a backup does.
    """
    with _archive_explained():
        stream = _decompressed(file)
    for _ in range(_MOST_FILES):
        with _archive_explained():
            head = _exactly(stream, _BLOCK)
            if head == bytes(_BLOCK):
                raise BackupError(
                    f"The archive ends without {DESCRIPTION}, so it is not a whole backup. Use another one."
                )
            info = tarfile.TarInfo.frombuf(head, "utf-8", "strict")
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise BackupError(
                f"The archive holds {info.name[:200]!r}, which is a link, a folder or a device. A backup of "
                "plangraf has plain files only. Nothing is restored."
            )
        if info.name == DESCRIPTION:
            if info.size > _LARGEST_DESCRIPTION:
                raise BackupError(f"{DESCRIPTION} of the archive is too large: {info.size} bytes. Nothing is restored.")
            with _archive_explained():
                body = _exactly(stream, info.size)
            yield decode_description(body)
            return
        check_name(info.name)
        yield Member(info.name, info.size, _content(stream, info.size))
    raise BackupError(f"The archive has more than {_MOST_FILES} files. Nothing is restored.")


@contextmanager
def _archive_explained() -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError, tarfile.HeaderError, UnicodeError) as error:
        raise BackupError(
            f"The archive is damaged or cut off ({error}). Nothing is restored; use another backup."
        ) from error


def _content(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The content of a member, with the padding behind it read."""
    with _archive_explained():
        yield from pieces(stream, size)
        _exactly(stream, -size % _BLOCK)


def _decompressed(file: IO[bytes]) -> Any:
    """The decompressed content of a buffered file."""
    buffered: Any = file
    start = buffered.peek(4)[:4]
    if start.startswith(_ZSTD):
        return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(file, read_size=PIECE)
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file, mode="rb")
    return file


def _exactly(stream: IO[bytes], size: int) -> bytes:
    return b"".join(pieces(stream, size))


def read_folder(folder: Path) -> Iterator[Member | Description]:
    """The files of a backup in a folder, and at last its description.

    Raises:
        BackupError: it lacks a file, or one is a link.
    """
    at = folder / DESCRIPTION
    with _folder_explained(folder):
        if at.stat().st_size > _LARGEST_DESCRIPTION:
            raise BackupError(f"{at} is too large. Nothing is restored.")
        description = decode_description(at.read_bytes())
    for path in description.files:
        if any(parent.is_symlink() for parent in (folder / path).parents if parent != folder):
            raise BackupError(f"{folder / path} lies behind a link. Nothing is restored.")
        with ExitStack() as opened:
            with _folder_explained(folder):
                descriptor = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
                file = opened.enter_context(os.fdopen(descriptor, "rb"))
                size = os.fstat(descriptor).st_size
            yield Member(path, size, _content_of_file(folder, file, size))
    yield description


@contextmanager
def _folder_explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        raise BackupError(f"The backup {folder} cannot be read ({error}). Nothing is restored.") from error


def _content_of_file(folder: Path, file: IO[bytes], size: int) -> Iterator[bytes]:
    with _folder_explained(folder):
        yield from pieces(file, size)
