"""Tables to a workbook: one sheet for each class, headings in two languages, drop-downs, and a sheet that explains.

Text is written as text (number format @, so that Excel makes no date of 2020-1) and never as a formula.
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

from plangraf.sheets.derived import SEVERAL_WAYS
from plangraf.sheets.model import Column
from plangraf.sheets.notes import OwnSheet
from plangraf.sheets.unit_marks import Marked
from plangraf.sheets.values import STRING, XSD, Cell, PartOfDate, as_text, to_cell
from plangraf.sheets.write.guide import guide
from plangraf.sheets.write.tables import Table

# Of the notes on headings, by which import tells them from what people wrote.
AUTHOR = "plangraf"
READ_ME, LISTS = "Les meg · Read me", "Lister · Lists"
FIRST_ROW = 4
# Rows below the data that get drop-downs and formats: enough to fill in by hand.
_ROWS_TO_FILL = 2_000
_WIDEST = 60
_HEADING = {
    "yes": PatternFill("solid", fgColor="FFE08A"),
    "one-of": PatternFill("solid", fgColor="FFF3CC"),
    "no": PatternFill("solid", fgColor="DDE6EE"),
}
_OF_EVIDENCE = PatternFill("solid", fgColor="DCEBDD")
_GREY = Font(color="808080", size=8, italic=True)
_FORMATS = {XSD + "integer": "0", XSD + "gYear": "0", XSD + "decimal": "0.##############", XSD + "double": "General",
            XSD + "date": "yyyy-mm-dd", XSD + "boolean": "General"}  # fmt: skip


def write_workbook(found: Sequence[Table], path: Path, own: Sequence[OwnSheet] = ()) -> None:
    """Writes the tables, and the sheets of people's own, as one .xlsx file."""
    workbook = Workbook()
    explaining = workbook.worksheets[0]
    explaining.title = READ_ME
    _explain(explaining, found)
    lists = workbook.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    titles = _titles(found)
    by_class = {table.sheet.iri: title for table, title in zip(found, titles, strict=True) if table.sheet}
    ranges: dict[tuple[str, ...], str] = {}
    for table, title in zip(found, titles, strict=True):
        sheet = workbook.create_sheet(title, len(workbook.sheetnames) - 1)
        _head(sheet, table)
        for row_number, row in enumerate(table.rows, FIRST_ROW):
            for number, value in enumerate(row, 1):
                if value is not None:
                    _put(sheet.cell(row_number, number), value)
        for (row_number, number), text in table.comments.items():
            sheet.cell(FIRST_ROW + row_number, number + 1).comment = Comment(text, "")
        _drop_downs(sheet, table, lists, ranges, by_class)
    for written in own:
        sheet = workbook.create_sheet(written.title, len(workbook.sheetnames) - 1)
        for (row_number, number), text in written.cells.items():
            _put(sheet.cell(row_number, number), text)
    workbook.save(path)


def _titles(found: Sequence[Table]) -> list[str]:
    """Titles of sheets: Excel takes two that differ only in case for the same."""
    titles: list[str] = []
    for table in found:
        title, number = table.title, 2
        while title.lower() in (other.lower() for other in titles):
            title, number = f"{table.title[:28]} {number}", number + 1
        titles.append(title)
    return titles


def _explain(sheet: Worksheet, found: Sequence[Table]) -> None:
    sheet.column_dimensions["A"].width = 34
    for letter in "BC":
        sheet.column_dimensions[letter].width = 78
    for row in guide(found):
        sheet.append(list(row))
        for cell in sheet[sheet.max_row]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if row[0].isupper():
                cell.font = Font(bold=True)
    sheet.sheet_view.showGridLines = False


def _head(sheet: Worksheet, table: Table) -> None:
    for number, (column, machine) in enumerate(zip(table.columns, table.machine, strict=True), 1):
        upper, middle, lower = (sheet.cell(row, number) for row in (1, 2, 3))
        _put(upper, column.heading_nb)
        _put(middle, column.heading_en)
        _put(lower, machine)
        upper.font = Font(bold=True)
        lower.font = _GREY
        for cell in (upper, middle):
            cell.fill = _OF_EVIDENCE if column.role == "evidence" else _HEADING[column.required]
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        note = "\n\n".join(text for text in (column.help_nb, column.help_en) if text)
        if note:
            upper.comment = Comment(note, AUTHOR, height=40 + len(note) // 2, width=360)
        dimension = sheet.column_dimensions[get_column_letter(number)]
        longest = max((len(str(row[number - 1] or "")) for row in table.rows), default=0)
        dimension.width = min(max(len(column.heading_nb), longest, 10) + 3, _WIDEST)
        dimension.number_format = _format(column)
    for number, heading in enumerate(table.extra, len(table.columns) + 1):
        _put(sheet.cell(1, number), heading)
        sheet.cell(1, number).font = Font(bold=True)
    sheet.freeze_panes = "B4"


def _format(column: Column) -> str:
    kind = column.kind
    if column.path in SEVERAL_WAYS:
        return "@"  # a `1.10` or `2024-25` must stay what was typed
    if column.role in ("key", "classes") or kind.link or kind.turtle or column.language:
        return "@"
    return _FORMATS.get(kind.datatypes[0], "@") if len(kind.datatypes) == 1 else "@"


def _put(cell: XlsxCell | MergedCell, value: Cell) -> None:
    """Text stays text, also when it begins as a formula does."""
    cell.value = as_text(value) if isinstance(value, Marked | PartOfDate) else value
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


def _drop_downs(
    sheet: Worksheet, table: Table, lists: Worksheet, ranges: dict[tuple[str, ...], str], titles: dict[str, str]
) -> None:
    last = FIRST_ROW + len(table.rows) + _ROWS_TO_FILL
    for number, column in enumerate(table.columns, 1):
        choice = _choice(column, lists, ranges, titles)
        if choice is None:
            continue
        # A warning only: a cell may hold several, one a line, and import says what does not fit.
        validation = DataValidation(type="list", formula1=choice, allow_blank=True, errorStyle="warning",
                                    showErrorMessage=column.kind.closed and not column.kind.several)  # fmt: skip
        validation.errorTitle = "plangraf"
        validation.error = "Velg fra listen. · Choose from the list."
        letter = get_column_letter(number)
        validation.add(f"{letter}{FIRST_ROW}:{letter}{last}")
        sheet.add_data_validation(validation)


def _choice(column: Column, lists: Worksheet, ranges: dict[tuple[str, ...], str], titles: dict[str, str]) -> str | None:
    """Where a column's choices stand: a range of the hidden sheet, or the keys of another sheet."""
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
                _put(lists.cell(row, number), cell)
            ranges[names] = f"{quote_sheetname(LISTS)}!${letter}$1:${letter}${len(names)}"
        return ranges[names]
    if len(column.kind.classes) == 1 and column.kind.classes[0] in titles:
        title = titles[column.kind.classes[0]]
        return f"{quote_sheetname(title)}!$A${FIRST_ROW}:$A${FIRST_ROW + _ROWS_TO_FILL}"
    return None
