"""The bulk files of versions: kept once, compressed, under their SHA-256, which the dump of a version states.

versions/bulk/<sha256>.nt.zst    sorted unique N-Triples lines, zstd
versions/bulk/<key>.stores       the engine's store of some bulk files together, see plangraf.engines.embedded
versions/<id>/bulk.json          the graph of each bulk file of a version, and its terms
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import zstandard

from plangraf.errors import VersionsError
from plangraf.rdf.bulk_terms import BulkTerms

_CHUNK = 1 << 20
_ZSTD_LEVEL = 3


@dataclass(frozen=True, slots=True)
class BulkGraph:
    """A graph of bulk triples: its IRI, the digest of its file, its size, and its terms."""

    graph: str
    sha256: str
    triples: int
    terms: BulkTerms


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
        raise VersionsError(f"{path} is damaged ({error}). Write it again with `plangraf build --force`.") from error


def compress(source: Path, target: Path, sha256: str) -> None:
    """Compresses a bulk file; the target is synced.

    Raises:
        VersionsError: the file is not the one with this digest any more.
    """
    digest = hashlib.sha256()
    with source.open("rb") as lines, target.open("wb") as file:
        compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as packed:
            while piece := lines.read(_CHUNK):
                digest.update(piece)
                packed.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != sha256:
        raise VersionsError(f"{source} changed while it was read. Build again.")
