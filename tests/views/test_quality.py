"""The number of build results for a dataset comes from the report of its version."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from pyoxigraph import NamedNode

from plangraf.engines.interface import Engine, QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.store.contents import Contents
from plangraf.store.versions.version import Version
from plangraf.views.document_parts import findings

DATASET = "https://w3id.org/plangraf/id/5001/dataset/"


class UnusedEngine(Engine):
    """An engine that must not be used, because the report has the number."""

    async def query(self, request: QueryRequest) -> QueryAnswer:
        raise AssertionError(request.query)


def count(folder: Path, dataset: str) -> int:
    version = Version("one", folder, {"triples": 0})
    return asyncio.run(findings(Snapshot(Contents.read(version), UnusedEngine()), NamedNode(dataset)))


def test_results_count_for_the_dataset_of_their_file(tmp_path: Path) -> None:
    files = ["data/5001/one/plans.ttl", "data/5001/one/passages.ttl", "/elsewhere/my-data/9999/one/plans.ttl"]
    report = {"conforms": True, "results": [{"file": file} for file in files]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert count(tmp_path, DATASET + "one") == 2
    assert count(tmp_path, DATASET + "two") == 0
    assert count(tmp_path, DATASET.replace("5001", "9999") + "one") == 1


def test_a_version_without_a_report_has_no_results(tmp_path: Path) -> None:
    assert count(tmp_path, DATASET + "one") == 0
