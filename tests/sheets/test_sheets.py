"""Spreadsheets lose nothing: every dataset, and data without a shape, survive export and import triple by triple."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from checkout_model import MODEL
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from example_counts import examples
from forked_python import run_command
from plangraf.errors import SettingError
from plangraf.rdf.namespaces import GRAPH, PREFIXES
from plangraf.settings import Settings
from plangraf.sheets.csv_files import read_folder, write_folder
from plangraf.sheets.exporting import export_sheet, export_template
from plangraf.sheets.importing import read_sheets, turtle_files
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Model
from plangraf.sheets.read.table_reader import read_tables
from plangraf.sheets.read.xlsx_reader import read_workbook
from plangraf.sheets.write.tables import build_tables
from plangraf.sheets.write.xlsx_writer import write_workbook
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import read
from small_home import ROOT

# `plangraf link` writes the linked lists from their mappings; nobody edits them in a sheet.
LINKED = ROOT / "data" / "link"
DATASETS = sorted({path.parent for path in (ROOT / "data").rglob("*.ttl") if LINKED not in path.parents})
PLAN = PREFIXES["plan"]
ID = "https://w3id.org/plangraf/id/5001"
FORMATS = ("xlsx", "csv")
_LARGE = 500_000
MADE_UP = ("Case", "Perspective", "Plan")


@pytest.fixture(scope="module")
def model() -> Model:
    return MODEL


@pytest.fixture(scope="module")
def small_model(model: Model) -> Model:
    """The sheets of the things that the tests make up: a workbook has the sheets of its model, empty ones too."""
    return replace(model, sheets=tuple(sheet for sheet in model.sheets if sheet.iri.removeprefix(PLAN) in MADE_UP))


def triples_of(folder: Path) -> set[Triple]:
    parsed = read([SourceFile(path, path.name, GRAPH) for path in sorted(folder.glob("*.ttl"))])
    assert not parsed.problems
    return {quad.triple for quad in parsed.quads}


def export_and_import(found: set[Triple], model: Model, folder: Path, form: str) -> set[Triple]:
    """Triples → file → triples → Turtle → triples, by an export and an import."""
    keys = Keys("5001")
    written = build_tables(found, model, keys, native=form == "xlsx")
    if form == "xlsx":
        write_workbook(written, folder / "a.xlsx")
        raw = read_workbook(folder / "a.xlsx")
    else:
        write_folder(written, folder)
        raw = read_folder(folder).tables
    imported = read_tables(raw, model, keys)
    assert imported.problems == []
    again: set[Triple] = set()
    for text in turtle_files(imported.triples, model).values():
        again |= {quad.triple for quad in parse(text, format=RdfFormat.TURTLE)}
    return again


def _dataset_and_form(folder: Path, form: str) -> object:
    """In the short set are all small ones, and of the large ones the dataset with most classes."""
    is_large = sum(file.stat().st_size for file in folder.glob("*.ttl")) > _LARGE
    is_longer = is_large and (folder.name != "planstrategi-2020-2023" or form == "xlsx")
    name = f"{folder.parent.name}-{folder.name}-{form}"
    return pytest.param(folder, form, id=name, marks=[pytest.mark.slow] if is_longer else [])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("folder", "form"), [_dataset_and_form(*pair) for pair in product(DATASETS, FORMATS)])
def test_a_dataset_survives_export_and_import_unchanged(folder: Path, form: str, model: Model, tmp_path: Path) -> None:
    out = tmp_path / ("sheets.xlsx" if form == "xlsx" else "sheets")
    export_sheet(Settings(), str(folder), out)
    imported = read_sheets(out, tmp_path / folder.parent.name / folder.name, model)
    assert imported.problems == []
    files = turtle_files(imported.triples, model)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    again, before = triples_of(tmp_path), triples_of(folder)
    assert (again - before, before - again) == (set(), set())
    assert "_:" not in "".join(files.values())


@pytest.mark.slow
def test_the_sheets_of_classes_hold_most_statements(model: Model) -> None:
    for folder in DATASETS:
        keys = Keys(folder.parent.name if folder.parent.name.isdecimal() else None)
        found = triples_of(folder)
        # A name that was given up has no class, and so no sheet.
        given_up = {t.subject for t in found if t.predicate.value.endswith("#deprecated")}
        rest = {t for t in found if t.subject not in given_up}
        assert len(build_tables(rest, model, keys, native=True)[-1].rows) <= len(rest) / 10, folder


# What is odd

_ODD_TEXTS = [
    "=1+1",
    "+47 73",
    "-5",
    "@sum",
    "'=1",
    "''",
    "'",
    " foran",
    "bak ",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "",
    "_x0041_",
    "\\n",
    "\\u0041",
    'si "ja"',
    "æøå ÆØÅ",
    "🙂",
    "\u00a0",
    "a;b,c",
    "x" * 40_000,
    "\x07",
    "TRUE",
    "1.234",
    "2020-1",
]


def _odd_triples() -> set[Triple]:
    plan, alone = NamedNode(f"{ID}/plan/odd"), NamedNode("urn:example:thing")
    kind, title = NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PREFIXES["dcterms"] + "title")
    note, number = NamedNode("http://example.org/note"), NamedNode(PLAN + "number")
    responsible = NamedNode(PLAN + "responsibleAsPrinted")
    found = {
        Triple(plan, kind, NamedNode(PLAN + "Plan")),
        Triple(plan, kind, NamedNode(PREFIXES["eli"] + "Work")),
        Triple(plan, kind, NamedNode("http://example.org/Kind")),
        Triple(plan, title, Literal("uten språk")),
        Triple(plan, title, Literal("på svensk", language="sv")),
        Triple(plan, number, Literal("7", datatype=NamedNode(PREFIXES["xsd"] + "integer"))),
        Triple(plan, number, Literal("8", datatype=NamedNode(PREFIXES["xsd"] + "integer"))),
        Triple(plan, number, Literal("7", datatype=NamedNode(PREFIXES["xsd"] + "decimal"))),
        Triple(plan, number, Literal("7")),
        Triple(plan, note, NamedNode("http://example.org/a b".replace(" ", "%20"))),
        Triple(alone, note, NamedNode(f"{ID}/plan/odd")),
        Triple(alone, note, Literal("2020", datatype=NamedNode("http://example.org/type"))),
        Triple(NamedNode(f"{ID}/case/untyped"), NamedNode(PLAN + "caseNumber"), Literal("1/20")),
        Triple(NamedNode(f"{ID}/case/halftyped"), kind, NamedNode(PLAN + "Case")),
    }
    for text in _ODD_TEXTS:
        found |= {Triple(plan, title, Literal(text, language="nb")), Triple(alone, note, Literal(text))}
        found.add(Triple(plan, responsible, Literal(text, language="nn")))
    for number, text in enumerate(_ODD_TEXTS):
        # Each alone in a cell, and all together in one that holds several.
        found.add(Triple(NamedNode(f"{ID}/plan/odd-{number}"), title, Literal(text, language="nb")))
        also = Literal(text, language="nb")
        found.add(Triple(NamedNode(f"{ID}/perspective/odd"), NamedNode(PREFIXES["skos"] + "altLabel"), also))
    return found


def test_odd_data_survive_csv(model: Model, tmp_path: Path) -> None:
    assert export_and_import(_odd_triples(), model, tmp_path, "csv") == _odd_triples()


def test_odd_data_survive_a_workbook(small_model: Model, tmp_path: Path) -> None:
    found = {triple for triple in _odd_triples() if len(str(triple.object)) < 32_000}
    assert export_and_import(found, small_model, tmp_path, "xlsx") == found


_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
_VALUES = st.one_of(
    st.builds(lambda text, language: Literal(text, language=language), _TEXTS, st.sampled_from(["nb", "en", "nn-no"])),
    st.builds(Literal, _TEXTS),
    st.builds(lambda n: Literal(str(n), datatype=NamedNode(PREFIXES["xsd"] + "integer")), st.integers()),
    st.builds(lambda n: Literal(f"{n:04d}", datatype=NamedNode(PREFIXES["xsd"] + "gYear")), st.integers(1, 9999)),
    st.builds(lambda d: Literal(d.isoformat(), datatype=NamedNode(PREFIXES["xsd"] + "date")), st.dates()),
    st.builds(
        lambda n: Literal(f"{n:f}", datatype=NamedNode(PREFIXES["xsd"] + "decimal")),
        st.decimals(-(10**20), 10**20, allow_nan=False, places=3).map(lambda n: n.normalize()),
    ),
    st.sampled_from([NamedNode(f"{ID}/plan/1"), NamedNode("http://metadata.un.org/sdg/11.6"), NamedNode("urn:a:b")]),
)
_PATHS = st.sampled_from(
    [PLAN + name for name in ("number", "startYear", "purpose", "printedAsRevision", "respondsTo", "citesCase")]
    + [PREFIXES["dcterms"] + "title", PREFIXES["rdf"] + "type", "http://example.org/p"]
)


@examples(12)
@given(st.lists(st.tuples(_PATHS, _VALUES), max_size=12), st.booleans())
@example(said=[(PLAN + "number", Literal("0²0"))], typed=False)
@example(said=[(PLAN + "number", Literal(text)) for text in ("٣", "1" * 5000, "01", "1")], typed=True)
def test_any_statements_about_a_plan_survive_export_and_import(
    tmp_path_factory: pytest.TempPathFactory,
    small_model: Model,
    said: list[tuple[str, Literal | NamedNode]],
    typed: bool,
) -> None:
    plan = NamedNode(f"{ID}/plan/any")
    found = {Triple(plan, NamedNode(path), value) for path, value in said}
    if typed:
        types = (PLAN + "Plan", PREFIXES["eli"] + "Work")
        found |= {Triple(plan, NamedNode(PREFIXES["rdf"] + "type"), NamedNode(iri)) for iri in types}
    for form in FORMATS:
        assert export_and_import(found, small_model, tmp_path_factory.mktemp("any"), form) == found


_NUMBERS = st.sets(st.sampled_from(["1/20", "2/20", " 3/20", "a\nb"]), max_size=3)


@examples(16)
@given(_NUMBERS, _NUMBERS, st.booleans())
def test_an_optional_empty_cell_adds_and_loses_no_value(
    tmp_path_factory: pytest.TempPathFactory, small_model: Model, numbers: set[str], process: set[str], typed: bool
) -> None:
    """sh:equals: an empty process number means the case number, unless the data lack it."""
    case, kind = NamedNode(f"{ID}/case/any"), NamedNode(PREFIXES["rdf"] + "type")
    found = {Triple(case, NamedNode(PLAN + "caseNumber"), Literal(text)) for text in numbers}
    found |= {Triple(case, NamedNode(PREFIXES["eli-dl"] + "process_number"), Literal(text)) for text in process}
    found.add(Triple(case, kind, NamedNode(PLAN + "Case")))
    if typed:
        found.add(Triple(case, kind, NamedNode(PREFIXES["eli-dl"] + "Process")))
    assert export_and_import(found, small_model, tmp_path_factory.mktemp("case"), "csv") == found


def test_a_text_too_long_for_a_workbook_is_refused_instead_of_truncated(tmp_path: Path) -> None:
    data = tmp_path / "9999" / "long"
    data.mkdir(parents=True)
    (data / "a.ttl").write_text(f'<{ID}/plan/long> <http://example.org/note> "{"x" * 40_000}" .', encoding="utf-8")
    run = run_command("export-sheet", data, tmp_path / "a.xlsx")
    assert run.returncode == 2
    assert "too long for a cell of a workbook. Export to a folder." in run.stderr
    assert not (tmp_path / "a.xlsx").exists()


# How it looks


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("look") / "planstrategi.xlsx"
    export_sheet(Settings(), "planstrategi-2020-2023", out)
    return out


def test_values_have_native_cell_types_and_texts_stay_texts(workbook: Path) -> None:
    sheet = load_workbook(workbook)["Plan"]
    named = {cell.value: cell.column for cell in sheet[3]}
    row = {name: sheet.cell(10, column) for name, column in named.items()}
    assert row["@id plan:Plan"].value == "plan/2020-2023-7"
    assert row["plan:number"].value == 7
    assert row["plan:startYear"].value == 2020
    assert row["plan:printedAsRevision"].value is False or row["plan:printedAsRevision"].value is True
    assert row["plan:planKind"].value is None or not str(row["plan:planKind"].value).startswith("http")
    assert row["dcterms:title@nb"].number_format == "@"
    assert sheet.column_dimensions["A"].number_format == "@"
    assert row["plan:respondsTo"].value.split("\n")[0].startswith("perspective/2020-")
    dates = load_workbook(workbook)["Vedtak"]
    column = next(cell.column for cell in dates[3] if cell.value == "eli-dl:activity_date")
    assert {dates.cell(number, column).number_format for number in range(4, dates.max_row + 1)} <= {
        "yyyy-mm-dd",
        "General",
    }
    assert any(dates.cell(number, column).is_date for number in range(4, dates.max_row + 1))


def test_headings_have_both_languages_advice_and_a_mark_for_required_columns(workbook: Path) -> None:
    sheet = load_workbook(workbook)["Plan"]
    column = next(cell.column for cell in sheet[3] if cell.value == "plan:municipality")
    assert (sheet.cell(1, column).value, sheet.cell(2, column).value) == ("kommune *", "municipality *")
    note = sheet.cell(1, column).comment.text
    assert "Knytt planen til kommunen sin, en plan:Municipality" in note
    assert "Link the plan to its municipality, a plan:Municipality" in note
    assert sheet.freeze_panes == "B4"


def test_controlled_values_and_links_have_drop_downs(workbook: Path) -> None:
    opened = load_workbook(workbook)
    sheet = opened["Plan"]
    letters = {cell.value: cell.column_letter for cell in sheet[3]}
    lists = {str(found.sqref).split("4:")[0]: found.formula1 for found in sheet.data_validations.dataValidation}
    assert lists[letters["plan:respondsTo"]].startswith("'Perspektiv'!$A$4") or lists[
        letters["plan:respondsTo"]
    ].startswith("Perspektiv!$A$4")
    assert lists[letters["plan:printedAsRevision"]] == '"ja,nei"'
    assert "Lister" in lists[letters["plan:planKind"]]
    assert opened["Lister · Lists"].sheet_state == "hidden"
    names = [cell.value for column in opened["Lister · Lists"].columns for cell in column]
    assert "temaplan" in names
    assert "11.6" in names


def test_csv_opens_in_norwegian_excel_without_formulas(model: Model, tmp_path: Path) -> None:
    plan = NamedNode(f"{ID}/plan/odd")
    found = {
        Triple(plan, NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PLAN + "Plan")),
        Triple(plan, NamedNode(PREFIXES["dcterms"] + "title"), Literal("=HYPERLINK(1)", language="nb")),
    }
    write_folder(build_tables(found, model, Keys("5001"), native=False), tmp_path)
    content = (tmp_path / "plan.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[0][0] == "nøkkel *"
    assert "'=HYPERLINK(1)" in rows[3]
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row)
    write_workbook(build_tables(found, model, Keys("5001"), native=True), tmp_path / "a.xlsx")
    sheet = load_workbook(tmp_path / "a.xlsx")["Plan"]
    cell = next(cell for cell in sheet[4] if cell.value == "=HYPERLINK(1)")
    assert cell.data_type == "s"
    assert cell.quotePrefix


def test_each_class_has_its_own_file_and_title(tmp_path: Path, model: Model) -> None:
    files = [sheet.file for sheet in model.sheets]
    assert len(files) == len(set(files))
    found = export_template(Settings(), tmp_path / "mal")
    assert sorted(path.stem for path in (tmp_path / "mal").iterdir()) == sorted(table.file for table in found)
    for sheet in model.sheets:
        machine = [column.machine for column in sheet.columns]
        assert len(machine) == len(set(machine)), sheet.iri
        assert all(column.name_nb and column.name_en for column in sheet.columns), sheet.iri


def test_the_turtle_is_grouped_sorted_and_reproducible(model: Model, tmp_path: Path) -> None:
    found = triples_of(ROOT / "data" / "5001" / "kommune")
    files = turtle_files(found, model)
    assert files == turtle_files(sorted(found, key=str, reverse=True), model)
    assert (
        files["municipality.ttl"]
        == """\
@base <https://w3id.org/plangraf/id/> .
@prefix plan: <https://w3id.org/plangraf/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

<5001/municipality/5001> a plan:Municipality ;
    plan:municipalityNumber "5001" ;
    plan:organization <https://organization-catalog.fellesdatakatalog.digdir.no/organizations/942110464> ;
    rdfs:label "Trondheim"@en , "Trondheim"@nb .

<5030/municipality/5030> a plan:Municipality ;
    plan:municipalityNumber "5030" ;
    plan:organization <5030/organization/klaebu-kommune> ;
    rdfs:label "Klæbu"@en , "Klæbu"@nb .
"""
    )


def test_a_linked_list_is_no_sheet(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"is a linked list, which `plangraf link` writes"):
        export_sheet(Settings(), str(LINKED / "u4ssc"), tmp_path / "list.xlsx")
    assert list(tmp_path.iterdir()) == []
