"""The measurement of other engines in short, and the table that is made of the figures that are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import engine_sizes, generate, workload
from benchmarks.engine_sizes import EMBEDDED, Figures, Query
from benchmarks.measure import HEAVY, POINT

FOUND = Figures(
    "fuseki", 20_012, 3.0, 4.0, 1.5, 700.0, 120.0,
    [Query(POINT, 2.0, 4.0, 1.0, 30), Query(HEAVY, 20.0, 40.0, 21.0, 30)],
    [Query(POINT, 1.0, 3.0, 0.5, 30), Query(HEAVY, 10.0, 60.0, 11.0, 30)],
    0.5, "2026-11-30",
)  # fmt: skip


@pytest.mark.slow
def test_every_query_is_answered_through_the_service_and_by_the_engine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_sizes, "_AHEAD_S", 0.0)
    data = generate.write(tmp_path, 10_000)
    generate.write_version(data, tmp_path / "versions")
    (tmp_path / "engine").mkdir()
    found = engine_sizes.measure("oxigraph", data, tmp_path / "versions", tmp_path / "engine", 0.01)
    names = [template.name for template in workload.templates()]
    for asked in (found.through, found.direct):
        assert [query.name for query in asked] == names
        assert not [(query.name, query.failure) for query in asked if query.failure or not query.answers]
        assert all(0 < query.p50_ms <= query.p99_ms for query in asked)
        assert sum(query.cpu_ms for query in asked) > 0
    assert min(found.load_s, found.load_cpu_s, found.start_s, found.engine_mib, found.service_mib) > 0


def test_the_figures_of_an_engine_replace_those_before_and_the_table_shows_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_sizes, "RESULTS", tmp_path / "engines.json")
    monkeypatch.setattr(engine_sizes, "PAGE", tmp_path / "page.md")
    engine_sizes.PAGE.write_text(f"before\n{engine_sizes.BEGIN}old\n{engine_sizes.END}\nafter\n")
    engine_sizes.keep([FOUND])
    engine_sizes.keep([replace(FOUND, load_cpu_s=6.0), replace(FOUND, engine=EMBEDDED, engine_mib=0.0, direct=[])])
    assert [one.engine for one in engine_sizes.read()] == [EMBEDDED, "fuseki"]
    lines = engine_sizes.PAGE.read_text().splitlines()
    assert lines[4:6] == [
        "| 20 012 | embedded | – | 120 | 2.00 (4.00) | 20.0 (40.0) | 22.0 | 0 |",
        "| 20 012 | Fuseki | 6.00 | 700 + 120 | 2.00 (4.00) / 1.00 (3.00) | 20.0 (40.0) / 10.0 (60.0) | 22.0 / 11.5 "
        "| 0 |",
    ]
    assert (lines[0], lines[-1]) == ("before", "after")


def test_the_table_of_the_page_is_that_of_the_figures_that_are_kept() -> None:
    text = engine_sizes.PAGE.read_text()
    assert text == engine_sizes.with_table(text, engine_sizes.read())
    assert engine_sizes.table([]) == ""
