"""The statements that a list gives, by the file that they go to, and how each property follows from the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.rdf.namespaces import terms
from plangraf.sources.lists.mapping import Text

How = OneOf["listed", "matched", "own"]
"""`listed` stands in the list, `matched` follows by comparison of its codes, `own` is written by us."""

_rdfs = terms("rdfs")


@dataclass(slots=True)
class Facts:
    """Statements about the things of a list; `things` counts these by their name in the report."""

    files: dict[str, list[Triple]] = field(default_factory=dict)
    properties: dict[How, set[NamedNode]] = field(
        default_factory=lambda: {"listed": set(), "matched": set(), "own": set()}
    )
    things: dict[str, int] = field(default_factory=dict)

    def say(
        self, file: str, subject: NamedNode, predicate: NamedNode, value: NamedNode | Literal, how: How = "listed"
    ) -> None:
        self.files.setdefault(file, []).append(Triple(subject, predicate, value))
        self.properties[how].add(predicate)

    def label(self, file: str, subject: NamedNode, text: Text, how: How = "own") -> None:
        self.say(file, subject, _rdfs("label"), Literal(text.nb, language="nb"), how)
        self.say(file, subject, _rdfs("label"), Literal(text.en, language="en"), how)

    def count(self, name: str) -> None:
        self.things[name] = self.things.get(name, 0) + 1
