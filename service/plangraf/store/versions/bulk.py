"""The bulk files of versions: kept once, compressed, under their SHA-256, which the dump of a version states.

versions/bulk/<sha256>.nt.zst    sorted unique N-Triples lines, zstd
versions/bulk/<key>.stores       the engine's store of some bulk files together, see plangraf.engines.embedded
versions/<id>/bulk.json          the graph of each bulk file of a version, and its terms
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from plangraf.errors import VersionsError
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.store.zstd_file import decompressed

# Observations are so alike that they take a sixtieth of their size, so this is some MiB of them.
_PACKED_CHUNK = 1 << 16
_READ = 1 << 20
_ZSTD_LEVEL = 3
# What tells that a file was removed or replaced by something else.
_DAMAGES = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP})
_LIMITS = "Raise the limit of open files (`ulimit -n`)."
_ACCESS = "Give the user of the service access."
_ADVICE = {errno.EMFILE: _LIMITS, errno.ENFILE: _LIMITS, errno.EACCES: _ACCESS, errno.EPERM: _ACCESS}


@dataclass(frozen=True, slots=True)
class BulkGraph:
    """A graph of bulk triples: its IRI, the digest of its file, its size, and its terms."""

    graph: str
    sha256: str
    triples: int
    terms: BulkTerms


def unreadable(what: str, error: Exception) -> VersionsError:
    """The error for a file of a version: it is damaged, or the system refuses to read it.

    Building again would not help against the second, such as too many open files.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number is None or number in _DAMAGES:
        return VersionsError(f"{what} is damaged ({error}). Write it again with `plangraf build --force`.")
    advice = _ADVICE.get(number, "`plangraf doctor` examines disk and limits.")
    return VersionsError(f"{what} cannot be read ({error}). {advice}")


def stores_name(graphs: Iterable[BulkGraph]) -> str:
    """The name of the engine's store of these graphs, the same for the same triples in the same graphs."""
    listed = "".join(sorted(f"{graph.graph} {graph.sha256}\n" for graph in graphs))
    return f"{hashlib.sha256(listed.encode()).hexdigest()[:16]}.stores"


def bulk_json(graphs: Sequence[BulkGraph]) -> list[dict[str, Any]]:
    """The content of bulk.json: equal graphs give equal bytes."""
    found = []
    for graph in sorted(graphs, key=lambda graph: graph.graph):
        terms = {**asdict(graph.terms), "objects": sorted(graph.terms.objects)}
        found.append({"graph": graph.graph, "sha256": graph.sha256, "triples": graph.triples, "terms": terms})
    return found


def read_bulk_json(path: Path) -> list[BulkGraph]:
    """Reads bulk.json; a missing file means that the version has no bulk triples.

    Raises:
        VersionsError: it cannot be read.
    """
    try:
        known = json.loads(path.read_bytes())
        return [
            BulkGraph(
                entry["graph"],
                entry["sha256"],
                int(entry["triples"]),
                BulkTerms(
                    tuple(entry["terms"]["subjects"]),
                    entry["terms"]["predicates"],
                    entry["terms"]["classes"],
                    frozenset(entry["terms"]["objects"]),
                    entry["terms"]["entities"],
                ),
            )
            for entry in known
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(str(path), error) from error


@contextmanager
def packing(target: Path) -> Iterator[Callable[[bytes], object]]:
    """Compresses the pieces of a bulk file that the yielded function gets; the target is synced at the end."""
    with target.open("wb") as file:
        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as packed:
            yield packed.write
        file.flush()
        os.fsync(file.fileno())


class _Reader(io.RawIOBase):
    """Decompressed pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
        number = min(len(buffer), len(self._piece))
        buffer[:number], self._piece = self._piece[:number], self._piece[number:]
        return number


def open_bulk(path: Path) -> BinaryIO:
    """Opens a kept bulk file.

    Raises, while it is read:
        VersionsError: it is missing or damaged.
    """
    return io.BufferedReader(_Reader(_pieces(path)), _READ)


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        yield from decompressed(path, _PACKED_CHUNK)
    except (OSError, zstandard.ZstdError) as error:
        raise unreadable(f"The bulk file {path}", error) from error
