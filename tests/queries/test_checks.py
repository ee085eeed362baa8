"""Each query in queries/checks/ finds its mistake, and nothing in data without it.

A fixture is one small dataset, tests/queries/checks/<check>/pass-*.trig or fail-*.trig; its `# finds:` lines name the
focus nodes that the check must return, and it must return no others.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from plangraf.sparql.named.head import QueryHead, parse_head

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ROOT / "queries" / "checks"
FIXTURES = ROOT / "tests" / "queries" / "checks"
NAMES = sorted(path.stem for path in CHECKS.glob("*.rq"))
CASES = sorted(str(path.relative_to(FIXTURES)) for path in FIXTURES.rglob("*.trig"))
# The first failing dataset of each check, which proves that a second engine accepts it and finds something.
FIRST = {min(case for case in CASES if case.startswith(f"{name}/fail-")) for name in NAMES}


def store(quads: list[ox.Quad]) -> ox.Store:
    """A store as in a build: every named graph, and their union as the default graph."""
    made = ox.Store()
    made.extend(quads)
    made.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return made


def text(name: str) -> str:
    return (CHECKS / f"{name}.rq").read_text(encoding="utf-8")


def head(name: str) -> QueryHead:
    return parse_head(text(name), f"checks/{name}.rq")


def rows(name: str, quads: list[ox.Quad]) -> list[list[str]]:
    solutions = store(quads).query(text(name))
    assert isinstance(solutions, ox.QuerySolutions)
    assert [variable.value for variable in solutions.variables] == list(head(name).columns)
    return [["" if term is None else str(term) for term in solution] for solution in solutions]


def expected(path: Path) -> set[str]:
    return set(re.findall(r"^# finds: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("case", CASES)
def test_a_check_finds_the_mistakes_of_its_dataset_and_nothing_else(case: str) -> None:
    path = FIXTURES / case
    assert bool(expected(path)) == path.name.startswith("fail-")
    found = rows(path.parent.name, list(ox.parse(path=path)))
    assert {row[0] for row in found} == {f"<{iri}>" for iri in expected(path)}, found


# rdflib's own TriG parser and SPARQL evaluation still use names that rdflib has deprecated.
@pytest.mark.sampled(3)
@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in FIRST else pytest.mark.slow) for case in CASES]
)
def test_a_second_engine_finds_the_same(case: str) -> None:
    path = FIXTURES / case
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(path, format="trig")
    found = {str(row[0]) for row in dataset.query(text(path.parent.name)) if isinstance(row, tuple)}
    assert found == expected(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_check_has_a_passing_and_a_failing_dataset(name: str) -> None:
    for kind in ("pass", "fail"):
        assert any(case.startswith(f"{name}/{kind}-") for case in CASES), kind


def test_every_file_among_the_datasets_belongs_to_a_check() -> None:
    files = {str(path.relative_to(FIXTURES)) for path in FIXTURES.rglob("*") if path.is_file()}
    assert files == {case for case in CASES if case.split("/")[0] in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_check_starts_with_its_focus_node_and_gives_advice(name: str) -> None:
    documented = head(name)
    assert next(iter(documented.columns.values())) == "iri"
    assert documented.description.count(".") >= 1
    assert "ORDER BY" in text(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_check_reports_nothing_on_an_empty_dataset(name: str) -> None:
    assert rows(name, []) == []
