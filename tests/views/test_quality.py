"""How many results validation gave for a dataset, read from the report that its version carries."""

from __future__ import annotations

import json
from pathlib import Path

from pyoxigraph import NamedNode

from plangraf.views.quality import findings

DATASET = "https://w3id.org/plangraf/id/5001/dataset/"


def test_results_count_for_the_dataset_whose_file_they_are_in(tmp_path: Path) -> None:
    files = ["data/5001/one/plans.ttl", "data/5001/one/passages.ttl", "/elsewhere/my-data/9999/one/plans.ttl"]
    report = {"conforms": True, "results": [{"file": file} for file in files]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert findings(tmp_path, NamedNode(DATASET + "one")) == 2
    assert findings(tmp_path, NamedNode(DATASET + "two")) == 0
    assert findings(tmp_path, NamedNode(DATASET.replace("5001", "9999") + "one")) == 1


def test_a_version_without_a_report_has_no_results(tmp_path: Path) -> None:
    assert findings(tmp_path, NamedNode(DATASET + "one")) == 0
