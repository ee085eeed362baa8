"""Turtle files as an ordered lookup: the shapes list their properties in the order that people should see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from plangraf.errors import SettingError
from plangraf.rdf.namespaces import PREFIXES

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal

_RDF = PREFIXES["rdf"]
TYPE = _RDF + "type"


class Facts:
    """Subject → property → values, each in the order of the files."""

    def __init__(self) -> None:
        self._known: dict[Node, dict[str, list[Term]]] = {}

    @classmethod
    def of_files(cls, paths: Iterable[Path]) -> Facts:
        """
        Raises:
            SettingError: a file is no Turtle; `plangraf build` tells where.
        """
        facts = cls()
        for path in paths:
            try:
                for quad in parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True):
                    if not isinstance(quad.subject, Triple) and not isinstance(quad.object, Triple):
                        facts.add(quad.subject, quad.predicate.value, quad.object)
            except SyntaxError as error:
                raise SettingError(f"{path} cannot be read ({error.msg}). `plangraf build` tells more.") from error
        return facts

    def add(self, subject: Node, predicate: str, value: Term) -> None:
        values = self._known.setdefault(subject, {}).setdefault(predicate, [])
        if value not in values:
            values.append(value)

    def subjects(self, predicate: str | None = None, value: Term | None = None) -> Iterator[Node]:
        for subject, known in self._known.items():
            if predicate is None or (predicate in known and (value is None or value in known[predicate])):
                yield subject

    def properties(self, subject: Term) -> Iterable[str]:
        return self._known.get(subject, {}) if not isinstance(subject, Literal) else ()

    def values(self, subject: Term, predicate: str) -> list[Term]:
        return self._known.get(subject, {}).get(predicate, []) if not isinstance(subject, Literal) else []

    def iris(self, subject: Term, predicate: str) -> list[str]:
        return [value.value for value in self.values(subject, predicate) if isinstance(value, NamedNode)]

    def text(self, subject: Term, predicate: str, language: str | None = None) -> str | None:
        """The first literal, of that language when one is asked for."""
        for value in self.values(subject, predicate):
            if isinstance(value, Literal) and (language is None or value.language == language):
                return value.value
        return None

    def items(self, subject: Term, predicate: str) -> list[Term]:
        """The members of the RDF lists that `predicate` leads to."""
        found: list[Term] = []
        for head in self.values(subject, predicate):
            node: Term | None = head
            while node is not None and (first := self.values(node, _RDF + "first")):
                found += first
                node = next(iter(self.values(node, _RDF + "rest")), None)
        return found
