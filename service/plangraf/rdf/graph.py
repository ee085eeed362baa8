"""One graph in memory: statements in the order in which they come, indexed by thing, by property and by value.

The engine answers what needs all data; this index is for what was fetched or read from a few files.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeGuard

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from plangraf.rdf.namespaces import PREFIXES

Node = NamedNode | BlankNode
Value = NamedNode | BlankNode | Literal
Statement = tuple[Node, NamedNode, Value]
Statements = list[Statement]
Properties = Mapping[NamedNode, list[Value]]

RDF_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_FIRST, _REST = NamedNode(PREFIXES["rdf"] + "first"), NamedNode(PREFIXES["rdf"] + "rest")


class Graph:
    """Statements without repetition: thing → property → values, each in the order in which it was added."""

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
        """The graph itself when there is an index already, else one over the statements."""
        return statements if isinstance(statements, Graph) else cls(statements)

    def __iter__(self) -> Iterator[Statement]:
        for subject, known in self._things.items():
            for predicate, values in known.items():
                for value in values:
                    yield subject, predicate, value

    def __contains__(self, subject: object) -> bool:
        """Whether anything is said of a thing."""
        return subject in self._things

    @property
    def things(self) -> Iterable[Node]:
        return self._things.keys()

    def properties(self, subject: Value) -> Properties:
        return {predicate: list(values) for predicate, values in self._of(subject).items()}

    def facts(self, subject: Value) -> list[tuple[NamedNode, Value]]:
        """What is said of a thing: each property with each of its values."""
        return [(predicate, value) for predicate, values in self._of(subject).items() for value in values]

    def values(self, subject: Value, predicate: NamedNode) -> list[Value]:
        return list(self._of(subject).get(predicate, ()))

    def value(self, subject: Value, predicate: NamedNode) -> Value | None:
        """The first value."""
        return next(iter(self._of(subject).get(predicate, ())), None)

    def named(self, subject: Value, predicate: NamedNode) -> list[NamedNode]:
        """The values that have an IRI."""
        return [value for value in self._of(subject).get(predicate, ()) if isinstance(value, NamedNode)]

    def iris(self, subject: Value, predicate: NamedNode) -> list[str]:
        return [value.value for value in self.named(subject, predicate)]

    def literals(self, subject: Value, predicate: NamedNode) -> list[Literal]:
        return [value for value in self._of(subject).get(predicate, ()) if isinstance(value, Literal)]

    def text(self, subject: Value, predicate: NamedNode, language: str | None = None) -> str | None:
        """The text of the first literal, of that language when one is asked for."""
        found = self.literals(subject, predicate)
        return next((value.value for value in found if language is None or value.language == language), None)

    def items(self, subject: Value, predicate: NamedNode) -> list[Value]:
        """The members of the RDF lists that a property leads to."""
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
        """The things as a document has them: `first` before the others, named ones by IRI, blank nodes after them.

        Types come before other properties, properties by IRI, values by their text.
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
    """The statements of RDF 1.1 among triples, those of all graphs together; a triple about a triple is none."""
    for triple in triples:
        if _is_node(triple.subject) and not isinstance(triple.object, Triple):
            yield triple.subject, triple.predicate, triple.object


def _is_node(term: Node | Triple) -> TypeGuard[Node]:
    return not isinstance(term, Triple)


def in_order(found: Iterable[Statement], first: Node | None = None) -> Iterator[Statement]:
    """The statements one by one in the order of a document, see `Graph.in_order`."""
    for subject, properties in Graph.of(found).in_order(first):
        for predicate, values in properties.items():
            for value in values:
                yield subject, predicate, value


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pauses the collector of cycles; also a decorator.

    It would walk all terms again and again and find nothing, because terms and the indexes over them have no cycles:
    two fifths of the time of a build.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
