"""Tables as they were found in a file, before anybody knows what they mean: what `xlsx` and `csv_files` read."""

from __future__ import annotations

from dataclasses import dataclass, field

from plangraf.sheets.problems import CellError, Place, SheetProblem
from plangraf.sheets.values import Cell

# Enough for the largest municipality's evidence; a stray cell at the end of a sheet would make billions.
MOST_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that is never read, whatever its column: a formula, an error value."""

    text: str
    error: CellError


@dataclass(slots=True)
class RawTable:
    """`name` is how messages call it; `rows[0]` is row 1; `problems` are about the table as a whole."""

    name: str
    rows: list[list[Cell | Refused]]
    problems: list[SheetProblem] = field(default_factory=list)


class UnreadableError(Exception):
    """A file that is not opened at all, and why."""

    def __init__(self, name: str, nb: str, en: str) -> None:
        super().__init__(en)
        self.problem = SheetProblem(Place(name), nb, en)
