"""Notes of people in a workbook: own columns, own sheets and comments.

Notes are not published, because they are not statements. An import keeps them in one file beside the dataset's Turtle
files, and an export restores them.
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
            sheets[note.sheet][int(note.row), int(note.column)] = note.text
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
    return placed and (row[0] != "sheet" or (row[2].isdecimal() and row[3].isdecimal()))


_KINDS = get_args(NoteKind)
