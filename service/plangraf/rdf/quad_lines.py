"""Quads that are kept as N-Quads lines and parsed each time they are read.

A line takes a third of the memory of a quad with its terms. What can be told from the bytes of a line is told without
parsing it.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    Variable,
    parse,
)

from plangraf.rdf.graph import graph_of, nquads_lines
from plangraf.rdf.line_file import LineFile

_BLOCK = 10_000
_LOADED = 200_000


Substitutions = dict[Variable, NamedNode | BlankNode | Literal | Triple]
Answered = QuerySolutions | QueryBoolean | QueryTriples


class Queried(Protocol):
    """What answers queries over quads: a store with the named graphs, and their union as the default graph."""

    def query(self, query: str, *, substitutions: Substitutions | None = None) -> Answered: ...


class QuadLines(Collection[Quad]):
    """The quads of lines.

    Args:
        lines: N-Quads lines without newline, sorted and unique, each in a named graph.
    """

    __slots__ = ("_graphs", "lines")

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self._graphs: Counter[str] | None = None

    @property
    def graphs(self) -> Counter[str]:
        """The number of quads in each graph, by its IRI; the lines are counted once."""
        if self._graphs is None:
            counted = Counter(map(graph_of, self.lines))
            self._graphs = Counter({graph[1:-1].decode(): count for graph, count in counted.items()})
        return self._graphs

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Quad]:
        return parsed(self.lines)

    def __contains__(self, quad: object) -> bool:
        if not isinstance(quad, Quad):
            return False
        (line,) = nquads_lines([quad])
        at = bisect_left(self.lines, line)
        return at < len(self.lines) and self.lines[at] == line


def parsed(lines: Sequence[bytes]) -> Iterator[Quad]:
    """The quads of lines, in their order."""
    for first in range(0, len(lines), _BLOCK):
        end = first + _BLOCK
        block = lines.block(first, end) if isinstance(lines, LineFile) else b"\n".join(lines[first:end])
        yield from parse(block, RdfFormat.N_QUADS, rename_blank_nodes=False)


def starting(lines: Sequence[bytes], start: bytes) -> list[bytes]:
    """The lines with this beginning, of sorted lines."""
    first = end = bisect_left(lines, start)
    while end < len(lines) and lines[end].startswith(start):
        end += 1
    return list(lines[first:end])


def about(quads: Collection[Quad], beginning: str) -> Iterable[Quad]:
    """The quads whose subject's IRI may have this beginning: of lines those that have it, else all."""
    if not isinstance(quads, QuadLines):
        return quads
    return parsed(starting(quads.lines, f"<{beginning}".encode()))


def mentioning(quads: Collection[Quad], *terms: NamedNode | Literal) -> Iterable[Quad]:
    """The quads that may have one of the terms: of lines those that name one, else all."""
    if not isinstance(quads, QuadLines):
        return quads
    first, *others = (str(term).encode() for term in terms)
    # Most callers name one term, for which the short test takes a third of the time.
    if not others:
        return parsed([line for line in quads.lines if first in line])
    return parsed([line for line in quads.lines if first in line or any(name in line for name in others)])


def of_graphs(quads: Collection[Quad], *graphs: str) -> Iterable[Quad]:
    """The quads that may stand in one of the graphs: of lines those that do, else all."""
    if not isinstance(quads, QuadLines):
        return quads
    ends = tuple(f" <{graph}> .".encode() for graph in graphs)
    return parsed([line for line in quads.lines if line.endswith(ends)])


def load_store(lines: Sequence[bytes]) -> Store:
    """A store in memory with the named graphs, and with their union without duplicates as the default graph."""
    store = Store()
    for first in range(0, len(lines), _LOADED):
        named: list[bytes] = []
        nameless: list[bytes] = []
        for line in lines[first : first + _LOADED]:
            # Not bulk_load, which renames blank nodes: a label must mean one node in all graphs.
            own = nameless if b"_:" in line else named
            own += (line, line.rpartition(b" <")[0] + b" .")
        store.bulk_load(io.BytesIO(b"\n".join(named)), RdfFormat.N_QUADS)
        store.bulk_extend(parse(b"\n".join(nameless), RdfFormat.N_QUADS, rename_blank_nodes=False))
    return store


def graph_counts(quads: Collection[Quad]) -> Counter[str]:
    """The number of quads in each graph, by its IRI."""
    return (
        quads.graphs.copy() if isinstance(quads, QuadLines) else Counter(str(quad.graph_name)[1:-1] for quad in quads)
    )


def distinct_triples(quads: Collection[Quad]) -> int:
    """The number of triples in the union of all graphs."""
    if not isinstance(quads, QuadLines):
        return len({quad.triple for quad in quads})
    # Sorted, the lines of one triple are neighbours, and differ in their last term alone.
    count, last = 0, b""
    for line in quads.lines:
        triple = line.rpartition(b" <")[0]
        count += triple != last
        last = triple
    return count
