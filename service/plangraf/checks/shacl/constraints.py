"""Builds the tests of SHACL Core's constraint components for a focus node and its value nodes.

A builder reads the parameters of one component from a shape. If processors may disagree about them, it builds a test
that is always unsure, or refuses to compile the shapes. https://www.w3.org/TR/shacl/#core-components
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.checks.data_graph import DataGraph, Term, UnsureError, comparable, has_datatype, text
from plangraf.rdf.namespaces import PREFIXES

Values = Collection[Term]
Conforms = Callable[[Term], bool]
Test = Callable[[Term, Values], bool]
"""Whether a focus node with these value nodes conforms to one constraint; it may raise UnsureError."""

SH, _XSD = PREFIXES["sh"], PREFIXES["xsd"]
_NIL, _FIRST, _REST = (NamedNode(PREFIXES["rdf"] + name) for name in ("nil", "first", "rest"))
_INTEGER = NamedNode(_XSD + "integer")
_NODE_KINDS: Mapping[str, frozenset[type]] = {
    SH + "IRI": frozenset({NamedNode}),
    SH + "Literal": frozenset({Literal}),
    SH + "BlankNode": frozenset({BlankNode}),
    SH + "BlankNodeOrIRI": frozenset({BlankNode, NamedNode}),
    SH + "BlankNodeOrLiteral": frozenset({BlankNode, Literal}),
    SH + "IRIOrLiteral": frozenset({NamedNode, Literal}),
}


class NotCompiledError(Exception):
    """The shapes use an unsupported form, so pySHACL must validate all of them."""


def sh(name: str) -> NamedNode:
    return NamedNode(SH + name)


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a builder: the parameters of the shape, the data, and the tests of other shapes."""

    shape: Term
    is_property: bool
    shapes: DataGraph
    data: DataGraph
    other: Callable[[Term], Conforms]

    def all(self, name: str) -> Collection[Term]:
        return self.shapes.objects(self.shape, sh(name))

    def one(self, name: str) -> Term:
        return _only(self.all(name))

    def integer(self, name: str) -> int:
        term = self.one(name)
        if not isinstance(term, Literal) or term.datatype != _INTEGER or not re.fullmatch("[0-9]{1,9}", term.value):
            raise NotCompiledError
        return int(term.value)

    def items(self, head: Term) -> list[Term]:
        """The members of an RDF list; it must have members, and no duplicates."""
        found: list[Term] = []
        while head != _NIL and len(found) < 10_000:
            found.append(_only(self.shapes.objects(head, _FIRST)))
            head = _only(self.shapes.objects(head, _REST))
        if head != _NIL or not found or len(set(found)) < len(found):
            raise NotCompiledError
        return found

    def iris(self, name: str) -> list[NamedNode]:
        found = [term for term in self.all(name) if isinstance(term, NamedNode)]
        if len(found) != len(self.all(name)):
            raise NotCompiledError
        return found


def unsure(_: Context) -> Test:
    """Builds the test of an unsupported component."""

    def test(_: Term, __: Values) -> bool:
        raise UnsureError

    return test


def _only(terms: Collection[Term]) -> Term:
    if len(terms) != 1:
        raise NotCompiledError
    return next(iter(terms))


def _each(accepts: Conforms) -> Test:
    def test(_: Term, values: Values) -> bool:
        for value in values:  # noqa: SIM110  # all() of a generator takes twice the time
            if not accepts(value):
                return False
        return True

    return test


def _min_count(context: Context) -> Test:
    least = context.integer("minCount")
    return lambda _, values: len(values) >= least


def _max_count(context: Context) -> Test:
    most = context.integer("maxCount")
    return lambda _, values: len(values) <= most


def _class(context: Context) -> Test:
    members = [context.data.instances(class_) for class_ in context.iris("class")]
    return _each(lambda value: all(value in instances for instances in members))


def _datatype(context: Context) -> Test:
    datatype = context.one("datatype")
    if not isinstance(datatype, NamedNode) or datatype.value.startswith(PREFIXES["rdfs"]):
        raise NotCompiledError
    return _each(lambda value: has_datatype(value, datatype.value))


def _node_kind(context: Context) -> Test:
    kind = context.one("nodeKind")
    types = _NODE_KINDS.get(str(getattr(kind, "value", "")))
    if types is None:
        raise NotCompiledError
    return _each(lambda value: type(value) in types)


def _pattern(context: Context) -> Test:
    flags = 0
    for term in context.all("flags"):
        flags |= re.IGNORECASE if "i" in str(text(term)) else 0
        flags |= re.MULTILINE if "m" in str(text(term)) else 0
        if len(context.all("flags")) > 1 or set(str(text(term))) - {"i", "m"}:
            raise NotCompiledError
    found = []
    for term in context.all("pattern"):
        if not isinstance(term, Literal):
            raise NotCompiledError
        try:
            found.append(re.compile(term.value, flags).search)
        except re.error as error:
            raise NotCompiledError from error

    def matches(value: Term) -> bool:
        written = text(value)
        return written is not None and all(search(written) for search in found)

    return _each(matches)


def _min_length(context: Context) -> Test:
    least = context.integer("minLength")
    return _each(lambda value: least == 0 or ((written := text(value)) is not None and len(written) >= least))


def _max_length(context: Context) -> Test:
    most = context.integer("maxLength")
    return _each(lambda value: (written := text(value)) is not None and len(written) <= most)


def _language_in(context: Context) -> Test:
    wanted = {str(text(term)).lower() for term in context.items(context.one("languageIn"))}
    if "*" in wanted:
        raise NotCompiledError

    def accepts(value: Term) -> bool:
        tag = (value.language or "").lower() if isinstance(value, Literal) else ""
        # "nb" includes nb-NO. Processors treat longer ranges differently.
        return bool(tag) and (tag in wanted or tag.partition("-")[0] in wanted)

    return _each(accepts)


def _unique_lang(context: Context) -> Test:
    if not context.is_property or text(context.one("uniqueLang")) not in ("true", "false"):
        raise NotCompiledError
    if text(context.one("uniqueLang")) == "false":
        return lambda _, __: True

    def test(_: Term, values: Values) -> bool:
        if len(values) < 2:
            return True
        tags = Counter(value.language.lower() for value in values if isinstance(value, Literal) and value.language)
        return all(count == 1 for count in tags.values())

    return test


def _has_value(context: Context) -> Test:
    wanted = context.all("hasValue")
    return lambda _, values: all(value in values for value in wanted)


def _in(context: Context) -> Test:
    allowed = frozenset(context.items(context.one("in")))
    return _each(lambda value: value in allowed)


def _bound(name: str, holds: Callable[[int], bool]) -> Callable[[Context], Test]:
    """sh:minInclusive and similar: `holds` takes the sign of value − bound."""

    def build(context: Context) -> Test:
        try:
            kind, bound = comparable(context.one(name))
        except UnsureError as error:
            raise NotCompiledError from error
        if kind != "number":
            return unsure(context)

        def accepts(value: Term) -> bool:
            if not isinstance(value, Literal):
                return False
            return holds(_sign(value, (kind, bound)))

        return _each(accepts)

    return build


def _pair(name: str, holds: Callable[[int], bool]) -> Callable[[Context], Test]:
    """sh:lessThan and similar: compares each value node with each value of another property."""

    def build(context: Context) -> Test:
        others = context.iris(name)
        if not context.is_property:
            raise NotCompiledError

        def test(focus: Term, values: Values) -> bool:
            compared = [comparable(term) for other in others for term in context.data.objects(focus, other)]
            return all(holds(_sign(value, other)) for value in values for other in compared)

        return test

    return build


def _sign(value: Term, other: tuple[str, object]) -> int:
    kind, key = comparable(value)
    if kind != other[0]:
        raise UnsureError
    return (key > other[1]) - (key < other[1])  # type: ignore[operator]  # both of one kind


def _equals(context: Context) -> Test:
    others = context.iris("equals")
    return lambda focus, values: all(set(values) == set(context.data.objects(focus, other)) for other in others)


def _disjoint(context: Context) -> Test:
    others = context.iris("disjoint")
    return lambda focus, values: all(set(values).isdisjoint(context.data.objects(focus, other)) for other in others)


def _node(context: Context) -> Test:
    shapes = [context.other(shape) for shape in context.all("node")]
    return _each(lambda value: all(conforms(value) for conforms in shapes))


def _property(context: Context) -> Test:
    shapes = [context.other(shape) for shape in context.all("property")]
    return _each(lambda value: all(conforms(value) for conforms in shapes))


def _not(context: Context) -> Test:
    shapes = [context.other(shape) for shape in context.all("not")]
    return _each(lambda value: not any(conforms(value) for conforms in shapes))


def _listed(name: str, holds: Callable[[int, int], bool]) -> Callable[[Context], Test]:
    """sh:and, sh:or and sh:xone: `holds` takes the number of conforming member shapes, and of all."""

    def build(context: Context) -> Test:
        lists = [[context.other(shape) for shape in context.items(head)] for head in context.all(name)]
        return _each(
            lambda value: all(holds(sum(conforms(value) for conforms in shapes), len(shapes)) for shapes in lists)
        )

    return build


def _qualified(context: Context) -> Test:
    if not context.is_property:
        raise NotCompiledError
    if context.all("qualifiedValueShapesDisjoint"):
        return unsure(context)
    least = context.integer("qualifiedMinCount") if context.all("qualifiedMinCount") else 0
    most = context.integer("qualifiedMaxCount") if context.all("qualifiedMaxCount") else None
    if not least and most is None:
        raise NotCompiledError
    shapes = [context.other(shape) for shape in context.all("qualifiedValueShape")]

    def test(_: Term, values: Values) -> bool:
        for conforms in shapes:
            count = sum(conforms(value) for value in values)
            if count < least or (most is not None and count > most):
                return False
        return True

    return test


BUILDERS: Mapping[NamedNode, Callable[[Context], Test]] = {
    sh(name): build
    for name, build in {
        "minCount": _min_count,
        "maxCount": _max_count,
        "class": _class,
        "datatype": _datatype,
        "nodeKind": _node_kind,
        "pattern": _pattern,
        "minLength": _min_length,
        "maxLength": _max_length,
        "languageIn": _language_in,
        "uniqueLang": _unique_lang,
        "hasValue": _has_value,
        "in": _in,
        "minInclusive": _bound("minInclusive", lambda sign: sign >= 0),
        "minExclusive": _bound("minExclusive", lambda sign: sign > 0),
        "maxInclusive": _bound("maxInclusive", lambda sign: sign <= 0),
        "maxExclusive": _bound("maxExclusive", lambda sign: sign < 0),
        "lessThan": _pair("lessThan", lambda sign: sign < 0),
        "lessThanOrEquals": _pair("lessThanOrEquals", lambda sign: sign <= 0),
        "equals": _equals,
        "disjoint": _disjoint,
        "node": _node,
        "property": _property,
        "not": _not,
        "and": _listed("and", lambda count, of: count == of),
        "or": _listed("or", lambda count, _: count > 0),
        "xone": _listed("xone", lambda count, _: count == 1),
        "qualifiedValueShape": _qualified,
        "closed": unsure,
        "ignoredProperties": unsure,
        "deactivated": unsure,
    }.items()
}
COMPANIONS = {
    sh("flags"): sh("pattern"),
    sh("qualifiedMinCount"): sh("qualifiedValueShape"),
    sh("qualifiedMaxCount"): sh("qualifiedValueShape"),
    sh("qualifiedValueShapesDisjoint"): sh("qualifiedValueShape"),
}
"""Parameters that the builder of another one reads."""
