"""Fills in a template with openpyxl as a planner does by hand, by the names in the third row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

HEADING_ROW = 3
FIRST_ROW = 4
Row = Mapping[str, object]


def sheet_of(path: Path, class_name: str) -> tuple[object, Worksheet]:
    """The workbook and its sheet for a class, such as `plan:Plan`."""
    workbook = load_workbook(path)
    for sheet in workbook.worksheets:
        if sheet.cell(HEADING_ROW, 1).value == f"@id {class_name}":
            return workbook, sheet
    raise AssertionError(f"no sheet for {class_name}")


def columns(sheet: Worksheet) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in sheet[HEADING_ROW] if cell.value}


def shorten(template: Path, classes: Iterable[str], path: Path) -> None:
    """Writes a template without the sheets of other classes: opening a sheet takes longer than reading its rows."""
    workbook = load_workbook(template)
    keys = {f"@id {name}" for name in classes} | {"@subject"}
    for sheet in workbook.worksheets:
        if sheet.cell(HEADING_ROW, 1).value not in keys and sheet.sheet_state == "visible":
            workbook.remove(sheet)
    workbook.save(path)


def fill(path: Path, rows: Mapping[str, Sequence[Row]]) -> Path:
    """Writes rows below the existing content of each class's sheet; `key` is the first column."""
    workbook = load_workbook(path)
    sheets = {str(sheet.cell(HEADING_ROW, 1).value): sheet for sheet in workbook.worksheets}
    for class_name, found in rows.items():
        sheet = sheets[f"@id {class_name}"]
        named = columns(sheet)
        first = max(FIRST_ROW, sheet.max_row + 1)
        for number, row in enumerate(found, first):
            for name, value in row.items():
                sheet.cell(number, 1 if name == "key" else named[name]).value = value  # type: ignore[assignment]
    workbook.save(path)
    return path
