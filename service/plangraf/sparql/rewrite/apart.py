"""OPTIONAL groups that must be evaluated apart from what is joined with them (SPARQL 1.1 §18.2.2.6, LeftJoin).

The standard evaluates the two sides of an OPTIONAL by themselves. The engine may evaluate both once for each solution
of what is joined with them, with its values, and does not look whether the right side gives the same then. It does
where that holds triple patterns alone. It does not with MINUS, whose domains get more variables; with LIMIT; with a
filter, a BIND or an inner OPTIONAL that sees a variable which has no value in its own group; with names of aggregates.

Such an OPTIONAL and all before it in its group become a sub-SELECT of the variables in scope, which is the same
solutions (§18.2.4.3, Project of all variables), and which the engine joins by comparing solutions. Filters of the group
stay behind it, since they are for the whole group. Nothing is done where nothing can be joined: when the OPTIONAL ends
the outermost group.
"""

from __future__ import annotations

from collections import Counter

from plangraf.sparql.nodes import (
    Bind,
    Element,
    Exists,
    Expression,
    Filter,
    GraphClause,
    Group,
    Minus,
    OptionalClause,
    Select,
    Triples,
    Union,
    Values,
    Variable,
    walk,
)
from plangraf.sparql.rewrite.edits import Part
from plangraf.sparql.rewrite.state import Rewriting
from plangraf.sparql.scope import certain, expressions_in, in_scope, inner_groups, variables_in

_JOINED = Triples | Union | Values | GraphClause


def set_optionals_apart(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        _Apart(rewriting, select).group(select.where, nested=bool(select.values) and not select.grouped, graph=None)


class _Apart:
    """The groups of one SELECT; those of sub-SELECTs and EXISTS are of others."""

    def __init__(self, rewriting: Rewriting, select: Select) -> None:
        self._rewriting = rewriting
        self._all = self._variables(select.where)

    def group(self, group: Group, *, nested: bool, graph: Variable | None) -> None:
        """`nested` says that the group is joined with something around it, `graph` is the ?g of a GRAPH around it."""
        last = max((i for i, element in enumerate(group.elements) if isinstance(element, _JOINED)), default=-1)
        before: list[Element] = []
        written: list[Part] = []
        filters: list[Part] = []
        found = False
        for index, element in enumerate(group.elements):
            span = (element.start, element.end)
            if isinstance(element, Filter):
                filters += [" ", span]
                continue
            before.append(element)
            written += [" ", span]
            if isinstance(element, OptionalClause) and (nested or index < last) and self._sees(element.group):
                found = True
                names = [self._rewriting.named(name, group.start) for name in in_scope(Group(0, 0, before))]
                columns: list[Part] = [" ".join(names)]
                if graph is not None:
                    columns += [" ", (graph.start, graph.end)]
                written = [" { SELECT ", *columns, " {", *written, " } }"]
            inside = element.name if isinstance(element, GraphClause) else graph
            for inner in inner_groups(element):
                is_joined = not isinstance(element, Minus)
                self.group(inner, nested=is_joined, graph=inside if isinstance(inside, Variable) else None)
        if found and names:
            self._rewriting.edits.replace(group.elements[0].start, group.elements[-1].end, [*written, *filters, " "])

    def _sees(self, group: Group) -> bool:
        """Whether the group of an OPTIONAL may have other solutions when variables around it have values already.

        Its own filters are the OPTIONAL's condition, which sees both sides anyway.
        """
        inside = self._variables(group)
        outside = {name for name, count in self._all.items() if count > inside[name]}
        return self._elements_see(group, outside)

    def _group_sees(self, group: Group, outside: set[str]) -> bool:
        free = {name for expression in expressions_in(group) for name in _names(expression)} - certain(group)
        return bool(free & outside) or self._elements_see(group, outside)

    def _elements_see(self, group: Group, outside: set[str]) -> bool:
        if group.select is not None:
            return self._select_sees(group.select, outside)
        sure: set[str] = set()
        for element in group.elements:
            if self._element_sees(element, sure, outside):
                return True
            sure |= certain(Group(element.start, element.end, [element]))
        return False

    def _element_sees(self, element: Element, sure: set[str], outside: set[str]) -> bool:
        match element:
            case Minus():
                return True
            case Bind(variable=variable, expression=expression):
                return bool(({variable.name} | _names(expression)) & outside - sure)
            case OptionalClause(group=group):
                return bool(set(in_scope(group)) & outside - sure) or self._elements_see(group, outside)
            case _:
                return any(self._group_sees(inner, outside) for inner in inner_groups(element))

    def _select_sees(self, select: Select, outside: set[str]) -> bool:
        names = {item.alias.name for item in select.items if item.alias is not None}
        return select.sliced or bool(names & outside) or self._group_sees(select.where, outside)

    def _variables(self, group: Group) -> Counter[str]:
        """How often each variable is written in a group."""
        return Counter(
            token.text[1:] for token in self._rewriting.tokens_in(group.start, group.end) if token.kind == "variable"
        )


def _names(expression: Expression) -> set[str]:
    """Every variable of an expression, those in the pattern of an EXISTS included."""
    names: set[str] = set()
    for part in walk(expression):
        if isinstance(part, Variable):
            names.add(part.name)
        elif isinstance(part, Exists):
            names |= variables_in(part.group)
    return names
