"""Graphs to bytes in the formats that the library writes, statements in the order of a document.

Turtle, TriG, N-Triples, N-Quads and RDF/XML, each by its own specification; JSON-LD has a package of its own.
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
    """A graph in Turtle, N-Triples or RDF/XML, `first` before other things; N-Triples are sorted lines."""
    if format_ == N_TRIPLES:
        return canonical.text(canonical.lines(Triple(*statement) for statement in graph))
    assert isinstance(format_.writer, RdfFormat)
    return serialized([Triple(*statement) for statement in in_order(graph, first)], format_.writer)


def serialized(
    found: Sequence[Triple] | Sequence[Quad], format_: RdfFormat, prefixes: Mapping[str, str] = ALL_PREFIXES
) -> bytes:
    """Triples or quads in the order in which they come, with those of the prefixes that they need."""
    body = serialize(found, format=format_, prefixes=used_prefixes(_iris(found), prefixes))
    assert body is not None  # pyoxigraph gives bytes when it is given no output
    return body


def _iris(found: Iterable[Triple | Quad]) -> set[str]:
    """Every IRI that is written, those of datatypes among them."""
    terms = {term for each in found for term in each}
    terms |= {term.datatype for term in terms if isinstance(term, Literal)}
    return {term.value for term in terms if isinstance(term, NamedNode)}
