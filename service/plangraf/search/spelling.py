"""Finds the words of the index that a word with a typing error may mean, and words that have it in their middle."""

from __future__ import annotations

from typing import Final

from tantivy import Occur, Order, Query

from plangraf.search.index_files import SearchIndex
from plangraf.search.question import Unit

# Letters from which a word may have one error, and two.
_ONE_ERROR: Final = 5
_TWO_ERRORS: Final = 9
# The most frequent words that are compared, and the best that are kept.
_COMPARED: Final = 60
_KEPT: Final = 4
_SHORTEST_MIDDLE: Final = 4


class Spelling:
    """Looks words up in the index of words."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    def mend(self, unit: Unit) -> list[str]:
        """The most likely words, the best first: by errors, by their first letter, by the number of entries."""
        allowed = 2 if len(unit.fold) >= _TWO_ERRORS else 1 if len(unit.fold) >= _ONE_ERROR else 0
        ranked = []
        for word, folded, stem, entries in self._alike(unit, allowed) if allowed else ():
            errors = min(distance(unit.fold, folded), distance(unit.nb, stem))
            if errors <= allowed:
                ranked.append((errors, folded[:1] != unit.fold[:1], -entries, word))
        if ranked:
            fewest = min(ranked)[0]
            return [word for errors, _, _, word in sorted(ranked) if errors == fewest][:_KEPT]
        return self._having(unit.fold)

    def _alike(self, unit: Unit, allowed: int) -> list[tuple[str, str, str, int]]:
        schema = self._index.words_schema
        query = Query.boolean_query(
            [
                (Occur.Should, Query.fuzzy_term_query(schema, name, token, allowed))
                for name, token in (("fold", unit.fold), ("stem", unit.nb))
            ]
        )
        return self._read(query, _COMPARED)

    def _having(self, folded: str) -> list[str]:
        """The most frequent words that have a text in their middle or at their end."""
        if len(folded) < _SHORTEST_MIDDLE or not (folded.isascii() and folded.isalnum()):
            return []
        query = Query.regex_query(self._index.words_schema, "fold", f".*{folded}.*")
        return [word for word, _, _, _ in self._read(query, _KEPT)]

    def _read(self, query: Query, limit: int) -> list[tuple[str, str, str, int]]:
        words = self._index.words
        found = words.search(query, limit, count=False, order_by_field="entries", order=Order.Desc).hits
        read = []
        for entries, address in found:
            document = words.doc(address)
            read.append((*(str(document.get_first(name)) for name in ("word", "fold", "stem")), int(entries)))
        return read  # type: ignore[return-value]


def distance(one: str, other: str) -> int:
    """Errors between two words: letters that are missing, added, replaced, or swapped with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, found in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != found))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == found:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
