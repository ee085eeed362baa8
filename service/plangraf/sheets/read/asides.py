"""Handles what is not data in a table: own columns and sheets, and hidden, struck-out or merged cells.

Own columns and sheets become notes. Only merged cells among the data stop an import.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from openpyxl.utils import get_column_letter

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.cell_values import Cell, as_text
from plangraf.sheets.model import Model
from plangraf.sheets.notes import Note
from plangraf.sheets.read.raw import RawTable, Refused

_MAX_EXAMPLES = 3


def text_of(cell: Cell | Refused) -> str:
    return cell.text if isinstance(cell, Refused) else as_text(cell)


def find_similar_sheets(raw: RawTable, model: Model) -> list[str]:
    """Titles of sheets of the model that a table without machine names resembles; none for an own sheet."""
    names = {
        name.lower(): sheet.title
        for sheet in model.sheets
        for name in (sheet.title, sheet.name_nb, sheet.name_en, sheet.file)
    }
    near = difflib.get_close_matches(raw.title.lower().strip(), names, n=1, cutoff=0.8)
    if near:
        return [names[near[0]]]
    headings = {
        _normalize_heading(text_of(cell)) for row in raw.rows[:_MAX_EXAMPLES] for cell in row if cell is not None
    }
    found = []
    for sheet in model.sheets:
        own = {_normalize_heading(name) for column in sheet.columns for name in (column.heading_nb, column.machine)}
        if len(headings & own) >= _MAX_EXAMPLES:
            found.append(sheet.title)
    return found[:_MAX_EXAMPLES]


def own_sheet_notes(raw: RawTable) -> Iterator[Note]:
    """One note for each cell of an own sheet."""
    for number, row in enumerate(raw.rows, 1):
        for position, cell in enumerate(row, 1):
            if text := text_of(cell):
                yield Note("sheet", raw.title, str(number), str(position), text)


def report_own_sheet(raw: RawTable) -> SheetDiagnostic:
    return Diagnostic(
        CellPlace(raw.name),
        "Arket er ikke et av våre. Det er tatt vare på som notater, og publiseres ikke.",
        "The sheet is not one of ours. It is kept as notes, and is not published.",
        "Info",
    )


def choose_own_heading(raw: RawTable, number: int, position: int, taken: Iterable[str]) -> str:
    """The heading of an own column, with a number when the heading is taken."""
    cells = [row[position] for row in raw.rows[: number + 1] if position < len(row)]
    name = next((text.strip() for cell in cells if (text := text_of(cell)).strip()), "notat")
    name, wanted, count = name.replace("\n", " "), name.replace("\n", " "), 2
    while name in taken:
        name, count = f"{wanted} {count}", count + 1
    return name


def report_own_column(raw: RawTable, number: int, position: int, heading: str) -> SheetDiagnostic:
    return Diagnostic(
        CellPlace(raw.name, number + 1, get_column_letter(position + 1), content=heading),
        "Kolonnen er ikke en av våre. Den er tatt vare på som notater, og publiseres ikke.",
        "The column is not one of ours. It is kept as notes, and is not published.",
        "Info",
    )


def report_hidden(raw: RawTable, rows: Sequence[int], columns: Sequence[int]) -> Iterator[SheetDiagnostic]:
    """Reports data that are hidden or struck out; they are read like the others.

    Args:
        raw: the table.
        rows: positions of the rows that hold data.
        columns: positions of the columns that are read.
    """
    if raw.hidden and rows:
        yield Diagnostic(
            CellPlace(raw.name), "Arket er skjult. Det er lest.", "The sheet is hidden. It is read.", "Info"
        )
    hidden = [str(position + 1) for position in rows if position in raw.hidden_rows]
    if hidden:
        shown = ", ".join(hidden[:_MAX_EXAMPLES]) + (" …" if len(hidden) > _MAX_EXAMPLES else "")
        yield Diagnostic(
            CellPlace(raw.name),
            f"{len(hidden)} skjulte rader er lest (rad {shown}). Slett dem hvis de ikke gjelder.",
            f"{len(hidden)} hidden rows are read (row {shown}). Delete them if they do not apply.",
            "Info",
        )
    letters = [get_column_letter(position + 1) for position in columns if position in raw.hidden_columns]
    if letters:
        yield Diagnostic(
            CellPlace(raw.name),
            f"Skjulte kolonner er lest: {', '.join(letters)}.",
            f"Hidden columns are read: {', '.join(letters)}.",
            "Info",
        )
    for position in rows:
        if position in raw.struck:
            yield Diagnostic(
                CellPlace(raw.name, position + 1),
                "Raden er overstrøket og likevel lest. Slett den hvis den ikke gjelder.",
                "The row is struck out and read all the same. Delete it if it does not apply.",
                "Warning",
            )


def report_merged_cells(raw: RawTable, first: int, columns: Iterable[int]) -> Iterator[SheetDiagnostic]:
    """Reports merged cells among the data; they are allowed in headings and own columns."""
    read = set(columns)
    for merged in raw.merged:
        if merged.last_row >= first and not read.isdisjoint(range(merged.first_column, merged.last_column + 1)):
            yield Diagnostic(
                CellPlace(raw.name, merged.first_row + 1, get_column_letter(merged.first_column + 1)),
                f"Cellene {merged.name} er slått sammen. Del dem, og skriv verdien i hver celle den gjelder.",
                f"The cells {merged.name} are merged. Unmerge them, and write the value into each cell that it is for.",
            )


def _normalize_heading(text: str) -> str:
    return re.sub(r"\W*\*?\W*$", "", text.strip().lower())
