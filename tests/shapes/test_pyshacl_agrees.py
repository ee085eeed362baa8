"""A report is the one that pySHACL writes: over fixtures, over random mistakes, over all data."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from fixture_data import FIXTURES, ROOT, WORLD, data_of, groups, quads_of
from pyoxigraph import Literal, NamedNode, Quad

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.pyshacl_results import pyshacl_problems
from plangraf.checks.shacl.validation import shacl_problems, shapes_of, suspects
from plangraf.diagnostics.diagnostic import FileDiagnostic, in_order
from plangraf.rdf.graph import relabelled
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sources.files import source_files
from plangraf.sources.turtle import read

ALL = sorted(FIXTURES.glob("*/*.ttl"))
# Groups of fixtures in the short set, beside the random mistakes below; the longer one has all.
SHORT = 3
XSD = PREFIXES["xsd"]
ODD_VALUES = [
    Literal(""),
    Literal("x"),
    Literal("Ny tekst.", language="nb"),
    Literal("New", language="en"),
    Literal("Ođđa", language="se"),
    Literal("Tekst", language="nb-NO"),
    Literal("7"),
    *(
        Literal(text, datatype=NamedNode(XSD + name))
        for text, name in (
            ("0", "integer"),
            ("-3", "integer"),
            ("007", "integer"),
            ("x", "integer"),
            ("1.5", "decimal"),
            ("2020", "gYear"),
            ("0000", "gYear"),
            ("20", "gYear"),
            ("2020-13", "gYearMonth"),
            ("2020-02-30", "date"),
            ("2021-05-01", "date"),
            ("2021-05-01Z", "date"),
            ("true", "boolean"),
            ("1", "boolean"),
            ("P", "duration"),
            ("P2Y", "duration"),
            ("1E3", "double"),
            ("--13", "gMonth"),
            ("--02-30", "gMonthDay"),
            ("x", "unheardOf"),
        )
    ),
    NamedNode("https://w3id.org/plangraf/id/9999/plan/nowhere"),
    NamedNode("http://metadata.un.org/sdg/11.6"),
    NamedNode("https://w3id.org/plangraf/id/scheme/document-kind/temaplan"),
]


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
def test_a_group_of_fixtures_is_reported_as_pyshacl_reports_it(number: int) -> None:
    assert_same(data_of(groups()[number].quads))


def mutated(quads: list[Quad], chance: random.Random) -> Iterator[Quad]:
    """The statements with some dropped, some given another value, predicate or subject, and some said twice."""
    for quad in quads:
        what = chance.random()
        if what > 0.12:
            yield quad
        if what < 0.03:
            yield Quad(quad.subject, quad.predicate, chance.choice(ODD_VALUES), quad.graph_name)
        elif what < 0.05:
            yield Quad(quad.subject, quad.predicate, chance.choice(quads).object, quad.graph_name)
        elif what < 0.07:
            yield Quad(quad.subject, chance.choice(quads).predicate, quad.object, quad.graph_name)
        elif what < 0.09:
            yield Quad(chance.choice(quads).subject, quad.predicate, quad.object, quad.graph_name)
        elif what > 0.97:
            yield Quad(quad.subject, quad.predicate, chance.choice(ODD_VALUES), quad.graph_name)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[] if seed < 2 else pytest.mark.slow) for seed in range(40)])
def test_random_mistakes_are_reported_as_pyshacl_reports_them(seed: int) -> None:
    chance = random.Random(seed)
    every = sorted(quads_of([WORLD, *(path for path in ALL if chance.random() < 0.05)]), key=str)
    found = assert_same(data_of(set(mutated(every, chance))))
    # Else the mistakes would prove little.
    assert len({problem.rule for problem in found}) > 50


@pytest.mark.slow
def test_all_data_are_reported_as_pyshacl_reports_them() -> None:
    data = DataGraph(relabelled(read(source_files(ROOT)).quads))
    assert_same(data)


def test_no_node_of_all_data_is_left_to_pyshacl() -> None:
    """A build stays quick: a new shape that is not compiled would cost seconds."""
    data = DataGraph(relabelled(read(source_files(ROOT)).quads))
    assert suspects(shapes_of(data), data) == {}
