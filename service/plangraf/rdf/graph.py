"""A graph in memory, its canonical form, and its bytes.

Statements stand in the order of insertion, indexed by thing, property and value. The graph indexes a query's result or
a few files. The engine answers questions about all data.

In the canonical form blank nodes are labelled by RDFC-1.0, and unique N-Quads lines are sorted by bytes. Order and
labels depend on the graph alone, so a version has the same bytes in every process and may have a strong ETag.
https://www.w3.org/TR/rdf-canon/ https://www.w3.org/TR/n-quads/

Turtle, TriG, N-Triples, N-Quads and RDF/XML have the statements in the order of a document. `jsonld_documents` writes
JSON-LD.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeGuard

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
from plangraf.rdf.namespaces import ALL_PREFIXES, PREFIXES, used_prefixes

Node = NamedNode | BlankNode
Value = NamedNode | BlankNode | Literal
Statement = tuple[Node, NamedNode, Value]
Statements = list[Statement]
Properties = Mapping[NamedNode, list[Value]]

RDF_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_FIRST, _REST = NamedNode(PREFIXES["rdf"] + "first"), NamedNode(PREFIXES["rdf"] + "rest")
# A line as pyoxigraph writes it: subject, predicate, object, and the graph unless it is the default graph.
_LINE = re.compile(
    rb'(<[^>]*>|_:\S+) (<[^>]*>) (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)'
    rb"(?: (<[^>]*>|_:\S+))? \."
)


class Graph:
    """Unique statements: thing → property → values, each in the order of insertion."""

    __slots__ = ("_pointing", "_things")

    def __init__(self, statements: Iterable[Statement] = ()) -> None:
        self._things: dict[Node, dict[NamedNode, dict[Value, None]]] = {}
        self._pointing: dict[NamedNode, dict[Value, list[Node]]] = {}
        things = self._things
        for subject, predicate, value in statements:
            known = things.get(subject)
            if known is None:
                things[subject] = {predicate: {value: None}}
            elif predicate in known:
                known[predicate][value] = None
            else:
                known[predicate] = {value: None}

    @classmethod
    def of(cls, statements: Iterable[Statement]) -> Graph:
        """The statements as a Graph; a Graph is returned unchanged, because it has its index already."""
        return statements if isinstance(statements, Graph) else cls(statements)

    def __iter__(self) -> Iterator[Statement]:
        for subject, known in self._things.items():
            for predicate, values in known.items():
                for value in values:
                    yield subject, predicate, value

    def __contains__(self, subject: object) -> bool:
        """Whether a thing has any property."""
        return subject in self._things

    @property
    def things(self) -> Iterable[Node]:
        return self._things.keys()

    def properties(self, subject: Value) -> Properties:
        return {predicate: list(values) for predicate, values in self._of(subject).items()}

    def facts(self, subject: Value) -> list[tuple[NamedNode, Value]]:
        """The properties of a thing, once with each value."""
        return [(predicate, value) for predicate, values in self._of(subject).items() for value in values]

    def values(self, subject: Value, predicate: NamedNode) -> list[Value]:
        return list(self._of(subject).get(predicate, ()))

    def value(self, subject: Value, predicate: NamedNode) -> Value | None:
        """The first value of a property; None without any."""
        return next(iter(self._of(subject).get(predicate, ())), None)

    def named(self, subject: Value, predicate: NamedNode) -> list[NamedNode]:
        """The values that are IRIs, as nodes."""
        return [value for value in self._of(subject).get(predicate, ()) if isinstance(value, NamedNode)]

    def iris(self, subject: Value, predicate: NamedNode) -> list[str]:
        return [value.value for value in self.named(subject, predicate)]

    def literals(self, subject: Value, predicate: NamedNode) -> list[Literal]:
        return [value for value in self._of(subject).get(predicate, ()) if isinstance(value, Literal)]

    def text(self, subject: Value, predicate: NamedNode, language: str | None = None) -> str | None:
        """The text of the first literal, or of the first literal in `language`."""
        found = self.literals(subject, predicate)
        return next((value.value for value in found if language is None or value.language == language), None)

    def items(self, subject: Value, predicate: NamedNode) -> list[Value]:
        """The members of all RDF lists that are values of a property."""
        found: list[Value] = []
        for head in self.values(subject, predicate):
            node: Value | None = head
            while node is not None and (first := self.values(node, _FIRST)):
                found += first
                node = self.value(node, _REST)
        return found

    def with_property(self, predicate: NamedNode) -> Iterator[Node]:
        """The things that have a property."""
        return (subject for subject, known in self._things.items() if predicate in known)

    def pointing(self, predicate: NamedNode, value: Value) -> list[Node]:
        """The things that have a property with this value."""
        found = self._pointing.get(predicate)
        if found is None:
            found = self._pointing[predicate] = {}
            for subject, known in self._things.items():
                for each in known.get(predicate, ()):
                    found.setdefault(each, []).append(subject)
        return found.get(value, [])

    def in_order(self, first: Node | None = None) -> Iterator[tuple[Node, dict[NamedNode, list[Value]]]]:
        """The things in the order of a document: `first`, then IRIs, then blank nodes.

        `rdf:type` precedes the other properties, which follow by IRI. Values are sorted by text.
        """
        for subject in sorted(self._things, key=lambda node: (node != first, isinstance(node, BlankNode), str(node))):
            known = self._things[subject]
            ordered = sorted(known, key=_type_first)
            yield subject, {predicate: _by_text(known[predicate]) for predicate in ordered}

    def _of(self, subject: Value) -> Mapping[NamedNode, dict[Value, None]]:
        return {} if isinstance(subject, Literal) else self._things.get(subject, {})


def _type_first(predicate: NamedNode) -> tuple[bool, str]:
    return predicate != RDF_TYPE, predicate.value


def _by_text(values: Iterable[Value]) -> list[Value]:
    found = list(values)
    if len(found) > 1:
        found.sort(key=str)
    return found


def statements(triples: Iterable[Triple | Quad]) -> Iterator[Statement]:
    """The statements of all graphs together. It omits triples with a triple as term, which RDF 1.1 lacks."""
    for triple in triples:
        if _is_node(triple.subject) and not isinstance(triple.object, Triple):
            yield triple.subject, triple.predicate, triple.object


def _is_node(term: Node | Triple) -> TypeGuard[Node]:
    return not isinstance(term, Triple)


def in_order(found: Iterable[Statement], first: Node | None = None) -> Iterator[Statement]:
    """The statements in the order of a document: see `Graph.in_order`."""
    for subject, properties in Graph.of(found).in_order(first):
        for predicate, values in properties.items():
            for value in values:
                yield subject, predicate, value


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pauses the cycle collector; also a decorator.

    The collector would take two fifths of the time of a build and find nothing, because terms and the indexes over
    them have no cycles.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
    """The unique triples, with the blank node labels of RDFC-1.0; with blank nodes sorted, else in their order.

    Raises:
        ValueError: a triple has a triple as subject or object, which RDF 1.1 does not allow.
    """
    unique = dict.fromkeys(triples)
    # A term is made anew each time it is read from a triple.
    found: Statements = [(subject, predicate, value) for subject, predicate, value in unique]
    kinds: set[type] = {type(subject) for subject, _, _ in found} | {type(value) for _, _, value in found}
    if Triple in kinds:
        raise ValueError("a graph of RDF 1.1 holds no triple terms")
    if BlankNode not in kinds:
        return found
    labelled = statements(quad.triple for quad in relabelled({Quad(*statement) for statement in found}))
    return sorted(labelled, key=lambda statement: tuple(map(str, statement)))


def nquads_lines(found: Iterable[Quad] | Iterable[Triple]) -> list[bytes]:
    """The unique lines without newlines, sorted by bytes: N-Quads of quads, N-Triples of triples."""
    written = serialize(found, format=RdfFormat.N_QUADS) or b""
    return sorted({line for line in written.split(b"\n") if line})


def nquads_line(*terms: bytes) -> bytes:
    """Joins terms in the form of N-Quads to one line with its newline."""
    return b"%b .\n" % b" ".join(terms)


def nquads_text(found: Iterable[bytes]) -> bytes:
    """Joins lines without newlines to the text of a file."""
    return b"".join(each + b"\n" for each in found)


def nquads_terms(line: bytes) -> tuple[bytes, bytes, bytes, bytes | None]:
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


def write(graph: Iterable[Statement], format_: Format, first: Node | None = None) -> bytes:
    """Writes a graph in Turtle or RDF/XML, with `first` before other things, or in sorted lines of N-Triples."""
    if format_ == N_TRIPLES:
        return nquads_text(nquads_lines(Triple(*statement) for statement in graph))
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
