"""Tables as they were found in a file, before anybody knows what they mean: what `xlsx` and `csv_files` read."""

from __future__ import annotations

from dataclasses import dataclass, field

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellError, CellPlace, SheetDiagnostic
from plangraf.sheets.values import Cell

# Enough for the largest municipality's evidence; a stray cell at the end of a sheet would make billions.
MOST_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that is never read, whatever its column: a formula, an error value."""

    text: str
    error: CellError


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged range: its name, first and last row and column, counted from 0."""

    name: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(slots=True)
class RawTable:
    """One sheet or file.

    Attributes:
        name: how messages call it.
        rows: `rows[0]` is row 1.
        problems: about the table as a whole; they stop the import.
        title: of the sheet, or the file's name without its ending.
        merged: ranges of merged cells.
        hidden_rows, hidden_columns: positions, counted from 0, that the sheet does not show.
        hidden: whether the whole sheet is hidden.
        struck: positions of rows whose first cell is struck out.
        comments: what people wrote beside cells, by row and column, counted from 0.
    """

    name: str
    rows: list[list[Cell | Refused]]
    problems: list[SheetDiagnostic] = field(default_factory=list)
    title: str = ""
    merged: list[Merged] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    hidden: bool = False
    struck: set[int] = field(default_factory=set)
    comments: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """The tables of a workbook or a folder, and what the folder holds that is no table."""

    tables: list[RawTable] = field(default_factory=list)
    problems: list[SheetDiagnostic] = field(default_factory=list)


class UnreadableError(Exception):
    """A file that is not opened at all, and why."""

    def __init__(self, name: str, nb: str, en: str) -> None:
        super().__init__(en)
        self.problem = Diagnostic(CellPlace(name), nb, en)
