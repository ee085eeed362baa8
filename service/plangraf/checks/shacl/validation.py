"""Shapes as tests: which focus nodes do not certainly conform to which shape; pySHACL judges what the tests leave open.

A test says that a node conforms, that it does not, or that it is unsure; only the first is relied on. So a mistake here
could hide a result but never invent one, and the tests compare with pySHACL over every fixture and all data.

A shape's path gives its value nodes (https://www.w3.org/TR/shacl/#property-paths). A constraint in SPARQL is asked of
the engine once for each focus node: its prefixes are written before it, $PATH becomes the shape's path, and $this is
bound before the evaluation begins (https://www.w3.org/TR/shacl/#sparql-constraints-prebound).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
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
from plangraf.sources.turtle import Locate

_FIRST, _REST, _NIL = (NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest", "nil"))
_ALTERNATIVE = sh("alternativePath")
_THIS = Variable("this")
_PATH_VARIABLE = re.compile(r"([\s{}()])[$?]PATH\b")
# What SHACL forbids or pySHACL refuses, and what needs more than $this bound: pySHACL says what is wrong.
_LEFT_TO_PYSHACL = re.compile(
    r"\b(?:MINUS|VALUES|SERVICE)\b|[$?](?:currentShape|shapesGraph|failure)\b|\bAS\s+[$?]this\b|\bSELECT\b.*\bSELECT\b",
    re.IGNORECASE | re.DOTALL,
)
# The prefixes that pySHACL knows without a declaration.
_KNOWN_PREFIXES = {name: PREFIXES[name] for name in ("rdf", "rdfs", "owl")}
_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_PATH, _PROPERTY, _SPARQL = sh("path"), sh("property"), sh("sparql")
_TARGETS = tuple(map(sh, ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")))
_SHAPE_TYPES = frozenset({sh("NodeShape"), sh("PropertyShape")})
# A term of SHACL that is none of these may change what another shape does: custom components, rules, functions.
_KNOWN = frozenset(
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
# pySHACL refuses shapes that are nested deeper than 15.
_DEEPEST = 10
Suspects = dict[Term, set[Term]]
"""Focus nodes by the shape that they may not conform to."""
_ONTOLOGY, _SHAPES = NamedNode(ONTOLOGY_GRAPH), NamedNode(SHAPES_GRAPH)
# SPARQL constraints name the ontology, which declares their prefixes.
_DECLARING = frozenset(SH + name for name in ("declare", "prefix", "namespace"))


@dataclass(frozen=True, slots=True)
class Path:
    """`values` gives the value nodes of a focus node."""

    values: Callable[[Term], Values]
    sparql: str


def read_path(shapes: DataGraph, node: Term, data: DataGraph) -> Path:
    """A predicate, or one of several.

    Raises:
        NotCompiledError: it is another kind of path.
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
        path: the shape's path as SPARQL writes it; None for a node shape.
    """

    def build(context: Context) -> Test:
        queries = [_query(context, constraint, path) for constraint in context.all("sparql")]

        def test(focus: Term, _: Values) -> bool:
            if not isinstance(focus, NamedNode | Literal):
                raise UnsureError
            return not any(_any_row(context.data.store, query, focus) for query in queries)

        return test

    return build


def _any_row(store: pyoxigraph.Store, query: str, focus: NamedNode | Literal) -> bool:
    try:
        rows = store.query(query, substitutions={_THIS: focus})
        return any(True for _ in rows)  # type: ignore[union-attr]  # a SELECT query
    except (SyntaxError, RuntimeError, ValueError, OSError, TypeError) as error:
        raise UnsureError from error


def _query(context: Context, constraint: Term, path: str | None) -> str:
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
    """The focus nodes that pySHACL must judge, by shape; all others conform.

    Args:
        shapes: the graph of the shapes.
        data: what is checked.
        nodes: IRIs of the only focus nodes to look at; None looks at all.
    Raises:
        NotCompiledError: the shapes use a form that is not read here.
    """
    compiler = _Compiler(shapes, data)
    found: Suspects = {}
    for shape, focus, conforms in compiler.checks():
        for node in focus:
            if nodes is not None and not (isinstance(node, NamedNode) and node.value in nodes):
                continue
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

    def checks(self) -> Iterator[tuple[Term, set[Term], Conforms]]:
        """The shapes that report, each with its focus nodes and its test.

        A property shape reports for its node shape, so that pySHACL need not judge the others again.
        """
        targeted = [shape for shape, said in self._shapes.by_subject.items() if any(one in said for one in _TARGETS)]
        # All are compiled first: a shape that cannot be used is told even when it has no focus node.
        for shape, said in self._shapes.by_subject.items():
            if any(one in _SHAPE_TYPES for one in said.get(_TYPE, ())):
                self.conforms(shape)
        for shape in targeted:
            focus = self._focus_nodes(shape)
            yield shape, focus, self._compile(shape, without=_PROPERTY)
            for child in self._shapes.objects(shape, _PROPERTY):
                if self._shapes.objects(shape, _PATH):
                    raise NotCompiledError  # its children look at its values, not at the focus nodes
                yield child, focus, self.conforms(child)

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
        said = self._shapes.by_subject.get(shape, {})
        types, paths = said.get(_TYPE, set()), said.get(_PATH, set())
        wanted = sh("PropertyShape") if paths else sh("NodeShape")
        if len(paths) > 1 or not types <= {wanted} or len(said.get(sh("severity"), ())) > 1:
            raise NotCompiledError
        if any(name in said and of not in said for name, of in COMPANIONS.items()):
            raise NotCompiledError
        context = Context(shape, bool(paths), self._shapes, self._data, self.conforms)
        path = read_path(self._shapes, next(iter(paths)), self._data) if paths else None
        for child in said.get(_PROPERTY, ()):
            if not self._shapes.objects(child, _PATH):
                raise NotCompiledError
        for other in said.get(sh("node"), ()):
            if self._shapes.objects(other, _PATH):
                raise NotCompiledError
        tests = [build(context) for predicate, build in BUILDERS.items() if predicate in said and predicate != without]
        if _SPARQL in said:
            tests.append(sparql(path.sparql if path else None)(context))
        return _all(tests, path.values if path else lambda node: (node,))

    def _focus_nodes(self, shape: Term) -> set[Term]:
        objects = self._shapes.objects
        found = set(objects(shape, sh("targetNode")))
        for class_ in objects(shape, sh("targetClass")):
            found |= self._data.instances(class_)
        for predicate in objects(shape, sh("targetSubjectsOf")):
            found.update(subject for subject, _ in self._data.subject_objects(_named(predicate)))
        for predicate in objects(shape, sh("targetObjectsOf")):
            found.update(value for _, values in self._data.subject_objects(_named(predicate)) for value in values)
        return found


def _all(tests: list[Test], values_of: Callable[[Term], Values]) -> Conforms:
    def conforms(node: Term) -> bool:
        values = values_of(node)
        for test in tests:  # noqa: SIM110  # all() of a generator takes twice the time
            if not test(node, values):
                return False
        return True

    return conforms


def _named(term: Term) -> NamedNode:
    if not isinstance(term, NamedNode):
        raise NotCompiledError
    return term


def _refuse_unknown_terms(shapes: DataGraph) -> None:
    for subject, predicate, value, _ in shapes.quads:
        for term in (predicate, value):
            if isinstance(term, NamedNode) and term.value.startswith(SH) and term not in _KNOWN:
                raise NotCompiledError
        if isinstance(subject, Literal):
            raise NotCompiledError


def shacl_problems(data: DataGraph, locate: Locate, nodes: Collection[str] | None = None) -> list[FileDiagnostic]:
    """Every SHACL result over the union of all graphs.

    Args:
        data: what is checked, the shapes among it.
        locate: where a thing, by its IRI, stands in the source files.
        nodes: IRIs of the only focus nodes to look at; None looks at all.
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
    """The shapes among the data, with the prefixes that their constraints use."""
    return DataGraph(
        [
            quad
            for quad in data.quads
            if quad.graph_name == _SHAPES or (quad.graph_name == _ONTOLOGY and quad.predicate.value in _DECLARING)
        ]
    )
