"""What people keep in a workbook beside the data: columns, sheets and comments of their own.

They are no statements, so no Turtle holds them and no service publishes them. An import keeps them in one file
beside the dataset's Turtle, and an export puts them back where they stood.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal as OneOf
from typing import cast, get_args

from plangraf.errors import SettingError
from plangraf.sheets.write.tables import Table

NOTES_FILE = "notater.tsv"
_HEADING = ("kind", "sheet", "row", "column", "text")

NoteKind = OneOf["column", "comment", "sheet"]


@dataclass(frozen=True, slots=True)
class Note:
    """One cell or comment.

    Attributes:
        kind: a cell of an own column, a comment on a cell, or a cell of an own sheet.
        sheet: the sheet's name for the machine (`@id plan:Plan`), or the title of an own sheet.
        row: the short key of the thing, empty for the heading; of an own sheet the number of the row.
        column: the heading of an own column, the machine's name of a commented one, the number in an own sheet.
        text: what stands there; empty only to keep a column that holds nothing.
    """

    kind: NoteKind
    sheet: str
    row: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """A sheet of people's own: its texts by row and column, counted from 1."""

    title: str
    cells: dict[tuple[int, int], str]


def with_notes(found: Sequence[Table], notes: Sequence[Note]) -> tuple[list[Table], list[OwnSheet]]:
    """The tables with their own columns and comments again, and the own sheets."""
    columns: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    comments: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    sheets: dict[str, dict[tuple[int, int], str]] = defaultdict(dict)
    for note in notes:
        if note.kind == "column":
            columns[note.sheet][note.column][note.row] = note.text
        elif note.kind == "comment":
            comments[note.sheet][note.row, note.column] = note.text
        else:
            sheets[note.sheet][int(note.row), int(note.column)] = note.text
    placed = []
    for table in found:
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


def notes_text(notes: Iterable[Note]) -> str:
    """The notes as text, tabulators between the columns, in their order."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter="\t", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_HEADING)
    # A space keeps spreadsheet programs from running a text that begins as a formula does.
    writer.writerows((note.kind, note.sheet, note.row, note.column, f" {note.text}") for note in notes)
    return "\ufeff" + lines.getvalue()


def read_notes(folder: Path) -> list[Note]:
    """The notes of a dataset's folder, none when there is no file.

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
    return placed and (row[0] != "sheet" or (row[2].isdecimal() and row[3].isdecimal()))


_KINDS = get_args(NoteKind)
