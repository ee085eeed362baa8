"""A query taken apart: what its outermost WHERE group consists of, each part as an ASK of its own can hold it.

A triple is one part, with `;` `,` and blank nodes' property lists written out. Groups, OPTIONAL, UNION and inner
SELECTs are one part each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from plangraf.errors import Place
from plangraf.sparql.lexer import shown
from plangraf.sparql.nodes import (
    Bind,
    Blank,
    Constant,
    Element,
    Expression,
    Filter,
    GraphClause,
    Group,
    Iri,
    Lateral,
    Link,
    Minus,
    Node,
    Operation,
    OptionalClause,
    Triple,
    Triples,
    Union,
    Values,
    Variable,
)
from plangraf.sparql.nodes import Path as PropertyPath
from plangraf.sparql.safety import Query
from plangraf.sparql.scope import variables_in

Kind = Literal[
    "triple", "values", "minus", "group", "union", "graph", "select", "optional", "bind", "lateral", "filter", "whole"
]
TermKind = Literal["variable", "iri", "literal", "path", "other"]

_CLAUSES: dict[type, Kind] = {OptionalClause: "optional", Minus: "minus", Lateral: "lateral"}


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a triple or a condition. `text` is as written; `value` is a variable's or an IRI's name.

    Of a literal `string` is the quoted text alone, `tag` its language tag without '@', `datatype` an IRI; a number or a
    boolean without quotation marks has its kind there. `place` is None for what the query does not name.
    """

    kind: TermKind
    text: str
    place: Place | None
    value: str = ""
    string: str = ""
    tag: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a group: `text` for an ASK, `shown` for a message, `node` what it is and `place` where it starts.

    `inner` and `opening` are of a group, a GRAPH or an inner SELECT: its parts, and what comes before its `{`.
    """

    kind: Kind
    text: str
    shown: str
    place: Place
    node: Node
    triple: tuple[Term, Term, Term] | None = None
    inner: list[Part] = field(default_factory=list)
    opening: str = ""

    @property
    def variables(self) -> set[str]:
        """The variables of the part, with those that stand for its blank nodes."""
        if self.triple is not None:
            return {term.value for term in self.triple if term.kind == "variable"}
        if self.kind == "filter":
            return variables_in(Group(0, 0, [Filter(0, 0, self.node)]))  # type: ignore[arg-type]  # an expression
        group = self.node if isinstance(self.node, Group) else Group(0, 0, [self.node])  # type: ignore[list-item]
        return variables_in(group)


@dataclass(frozen=True, slots=True)
class Outline:
    """A query in parts. `head` is an ASK's text up to its `{`; `stem` a variable's name that does not occur in it.

    `prologue` is the text up to the query's form. `rows` is the query as an inner SELECT without ORDER BY and LIMIT,
    empty when it is not a SELECT; `rows_without_offset` is the same without its OFFSET. `values` is the VALUES clause
    behind everything, `template` what CONSTRUCT makes.
    """

    query: Query
    head: str
    parts: list[Part]
    stem: str
    prologue: str
    rows: str
    rows_without_offset: str
    values: Part | None
    template: list[Part]

    @property
    def one_row(self) -> bool:
        """Whether aggregates over everything always give a row."""
        tree = self.query.tree
        return tree.grouped and not tree.grouping and not tree.having

    @property
    def having(self) -> Place | None:
        return self.query.place_at(self.query.tree.having_start) if self.query.tree.having else None

    @property
    def offset(self) -> Place | None:
        offset = self.query.tree.offset
        return self.query.place(offset) if offset and not offset.is_zero else None

    @property
    def limit_zero(self) -> Place | None:
        limit = self.query.tree.limit
        return self.query.place(limit) if limit and limit.is_zero else None


def outline(query: Query) -> Outline | None:
    """The parts of a query; None when it has no WHERE group."""
    tree = query.tree
    if tree.where.start == tree.where.end:
        return None
    stem = "any"
    while stem in query.text:
        stem += "_"
    reader = _Reader(query, stem)
    prologue = query.text[: tree.start]
    template = reader.triples(tree.template) if tree.template and tree.template not in tree.where.elements else []
    rows = without_offset = ""
    if tree.form == "SELECT":
        columns_end = tree.dataset.start if tree.dataset else tree.where.start
        without_offset = f"{query.text[tree.start : columns_end]} {query.text[tree.where.start : tree.groups_end]}"
        kept = query.written(tree.offset) if tree.offset and not tree.offset.is_zero else ""
        rows, without_offset = f"{{ {without_offset} {kept} }}", f"{{ {without_offset} }}"
    return Outline(
        query,
        f"{prologue}ASK {query.written(tree.dataset) if tree.dataset else ''}",
        reader.group(tree.where),
        stem,
        prologue,
        rows,
        without_offset,
        reader.part("values", tree.values, "VALUES") if tree.values else None,
        template,
    )


class _Reader:
    def __init__(self, query: Query, stem: str) -> None:
        self._query = query
        self._stem = stem
        self._names: dict[str, str] = {}

    def part(self, kind: Kind, node: Node, as_shown: str) -> Part:
        return Part(kind, self._query.written(node), as_shown, self._query.place(node), node)

    def group(self, group: Group) -> list[Part]:
        """The parts of a group, in their order."""
        if group.select is not None:
            select = group.select
            text = f"{{ {self._query.written(select)} }}"
            inner = self.group(select.where)
            return [Part("select", text, "{ SELECT ... }", self._query.place(group), group, None, inner)]
        return [part for element in group.elements for part in self._element(element)]

    def _element(self, element: Element) -> list[Part]:
        match element:
            case Triples():
                return self.triples(element)
            case Filter(condition=condition):
                return self._conditions(element, condition)
            case GraphClause(group=group):
                opening = self._query.text[element.start : group.start].rstrip()
                return [self._nested("graph", element, group, opening)]
            case Bind():
                return [self.part("bind", element, "BIND")]
            case Values():
                opening = self._query.written(element).partition("{")[0].rstrip()
                return [self.part("values", element, f"{opening} {{ ... }}")]
            case Union(groups=[group]):
                inner = self.group(group)
                is_select = group.select is not None
                return inner if is_select else [self._nested("group", group, group, "")]
            case Union(groups=groups):
                return [self.part("union", element, " UNION ".join(["{ ... }"] * len(groups)))]
            case _:
                kind = _CLAUSES[type(element)]
                return [self.part(kind, element, f"{kind.upper()} {{ ... }}")]

    def _nested(self, kind: Kind, node: Node, group: Group, opening: str) -> Part:
        text, place = self._query.written(node), self._query.place(node)
        return Part(kind, text, f"{opening} {{ ... }}".strip(), place, node, None, self.group(group), opening)

    def _conditions(self, element: Filter, condition: Expression) -> list[Part]:
        """A FILTER as one part for each condition that `&&` joins: all of them must be true anyway."""
        found = [condition]
        while isinstance(found[0], Operation) and found[0].sign == "&&":
            found[:1] = found[0].operands
        parts = []
        for one in found:
            text = f"FILTER({self._query.written(one)})"
            place = self._query.place(element if len(found) == 1 else one)
            parts.append(Part("filter", text, text, place, one))
        return parts

    # Triples

    def triples(self, block: Triples) -> list[Part]:
        if block.annotated:
            return [self._whole(block)]
        parts = []
        read = 0
        for triple in sorted(block.triples, key=lambda triple: triple.start):
            if triple.start < read:
                continue  # a member of a collection
            if triple.start == triple.end:
                parts.append(self._whole(triple.subject))
                read = triple.subject.end
                continue
            terms = triple.subject, triple.object
            read = max((term.end for term in terms if isinstance(term, Blank) and term.kind == "collection"), default=0)
            parts.append(self._triple(triple))
        return parts

    def _whole(self, node: Node) -> Part:
        text = self._query.written(node).removesuffix(".").rstrip()
        return Part("whole", f"{text} .", shown(text), self._query.place(node), node)

    def _triple(self, triple: Triple) -> Part:
        terms = self.term(triple.subject), self._verb(triple.verb), self.term(triple.object)
        text = " ".join(term.text for term in terms)
        written = " ".join("[]" if term.place is None else shown(" ".join(term.text.split())) for term in terms)
        return Part("triple", f"{text} .", written, self._query.place(triple), triple, terms)

    def _verb(self, verb: Variable | PropertyPath) -> Term:
        if isinstance(verb, Variable):
            return self.term(verb)
        if isinstance(verb, Link):
            return self.term(verb.iri)
        return Term("path", self._query.written(verb), self._query.place(verb))

    def term(self, node: Node) -> Term:
        return read_term(self._query, node) if not _is_property_list(node) else self._helper(node)

    def _helper(self, blank: Node) -> Term:
        """The variable that stands for `[ … ]`."""
        assert isinstance(blank, Blank)
        name = self._names.setdefault(blank.label, f"{self._stem}{len(self._names) + 1}")
        return Term("variable", f"?{name}", None, name)


def _is_property_list(node: Node) -> bool:
    return isinstance(node, Blank) and node.kind == "properties"


def read_term(query: Query, node: Node) -> Term:
    """A variable, an IRI or a literal; everything else is of the kind `other`."""
    text, place = query.written(node), query.place(node)
    match node:
        case Variable(name=name):
            return Term("variable", text, place, name)
        case Iri(value=value) if not text.startswith("("):
            return Term("iri", text, place, value)
        case Constant(kind="string", string=string, tag=tag, datatype=datatype):
            return Term("literal", text, place, "", string, tag, datatype.value if datatype else "")
        case Constant(kind="number" | "boolean" as kind):
            return Term("literal", text, place, "", f'"{text}"', "", kind)
        case Operation(sign="+" | "-", operands=[Constant(kind="number")]):
            return Term("literal", text, place, "", f'"{text}"', "", "number")
        case _:
            return Term("other", text, place)
