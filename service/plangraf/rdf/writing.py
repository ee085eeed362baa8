"""Writes graphs in Turtle, TriG, N-Triples, N-Quads and RDF/XML, with the statements in the order of a document.

The package `jsonld` writes JSON-LD.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from plangraf.rdf import canonical
from plangraf.rdf.formats import N_TRIPLES, Format
from plangraf.rdf.graph import Node, Statement, in_order
from plangraf.rdf.names import used_prefixes
from plangraf.rdf.namespaces import ALL_PREFIXES


def write(graph: Iterable[Statement], format_: Format, first: Node | None = None) -> bytes:
    """Writes a graph in Turtle or RDF/XML, with `first` before other things, or in sorted lines of N-Triples."""
    if format_ == N_TRIPLES:
        return canonical.text(canonical.lines(Triple(*statement) for statement in graph))
    assert isinstance(format_.writer, RdfFormat)
    return serialized([Triple(*statement) for statement in in_order(graph, first)], format_.writer)


def serialized(
    found: Sequence[Triple] | Sequence[Quad], format_: RdfFormat, prefixes: Mapping[str, str] = ALL_PREFIXES
) -> bytes:
    """Writes triples or quads in the given order, and declares only the prefixes that they use."""
    body = serialize(found, format=format_, prefixes=used_prefixes(_iris(found), prefixes))
    assert body is not None  # pyoxigraph returns bytes when it gets no output file
    return body


def _iris(found: Iterable[Triple | Quad]) -> set[str]:
    """Every IRI in the triples or quads, including datatypes."""
    terms = {term for each in found for term in each}
    terms |= {term.datatype for term in terms if isinstance(term, Literal)}
    return {term.value for term in terms if isinstance(term, NamedNode)}
