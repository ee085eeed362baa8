"""The measurement of both stores in short: each answers every query of the benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import generate, serving_sizes, workload


@pytest.mark.slow
@pytest.mark.parametrize("store", serving_sizes.STORES)
def test_every_query_is_answered_from_memory_and_from_disk(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANGRAF_MEMORY_TRIPLES", "0")  # restored after the measurement, which sets it
    data = generate.write(tmp_path, 10_000)
    serving_sizes.write_stores(data, tmp_path / "versions")
    found = serving_sizes.measure(tmp_path / "versions", data, store, 0.05)
    assert found.start_s > 0
    assert {query.name for query in found.queries} == {template.name for template in workload.templates()}
    assert all(0 < query.p50_ms <= query.p99_ms for query in found.queries)
