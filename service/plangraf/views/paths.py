"""The paths between things over the links that a named query selects, as rows with one step each.

An engine can only enumerate walks, and between two large kinds there are millions. This module walks the links itself:
backward from the ends first, so that no path is begun that cannot arrive, then forward, and stops at a limit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise

from pyoxigraph import Literal, NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import AnswerLimitError
from plangraf.errors.message import N_, Sentence, one_of
from plangraf.rdf.bindings_writer import BindingsWriter, Term
from plangraf.rdf.formats import Format
from plangraf.rdf.literals import XSD
from plangraf.rdf.namespaces import SDG
from plangraf.sparql.named.head import WALK_COLUMNS
from plangraf.views.engine_answers import fetch_rows

_GROUPING = "grouping"
_INTEGER = NamedNode(XSD + "integer")
_DECIMAL = NamedNode(XSD + "decimal")
_SHORTENED = re.compile(r"[^ ]*/(?:id|sdg)/")
_CODE = re.compile(r"[0-9]")

Path = tuple[str, ...]
Row = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Link:
    """One statement that links two things, as the data have it: from `subject` to `object`."""

    subject: str
    property: str
    object: str
    how: str
    confidence: Literal | None
    statement: str | None


@dataclass(frozen=True, slots=True)
class LinkGraph:
    """All links of one version.

    `neighbours` leads from a thing to those that a link joins it with, in either direction; `links` has the links of a
    pair, under the smaller IRI first, in the order of an answer. `municipalities` has the numbers of the municipalities
    of a thing. A thing of `groupings` is only ever an end of a path.
    """

    neighbours: Mapping[str, tuple[str, ...]]
    links: Mapping[tuple[str, str], tuple[Link, ...]]
    kinds: Mapping[str, frozenset[str]]
    labels: Mapping[str, str]
    municipalities: Mapping[str, frozenset[str]]
    groupings: frozenset[str]

    def ends(self, named: str) -> frozenset[str]:
        """The things that `from` or `to` names: an IRI, the UN's code of a target, or a kind."""
        if ":" in named:
            return frozenset({named})
        if _CODE.match(named):
            return frozenset({SDG + named.lower()})
        return self.kinds.get(named, frozenset())


async def link_graph(snapshot: Snapshot, query: str) -> LinkGraph:
    """A part of the snapshot: the links that a query selects.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    return await asyncio.to_thread(read_links, rows)


def read_links(rows: Iterable[Row]) -> LinkGraph:
    """The graph of rows with the columns LINK_COLUMNS."""
    links: dict[tuple[str, str], set[Link]] = {}
    neighbours: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    labels: dict[str, str] = {}
    municipalities: dict[str, set[str]] = {}
    for row in rows:
        value = {name: cell["value"] for name, cell in row.items()}
        thing, following = value["thing"], value.get("next")
        if following is not None:
            sure = Literal(value["confidence"], datatype=_DECIMAL) if "confidence" in value else None
            link = Link(thing, value["property"], following, value["how"], sure, value.get("statement"))
            links.setdefault(_pair(thing, following), set()).add(link)
            neighbours.setdefault(thing, set()).add(following)
            neighbours.setdefault(following, set()).add(thing)
            continue
        kinds.setdefault(value["kind"], set()).add(thing)
        if "label" in value:
            labels[thing] = min(value["label"], labels.get(thing, value["label"]))
        if "municipality" in value:
            municipalities.setdefault(thing, set()).add(value["municipality"])
    groupings = frozenset(kinds.pop(_GROUPING, ()))
    linked = {thing: tuple(sorted(others)) for thing, others in neighbours.items()}
    return LinkGraph(
        linked,
        {pair: tuple(sorted(found, key=_order)) for pair, found in links.items()},
        {kind: frozenset(things & linked.keys()) for kind, things in kinds.items()},
        {thing: label for thing, label in labels.items() if thing in linked},
        {thing: frozenset(numbers) for thing, numbers in municipalities.items() if thing in linked},
        groupings,
    )


def _order(link: Link) -> tuple[str, str, str, str]:
    return link.property, link.statement or "", link.how, link.confidence.value if link.confidence else ""


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class Sought:
    """The paths that a request asks for.

    Attributes:
        start, end: where they begin and end, see LinkGraph.ends.
        steps: of the longest path.
        municipality: a number; the first or the last thing of a path is of this municipality. None for any.
        most: the most paths.
        name: the query, for messages.
    """

    start: str
    end: str
    steps: int
    municipality: str | None
    most: int
    name: str


def find_paths(graph: LinkGraph, sought: Sought) -> list[Path]:
    """All paths that pass no thing twice, shortest first, then by their text.

    Raises:
        AnswerLimitError: there are more than `sought.most`.
    """
    starts, ends = (graph.ends(named) & graph.neighbours.keys() for named in (sought.start, sought.end))
    wanted = [(starts, ends)]
    if (number := sought.municipality) is not None:
        of_it = frozenset(thing for thing in starts | ends if number in graph.municipalities.get(thing, ()))
        wanted = [(starts & of_it, ends), (starts - of_it, ends & of_it)]
    prepared = [(begin, _arriving(graph, end, sought.steps)) for begin, end in wanted]
    found: list[Path] = []
    for length in range(1, sought.steps + 1):
        shorter = len(found)
        for path in chain.from_iterable(_paths_of(graph, begin, arriving, length) for begin, arriving in prepared):
            if len(found) == sought.most:
                raise AnswerLimitError(sought.name, N_("paths"), sought.most, _advice(sought, length, shorter))
            found.append(path)
    return sorted(found, key=lambda path: (len(path), text_of(path)))


def _arriving(graph: LinkGraph, ends: Set[str], steps: int) -> list[Set[str]]:
    """By number of steps, the things from which a walk of so many steps arrives at an end."""
    found = [ends]
    for taken in range(1, steps):
        # The things of the step before are passed on the way, and a grouping never is; only an end may be one.
        passed = ends if taken == 1 else found[-1] - graph.groupings
        found.append({near for thing in passed for near in graph.neighbours[thing]})
    return found


def _paths_of(graph: LinkGraph, starts: Iterable[str], arriving: Sequence[Set[str]], length: int) -> Iterator[Path]:
    """The paths of exactly this length."""

    def extend(path: Path) -> Iterator[Path]:
        left = length - len(path)
        for thing in graph.neighbours[path[-1]]:
            if thing in arriving[left] and thing not in path:
                if left == 0:
                    yield (*path, thing)
                elif thing not in graph.groupings:
                    yield from extend((*path, thing))

    for start in starts:
        yield from extend((start,))


def _advice(sought: Sought, length: int, shorter: int) -> str:
    """How to narrow a request whose paths of this length are too many, while `shorter` paths have fewer steps."""
    told = [N_("take steps=%(steps)s, which finds %(count)s", steps=length - 1, count=shorter)] if shorter else []
    ends = (("from", sought.start), ("to", sought.end))
    if kinds := [name for name, value in ends if ":" not in value and not _CODE.match(value)]:
        told.append(N_("name one thing in %(parameters)s", parameters=one_of(kinds)))
    if sought.municipality is None:
        told.append(N_("give a municipality"))
    if not told:
        return N_("Ask for the paths through one thing at a time.")
    return Sentence([told[0], *(N_(", or %(advice)s", advice=one) for one in told[1:]), "."], "")


def text_of(path: Path) -> str:
    """The things of a path in one text, each IRI without what comes before its own name."""
    return _SHORTENED.sub("", " ".join(path))


def write_paths(graph: LinkGraph, paths: Iterable[Path], format_: Format) -> bytes:
    """The rows of the paths, one for each link of each step, in a result format."""
    writer = BindingsWriter.of(WALK_COLUMNS, format_)
    hops: dict[tuple[str, str], list[bytes]] = {}

    def rows() -> Iterator[Sequence[bytes]]:
        numbers = [writer.cells([("step", _integer(step))]) for step in range(1, 10)]
        for path in paths:
            start = writer.cells([("path", Literal(text_of(path))), ("length", _integer(len(path) - 1))])
            for step, hop in enumerate(pairwise(path)):
                if hop not in hops:
                    hops[hop] = [writer.cells(cells) for cells in _hop(graph, *hop)]
                for cells in hops[hop]:
                    yield start, numbers[step], cells

    return writer.join(rows())


def _hop(graph: LinkGraph, thing: str, following: str) -> Iterator[list[tuple[str, Term | None]]]:
    """The cells of one step, for each link of its two things: those backward first."""
    links = graph.links[_pair(thing, following)]
    for link in sorted(links, key=lambda link: link.subject == thing):
        yield [
            ("thing", NamedNode(thing)),
            ("thingLabel", _text(graph.labels.get(thing))),
            ("direction", Literal("forward" if link.subject == thing else "backward")),
            ("property", NamedNode(link.property)),
            ("next", NamedNode(following)),
            ("nextLabel", _text(graph.labels.get(following))),
            ("how", Literal(link.how)),
            ("confidence", link.confidence),
            ("statement", NamedNode(link.statement) if link.statement else None),
        ]


def _text(text: str | None) -> Literal | None:
    return None if text is None else Literal(text)


def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=_INTEGER)
