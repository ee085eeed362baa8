"""A folder of CSV files is read or reported file by file; a replacement lists removals before it happens."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest
from checkout_model import MODEL
from openpyxl import load_workbook

from filled_sheets import columns, fill, sheet_of
from forked_python import run_command
from plangraf.diagnostics.diagnostic import as_text, stops
from plangraf.errors import SettingError
from plangraf.settings import Settings
from plangraf.sheets.exporting import export_sheet
from plangraf.sheets.importing import Preview, import_sheet, read_sheets
from plangraf.sheets.read.raw import Imported, UnreadableError
from plangraf.sheets.write.tables import NOTES_FILE, Note, format_notes, read_notes

pytestmark = pytest.mark.usefixtures("use_light_home")
MACHINE = "@id plan:Plan;dcterms:title@nb;plan:number\n"
PLAN = f"Nøkkel;Tittel;Nummer\n{MACHINE}1;Grønn plan;1\n2;Blå plan;2\n"


def imported(folder: Path) -> Imported:
    return read_sheets(folder, folder.parent / "9999" / "ny", MODEL)


def titles(found: Imported) -> set[str]:
    return {str(triple.object) for triple in found.triples if triple.predicate.value.endswith("/title")}


BOTH = {'"Grønn plan"@nb', '"Blå plan"@nb'}


# Reading


@pytest.mark.parametrize("name", ["plan.csv", "plan.CSV", "Plan.Csv", "noe annet.csv", "plan.tsv"])
def test_a_csv_file_is_read_under_any_name(tmp_path: Path, name: str) -> None:
    text = PLAN.replace(";", "\t") if name.endswith("tsv") else PLAN
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert titles(imported(tmp_path)) == BOTH


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_that_excel_writes_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "plan.csv").write_bytes(PLAN.encode(encoding))
    found = imported(tmp_path)
    assert titles(found) == BOTH
    assert ("is read as Windows-1252" in as_text(found.problems)) is (encoding == "cp1252")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(tmp_path: Path, end: str) -> None:
    (tmp_path / "plan.csv").write_bytes(PLAN.replace("\n", end).encode())
    assert titles(imported(tmp_path)) == BOTH


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "plan.csv", "The file is empty."),
        ("\ufeff\n\n", "plan.csv", "The file is empty."),
        (PLAN.replace(MACHINE, ""), "plan.csv", "the row of grey names is missing"),
        (PLAN.replace("plan:Plan", "plan:Pla"), "plan.csv", "Did you mean «@id plan:Plan»?"),
        (PLAN.replace("1;Grønn plan;1", "1;Grønn; plan;1"), "row 3", "The row has 4 cells, the heading 3."),
        (PLAN + "3;Slutt;3;\n4;A;4;x\n", "row 6", "The row has 4 cells, the heading 3."),
        (PLAN.replace("1;Grønn plan;1\n", '1;"Grønn plan;1\n3;C;3\n4;"D;4\n'), "plan.csv", "quote"),
        (PLAN.replace("1;Grønn plan;1\n", '1;"Grønn plan;1\n3;C;3\n4;D";4\n'), "row 3", "holds whole rows."),
    ],
)
def test_a_broken_file_is_reported_with_its_row(tmp_path: Path, text: str, where: str, message: str) -> None:
    (tmp_path / "plan.csv").write_text(text, encoding="utf-8")
    try:
        problems = imported(tmp_path).problems
    except UnreadableError as error:
        problems = [error.problem]
    report = as_text(problems)
    assert stops(problems)
    assert where in report
    assert message in report


@pytest.mark.parametrize(
    ("name", "stopping"),
    [
        ("decision.txt", True),
        ("decision", True),
        ("decision.xlsx", True),
        ("decision.csv.bak", True),
        ("decision.csv~", True),
        (".decision.csv", True),
        ("decision.ods", True),
        ("decision.ttl", True),
        ("LES MEG.md", False),
        ("plan.pdf", False),
        ("Thumbs.db", None),
        (".DS_Store", None),
    ],
)
def test_an_unread_file_is_reported(tmp_path: Path, name: str, stopping: bool | None) -> None:
    (tmp_path / "plan.csv").write_text(PLAN, encoding="utf-8")
    (tmp_path / name).write_text("@id plan:Decision\n1\n", encoding="utf-8")
    found = imported(tmp_path)
    assert stops(found.problems) is bool(stopping)
    assert (name in as_text(found.problems) and "is not read" in as_text(found.problems)) is (stopping is not None)


def test_a_nested_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(PLAN, encoding="utf-8")
    (tmp_path / "gammelt").mkdir()
    assert not stops(imported(tmp_path).problems)
    (tmp_path / "gammelt" / "decision.csv").write_text("x", encoding="utf-8")
    assert stops(imported(tmp_path).problems)
    assert "gammelt/" in as_text(imported(tmp_path).problems)


# Replacing


def run(*arguments: str | Path, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return run_command(*arguments, cwd=cwd, stdin=stdin or "")


DATASET = """\
@id dcat:Dataset;dcterms:title@nb;dcterms:title@en;dcterms:description@nb;dcterms:description@en;\
dcterms:identifier;dcterms:license;dcterms:publisher
kommune;Fjellvik;Fjellvik;Om Fjellvik;About Fjellvik;kommune;CC BY 4.0;organization/fjellvik
"""
ORGANIZATION = """\
@id org:Organization;rdfs:label@nb;rdfs:label@en
fjellvik;Fjellvik kommune;Fjellvik Municipality
nabo;Nabo kommune;Nabo Municipality
"""


@pytest.fixture(scope="module")
def pristine(light_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `csv` and what was imported from it."""
    folder = tmp_path_factory.mktemp("pristine")
    (folder / "csv").mkdir()
    (folder / "csv" / "dataset.csv").write_text(DATASET, encoding="utf-8")
    (folder / "csv" / "organization.CSV").write_text(ORGANIZATION, encoding="utf-8")
    environment = {**os.environ, "PLANGRAF_HOME": str(light_home)}
    done = run_command("import-sheet", "csv", "my/9999/kommune", env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def municipality(pristine: Path, tmp_path: Path) -> Path:
    """A copy of `pristine`."""
    return shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "my" / "9999" / "kommune").iterdir())}


@pytest.mark.slow
def test_a_replacement_lists_removals_and_waits_for_consent(municipality: Path) -> None:
    before = contents(municipality)
    assert "organization.ttl" in before
    changed = ORGANIZATION.replace("Fjellvik kommune", "Fjellvik herad").replace("nabo;Nabo", "ny;Ny")
    (municipality / "csv" / "organization.CSV").write_text(changed, encoding="utf-8")
    for answer in (None, ""):
        done = run("import-sheet", "csv", "my/9999/kommune", "--replace", cwd=municipality, stdin=answer)
        assert done.returncode == 2
        assert "Organisasjon\n    nye · added: 1 (organization/ny)\n" in done.stderr
        assert "endret · changed: 1 (organization/fjellvik)\n" in done.stderr
        assert "fjernes · removed: 1 (organization/nabo)\n" in done.stderr
        assert "Give --yes to replace." in done.stderr
        assert contents(municipality) == before
    done = run("import-sheet", "csv", "my/9999/kommune", "--replace", "--yes", cwd=municipality)
    assert done.returncode == 0
    assert "Fjellvik herad" in contents(municipality)["organization.ttl"].decode()


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("\n", 1), ("j\n", 0), ("yes\n", 0)])
def test_at_a_terminal_the_answer_decides(municipality: Path, answer: str, code: int) -> None:
    before = contents(municipality)
    (municipality / "csv" / "organization.CSV").unlink()
    (municipality / "csv" / "organization.csv").write_text(ORGANIZATION.replace("Nabo", "Nabø"), encoding="utf-8")
    leader, follower = pty.openpty()
    os.write(leader, answer.encode())
    done = run_command("import-sheet", "csv", "my/9999/kommune", "--replace", cwd=municipality, stdin=follower)
    os.close(leader)
    os.close(follower)
    assert done.returncode == code, done.stderr
    assert "Replace? [j/N]" in done.stderr
    assert (contents(municipality) == before) is (code == 1)


@pytest.mark.slow
def test_a_missing_file_removes_nothing_without_consent(municipality: Path) -> None:
    before = contents(municipality)
    (municipality / "csv" / "organization.CSV").rename(municipality / "csv" / "organization.txt")
    done = run("import-sheet", "csv", "my/9999/kommune", "--replace", "--yes", cwd=municipality)
    assert done.returncode == 1
    assert "organization.txt" in done.stderr
    assert "Save it as organization.csv" in done.stderr
    assert contents(municipality) == before


def test_importing_the_same_again_changes_no_file(municipality: Path) -> None:
    folder = municipality / "my" / "9999" / "kommune"
    (folder / "dataset.ttl").write_text("# mine\n" + (folder / "dataset.ttl").read_text("utf-8"), encoding="utf-8")
    before = contents(municipality)
    done = run("import-sheet", "csv", "my/9999/kommune", "--replace", cwd=municipality)
    assert (done.returncode, done.stdout) == (0, "my/9999/kommune  unchanged, 14 triples\n")
    assert contents(municipality) == before


@pytest.mark.slow
def test_a_preview_names_lost_comments_and_unreadable_files(municipality: Path) -> None:
    folder = municipality / "my" / "9999" / "kommune"
    (folder / "organization.ttl").write_text("# mine\n<a> <b> .", encoding="utf-8")
    seen: list[Preview] = []

    def refuse(changes: Preview) -> bool:
        seen.append(changes)
        return False

    outcome = import_sheet(Settings(), municipality / "csv", folder, replace=True, confirm=refuse)
    assert outcome.declined
    assert outcome.written == ()
    assert seen[0].unreadable == ("organization.ttl",)
    assert seen[0].commented == ("organization.ttl",)
    assert "Files that cannot be read, and are lost: organization.ttl" in seen[0].as_text()


# What is kept aside


@pytest.fixture
def own(short_template: Path, tmp_path: Path) -> Path:
    """A workbook with extra columns, an extra sheet, a comment and a row of sums."""
    path = tmp_path / "kommune.xlsx"
    shutil.copy(short_template, path)
    fill(
        path,
        {
            "dcat:Dataset": [
                {
                    "key": "kommune",
                    "dcterms:title@nb": "F",
                    "dcterms:title@en": "F",
                    "dcterms:description@nb": "Om F",
                    "dcterms:description@en": "On F",
                    "dcterms:identifier": "kommune",
                    "dcterms:license": "CC BY 4.0",
                    "dcterms:publisher": "organization/f",
                }
            ],
            "org:Organization": [{"key": "f", "rdfs:label@nb": "F", "rdfs:label@en": "F"}],
        },
    )
    workbook, sheet = sheet_of(path, "org:Organization")
    first = max(columns(sheet).values()) + 1
    sheet.cell(1, first).value = "Merknad"
    sheet.cell(4, first).value = "=ring Kari"
    sheet.cell(4, first).data_type = "s"
    sheet.cell(2, first + 1).value = "Kostnad"
    sheet.cell(4, first + 1).value = 12.5
    sheet.cell(5, first + 1).value = "Sum 12,5"
    notes = workbook.create_sheet("Fremdrift")  # type: ignore[attr-defined]
    notes["B2"], notes["C3"] = "Møte 3. mai", 7
    workbook.save(path)  # type: ignore[attr-defined]
    return path


def noted(folder: Path) -> set[tuple[str, str, str]]:
    return {(note.kind, note.column if note.kind == "column" else note.sheet, note.text) for note in read_notes(folder)}


@pytest.mark.slow
def test_own_columns_and_sheets_are_kept_and_restored(own: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my" / "9999" / "kommune"
    outcome = import_sheet(Settings(), own, folder)
    assert outcome.written, as_text(outcome.problems)
    report = as_text(outcome.problems)
    assert "It is kept as notes, and is not published." in report
    kept = {
        ("column", "Merknad", ""),
        ("column", "Merknad", "=ring Kari"),
        ("column", "Kostnad", ""),
        ("column", "Kostnad", "12,5"),
        ("sheet", "Organisasjon (notater)", "Sum 12,5"),
        ("sheet", "Fremdrift", "Møte 3. mai"),
        ("sheet", "Fremdrift", "7"),
    }
    assert noted(folder) == kept
    assert "Merknad" not in "".join(path.read_text("utf-8") for path in folder.glob("*.ttl"))
    for out in (tmp_path / "ut.xlsx", tmp_path / "ut-csv"):
        export_sheet(Settings(), str(folder), out)
        again = import_sheet(Settings(), out, folder, replace=True)
        assert again.unchanged or again.written, as_text(again.problems)
        assert noted(folder) == kept
    back = load_workbook(tmp_path / "ut.xlsx")
    assert back["Fremdrift"]["B2"].value == "Møte 3. mai"
    (tmp_path / "ut.xlsx").unlink()
    (folder / NOTES_FILE).write_text("noe annet", encoding="utf-8")
    done = run("export-sheet", folder, "ut.xlsx", cwd=tmp_path)
    assert done.returncode == 2
    assert "notater.tsv cannot be read" in done.stderr


@pytest.mark.parametrize("row", ["1" * 5000, "٣", "²", "0", "-1", "1048577", ""], ids=lambda row: row[:5])
def test_a_note_at_a_place_that_no_sheet_has_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / NOTES_FILE).write_text(format_notes([Note("sheet", "Ark", row, "1", "x")]), encoding="utf-8")
    with pytest.raises(SettingError, match=r"notater\.tsv cannot be read"):
        read_notes(tmp_path)


@pytest.mark.slow
def test_a_replacement_reports_lost_notes(own: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my" / "9999" / "kommune"
    import_sheet(Settings(), own, folder)
    workbook = load_workbook(own)
    del workbook["Fremdrift"]
    workbook.save(own)
    seen: list[str] = []
    import_sheet(Settings(), own, folder, replace=True, confirm=lambda changes: bool(seen.append(changes.as_text())))
    assert "Notater · Notes: 7 → 5" in seen[0]
