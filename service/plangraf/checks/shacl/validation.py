"""Validates data by the shapes in graph/shapes: first the compiled tests, then pySHACL for the nodes left over.

A test returns that a node conforms, or that it does not, or raises that it is unsure. pySHACL checks all nodes but the
conformant ones, so a mistake here could hide a result but never add one. The tests of the project compare the results
with pySHACL's over every fixture and all data.

A property path gives the value nodes of a shape (https://www.w3.org/TR/shacl/#property-paths). The engine tests a
sh:sparql constraint. The query is the text in the shape, with its prefixes before it and the shape's path in place of
$PATH (https://www.w3.org/TR/shacl/#sparql-constraints-prebound).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, Variable

from plangraf.checks.data_graph import DataGraph, Term, UnsureError, text
from plangraf.checks.shacl.constraints import (
    BUILDERS,
    COMPANIONS,
    SH,
    Conforms,
    Context,
    NotCompiledError,
    Test,
    Values,
    sh,
)
from plangraf.diagnostics.diagnostic import FileDiagnostic, in_order
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, PREFIXES, SHAPES_GRAPH
from plangraf.rdf.quad_lines import Queried, of_graphs
from plangraf.sources.turtle import Locate

_FIRST, _REST, _NIL = (NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest", "nil"))
_ALTERNATIVE = sh("alternativePath")
_THIS = Variable("this")
_PATH_VARIABLE = re.compile(r"([\s{}()])[$?]PATH\b")
# Left to pySHACL: text that SHACL forbids or pySHACL refuses, and that needs more variables bound than $this.
_LEFT_TO_PYSHACL = re.compile(
    r"\b(?:MINUS|VALUES|SERVICE)\b|[$?](?:currentShape|shapesGraph|failure)\b|\bAS\s+[$?]this\b|\bSELECT\b.*\bSELECT\b",
    re.IGNORECASE | re.DOTALL,
)
# The prefixes that pySHACL accepts without a declaration.
_KNOWN_PREFIXES = {name: PREFIXES[name] for name in ("rdf", "rdfs", "owl")}
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_PATH, _PROPERTY, _SPARQL = sh("path"), sh("property"), sh("sparql")
_TARGETS = tuple(map(sh, ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")))
_SHAPE_TYPES = frozenset({sh("NodeShape"), sh("PropertyShape")})
# The supported terms. Others may change the meaning of a shape: custom components, rules, functions.
KNOWN = frozenset(
    {
        *BUILDERS,
        *COMPANIONS,
        *_TARGETS,
        *_SHAPE_TYPES,
        _PATH,
        _SPARQL,
        *map(
            sh,
            (
                "alternativePath",
                "inversePath",
                "zeroOrMorePath",
                "oneOrMorePath",
                "zeroOrOnePath",
                "name",
                "description",
                "message",
                "severity",
                "order",
                "group",
                "defaultValue",
                "Violation",
                "Warning",
                "Info",
                "SPARQLConstraint",
                "select",
                "prefixes",
                "declare",
                "prefix",
                "namespace",
                "PrefixDeclaration",
                "IRI",
                "Literal",
                "BlankNode",
                "BlankNodeOrIRI",
                "BlankNodeOrLiteral",
                "IRIOrLiteral",
            ),
        ),
    }
)
# pySHACL refuses shapes that nest deeper than 15 levels.
_DEEPEST = 10
Suspects = dict[Term, set[Term]]
"""By shape, the focus nodes that may not conform to it."""
_ONTOLOGY, _SHAPES = NamedNode(ONTOLOGY_GRAPH), NamedNode(SHAPES_GRAPH)
# SPARQL constraints refer to the ontology for their prefixes.
_DECLARING = frozenset(SH + name for name in ("declare", "prefix", "namespace"))


@dataclass(frozen=True, slots=True)
class Path:
    """`values` gives the value nodes of a focus node."""

    values: Callable[[Term], Values]
    sparql: str


def read_path(shapes: DataGraph, node: Term, data: DataGraph) -> Path:
    """Reads a path of one predicate or of alternative predicates.

    Raises:
        NotCompiledError: the path has another form.
    """
    if isinstance(node, NamedNode):
        return _predicate(node, data)
    said = shapes.by_subject.get(node, {})
    if not isinstance(node, BlankNode) or said.keys() != {_ALTERNATIVE} or len(said[_ALTERNATIVE]) != 1:
        raise NotCompiledError
    parts: list[Path] = []
    (head,) = said[_ALTERNATIVE]
    while head != _NIL:
        member = shapes.by_subject.get(head, {})
        first, rest = member.get(_FIRST, set()), member.get(_REST, set())
        if len(first) != 1 or len(rest) != 1 or len(parts) > 100:
            raise NotCompiledError
        (part,), (head,) = first, rest
        if not isinstance(part, NamedNode):
            raise NotCompiledError
        parts.append(_predicate(part, data))
    if len(parts) < 2:
        raise NotCompiledError
    return Path(
        lambda node: {value for part in parts for value in part.values(node)},
        f"({'|'.join(part.sparql for part in parts)})",
    )


def _predicate(iri: NamedNode, data: DataGraph) -> Path:
    by_subject = data.by_subject

    def values(node: Term) -> Values:
        said = by_subject.get(node)
        return said.get(iri, ()) if said else ()

    return Path(values, str(iri))


def sparql(path: str | None) -> Callable[[Context], Test]:
    """The builder of the component.

    Args:
        path: the shape's path in SPARQL; None for a node shape.
    """

    def build(context: Context) -> Test:
        queries = [constraint_query(context, constraint, path) for constraint in context.all("sparql")]

        def test(focus: Term, _: Values) -> bool:
            if not isinstance(focus, NamedNode | Literal):
                raise UnsureError
            return not any(_has_row(context.data.store, query, focus) for query in queries)

        return test

    return build


def _has_row(store: Queried, query: str, focus: NamedNode | Literal) -> bool:
    try:
        return any(True for _ in constraint_rows(store, query, focus))
    except (SyntaxError, RuntimeError, ValueError, OSError, TypeError) as error:
        raise UnsureError from error


def constraint_rows(store: Queried, query: str, focus: NamedNode | Literal) -> pyoxigraph.QuerySolutions:
    """The rows of a constraint for one focus node: each is one result.

    Raises:
        SyntaxError, RuntimeError, ValueError, OSError: the engine cannot evaluate the query.
    """
    return store.query(query, substitutions={_THIS: focus})  # type: ignore[return-value]  # a SELECT query


def constraint_query(context: Context, constraint: Term, path: str | None) -> str:
    """The query of a constraint, with its prefixes and with the shape's path.

    Raises:
        NotCompiledError: the constraint is left to pySHACL.
    """
    selects = context.shapes.objects(constraint, sh("select"))
    query = text(next(iter(selects))) if len(selects) == 1 else None
    if query is None or _LEFT_TO_PYSHACL.search(query) or context.shapes.objects(constraint, sh("deactivated")):
        raise NotCompiledError
    if path is None and _PATH_VARIABLE.search(query):
        raise NotCompiledError
    query = _PATH_VARIABLE.sub(lambda match: f"{match[1]}{path}", query)
    prefixes = _prefixes(context, context.shapes.objects(constraint, sh("prefixes")))
    return "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in prefixes.items()) + query


def _prefixes(context: Context, ontologies: Iterable[Term]) -> dict[str, str]:
    found = dict(_KNOWN_PREFIXES)
    for ontology in ontologies:
        for declaration in context.shapes.objects(ontology, sh("declare")):
            names = [text(term) for term in context.shapes.objects(declaration, sh("prefix"))]
            namespaces = [text(term) for term in context.shapes.objects(declaration, sh("namespace"))]
            if len(names) != 1 or len(namespaces) != 1 or found.get(str(names[0]), namespaces[0]) != namespaces[0]:
                raise NotCompiledError
            found[str(names[0])] = str(namespaces[0])
    return found


def suspects(shapes: DataGraph, data: DataGraph, nodes: Collection[str] | None = None) -> Suspects:
    """By shape, the focus nodes that pySHACL must validate; all others conform.

    Args:
        shapes: the graph of the shapes.
        data: the data to check.
        nodes: the IRIs of the focus nodes to check; None checks all.
    Raises:
        NotCompiledError: the shapes use an unsupported form.
    """
    compiler = _Compiler(shapes, data)
    found: Suspects = {}
    for focus, tests in compiler.checks():
        for node in sorted(focus, key=str) if data.is_read_late else focus:
            if nodes is not None and not (isinstance(node, NamedNode) and node.value in nodes):
                continue
            for shape, conforms in tests:
                try:
                    right = conforms(node)
                except UnsureError:
                    right = False
                if not right:
                    found.setdefault(shape, set()).add(node)
    return found


class _Compiler:
    """Compiles each shape once."""

    def __init__(self, shapes: DataGraph, data: DataGraph) -> None:
        self._shapes, self._data = shapes, data
        self._compiled: dict[Term, Conforms] = {}
        self._open: list[Term] = []
        _refuse_unknown_terms(shapes)

    def checks(self) -> Iterator[tuple[set[Term], Sequence[tuple[Term, Conforms]]]]:
        """Focus nodes, and the shapes with results of their own that these are tested by, each with its test.

        They include the property shapes of a node shape, so that pySHACL validates only those that fail.
        """
        targeted = [
            shape for shape, parameters in self._shapes.by_subject.items() if any(one in parameters for one in _TARGETS)
        ]
        # Compile all shapes first, so that an invalid shape is reported even if it has no focus node.
        for shape, parameters in self._shapes.by_subject.items():
            if any(one in _SHAPE_TYPES for one in parameters.get(_TYPE, ())):
                self.conforms(shape)
        for shape in targeted:
            children = self._shapes.objects(shape, _PROPERTY)
            if children and self._shapes.objects(shape, _PATH):
                raise NotCompiledError  # its children apply to its values, not to the focus nodes
            own = shape, self._compile(shape, without=_PROPERTY)
            yield self._focus_nodes(shape), [own, *((child, self.conforms(child)) for child in children)]

    def conforms(self, shape: Term) -> Conforms:
        known = self._compiled.get(shape)
        if known is None:
            if shape in self._open or len(self._open) > _DEEPEST:
                raise NotCompiledError
            self._open.append(shape)
            known = self._compiled[shape] = self._compile(shape)
            self._open.pop()
        return known

    def _compile(self, shape: Term, without: NamedNode | None = None) -> Conforms:
        parameters = self._shapes.by_subject.get(shape, {})
        types, paths = parameters.get(_TYPE, set()), parameters.get(_PATH, set())
        wanted = sh("PropertyShape") if paths else sh("NodeShape")
        if len(paths) > 1 or not types <= {wanted} or len(parameters.get(sh("severity"), ())) > 1:
            raise NotCompiledError
        if any(name in parameters and of not in parameters for name, of in COMPANIONS.items()):
            raise NotCompiledError
        context = Context(shape, bool(paths), self._shapes, self._data, self.conforms)
        path = read_path(self._shapes, next(iter(paths)), self._data) if paths else None
        for child in parameters.get(_PROPERTY, ()):
            if not self._shapes.objects(child, _PATH):
                raise NotCompiledError
        for other in parameters.get(sh("node"), ()):
            if self._shapes.objects(other, _PATH):
                raise NotCompiledError
        tests = [
            build(context) for predicate, build in BUILDERS.items() if predicate in parameters and predicate != without
        ]
        if _SPARQL in parameters:
            tests.append(sparql(path.sparql if path else None)(context))
        return _all(tests, path.values if path else lambda node: (node,))

    def _focus_nodes(self, shape: Term) -> set[Term]:
        objects = self._shapes.objects
        found = set(objects(shape, sh("targetNode")))
        for class_ in objects(shape, sh("targetClass")):
            found |= self._data.instances(class_)
        for predicate in objects(shape, sh("targetSubjectsOf")):
            found.update(subject for subject, _ in self._data.subject_objects(_as_iri(predicate)))
        for predicate in objects(shape, sh("targetObjectsOf")):
            found.update(value for _, values in self._data.subject_objects(_as_iri(predicate)) for value in values)
        return found


def _all(tests: list[Test], values_of: Callable[[Term], Values]) -> Conforms:
    def conforms(node: Term) -> bool:
        values = values_of(node)
        for test in tests:  # noqa: SIM110  # all() of a generator takes twice the time
            if not test(node, values):
                return False
        return True

    return conforms


def _as_iri(term: Term) -> NamedNode:
    if not isinstance(term, NamedNode):
        raise NotCompiledError
    return term


def _refuse_unknown_terms(shapes: DataGraph) -> None:
    for subject, predicate, value, _ in shapes.quads:
        for term in (predicate, value):
            if isinstance(term, NamedNode) and term.value.startswith(SH) and term not in KNOWN:
                raise NotCompiledError
        if isinstance(subject, Literal):
            raise NotCompiledError


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
            for quad in of_graphs(data.quads, SHAPES_GRAPH, ONTOLOGY_GRAPH)
            if quad.graph_name == _SHAPES or (quad.graph_name == _ONTOLOGY and quad.predicate.value in _DECLARING)
        ]
    )
