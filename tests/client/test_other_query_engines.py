"""Joins from the other side: a local file of national indicators with the service, by others' query engines."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from rdflib import Graph

from doc_pages import ROOT, blocks
from plangraf.client import Plangraf

INDICATORS = Path(__file__).parent / "national-indicators.ttl"
JOIN = Path(__file__).parent / "comunica" / "join.mjs"
COMUNICA = ROOT / ".portals" / "comunica"
PRINTED_ADDRESS = "http://127.0.0.1:8000"
Join = Callable[[str], Iterable[tuple[str, str]]]


def join_in_rdflib(query: str) -> Iterable[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in Graph().parse(INDICATORS).query(query)]  # type: ignore[index]


def join_in_comunica(query: str) -> Iterable[tuple[str, str]]:
    command = ["node", str(JOIN), query, str(INDICATORS)]
    run = subprocess.run(command, cwd=COMUNICA, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return [(row["indicator"], row["plan"]) for row in json.loads(run.stdout)]


needs_comunica = pytest.mark.skipif(
    not (COMUNICA / ".ready").exists(), reason="Comunica is not installed; named at the end of the run"
)


@pytest.mark.parametrize("join", [join_in_rdflib, pytest.param(join_in_comunica, marks=needs_comunica)])
def test_a_local_file_of_indicators_joins_with_the_plans_of_the_service(url: str, join: Join) -> None:
    """Of the planning strategy's 25 plans 22 lead to 11.6 and 24 to 12.8, and none to 2.2 or 8.10."""
    (query,) = [text for text in blocks(ROOT / "docs" / "researchers.md", "sparql") if "SERVICE" in text]
    found = list(join(query.replace(PRINTED_ADDRESS, url)))
    assert Counter(indicator.rpartition("/")[2] for indicator, _ in found) == {"dust": 22, "schools": 24}
    plans = {row["plan"] for row in Plangraf(url).query("plans-by-target", target="11.6")}
    assert {plan for indicator, plan in found if indicator.endswith("/dust")} == plans
