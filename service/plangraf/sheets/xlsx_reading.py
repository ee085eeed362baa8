"""A workbook from elsewhere to raw tables. It is looked at before it is opened, and nothing in it is run.

Office Open XML is a zip file of XML parts: https://ecma-international.org/publications-and-standards/standards/ecma-376/
Before openpyxl sees it, sizes are those that the zip's directory states (zipfile gives no byte more than these)
and no part may have a document type, without which XML cannot expand.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell as XlsxCell
from openpyxl.worksheet.worksheet import Worksheet

from plangraf.sheets.problems import CellError, Place, SheetProblem, column_letter
from plangraf.sheets.raw import MOST_CELLS, RawTable, Refused, UnreadableError
from plangraf.sheets.values import Cell
from plangraf.sheets.xlsx_writing import LISTS, READ_ME

MOST_BYTES = 20 * 1024 * 1024
MOST_BYTES_UNPACKED = 100 * 1024 * 1024
_MOST_PARTS = 2_000

_FORMULA = CellError(
    "Cellen er en formel. Lim inn verdien i stedet (Lim inn utvalg, Verdier).",
    "The cell is a formula. Paste its value instead (Paste Special, Values).",
)
_ERROR = CellError("Excel viser en feil her. Skriv verdien.", "Excel shows an error here. Write the value.")


def read_workbook(path: Path) -> list[RawTable]:
    """The sheets of a workbook, but for our own explaining ones.

    Raises:
        UnreadableError: it is too large, no workbook, or made to do harm.
    """
    _look_at(path)
    try:
        workbook = load_workbook(path, data_only=False, keep_links=False, rich_text=False)
    except Exception as error:  # openpyxl lets out whatever a broken part causes
        raise UnreadableError(
            path.name,
            f"Filen kan ikke leses som en arbeidsbok ({error}). Lagre den på nytt som .xlsx.",
            f"The file cannot be read as a workbook ({error}). Save it again as .xlsx.",
        ) from error
    try:
        return [_table(sheet) for sheet in workbook.worksheets if sheet.title not in (READ_ME, LISTS)]
    finally:
        workbook.close()


def _look_at(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise _too_large(path, f"{size // 1024 // 1024} MiB", f"{MOST_BYTES // 1024 // 1024} MiB")
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > MOST_BYTES_UNPACKED or len(parts) > _MOST_PARTS:
                raise _too_large(
                    path, f"{unpacked // 1024 // 1024} MiB, {len(parts)}", f"{MOST_BYTES_UNPACKED // 1024 // 1024} MiB"
                )
            for part in parts:
                if part.filename.lower().endswith("vbaproject.bin"):
                    raise UnreadableError(
                        path.name,
                        "Arbeidsboken har makroer. Lagre den som vanlig .xlsx.",
                        "The workbook has macros. Save it as an ordinary .xlsx.",
                    )
                if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _without_document_type(path, archive.read(part))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnreadableError(
            path.name,
            f"Filen er ingen arbeidsbok ({error}). Lagre den på nytt som .xlsx.",
            f"The file is no workbook ({error}). Save it again as .xlsx.",
        ) from error


def _without_document_type(path: Path, xml: bytes) -> None:
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


def _too_large(path: Path, found: str, most: str) -> UnreadableError:
    return UnreadableError(
        path.name,
        f"Arbeidsboken er for stor ({found}; grensen er {most}). Del den på flere datasett.",
        f"The workbook is too large ({found}; the limit is {most}). Split it into several data sets.",
    )


def _table(sheet: Worksheet) -> RawTable:
    name = f"ark «{sheet.title}» · sheet «{sheet.title}»"
    table = RawTable(name, [])
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        corner = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        table.problems.append(
            SheetProblem(
                Place(name),
                f"Arket når til {corner}. Slett de tomme radene og kolonnene etter dataene.",
                f"The sheet reaches to {corner}. Delete the empty rows and columns after the data.",
            )
        )
        return table
    table.problems += _merged(sheet, name)
    table.rows = [[_value(cell) for cell in row] for row in sheet.iter_rows()]
    return table


def _merged(sheet: Worksheet, name: str) -> Iterator[SheetProblem]:
    for merged in sorted(sheet.merged_cells.ranges, key=lambda found: (found.min_row, found.min_col)):
        yield SheetProblem(
            Place(name, merged.min_row, column_letter(merged.min_col)),
            f"Cellene {merged.coord} er slått sammen. Del dem, og skriv verdien i hver celle den gjelder.",
            f"The cells {merged.coord} are merged. Unmerge them, and write the value into each cell that it is for.",
        )


def _value(cell: object) -> Cell | Refused:
    if not isinstance(cell, XlsxCell):  # the hidden cells of a merged range
        return None
    value = cell.value
    if cell.data_type == "f":
        return Refused(str(getattr(value, "text", value)), _FORMULA)
    if cell.data_type == "e":
        return Refused(str(value), _ERROR)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    # What is left are days and times; anything else (a duration) is no value of ours.
    return value if hasattr(value, "isoformat") else Refused(str(value), _ERROR)  # type: ignore[return-value]
