"""Statistics in bulk files are drawn as those of small files are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from plangraf.publish.pictures import bulk_lines
from plangraf.publish.pictures.bulk_lines import lines_about
from plangraf.store.pictures import Drawing, KeptPictures, read_pictures
from plangraf.store.versions import Version, VersionStore
from plangraf.store.versions.bulk import packing
from small_home import plangraf

AREAS = ("0301", "5001", "5055")
YEARS = tuple(range(2015, 2026))
CONTENTS = {"Antall": "Antall", "Andel": "Andel"}
BULK, NO_BULK = 100, 10**9
"""Sizes of files from which a file is a bulk file."""
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
STRATEGY = """\
@base <https://w3id.org/plangraf/id/> .
@prefix plan: <https://w3id.org/plangraf/ontology#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<5001/planning-strategy/x> a plan:PlanningStrategy ; plan:municipality <5001/municipality/5001> ;
    dcterms:temporal <5001/period/x> .
<5001/period/x> dcat:startDate "2020"^^xsd:gYear ; dcat:endDate "2023"^^xsd:gYear .
"""


def value(area: str, contents: str, year: int) -> float:
    return int(area) + (year - 2000) * 1.5 + len(contents)


@pytest.fixture
def home(light_home: Path, tmp_path: Path) -> Path:
    """The municipality and a plan period, and the number and share of something in three areas and eleven years."""
    home = tmp_path / "home"
    shutil.copytree(light_home, home, symlinks=True)
    table = {
        "version": "2.0", "class": "dataset", "label": "99009: Noe i kommunene", "source": "Statistisk sentralbyrå",
        "id": ["Region", "ContentsCode", "Tid"], "size": [len(AREAS), len(CONTENTS), len(YEARS)],
        "role": {"geo": ["Region"], "time": ["Tid"], "metric": ["ContentsCode"]},
        "dimension": {
            "Region": {"label": "region", "category": {"index": list(AREAS), "label": {one: one for one in AREAS}}},
            "ContentsCode": {"label": "statistikkvariabel", "category": {
                "index": list(CONTENTS), "label": CONTENTS,
                "unit": {"Antall": {"base": "antall", "decimals": 1}, "Andel": {"base": "prosent", "decimals": 1}}}},
            "Tid": {"label": "år", "category": {"index": [str(year) for year in YEARS],
                                                "label": {str(year): str(year) for year in YEARS}}},
        },
        "value": [value(area, contents, year) for area in AREAS for contents in CONTENTS for year in YEARS],
        "extension": {"px": {"tableid": "99009", "language": "nb"}},
    }  # fmt: skip
    saved = tmp_path / "99009.json"
    saved.write_text(json.dumps(table), encoding="utf-8")
    target = home / "data" / "no" / "99009"
    run = plangraf("import-statistics", saved, "--to", target, "--licence", LICENCE, home=home)
    assert run.returncode == 0, run.stderr
    (home / "data" / "5001" / "strategi").mkdir()
    (home / "data" / "5001" / "strategi" / "strategy.ttl").write_text(STRATEGY, encoding="utf-8")
    return home


BUILD = """\
import sys
from pathlib import Path
from plangraf.checks.verdict import Verdict
from plangraf.publish import pipeline
from plangraf.publish.pictures import writing
from plangraf.settings import Settings
from plangraf.sources import files
home, versions, size, most = sys.argv[1:]
files.BULK_SIZE, writing.MOST_STATEMENTS = int(size), int(most)
# The home lacks what its statements link to, which the checks of a build would report.
pipeline.judge = lambda *_, **__: Verdict([], terms_defined=False)
pipeline.build(Settings(home=Path(home), versions=Path(home) / versions), force=True)
"""


def built(home: Path, bulk_size: int, most: int = 10**9) -> Version:
    """A version in a process of its own, because a fork of one that has drawn a picture cannot draw."""
    versions = "bulk" if bulk_size == BULK else "small"
    arguments = (str(home), versions, str(bulk_size), str(most))
    run = subprocess.run([sys.executable, "-c", BUILD, *arguments], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    version = VersionStore(home / versions).current()
    assert bool(version.bulk()) == (bulk_size == BULK)
    return version


def series(kept: KeptPictures, language: str = "nb") -> Drawing:
    found = kept.pictures["series"].drawing(language, "5001")
    assert found is not None
    return found


@pytest.mark.slow
def test_series_of_a_bulk_file_are_drawn_as_those_of_a_small_file(home: Path) -> None:
    small, bulk = (read_pictures(built(home, size).path) for size in (NO_BULK, BULK))
    for language in ("nb", "en"):
        drawing = series(bulk, language)
        assert (drawing.state, drawing.rows) == ("drawn", len(CONTENTS) * len(YEARS))
        assert drawing.width <= 420  # readable on a phone
        for kind, file in series(small, language).files.items():
            assert bulk.read(drawing.files[kind]) == small.read(file), kind
    rows = json.loads(bulk.read(series(bulk).files["json"]))["rows"]
    assert sorted(row["value"] for row in rows) == sorted(
        value("5001", contents, year) for contents in CONTENTS for year in YEARS
    )
    assert {(row["planStart"], row["planEnd"]) for row in rows} == {(2020, 2023)}
    assert series(bulk).reading.startswith("2 serier fra 1 tabell viser 22 verdier fra 2015 til 2025")


@pytest.mark.slow
def test_too_many_bulk_triples_leave_out_the_pictures_that_need_them_and_no_other(home: Path) -> None:
    lines = sum(1 for _ in built(home, BULK).lines())
    kept = read_pictures(built(home, BULK, lines + 50).path)
    left_out = kept.pictures["series"].drawing("en")
    assert left_out is not None
    assert (left_out.state, left_out.rows) == ("too-large", 0)
    assert left_out.reading.startswith("There are more statements than a picture can show.")
    other = kept.pictures["matrix"].drawing("en")
    assert other is not None
    assert other.state == "empty"  # the home has no perspectives


# The lines of bulk files


def packed(path: Path, lines: Sequence[str]) -> Path:
    with packing(path) as pack:
        pack("".join(f"{line}\n" for line in lines).encode())
    return path


def observation(number: str, *pairs: tuple[str, str]) -> list[str]:
    return sorted(f"<http://x.example/{number}> <http://x.example/{predicate}> {value} ." for predicate, value in pairs)


HERE, THERE = "<http://x.example/here>", "<http://x.example/there>"
TABLE = [
    *observation("1", ("area", HERE), ("value", '"1"'), ("zone", '"a"')),
    *observation("10", ("area", THERE), ("value", '"2"')),
    *observation("2", ("value", '"<http://x.example/here> ."'), ("zone", '"b"')),
    *observation("3", ("area", HERE)),
    *observation("4", ("area", THERE), ("near", HERE), ("value", '"4"')),
    *observation("5", ("area", "<http://x.example/here-not>")),
    *observation("6", ("value", '"6"'), ("zone", HERE)),
]


@pytest.mark.parametrize("piece", [1, 7, 60, 100, 333, 1 << 20])
def test_the_lines_of_each_subject_that_links_to_a_thing_are_found_in_pieces_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(bulk_lines, "_PIECE", piece)
    file = packed(tmp_path / "file", TABLE)
    found = [line.decode() for line in lines_about(file, ["http://x.example/here"])]
    assert found == [line for line in TABLE if line.split("> ")[0][-1] in "1346" and "/10>" not in line]
    both = [line.decode() for line in lines_about(file, ["http://x.example/here", "http://x.example/there"])]
    assert both == [line for line in TABLE if line.split("> ")[0][-1] not in "25"]
    assert not list(lines_about(file, ["http://x.example/her"]))
    assert not list(lines_about(file, []))
