"""How often a version uses each term: things by class, statements by property and by class of their subject.

All counts refer to the default graph, the union of all graphs without duplicates. They equal the results of COUNT,
which would read the whole version.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from plangraf.rdf.graph import RDF_TYPE
from plangraf.rdf.namespaces import ID, PLAN

_TYPE = str(RDF_TYPE).encode()
_THING, _OURS = f"<{ID}".encode(), f"<{PLAN}".encode()
_OBJECT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?|\S+')


@dataclass(frozen=True, slots=True)
class TermCounts:
    """The counts of one version without its bulk files, by the IRIs of terms.

    Attributes:
        classes: number of things of each class.
        properties: number of statements with each property.
        crossed: by class, the number of statements about its things with each property but rdf:type.
        examples: the first thing of ours that has a term of ours as class or property, by its IRI.
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    properties: Mapping[str, int] = field(default_factory=dict)
    crossed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> TermCounts:
        """Reads what `TermCounter.as_json` returned.

        Raises:
            KeyError, TypeError, AttributeError, ValueError: it is something else.
        """
        return cls(
            {str(term): int(number) for term, number in known["classes"].items()},
            {str(term): int(number) for term, number in known["properties"].items()},
            {str(term): dict(numbers) for term, numbers in known["crossed"].items()},
            {str(term): str(thing) for term, thing in known["examples"].items()},
        )


class TermCounter:
    """Counts terms in sorted N-Quads lines, while they are written."""

    def __init__(self) -> None:
        self._classes: Counter[bytes] = Counter()
        self._properties: Counter[bytes] = Counter()
        self._crossed: dict[bytes, Counter[bytes]] = {}
        self._examples: dict[bytes, bytes] = {}

    def passing(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yields the lines unchanged. Sorted, the lines of a thing and those of a statement are neighbours."""
        thing, last = b"", (b"", b"")
        own: Counter[bytes] = Counter()
        classes: list[bytes] = []
        for line in lines:
            yield line
            subject, predicate, rest = line.split(b" ", 2)
            if subject != thing:
                self._add(thing, own, classes)
                thing, last, own, classes = subject, (b"", b""), Counter(), []
            found = _OBJECT.match(rest)
            statement = predicate, found[0] if found else rest
            if statement != last:
                last = statement
                own[predicate] += 1
                if predicate == _TYPE and statement[1].startswith(b"<"):
                    classes.append(statement[1])
        self._add(thing, own, classes)

    def _add(self, thing: bytes, own: Counter[bytes], classes: list[bytes]) -> None:
        self._properties.update(own)
        self._classes.update(classes)
        for class_ in classes:
            self._crossed.setdefault(class_, Counter()).update(own)
        if thing.startswith(_THING):
            for term in (*own, *classes):
                # Lines are sorted with the bracket that ends an IRI, so the first one need not be the least IRI.
                if term.startswith(_OURS) and not self._examples.get(term, b"\xff") < thing[:-1]:
                    self._examples[term] = thing[:-1]

    def as_json(self) -> dict[str, Any]:
        """What `TermCounts.from_json` reads."""
        return {
            "classes": _by_iri(self._classes),
            "properties": _by_iri(self._properties),
            "crossed": {
                _iri(class_): _by_iri({name: number for name, number in own.items() if name != _TYPE})
                for class_, own in self._crossed.items()
            },
            "examples": {_iri(term): thing[1:].decode() for term, thing in self._examples.items()},
        }


def _by_iri(counts: Mapping[bytes, int]) -> dict[str, int]:
    return {_iri(term): number for term, number in counts.items()}


def _iri(term: bytes) -> str:
    return term[1:-1].decode()
