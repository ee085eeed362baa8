"""Reports equal those of pySHACL: over fixtures, random mistakes and all data."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fixture_data import FIXTURES, ROOT, WORLD, data_of, groups, quads_of
from random_mistakes import mutated

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.pyshacl_results import pyshacl_problems
from plangraf.checks.shacl.reach import problems_of_many
from plangraf.checks.shacl.validation import shacl_problems, shapes_of, suspects
from plangraf.diagnostics.diagnostic import FileDiagnostic, in_order
from plangraf.rdf.graph import nquads_lines, relabelled
from plangraf.rdf.line_file import LineFile
from plangraf.rdf.quad_lines import QuadLines
from plangraf.sources.files import source_files
from plangraf.sources.turtle import read

ALL = sorted(FIXTURES.glob("*/*.ttl"))
# Groups of fixtures in the short set, beside the random mistakes below; the longer one has all.
SHORT = 1


def by_pyshacl(data: DataGraph) -> list[FileDiagnostic]:
    return in_order(pyshacl_problems(data.quads, shapes_of(data).quads, lambda _: None))


def assert_same(data: DataGraph) -> list[FileDiagnostic]:
    found = shacl_problems(data, lambda _: None)
    assert found == by_pyshacl(data)
    return found


@pytest.mark.parametrize(
    "number",
    [pytest.param(number, marks=[] if number < SHORT else pytest.mark.slow) for number in range(len(groups()))],
)
def test_a_group_of_fixtures_has_the_report_of_pyshacl(number: int) -> None:
    assert_same(data_of(groups()[number].quads))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_mistakes_have_the_report_of_pyshacl(seed: int) -> None:
    chance = random.Random(seed)
    every = sorted(quads_of([WORLD, *(path for path in ALL if chance.random() < 0.05)]), key=str)
    found = assert_same(data_of(set(mutated(every, chance))))
    # Else the mistakes would prove little.
    assert len({problem.rule for problem in found}) > 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_data_that_are_read_from_a_file_have_the_same_report(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    every = sorted(quads_of([WORLD, *(path for path in ALL if chance.random() < 0.05)]), key=str)
    in_memory = DataGraph(relabelled(set(data_of(set(mutated(every, chance))).quads)))
    path = tmp_path / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in sorted(nquads_lines(in_memory.quads))))
    found = problems_of_many(DataGraph(QuadLines(LineFile(path)), in_memory.store), lambda _: None)
    assert found == shacl_problems(in_memory, lambda _: None)
    assert len({problem.rule for problem in found}) > 50


@pytest.mark.slow
def test_all_data_have_the_report_of_pyshacl() -> None:
    data = DataGraph(relabelled(read(source_files(ROOT)).quads))
    assert_same(data)


@pytest.mark.slow
def test_the_compiled_tests_decide_every_node_of_all_data() -> None:
    """This keeps a build quick: a new shape that is not compiled would cost seconds."""
    data = DataGraph(relabelled(read(source_files(ROOT)).quads))
    assert suspects(shapes_of(data), data) == {}
