"""What belongs into the document of one thing, asked from the engine in standard SPARQL 1.1.

A document holds (a) all triples of the thing, (b) the triples that point to it, and (c) type and labels of
everything that (a) and (b) name, so that a reader never needs a second request to know what a link means.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from plangraf.engine.base import Engine
from plangraf.representation.evidence import KIND, SOURCE, fetch_evidence
from plangraf.representation.graphs import RDF_TYPE, Graph, fetch

# More triples than these that point to one thing say nothing to a reader; /sparql has them all.
MOST_INCOMING = 1_000

LABELS = tuple(
    NamedNode(iri)
    for iri in (
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://purl.org/dc/terms/title",
        "http://www.w3.org/2000/01/rdf-schema#label",
    )
)
_BATCH = 400


@dataclass(frozen=True, slots=True)
class Description:
    """One thing's document: `own` (a), `incoming` (b) and `named` (c) do not overlap.

    `predicates` holds the labels of the properties, `evidence` what the thing's own triples rest on; they are
    for pages and are no part of the graph. `quality` is what the service measures of a dataset when asked.
    """

    thing: NamedNode
    own: Graph
    incoming: Graph
    named: Graph
    predicates: Graph
    evidence: Graph
    quality: Graph = field(default_factory=list)

    @property
    def graph(self) -> Graph:
        return [*self.own, *self.incoming, *self.named, *self.quality]


async def describe(engine: Engine, iri: str, *, page: bool = False) -> Description | None:
    """The document of a thing; None when no triple has it as subject or object.

    Args:
        engine: where the data are asked for.
        iri: absolute IRI, matched exactly.
        page: fetch what only pages show, too: labels of properties and the evidence.
    Raises:
        PlangrafError: what the engine raises.
    """
    try:
        thing = NamedNode(iri)
    except ValueError:
        return None
    found = await fetch(
        engine,
        f"""CONSTRUCT {{ {thing} ?p ?o . ?s ?q {thing} }} WHERE {{
          {{ {thing} ?p ?o }}
          UNION
          {{ SELECT ?s ?q WHERE {{ ?s ?q {thing} }} ORDER BY ?q ?s LIMIT {MOST_INCOMING} }}
        }}""",
    )
    if not found:
        return None
    own = [triple for triple in found if triple[0] == thing]
    incoming = [triple for triple in found if triple[0] != thing]
    mentioned = {o for _, _, o in own if isinstance(o, NamedNode)}
    mentioned |= {s for s, _, _ in incoming if isinstance(s, NamedNode)}
    named = await labels(engine, mentioned - {thing})
    evidence = await fetch_evidence(engine, thing) if page else []
    used = {p for _, p, _ in found} if page else set()
    used |= {o for _, p, o in evidence if p in (KIND, SOURCE) and isinstance(o, NamedNode)}
    already = set(found)
    return Description(
        thing=thing,
        own=own,
        incoming=incoming,
        named=[triple for triple in named if triple not in already],
        predicates=await labels(engine, used),
        evidence=evidence,
    )


async def labels(engine: Engine, things: Iterable[NamedNode]) -> Graph:
    """Type and labels of each thing, in all languages."""
    # A second VALUES, for ?p, would be joined by scanning all data; a FILTER looks at each thing's triples.
    properties = ", ".join(str(p) for p in (RDF_TYPE, *LABELS))
    names = sorted(str(thing) for thing in things)
    graph: Graph = []
    for start in range(0, len(names), _BATCH):
        graph += await fetch(
            engine,
            f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
              VALUES ?s {{ {" ".join(names[start : start + _BATCH])} }}
              ?s ?p ?o
              FILTER (?p IN ({properties}))
            }}""",
        )
    return graph


class Labels:
    """The labels of a graph by thing."""

    def __init__(self, graph: Graph) -> None:
        self._found: dict[NamedNode, list[tuple[int, Literal]]] = {}
        order = {predicate: number for number, predicate in enumerate(LABELS)}
        for thing, predicate, value in graph:
            if predicate in order and isinstance(thing, NamedNode) and isinstance(value, Literal):
                self._found.setdefault(thing, []).append((order[predicate], value))

    def best(self, thing: NamedNode, language: str) -> Literal | None:
        """The label in `language`, else in Bokmål, English, no language, any language.

        Among equals skos:prefLabel comes before dcterms:title and rdfs:label.
        """
        preferred = [language, "nb", "en", None]

        def rank(candidate: tuple[int, Literal]) -> tuple[int, int, str]:
            number, value = candidate
            known = value.language in preferred
            return preferred.index(value.language) if known else len(preferred), number, str(value)

        return min(self._found.get(thing, []), key=rank, default=(0, None))[1]
