"""Builds tables from triples: one for each class, and one for the remaining statements.

No statement is lost: a cell is written only when it reads back as the same values, and each remaining triple becomes a
row of the table of others.

Notes of people in a workbook (own columns, own sheets, comments) are not published, because they are not statements. An
import keeps them in one file beside the dataset's Turtle files, and an export restores them.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal as OneOf
from typing import cast, get_args

from pyoxigraph import Literal, NamedNode, Triple

from plangraf.errors import SettingError
from plangraf.numbers_in_text import natural_key, whole_number
from plangraf.rdf.graph import RDF_TYPE, Graph, Value, statements
from plangraf.sheets.cell_values import STRING, Cell
from plangraf.sheets.cells import write_cell
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import OTHER_FILE, OTHER_TITLE, Column, Model, Sheet

OTHER_COLUMNS = (
    Column("key", "", "ting", "thing", required="yes", help_nb="Nøkkel eller adresse.", help_en="Key or address."),
    Column(
        "key",
        "",
        "egenskap",
        "property",
        required="yes",
        help_nb="Med prefiks, som foaf:name.",
        help_en="With its prefix, such as foaf:name.",
    ),
    Column("key", "", "verdi", "value", help_nb="Teksten, tallet eller tingen.", help_en="The text, number or thing."),
    Column(
        "key",
        "",
        "datatype eller språk",
        "datatype or language",
        help_nb="iri for en ting, @nb for et språk, xsd:gYear for en datatype; tom for ren tekst.",
        help_en="iri for a thing, @nb for a language, xsd:gYear for a datatype; empty for plain text.",
    ),
)
_TYPE = RDF_TYPE.value
OTHER_MACHINE = ("@subject", "@property", "@value", "@type")
NOTHING_IMPLIED = "-"
"""Cell in the column of classes: another dataset describes the thing, and this row only adds to it."""
_ESCAPED = re.compile(r"\\|^\s+|\s+$|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
NOTES_FILE = "notater.tsv"
_HEADING = ("kind", "sheet", "row", "column", "text")
NoteKind = OneOf["column", "comment", "sheet"]
_KINDS = get_args(NoteKind)
# Of a sheet in Excel.
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one sheet.

    Attributes:
        sheet: None for the table of others.
        columns: columns of the sheet; each row has a cell for each, then one for each of `extra`.
        rows: cells by row.
        extra: headings of people's own columns.
        comments: texts by row and column, counted from 0.
    """

    sheet: Sheet | None
    columns: tuple[Column, ...]
    rows: list[list[Cell]] = field(default_factory=list)
    extra: tuple[str, ...] = ()
    comments: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.sheet.title if self.sheet else OTHER_TITLE

    @property
    def file(self) -> str:
        return self.sheet.file if self.sheet else OTHER_FILE

    @property
    def machine(self) -> tuple[str, ...]:
        return tuple(column.machine for column in self.columns) if self.sheet else OTHER_MACHINE


def build_tables(triples: Iterable[Triple], model: Model, keys: Keys, *, native: bool) -> list[Table]:
    """Builds the tables that hold all triples.

    Args:
        triples: triples without blank nodes.
        model: the sheets.
        keys: short names of the dataset.
        native: whether cells may be numbers, dates and booleans, as in a workbook.
    """
    graph = Graph(statements(triples))
    things = [thing for thing in graph.things if isinstance(thing, NamedNode)]
    found = {sheet.iri: Table(sheet, sheet.columns) for sheet in model.sheets}
    other = Table(None, OTHER_COLUMNS)
    for thing in sorted(things, key=lambda node: natural_key(keys.short(node.value))):
        rest = {predicate.value: set(values) for predicate, values in graph.properties(thing).items()}
        if sheet := _choose_sheet(model, thing, rest):
            found[sheet.iri].rows.append(_take_row(sheet, thing, rest, keys, native=native))
        for path in sorted(rest):
            other.rows.extend(_other_row(thing, path, value, keys) for value in sorted(rest[path], key=str))
    holding = [
        table
        for table in found.values()
        if table.rows or (table.sheet and keys.municipality and table.sheet.may_belong_to(keys.municipality))
    ]
    return [*holding, other]


def read_other_term(value: str, kind: str, keys: Keys) -> Value:
    """Reads the term of a row in the table of others.

    Raises:
        CellError: the type is unknown, or the value does not name a thing.
        ValueError: the value has a broken escape, or the language tag is invalid.
    """
    if kind == "iri":
        return keys.iri(value)
    text = _unescape(value)
    if kind.startswith("@"):
        return Literal(text, language=kind[1:])
    return Literal(text, datatype=keys.iri(kind or "xsd:string"))


def _choose_sheet(model: Model, thing: NamedNode, known: dict[str, set[Value]]) -> Sheet | None:
    """The sheet of the narrowest class of a thing; its IRI decides when another dataset gives the types."""
    types = {value.value for value in known.get(_TYPE, ()) if isinstance(value, NamedNode)}
    return model.narrowest(types) if types else model.fitting(thing.value)


def _take_row(sheet: Sheet, thing: NamedNode, known: dict[str, set[Value]], keys: Keys, *, native: bool) -> list[Cell]:
    """Builds the row of a thing, and removes from `known` the values that the row holds.

    A row that would add statements becomes a bare row, which implies nothing.
    """
    row, held = _fill_row(sheet, thing, known, keys, native=native, bare=False)
    if any(not values <= known.get(path, set()) for path, values in held.items()):
        row, held = _fill_row(sheet, thing, known, keys, native=native, bare=True)
    for path, values in held.items():
        known[path] = known.get(path, set()) - values
        if not known[path]:
            del known[path]
    return row


def _fill_row(
    sheet: Sheet, thing: NamedNode, known: dict[str, set[Value]], keys: Keys, *, native: bool, bare: bool
) -> tuple[list[Cell], dict[str, set[Value]]]:
    """The cells of a row, and the values that an import would read from it."""
    held: dict[str, set[Value]] = {_TYPE: set()}
    if not bare:
        held[_TYPE] |= {NamedNode(iri) for iri in sheet.types}
        for path, value in sheet.implied:
            held.setdefault(path, set()).add(value)
    read_back: dict[str, set[Value]] = {}
    cells: dict[int, Cell] = {}
    # Columns that may repeat the values of another property come last.
    for number, column in sorted(enumerate(sheet.columns), key=lambda item: item[1].kind.equals is not None):
        if column.role == "key":
            cells[number] = keys.short(thing.value)
        elif column.role == "classes":
            further = {value for value in known.get(_TYPE, set()) - held[_TYPE] if isinstance(value, NamedNode)}
            held[_TYPE] |= further
            shown = sorted(keys.short(value.value) for value in further)
            cells[number] = "\n".join([NOTHING_IMPLIED] * bare + shown) or None
        elif column.role == "property":
            values = known.get(column.path, set())
            same = read_back.get(column.kind.equals or "", set()) if not bare else set()
            if not same or values != same:
                cells[number], values = write_cell(column, values - held.get(column.path, set()), keys, native=native)
            # An import reads an empty cell as the values of the other property.
            read_back.setdefault(column.path, set()).update(values or same)
    for path, values in read_back.items():
        held.setdefault(path, set()).update(values)
    return [cells.get(number) for number in range(len(sheet.columns))], held


def _other_row(thing: NamedNode, path: str, value: Value, keys: Keys) -> list[Cell]:
    subject, name = keys.short(thing.value), keys.short(path)
    if isinstance(value, Literal):
        kind = f"@{value.language}" if value.language else keys.short(value.datatype.value)
        text = _ESCAPED.sub(lambda match: "".join(f"\\u{ord(sign):04X}" for sign in match[0]), value.value)
        return [subject, name, text or None, None if value.datatype.value == STRING else kind]
    assert isinstance(value, NamedNode)
    return [subject, name, keys.short(value.value), "iri"]


def _unescape(text: str) -> str:
    broken = re.search(r"\\(?!u[0-9A-Fa-f]{4})", text)
    if broken:
        raise ValueError(r"write \u005C for a backslash")
    return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)


def find_too_long(tables: Sequence[Table], longest: int) -> str | None:
    """Key of the first thing with a text longer than `longest`."""
    for table in tables:
        for row in table.rows:
            if any(isinstance(cell, str) and len(cell) > longest for cell in row):
                return str(row[0])
    return None


@dataclass(frozen=True, slots=True)
class Note:
    """One cell or comment.

    Attributes:
        kind: a cell of an own column, a comment on a cell, or a cell of an own sheet.
        sheet: machine name of the sheet (`@id plan:Plan`), or title of an own sheet.
        row: short key of the thing, empty for the heading; row number in an own sheet.
        column: heading of an own column, machine name of a commented column, or column number in an own sheet.
        text: the text; empty only to keep an empty own column.
    """

    kind: NoteKind
    sheet: str
    row: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """A sheet that is not of the model: texts by row and column, counted from 1."""

    title: str
    cells: dict[tuple[int, int], str]


def restore_notes(tables: Sequence[Table], notes: Sequence[Note]) -> tuple[list[Table], list[OwnSheet]]:
    """Restores own columns and comments in the tables, and returns the own sheets."""
    columns: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    comments: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    sheets: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for note in notes:
        if note.kind == "column":
            columns[note.sheet][note.column][note.row] = note.text
        elif note.kind == "comment":
            comments[note.sheet][note.row, note.column] = note.text
        else:
            place = _place(note.row, note.column)
            assert place is not None  # checked as the note was read
            sheets[note.sheet][place] = note.text
    placed = []
    for table in tables:
        machine = table.machine[0]
        own = columns.get(machine, {})
        if not own and machine not in comments:
            placed.append(table)
            continue
        rows = [[*row, *(cells.get(str(row[0])) for cells in own.values())] for row in table.rows]
        beside = {
            (number, position): text
            for number, row in enumerate(table.rows)
            for position, name in enumerate(table.machine)
            if (text := comments.get(machine, {}).get((str(row[0]), name)))
        }
        placed.append(replace(table, rows=rows, extra=tuple(own), comments=beside))
    return placed, [OwnSheet(title, cells) for title, cells in sheets.items()]


def format_notes(notes: Iterable[Note]) -> str:
    """The content of the file of notes: tab-separated values, in the order given."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter="\t", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_HEADING)
    # The space stops spreadsheet programs from running the text as a formula.
    writer.writerows((note.kind, note.sheet, note.row, note.column, f" {note.text}") for note in notes)
    return "\ufeff" + lines.getvalue()


def read_notes(folder: Path) -> list[Note]:
    """Reads the notes of a dataset folder; none when the file is missing.

    Raises:
        SettingError: the file cannot be read.
    """
    path = folder / NOTES_FILE
    if not path.is_file():
        return []
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter="\t", strict=True))
        if tuple(rows[0]) != _HEADING or not all(_is_note(row) for row in rows[1:]):
            raise ValueError("it has other columns")
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise SettingError(f"{path} cannot be read ({error}). Mend it, or move it out of the folder.") from error
    return [Note(cast(NoteKind, row[0]), row[1], row[2], row[3], row[4].removeprefix(" ")) for row in rows[1:]]


def _is_note(row: Sequence[str]) -> bool:
    placed = len(row) == len(_HEADING) and row[0] in _KINDS
    return placed and (row[0] != "sheet" or _place(row[2], row[3]) is not None)


def _place(row: str, column: str) -> tuple[int, int] | None:
    """The place of a cell in an own sheet; None where no sheet has it."""
    found = whole_number(row) or 0, whole_number(column) or 0
    return found if 0 < found[0] <= _MOST_ROWS and 0 < found[1] <= _MOST_COLUMNS else None
