"""`plangraf import-statistics` as a user meets it: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from small_home import make_home, plangraf

LICENCE = ("--licence", "https://creativecommons.org/licenses/by/4.0/")
TABLE: dict[str, Any] = {
    "version": "2.0",
    "class": "dataset",
    "label": "Folkemengde",
    "source": "Statistisk sentralbyrå",
    "id": ["Region", "Tid"],
    "size": [1, 2],
    "role": {"time": ["Tid"]},
    "dimension": {
        "Region": {"label": "region", "category": {"index": ["5001"], "label": {"5001": "Trondheim"}}},
        "Tid": {"label": "år", "category": {"index": ["2019", "2020"]}},
    },
    "extension": {"px": {"tableid": "07459", "language": "no"}},
    "value": [205163, None],
    "status": {"1": ".."},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "07459.json"
    path.write_text(json.dumps(TABLE), encoding="utf-8")
    return path


def test_a_table_goes_to_the_folder_of_its_number_and_repairs_are_told(home: Path, source: Path) -> None:
    done = plangraf("import-statistics", source, *LICENCE, home=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{home}/data/no/07459  written, 2 observations, 1 without value\n"
    assert "nb  Reparert: dimensjonen Region er lest som områder, uten at kilden sier det (1)." in done.stderr
    assert "en  Repaired: dimension Region is read as areas, which the source does not say (1)." in done.stderr
    assert "en  Note: not all numbers have a unit." in done.stderr
    assert "en  Note: no list of areas is linked, so nothing checked that the areas exist." in done.stderr
    assert plangraf("import-statistics", source, *LICENCE, home=home).stdout.endswith(
        "unchanged, 2 observations, 1 without value\n"
    )


def test_defects_are_told_in_both_languages_and_nothing_is_written(home: Path, source: Path) -> None:
    source.write_text(json.dumps({**TABLE, "version": "1.0", "class": "bundle"}), encoding="utf-8")
    done = plangraf("import-statistics", source, *LICENCE, home=home)
    assert done.returncode == 1
    assert 'nb  Feil: version: fant "1.0". Ventet «2.0».' in done.stderr
    assert 'en  Error: version: found "1.0". Wanted "2.0".' in done.stderr
    assert 'en  Error: class: found "bundle". Wanted "dataset".' in done.stderr
    assert not (home / "data" / "no").exists()


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "under which licence"),
        ((*LICENCE, "--indicator", "https://lists.example/i"), "--indicator needs --says"),
        ((*LICENCE, "--select", "Region=5001"), "--select chooses from a table at an address"),
        ((*LICENCE, "https://data.example/tables/1/data"), "Name one address, or files"),
        ((*LICENCE, "--retrieved", "yesterday"), "--retrieved yesterday is not a time"),
        ((*LICENCE, "--mapping", "none.yaml"), "none.yaml cannot be read"),
        ((*LICENCE, "none.json"), "none.json cannot be read"),
        ((*LICENCE, "--to", "x/07459"), "cannot be the folder of a national table"),
    ],
)
def test_an_option_that_cannot_be_used_is_told(
    home: Path, source: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = plangraf("import-statistics", source, *arguments, home=home)
    assert (done.returncode, expected in done.stderr) == (2, True), done.stderr
    assert not (home / "data" / "no").exists()


def test_a_selection_without_a_sign_is_told(home: Path) -> None:
    done = plangraf("import-statistics", "https://data.example/tables/1", "--select", "Region", home=home)
    assert done.returncode == 2
    assert "--select Region is not NAME=CODES" in done.stderr


def test_a_csv_file_is_read_by_its_mapping(home: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Nr;År;Tonn\n5001;2020;1 234,5\n", encoding="utf-8")
    (tmp_path / "t.yaml").write_text(
        "table: utslipp\nlabel: Utslipp\nlanguage: nb\nsource: SSB\nlicence: https://example.org/licence\n"
        "dimensions:\n  Region: {column: Nr, role: geo}\n  Tid: {column: År, role: time}\n"
        "value: {column: Tonn, unit: tonn, decimal: ',', thousands: ' '}\n",
        encoding="utf-8",
    )
    done = plangraf("import-statistics", tmp_path / "t.csv", "--mapping", tmp_path / "t.yaml", "--quiet", home=home)
    assert done.returncode == 0, done.stderr
    assert "en  Repaired: a decimal comma is read as a point (1)." in done.stderr
    written = (home / "data" / "no" / "utslipp" / "observations.nt").read_text(encoding="utf-8")
    assert '"1234.5"^^<http://www.w3.org/2001/XMLSchema#decimal>' in written


def test_a_file_of_no_known_format_is_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Nr;Verdi\n1;2\n", encoding="utf-8")
    done = plangraf("import-statistics", tmp_path / "t.csv", *LICENCE, home=home)
    assert done.returncode == 1
    assert "Wanted JSON-stat 2.0, SDMX-CSV, or a CSV file with --mapping." in done.stderr
