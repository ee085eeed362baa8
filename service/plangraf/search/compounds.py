"""Divides compounds into their parts by the words of the index: `parkeringspolitikk` into parkering and politikk.

Norwegian writes compounds as one word, so whoever searches for a part must find the whole, and the reverse. No word
list of others is needed: the vocabulary is that of the data, in Norwegian.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from plangraf.search.analysis import STOP_WORDS, fold, stem_nb
from plangraf.search.nynorsk import to_bokmaal

_SHORTEST_PART: Final = 3
# `by` begins many compounds; what follows must then be long.
_SHORTEST_START: Final = 2
_LONG: Final = 5
# A stop word in English, and the beginning of many compounds in Norwegian.
_NO_PART: Final = STOP_WORDS - {"by"}
# A word of fewer letters is a part only when so many entries have it.
_USUAL: Final = 4
_OFTEN: Final = 3
LINKS: Final = ("s", "e")
"""Letters between two parts."""
_STEM: Final = "stem:"
_MOST_DEPTH: Final = 3
# Endings that are words too, and seldom parts.
_ENDINGS_OF_WORDS: Final = """
    het heten skap skapet dom else elser ende ing ingen inger sjon ere bar sam som lig isk ene ane ert erte ster erne
    endes heter nad leg ner sen ter ten ger der den det des ser ker tet hets ring ering ingene isme ist messig
"""
_ENDINGS: Final = frozenset(_ENDINGS_OF_WORDS.split())


def vocabulary(counted: Mapping[str, int]) -> Iterator[str]:
    """The tokens of the words that may be parts: folded words, and stems under a mark of their own.

    Args:
        counted: words in lower case, and how many entries have each.
    """
    for word, number in counted.items():
        folded = fold(word)
        if word in _NO_PART or not word.isalpha():
            continue
        if len(folded) >= _USUAL or number >= _OFTEN:
            yield folded
        stem = stem_nb(word)
        if len(stem) >= _USUAL or (len(stem) >= _SHORTEST_PART and number >= _OFTEN):
            yield _STEM + stem


class Splitter:
    """Divides words. `is_known` tells whether a token is in the vocabulary; `lenient` accepts one unknown part."""

    def __init__(self, is_known: Callable[[str], bool], *, lenient: bool = False) -> None:
        self._is_known = is_known
        self._lenient = lenient
        self._cached: dict[str, list[str]] = {}
        self._words: dict[str, bool] = {}

    def parts(self, word: str) -> list[str]:
        """The stems of the parts of a word in lower case, in order; empty when it is not a compound of known words."""
        if (found := self._cached.get(word)) is None:
            divided = self._divide(fold(to_bokmaal(word)), 1)
            found = self._cached[word] = [stem_nb(part) for part in divided] if len(divided) > 1 else []
        return found

    def _divide(self, word: str, depth: int) -> list[str]:
        """The parts of the best division; the word alone without one.

        Two known parts are better than more, so a part is divided only when no two known parts make the word.
        """
        places = [at for at in range(_SHORTEST_START, len(word) - _SHORTEST_PART + 1) if _may_part(word, at)]
        starts = {at: self._start(word[:at]) for at in places}
        ends = {at: self._is_word(word[at:]) for at in places}
        whole = [at for at in places if starts[at] and ends[at]]
        if whole:
            at = max(whole, key=lambda at: 10 * min(at, len(word) - at) + len(word) - at)
            return [starts[at], word[at:]]
        if depth < _MOST_DEPTH and len(word) > 2 * _USUAL:
            for at in places:
                if starts[at] and len(found := self._divide(word[at:], depth + 1)) > 1:
                    return [starts[at], *found]
        if self._lenient and depth == 1:
            long = [at for at in places if min(at, len(word) - at) >= _USUAL]
            if known := [at for at in long if ends[at]]:
                return [*self._divide(word[: known[0]], _MOST_DEPTH), word[known[0] :]]
            if known := [at for at in long if starts[at] and len(starts[at]) >= _LONG]:
                return [starts[known[-1]], word[known[-1] :]]
        return [word]

    def _start(self, left: str) -> str:
        """A beginning, without its link, that is a word; else the empty text."""
        bare = [left.removesuffix(link) for link in LINKS if left.endswith(link) and len(left) > _SHORTEST_PART]
        return next((start for start in (*bare, left) if self._is_word(start)), "")

    def _is_word(self, part: str) -> bool:
        if (found := self._words.get(part)) is None:
            found = self._is_known(part) or (len(part) >= _USUAL and self._is_known(_STEM + stem_nb(part)))
            self._words[part] = found
        return found


def _may_part(word: str, at: int) -> bool:
    right = word[at:]
    return right not in _ENDINGS and word[:at] not in _NO_PART and (at >= _SHORTEST_PART or len(right) >= _LONG)
