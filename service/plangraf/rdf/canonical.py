"""The canonical form of a graph: blank nodes labelled by RDFC-1.0, unique N-Quads lines sorted by bytes.

Order and labels depend on the graph alone, so a version has the same bytes in every process and may have a strong
ETag. https://www.w3.org/TR/rdf-canon/ https://www.w3.org/TR/n-quads/
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, Triple, serialize

from plangraf.rdf.graph import Statements, statements

# A line as pyoxigraph writes it: subject, predicate, object, and the graph unless it is the default graph.
_LINE = re.compile(
    rb'(<[^>]*>|_:\S+) (<[^>]*>) (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)'
    rb"(?: (<[^>]*>|_:\S+))? \."
)


def relabelled(quads: set[Quad]) -> set[Quad]:
    """The quads with the blank node labels of RDFC-1.0.

    Only quads with blank nodes are canonicalised, because a label depends on no others.
    """
    blank = {quad for quad in quads if BlankNode in (type(quad.subject), type(quad.object))}
    if not blank:
        return quads
    dataset = Dataset(blank)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return (quads - blank) | set(dataset)


def canonical(triples: Iterable[Triple]) -> Statements:
    """The unique triples, with the blank node labels of RDFC-1.0.

    Raises:
        ValueError: a triple has a triple as subject or object, which RDF 1.1 does not allow.
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
    """The unique lines without newlines, sorted by bytes: N-Quads of quads, N-Triples of triples."""
    written = serialize(found, format=RdfFormat.N_QUADS) or b""
    return sorted({line for line in written.split(b"\n") if line})


def line(*terms: bytes) -> bytes:
    """Joins terms in the form of N-Quads to one line with its newline."""
    return b"%b .\n" % b" ".join(terms)


def text(found: Iterable[bytes]) -> bytes:
    """Joins lines without newlines to the text of a file."""
    return b"".join(each + b"\n" for each in found)


def parts(line: bytes) -> tuple[bytes, bytes, bytes, bytes | None]:
    """Subject, predicate, object and graph of one line, as written in it.

    Raises:
        ValueError: the line does not have the canonical form.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"no N-Quads line of a version: {line[:200]!r}")
    return match[1], match[2], match[3], match[4]


def subject_of(line: bytes) -> bytes:
    """The subject of a line. It does not parse the rest of the line."""
    return line.partition(b" ")[0]


def graph_of(line: bytes) -> bytes:
    """The graph of a line in a named graph. For a line in the default graph the result means nothing."""
    return line.rsplit(b" ", 2)[1]
