"""Graphs on their way from the engine to a document: fetch, put in a fixed order, write in one format.

The order and the labels of blank nodes are a function of the graph alone, so that the same version gives the
same bytes in every process and a strong ETag tells the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import orjson
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from plangraf.engines.base import Engine, QueryRequest
from plangraf.rdf.formats import JSON, N_TRIPLES, Format
from plangraf.rdf.namespaces import PREFIXES, SERVICE_PREFIXES

Subject = NamedNode | BlankNode
Value = NamedNode | BlankNode | Literal
Graph = list[tuple[Subject, NamedNode, Value]]

# Those of the project, and those that only descriptions of the service itself use.
_PREFIXES = {
    **PREFIXES,
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "formats": "http://www.w3.org/ns/formats/",
    **SERVICE_PREFIXES,
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "dcatap": "http://data.europa.eu/r5r/",
    "spdx": "http://spdx.org/rdf/terms#",
}
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


async def fetch(engine: Engine, query: str) -> Graph:
    """The graph of a CONSTRUCT query, in no particular order.

    Raises:
        PlangrafError: what the engine raises.
    """
    body = await fetch_bytes(engine, QueryRequest(query=query, format=N_TRIPLES))
    return canonical(quad.triple for quad in parse(body, RdfFormat.N_TRIPLES))


async def fetch_rows(
    engine: Engine, query: str, *, like: QueryRequest | None = None
) -> list[dict[str, dict[str, str]]]:
    """The rows of a SELECT query as SPARQL JSON writes them; `like` is as for `fetch_boolean`.

    Raises:
        PlangrafError: what the engine raises.
    """
    body = await fetch_bytes(engine, _request(query, like))
    rows: list[dict[str, dict[str, str]]] = orjson.loads(body)["results"]["bindings"]
    return rows


async def fetch_boolean(engine: Engine, query: str, *, like: QueryRequest | None = None) -> bool:
    """The answer of an ASK query; asked with dataset, limit and client of another request, where one is given.

    Raises:
        PlangrafError: what the engine raises.
    """
    body = await fetch_bytes(engine, _request(query, like))
    return bool(orjson.loads(body)["boolean"])


def _request(query: str, like: QueryRequest | None) -> QueryRequest:
    return replace(like, query=query, format=JSON) if like else QueryRequest(query=query, format=JSON)


async def fetch_bytes(engine: Engine, request: QueryRequest) -> bytes:
    """A whole answer.

    Raises:
        PlangrafError: what the engine raises.
    """
    answer = await engine.query(request)
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.aclose()


def canonical(triples: Iterable[Triple]) -> Graph:
    """The triples without repetition, blank nodes labelled by RDFC-1.0."""
    unique = dict.fromkeys(triples)
    if any(isinstance(term, BlankNode) for triple in unique for term in (triple.subject, triple.object)):
        dataset = Dataset(Quad(t.subject, t.predicate, t.object) for t in unique)
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        unique = dict.fromkeys(quad.triple for quad in dataset)
    graph: Graph = []
    for triple in unique:
        if isinstance(triple.subject, Triple) or isinstance(triple.object, Triple):
            raise ValueError("a graph of RDF 1.1 holds no triple terms")
        graph.append((triple.subject, triple.predicate, triple.object))
    return graph


def ordered(graph: Iterable[tuple[Subject, NamedNode, Value]], first: NamedNode | None = None) -> Graph:
    """The graph in the order of a document: `first` before the others, types before other properties."""

    def key(triple: tuple[Subject, NamedNode, Value]) -> tuple[bool, bool, str, bool, str, str]:
        subject, predicate, value = triple
        return (
            subject != first,
            isinstance(subject, BlankNode),
            str(subject),
            predicate != RDF_TYPE,
            predicate.value,
            str(value),
        )

    return sorted(graph, key=key)


def write(graph: Graph, format_: Format, first: NamedNode | None = None) -> bytes:
    """The graph in a format that has a writer; N-Triples are sorted lines, JSON-LD is compacted elsewhere."""
    if format_ == N_TRIPLES:
        return "".join(sorted(f"{s} {p} {o} .\n" for s, p, o in graph)).encode()
    assert isinstance(format_.writer, RdfFormat)
    triples = [Triple(s, p, o) for s, p, o in ordered(graph, first)]
    body = serialize(triples, format=format_.writer, prefixes=used_prefixes(graph))
    assert body is not None  # pyoxigraph gives bytes when it is given no output
    return body


def used_prefixes(graph: Graph) -> dict[str, str]:
    """The prefixes that a term of the graph needs, in the order of the project's list."""
    iris: set[str] = set()
    for triple in graph:
        for term in triple:
            if isinstance(term, NamedNode):
                iris.add(term.value)
            elif isinstance(term, Literal):
                iris.add(term.datatype.value)
    return {prefix: iri for prefix, iri in _PREFIXES.items() if _any_starts(iris, iri)}


def _any_starts(iris: Collection[str], start: str) -> bool:
    return any(iri.startswith(start) for iri in iris)
