"""One form for each graph: blank nodes labelled by RDFC-1.0, N-Quads lines sorted by bytes, each one once.

The order and the labels are a function of the graph alone, so that the same version gives the same bytes in every
process and a strong ETag tells the truth. https://www.w3.org/TR/rdf-canon/ https://www.w3.org/TR/n-quads/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, Triple, serialize

from plangraf.rdf.graph import Statements, statements

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
