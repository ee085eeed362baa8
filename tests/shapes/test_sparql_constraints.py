"""Each sh:sparql constraint has the same rows by the engine as by pySHACL, over fixtures and random mistakes in them.

A build asks the engine, and pySHACL only about nodes that have a row. So a row that the engine lacked would be lost.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import pytest
from fixture_data import FIXTURES, quads_of, shape_quads, with_world
from pyoxigraph import NamedNode, Quad
from pyshacl.constraints.sparql.sparql_based_constraints import SPARQLBasedConstraint
from pyshacl.graph_abstraction import DataGraph as PyshaclGraph
from pyshacl.validator import Validator, assign_baked_in
from random_mistakes import mutated
from rdflib import SH, Graph
from rdflib.term import Node

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.constraints import Context, sh
from plangraf.checks.shacl.validation import constraint_query, constraint_rows, read_path
from plangraf.rdf.namespaces import SHAPES as ONTOLOGY_OF_SHAPES
from plangraf.rdf.rdflib_graph import rdflib_term, to_rdflib

SHAPES = f"{ONTOLOGY_OF_SHAPES}#"
Rows = set[tuple[Node, Node | None]]
"""Focus node and value of each row; no value where the constraint selects none."""

CASES = sorted(
    (quad.subject.value.removeprefix(SHAPES), quad.object.value.removeprefix(SHAPES))
    for quad in shape_quads()
    if quad.predicate == sh("sparql") and isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
)


@cache
def shapes() -> DataGraph:
    return DataGraph(shape_quads())


def rows_by_engine(shape: NamedNode, constraint: NamedNode, data: DataGraph, focus: list[NamedNode]) -> Rows:
    (path,) = shapes().objects(shape, sh("path"))
    context = Context(shape, True, shapes(), data, lambda _: pytest.fail("asks another shape"))
    query = constraint_query(context, constraint, read_path(shapes(), path, data).sparql)
    found: Rows = set()
    for node in focus:
        rows = constraint_rows(data.store, query, node)
        valued = "value" in [variable.value for variable in rows.variables]
        for row in rows:
            assert row["this"] == node
            found.add((rdflib_term(node), rdflib_term(row["value"]) if valued else None))
    return found


@cache
def validator() -> Validator:
    assign_baked_in()  # type: ignore[no-untyped-call]
    return Validator(PyshaclGraph.from_rdflib(Graph()), shacl_graph=to_rdflib(shape_quads()), options={})


def rows_by_pyshacl(shape: NamedNode, constraint: NamedNode, quads: set[Quad], focus: list[NamedNode]) -> Rows:
    own = next(known for known in validator().shacl_graph.shapes if known.node == rdflib_term(shape))
    asked = {rdflib_term(node): [] for node in focus}
    data = PyshaclGraph.from_rdflib(to_rdflib(quads))
    _, results = SPARQLBasedConstraint(own).evaluate(validator().make_executor(), data, asked, [])
    found: Rows = set()
    for _, _, triples in results:
        # An object of a graph stands beside that graph.
        said = {predicate: value[1] if isinstance(value, tuple) else value for _, predicate, value in triples}
        if said[SH.sourceConstraint] == rdflib_term(constraint):
            found.add((said[SH.focusNode], said.get(SH.value)))
    return found


def variants(own: set[Quad], chance: random.Random, *, each: bool) -> Iterator[set[Quad]]:
    """A fixture as it is, with random mistakes, and with `each` of its statements left out once."""
    yield own
    yield set(mutated(sorted(own, key=str), chance)) or own
    if each:
        yield from (own - {quad} for quad in own)


@pytest.mark.parametrize(
    ("name", "constraint_name"),
    [
        pytest.param(*case, id="/".join(case), marks=[] if number % 3 == 0 else pytest.mark.slow)
        for number, case in enumerate(CASES)
    ],
)
def test_a_constraint_has_the_rows_that_pyshacl_finds(name: str, constraint_name: str) -> None:
    shape, constraint = NamedNode(SHAPES + name), NamedNode(SHAPES + constraint_name)
    chance = random.Random(name)
    with_rows = without_rows = 0
    for path in sorted((FIXTURES / name).glob("*.ttl")):
        own = quads_of([path])
        for variant in variants(own, chance, each=path.name.startswith("pass-")):
            quads = with_world(variant)
            focus = sorted({quad.subject for quad in own if isinstance(quad.subject, NamedNode)}, key=str)
            found = rows_by_engine(shape, constraint, DataGraph(quads), focus)
            assert found == rows_by_pyshacl(shape, constraint, quads, focus), path.name
            having = {node for node, _ in found}
            with_rows, without_rows = with_rows + len(having), without_rows + len(focus) - len(having)
    assert with_rows
    assert without_rows


def test_every_constraint_of_the_shapes_is_tried() -> None:
    assert len(CASES) == len([quad for quad in shape_quads() if quad.predicate == sh("sparql")]) > 0
