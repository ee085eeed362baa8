"""A cell is read as the sheet displays it, or refused with its place: formats, dates, codes, merged cells and more."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from checkout_model import MODEL
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula

from filled_sheets import columns, fill, sheet_of, shorten
from plangraf.diagnostics.diagnostic import as_text, stops
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sheets.cell_values import MarkedNumber, PartialDate, to_cell
from plangraf.sheets.importing import read_sheets
from plangraf.sheets.read.number_formats import read_day, read_number
from plangraf.sheets.read.raw import Imported, Refused, UnreadableError

XSD = PREFIXES["xsd"]
MEASURE = {"key": "2024-1", "rdfs:label@nb": "Flere reiser med buss", "rdfs:label@en": "More bus trips"}

CLASSES = (
    "dcat:Dataset",
    "plan:Case",
    "plan:Decision",
    "plan:Measure",
    "plan:Municipality",
    "plan:Perspective",
    "plan:Plan",
)


@pytest.fixture(scope="module")
def filled(short_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "plan.xlsx"
    shorten(short_template, CLASSES, path)
    return fill(
        path,
        {
            "plan:Measure": [MEASURE],
            "plan:Plan": [{"key": "1", "plan:number": 1, "dcterms:title@nb": "En plan"}],
            "plan:Case": [{"key": "1", "plan:caseNumber": "1/24"}],
            "plan:Decision": [{"key": "1"}],
        },
    )


@pytest.fixture
def sheets(filled: Path, tmp_path: Path) -> Path:
    return shutil.copy(filled, tmp_path / "plan.xlsx")


def imported(path: Path) -> Imported:
    return read_sheets(path, path.parent / "9999" / "ny", MODEL)


def put(path: Path, class_name: str, name: str, value: object, number_format: str | None = None, **more: object) -> str:
    """Writes one cell of the first row; returns the message of the import, or the value."""
    workbook, sheet = sheet_of(path, class_name)
    named = columns(sheet)
    cell = sheet.cell(4, named[name])
    cell.value = value  # type: ignore[assignment]
    cell.number_format = number_format or "General"
    for other, content in more.items():
        sheet.cell(4, named[other.replace("__", ":")]).value = content  # type: ignore[assignment]
    workbook.save(path)  # type: ignore[attr-defined]
    found = imported(path)
    if stops(found.problems):
        report = as_text(found.problems)
        assert f" {cell.column_letter}" in report
        assert "row 4" in report
        return report
    local = name.partition(":")[2].partition("@")[0]
    values = [str(triple.object) for triple in found.triples if triple.predicate.value.endswith(local)]
    return " ".join(sorted(values))


PERCENT = "prosent"


NUMBERS: list[tuple[object, str, str | None, str]] = [
    (0.25, "0%", PERCENT, f'"25"^^<{XSD}decimal>'),
    (0.255, "0.0%", PERCENT, f'"25.5"^^<{XSD}decimal>'),
    (0.07, "0.00 %", PERCENT, f'"7"^^<{XSD}decimal>'),
    (1.2, "0 %", PERCENT, f'"120"^^<{XSD}decimal>'),
    (-0.05, "0%;[Red]-0%", PERCENT, f'"-5"^^<{XSD}decimal>'),
    (25, '0"%"', PERCENT, f'"25"^^<{XSD}decimal>'),
    ("25 %", "@", PERCENT, f'"25"^^<{XSD}decimal>'),
    ("25,5%", "@", PERCENT, f'"25.5"^^<{XSD}decimal>'),
    (0.25, "0%", "kilometer", "Here stands 25 %, with a per cent sign"),
    (0.25, "0%", None, "Here stands 25 %, with a per cent sign"),
    ("25 %", "@", None, "Write a number, such as 12,5"),
    (0.2549, "0%", PERCENT, "The cell shows 25 % but holds 25,49"),
    (0.25, "General", PERCENT, f'"0.25"^^<{XSD}decimal>'),
    (0.1 + 0.2, "General", "kilometer", f'"0.3"^^<{XSD}decimal>'),
    (25.499999999999996, "0.0", "kilometer", f'"25.5"^^<{XSD}decimal>'),
    (33.3333333333333, "0.0", "kilometer", "The cell shows 33,3 but holds 33,3333333333333"),
    (24.6, "0", "kilometer", "The cell shows 25 but holds 24,6"),
    (1234.5, "#,##0.0", "kilometer", f'"1234.5"^^<{XSD}decimal>'),
    (1234567, "#,##0,", "kilometer", "The number format shows thousands or millions"),
    (5, '0.0" mill."', "kilometer", "The cell shows «5 mill.»"),
    (1500, "[$kr-414] #,##0", "norske kroner", f'"1500"^^<{XSD}decimal>'),
    (1500, '_-* #,##0.00_-;\\-* #,##0.00_-;_-* "-"??_-;_-@_-', "norske kroner", f'"1500"^^<{XSD}decimal>'),
    (0, '_-* #,##0.00_-;\\-* #,##0.00_-;_-* "-"??_-;_-@_-', "kilometer", f'"0"^^<{XSD}decimal>'),
    (12345, "0.00E+00", "kilometer", "The cell shows 12300 but holds 12345"),
    (12300, "0.00E+00", "kilometer", f'"12300"^^<{XSD}decimal>'),
    (1 / 3, "# ?/?", "kilometer", "The cell shows a fraction"),
    (5, ";;;", "kilometer", "The number format hides the value"),
    (5, "[<10]0.0;0", "kilometer", "The number format has conditions"),
    ("1\u00a0234,5", "@", "kilometer", f'"1234.5"^^<{XSD}decimal>'),
    ("1\u2009234", "@", "kilometer", f'"1234"^^<{XSD}decimal>'),
    ("\u22125", "@", "kilometer", f'"-5"^^<{XSD}decimal>'),
    ("'5", "@", "kilometer", "An apostrophe stands before the value"),
    ("#I/T", "@", "kilometer", "The spreadsheet shows an error here"),
    (True, "General", "kilometer", "a true/false value"),
    (timedelta(hours=30), "[h]:mm", "kilometer", "The cell is a duration"),
    (time(8, 30), "h:mm", "kilometer", "a time of day"),
    (date(2021, 3, 4), "yyyy-mm-dd", "kilometer", "Here stands a date"),
    (1234567, "#,##0.0,,", "kilometer", "The number format shows thousands or millions"),
    (1234567, "0.00,", "kilometer", "The number format shows thousands or millions"),
    (-5, "0;0", "kilometer", "The number format hides the minus sign"),
    (-5, "0;[Red]0", "kilometer", f'"-5"^^<{XSD}decimal>'),
    (-5, "#,##0_);(#,##0)", "kilometer", f'"-5"^^<{XSD}decimal>'),
    (-5, '0;"-"0', "kilometer", f'"-5"^^<{XSD}decimal>'),
    (5, '"-"0', "kilometer", "The number format shows the number as negative"),
    (5, "(0)", "kilometer", "The number format shows the number as negative"),
    (5, "0.0\u2030", "kilometer", "Here stands 5 \u2030, with a unit"),
    (5, '0"\u2030"', "promille", f'"5"^^<{XSD}decimal>'),
    (0.25, "0%", "promille", "Here stands 25 %, with a per cent sign"),
    (1500, "[$\u20ac-2] #,##0", "norske kroner", "The cell shows «1500 \u20ac»"),
    (1500, '#,##0 "USD"', "norske kroner", "The cell shows «1500 USD»"),
    (1500, '"kr" #,##0.00', "norske kroner", f'"1500"^^<{XSD}decimal>'),
    (1500, '#,##0",-"', "norske kroner", f'"1500"^^<{XSD}decimal>'),
    (1500, '"kr" #,##0.00', "kilometer", "Here stands 1500 kr, with a unit"),
    (1500, '0" km"', "kilogram", "Here stands 1500 km, with a unit"),
    (1500, '0.0" km"', "kilometer", f'"1500"^^<{XSD}decimal>'),
    (0.5, '0.0" km"', None, "Here stands 0,5 km, with a unit"),
    ("25 prosent", "@", PERCENT, f'"25"^^<{XSD}decimal>'),
    ("25,5 pst.", "@", PERCENT, f'"25.5"^^<{XSD}decimal>'),
    ("5 \u2030", "@", "promille", f'"5"^^<{XSD}decimal>'),
    ("kr 1 500", "@", "norske kroner", f'"1500"^^<{XSD}decimal>'),
    ("1 500 kr.", "@", "norske kroner", f'"1500"^^<{XSD}decimal>'),
    ("1 500,-", "@", "norske kroner", f'"1500"^^<{XSD}decimal>'),
    ("1.500 kr", "@", "norske kroner", '"1.500" may be either of two numbers'),
    ("15 km", "@", "norske kroner", "Write a number, such as 12,5"),
    ("15 mill. kr", "@", "norske kroner", "Write a number, such as 12,5"),
    ("(5)", "@", "kilometer", "Write a number, such as 12,5"),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("value", "number_format", "unit", "expected"),
    [pytest.param(*case, marks=[] if n % 4 == 0 else pytest.mark.slow) for n, case in enumerate(NUMBERS)],
)
def test_a_number_is_read_as_its_cell_shows_it(
    sheets: Path, value: object, number_format: str, unit: str | None, expected: str
) -> None:
    assert expected in put(sheets, "plan:Measure", "plan:aimValue", value, number_format, plan__aimUnit=unit)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (45366, "General", "Here stands the number 45366. If you mean the date 2024-03-15, write it."),
        (datetime(2024, 3, 15), "dd.mm.yyyy", f'"2024-03-15"^^<{XSD}date>'),
        (datetime(2024, 3, 15), "mmm yy", "a part of a date, 2024-03"),
        (datetime(2024, 3, 15), "d. mmm", "a part of a date, --03-15"),
        (datetime(2024, 3, 15, 10), "dd.mm.yyyy hh:mm", "Write a date"),
        ("15.3.2024", "@", f'"2024-03-15"^^<{XSD}date>'),
        ("15.3.24", "@", "Write a date"),
        ("15. mars 2024", "@", "Write a date"),
        ("mar.24", "@", "a year or month alone is plan:decisionPeriod"),
    ],
)
def test_a_date_is_read_when_its_cell_shows_the_whole_day(
    sheets: Path, value: object, number_format: str, expected: str
) -> None:
    assert expected in put(sheets, "plan:Decision", "eli-dl:activity_date", value, number_format)


@pytest.mark.slow
def test_a_month_is_read_where_the_cell_shows_a_month(sheets: Path) -> None:
    read = put(sheets, "plan:Decision", "plan:decisionPeriod", datetime(2024, 3, 1), "mmmm yyyy")
    assert f'"2024-03"^^<{XSD}gYearMonth>' in read
    assert "Here stands a date" in put(sheets, "plan:Decision", "plan:decisionPeriod", datetime(2024, 3, 1), "d.m.yyyy")


def test_dates_of_the_1904_calendar_are_the_days_that_excel_shows(sheets: Path) -> None:
    workbook = load_workbook(sheets)
    workbook.epoch = CALENDAR_MAC_1904
    workbook.save(sheets)
    assert f'"2024-03-15"^^<{XSD}date>' in put(
        sheets, "plan:Decision", "eli-dl:activity_date", datetime(2024, 3, 15), "yyyy-mm-dd"
    )


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (datetime(2021, 8, 21), "d.mmm", "has made a date of what was written (--08-21). Format the cell as text"),
        (datetime(2021, 8, 21), "yyyy-mm-dd", "has made a date of what was written (2021-08-21)"),
        ("21.aug", "@", "has made a date of what was written (21.aug)"),
        ("aug.21", "@", "has made a date"),
        (1.1, "General", "8.1 and 8.10 are the same. Format the cell as text"),
        (0.25, "0%", "25 %, with a per cent sign"),
        ("1,9E+10", "@", "has shortened a long number"),
        ("#####", "@", "The spreadsheet shows an error here"),
        ("'8/21", "@", "An apostrophe stands before the value"),
        ("8/21", "@", '"8/21"'),
    ],
)
def test_a_case_number_that_excel_changed_is_refused(
    sheets: Path, value: object, number_format: str, expected: str
) -> None:
    assert expected in put(sheets, "plan:Case", "plan:caseNumber", value, number_format)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (301, "0000", '"0301"'),
        (301, "General", '"301"'),
        (5001, "0000", '"5001"'),
    ],
)
def test_leading_zeros_that_the_cell_shows_are_kept(
    sheets: Path, value: object, number_format: str, expected: str
) -> None:
    fill(sheets, {"plan:Municipality": [{"key": "9999"}]})
    read = put(sheets, "plan:Municipality", "plan:municipalityNumber", value, number_format)
    assert read == expected


@pytest.mark.sampled(4)
@pytest.mark.parametrize("key", ["jan.20", "20. jan", "2020-jan", "okt 2020", "'2020-1", "#N/A", "2,02E+10"])
def test_a_key_that_excel_changed_is_refused(sheets: Path, key: str) -> None:
    workbook, sheet = sheet_of(sheets, "plan:Plan")
    sheet.cell(4, 1).value = key
    workbook.save(sheets)  # type: ignore[attr-defined]
    assert "row 4, column A" in as_text(imported(sheets).problems)
    assert stops(imported(sheets).problems)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", ["plan:number", "dcterms:title@nb", "plan:respondsTo", "plan:printedAsRevision"])
def test_formulas_and_error_values_are_refused_with_their_cell(sheets: Path, name: str) -> None:
    for value in ("=1+1", '=HYPERLINK("x")', ArrayFormula("B4:B5", "=A4:A5"), "#REF!", "#N/A"):
        assert "«" in put(sheets, "plan:Plan", name, value)


def test_texts_in_a_language_may_look_like_spoiled_values(sheets: Path) -> None:
    for text in ("okt. 2025", "'68-opprøret", "8/21", "1.10", "25 %", "2020-2030"):
        assert put(sheets, "plan:Plan", "dcterms:title@nb", text, "@") == f'"{text}"@nb'
    assert "The spreadsheet shows an error" in put(sheets, "plan:Plan", "dcterms:title@nb", "#VERDI!", "@")


@pytest.mark.parametrize("text", ["mars 2024", "15. mars 2024"])
def test_a_month_in_words_in_a_date_column_is_not_blamed_on_the_program(sheets: Path, text: str) -> None:
    assert "Write a date, such as" in put(sheets, "plan:Decision", "eli-dl:activity_date", text, "@")


def test_formats_are_read_by_their_sections() -> None:
    assert read_number(0.25, "0.00%") == MarkedNumber(Decimal("25"), "%")
    assert isinstance(read_number(-3, '0;"(tom)"'), Refused)
    assert read_number(7, "General") == 7
    assert read_day(datetime(2021, 3, 4, 10, 5), "dd.mm.yyyy") == date(2021, 3, 4)
    assert read_day(date(2021, 3, 4), "yyyy") == PartialDate("2021")
    assert read_day(datetime(2021, 3, 4, 10, 5), "d.m.yy hh:mm") == datetime(2021, 3, 4, 10, 5)
    assert read_day(date(2021, 3, 4), "[$-414]d. mmmm yyyy;@") == date(2021, 3, 4)


# Links


@pytest.mark.sampled(4)
@pytest.mark.parametrize("text", ["11.6; 11.7", "11.6, 11.7", "11.6;11.7", "11.6 og 11.7", "11.6\n11.7"])
def test_several_links_in_one_line_are_read_when_each_is_one(sheets: Path, text: str) -> None:
    fill(sheets, {"plan:Perspective": [{"key": "2024-1"}]})
    read = put(sheets, "plan:Perspective", "plan:relatesToTarget", text, "@")
    assert read == "<http://metadata.un.org/sdg/11.6> <http://metadata.un.org/sdg/11.7>"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("11.6; 11.77", "«11.77» is not in the list. Choose one of: «1.1»"),
        ("11.66", "«11.66» is not in the list. Choose one of: «1.1»"),
        ("11,6", "Did you mean «11.6»?"),
        ("11.A", None),
        ("11-a", "Did you mean «11.a»?"),
    ],
)
def test_a_mistyped_target_code_never_suggests_another_target(sheets: Path, text: str, hint: str | None) -> None:
    fill(sheets, {"plan:Perspective": [{"key": "2024-1"}]})
    read = put(sheets, "plan:Perspective", "plan:relatesToTarget", text, "@")
    assert (hint in read) if hint else read == "<http://metadata.un.org/sdg/11.a>"


def test_a_hint_names_an_accepted_value(sheets: Path) -> None:
    fill(sheets, {"plan:Perspective": [{"key": "2024-1", "skos:prefLabel@nb": "Trygge veier", "plan:number": 4}]})
    for text in ("Trygge veier", "TRYGGE VEIER."):
        assert f"For «{text}», write perspective/2024-1." in put(sheets, "plan:Plan", "plan:respondsTo", text, "@")
    assert put(sheets, "plan:Plan", "plan:respondsTo", "perspective/2024-1").endswith("/9999/perspective/2024-1>")


@pytest.mark.parametrize("text", ["CC BY 4.0", "cc by 4.0", "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0"])
def test_a_licence_is_read_by_its_name(sheets: Path, text: str) -> None:
    fill(sheets, {"dcat:Dataset": [{"key": "ny"}]})
    assert put(sheets, "dcat:Dataset", "dcterms:license", text) == "<https://creativecommons.org/licenses/by/4.0/>"


def test_the_message_about_an_unknown_licence_lists_licences(sheets: Path) -> None:
    fill(sheets, {"dcat:Dataset": [{"key": "ny"}]})
    assert "Did you mean «CC BY 4.0»?" in put(sheets, "dcat:Dataset", "dcterms:license", "CC BY 4,0")
    report = put(sheets, "dcat:Dataset", "dcterms:license", "fri bruk")
    assert "Choose one of: «CC BY 4.0»" in report
    assert "plan/" not in report


# Sheets


def changed(path: Path, change: Callable[..., None]) -> Imported:
    workbook, sheet = sheet_of(path, "plan:Plan")
    change(sheet, columns(sheet))
    workbook.save(path)  # type: ignore[attr-defined]
    return imported(path)


def test_merged_cells_stop_an_import_only_among_the_data(sheets: Path) -> None:
    assert not stops(changed(sheets, lambda sheet, named: sheet.merge_cells("B1:C1")).problems)
    found = changed(sheets, lambda sheet, named: sheet.merge_cells("B5:B6"))
    assert "The cells B5:B6 are merged" in as_text(found.problems)
    assert stops(found.problems)


def test_hidden_and_struck_out_data_are_read_and_reported(sheets: Path) -> None:
    def hide(sheet: object, named: dict[str, int]) -> None:
        sheet.row_dimensions[4].hidden = True  # type: ignore[attr-defined]
        sheet.column_dimensions["B"].hidden = True  # type: ignore[attr-defined]
        sheet.cell(4, 1).font = Font(strike=True)  # type: ignore[attr-defined]
        sheet.sheet_state = "hidden"  # type: ignore[attr-defined]

    found = changed(sheets, hide)
    report = as_text(found.problems)
    assert not stops(found.problems)
    assert "1 hidden rows are read (row 4)" in report
    assert "Hidden columns are read: B" in report
    assert "The row is struck out" in report
    assert "The sheet is hidden" in report
    assert any("dcterms" in str(t.predicate) or "terms/title" in str(t.predicate) for t in found.triples)


def test_filtered_rows_are_read(sheets: Path) -> None:
    def filtered(sheet: object, named: dict[str, int]) -> None:
        sheet.auto_filter.ref = "A3:B4"  # type: ignore[attr-defined]
        sheet.auto_filter.add_filter_column(0, ["plan/2"])  # type: ignore[attr-defined]
        sheet.row_dimensions[4].hidden = True  # type: ignore[attr-defined]

    found = changed(sheets, filtered)
    assert "1 hidden rows are read (row 4)" in as_text(found.problems)


def test_repeated_headings_are_reported(sheets: Path) -> None:
    def again(sheet: object, named: dict[str, int]) -> None:
        for row in (1, 2, 3):
            for column in named.values():
                sheet.cell(row + 4, column).value = sheet.cell(row, column).value  # type: ignore[attr-defined]

    report = as_text(changed(sheets, again).problems)
    assert report.count("The headings stand here again. Delete the row.") == 3


def test_the_suggested_key_of_a_row_without_one_is_accepted(sheets: Path) -> None:
    report = as_text(changed(sheets, lambda sheet, named: setattr(sheet.cell(4, 1), "value", None)).problems)
    assert "Write one, such as «plan/en-plan», or empty the row." in report
    assert not stops(changed(sheets, lambda sheet, named: setattr(sheet.cell(4, 1), "value", "plan/en-plan")).problems)


# Kinds of files


def refused(path: Path) -> str:
    with pytest.raises(UnreadableError) as caught:
        imported(path)
    return caught.value.problem.en


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (_OLE, "Excel's old format (.xls). Save it as an Excel workbook (.xlsx)."),
        (_OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password. Remove the password"),
        (b"<html><table><tr><td>1</td></tr></table>", "The file is a web page. Save it"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "XML spreadsheet"),
        (b"%PDF-1.7", "The file is a PDF."),
        (b"@id plan:Plan;plan:number\n1;1\n", "Put CSV files into a folder, and name the folder."),
    ],
)
def test_another_kind_of_file_gives_one_message(tmp_path: Path, content: bytes, message: str) -> None:
    for name in ("a.xlsx", "a.xls", "A.XLSX", "a.csv"):
        (tmp_path / name).write_bytes(content)
        assert message in refused(tmp_path / name)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "an OpenDocument spreadsheet (.ods)"),
        ({"xl/workbook.bin": "x"}, "a binary workbook (.xlsb)"),
        ({"Index/Document.iwa": "x"}, "a spreadsheet of Numbers"),
        ({"word/document.xml": "<a/>"}, "a text document or a presentation"),
        ({"readme.txt": "x"}, "a zip file without a workbook"),
    ],
)
def test_another_kind_of_archive_gives_one_message(tmp_path: Path, parts: dict[str, str], message: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    assert message in refused(tmp_path / "a.xlsx")


@pytest.mark.parametrize("name", ["PLAN.XLSX", "plan.xlsm", "plan.xls", "plan"])
def test_a_workbook_is_recognised_by_its_content_under_any_name(sheets: Path, name: str) -> None:
    before = imported(sheets)
    assert imported(sheets.rename(sheets.with_name(name))).triples == before.triples


@pytest.mark.parametrize("iso", [False, True], ids=["serial", "iso"])
def test_a_strict_workbook_is_read_like_a_transitional_one(sheets: Path, tmp_path: Path, iso: bool) -> None:
    workbook = load_workbook(sheets)
    workbook.iso_dates = iso
    workbook.save(sheets)
    put(sheets, "plan:Decision", "eli-dl:activity_date", datetime(2024, 3, 15), "yyyy-mm-dd")
    before = imported(sheets)
    strict = tmp_path / "strict.xlsx"
    with zipfile.ZipFile(sheets) as archive, zipfile.ZipFile(strict, "w") as written:
        for name in archive.namelist():
            content = archive.read(name)
            for known, other in (
                (
                    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                    b"http://purl.oclc.org/ooxml/spreadsheetml/main",
                ),
                (
                    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                    b"http://purl.oclc.org/ooxml/officeDocument/relationships",
                ),
            ):
                content = content.replace(known, other)
            written.writestr(name, content)
    assert imported(strict).triples == before.triples
    assert any(str(triple.object) == f'"2024-03-15"^^<{XSD}date>' for triple in before.triples)


def test_a_workbook_without_a_readable_sheet_is_reported(sheets: Path) -> None:
    with zipfile.ZipFile(sheets) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = (
        parts["xl/workbook.xml"].replace(b"<sheets>", b"<others>").replace(b"</sheets>", b"</others>")
    )
    with zipfile.ZipFile(sheets, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert "no sheet that can be read" in refused(sheets) or "cannot be read as a workbook" in refused(sheets)


def test_a_comment_on_a_cell_is_kept_as_a_note(sheets: Path) -> None:
    found = changed(sheets, lambda sheet, named: setattr(sheet.cell(4, 1), "comment", Comment("Spør Kari", "Ola")))
    assert [(note.kind, note.row, note.text) for note in found.notes] == [("comment", "plan/1", "Spør Kari")]


@pytest.mark.parametrize("number_format", ["General", "0", "0.00", "000", "0 %", "0.00E+00", "#,##0.00", "# ?/?"])
@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e300", "1e27", "-1e28", "5e-324", "1" + "0" * 400])
def test_a_number_of_any_size_is_shown_or_refused(value: str, number_format: str) -> None:
    number = int(value) if value.isdecimal() else float(value)
    found = read_number(number, number_format)
    if Decimal(value).is_finite():
        assert isinstance(found, Refused | MarkedNumber) or found == number
    else:
        assert isinstance(found, Refused)


NO_CELL = [
    ("0000-01-01", "date"),
    ("2020-02-30", "date"),
    ("NaN", "decimal"),
    ("1" * 5000, "decimal"),
    ("1" * 5000, "integer"),
    ("٣", "integer"),
]


@pytest.mark.parametrize(("lexical", "datatype"), NO_CELL, ids=lambda value: value[:10])
def test_a_value_that_no_cell_holds_stays_text(lexical: str, datatype: str) -> None:
    assert to_cell(lexical, XSD + datatype) == lexical
