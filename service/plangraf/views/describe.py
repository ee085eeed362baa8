"""Collects the document of one thing from the engine, in standard SPARQL 1.1.

A document holds (a) all triples of the thing, (b) the triples that point to it but those of observations of statistics,
(c) the links that its frame follows,
and (d) type, labels, codes and dates of every named thing. It includes (d) because a reader should understand a link
without a second request.

Pages show the evidence of the thing too, passage by passage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol, cast

from pyoxigraph import Literal, NamedNode

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.numbers_in_text import whole_number
from plangraf.rdf.graph import RDF_TYPE, Graph, Statement, Statements, Value
from plangraf.rdf.jsonld_documents import NO_FRAME, Frame
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, GRAPH, ID, OBSERVATION, ONTOLOGY, PLAN, PREFIXES
from plangraf.views.declarations import LABELS, Frames
from plangraf.views.engine_answers import fetch, fetch_properties, fetch_rows

SOURCE = NamedNode(PREFIXES["oa"] + "hasSource")
KIND = NamedNode(PLAN + "evidenceKind")
ABOUT = NamedNode(PLAN + "about")
_ABOUT_PROPERTY = NamedNode(PLAN + "aboutProperty")
_ABOUT_VALUE = NamedNode(PLAN + "aboutValue")
_PASSAGE = NamedNode(PLAN + "passage")
_SECTION, _ITEM, _FIRST, _LAST = (
    NamedNode(PLAN + name) for name in ("section", "printedItem", "firstLine", "lastLine")
)
PLACE_IN_SOURCE = (SOURCE, _FIRST, _LAST)
"""The properties of a passage that tell where it stands: source, first and last line."""
# The most triples that point to the thing. A reader needs no more; /sparql returns all of them.
MOST_INCOMING = 1_000
# The most things whose labels stay in memory for the next page, some MiB.
MOST_REPEATED = 2_000
# The most links on one level of a frame.
MOST_NESTED = 4_000
_BATCH = 400
# A table or an area has up to millions of observations, which would leave no room for other links.
_NO_OBSERVATION = f'FILTER (!(ISIRI(?s) && STRSTARTS(STR(?s), "{OBSERVATION}")))'
_DEFINITION = NamedNode(PREFIXES["skos"] + "definition")
_IS_DEFINED_BY = "<http://www.w3.org/2000/01/rdf-schema#isDefinedBy>"


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage and the statements that it supports: thing, property, and value or None for all values.

    Lines count from 1 in the plain-text extraction of `source`.
    """

    iri: NamedNode
    kind: NamedNode
    source: NamedNode
    section: str | None
    item: str | None
    first: int
    last: int
    statements: list[tuple[NamedNode, NamedNode, Value | None]]


async def fetch_evidence(
    engine: Engine, thing: NamedNode, others: Iterable[tuple[NamedNode, NamedNode]] = ()
) -> Statements:
    """All evidence about a thing, and that of the properties of `others`, with its passages.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    parts = [f"{{ VALUES ?about {{ {thing} }} ?evidence {ABOUT} ?about ; {_ABOUT_PROPERTY} ?property }}"]
    pairs = sorted(f"({about} {property_})" for about, property_ in others)
    for start in range(0, len(pairs), _BATCH):
        values = " ".join(pairs[start : start + _BATCH])
        parts.append(
            f"{{ VALUES (?about ?property) {{ {values} }} ?evidence {ABOUT} ?about ; {_ABOUT_PROPERTY} ?property }}"
        )
    return await fetch(
        engine,
        f"""CONSTRUCT {{
          ?evidence {ABOUT} ?about ; {_ABOUT_PROPERTY} ?property ; {_ABOUT_VALUE} ?value ; {KIND} ?kind ;
            {_PASSAGE} ?passage .
          ?passage ?place ?where
        }} WHERE {{
          {" UNION ".join(parts)}
          ?evidence {KIND} ?kind ; {_PASSAGE} ?passage .
          ?passage ?place ?where
          FILTER (?place IN ({SOURCE}, {_SECTION}, {_ITEM}, {_FIRST}, {_LAST}))
          OPTIONAL {{ ?evidence {_ABOUT_VALUE} ?value }}
        }}""",
    )


def read_passages(evidence: Iterable[Statement]) -> list[Passage]:
    """The passages in the result of `fetch_evidence`, in the order of source and lines."""
    graph = Graph.of(evidence)
    found: dict[tuple[NamedNode, NamedNode], Passage] = {}
    for each in graph.with_property(_PASSAGE):
        kind = graph.value(each, KIND)
        for passage in graph.named(each, _PASSAGE):
            if not (isinstance(kind, NamedNode) and graph.named(passage, SOURCE)):
                continue
            row = found.get((passage, kind))
            if row is None:
                row = found[passage, kind] = _read_passage(graph, passage, kind)
            values: list[Value | None] = [*graph.values(each, _ABOUT_VALUE)]
            row.statements.extend(
                (about, name, value)
                for about in graph.named(each, ABOUT)
                for name in graph.named(each, _ABOUT_PROPERTY)
                for value in values or [None]
            )
    return sorted(found.values(), key=lambda row: (row.source.value, row.first, row.last, row.kind.value))


def _read_passage(graph: Graph, passage: NamedNode, kind: NamedNode) -> Passage:
    section, item, first, last = (graph.text(passage, name) for name in (_SECTION, _ITEM, _FIRST, _LAST))
    source = graph.named(passage, SOURCE)[0]
    return Passage(
        passage, kind, source, section, item, whole_number(first or "") or 0, whole_number(last or "") or 0, []
    )


@dataclass(frozen=True, slots=True)
class Description:
    """The document of one thing: `own` (a), `incoming` (b) and `named` (c, d) do not overlap.

    `predicates` holds the labels of the properties, `evidence` the evidence of the thing's own triples and of others
    that its page shows, `graphs` the named graphs of its own triples. Only pages show these; `graph` excludes them.
    `quality` holds the measurements that the service makes of a dataset.
    """

    thing: NamedNode
    own: Statements
    incoming: Statements
    named: Statements
    predicates: Statements
    evidence: Statements
    frame: Frame = NO_FRAME
    quality: Statements = field(default_factory=list)
    graphs: tuple[str, ...] = ()
    _index: list[Graph] = field(default_factory=list, init=False, compare=False, repr=False)

    @property
    def index(self) -> Graph:
        """The statements of `graph`, indexed once."""
        if not self._index:
            self._index.append(Graph(self.graph))
        return self._index[0]

    @property
    def types(self) -> list[NamedNode]:
        return [o for _, p, o in self.own if p == RDF_TYPE and isinstance(o, NamedNode)]

    @property
    def graph(self) -> Statements:
        return [*self.own, *self.incoming, *self.named, *self.quality]


class PageReads(Protocol):
    """What the page of a thing reads beyond its document."""

    def knows(self, types: Iterable[NamedNode]) -> bool:
        """Whether such a thing has a page of its own kind; else the page shows the definition of its class."""

    def frame(self, types: Iterable[NamedNode]) -> Frame:
        """The links beyond the neighbours of a thing with these types that its page shows."""

    def statements(
        self, types: Iterable[NamedNode], graph: Graph, thing: NamedNode
    ) -> set[tuple[NamedNode, NamedNode]]:
        """The other things and their properties whose evidence the page shows, from the graph of the document."""


async def describe(
    snapshot: Snapshot, iri: str, frames: Frames, *, page: PageReads | None = None
) -> Description | None:
    """The document of a thing; None when no triple has it as subject or object.

    Args:
        snapshot: the leased version.
        iri: absolute IRI, matched exactly.
        frames: the frame of each class.
        page: also fetch what only pages show: further links, labels of properties, evidence, names of graphs.
    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    try:
        thing = NamedNode(iri)
    except ValueError:
        return None
    engine = snapshot.engine
    found = await fetch(
        engine,
        f"""CONSTRUCT {{ {thing} ?p ?o . ?s ?q {thing} }} WHERE {{
          {{ {thing} ?p ?o }}
          UNION
          {{ SELECT ?s ?q WHERE {{ ?s ?q {thing} {_NO_OBSERVATION} }} ORDER BY ?q ?s LIMIT {MOST_INCOMING} }}
        }}""",
    )
    if not found:
        return None
    own = [triple for triple in found if triple[0] == thing]
    incoming = [triple for triple in found if triple[0] != thing]
    types = frozenset(o for _, p, o in own if p == RDF_TYPE and isinstance(o, NamedNode))
    frame = frames.of(types)
    followed = merged(frame, page.frame(types), frames.summary) if page else frame
    terms = await snapshot.part(defined_terms)
    links = await _follow_frame(engine, followed, thing, found, terms)
    mentioned = {term for s, _, o in [*found, *links] for term in (s, o) if isinstance(term, NamedNode)}
    named = dict.fromkeys(
        [*links, *await fetch_properties(engine, mentioned - {thing}, _keep_defined(frames.summary, terms))]
    )
    already = set(found)
    description = Description(
        thing=thing,
        own=own,
        incoming=incoming,
        named=[triple for triple in named if triple not in already],
        predicates=[],
        evidence=[],
        frame=frame,
    )
    if page is None:
        return description
    short = {o for _, p, o in description.named if p in frames.summary and p != RDF_TYPE and isinstance(o, NamedNode)}
    return await _for_page(snapshot, description, page, types, short)


async def _for_page(
    snapshot: Snapshot,
    description: Description,
    page: PageReads,
    types: frozenset[NamedNode],
    short: set[NamedNode],
) -> Description:
    """Adds the evidence, the graphs, and the labels of properties, sources, datasets and `short`."""
    thing, engine = description.thing, snapshot.engine
    query = f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ {thing} ?p ?o }} }} ORDER BY ?g"
    evidence, rows = await asyncio.gather(
        fetch_evidence(engine, thing, page.statements(types, description.index, thing)),
        fetch_rows(engine, query, bulk=False),
    )
    graphs = tuple(row["g"]["value"] for row in rows)
    used = {p for _, p, _ in (*description.own, *description.incoming)} | short
    used |= {o for _, p, o in evidence if p in (_ABOUT_PROPERTY, KIND, SOURCE) and isinstance(o, NamedNode)}
    used |= {NamedNode(dataset) for graph in graphs if (dataset := dataset_of(graph))}
    if page.knows(types):
        labels = await _fetch_repeated_labels(snapshot, used)
    else:
        labels = await fetch_properties(engine, used | types, (RDF_TYPE, *LABELS, _DEFINITION))
    whole = replace(description, predicates=labels, evidence=evidence, graphs=graphs)
    whole._index.append(description.index)
    return whole


def dataset_of(graph: str) -> str | None:
    """The dataset that a named graph holds, `…/id/5001/dataset/<slug>`; None for another graph."""
    if not graph.startswith(GRAPH):
        return None
    area, slash, slug = graph.removeprefix(GRAPH).rpartition("/")
    return f"{ID}{area}{slash}dataset/{slug}"


@lru_cache(1024)
def merged(frame: Frame, other: Frame, summary: tuple[NamedNode, ...] = ()) -> Frame:
    """A frame that follows the links of both, without the properties of `summary`, which every named thing has."""
    if not other:
        return frame

    def both(ours: Mapping[NamedNode, Frame], theirs: Mapping[NamedNode, Frame]) -> Mapping[NamedNode, Frame]:
        kept = {name: deeper for name, deeper in theirs.items() if deeper or name not in summary}
        names = dict.fromkeys([*ours, *kept])
        return {name: merged(ours.get(name, NO_FRAME), kept.get(name, NO_FRAME), summary) for name in names}

    return Frame(both(frame.forward, other.forward), both(frame.reverse, other.reverse))


async def defined_terms(snapshot: Snapshot) -> frozenset[str]:
    """The terms of our ontology that a version defines; a part of a snapshot.

    A query must use only these, because an earlier version may lack some terms and the engine refuses unknown ones.
    """
    pattern = f"?term {_IS_DEFINED_BY} <{ONTOLOGY}>"
    found = await fetch(snapshot.engine, f"CONSTRUCT {{ {pattern} }} WHERE {{ {pattern} }}")
    return frozenset(term.value for term, _, _ in found)


def _keep_defined(properties: Iterable[NamedNode], terms: frozenset[str]) -> list[NamedNode]:
    return [p for p in properties if p.value in terms or not p.value.startswith(CLOSED_NAMESPACES)]


async def _follow_frame(
    engine: Engine, frame: Frame, thing: NamedNode, found: Statements, terms: frozenset[str]
) -> Statements:
    """Follows a frame level by level, from the neighbours of a thing in both directions."""
    graph: Statements = []
    level: list[tuple[Frame, set[NamedNode]]] = [(frame, {thing})]
    edges = Graph(found)
    while True:
        level = [deeper for frame, nodes in level for deeper in _descend(frame, nodes, edges)]
        steps: dict[tuple[NamedNode, bool], set[NamedNode]] = {}
        for frame, nodes in level:
            for predicate in _keep_defined(frame.forward, terms):
                steps.setdefault((predicate, False), set()).update(nodes)
            for predicate in _keep_defined(frame.reverse, terms):
                steps.setdefault((predicate, True), set()).update(nodes)
        if not steps:
            return graph
        parts = [
            f"{{ VALUES {end} {{ {' '.join(sorted(map(str, nodes))[:MOST_INCOMING])} }} ?s ?p ?o "
            f"FILTER (?p IN ({', '.join(sorted(map(str, predicates)))})) }}"
            for end, predicates, nodes in _group_steps(steps)
        ]
        # Ordered, so that the limit cuts the same links each time.
        links = await fetch(
            engine,
            f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
              SELECT DISTINCT ?s ?p ?o WHERE {{ {" UNION ".join(parts)} }} ORDER BY ?p ?s ?o LIMIT {MOST_NESTED}
            }}""",
        )
        graph += links
        edges = Graph(links)


def _descend(frame: Frame, nodes: set[NamedNode], edges: Graph) -> list[tuple[Frame, set[NamedNode]]]:
    """The frames one level down that follow links, each with its things."""
    found = [
        (deeper, {value for node in nodes for value in edges.named(node, predicate)})
        for predicate, deeper in frame.forward.items()
        if deeper
    ]
    found += [
        (deeper, {each for node in nodes for each in edges.pointing(predicate, node) if isinstance(each, NamedNode)})
        for predicate, deeper in frame.reverse.items()
        if deeper
    ]
    return [(deeper, reached) for deeper, reached in found if reached]


def _group_steps(
    steps: Mapping[tuple[NamedNode, bool], set[NamedNode]],
) -> list[tuple[str, set[NamedNode], set[NamedNode]]]:
    """Groups the steps that share their things and direction: variable of the things, properties, things."""
    found: dict[tuple[str, frozenset[NamedNode]], set[NamedNode]] = {}
    for (predicate, reverse), nodes in steps.items():
        found.setdefault(("?o" if reverse else "?s", frozenset(nodes)), set()).add(predicate)
    return sorted(
        ((end, predicates, set(nodes)) for (end, nodes), predicates in found.items()),
        key=lambda part: (part[0], sorted(map(str, part[1]))),
    )


async def fetch_labels(engine: Engine, things: Iterable[NamedNode]) -> Statements:
    """Type and labels of each thing, in all languages."""
    return await fetch_properties(engine, things, (RDF_TYPE, *LABELS))


async def _fetch_repeated_labels(snapshot: Snapshot, things: Iterable[NamedNode]) -> Statements:
    """What `fetch_labels` finds, for things that stand on many pages: properties, sources, datasets."""
    known = await snapshot.part(_repeated_labels)
    wanted = {thing: known.get(thing) for thing in things}
    if unknown := [thing for thing, labels in wanted.items() if labels is None]:
        found: dict[NamedNode, Statements] = {thing: [] for thing in unknown}
        for triple in await fetch_labels(snapshot.engine, unknown):
            found[cast(NamedNode, triple[0])].append(triple)
        wanted.update(found)
        if len(known) + len(found) > MOST_REPEATED:
            known.clear()
        known.update(found)
    return [triple for labels in wanted.values() for triple in labels or ()]


async def _repeated_labels(_snapshot: Snapshot) -> dict[NamedNode, Statements]:
    """The labels that pages have asked for; a part of a snapshot, which `_fetch_repeated_labels` fills and bounds."""
    return {}


class Labels:
    """Looks up the labels of things in a graph."""

    def __init__(self, graph: Iterable[Statement]) -> None:
        self._graph = Graph.of(graph)

    def best(self, thing: NamedNode, language: str) -> Literal | None:
        """The label in `language`, else in Bokmål, English, no language, any language.

        Within one language skos:prefLabel comes before dcterms:title and rdfs:label.
        """
        ranks = _language_ranks(language)
        best: Literal | None = None
        first = (len(ranks) + 1, 0)
        for number, name in enumerate(LABELS):
            for text in self._graph.literals(thing, name):
                rank = ranks.get(text.language, len(ranks)), number
                if rank < first or (rank == first and str(text) < str(best)):
                    best, first = text, rank
        return best


@lru_cache(16)
def _language_ranks(language: str) -> Mapping[str | None, int]:
    return {code: rank for rank, code in enumerate(dict.fromkeys((language, "nb", "en", None)))}
