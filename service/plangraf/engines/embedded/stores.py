"""The stores of one version: its named graphs, and their union as a set of triples, in memory or on disk.

pyoxigraph's union option counts a triple once for each graph that holds it. When no triple stands in two graphs, as
in most data, that union is a set, and one store answers every query. Otherwise the union is materialised twice: as
the default graph of the store of named graphs, and alone in a second store.

Bulk triples stand in stores on disk together with all others, see `disk_stores`. The queries that cannot match any of
them, which are nearly all, are as fast as without them.

A version whose other triples are more than a service holds in memory is read from these stores alone.
"""

from __future__ import annotations

import io
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pyoxigraph import NamedNode, RdfFormat, Store, parse

from plangraf.engines.embedded.disk_stores import DiskStores, open_disk_stores
from plangraf.engines.embedded.wire import DISK, MEMORY
from plangraf.store.versions import Version

_BLOCK = 4 * 1024 * 1024
_GRAPH_NAME = re.compile(rb" <[^<>]*> \.$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stores:
    """`graphs` holds the named graphs; `union` is None when no triple stands in two of them.

    A query that names no graph runs twice as fast over `union`, because the engine scans the quads of all graphs and
    then filters by graph. `wide` is None without stores on disk; the graphs of bulk triples are those of `bulk`. With
    `on_disk`, `graphs` and `union` are the store on disk of all triples, which has `on_disk` distinct triples of the
    dump.
    """

    graphs: Store
    union: Store | None
    wide: DiskStores | None = None
    bulk: tuple[NamedNode, ...] = ()
    bulk_triples: int = 0
    on_disk: int | None = None

    @property
    def is_disjoint(self) -> bool:
        """Whether no triple stands in two graphs."""
        if self.on_disk is not None:
            assert self.wide is not None
            return self.wide.apart is None
        return self.union is None

    def own_graphs(self) -> Iterator[NamedNode]:
        """The named graphs without those of bulk triples."""
        # A build names all graphs.
        return (
            graph for graph in self.graphs.named_graphs() if isinstance(graph, NamedNode) and graph not in self.bulk
        )

    @property
    def files(self) -> int:
        """The most files that a worker opens."""
        return 0 if self.wide is None else self.wide.files

    @property
    def triples(self) -> int:
        """Number of distinct triples in the union of all graphs."""
        if self.on_disk is not None:
            return self.on_disk + self.bulk_triples
        own = len(self.graphs if self.union is None else self.union)
        return own + self.bulk_triples


def chosen_store(version: Version, memory_triples: int) -> str:
    """Where a service reads the version from: MEMORY or DISK.

    Args:
        version: with its manifest.
        memory_triples: the most triples in memory, without bulk triples.
    Raises:
        VersionsError: the list of bulk files is damaged.
    """
    if not version.bulk_stores.is_dir():
        return MEMORY  # it was built with fewer triples, or for more memory
    in_bulk = sum(graph.triples for graph in version.bulk())
    return MEMORY if int(version.manifest["quads"]) - in_bulk <= memory_triples else DISK


def open_stores(version: Version, *, in_memory: bool = True) -> Stores:
    """Opens a version: loads its dump when it is held in memory, and opens its stores on disk.

    Raises:
        VersionsError: its dump, its list of bulk files or a store is damaged.
    """
    bulk = version.bulk()
    names, in_bulk = tuple(NamedNode(graph.graph) for graph in bulk), sum(graph.triples for graph in bulk)
    if not in_memory:
        wide = open_disk_stores(version.bulk_stores)
        return Stores(wide.all, wide.all, wide, names, in_bulk, version.triples - in_bulk)
    stores = _open_own(version)
    if not bulk:
        return stores
    return Stores(stores.graphs, stores.union, open_disk_stores(version.bulk_stores), names, in_bulk)


def _open_own(version: Version) -> Stores:
    """Loads the dump of a version."""
    graphs = Store()
    if not _has_overlap(version):
        for block in _blocks(version):
            _load(graphs, block)
        return Stores(graphs, None)
    union = Store()
    for block in _blocks(version):
        # Each line of a dump ends in its graph's name; without the name it is the triple.
        triples = _GRAPH_NAME.sub(b" .", block)
        # One load of both takes less than two.
        _load(graphs, triples + block)
        _load(union, triples)
    return Stores(graphs, union)


def _load(store: Store, block: bytes) -> None:
    named, nameless = _split(block)
    store.bulk_load(io.BytesIO(named), RdfFormat.N_QUADS)
    # Not bulk_load, which renames blank nodes: a label must mean one node in all graphs and processes.
    store.bulk_extend(parse(nameless, RdfFormat.N_QUADS, rename_blank_nodes=False))


def _has_overlap(version: Version) -> bool:
    """Whether a triple stands in two graphs: a dump is sorted, so the quads of one triple are neighbours.

    A dump that is not sorted counts as an overlap, because its neighbours prove nothing.
    """
    last: list[bytes] = []
    for block in _blocks(version):
        lines = last + block.splitlines()
        triples = [line.rpartition(b" <")[0] for line in lines]
        if any(map(operator.eq, triples, triples[1:])) or any(map(operator.gt, lines, lines[1:])):
            return True
        last = lines[-1:]
    return False


def _blocks(version: Version) -> Iterator[bytes]:
    """The dump's lines, some MiB of whole lines at a time."""
    rest = b""
    pieces: list[bytes] = []
    size = 0
    for chunk in chain(version.quads(), (b"",)):
        pieces.append(chunk)
        size += len(chunk)
        if size >= _BLOCK or not chunk:
            head, newline, rest = b"".join(pieces).rpartition(b"\n")
            yield head + newline
            pieces, size = [rest], len(rest)
    yield rest


def _split(block: bytes) -> tuple[bytes, bytes]:
    """Splits a block into the lines without blank nodes and those with any."""
    if b"_:" not in block:
        return block, b""
    lines = block.splitlines(keepends=True)
    return b"".join(line for line in lines if b"_:" not in line), b"".join(line for line in lines if b"_:" in line)
