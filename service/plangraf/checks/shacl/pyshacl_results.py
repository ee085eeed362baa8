"""Validates all or chosen focus nodes with pySHACL, and reports its results as problems of the source files.

pySHACL changes rdflib for the whole process, so this module is imported only when a node needs validation, and never in
a process that answers requests. https://github.com/RDFLib/pySHACL
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import pyshacl
import rdflib
from pyoxigraph import Quad
from pyshacl.graph_abstraction import DataGraph as PyshaclGraph
from pyshacl.validator import Validator, assign_baked_in
from rdflib import RDF, SH, BNode, Literal, URIRef
from rdflib.term import Node

from plangraf.checks.data_graph import Term
from plangraf.diagnostics.diagnostic import FileDiagnostic, Severity, in_file
from plangraf.rdf.namespaces import compact
from plangraf.rdf.rdflib_graph import rdflib_term, to_rdflib
from plangraf.sources.turtle import Locate

# Terms of SHACL-AF. pySHACL ignores them by default, because they need a copy of the data graph.
_ADVANCED = {str(SH) + name for name in ("rule", "target", "expression", "SPARQLFunction", "TripleRule", "SPARQLRule")}


def pyshacl_problems(
    data_quads: Iterable[Quad],
    shape_quads: Iterable[Quad],
    locate: Locate,
    asked: Mapping[Term, Iterable[Term]] | None = None,
) -> Iterator[FileDiagnostic]:
    """One problem for each result, or a single one if pySHACL cannot use the shapes.

    Args:
        data_quads: the data to check.
        shape_quads: the shapes.
        locate: gives the place of a thing in the source files, by its IRI.
        asked: the focus nodes to validate, by shape; None validates all targets of the shapes.
    """
    data, shapes = to_rdflib(data_quads), to_rdflib(shape_quads)
    try:
        report = _report(data, shapes) if asked is None else _report_on(data, shapes, asked)
    except Exception as error:
        return iter([_unusable(error)])
    return _problems(report, data, shapes, locate)


def _report(data: rdflib.Graph, shapes: rdflib.Graph) -> rdflib.Graph:
    advanced = any(str(term) in _ADVANCED for triple in shapes for term in triple)
    _, report, text = pyshacl.validate(data, shacl_graph=shapes, advanced=advanced, inference="none")
    if isinstance(report, rdflib.Graph):
        return report
    raise report if isinstance(report, Exception) else RuntimeError(text)


def _report_on(data: rdflib.Graph, shapes: rdflib.Graph, asked: Mapping[Term, Iterable[Term]]) -> rdflib.Graph:
    """The results of chosen shapes for chosen focus nodes.

    pySHACL's own option `focus_nodes` would miss some, because it takes every other node for conformant, including
    those that a nested shape checks, such as the values under sh:or or sh:qualifiedValueShape.
    """
    assign_baked_in()  # type: ignore[no-untyped-call]
    validator = Validator(PyshaclGraph.from_rdflib(data), shacl_graph=shapes, options={})
    executor = validator.make_executor()
    known: dict[Node, Any] = {shape.node: shape for shape in validator.shacl_graph.shapes}
    results: list[Any] = []
    for shape, nodes in asked.items():
        focus = [rdflib_term(node) for node in nodes]
        _, found = known[rdflib_term(shape)].validate(executor, validator.data_graph, focus=focus)
        results += found
    report: rdflib.Graph
    report, _ = Validator.create_validation_report(validator.shacl_graph, not results, results)
    return report


def _unusable(error: Exception) -> FileDiagnostic:
    reason = str(getattr(error, "message", "") or error) or type(error).__name__
    return in_file(
        "shapes/",
        None,
        f"Formene kan ikke brukes. pySHACL sier: {reason}",
        f"The shapes cannot be used. pySHACL says: {reason}",
    )


def _problems(
    report: rdflib.Graph, data: rdflib.Graph, shapes: rdflib.Graph, locate: Locate
) -> Iterator[FileDiagnostic]:
    for validation in report.subjects(RDF.type, SH.ValidationReport):
        for result in report.objects(validation, SH.result):
            yield _problem(result, report, data, shapes, locate)


def _problem(
    result: Node, report: rdflib.Graph, data: rdflib.Graph, shapes: rdflib.Graph, locate: Locate
) -> FileDiagnostic:
    focus = report.value(result, SH.focusNode)
    named = _nearest_iri(focus, data)
    place = locate(str(named)) if named is not None else None
    shape = _nearest_iri(report.value(result, SH.sourceShape), shapes)
    # pySHACL returns one message of a SPARQL constraint. Its other messages are properties of the constraint.
    constraint = report.value(result, SH.sourceConstraint)
    messages = [*shapes.objects(constraint, SH.message)] if constraint else []
    messages += report.objects(result, SH.resultMessage)
    texts = {text.language: str(text) for text in messages if isinstance(text, Literal)}
    plain = next(iter(texts.values()), "")
    path, value = report.value(result, SH.resultPath), report.value(result, SH.value)
    where = [compact(str(path))] if isinstance(path, URIRef) else []
    if value is not None and value != focus:
        where.append(_shown(value))
    detail = f" [{' '.join(where)}]" if where else ""
    severity = str(report.value(result, SH.resultSeverity) or SH.Violation).removeprefix(str(SH))
    return in_file(
        place.file if place else "data/",
        place.line if place else None,
        texts.get("nb", plain) + detail,
        texts.get("en", plain) + detail,
        str(named or focus),
        str(shape) if shape is not None else None,
        cast(Severity, severity),
    )


def _nearest_iri(node: Node | None, graph: rdflib.Graph) -> Node | None:
    """The node, or for a blank node the nearest thing with an IRI that points to it."""
    seen = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        node = next(iter(sorted(graph.subjects(None, node), key=lambda owner: isinstance(owner, BNode))), None)
    return node if isinstance(node, URIRef) else None


def _shown(value: Node) -> str:
    if not isinstance(value, Literal):
        return compact(str(value))
    text = str(value) if len(value) <= 80 else f"{value[:79]}…"
    return f'"{text}"' + (f"@{value.language}" if value.language else "")
