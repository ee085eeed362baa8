"""The union of the graphs to check, indexed by subject and as a store."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from plangraf.rdf.namespaces import PREFIXES

Term = NamedNode | BlankNode | Literal | Triple

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_SUBCLASS_OF = NamedNode(PREFIXES["rdfs"] + "subClassOf")


class DataGraph:
    """The unique triples of quads."""

    def __init__(self, quads: Collection[Quad]) -> None:
        self.quads = quads
        self._instances: dict[Term, frozenset[Term]] = {}

    @cached_property
    def by_subject(self) -> dict[Term, dict[NamedNode, set[Term]]]:
        """Subject → predicate → objects."""
        found: dict[Term, dict[NamedNode, set[Term]]] = {}
        for subject, predicate, value, _ in self.quads:
            properties = found.get(subject)
            if properties is None:
                found[subject] = {predicate: {value}}
            elif (values := properties.get(predicate)) is None:
                properties[predicate] = {value}
            else:
                values.add(value)
        return found

    @cached_property
    def store(self) -> pyoxigraph.Store:
        """A store with the named graphs, and with their union without duplicates as the default graph."""
        store = pyoxigraph.Store()
        store.bulk_extend(self.quads)
        store.bulk_extend(
            Quad(subject, predicate, value)  # type: ignore[arg-type]  # a subject is not a literal
            for subject, properties in self.by_subject.items()
            for predicate, values in properties.items()
            for value in values
        )
        return store

    def objects(self, subject: Term, predicate: NamedNode) -> Collection[Term]:
        properties = self.by_subject.get(subject)
        return properties.get(predicate, ()) if properties else ()

    def subject_objects(self, predicate: NamedNode) -> Iterator[tuple[Term, Collection[Term]]]:
        """Each subject that has the predicate, with all its objects."""
        return (
            (subject, properties[predicate])
            for subject, properties in self.by_subject.items()
            if predicate in properties
        )

    def instances(self, class_: Term) -> frozenset[Term]:
        """The SHACL instances of a class: things of the class or one of its subclasses."""
        known = self._instances.get(class_)
        if known is None:
            members = (self._members.get(one, ()) for one in self._with_subclasses(class_))
            known = self._instances[class_] = frozenset().union(*members)
        return known

    @cached_property
    def _members(self) -> dict[Term, set[Term]]:
        return _invert(self.subject_objects(_TYPE))

    @cached_property
    def _subclasses(self) -> dict[Term, set[Term]]:
        return _invert(self.subject_objects(_SUBCLASS_OF))

    def _with_subclasses(self, class_: Term) -> set[Term]:
        found, waiting = {class_}, [class_]
        while waiting:
            new = self._subclasses.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found


def _invert(pairs: Iterator[tuple[Term, Collection[Term]]]) -> dict[Term, set[Term]]:
    found: dict[Term, set[Term]] = {}
    for subject, values in pairs:
        for value in values:
            found.setdefault(value, set()).add(subject)
    return found
