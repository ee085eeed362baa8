"""What is done once in place of many times changes no result of pySHACL."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Every mistake that the fixtures of the SPARQL constraints hold, and a good many of the others, in one graph.
FIXTURES = sorted(
    path
    for number, path in enumerate(sorted((ROOT / "tests" / "shapes").glob("*/fail-*.ttl")))
    if number % 12 == 0 or "-startYear" in path.parent.name or "Period" in path.parent.name
)
PROGRAM = """
import sys
from pathlib import Path
import pyshacl
from rdflib import Graph, SH

if sys.argv[1] == "quick":
    from plangraf.checks.quicker_shacl import quicken

    quicken()
data, shapes = Graph(), Graph()
for path in sys.argv[2].split(":"):
    data.parse(path)
for path in sorted(Path("shapes").glob("*.ttl")) + sorted(Path("ontology").rglob("*.ttl")):
    shapes.parse(path)
_, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
for result in report.subjects(SH.resultSeverity):
    kinds = (SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent, SH.resultPath, SH.value, SH.resultSeverity)
    values = [report.value(result, kind) for kind in kinds]
    # Blank nodes have other labels in each run.
    print("\\t".join("_" if value is None or value.n3().startswith("_:") else value.n3() for value in values))
"""


def results(way: str) -> Counter[str]:
    files = ":".join(str(path) for path in [ROOT / "tests" / "shapes" / "world.ttl", *FIXTURES])
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, way, files], cwd=ROOT, capture_output=True, text=True, check=True, timeout=900
    )
    return Counter(run.stdout.splitlines())


def test_the_results_are_those_of_pyshacl_as_it_comes() -> None:
    expected = results("plain")
    assert len(expected) > 100
    assert any("SPARQLConstraintComponent" in line for line in expected)
    assert results("quick") == expected
