"""Reads the text that somebody typed: words, numbers and codes. No sign is an operator, so no text is malformed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from plangraf.search.analysis import STOP_WORDS, code, fold, lower, stem_en, stem_nb, whole, whole_stems

MOST_UNITS: Final = 12
"""A search reads so many words; the answer says when there were more."""
_UNIT: Final = re.compile(
    r"(?P<code>[0-9]+(?:[.,/][0-9]+)*(?:\.[a-z](?![^\W_]))?(?![^\W\d_]))|(?P<word>[^\W_]+(?:['’][^\W\d_]{1,2}\b)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One word or code of a question, with the forms of `analysis`; `code` is empty for a word."""

    text: str
    fold: str
    nb: str
    en: str
    code: str = ""
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What was typed. `whole` and `stems` are all of it as a name, `code` as a code; `dropped` words were not read."""

    text: str
    units: Sequence[Unit]
    whole: str
    stems: str
    code: str
    dropped: int = 0

    @property
    def needed(self) -> Sequence[Unit]:
        """The units that a hit must have: all but the stop words, or these when there is nothing else."""
        return [unit for unit in self.units if not unit.stop] or self.units


def read_question(text: str) -> Question:
    """Reads a question; it has no units when the text has neither letters nor digits."""
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair has no place in an index
    found: dict[str, Unit] = {}
    for match in _UNIT.finditer(text):
        word = lower(match[0])
        if not word:
            continue
        unit = (
            Unit(word, fold(word), word, word, code(match[0]))
            if match["code"]
            else Unit(word, fold(word), stem_nb(word), stem_en(word), stop=word in STOP_WORDS)
        )
        found.setdefault(word, unit)
    units = list(found.values())
    return Question(
        text, units[:MOST_UNITS], whole(text), whole_stems(text), code(text), max(0, len(units) - MOST_UNITS)
    )
