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

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_place import CellPlace, SheetDiagnostic
from plangraf.sheets.notes import OwnSheet
from plangraf.sheets.read.encodings import decoded
from plangraf.sheets.read.raw import MOST_CELLS, Found, RawTable, Refused, UnreadableError
from plangraf.sheets.values import Cell, as_text
from plangraf.sheets.write.tables import Table

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_MOST_BYTES = 100 * 1024 * 1024
# The longest literal that one cell may hold; csv's own limit is 128 KiB.
_LONGEST_FIELD = 10 * 1024 * 1024
_ENDINGS = (".csv", ".tsv")
# Files that may hold rows, under an ending that is not read; what else lies there is only named.
_PERHAPS_ROWS = re.compile(
    r"\.(?:txt|xls[xmb]?|xltx|ods|numbers|ttl|json|csv.{1,8}|tsv.{1,8})$|^[^.]*$|^\..*\.csv#?$", re.I
)
_OF_THE_SYSTEM = {"thumbs.db", "desktop.ini", ".ds_store"}


def write_folder(found: Sequence[Table], folder: Path, own: Sequence[OwnSheet] = ()) -> list[Path]:
    """Writes one file for each table, and for each sheet of people's own, into a folder that is there.

    CSV has no comments: those on cells are not written.
    """
    written = []
    for table in found:
        path = folder / f"{table.file}.csv"
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
        writer.writerow([*(column.heading_nb for column in table.columns), *map(_guarded, table.extra)])
        writer.writerow(column.heading_en for column in table.columns)
        # The names for the machine are ours and start with @: they are no formulas that could do harm.
        writer.writerow(_guarded(name) for name in table.machine)
        for row in table.rows:
            writer.writerow(_guarded(as_text(cell)) if isinstance(cell, str) else as_text(cell) for cell in row)
        written.append(_written(path, lines))
    for sheet in own:
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
        width = max(column for _, column in sheet.cells)
        for number in range(1, max(row for row, _ in sheet.cells) + 1):
            writer.writerow(_guarded(sheet.cells.get((number, column), "")) for column in range(1, width + 1))
        name = re.sub(r"[^\w() -]", "_", sheet.title)
        written.append(_written(folder / f"{name}.csv", lines))
    return written


def read_folder(folder: Path) -> Found:
    """The CSV files of a folder, and a word about each other file that lies there.

    Raises:
        UnreadableError: a file is too large, in an unknown encoding, or broken.
    """
    found = Found()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_file() and path.suffix.lower() in _ENDINGS and not path.name.startswith("."):
            found.tables.append(_read(path, found.problems))
        elif path.name.lower() not in _OF_THE_SYSTEM:
            found.problems.append(_not_read(path))
    return found


def _written(path: Path, lines: io.StringIO) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + lines.getvalue().encode())
    return path


def _not_read(path: Path) -> SheetDiagnostic:
    """A file that is not read: an error when it may hold rows, which else would be missing without a word."""
    if path.is_dir():
        holds = any(inner.suffix.lower() in _ENDINGS for inner in path.iterdir())
        return Diagnostic(
            CellPlace(f"{path.name}/"),
            "Mappen er ikke lest: legg CSV-filene rett i mappen du oppgir.",
            "The folder is not read: put the CSV files right into the folder that you name.",
            "Violation" if holds else "Info",
        )
    if _PERHAPS_ROWS.search(path.name):
        return Diagnostic(
            CellPlace(path.name),
            f"Filen er ikke lest. Lagre den som {Path(path.name.lstrip('.')).stem}.csv, eller flytt den ut av mappen.",
            f"The file is not read. Save it as {Path(path.name.lstrip('.')).stem}.csv, or move it out of the folder.",
        )
    return Diagnostic(CellPlace(path.name), "Filen er ikke lest.", "The file is not read.", "Info")


def _guarded(text: str) -> str:
    return f"'{text}" if _DANGEROUS.match(text) else text


def _read(path: Path, problems: list[SheetDiagnostic]) -> RawTable:
    name = path.name
    if path.stat().st_size > _MOST_BYTES:
        raise UnreadableError(name, "Filen er for stor (grensen er 100 MiB).", "The file is too large (limit 100 MiB).")
    text = decoded(path.read_bytes(), name, problems)
    table = RawTable(name, [], title=path.stem)
    if not text.strip():
        table.problems.append(
            Diagnostic(
                CellPlace(name),
                "Filen er tom. Slett den hvis radene i den skal bort, ellers hent den tilbake.",
                "The file is empty. Delete it if its rows are to go, else bring it back.",
            )
        )
        return table
    if "\n" not in text:
        text = text.replace("\r", "\n")
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter, name)
    if sum(map(len, rows)) > MOST_CELLS:
        table.problems.append(
            Diagnostic(CellPlace(name), "Filen har for mange celler.", "The file has too many cells.")
        )
        return table
    table.problems += _odd_rows(rows, delimiter, name)
    table.rows = [[_value(field) for field in row] for row in rows]
    return table


def _rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    limit = csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        rows += reader
    except csv.Error as error:
        # A quote that is never closed runs to the end of the file: it opened in the row after the last whole one.
        first = len(rows) + 1
        raise UnreadableError(
            name,
            f"Filen er ikke gyldig CSV ({error}). Se etter et anførselstegn for mye eller for lite i rad {first}.",
            f"The file is no valid CSV ({error}). Look for a quote too many or too few in row {first}.",
        ) from error
    finally:
        csv.field_size_limit(limit)
    return rows


def _odd_rows(rows: Sequence[Sequence[str]], delimiter: str, name: str) -> list[SheetDiagnostic]:
    """Rows that are longer than their headings, and cells that swallowed other rows."""
    heading = next((row for row in rows[:20] if row and re.match(r"'*@(id|subject)\b", row[0].strip())), None)
    heading = heading or next((row for row in rows[:20] if any(re.match(r"'*@(id|subject)\b", c) for c in row)), None)
    if heading is None:
        return []
    width, found = max(len(row) for row in rows[: rows.index(heading) + 1]), []
    for number, row in enumerate(rows, 1):
        if any(field.strip() for field in row[width:]):
            found.append(
                Diagnostic(
                    CellPlace(name, number),
                    f"Raden har {len(row)} celler, overskriften {width}. Sett en tekst som har «{delimiter}» i seg, i "
                    "anførselstegn.",
                    f"The row has {len(row)} cells, the heading {width}. Put a text that holds «{delimiter}» into "
                    "quotes.",
                )
            )
        if width > 2 and any(
            line.count(delimiter) >= width - 1 for field in row if "\n" in field for line in field.split("\n")
        ):
            found.append(
                Diagnostic(
                    CellPlace(name, number),
                    "En celle i raden har hele rader i seg. Se etter et anførselstegn som mangler.",
                    "A cell of the row holds whole rows. Look for a quote that is missing.",
                )
            )
    return found


def _delimiter(text: str) -> str:
    """Semicolon, or the comma or tabulator of other programs: the one that the row for the machine has."""
    lines = text.splitlines()[:20]
    row = next((line for line in lines if re.match(r"[\"']*@(id|subject)\b", line)), None)
    row = row or next((line for line in lines if re.search(r"@(id|subject)\b", line)), text[:1000])
    return max(";,\t", key=row.count)


def _value(field: str) -> Cell | Refused:
    text = field.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("'") and _DANGEROUS.match(text):
        text = text[1:]
    return text or None
