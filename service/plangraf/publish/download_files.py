"""The folder of a version's downloads while it is written: files, compressed streams, and files of an earlier version.

An earlier version's file is taken by a hard link, so that equal files take their space once.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import zstandard

from plangraf.sparql.named.head import Titled
from plangraf.store.atomic import link_or_copy, write_file
from plangraf.store.versions import DOWNLOADS_INDEX

_ZSTD_LEVEL = 9
_GZIP_LEVEL = 6
_AS_GZIP = 31  # of zlib: 15 bits of window, and the gzip header, in which the time is 0
_BLOCK = 1 << 20

# By the ending of the file name without the compression.
_MEDIA_TYPES = {
    "nq": "application/n-quads",
    "trig": "application/trig",
    "jsonld": "application/ld+json",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "csv": "text/csv",
    "csv-metadata": "application/csvm+json",
    "parquet": "application/vnd.apache.parquet",
    "cff": "application/yaml",
    "SHA256SUMS": "text/plain",
}
_COMPRESSIONS = {"gz": "application/gzip", "zst": "application/zstd"}


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


class DownloadFiles:
    """Writes the files of a new folder, and their index.

    Args:
        folder: the target; it must not exist.
        titles: the titles of the downloads, by format, folder or name; a file without one is titled by its name.
        known: the downloads of another version that the same code wrote.
    Raises:
        OSError: a file cannot be written, from each method.
    """

    def __init__(self, folder: Path, titles: Mapping[str, Titled], known: Path | None = None) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._titles = titles
        self._known = known
        self._digests = _digests(known) if known is not None else {}
        self._entries: dict[str, dict[str, object]] = {}

    def write(self, name: str, content: bytes) -> None:
        write_file(self._place(name), content)
        self._enter(name, len(content), hashlib.sha256(content).hexdigest())

    def stream(self, name: str, content: Iterable[bytes]) -> None:
        """Writes a file from its pieces."""
        path, digest = self._place(name), hashlib.sha256()
        with path.open("wb") as file:
            for piece in content:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        self._enter(name, path.stat().st_size, digest.hexdigest())

    def compress(self, name: str, content: Iterable[bytes], size: int | None = None) -> None:
        """Writes a file that ends in `.gz` or `.zst`. The latter states the size of its content when it is given."""
        path = self._place(name)
        with path.open("wb") as file:
            with _compressing(file, size, zstd=name.endswith(".zst")) as pack:
                for block in _blocks(content):
                    pack.write(block)
            file.flush()
            os.fsync(file.fileno())
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._enter(name, path.stat().st_size, digest)

    def knows(self, name: str, digest: str) -> bool:
        """Whether the other version has a file of this name with this SHA-256."""
        return self._digests.get(name) == digest

    def take(self, names: Sequence[str]) -> bool:
        """Takes files of the other version; False, and none is taken, when one is missing or damaged there."""
        if self._known is None or any(name not in self._digests for name in names):
            return False
        sources = [self._known / name for name in names]
        try:
            for source, name in zip(sources, names, strict=True):
                with source.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != self._digests[name]:
                        return False
        except OSError:
            return False
        for source, name in zip(sources, names, strict=True):
            target = self._place(name)
            link_or_copy(source, target)
            self._enter(name, target.stat().st_size, self._digests[name])
        return True

    def write_index(self, sums: str, first: Sequence[str]) -> None:
        """Writes the file of sums and the index.

        Args:
            sums: the name of the file of sums.
            first: the names that stand first in both; the others follow as they were written.
        """
        names = [*first, *(name for name in self._entries if name not in first)]
        self.write(sums, "".join(f"{self._entries[name]['sha256']}  {name}\n" for name in names).encode())
        listed = [self._entries[name] for name in (*names, sums)]
        index = json.dumps({"files": listed}, ensure_ascii=False, indent=1) + "\n"
        write_file(self.folder / DOWNLOADS_INDEX, index.encode())

    def _place(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _enter(self, name: str, size: int, sha256: str) -> None:
        """Adds the entry of index.json for one file. `mediaType` is the type of the uncompressed content."""
        parts = name.rpartition("/")[2].split(".")
        compression = _COMPRESSIONS.get(parts[-1])
        if compression or parts[-1] == "json":
            parts.pop()
        title = self._titles.get(name) or self._titles.get(name.partition("/")[0] if "/" in name else parts[-1])
        nb, en = title.text if title else (name, name)
        self._entries[name] = {
            "name": name,
            "bytes": size,
            "sha256": sha256,
            "mediaType": _MEDIA_TYPES[parts[-1]],
            **({"compression": compression} if compression else {}),
            "title": {"nb": nb, "en": en},
        }


def _digests(folder: Path) -> Mapping[str, str]:
    try:
        files: Sequence[Mapping[str, Any]] = json.loads((folder / DOWNLOADS_INDEX).read_bytes())["files"]
        return {str(file["name"]): str(file["sha256"]) for file in files}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@contextmanager
def _compressing(file: BinaryIO, size: int | None, *, zstd: bool) -> Iterator[_Sink]:
    if zstd:
        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, size=-1 if size is None else size, closefd=False) as pack:
            yield pack
    else:
        gzip = _Gzip(file.write)
        yield gzip
        gzip.close()


class _Gzip:
    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _AS_GZIP)

    def write(self, data: bytes, /) -> None:
        self._write(self._packer.compress(data))

    def close(self) -> None:
        self._write(self._packer.flush())


def _blocks(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of about a MiB, because a compressor takes long for many small ones."""
    pieces: list[bytes] = []
    size = 0
    for piece in content:
        pieces.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)
