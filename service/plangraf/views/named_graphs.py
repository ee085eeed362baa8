"""Finds the named graphs of a document's triples, and writes the document as N-Quads or TriG.

The document holds the same triples as in every other format. A triple appears in each graph that holds it. A triple
that the service itself states, such as a quality measurement, appears in the default graph.
https://www.w3.org/TR/n-quads/ https://www.w3.org/TR/trig/
"""

from __future__ import annotations

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat

from plangraf.engines.base import Engine
from plangraf.rdf import serialization
from plangraf.rdf.formats import N_QUADS, Format
from plangraf.rdf.graph import Statement, Statements, Value, in_order
from plangraf.rdf.serialization import serialized
from plangraf.views.engine_answers import fetch_rows

_BATCH = 400
Placed = list[tuple[Statement, list[NamedNode]]]


async def find_graphs(engine: Engine, graph: Statements) -> Placed:
    """Each triple with the named graphs that hold it; an empty list when none does.

    Blank nodes match each other, because their labels differ in every answer.

    Raises:
        PlangrafError: what the engine raises.
    """
    known: dict[tuple[str, str, str], set[str]] = {}
    subjects = sorted({str(s) for s, _, _ in graph if isinstance(s, NamedNode)})
    predicates = ", ".join(sorted({str(p) for _, p, _ in graph}))
    patterns = [f"VALUES ?s {{ {' '.join(subjects[at : at + _BATCH])} }}" for at in range(0, len(subjects), _BATCH)]
    objects = sorted({str(o) for s, _, o in graph if isinstance(s, BlankNode) and isinstance(o, NamedNode)})
    if objects:
        patterns.append(f"VALUES ?o {{ {' '.join(objects)} }} FILTER (ISBLANK(?s))")
    for pattern in patterns:
        query = f"SELECT ?s ?p ?o ?g WHERE {{ {pattern} GRAPH ?g {{ ?s ?p ?o }} FILTER (?p IN ({predicates})) }}"
        for row in await fetch_rows(engine, f"{query} ORDER BY ?g ?s ?p ?o"):
            key = _binding_key(row["s"]), _binding_key(row["p"]), _binding_key(row["o"])
            known.setdefault(key, set()).add(row["g"]["value"])
    return [
        (
            triple,
            [
                NamedNode(name)
                for name in sorted(known.get((_term_key(triple[0]), str(triple[1]), _term_key(triple[2])), ()))
            ],
        )
        for triple in in_order(graph)
    ]


def _binding_key(term: dict[str, str]) -> str:
    if term["type"] == "bnode":
        return "_:"
    if term["type"] == "uri":
        return str(NamedNode(term["value"]))
    if language := term.get("xml:lang"):
        return str(Literal(term["value"], language=language))
    datatype = term.get("datatype")
    return str(Literal(term["value"], datatype=NamedNode(datatype)) if datatype else Literal(term["value"]))


def _term_key(term: Value) -> str:
    return "_:" if isinstance(term, BlankNode) else str(term)


def write_placed(found: Placed, format_: Format) -> bytes:
    """Writes the triples with their graphs: N-Quads in sorted lines, or TriG graph by graph."""
    default: list[NamedNode | DefaultGraph] = [DefaultGraph()]
    quads = [Quad(*triple, name) for triple, names in found for name in names or default]
    if format_ == N_QUADS:
        return serialization.text(serialization.lines(quads))
    quads.sort(key=lambda quad: "" if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value)
    assert isinstance(format_.writer, RdfFormat)
    return serialized(quads, format_.writer)
