"""A folder of CSV files, one for each class, as Norwegian Excel writes and opens them: UTF-8, semicolons.

CSV: https://www.rfc-editor.org/rfc/rfc4180. A text that a spreadsheet program would take for a formula gets an
apostrophe before it, which import takes away again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from plangraf.sheets.problems import Place, SheetProblem
from plangraf.sheets.raw import MOST_CELLS, RawTable, Refused, UnreadableError
from plangraf.sheets.tables import Table
from plangraf.sheets.values import Cell, as_text

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_MOST_BYTES = 100 * 1024 * 1024
# The longest literal that one cell may hold; csv's own limit is 128 KiB.
_LONGEST_FIELD = 10 * 1024 * 1024


def write_folder(found: Sequence[Table], folder: Path) -> list[Path]:
    """Writes one file for each table into a folder that is there."""
    written = []
    for table in found:
        path = folder / f"{table.file}.csv"
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
        writer.writerow(column.heading_nb for column in table.columns)
        writer.writerow(column.heading_en for column in table.columns)
        # The names for the machine are ours and start with @: they are no formulas that could do harm.
        writer.writerow(_guarded(name) for name in table.machine)
        for row in table.rows:
            writer.writerow(_guarded(as_text(cell)) if isinstance(cell, str) else as_text(cell) for cell in row)
        path.write_bytes(b"\xef\xbb\xbf" + lines.getvalue().encode())
        written.append(path)
    return written


def read_folder(folder: Path) -> list[RawTable]:
    """The CSV files of a folder.

    Raises:
        UnreadableError: a file is too large, not UTF-8, or broken.
    """
    return [_read(path) for path in sorted(folder.glob("*.csv"))]


def _guarded(text: str) -> str:
    return f"'{text}" if _DANGEROUS.match(text) else text


def _read(path: Path) -> RawTable:
    name = path.name
    if path.stat().st_size > _MOST_BYTES:
        raise UnreadableError(name, "Filen er for stor (grensen er 100 MiB).", "The file is too large (limit 100 MiB).")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            name,
            f"Linje {line} er ikke UTF-8. Lagre filen som «CSV UTF-8 (semikolondelt)».",
            f"Line {line} is not UTF-8. Save the file as “CSV UTF-8”.",
        ) from error
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        raise UnreadableError(
            name, f"Filen er ikke gyldig CSV ({error}).", f"The file is no valid CSV ({error})."
        ) from error
    finally:
        csv.field_size_limit(limit)
    table = RawTable(name, [])
    if sum(map(len, rows)) > MOST_CELLS:
        table.problems.append(SheetProblem(Place(name), "Filen har for mange celler.", "The file has too many cells."))
        return table
    table.rows = [[_value(field) for field in row] for row in rows]
    return table


def _delimiter(text: str) -> str:
    """Semicolon, or the comma or tabulator of other programs: the one that the row for the machine has."""
    row = next((line for line in text.splitlines()[:20] if re.match(r"[\"']*@(id|subject)\b", line)), text[:1000])
    return max(";,\t", key=row.count)


def _value(field: str) -> Cell | Refused:
    text = field.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("'") and _DANGEROUS.match(text):
        text = text[1:]
    return text or None
