"""The widths of a table's columns, from what its cells hold.

A browser that fits columns to cells moves them while the rest of a table arrives. With widths at its beginning each row
stays where it was painted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

# The unit of widths is that of a digit, as in the styles. A longer word breaks; a longer text stands on several lines.
_SHORTEST_WORD: Final = 3
_LONGEST_WORD: Final = 23
_LONGEST_LINE: Final = 40
# Letters in the usual fonts of screens, and those that are unlike the others.
_LETTER: Final = 0.97
_LETTERS: Final = {
    **dict.fromkeys("ijlI.,:;'’|!()[]", 0.47),
    **dict.fromkeys("ftr-/", 0.65),
    **dict.fromkeys("ckszvxyJ", 0.89),
    **dict.fromkeys("mwMW@%æ", 1.5),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZÆØÅ&", 1.13),
}
# The mean letter of a text, with its spaces.
_MEAN: Final = 0.87
# The space between two columns, and how much wider the bold words of titles are.
_PADDING: Final = 1.4
_BOLD: Final = 1.05
# A line of a table of a usual page.
_PAGE: Final = 100
# Rows that decide the widths; a later word that is longer breaks.
_ROWS: Final = 60
# The styles have a least width of a table for each five units, up to this one, and a width of a column for each part.
_STEP: Final = 5
_WIDEST: Final = 200
_PARTS: Final = 200
# The share of the texts of a column that stand on one line, when there is room.
_MOST: Final = 0.8


@dataclass(frozen=True, slots=True)
class Extent:
    """What a cell takes, in widths of a digit: its longest word, and its text on one line."""

    word: float
    line: float


@dataclass(frozen=True, slots=True)
class ColumnWidths:
    """The width of each column in parts of the table, 200 together, and the least width of the table, 0 for any.

    `style` are the classes of the table; `styles/tables.css` has them and those of the columns.
    """

    parts: Sequence[int]
    least: int

    @property
    def style(self) -> str:
        return f"steady n{self.least}" if self.least else "steady"


def extent(texts: Iterable[str]) -> Extent:
    """The extent of a cell whose texts stand below each other."""
    word, line = 0.0, 0
    for text in texts:
        line = max(line, len(text))
        word = max(word, *map(word_width, text.split()), 0.0)
    return Extent(word, max(line * _MEAN, word))


@lru_cache(20_000)
def word_width(word: str) -> float:
    """The width of a word, in widths of a digit."""
    return sum(_LETTERS.get(letter, _LETTER) for letter in word)


def column_widths(titles: Sequence[str], rows: Iterable[Sequence[Extent]]) -> ColumnWidths:
    """The widths of columns, so that words do not break and texts have few lines.

    Args:
        titles: of the columns; a title may stand on several lines.
        rows: the extent of each cell, as many as titles.
    """
    columns: list[list[Extent]] = [[] for _ in titles]
    for _, row in zip(range(_ROWS), rows, strict=False):
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    words = [
        max(extent([title]).word * _BOLD, *(cell.word for cell in column), _SHORTEST_WORD)
        for title, column in zip(titles, columns, strict=True)
    ]
    least = [min(word, _LONGEST_WORD) + _PADDING for word in words]
    wanted = [max(_line(column) + _PADDING, narrow) for column, narrow in zip(columns, least, strict=True)]
    spare, longing = max(_PAGE - sum(least), 0), sum(wanted) - sum(least)
    given = min(1.0, spare / longing) if longing else 0.0
    widths = [low + (high - low) * given for low, high in zip(least, wanted, strict=True)]
    total = sum(widths)
    needed = max((low * total / width for low, width in zip(least, widths, strict=True)), default=0.0)
    return ColumnWidths(_in_parts(widths), min(ceil(needed / _STEP) * _STEP, _WIDEST))


def _line(column: Sequence[Extent]) -> float:
    """The width of a line that holds most texts of a column."""
    lines = sorted(cell.line for cell in column if cell.line)
    return min(lines[ceil(_MOST * len(lines)) - 1], _LONGEST_LINE) if lines else 0.0


def _in_parts(widths: Sequence[float]) -> list[int]:
    """Whole numbers in the ratios of the widths, none of them 0; what is left goes to those that lost most."""
    exact = [_PARTS * width / sum(widths) for width in widths]
    parts = [max(1, int(width)) for width in exact]
    lost = sorted(range(len(parts)), key=lambda n: parts[n] - exact[n])
    for n in lost[: max(0, _PARTS - sum(parts))]:
        parts[n] += 1
    return parts
