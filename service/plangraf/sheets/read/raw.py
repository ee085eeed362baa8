"""Tables as `xlsx_reader` and `csv_files` read them, before columns and rows are matched with the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellError, CellPlace, SheetDiagnostic
from plangraf.sheets.cell_values import Cell

# Enough for the evidence of the largest municipality. A stray cell at the end of a sheet would give billions of cells.
MAX_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell that no column accepts, such as a formula or an error value."""

    text: str
    error: CellError


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged range; rows and columns are counted from 0."""

    name: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(slots=True)
class RawTable:
    """One sheet or file.

    Attributes:
        name: name in messages.
        rows: cells by row; `rows[0]` is row 1.
        problems: findings about the whole table.
        title: title of the sheet, or name of the file without its ending.
        merged: ranges of merged cells.
        hidden_rows, hidden_columns: hidden positions, counted from 0.
        hidden: whether the whole sheet is hidden.
        struck: positions of rows whose first cell is struck out.
        comments: comments of people on cells, by row and column, counted from 0.
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
class RawTables:
    """Tables of a workbook or a folder, and findings about other files of the folder."""

    tables: list[RawTable] = field(default_factory=list)
    problems: list[SheetDiagnostic] = field(default_factory=list)


class UnreadableError(Exception):
    """A file is refused as a whole; `problem` gives the reason."""

    def __init__(self, name: str, nb: str, en: str) -> None:
        super().__init__(en)
        self.problem = Diagnostic(CellPlace(name), nb, en)
