"""Writes and reads a folder of CSV files, one for each class, as Norwegian Excel does: UTF-8 with semicolons.

Other encodings that are read: UTF-16, and Windows-1252 when no other encoding is likely. An export puts an apostrophe
before a text that a spreadsheet program would run as a formula; an import removes it. CSV:
https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_values import Cell, CellPlace, SheetDiagnostic, as_text
from plangraf.sheets.read.raw import MAX_CELLS, RawTable, RawTables, Refused, UnreadableError
from plangraf.sheets.write.tables import OwnSheet, Table

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Letters and signs of Norwegian texts. Older encodings have æ, ø and å at the bytes of ¾, ¿, Œ, †, ‘ and › in
# Windows-1252, so a text with other signs than these is refused.
_NORWEGIAN_SIGNS = frozenset("æøåÆØÅéÉèÈêëóòôöÖüÜäÄáàÁçñ«»–—“”„’…§°€£·•½¼²³®©´µ×\u00a0\u00ad")
_FORMULA_START = re.compile(r"'*[=+\-@\t\r]")
_MAX_BYTES = 100 * 1024 * 1024
# Raises the limit of the csv module, 128 KiB, because a literal may be longer.
_MAX_FIELD_CHARS = 10 * 1024 * 1024
_ENDINGS = (".csv", ".tsv")
# Endings of files that may hold rows although they are not read; other files only give an Info.
_MAY_HOLD_ROWS = re.compile(
    r"\.(?:txt|xls[xmb]?|xltx|ods|numbers|ttl|json|csv.{1,8}|tsv.{1,8})$|^[^.]*$|^\..*\.csv#?$", re.I
)
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", ".ds_store"}


def decode(content: bytes, name: str, problems: list[SheetDiagnostic]) -> str:
    """Decodes the content of a file.

    Args:
        content: bytes of the file.
        name: name of the file in messages.
        problems: receives an Info when the encoding was guessed.
    Raises:
        UnreadableError: no encoding fits.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise _unreadable_error(content, error.start, name) from error
    if b"\x00" in content:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = content.decode(encoding, errors="replace")
            if text.isprintable() or all(sign.isprintable() or sign in "\r\n\t" for sign in text):
                return text
        raise _unreadable_error(content, content.index(b"\x00"), name)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise _unreadable_error(content, error.start, name) from error
        if not {sign for sign in text if ord(sign) > 126} <= _NORWEGIAN_SIGNS:
            raise _unreadable_error(content, error.start, name) from error
    problems.append(
        Diagnostic(
            CellPlace(name),
            "Filen er ikke UTF-8 og er lest som Windows-1252. Se etter at æ, ø og å er riktige.",
            "The file is not UTF-8 and is read as Windows-1252. See that æ, ø and å are right.",
            "Info",
        )
    )
    return text


def _unreadable_error(content: bytes, position: int, name: str) -> UnreadableError:
    line = content.count(b"\n", 0, position) + 1
    return UnreadableError(
        name,
        f"Linje {line} er ikke UTF-8. Lagre filen som «CSV UTF-8 (semikolondelt)».",
        f"Line {line} is not UTF-8. Save the file as “CSV UTF-8”.",
    )


def write_folder(tables: Sequence[Table], folder: Path, own_sheets: Sequence[OwnSheet] = ()) -> list[Path]:
    """Writes one file for each table and each own sheet into an existing folder.

    Comments on cells are left out, because CSV cannot hold them.
    """
    written = []
    for table in tables:
        path = folder / f"{table.file}.csv"
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
        writer.writerow([*(column.heading_nb for column in table.columns), *map(_guard_formula, table.extra)])
        writer.writerow(column.heading_en for column in table.columns)
        # Machine names start with @, which some programs take for a formula.
        writer.writerow(_guard_formula(name) for name in table.machine)
        for row in table.rows:
            writer.writerow(_guard_formula(as_text(cell)) if isinstance(cell, str) else as_text(cell) for cell in row)
        written.append(_save(path, lines))
    for sheet in own_sheets:
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
        width = max(column for _, column in sheet.cells)
        for number in range(1, max(row for row, _ in sheet.cells) + 1):
            writer.writerow(_guard_formula(sheet.cells.get((number, column), "")) for column in range(1, width + 1))
        name = re.sub(r"[^\w() -]", "_", sheet.title)
        written.append(_save(folder / f"{name}.csv", lines))
    return written


def read_folder(folder: Path) -> RawTables:
    """Reads the CSV files of a folder, and reports each other file.

    Raises:
        UnreadableError: a file is too large, in an unknown encoding, or broken.
    """
    found = RawTables()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_file() and path.suffix.lower() in _ENDINGS and not path.name.startswith("."):
            found.tables.append(_read_file(path, found.problems))
        elif path.name.lower() not in _SYSTEM_FILES:
            found.problems.append(_report_unread(path))
    return found


def _save(path: Path, lines: io.StringIO) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + lines.getvalue().encode())
    return path


def _report_unread(path: Path) -> SheetDiagnostic:
    """Reports a file that is not read: a Violation when it may hold rows, because they would be lost silently."""
    if path.is_dir():
        holds = any(inner.suffix.lower() in _ENDINGS for inner in path.iterdir())
        return Diagnostic(
            CellPlace(f"{path.name}/"),
            "Mappen er ikke lest: legg CSV-filene rett i mappen du oppgir.",
            "The folder is not read: put the CSV files right into the folder that you name.",
            "Violation" if holds else "Info",
        )
    if _MAY_HOLD_ROWS.search(path.name):
        return Diagnostic(
            CellPlace(path.name),
            f"Filen er ikke lest. Lagre den som {Path(path.name.lstrip('.')).stem}.csv, eller flytt den ut av mappen.",
            f"The file is not read. Save it as {Path(path.name.lstrip('.')).stem}.csv, or move it out of the folder.",
        )
    return Diagnostic(CellPlace(path.name), "Filen er ikke lest.", "The file is not read.", "Info")


def _guard_formula(text: str) -> str:
    return f"'{text}" if _FORMULA_START.match(text) else text


def _read_file(path: Path, problems: list[SheetDiagnostic]) -> RawTable:
    name = path.name
    if path.stat().st_size > _MAX_BYTES:
        raise UnreadableError(name, "Filen er for stor (grensen er 100 MiB).", "The file is too large (limit 100 MiB).")
    text = decode(path.read_bytes(), name, problems)
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
    delimiter = _detect_delimiter(text)
    rows = _parse_rows(text, delimiter, name)
    if sum(map(len, rows)) > MAX_CELLS:
        table.problems.append(
            Diagnostic(CellPlace(name), "Filen har for mange celler.", "The file has too many cells.")
        )
        return table
    table.problems += _find_odd_rows(rows, delimiter, name)
    table.rows = [[_to_cell(field) for field in row] for row in rows]
    return table


def _parse_rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    limit = csv.field_size_limit(_MAX_FIELD_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        rows += reader
    except csv.Error as error:
        # An unclosed quote runs to the end of the file, so it opened in the row after the last complete one.
        first = len(rows) + 1
        raise UnreadableError(
            name,
            f"Filen er ikke gyldig CSV ({error}). Se etter et anførselstegn for mye eller for lite i rad {first}.",
            f"The file is no valid CSV ({error}). Look for a quote too many or too few in row {first}.",
        ) from error
    finally:
        csv.field_size_limit(limit)
    return rows


def _find_odd_rows(rows: Sequence[Sequence[str]], delimiter: str, name: str) -> list[SheetDiagnostic]:
    """Reports rows that are longer than the heading, and cells that contain other rows."""
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


def _detect_delimiter(text: str) -> str:
    """The delimiter that occurs most often in the row of machine names: semicolon, comma or tab."""
    lines = text.splitlines()[:20]
    row = next((line for line in lines if re.match(r"[\"']*@(id|subject)\b", line)), None)
    row = row or next((line for line in lines if re.search(r"@(id|subject)\b", line)), text[:1000])
    return max(";,\t", key=row.count)


def _to_cell(field: str) -> Cell | Refused:
    text = field.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("'") and _FORMULA_START.match(text):
        text = text[1:]
    return text or None
