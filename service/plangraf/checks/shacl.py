"""What is wrong with data that parse: SHACL shapes and the queries of queries/checks/.

Step of a build between parsing and writing. pySHACL changes rdflib for the whole process, so this module
imports it when a validation runs, and only a build or `plangraf validate` ever runs one.
SHACL: https://www.w3.org/TR/shacl/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph

from plangraf.errors import DataError, DataProblem
from plangraf.rdf.names import compact
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, PREFIXES, SHAPES_GRAPH
from plangraf.sources.turtle import Locate
from plangraf.sparql.named.head import parse_head

if TYPE_CHECKING:
    import rdflib
    from rdflib.term import Node

SH = PREFIXES["sh"]
_ONTOLOGY, _SHAPES = pyoxigraph.NamedNode(ONTOLOGY_GRAPH), pyoxigraph.NamedNode(SHAPES_GRAPH)
# Features of SHACL-AF, which pySHACL leaves out unless told: they cost a copy of the data graph.
_ADVANCED = {SH + name for name in ("rule", "target", "expression", "SPARQLFunction", "TripleRule", "SPARQLRule")}


def shacl(
    quads: Collection[pyoxigraph.Quad], locate: Locate, focus_nodes: Collection[str] | None = None
) -> list[DataProblem]:
    """Every SHACL result over the union of all graphs, with the shapes of graph/shapes.

    Args:
        quads: all graphs of one version.
        locate: where a thing, by its IRI, stands in the source files.
        focus_nodes: IRIs of the only nodes to look at; None looks at all.
    Returns:
        Violations, warnings and advice, sorted by place.
    """
    if focus_nodes is not None and not focus_nodes:
        return []  # pySHACL would take none for all
    data = to_rdflib(quads)
    shapes = to_rdflib(
        quad
        for quad in quads
        if quad.graph_name == _SHAPES or _declares_prefix(quad)
    )  # fmt: skip
    advanced = any(str(term) in _ADVANCED for triple in shapes for term in triple)
    try:
        report, text = _validated(data, shapes, focus_nodes, advanced=advanced)
    except Exception as error:
        return [_unusable(error)]
    if isinstance(report, Exception) or not hasattr(report, "objects"):
        return [_unusable(report if isinstance(report, Exception) else RuntimeError(text))]
    return sort_problems(_results(report, data, shapes, locate))


def checks(
    quads: Collection[pyoxigraph.Quad], files: Sequence[Path], locate: Locate, nodes: Collection[str] | None = None
) -> list[DataProblem]:
    """One problem for each row of each check query.

    A check is a SELECT whose first column is the focus node; its head says what a row means.

    Args:
        quads: all graphs of one version; the default graph of a check is their union, without duplicates.
        files: the check queries.
        locate: where a thing, by its IRI, stands in the source files.
        nodes: IRIs of the only things to tell about: a row names one of them in some column; None tells all.
    """
    if not files:
        return []
    store = pyoxigraph.Store()
    store.bulk_extend(quads)
    store.bulk_extend({pyoxigraph.Quad(quad.subject, quad.predicate, quad.object) for quad in quads})
    found: list[DataProblem] = []
    for file in files:
        found += _check(store, file, locate, nodes)
    return sort_problems(found)


def sort_problems(problems: Iterable[DataProblem]) -> list[DataProblem]:
    """By file, line, focus node and shape, each one once."""
    return sorted(
        set(problems),
        key=lambda problem: (
            problem.file, problem.line or 0, problem.focus_node or "", problem.shape or "", problem.message_en
        ),
    )  # fmt: skip


def to_rdflib(quads: Iterable[pyoxigraph.Quad]) -> rdflib.Graph:
    """The union of the quads' graphs as an rdflib graph, lexical forms kept."""
    import rdflib

    terms: dict[object, Node] = {}

    def converted(term: object) -> Node:
        known = terms.get(term)
        if known is None:
            if isinstance(term, pyoxigraph.NamedNode):
                known = rdflib.URIRef(term.value)
            elif isinstance(term, pyoxigraph.BlankNode):
                known = rdflib.BNode(term.value)
            elif isinstance(term, pyoxigraph.Literal):
                known = (
                    rdflib.Literal(term.value, lang=term.language)
                    if term.language
                    else rdflib.Literal(term.value)
                    if term.datatype.value == PREFIXES["xsd"] + "string"
                    else rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)
                )
            else:
                raise TypeError(f"{term} has no place in an RDF 1.1 graph")
            terms[term] = known
        return known

    graph = rdflib.Graph(bind_namespaces="none")
    for quad in quads:
        graph.add((converted(quad.subject), converted(quad.predicate), converted(quad.object)))
    return graph


def _validated(
    data: rdflib.Graph, shapes: rdflib.Graph, focus_nodes: Collection[str] | None, *, advanced: bool
) -> tuple[Any, str]:
    """pySHACL's report as graph and as text.

    pySHACL looks each focus node up in the list of those that were chosen, so that time grows with the square of
    their number; its validator takes a set as well.
    """
    import pyshacl
    from pyshacl.graph_abstraction import DataGraph
    from pyshacl.monkey import apply_patches
    from pyshacl.pytypes import SHACLExecutor
    from pyshacl.validator import Validator, assign_baked_in
    from rdflib import URIRef

    from plangraf.checks.quicker_shacl import quicken

    quicken()
    if focus_nodes is None:
        _, report, text = pyshacl.validate(data, shacl_graph=shapes, advanced=advanced, inference="none")
        return report, text
    chosen: Any = frozenset(map(URIRef, focus_nodes))

    class Chosen(Validator):
        def make_executor(self) -> SHACLExecutor:
            executor = super().make_executor()
            executor.focus_nodes = chosen
            return executor

    # What pyshacl.validate does before it validates a graph.
    apply_patches()  # type: ignore[no-untyped-call]
    assign_baked_in()  # type: ignore[no-untyped-call]
    options = {"advanced": advanced, "inference": "none"}
    _, report, text = Chosen(DataGraph.from_rdflib(data), shacl_graph=shapes, options=options).run()  # type: ignore[no-untyped-call]
    return report, text


def _declares_prefix(quad: pyoxigraph.Quad) -> bool:
    """The prefixes of SPARQL constraints are declared in the ontology, which the shapes name."""
    return quad.graph_name == _ONTOLOGY and quad.predicate.value in (
        SH + "declare", SH + "prefix", SH + "namespace",
    )  # fmt: skip


def _unusable(error: Exception) -> DataProblem:
    reason = str(getattr(error, "message", "") or error) or type(error).__name__
    return DataProblem(
        "shapes/", None,
        f"Formene kan ikke brukes. pySHACL sier: {reason}",
        f"The shapes cannot be used. pySHACL says: {reason}",
    )  # fmt: skip


def _results(report: rdflib.Graph, data: rdflib.Graph, shapes: rdflib.Graph, locate: Locate) -> Iterable[DataProblem]:
    from rdflib import RDF, SH, Literal, URIRef

    for validation in report.subjects(RDF.type, SH.ValidationReport):
        for result in report.objects(validation, SH.result):
            focus = report.value(result, SH.focusNode)
            named = _named(focus, data)
            place = locate(str(named)) if named is not None else None
            shape = _named(report.value(result, SH.sourceShape), shapes)
            # Of a SPARQL constraint's messages pySHACL gives one: the others stand at the constraint.
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
            yield DataProblem(
                place.file if place else "data/", place.line if place else None,
                texts.get("nb", plain) + detail, texts.get("en", plain) + detail,
                str(named or focus), str(shape) if shape is not None else None, severity,
            )  # fmt: skip


def _named(node: Node | None, graph: rdflib.Graph) -> Node | None:
    """The node itself, or for a blank node the nearest thing with an IRI that leads to it."""
    from rdflib import BNode, URIRef

    seen = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        node = next(iter(sorted(graph.subjects(None, node), key=lambda owner: isinstance(owner, BNode))), None)
    return node if isinstance(node, URIRef) else None


def _shown(value: Node) -> str:
    from rdflib import Literal

    if not isinstance(value, Literal):
        return compact(str(value))
    text = str(value) if len(value) <= 80 else f"{value[:79]}…"
    return f'"{text}"' + (f"@{value.language}" if value.language else "")


def _check(store: pyoxigraph.Store, file: Path, locate: Locate, nodes: Collection[str] | None) -> Iterable[DataProblem]:
    name, query = f"queries/checks/{file.name}", file.read_text(encoding="utf-8")
    try:
        head = parse_head(query, name)
    except DataError as error:
        yield from error.problems
        return
    try:
        rows = store.query(query)
        if not isinstance(rows, pyoxigraph.QuerySolutions):
            raise RuntimeError("it is no SELECT query")
        columns = [variable.value for variable in rows.variables]
        solutions = [[solution[column] for column in columns] for solution in rows]
    except (SyntaxError, RuntimeError, ValueError, OSError) as error:
        line = re.search(r"error at (\d+):", str(error))
        yield DataProblem(
            name, int(line[1]) if line else None,
            f"Kontrollen kan ikke kjøres: {error}",
            f"The check cannot be run: {error}",
        )  # fmt: skip
        return
    for values in solutions:
        if nodes is not None and not any(getattr(value, "value", None) in nodes for value in values):
            continue
        focus = values[0].value if values and isinstance(values[0], pyoxigraph.NamedNode) else None
        place = locate(focus) if focus else None
        detail = ", ".join(
            f"{column} {compact(value.value) if isinstance(value, pyoxigraph.NamedNode) else value}"
            for column, value in zip(columns[1:], values[1:], strict=True)
            if value is not None
        )
        detail = f" [{detail}]" if detail else ""
        yield DataProblem(
            place.file if place else name, place.line if place else None,
            f"Kontrollen {file.stem}: {head.summary_nb or head.summary}{detail}",
            f"Check {file.stem}: {head.summary}{detail}",
            focus, name,
        )  # fmt: skip
