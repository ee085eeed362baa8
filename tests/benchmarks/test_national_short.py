"""The source files of the whole country in short: imports write them, and the checks of a build accept them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks import build_sizes, national
from benchmarks.names import MUNICIPALITIES
from small_home import ROOT, plangraf


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("national") / "data"
    written = national.write(folder, 3_000)
    assert (written.strategies, written.observations) == (1, 200)
    return folder


@pytest.mark.slow
def test_generated_files_pass_the_checks_of_a_build(data: Path) -> None:
    files = sorted(data.glob("*/*/*.ttl")) + sorted(data.glob("*/*/*.nt"))
    done = plangraf("validate", *files, "--data", data, home=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_changed_plan_is_found_in_one_file(data: Path) -> None:
    before = {path: path.read_bytes() for path in data.rglob("*.ttl")}
    changed = build_sizes.change_one(data)
    after = {path: path.read_bytes() for path in data.rglob("*.ttl")}
    assert [path for path in before if before[path] != after[path]] == [changed]


def test_at_a_million_triples_every_municipality_has_statistics_of_twenty_years() -> None:
    found = national.table("made", MUNICIPALITIES, 2, seed=7)
    assert found["size"] == [357, 2, 20]
    assert len(found["value"]) == 357 * 2 * 20


@pytest.mark.parametrize("triples", [200_000, 1_000_000, 10_000_000])
def test_strategies_have_as_many_triples_as_asked_for(triples: int) -> None:
    shares = list(national._shares(triples, 357, Random(7)))
    assert sum(600 + 97 * plans for _, _, plans in shares) == pytest.approx(triples, rel=0.3)
    periods = Counter(index for index, _, _ in shares)
    assert max(periods.values()) == 5
    assert len({(index, year) for index, year, _ in shares}) == len(shares)
