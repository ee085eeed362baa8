"""Validates data by the shapes in graph/shapes: first the compiled tests, then pySHACL for the nodes left over."""

from __future__ import annotations

from collections.abc import Collection

from pyoxigraph import NamedNode

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.compiler import suspects
from plangraf.checks.shacl.constraints import SH, NotCompiledError
from plangraf.diagnostics.diagnostic import FileDiagnostic, in_order
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, SHAPES_GRAPH
from plangraf.sources.turtle import Locate

_ONTOLOGY, _SHAPES = NamedNode(ONTOLOGY_GRAPH), NamedNode(SHAPES_GRAPH)
# SPARQL constraints refer to the ontology for their prefixes.
_DECLARING = frozenset(SH + name for name in ("declare", "prefix", "namespace"))


def shacl_problems(data: DataGraph, locate: Locate, nodes: Collection[str] | None = None) -> list[FileDiagnostic]:
    """Every SHACL result over the union of all graphs.

    Args:
        data: the data to check, including the shapes.
        locate: gives the place of a thing in the source files, by its IRI.
        nodes: the IRIs of the focus nodes to check; None checks all.
    Returns:
        Violations, warnings and advice, sorted by place.
    """
    shapes = shapes_of(data)
    try:
        asked = suspects(shapes, data, nodes)
    except NotCompiledError:
        asked = None
    if asked is not None and not asked:
        return []
    from plangraf.checks.shacl.pyshacl_results import pyshacl_problems

    found = pyshacl_problems(data.quads, shapes.quads, locate, asked)
    if asked is None and nodes is not None:
        found = (problem for problem in found if problem.place.thing is None or problem.place.thing in nodes)
    return in_order(found)


def shapes_of(data: DataGraph) -> DataGraph:
    """The shapes in the data, with the prefixes for their constraints."""
    return DataGraph(
        [
            quad
            for quad in data.quads
            if quad.graph_name == _SHAPES or (quad.graph_name == _ONTOLOGY and quad.predicate.value in _DECLARING)
        ]
    )
