"""What a table holds beside its data: columns and sheets of people's own, comments, what is hidden or struck out.

Nothing of it stops an import; each is kept as a note or told.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from openpyxl.utils import get_column_letter

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.model import Model
from plangraf.sheets.notes import Note
from plangraf.sheets.read.raw import RawTable, Refused
from plangraf.sheets.values import Cell, as_text

_FEW = 3


def text_of(cell: Cell | Refused) -> str:
    return cell.text if isinstance(cell, Refused) else as_text(cell)


def resembles(raw: RawTable, model: Model) -> list[str]:
    """Names of our sheets that a table without a row for the machine seems to be; none for a sheet of one's own."""
    names = {
        name.lower(): sheet.title
        for sheet in model.sheets
        for name in (sheet.title, sheet.name_nb, sheet.name_en, sheet.file)
    }
    near = difflib.get_close_matches(raw.title.lower().strip(), names, n=1, cutoff=0.8)
    if near:
        return [names[near[0]]]
    headings = {
        _plain_heading(text_of(cell)) for row in raw.rows[:_FEW] for cell in row if cell is not None
    }  # fmt: skip
    found = []
    for sheet in model.sheets:
        own = {_plain_heading(name) for column in sheet.columns for name in (column.heading_nb, column.machine)}
        if len(headings & own) >= _FEW:
            found.append(sheet.title)
    return found[:_FEW]


def own_sheet(raw: RawTable) -> Iterator[Note]:
    """A sheet of people's own, cell by cell."""
    for number, row in enumerate(raw.rows, 1):
        for position, cell in enumerate(row, 1):
            if text := text_of(cell):
                yield Note("sheet", raw.title, str(number), str(position), text)


def told_of_own_sheet(raw: RawTable) -> SheetDiagnostic:
    return Diagnostic(
        CellPlace(raw.name),
        "Arket er ikke et av våre. Det er tatt vare på som notater, og publiseres ikke.",
        "The sheet is not one of ours. It is kept as notes, and is not published.",
        "Info",
    )


def own_heading(raw: RawTable, number: int, position: int, taken: Iterable[str]) -> str:
    """What stands over a column of people's own; a number is added when another one is called the same."""
    cells = [row[position] for row in raw.rows[: number + 1] if position < len(row)]
    name = next((text.strip() for cell in cells if (text := text_of(cell)).strip()), "notat")
    name, wanted, count = name.replace("\n", " "), name.replace("\n", " "), 2
    while name in taken:
        name, count = f"{wanted} {count}", count + 1
    return name


def told_of_own_column(raw: RawTable, number: int, position: int, heading: str) -> SheetDiagnostic:
    return Diagnostic(
        CellPlace(raw.name, number + 1, get_column_letter(position + 1), content=heading),
        "Kolonnen er ikke en av våre. Den er tatt vare på som notater, og publiseres ikke.",
        "The column is not one of ours. It is kept as notes, and is not published.",
        "Info",
    )


def told_of_hidden(raw: RawTable, rows: Sequence[int], columns: Sequence[int]) -> Iterator[SheetDiagnostic]:
    """A word about data that the sheet does not show, all the same read.

    Args:
        raw: the table.
        rows: positions of its rows that hold data.
        columns: positions of its columns that are read.
    """
    if raw.hidden and rows:
        yield Diagnostic(
            CellPlace(raw.name), "Arket er skjult. Det er lest.", "The sheet is hidden. It is read.", "Info"
        )
    hidden = [str(position + 1) for position in rows if position in raw.hidden_rows]
    if hidden:
        shown = ", ".join(hidden[:_FEW]) + (" …" if len(hidden) > _FEW else "")
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


def merged_cells(raw: RawTable, first: int, columns: Iterable[int]) -> Iterator[SheetDiagnostic]:
    """Merged cells among the data; above them, and in columns of people's own, they do no harm."""
    read = set(columns)
    for merged in raw.merged:
        if merged.last_row >= first and not read.isdisjoint(range(merged.first_column, merged.last_column + 1)):
            yield Diagnostic(
                CellPlace(raw.name, merged.first_row + 1, get_column_letter(merged.first_column + 1)),
                f"Cellene {merged.name} er slått sammen. Del dem, og skriv verdien i hver celle den gjelder.",
                f"The cells {merged.name} are merged. Unmerge them, and write the value into each cell that it is for.",
            )


def _plain_heading(text: str) -> str:
    return re.sub(r"\W*\*?\W*$", "", text.strip().lower())
