"""Compiles shapes to tests, and finds the focus nodes that do not certainly conform.

A test returns that a node conforms, or that it does not, or raises that it is unsure. pySHACL checks all nodes but the
conformant ones, so a mistake here could hide a result but never add one. The tests of the project compare the results
with pySHACL's over every fixture and all data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pyoxigraph import Literal, NamedNode

from plangraf.checks.data_graph import DataGraph, Term
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
from plangraf.checks.shacl.paths import read_path
from plangraf.checks.shacl.sparql_constraint import sparql
from plangraf.checks.shacl.values import UnsureError
from plangraf.rdf.namespaces import PREFIXES

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_PATH, _PROPERTY, _SPARQL = sh("path"), sh("property"), sh("sparql")
_TARGETS = tuple(map(sh, ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")))
_SHAPE_TYPES = frozenset({sh("NodeShape"), sh("PropertyShape")})
# The supported terms. Others may change the meaning of a shape: custom components, rules, functions.
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
# pySHACL refuses shapes that nest deeper than 15 levels.
_DEEPEST = 10

Suspects = dict[Term, set[Term]]
"""By shape, the focus nodes that may not conform to it."""


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
        """The shapes with results of their own, each with its focus nodes and its test.

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
            focus = self._focus_nodes(shape)
            yield shape, focus, self._compile(shape, without=_PROPERTY)
            for child in self._shapes.objects(shape, _PROPERTY):
                if self._shapes.objects(shape, _PATH):
                    raise NotCompiledError  # its children apply to its values, not to the focus nodes
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
            if isinstance(term, NamedNode) and term.value.startswith(SH) and term not in _KNOWN:
                raise NotCompiledError
        if isinstance(subject, Literal):
            raise NotCompiledError
