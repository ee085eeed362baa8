"""The evidence of one page: a numbered list of passages, and the numbers that stand at each statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from plangraf.pages.sentences.grammar import lowered
from plangraf.pages.things.names import Names, lines_text
from plangraf.rdf.graph import Statement, Value
from plangraf.views.describe import Passage, read_passages
from plangraf.views.page_value import PageValue

# A statement leads to so many entries of the list; it rarely has more.
_MOST_MARKS = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list: number, document, passage, and how the statements follow from it.

    `about` names the properties that the entry supports. `lines` says where it stands; lines count from 1 in the text
    of the document.
    """

    number: int
    source: PageValue
    section: str
    item: str
    lines: str
    href: str | None
    kind: PageValue
    about: list[str]


@dataclass(slots=True)
class Evidence:
    """The evidence of one document. Passages get their numbers in the order in which statements ask for them."""

    passages: Sequence[Passage]
    _found: dict[tuple[Value, NamedNode], list[tuple[Value | None, int]]] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Iterable[Statement]) -> Evidence:
        book = cls(read_passages(evidence))
        for place, passage in enumerate(book.passages):
            for about, name, value in passage.statements:
                book._found.setdefault((about, name), []).append((value, place))
        return book

    def marks(self, statements: Iterable[Statement]) -> list[int]:
        """The numbers of the passages that support statements, at most three."""
        places: list[int] = []
        for subject, predicate, value in statements:
            found = self._found.get((subject, predicate), ())
            exact = [place for only, place in found if only == value]
            places += exact or [place for only, place in found if only is None]
        return sorted(self._number(place) for place in list(dict.fromkeys(places))[:_MOST_MARKS])

    def _number(self, place: int) -> int:
        return self._numbers.setdefault(place, len(self._numbers) + 1)

    def entries(self, names: Names, thing: NamedNode) -> list[Entry]:
        """The list: the passages that statements lead to, by their numbers, then the others about the thing."""
        for place, passage in enumerate(self.passages):
            if any(about == thing for about, _, _ in passage.statements):
                self._number(place)
        return [_entry(number, self.passages[place], names) for place, number in self._numbers.items()]


def _entry(number: int, passage: Passage, names: Names) -> Entry:
    properties = {lowered(names.property(name).text) for _, name, _ in passage.statements}
    return Entry(
        number,
        names.value(passage.source),
        passage.section or "",
        passage.item or "",
        lines_text(str(passage.first), str(passage.last), names.words),
        names.page_of(passage.iri),
        names.title(passage.kind),
        sorted(properties),
    )
