"""Marks in a text the words that a search matched, and cuts a long text around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from plangraf.search.analysis import codes_of, fold, stem_en, stem_nb, words_of
from plangraf.search.matching import Forms

_MOST_CHARACTERS: Final = 180
_BEFORE: Final = 60
_NUMBER: Final = re.compile(r"[0-9]+")
# A stem of so many letters is marked inside a compound.
_PART: Final = 4


@dataclass(frozen=True, slots=True)
class Marked:
    """A text, its language, and the places of the marked words: code points from and to, in order."""

    text: str
    lang: str | None
    marks: Sequence[tuple[int, int]] = ()

    def pieces(self) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it is marked."""
        found, at = [], 0
        for start, end in self.marks:
            found += [(self.text[at:start], False), (self.text[start:end], True)]
            at = end
        return [(piece, marked) for piece, marked in [*found, (self.text[at:], False)] if piece]


def mark(text: str, lang: str | None, forms: Forms) -> Marked:
    """Marks the words of a text that have one of the forms."""
    marks = [(word.start, word.end) for word in words_of(text) if _matches(word.text, forms)]
    if codes := forms.codes.intersection(codes_of(text)) if forms.codes else None:
        numbers = {number for code in codes for number in _NUMBER.findall(code)}
        found = [word for word in words_of(text) if word.text.isdecimal() and (not marks or word.text in numbers)]
        marks = sorted({*marks, *((word.start, word.end) for word in found)})
    return Marked(text, lang, _joined(text, marks))


def _matches(word: str, forms: Forms) -> bool:
    folded = fold(word)
    if folded in forms.folds or stem_nb(word) in forms.stems or stem_en(word) in forms.stems:
        return True
    if any(folded.startswith(beginning) for beginning in forms.beginnings):
        return True
    return any(len(stem) >= _PART and stem in folded for stem in forms.stems)


def _joined(text: str, marks: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Marks with only a blank or a stroke between them as one, as a reader sees 8/21."""
    joined: list[tuple[int, int]] = []
    for start, end in marks:
        if joined and text[joined[-1][1] : start] in (" ", "/", "-", ".", "–"):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def cut(marked: Marked) -> Marked:
    """A text of at most about 180 characters, around the first mark, between words."""
    text = marked.text
    if len(text) <= _MOST_CHARACTERS:
        return marked
    first = marked.marks[0][0] if marked.marks else 0
    start = 0 if first < _MOST_CHARACTERS - _BEFORE else text.find(" ", first - _BEFORE) + 1
    end = text.rfind(" ", start, start + _MOST_CHARACTERS)
    end = len(text) if len(text) - start <= _MOST_CHARACTERS else end if end > start else start + _MOST_CHARACTERS
    head, tail = "… " if start else "", " …" if end < len(text) else ""
    moved = [(a - start + len(head), b - start + len(head)) for a, b in marked.marks if a >= start and b <= end]
    return Marked(head + text[start:end] + tail, marked.lang, moved)
