"""`plangraf validate` gives the verdict of the build or the import, for every kind of input."""

from __future__ import annotations

from pathlib import Path

import pytest

from filled_sheets import columns, sheet_of
from small_home import CASE, make_home, plangraf, write
from test_add_municipality import KOMMUNE, PLANSTRATEGI, filled
from test_add_municipality import plangraf as with_home

ID = "https://w3id.org/plangraf/id"
GOOD = "nb  Ingen feil.\nen  No errors.\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


@pytest.mark.sampled(9)
@pytest.mark.parametrize("what", ["file", "dataset", "municipality", "data folder", "in place of the current folder"])
def test_a_file_is_validated_together_with_its_data_folder_at_any_path(home: Path, tmp_path: Path, what: str) -> None:
    """A file without an argument describes the case; a named file refers to it twice."""
    data = tmp_path / "mine"
    write(data, "9999/plan/case.ttl", f'<{ID}/9999/case/1> a plan:Case ; rdfs:label "x"@nb .\n')
    write(data, "9999/plan/number.ttl", f'<{ID}/9999/case/1> plan:caseNumber "1/20" .\n')
    path = {
        "file": data / "9999/plan/case.ttl",
        "dataset": data / "9999/plan",
        "municipality": data / "9999",
        "data folder": data,
        "in place of the current folder": data / "9999/plan/../plan",
    }[what]
    run = plangraf("validate", "--quiet", path, home=home)
    assert (run.returncode, run.stdout) == (0, GOOD), run.stdout
    assert plangraf("build", "--quiet", "--data", data, home=home).returncode == 0
    (data / "9999/plan/number.ttl").unlink()
    assert plangraf("validate", "--quiet", path, home=home).returncode == 1


def test_a_check_that_involves_another_file_is_reported(home: Path, tmp_path: Path) -> None:
    """The number belongs to one of our cases, so a build would stop."""
    own = write(tmp_path, "own.ttl", f'<{ID}/5001/case/zz> a plan:Case ; plan:caseNumber "68/19" .\n')
    run = plangraf("validate", "--quiet", own, home=home)
    assert run.returncode == 1
    assert "Check number-twice: A case number under two cases" in run.stdout
    assert CASE in run.stdout


def test_a_loose_file_is_validated_as_a_file_of_its_municipality(light_home: Path, tmp_path: Path) -> None:
    """Outside of a source graph no check would require evidence."""
    file = write(tmp_path, "loose.ttl", f'<{ID}/9999/case/1-20> a plan:Case ; plan:caseNumber "1/20" .\n')
    run = with_home("validate", "--quiet", file, "--all", cwd=tmp_path, home=light_home)
    assert run.returncode == 1
    assert "every-statement-has-evidence" in run.stdout
    assert "graph <https://w3id.org/plangraf/graph/9999/own>" in run.stdout


@pytest.mark.parametrize("content", ["", "# nothing\n", "@prefix a: <http://example.org/> .\n"])
def test_an_empty_file_is_reported_as_empty(home: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "own.ttl").write_text(content, encoding="utf-8")
    run = plangraf("validate", "--quiet", tmp_path / "own.ttl", home=home)
    assert run.returncode == 1
    assert "The file is empty." in run.stdout or "not a single statement" in run.stdout


def test_folders_that_a_build_ignores_are_reported(home: Path, tmp_path: Path) -> None:
    write(tmp_path, "mine/9999/plan strategi/case.ttl", f"<{ID}/9999/case/1> a plan:Case .\n")
    for path in ("mine/9999/plan strategi/case.ttl", "mine/9999/plan strategi", "mine"):
        run = plangraf("validate", "--quiet", tmp_path / path, home=home)
        assert run.returncode == 1
        assert 'The folder name "plan strategi" cannot be part of an IRI' in run.stdout
    (tmp_path / "empty").mkdir()
    run = plangraf("validate", "--quiet", tmp_path / "empty", home=home)
    assert (run.returncode, run.stderr) == (2, f"plangraf: The folder {tmp_path}/empty holds no Turtle files.\n")


@pytest.fixture(scope="module")
def workbooks(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two workbooks of a new municipality, and nothing else."""
    folder = tmp_path_factory.mktemp("workbooks")
    filled(template, folder / "kommune.xlsx", KOMMUNE)
    filled(template, folder / "plan.xlsx", PLANSTRATEGI)
    return folder


@pytest.mark.slow
def test_workbooks_get_the_verdict_of_an_import_in_any_order_and_nothing_is_written(
    workbooks: Path, light_home: Path
) -> None:
    # The municipality of the second is known from the first, which needs it.
    run = with_home("validate", "--quiet", "plan.xlsx", "kommune.xlsx", cwd=workbooks, home=light_home)
    assert run.returncode == 0, run.stdout
    assert "Feil:" not in run.stdout
    assert run.stdout.endswith(GOOD)
    assert sorted(path.name for path in workbooks.iterdir()) == ["kommune.xlsx", "plan.xlsx"]


def test_a_workbook_that_names_no_municipality_asks_for_its_number(workbooks: Path, light_home: Path) -> None:
    run = with_home("validate", "--quiet", "kommune.xlsx", cwd=workbooks, home=light_home)
    assert run.returncode == 2
    assert run.stderr == (
        "plangraf: The sheets do not say which municipality they are of. Give the number that completes the keys: "
        "--municipality 9999.\n"
    )
    run = with_home("validate", "-q", "kommune.xlsx", "--municipality", "999", cwd=workbooks, home=light_home)
    assert run.stderr == "plangraf: '999' is not a municipality number. It has four digits, such as 5001.\n"


def test_problems_in_a_workbook_are_reported_by_cell(workbooks: Path, light_home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "9999" / "kommune.xlsx"
    copy.parent.mkdir()
    copy.write_bytes((workbooks / "kommune.xlsx").read_bytes())
    workbook, sheet = sheet_of(copy, "plan:Municipality")
    sheet.cell(4, columns(sheet)["plan:municipalityNumber"]).value = "99"
    workbook.save(copy)  # type: ignore[attr-defined]
    run = with_home("validate", "-q", copy, cwd=tmp_path, home=light_home)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{copy}\nark «Kommune»")


@pytest.mark.slow
def test_a_folder_of_csv_files_is_read_as_an_import_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "5001" / "kommune"
    assert with_home("export-sheet", "5001/kommune", folder, cwd=tmp_path).returncode == 0
    run = with_home("validate", "-q", folder, cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert run.stdout.endswith(GOOD)
