"""The measurement of imports in short: its table is what it should be, and one import gives a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.import_sizes import measure, table
from plangraf.sources.statistics.read.json_stat import read_json_stat


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_the_table_has_as_many_observations_as_asked_for(size: int) -> None:
    found, findings = read_json_stat(json.dumps(table(size)).encode(), "made.json")
    assert len(found.values) == size
    assert findings.repairs == ()
    missing = sum(value is None for value in found.values)
    assert missing == len(found.statuses)
    assert 0.01 < missing / size < 0.03


def test_a_measurement_is_a_line_of_the_table(tmp_path: Path) -> None:
    cells = [cell.strip() for cell in measure(1_000, tmp_path).strip("|").split("|")]
    assert cells[0] == "1000"
    assert int(cells[5]) > 7_000
