"""Reads an untrusted workbook to raw tables; formulas and macros never run.

Sizes are checked before openpyxl opens the file, and a document type is refused, because only that lets XML expand. The
sizes in the zip directory are safe to use, because zipfile never reads more bytes than they state. Office Open XML:
https://ecma-international.org/publications-and-standards/standards/ecma-376/

Files that are not .xlsx workbooks are recognised by their first bytes, and each kind is refused with what to do.
Compound files: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb · OpenDocument: mimetype as first part
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell as XlsxCell
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.worksheet import Worksheet

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.sheets.cell_values import Cell, CellError, CellPlace
from plangraf.sheets.read.number_formats import read_day, read_number
from plangraf.sheets.read.raw import MAX_CELLS, Merged, RawTable, Refused, UnreadableError
from plangraf.sheets.write.xlsx_writer import AUTHOR, LISTS, READ_ME

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SAVE_NB, _SAVE_EN = "Lagre den som Excel-arbeidsbok (.xlsx).", "Save it as an Excel workbook (.xlsx)."
MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 100 * 1024 * 1024
_MAX_PARTS = 2_000
_FORMULA = CellError(
    "Cellen er en formel. Lim inn verdien i stedet (Lim inn utvalg, Verdier).",
    "The cell is a formula. Paste its value instead (Paste Special, Values).",
)
_ERROR_VALUE = CellError("Excel viser en feil her. Skriv verdien.", "Excel shows an error here. Write the value.")
_DURATION = CellError(
    "Cellen er en varighet. Formater den som tekst og skriv verdien på nytt.",
    "The cell is a duration. Format it as text and write the value again.",
)
# Strict Open XML has the same parts under other namespaces (ISO/IEC 29500-1, annex on differences).
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMESPACES = (
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/extendedProperties",
        b"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/customProperties",
        b"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/docPropsVTypes",
        b"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
    ),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)


def refuse_other_kinds(path: Path) -> None:
    """Refuses a file of another kind.

    Raises:
        UnreadableError: the file is not an .xlsx workbook.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise UnreadableError(path.name, "Filen er tom.", "The file is empty.")
    if start.startswith(_COMPOUND):
        if _ENCRYPTED in path.read_bytes():
            raise UnreadableError(
                path.name,
                "Arbeidsboken er beskyttet med passord. Fjern passordet og lagre den på nytt.",
                "The workbook is protected by a password. Remove the password and save it again.",
            )
        raise _wrong_kind_error(
            path, "en arbeidsbok i det gamle Excel-formatet (.xls)", "a workbook in Excel's old format (.xls)"
        )
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table")):
        raise _wrong_kind_error(path, "en nettside", "a web page")
    if text.startswith(b"<?xml") and b"schemas-microsoft-com:office:spreadsheet" in text:
        raise _wrong_kind_error(path, "et XML-regneark fra 2003", "an XML spreadsheet of 2003")
    if start.startswith(b"%PDF"):
        raise _wrong_kind_error(path, "en PDF", "a PDF")
    if start.startswith(b"PK"):
        _refuse_other_archives(path)
    elif b"\x00" not in start and (b";" in start or b"," in start) and b"\n" in start:
        raise UnreadableError(
            path.name,
            "Filen er ren tekst, ikke en arbeidsbok. Legg CSV-filer i en mappe, og oppgi mappen.",
            "The file is plain text, not a workbook. Put CSV files into a folder, and name the folder.",
        )


def _refuse_other_archives(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()}
            mimetype = archive.read("mimetype")[:200] if "mimetype" in archive.namelist() else b""
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError):
        return  # the reader of workbooks reports the damage
    if b"opendocument" in mimetype:
        raise _wrong_kind_error(path, "et OpenDocument-regneark (.ods)", "an OpenDocument spreadsheet (.ods)")
    if "xl/workbook.bin" in names:
        raise _wrong_kind_error(path, "en binær arbeidsbok (.xlsb)", "a binary workbook (.xlsb)")
    if any(name.endswith(".iwa") for name in names):
        raise _wrong_kind_error(path, "et regneark fra Numbers", "a spreadsheet of Numbers")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise _wrong_kind_error(path, "et tekstdokument eller en presentasjon", "a text document or a presentation")
    if not any(name.endswith("workbook.xml") for name in names):
        raise _wrong_kind_error(path, "en zip-fil uten arbeidsbok", "a zip file without a workbook")


def _wrong_kind_error(path: Path, nb: str, en: str) -> UnreadableError:
    return UnreadableError(path.name, f"Filen er {nb}. {_SAVE_NB}", f"The file is {en}. {_SAVE_EN}")


def read_workbook(path: Path) -> list[RawTable]:
    """Reads the sheets of a workbook, except the guide and the lists.

    Raises:
        UnreadableError: the file is too large, not a workbook, or malicious.
    """
    refuse_other_kinds(path)
    strict = _inspect_parts(path)
    try:
        workbook = load_workbook(
            _to_transitional(path) if strict else io.BytesIO(path.read_bytes()),
            data_only=False,
            keep_links=False,
            rich_text=False,
        )
    except Exception as error:  # a damaged part may raise any exception in openpyxl
        raise UnreadableError(
            path.name,
            f"Filen kan ikke leses som en arbeidsbok ({error}). Lagre den på nytt som .xlsx.",
            f"The file cannot be read as a workbook ({error}). Save it again as .xlsx.",
        ) from error
    try:
        if not workbook.worksheets:
            raise UnreadableError(
                path.name,
                "Arbeidsboken har ingen ark som kan leses. Lagre den på nytt som Excel-arbeidsbok (.xlsx).",
                "The workbook has no sheet that can be read. Save it again as an Excel workbook (.xlsx).",
            )
        return [_read_table(sheet) for sheet in workbook.worksheets if sheet.title not in (READ_ME, LISTS)]
    finally:
        workbook.close()


def _inspect_parts(path: Path) -> bool:
    """Checks the parts of a workbook, and returns whether it is Strict Open XML.

    Raises:
        UnreadableError: the file is too large, not a workbook, or malicious.
    """
    strict = False
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _too_large_error(path, f"{size // 1024 // 1024} MiB", f"{MAX_BYTES // 1024 // 1024} MiB")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MAX_UNPACKED_BYTES or len(parts) > _MAX_PARTS:
                raise _too_large_error(
                    path, f"{unpacked // 1024 // 1024} MiB, {len(parts)}", f"{MAX_UNPACKED_BYTES // 1024 // 1024} MiB"
                )
            for part in parts:
                if part.filename.lower().endswith("vbaproject.bin"):
                    raise UnreadableError(
                        path.name,
                        "Arbeidsboken har makroer. Lagre den som vanlig .xlsx.",
                        "The workbook has macros. Save it as an ordinary .xlsx.",
                    )
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    content = archive.read(part)
                    _refuse_document_type(path, content)
                    strict = strict or (part.filename.lower().endswith("workbook.xml") and _STRICT in content)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnreadableError(
            path.name,
            f"Filen er ingen arbeidsbok ({error}). Lagre den på nytt som .xlsx.",
            f"The file is no workbook ({error}). Save it again as .xlsx.",
        ) from error
    return strict


def _to_transitional(path: Path) -> io.BytesIO:
    """Converts a strict workbook to the namespaces that openpyxl knows."""
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(changed, "w") as written:
        for part in archive.infolist():
            content = archive.read(part)
            if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                for strict, known in _NAMESPACES:
                    content = content.replace(strict, known)
            written.writestr(part.filename, content)
    changed.seek(0)
    return changed


def _refuse_document_type(path: Path, xml: bytes) -> None:
    def refuse(*_: object) -> None:
        raise UnreadableError(
            path.name,
            "Arbeidsboken har en dokumenttype i XML-en, som ingen regneark skriver. Den leses ikke.",
            "The workbook has a document type in its XML, which no spreadsheet program writes. It is not read.",
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise UnreadableError(
            path.name,
            f"En del av arbeidsboken er ødelagt ({error}). Lagre den på nytt som .xlsx.",
            f"A part of the workbook is broken ({error}). Save it again as .xlsx.",
        ) from error


def _too_large_error(path: Path, found: str, most: str) -> UnreadableError:
    return UnreadableError(
        path.name,
        f"Arbeidsboken er for stor ({found}; grensen er {most}). Del den på flere datasett.",
        f"The workbook is too large ({found}; the limit is {most}). Split it into several data sets.",
    )


def _read_table(sheet: Worksheet) -> RawTable:
    name = f"ark «{sheet.title}» · sheet «{sheet.title}»"
    table = RawTable(name, [], title=sheet.title, hidden=sheet.sheet_state != "visible")
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        corner = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        table.problems.append(
            Diagnostic(
                CellPlace(name),
                f"Arket når til {corner}. Slett de tomme radene og kolonnene etter dataene.",
                f"The sheet reaches to {corner}. Delete the empty rows and columns after the data.",
            )
        )
        return table
    table.merged = list(_list_merged(sheet))
    table.hidden_rows = {number - 1 for number, row in sheet.row_dimensions.items() if row.hidden}
    table.hidden_columns = set(_list_hidden_columns(sheet))
    for number, row in enumerate(sheet.iter_rows()):
        table.rows.append([_read_value(cell) for cell in row])
        for position, cell in enumerate(row):
            if cell.comment is not None and cell.comment.author != AUTHOR and cell.comment.text:
                table.comments[number, position] = cell.comment.text.strip()
        first = next((cell for cell in row if cell.value is not None), None)
        if first is not None and first.font.strike:
            table.struck.add(number)
    return table


def _list_merged(sheet: Worksheet) -> Iterator[Merged]:
    for found in sorted(sheet.merged_cells.ranges, key=lambda found: (found.min_row, found.min_col)):
        yield Merged(found.coord, found.min_row - 1, found.max_row - 1, found.min_col - 1, found.max_col - 1)


def _list_hidden_columns(sheet: Worksheet) -> Iterator[int]:
    for letter, column in sheet.column_dimensions.items():
        if column.hidden:
            # One entry covers a range of columns.
            first: int = column.min or column_index_from_string(letter)
            yield from range(first - 1, min(int(column.max or first), 16_384))


def _read_value(cell: object) -> Cell | Refused:
    if not isinstance(cell, XlsxCell):  # the hidden cells of a merged range
        return None
    value = cell.value
    if cell.data_type == "f":
        return Refused(str(getattr(value, "text", None) or value), _FORMULA)
    if cell.data_type == "e":
        return Refused(str(value), _ERROR_VALUE)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # Excel ends a line within a cell with LF, other programs with CR LF.
        return value.replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, int | float):
        return read_number(value, cell.number_format)
    if isinstance(value, datetime | date):
        return read_day(value, cell.number_format)
    if isinstance(value, timedelta):
        return Refused(str(value), _DURATION)
    # Only times of day remain; other values are refused.
    return value if hasattr(value, "isoformat") else Refused(str(value), _ERROR_VALUE)  # type: ignore[return-value]
