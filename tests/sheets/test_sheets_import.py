"""Problems in a workbook are reported by cell, in two languages, all together; unambiguous cells are read."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import pytest
from checkout_model import MODEL
from openpyxl import Workbook, load_workbook

from filled_sheets import columns, fill, sheet_of, shorten
from forked_python import run_command
from plangraf.diagnostics.diagnostic import as_text
from plangraf.rdf.namespaces import ID, PREFIXES
from plangraf.rdf.namespaces import PLAN as PLAN_
from plangraf.settings import Settings
from plangraf.sheets.cell_values import Cell, CellError, to_lexical
from plangraf.sheets.importing import Outcome, import_sheet, read_sheets
from plangraf.sheets.read import xlsx_reader
from plangraf.sheets.read.raw import UnreadableError

XSD = PREFIXES["xsd"]
pytestmark = pytest.mark.usefixtures("use_light_home")
PLAN = {"key": "1", "plan:number": 1, "dcterms:title@nb": "En plan"}
CLASSES = ("plan:Decision", "plan:Evidence", "plan:Passage", "plan:Perspective", "plan:Plan", "plan:SourceDocument")


@pytest.fixture(scope="module")
def filled(short_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "plan.xlsx"
    shorten(short_template, CLASSES, path)
    return fill(path, {"plan:Plan": [PLAN]})


@pytest.fixture
def sheets(filled: Path, tmp_path: Path) -> Path:
    """A copy of the template with one plan in it."""
    return shutil.copy(filled, tmp_path / "plan.xlsx")


def problems(path: Path) -> str:
    """The problems of reading alone, without the checks of the build."""
    imported = read_sheets(path, path.parent / "9999" / "ny", MODEL)
    return as_text(imported.problems) if imported.problems else ""


def changed(path: Path, change: Callable[..., None]) -> Path:
    workbook, sheet = sheet_of(path, "plan:Plan")
    change(sheet, columns(sheet))
    workbook.save(path)  # type: ignore[attr-defined]
    return path


def messages_of(path: Path) -> set[str]:
    imported = read_sheets(path, path.parent / "9999" / "ny", MODEL)
    assert imported.problems == []
    return {f"{triple.predicate.value.rpartition('#')[2]} {triple.object}" for triple in imported.triples}


# Values


@pytest.mark.parametrize(
    ("cell", "datatype", "lexical"),
    [
        ("1 234", "integer", "1234"),
        ("1\u00a0234\u00a0567", "integer", "1234567"),
        ("−5", "integer", "-5"),
        (3.0, "integer", "3"),
        ("12,5", "decimal", "12.5"),
        ("1 234,50", "decimal", "1234.5"),
        (0.1, "decimal", "0.1"),
        (7, "decimal", "7"),
        ("2.2.2021", "date", "2021-02-02"),
        ("2021-02-02", "date", "2021-02-02"),
        (datetime(2021, 2, 2), "date", "2021-02-02"),
        (date(2021, 2, 2), "date", "2021-02-02"),
        (2021, "gYear", "2021"),
        ("2021", "gYear", "2021"),
        ("2020-03", "gYearMonth", "2020-03"),
        ("Ja", "boolean", "true"),
        ("usann", "boolean", "false"),
        (True, "boolean", "true"),
        (5001, "string", "5001"),
    ],
)
def test_an_unambiguous_cell_is_read(cell: Cell, datatype: str, lexical: str) -> None:
    assert to_lexical(cell, XSD + datatype) == lexical


@pytest.mark.parametrize(
    ("cell", "datatype", "message"),
    [
        ("1.234", "decimal", "Write 1234 or 1,234."),
        ("1.234", "integer", "Write a whole number"),
        ("1,234.5", "decimal", "Write a number, such as 12,5"),
        (3.5, "integer", "Write a whole number"),
        ("2/3/21", "date", "Write a date, such as 2021-02-02 or 2.2.2021."),
        ("31.2.2021", "date", "Write a date"),
        (datetime(2021, 2, 2, 10), "date", "Write a date"),
        (44229, "date", "Here stands the number 44229. If you mean the date 2021-02-02, write it."),
        (2021, "date", "Here stands a number. Write a date"),
        (date(2020, 3, 1), "gYearMonth", "format the cell as text first"),
        (date(2020, 3, 1), "string", "has made a date of what was written (2020-03-01)"),
        (time(8), "string", "a time of day"),
        (8.1, "string", "8.1 and 8.10 are the same"),
        (10**16, "integer", "more than 15 digits"),
        ("kanskje", "boolean", "Write yes or no"),
        (21, "gYear", "Write a year of four digits"),
        (True, "string", "a true/false value"),
    ],
)
def test_an_ambiguous_cell_is_refused(cell: Cell, datatype: str, message: str) -> None:
    with pytest.raises(CellError) as caught:
        to_lexical(cell, XSD + datatype)
    assert message in caught.value.en
    assert caught.value.nb != caught.value.en


# Cells and sheets


def test_surrounding_white_space_is_removed(sheets: Path) -> None:
    changed(sheets, lambda sheet, named: setattr(sheet.cell(4, named["dcterms:title@nb"]), "value", " En plan \u00a0"))
    assert 'http://purl.org/dc/terms/title "En plan"@nb' in messages_of(sheets)


def test_links_are_read_as_key_short_key_code_label_or_address(sheets: Path) -> None:
    fill(
        sheets,
        {
            "plan:Perspective": [
                {"key": "perspective/2024-1", "plan:relatesToTarget": "11.6\nhttp://metadata.un.org/sdg/3.6"},
                {"key": "https://w3id.org/plangraf/id/9999/perspective/2024-2", "plan:municipality": "9999"},
            ]
        },
    )
    changed(
        sheets,
        lambda sheet, named: [
            setattr(sheet.cell(4, named["plan:respondsTo"]), "value", "2024-1\n perspective/2024-2 \n\n2024-1"),
            setattr(sheet.cell(4, named["plan:planKind"]), "value", "THEMATIC PLAN"),
        ],
    )
    found = messages_of(sheets)
    ours = "https://w3id.org/plangraf/id/9999"
    assert {line for line in found if line.startswith("respondsTo")} == {
        f"respondsTo <{ours}/perspective/2024-1>",
        f"respondsTo <{ours}/perspective/2024-2>",
    }
    assert {line for line in found if line.startswith("relatesToTarget")} == {
        "relatesToTarget <http://metadata.un.org/sdg/11.6>",
        "relatesToTarget <http://metadata.un.org/sdg/3.6>",
    }
    assert "planKind <https://w3id.org/plangraf/id/scheme/document-kind/temaplan>" in found
    assert f"municipality <{ours}/municipality/9999>" in found


def _formula(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(4, named["plan:number"]).value = "=1+1"  # type: ignore[attr-defined]


def _error_value(sheet: object, named: dict[str, int]) -> None:
    cell = sheet.cell(4, named["plan:number"])  # type: ignore[attr-defined]
    cell.value, cell.data_type = "#REF!", "e"


def _merged(sheet: object, named: dict[str, int]) -> None:
    sheet.merge_cells("B4:C5")  # type: ignore[attr-defined]


def _unknown_column(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(3, named["plan:number"]).value = "plan:nummer"  # type: ignore[attr-defined]


def _column_twice(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(3, named["plan:startYear"]).value = "plan:number"  # type: ignore[attr-defined]


def _key_twice(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(7, 1).value = "plan/1"  # type: ignore[attr-defined]


def _no_key(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(4, 1).value = None  # type: ignore[attr-defined]


def _no_name(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(4, 1).value = "Grønn mobilitet"  # type: ignore[attr-defined]


def _heading_gone(sheet: object, named: dict[str, int]) -> None:
    sheet.delete_rows(3)  # type: ignore[attr-defined]


def _other_class(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(3, 1).value = "@id plan:Plann"  # type: ignore[attr-defined]


def _far_away(sheet: object, named: dict[str, int]) -> None:
    sheet.cell(1_048_576, 16_000).value = "x"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        (_formula, "rad 4, kolonne B · row 4, column B (nummer): «=1+1»", "The cell is a formula. Paste its value"),
        (_error_value, "row 4, column B (nummer): «#REF!»", "Excel shows an error here."),
        (_merged, "row 4, column B", "The cells B4:C5 are merged. Unmerge them"),
        (_unknown_column, "row 3, column B: «plan:nummer»", "Did you mean «plan:number»?"),
        (_column_twice, "row 3, column ", "The column is there twice. Delete one."),
        (_key_twice, "row 7, column A (nøkkel *): «plan/1»", "stands in ark «Plan» · sheet «Plan», row 4, too."),
        (_no_key, "row 4, column A (nøkkel *)", "The row has no key. Write one, such as «plan/en-plan»"),
        (_no_name, "column A (nøkkel *): «Grønn mobilitet»", "Write a key such as plan/groenn-mobilitet"),
        (_heading_gone, "ark «Plan» · sheet «Plan»", "the row of grey names is missing"),
        (_other_class, "row 3", "missing or unknown «@id plan:Plann»"),
        (_far_away, "ark «Plan» · sheet «Plan»", "The sheet reaches to WQJ1048576. Delete the empty rows"),
    ],
)
def test_each_mistake_is_reported_at_its_cell(
    sheets: Path, change: Callable[..., None], where: str, message: str
) -> None:
    report = problems(changed(sheets, change))
    assert where in report
    assert message in report
    assert "  nb  Feil: " in report


def test_an_unknown_sheet_is_reported_and_an_empty_one_is_not(sheets: Path) -> None:
    workbook = load_workbook(sheets)
    workbook.create_sheet("Tom")
    workbook.create_sheet("Notater")["B2"] = "husk møtet"
    workbook.save(sheets)
    report = problems(sheets)
    assert "ark «Notater» · sheet «Notater»" in report
    assert "Tom" not in report


def test_headings_columns_and_sheets_may_be_changed(sheets: Path) -> None:
    before = messages_of(sheets)
    workbook, sheet = sheet_of(sheets, "plan:Plan")
    sheet.title = "Planene våre"
    sheet.cell(1, 2).value = "Nr."
    sheet.insert_rows(1)
    sheet.insert_cols(1)
    del workbook["Vedtak"]  # type: ignore[attr-defined]
    workbook.save(sheets)  # type: ignore[attr-defined]
    assert messages_of(sheets) == before


def test_a_row_of_the_sheet_other_is_read_or_refused(sheets: Path) -> None:
    workbook = load_workbook(sheets)
    sheet = workbook["Annet · Other"]
    sheet.insert_cols(1)
    for row in (
        (None, "plan/1", "foaf:name", "Navn", "@nb"),
        (None, "plan/1", "foaf:page", "https://example.org/", "iri"),
        (None, "plan/1", "plan:horizonYear", 2030, "xsd:gYear"),
        (None, "plan/1", "foaf:name", "x", "@@"),
        (None, "plan/1", None, "x", None),
    ):
        sheet.append(row)
    workbook.save(sheets)
    imported = read_sheets(sheets, sheets.parent / "9999" / "ny", MODEL)
    report = as_text(imported.problems)
    assert "row 7, column E (datatype eller språk): «@@»" in report
    assert "row 8, column C (egenskap *)" in report
    assert len(imported.problems) == 2
    assert {str(triple.object) for triple in imported.triples if "foaf" in triple.predicate.value} == {
        '"Navn"@nb',
        "<https://example.org/>",
    }


# Evidence


SOURCE = {"key": "kilde", "dcterms:title@nb": "Kilden"}


def triples(path: Path, thing: str) -> set[str]:
    imported = read_sheets(path, path.parent / "9999" / "ny", MODEL)
    assert imported.problems == []
    return {
        f"{triple.predicate.value.rpartition('#')[2]} {str(triple.object).rpartition('/')[2].rstrip('>')}"
        for triple in imported.triples
        if triple.subject.value == f"https://w3id.org/plangraf/id/9999/{thing}"
    }


@pytest.mark.slow
def test_evidence_is_written_only_for_statements_without_evidence(sheets: Path) -> None:
    fill(
        sheets,
        {
            "plan:SourceDocument": [SOURCE],
            "plan:Passage": [{"key": "tittelen", "oa:hasSource": "kilde", "plan:firstLine": 2, "plan:lastLine": 2}],
            "plan:Evidence": [
                {
                    "key": "mitt",
                    "plan:about": "plan/2",
                    "plan:aboutProperty": "dcterms:title",
                    "plan:evidenceKind": "identifisert",
                    "plan:passage": "tittelen",
                    "plan:checked": "ja",
                }
            ],
            "plan:Plan": [
                {
                    "key": "2",
                    "plan:number": 2,
                    "dcterms:title@nb": "To",
                    "@evidence plan:firstLine": 2,
                    "@evidence plan:evidenceKind": "sammenfattet",
                }
            ],
        },
    )
    about = {line for line in triples(sheets, "evidence/ny-plan-2-summarised") if line.startswith("aboutProperty")}
    assert about == {"aboutProperty ontology#number"}
    # It reuses the existing passage; statements from the sheet itself are structural.
    assert "passage tittelen" in triples(sheets, "evidence/ny-plan-2-structural")
    structural = {"aboutProperty 22-rdf-syntax-ns#type", "evidenceKind structural", "about 2"}
    assert triples(sheets, "evidence/ny-plan-2-structural") >= structural
    # A row without green cells gets none.
    assert triples(sheets, "evidence/ny-plan-1-printed") == set()


def test_rows_of_the_same_lines_share_a_passage_and_another_section_gets_a_new_one(sheets: Path) -> None:
    lines = {"@evidence plan:firstLine": 5, "@evidence plan:lastLine": 9}
    fill(
        sheets,
        {
            "plan:SourceDocument": [SOURCE],
            "plan:Plan": [
                {"key": "2", **lines, "@evidence plan:section": "Innledning"},
                {"key": "3", **lines},
                {"key": "4", **lines, "@evidence plan:section": "Slutt"},
            ],
        },
    )
    found = {key: triples(sheets, f"evidence/ny-plan-{key}-structural") for key in "234"}
    assert "passage kilde-l5-9" in found["2"] & found["3"]
    assert "passage kilde-l5-9-2" in found["4"]
    assert 'section "Slutt"' in triples(sheets, "passage/kilde-l5-9-2")


@pytest.mark.parametrize("sources", [[], [SOURCE, {"key": "annen"}]], ids=["none", "two"])
def test_evidence_needs_one_source_document_or_its_name(sheets: Path, sources: list[dict[str, object]]) -> None:
    fill(sheets, {"plan:SourceDocument": sources, "plan:Plan": [{"key": "2", "@evidence plan:firstLine": 5}]})
    assert "en  Error: Write the source document of the evidence" in problems(sheets)
    changed(sheets, lambda sheet, named: setattr(sheet.cell(5, named["@evidence oa:hasSource"]), "value", "annen"))
    assert problems(sheets) == ""


# CSV


def test_csv_is_read_with_semicolons_commas_and_tabs(tmp_path: Path) -> None:
    for number, delimiter in enumerate((";", ",", "\t")):
        folder = tmp_path / f"csv{number}"
        folder.mkdir()
        lines = [
            ["Nøkkel", "Tittel", "Nummer"],
            ["@id plan:Plan", "dcterms:title@nb", "plan:number"],
            ["1", '"a;b,\nc"', "1"],
        ]
        (folder / "plan.csv").write_text("\n".join(delimiter.join(line) for line in lines), encoding="utf-8")
        assert 'number "1"^^<http://www.w3.org/2001/XMLSchema#integer>' in messages_of(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("@id plan:Plan;plan:number\næ;1\n".encode("mac-roman"), "Line 2 is not UTF-8. Save the file as “CSV UTF-8”."),
        ("@id plan:Plan;plan:number\nbæ;1\n".encode("cp850"), "Line 2 is not UTF-8"),
        (b"\xff\xfe@\x00i", "is not UTF-8"),
        (b'@id plan:Plan;plan:number\n"1;1\n', "The file is no valid CSV"),
    ],
)
def test_unreadable_csv_is_reported(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "plan.csv").write_bytes(content)
    with pytest.raises(UnreadableError) as caught:
        read_sheets(tmp_path, tmp_path / "9999" / "ny", MODEL)
    assert message in caught.value.problem.en


# Files that would do harm


def refusal(path: Path) -> str:
    outcome = import_sheet(Settings(), path, path.parent / "9999" / "ny")
    assert outcome == Outcome((), 0, outcome.problems)
    assert not (path.parent / "9999").exists()
    return outcome.problems[0].en


def rezipped(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_unopened(sheets: Path) -> None:
    rezipped(sheets, "xl/media/image1.png", lambda _: bytes(101 * 1024 * 1024))
    assert sheets.stat().st_size < 1024 * 1024
    assert "The workbook is too large" in refusal(sheets)


def test_a_file_over_the_limit_is_refused(sheets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_reader, "MAX_BYTES", 1000)
    assert "The workbook is too large" in refusal(sheets)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_that_grow_are_refused(sheets: Path, encoding: str) -> None:
    bomb = '<?xml version="1.0" encoding="%s"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><sst>&c;</sst>'
    rezipped(sheets, "xl/sharedStrings.xml", lambda _: (bomb % encoding).encode(encoding))
    assert "document type in its XML" in refusal(sheets)


_BAD_SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<sheetData><row r="1"><c r="A1" t="s"><v>999999999</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(b"PK no zip"), "The file is no workbook"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "The file is no workbook"),
        (lambda path: rezipped(path, "xl/workbook.xml", lambda _: b"<broken"), "A part of the workbook is broken"),
        (lambda path: rezipped(path, "xl/worksheets/sheet2.xml", lambda _: _BAD_SHEET), "cannot be read as a workbook"),
        (lambda path: rezipped(path, "xl/vbaProject.bin", lambda _: b"macro"), "The workbook has macros."),
    ],
)
def test_a_file_that_is_not_a_workbook_is_reported(
    sheets: Path, change: Callable[[Path], object], message: str
) -> None:
    change(sheets)
    assert message in refusal(sheets)


# The command


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export-sheet", "nowhere", "a.xlsx"), "nowhere is neither a folder nor a dataset. Name one of: 5001/"),
        (("export-sheet", "kommune"), "Give the file or folder to write"),
        (("export-sheet", "kommune", "a.ods"), "a.ods is neither a workbook (.xlsx) nor a folder"),
        (("export-sheet", "--template", "a.xlsx", "b.xlsx"), "A template is of no dataset."),
        (("import-sheet", "nowhere.xlsx", "9999/ny"), "There is no nowhere.xlsx."),
        (("import-sheet", "nowhere.xlsx", "ny"), "does not say which municipality it is of"),
        (("import-sheet", "nowhere.xlsx", "9999/Planer å vedta"), "Name it 9999/planer-aa-vedta."),
        (("import-sheet", "nowhere.xlsx", "9999/æ%20<>"), "Name it 9999/ae-20."),
    ],
)
def test_a_wrong_name_gives_one_clear_message(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    run = run_command(*arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("plangraf: ")
    assert message in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["export-sheet", "import-sheet"])
def test_the_help_has_examples(name: str) -> None:
    run = run_command(name, "--help")
    assert f"plangraf {name} " in run.stdout.partition("Examples:")[2]


@pytest.mark.slow
def test_an_import_beside_all_data_replaces_the_turtle_files_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLANGRAF_HOME")

    def done(*arguments: str) -> str:
        run = run_command(*arguments, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert done("export-sheet", "5001/kommune", "kommune.xlsx").startswith("kommune.xlsx  ")
    folder = tmp_path / "5001" / "kommune"
    folder.mkdir(parents=True)
    (folder / "notater.txt").write_text("mine", encoding="utf-8")
    (folder / "gammel.ttl").write_text("", encoding="utf-8")
    imported = done("import-sheet", "kommune.xlsx", "5001/kommune", "--replace", "--yes")
    assert imported == "5001/kommune  3 files, 23 triples\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "dataset.ttl",
        "municipality.ttl",
        "notater.txt",
        "organization.ttl",
    ]


def test_an_empty_workbook_writes_nothing(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "tom.xlsx")
    run = run_command("import-sheet", "tom.xlsx", "9999/ny", cwd=tmp_path)
    assert run.returncode == 2
    assert "holds no rows: nothing was written" in run.stderr
    assert not (tmp_path / "9999").exists()


def test_removing_a_row_that_another_dataset_links_to_is_reported(short_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "9999" / "plan"
    write = {
        folder / "plan.ttl": f"<{ID}9999/plan/1> a <{PLAN_}Plan> . <{ID}9999/plan/2> a <{PLAN_}Plan> .",
        folder.with_name("annet") / "vedtak.ttl": f"<{ID}9999/decision/1> <{PLAN_}decidedOn> <{ID}9999/plan/2> .",
    }
    for path, text in write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    workbook = tmp_path / "plan.xlsx"
    shutil.copy(short_template, workbook)
    fill(workbook, {"plan:Plan": [PLAN]})
    outcome = import_sheet(Settings(), workbook, folder, replace=True)
    assert outcome.written == ()
    report = as_text(outcome.problems)
    assert "The row is missing now, and another dataset links to it: decision/1 (" in report
    assert "plan/2" in report
    assert (folder / "plan.ttl").read_text() == write[folder / "plan.ttl"]
