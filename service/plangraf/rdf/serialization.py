"""Graphs to bytes: in one canonical form, and in the formats that the library writes.

The canonical form labels blank nodes by RDFC-1.0 and sorts the lines of N-Quads by bytes, each one once. Order and
labels are a function of the graph alone, so that a version gives the same bytes in every process and a strong ETag
tells the truth. JSON-LD has modules of its own. https://www.w3.org/TR/rdf-canon/ https://www.w3.org/TR/n-quads/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    serialize,
)

from plangraf.rdf.formats import N_TRIPLES, Format
from plangraf.rdf.graph import Node, Statement, Statements, in_order, statements
from plangraf.rdf.namespaces import ALL_PREFIXES, used_prefixes

# One line as pyoxigraph writes it: subject, predicate, object and, unless it is the default one, graph.
_LINE = re.compile(
    rb'(<[^>]*>|_:\S+) (<[^>]*>) (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)'
    rb"(?: (<[^>]*>|_:\S+))? \."
)


def relabelled(quads: set[Quad]) -> set[Quad]:
    """The same quads with the blank node labels of RDFC-1.0.

    A label depends only on the quads that mention blank nodes, so only these are canonicalised.
    """
    blank = {quad for quad in quads if BlankNode in (type(quad.subject), type(quad.object))}
    if not blank:
        return quads
    dataset = Dataset(blank)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return (quads - blank) | set(dataset)


def canonical(triples: Iterable[Triple]) -> Statements:
    """The triples without repetition, blank nodes labelled by RDFC-1.0.

    Raises:
        ValueError: a triple is about a triple, which a graph of RDF 1.1 cannot hold.
    """
    unique = dict.fromkeys(triples)
    if any(BlankNode in (type(triple.subject), type(triple.object)) for triple in unique):
        quads = relabelled({Quad(triple.subject, triple.predicate, triple.object) for triple in unique})
        unique = dict.fromkeys(quad.triple for quad in quads)
    found = list(statements(unique))
    if len(found) < len(unique):
        raise ValueError("a graph of RDF 1.1 holds no triple terms")
    return found


def lines(found: Iterable[Quad] | Iterable[Triple]) -> list[bytes]:
    """The lines of N-Quads, or of N-Triples for triples, without newline: sorted by bytes, each one once."""
    written = serialize(found, format=RdfFormat.N_QUADS) or b""
    return sorted({line for line in written.split(b"\n") if line})


def line(*terms: bytes) -> bytes:
    """One line, with its newline, from terms as a line has them."""
    return b"%b .\n" % b" ".join(terms)


def text(found: Iterable[bytes]) -> bytes:
    """The text that lines without newline make."""
    return b"".join(each + b"\n" for each in found)


def parts(line: bytes) -> tuple[bytes, bytes, bytes, bytes | None]:
    """Subject, predicate, object and graph of one line, as they stand there.

    Raises:
        ValueError: it is not a line of N-Quads as a version holds them.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"no N-Quads line of a version: {line[:200]!r}")
    return match[1], match[2], match[3], match[4]


def subject_of(line: bytes) -> bytes:
    """The subject of a line, which need not be read further."""
    return line.partition(b" ")[0]


def graph_of(line: bytes) -> bytes:
    """The graph of a line that has one; of a line in the default graph its object or a piece of it."""
    return line.rsplit(b" ", 2)[1]


def write(graph: Iterable[Statement], format_: Format, first: Node | None = None) -> bytes:
    """A graph in Turtle, N-Triples or RDF/XML, `first` before other things; N-Triples are sorted lines."""
    if format_ == N_TRIPLES:
        return text(lines(Triple(*statement) for statement in graph))
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
