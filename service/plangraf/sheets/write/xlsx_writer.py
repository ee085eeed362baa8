"""Writes tables to a workbook: one sheet for each class, headings in two languages, drop-downs, and a guide sheet.

Text gets the number format @, because Excel would turn 2020-1 into a date, and is never written as a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as XlsxCell
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from plangraf.sheets.cell_values import STRING, XSD, Cell, PartialDate, as_text, to_cell
from plangraf.sheets.derived import DERIVING_PROPERTIES
from plangraf.sheets.model import Column
from plangraf.sheets.notes import OwnSheet
from plangraf.sheets.unit_marks import MarkedNumber
from plangraf.sheets.write.guide import guide_rows
from plangraf.sheets.write.tables import Table

# Author of the notes on headings, which tells them from comments of people.
AUTHOR = "plangraf"
READ_ME, LISTS = "Les meg · Read me", "Lister · Lists"
FIRST_ROW = 4
# Empty rows with drop-downs below the data, enough to fill in by hand.
_ROWS_TO_FILL = 2_000
_MAX_WIDTH = 60
_HEADING_FILLS = {
    "yes": PatternFill("solid", fgColor="FFE08A"),
    "one-of": PatternFill("solid", fgColor="FFF3CC"),
    "no": PatternFill("solid", fgColor="DDE6EE"),
}
_EVIDENCE_FILL = PatternFill("solid", fgColor="DCEBDD")
_GREY = Font(color="808080", size=8, italic=True)
_FORMATS = {
    XSD + "integer": "0",
    XSD + "gYear": "0",
    XSD + "decimal": "0.##############",
    XSD + "double": "General",
    XSD + "date": "yyyy-mm-dd",
    XSD + "boolean": "General",
}


def write_workbook(tables: Sequence[Table], path: Path, own_sheets: Sequence[OwnSheet] = ()) -> None:
    """Writes the tables and the own sheets as one .xlsx file."""
    workbook = Workbook()
    explaining = workbook.worksheets[0]
    explaining.title = READ_ME
    _write_guide(explaining, tables)
    lists = workbook.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    titles = _unique_titles(tables)
    by_class = {table.sheet.iri: title for table, title in zip(tables, titles, strict=True) if table.sheet}
    ranges: dict[tuple[str, ...], str] = {}
    for table, title in zip(tables, titles, strict=True):
        sheet = workbook.create_sheet(title, len(workbook.sheetnames) - 1)
        _write_headings(sheet, table)
        for row_number, row in enumerate(table.rows, FIRST_ROW):
            for number, value in enumerate(row, 1):
                if value is not None:
                    _set_cell(sheet.cell(row_number, number), value)
        for (row_number, number), text in table.comments.items():
            sheet.cell(FIRST_ROW + row_number, number + 1).comment = Comment(text, "")
        _add_drop_downs(sheet, table, lists, ranges, by_class)
    for written in own_sheets:
        sheet = workbook.create_sheet(written.title, len(workbook.sheetnames) - 1)
        for (row_number, number), text in written.cells.items():
            _set_cell(sheet.cell(row_number, number), text)
    workbook.save(path)


def _unique_titles(tables: Sequence[Table]) -> list[str]:
    """Unique titles of sheets; Excel ignores case."""
    titles: list[str] = []
    for table in tables:
        title, number = table.title, 2
        while title.lower() in (other.lower() for other in titles):
            title, number = f"{table.title[:28]} {number}", number + 1
        titles.append(title)
    return titles


def _write_guide(sheet: Worksheet, tables: Sequence[Table]) -> None:
    sheet.column_dimensions["A"].width = 34
    for letter in "BC":
        sheet.column_dimensions[letter].width = 78
    for row in guide_rows(tables):
        sheet.append(list(row))
        for cell in sheet[sheet.max_row]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if row[0].isupper():
                cell.font = Font(bold=True)
    sheet.sheet_view.showGridLines = False


def _write_headings(sheet: Worksheet, table: Table) -> None:
    for number, (column, machine) in enumerate(zip(table.columns, table.machine, strict=True), 1):
        upper, middle, lower = (sheet.cell(row, number) for row in (1, 2, 3))
        _set_cell(upper, column.heading_nb)
        _set_cell(middle, column.heading_en)
        _set_cell(lower, machine)
        upper.font = Font(bold=True)
        lower.font = _GREY
        for cell in (upper, middle):
            cell.fill = _EVIDENCE_FILL if column.role == "evidence" else _HEADING_FILLS[column.required]
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        note = "\n\n".join(text for text in (column.help_nb, column.help_en) if text)
        if note:
            upper.comment = Comment(note, AUTHOR, height=40 + len(note) // 2, width=360)
        dimension = sheet.column_dimensions[get_column_letter(number)]
        longest = max((len(str(row[number - 1] or "")) for row in table.rows), default=0)
        dimension.width = min(max(len(column.heading_nb), longest, 10) + 3, _MAX_WIDTH)
        dimension.number_format = _number_format(column)
    for number, heading in enumerate(table.extra, len(table.columns) + 1):
        _set_cell(sheet.cell(1, number), heading)
        sheet.cell(1, number).font = Font(bold=True)
    sheet.freeze_panes = "B4"


def _number_format(column: Column) -> str:
    kind = column.kind
    if column.path in DERIVING_PROPERTIES:
        return "@"  # text, because Excel would change a typed `1.10` or `2024-25`
    if column.role in ("key", "classes") or kind.link or kind.turtle or column.language:
        return "@"
    return _FORMATS.get(kind.datatypes[0], "@") if len(kind.datatypes) == 1 else "@"


def _set_cell(cell: XlsxCell | MergedCell, value: Cell) -> None:
    """Sets value and format; text stays text even when it begins like a formula."""
    cell.value = as_text(value) if isinstance(value, MarkedNumber | PartialDate) else value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if value[:1] in ("=", "+", "-", "@", "'", "\t"):
            cell.quotePrefix = True
    elif isinstance(value, bool):
        cell.number_format = "General"
    elif isinstance(value, int):
        cell.number_format = "0"
    elif isinstance(value, float):
        cell.number_format = "0.##############"
    elif value is not None:
        cell.number_format = "yyyy-mm-dd"


def _add_drop_downs(
    sheet: Worksheet, table: Table, lists: Worksheet, ranges: dict[tuple[str, ...], str], titles: dict[str, str]
) -> None:
    last = FIRST_ROW + len(table.rows) + _ROWS_TO_FILL
    for number, column in enumerate(table.columns, 1):
        choice = _choice_formula(column, lists, ranges, titles)
        if choice is None:
            continue
        # Only a warning, because a cell may hold several values; the import checks them.
        validation = DataValidation(
            type="list",
            formula1=choice,
            allow_blank=True,
            errorStyle="warning",
            showErrorMessage=column.kind.closed and not column.kind.several,
        )
        validation.errorTitle = "plangraf"
        validation.error = "Velg fra listen. · Choose from the list."
        letter = get_column_letter(number)
        validation.add(f"{letter}{FIRST_ROW}:{letter}{last}")
        sheet.add_data_validation(validation)


def _choice_formula(
    column: Column, lists: Worksheet, ranges: dict[tuple[str, ...], str], titles: dict[str, str]
) -> str | None:
    """Formula of a column's choices: a range of the hidden sheet, or the keys of another sheet."""
    if column.role == "classes" or column.role == "key":
        return None
    names: tuple[str, ...] = tuple(column.kind.names)
    if column.kind.datatypes == (XSD + "boolean",):
        return '"ja,nei"'
    if names and column.kind.closed:
        if names not in ranges:
            number = len(ranges) + 1
            letter = get_column_letter(number)
            for row, name in enumerate(names, 1):
                cell = to_cell(name, STRING if column.kind.link else column.kind.datatypes[0])
                _set_cell(lists.cell(row, number), cell)
            ranges[names] = f"{quote_sheetname(LISTS)}!${letter}$1:${letter}${len(names)}"
        return ranges[names]
    if len(column.kind.classes) == 1 and column.kind.classes[0] in titles:
        title = titles[column.kind.classes[0]]
        return f"{quote_sheetname(title)}!$A${FIRST_ROW}:$A${FIRST_ROW + _ROWS_TO_FILL}"
    return None
