"""Writes tables to a workbook: one sheet for each class, headings in two languages, drop-downs, and a guide sheet.

Text gets the number format @, because Excel would turn 2020-1 into a date, and is never written as a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as XlsxCell
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from plangraf.sheets.cell_values import STRING, XSD, Cell, MarkedNumber, PartialDate, as_text, to_cell
from plangraf.sheets.cells import DERIVING_PROPERTIES
from plangraf.sheets.model import Column
from plangraf.sheets.write.tables import OwnSheet, Table

_LINES = (
    ("LES MEG · READ ME", "", ""),
    (
        "Hva dette er · What this is",
        "Ett ark for hver klasse, én rad for hver ting, én kolonne for hver opplysning. `plangraf import-sheet` leser "
        "arkene, kontrollerer dem og skriver datafilene. Er noe galt, skrives ingenting, og hver feil nevnes med ark, "
        "rad og kolonne.",
        "One sheet for each class, one row for each thing, one column for each statement. `plangraf import-sheet` "
        "reads the sheets, checks them and writes the data files. If anything is wrong nothing is written, and each "
        "error is told with sheet, row and column.",
    ),
    (
        "De tre øverste radene · The three top rows",
        "Navn på bokmål, navn på engelsk, og det grå navnet som import leser: la det stå. Kolonner kan flyttes eller "
        "slettes, og ark kan slettes eller få nytt navn. Merknaden på en overskrift sier hva som skal stå i kolonnen.",
        "Names in Bokmål, names in English, and the grey name that import reads: leave it. Columns may be moved or "
        "deleted, sheets deleted or renamed. The note on a heading says what belongs into the column.",
    ),
    (
        "* og (*) · * and (*)",
        "Kolonner med * må fylles ut. Av kolonner med (*) og samme navn må én fylles ut (ett av språkene).",
        "Columns with * must be filled in. Of columns with (*) and the same name one must be (one of the languages).",
    ),
    (
        "Nøkkel · Key",
        "Tingens korte navn: klasse, skråstrek og kildens eget nummer, som plan/2020-2023-7, med små ASCII-bokstaver, "
        "sifre og bindestrek (æ → ae, ø → oe, å → aa). På tingens eget ark holder det med 2020-2023-7. Kommunenummeret "
        "kommer fra mappen som det importeres til.",
        "The thing's short name: class, slash and the source's own number, such as plan/2020-2023-7, in lower-case "
        "ASCII letters, digits and hyphens (æ → ae, ø → oe, å → aa). On the thing's own sheet 2020-2023-7 is enough. "
        "The municipality number comes from the folder that is imported to.",
    ),
    (
        "Lenker · Links",
        "Skriv nøkkelen til det du peker på, eller en hel adresse. Der det er en nedtrekksliste, kan navnet i listen "
        "brukes, for FN-delmål koden (11.6).",
        "Write the key of what you point to, or a whole address. Where there is a drop-down list its names can be "
        "used, for UN targets the code (11.6).",
    ),
    (
        "Flere verdier · Several values",
        "Én verdi på hver linje i cellen (Alt+Enter).",
        "One value a line in the cell (Alt+Enter).",
    ),
    (
        "Tall og datoer · Numbers and dates",
        "Vanlige tall og datoer i Excel. Som tekst leses også 1 234, 12,5, 2021-02-02 og 2.2.2021; 1.234 avvises fordi "
        "det kan være to tall. Blanke tegn foran og bak fjernes. 25 % leses "
        "som 25 når enheten er prosent. Det gjelder det som vises i cellen; vises noe annet enn det som er lagret, "
        "avvises den. Formler og sammenslåtte celler avvises.",
        "Ordinary numbers and dates of Excel. As text, 1 234, 12,5, 2021-02-02 and 2.2.2021 are read too; 1.234 is "
        "refused since it may be two numbers. White space before and after is removed. 25 % is read "
        "as 25 when the unit is per cent. What the cell shows counts; where it shows another value than it holds, it "
        "is refused. Formulas and merged cells are refused.",
    ),
    (
        "Egne kolonner · Columns of your own",
        "Egne kolonner og ark, og merknader på celler, tas vare på i filen notater.tsv ved siden av datafilene. De "
        "publiseres ikke, og kommer tilbake når du eksporterer.",
        "Columns and sheets of your own, and comments on cells, are kept in the file notater.tsv beside the data "
        "files. They are not published, and come back when you export.",
    ),
    (
        "Planer uten nummer, oppstart · Plans without a number, start",
        "Nummer kan være 7, 1.1 eller A2, eller mangle; nøkkelen lages da av tittelen. Oppstart og ferdigår kan "
        "skrives som 2025, 2024–2025 eller høst 2025: den trykte formen tas vare på, og årene leses.",
        "A number may be 7, 1.1 or A2, or be missing; the key is then made of the title. Start and completion may be "
        "written as 2025, 2024–2025 or høst 2025: the printed form is kept, and the years are read.",
    ),
    (
        "Belegg · Evidence",
        "De grønne kolonnene sier hvor opplysningene på raden står: kildedokument (kan utelates når det bare er ett), "
        "første og siste linje i rentekstuttrekket, gjerne avsnitt eller trykt element. Import lager belegg for alt på "
        "raden som ikke alt har belegg på arket for belegg: «trykt» (eller den typen du velger) for det som står i "
        "kilden, «sammenfattet» for egne ord som formål og engelske tekster, «strukturelt» for klasse, rekkefølge og "
        "plass i modellen.",
        "The green columns say where the row's statements stand: source document (may be left out when there is only "
        "one), first and last line of the plain-text extraction, and if you like section or printed item. Import "
        "makes evidence for whatever on the row has none on the sheet of evidence yet: “printed” (or the kind you "
        "choose) for what stands in the source, “summarised” for words of your own such as purpose and English texts, "
        "“structural” for class, order and place in the model.",
    ),
    (
        "Annet · Other",
        "Det siste arket holder opplysninger som ingen kolonne passer til, én på hver rad.",
        "The last sheet holds statements that no column fits, one a row.",
    ),
    ("ARKENE · THE SHEETS", "", ""),
)
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


def guide_rows(tables: Sequence[Table]) -> Iterator[tuple[str, str, str]]:
    """Rows of heading, Bokmål and English; the last rows explain each sheet."""
    yield from _LINES
    for table in tables:
        if table.sheet:
            yield f"{table.title} · {table.sheet.name_en}", table.sheet.help_nb, table.sheet.help_en


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
