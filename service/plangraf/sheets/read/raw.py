"""What is read of a workbook or a folder: raw tables, then rows, triples, and the cells that each of them comes from.

Own columns and sheets of people become notes. Hidden, struck-out and merged cells are reported; only merged cells among
the data stop an import.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter
from pyoxigraph import NamedNode, Triple

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.rdf.graph import Value
from plangraf.sheets.cell_values import Cell, CellError, CellPlace, SheetDiagnostic, as_text
from plangraf.sheets.model import Column, Model, Sheet
from plangraf.sheets.write.tables import Note

# Enough for the evidence of the largest municipality. A stray cell at the end of a sheet would give billions of cells.
MAX_CELLS = 2_000_000
_MAX_EXAMPLES = 3


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


@dataclass(slots=True)
class Row:
    """One row of a sheet, which describes one thing.

    Attributes:
        thing: IRI of the thing.
        sheet: the sheet of its class.
        place: the cell of its key.
        stated: triples that its cells state.
        implied: triples that hold for each thing of the sheet.
        bare: whether the row only adds to a thing of another dataset; then nothing is implied.
        evidence: values and place of each evidence column, by the IRI of its property.
    """

    thing: NamedNode
    sheet: Sheet
    place: CellPlace
    stated: list[Triple] = field(default_factory=list)
    implied: list[Triple] = field(default_factory=list)
    bare: bool = False
    evidence: dict[str, tuple[list[Value], CellPlace]] = field(default_factory=dict)


@dataclass(slots=True)
class Imported:
    """All that was read from the tables.

    Attributes:
        triples: the statements of all rows.
        rows: the rows that have a key.
        places: the cell of each thing's key, by IRI.
        cells: the cells of each property of a thing, by the IRIs of thing and property.
        unreadable: the keys of `cells` of which a cell could not be read.
        problems: findings about cells, rows and tables.
        notes: what people keep beside the data.
        unnamed: cells of link columns that hold no key, with their text.
    """

    triples: set[Triple] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)
    places: dict[str, CellPlace] = field(default_factory=dict)
    cells: dict[tuple[str, str], list[CellPlace]] = field(default_factory=dict)
    unreadable: set[tuple[str, str]] = field(default_factory=set)
    problems: list[SheetDiagnostic] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unnamed: list[tuple[CellPlace, Column, str]] = field(default_factory=list)

    def add(self, triple: Triple, place: CellPlace) -> None:
        self.triples.add(triple)
        assert isinstance(triple.subject, NamedNode)
        self.places.setdefault(triple.subject.value, place)


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
