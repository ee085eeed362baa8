"""One version on disk: the names of its files, and the readers of its parts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from plangraf.errors import VersionsError
from plangraf.rdf.bulk_terms import GRAPH_SUFFIX
from plangraf.rdf.term_counts import TermCounts
from plangraf.store.versions.bulk import BulkGraph, read_bulk_json, unreadable
from plangraf.store.zstd_file import decompressed

DUMP = "data.nq.zst"
MANIFEST = "manifest.json"
CURRENT = "current"
INPUTS = "inputs.json"
FEED = "feed"
DOWNLOADS = "dump"
DOWNLOADS_INDEX = "index.json"
REMOVED = "removed.json"
OBJECT_KINDS = "object-kinds.json"
TERM_COUNTS = "term-counts.json"
BULK = "bulk.json"
BULK_FILES = "bulk"
BULK_STORES = "bulk-stores"
CONTEXTS = "context"
PRUNED = "pruned.json"
REPLICA = ".replica"
REPLICA_STATUS = "status.json"
WITHDRAWN = ".withdrawn"
UNFINISHED = "unfinished"
KNOWN = "known"
LOCK = ".lock"
TEMPORARY = ".tmp-"

VERSION_ID = re.compile(r"[0-9a-f]{16}")
_CHUNK = 1 << 17


def is_kept(folder: Path) -> bool:
    """Whether there is a version in a folder, and no replica is about to remove it."""
    return folder.is_dir() and not (folder / WITHDRAWN).exists()


def context_digest(body: bytes) -> str:
    """The digest that names a kept JSON-LD context."""
    return hashlib.sha256(body).hexdigest()[:16]


def encode_json(value: object) -> bytes:
    """Encodes equal values as equal bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    Attributes:
        id: the digest of its dump, shortened.
        path: its folder.
        manifest: the parsed manifest.json.
        written_ns: when it was written or last made the newest one, since 1970; 0 when unknown.
    """

    id: str
    path: Path
    manifest: Mapping[str, Any]
    written_ns: int = field(default=0, compare=False)

    @property
    def written(self) -> datetime:
        """When it was written, in UTC."""
        return datetime.fromtimestamp(self.written_ns / 1e9, UTC)

    @property
    def triples(self) -> int:
        """Unique triples in the union of all graphs: the size of the default graph."""
        return int(self.manifest["triples"])

    def quads(self) -> Iterator[bytes]:
        """The dump as chunks of N-Quads bytes, some MiB at most; lines may cross chunks.

        Raises:
            VersionsError: the dump is missing or damaged.
        """
        try:
            yield from decompressed(self.path / DUMP, _CHUNK)
        except (OSError, zstandard.ZstdError) as error:
            raise unreadable(f"Version {self.id} in {self.path.parent}", error) from error

    def lines(self) -> Iterator[bytes]:
        """The dump line by line, without newlines, in bounded memory.

        Raises:
            VersionsError: the dump is missing or damaged.
        """
        rest = b""
        for chunk in self.quads():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        if rest:
            yield rest

    def removed(self) -> Mapping[str, str]:
        """Subjects of earlier versions that this one lacks: IRI to the last version that had it."""
        try:
            known: dict[str, str] = json.loads((self.path / REMOVED).read_bytes())
        except (OSError, ValueError):
            return {}
        return known

    def bulk(self) -> list[BulkGraph]:
        """The graphs of bulk triples.

        Raises:
            VersionsError: their list is damaged, or lacks a graph of the manifest.
        """
        found = read_bulk_json(self.path / BULK)
        counts: Mapping[str, int] = self.manifest.get("graphs", {})
        # The graph of the dataset is always beside it; a dataset may itself have the name of the suffix.
        known = {
            graph for graph in counts if graph.endswith(GRAPH_SUFFIX) and graph.removesuffix(GRAPH_SUFFIX) in counts
        }
        if lost := sorted(known - {graph.graph for graph in found}):
            raise VersionsError(
                f"Version {self.id} in {self.path.parent} is damaged ({BULK} lacks {lost[0]}). "
                "Write it again with `plangraf build --force`."
            )
        return found

    def bulk_path(self, graph: BulkGraph) -> Path:
        """Path of a bulk file, which lies beside the versions because several can have it."""
        return self.path.parent / BULK_FILES / f"{graph.sha256}.nt.zst"

    @property
    def bulk_stores(self) -> Path:
        """The folder of the stores that have the bulk triples, see plangraf.engines.embedded.disk_stores."""
        return self.path / BULK_STORES

    def object_kinds(self) -> Mapping[str, frozenset[str]] | None:
        """The kinds of literals of each predicate; None when unknown, as for a version of an earlier release."""
        try:
            known = json.loads((self.path / OBJECT_KINDS).read_bytes())
            return {predicate: frozenset(kinds) for predicate, kinds in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def term_counts(self) -> TermCounts | None:
        """How often the version uses each term; None when unknown, as for a version of an earlier release."""
        try:
            return TermCounts.from_json(json.loads((self.path / TERM_COUNTS).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @property
    def dates_path(self) -> Path:
        """Path of the dates, which lie beside the version because they are not part of it."""
        return self.path.parent / FEED / f"dates-{self.id}.json"

    def dates(self) -> Mapping[str, tuple[str, str]]:
        """UTC times of first publication and last change, by graph; empty when the file is missing."""
        try:
            known = json.loads(self.dates_path.read_bytes())
            return {graph: (str(issued), str(modified)) for graph, (issued, modified) in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def verify(self) -> bool:
        """Whether the digest of the dump still matches the id."""
        digest = hashlib.sha256()
        try:
            for chunk in self.quads():
                digest.update(chunk)
        except VersionsError:
            return False
        return digest.hexdigest()[:16] == self.id
