"""Divides the outermost WHERE group of a query into parts, each of which an ASK query can contain.

A part is one triple, with `;`, `,` and property lists of blank nodes written out, or one group, OPTIONAL, UNION or
inner SELECT.
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
    """A term of a triple or a condition. `text` is as written; `value` is the name of a variable or the IRI.

    For a literal, `string` is the quoted text, `tag` the language without '@', and `datatype` an IRI, or the kind of a
    number or boolean without quotation marks. `place` is None for a term that the query implies.
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
    """One part of a group: `text` for an ASK, `shown` for a message, `node` in the tree, `place` of its start.

    For a group, a GRAPH or an inner SELECT, `inner` are its parts and `opening` is the text before its `{`.
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
        """The variables of the part, including those that replace its blank nodes."""
        if self.triple is not None:
            return {term.value for term in self.triple if term.kind == "variable"}
        if self.kind == "filter":
            return variables_in(Group(0, 0, [Filter(0, 0, self.node)]))  # type: ignore[arg-type]  # an expression
        group = self.node if isinstance(self.node, Group) else Group(0, 0, [self.node])  # type: ignore[list-item]
        return variables_in(group)


@dataclass(frozen=True, slots=True)
class Outline:
    """A query in parts. `head` is the text of an ASK up to its `{`; `stem` is an unused name for variables.

    `prologue` is the text before the query form. `rows` is the query as an inner SELECT without ORDER BY and LIMIT,
    empty if it is not a SELECT; `rows_without_offset` also lacks the OFFSET. `values` is the VALUES clause at the end,
    `template` the parts of a CONSTRUCT template.
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
        """Whether the query always has one row, because it aggregates without GROUP BY and HAVING."""
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
        """The parts of a group, in order."""
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
        """One part for each condition that `&&` joins in a FILTER, because all of them must be true."""
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
        """The variable that replaces `[ … ]`."""
        assert isinstance(blank, Blank)
        name = self._names.setdefault(blank.label, f"{self._stem}{len(self._names) + 1}")
        return Term("variable", f"?{name}", None, name)


def _is_property_list(node: Node) -> bool:
    return isinstance(node, Blank) and node.kind == "properties"


def read_term(query: Query, node: Node) -> Term:
    """Reads a variable, an IRI or a literal; any other term has the kind `other`."""
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
