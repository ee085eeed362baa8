"""Reports equal those of pySHACL: over fixtures, random mistakes and all data."""

from __future__ import annotations

import random

import pytest
from fixture_data import FIXTURES, ROOT, WORLD, data_of, groups, quads_of
from random_mistakes import mutated

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.pyshacl_results import pyshacl_problems
from plangraf.checks.shacl.validation import shacl_problems, shapes_of, suspects
from plangraf.diagnostics.diagnostic import FileDiagnostic, in_order
from plangraf.rdf.graph import relabelled
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
def test_all_data_have_the_report_of_pyshacl() -> None:
    data = DataGraph(relabelled(read(source_files(ROOT)).quads))
    assert_same(data)


@pytest.mark.slow
def test_the_compiled_tests_decide_every_node_of_all_data() -> None:
    """This keeps a build quick: a new shape that is not compiled would cost seconds."""
    data = DataGraph(relabelled(read(source_files(ROOT)).quads))
    assert suspects(shapes_of(data), data) == {}
