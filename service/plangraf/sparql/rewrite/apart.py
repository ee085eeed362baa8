"""Isolates OPTIONAL groups that the engine would evaluate with values from outside (SPARQL 1.1 §18.2.2.6, LeftJoin).

The standard evaluates each side of an OPTIONAL independently. The engine may evaluate both sides once for each solution
of the pattern that they are joined with, with its values, without a check that the right side stays the same. It does
stay the same if that side has triple patterns only. It may differ with MINUS, because its domains get more variables;
with LIMIT; with names of aggregates; and with a filter, a BIND or an inner OPTIONAL that sees a variable without a
value in its own group.

The rewrite puts such an OPTIONAL, with all elements before it in its group, into a sub-SELECT of the variables in
scope. This has the same solutions (§18.2.4.3, Project of all variables), and the engine joins it by comparing
solutions. The filters of the group stay outside, because they apply to the whole group. An OPTIONAL at the end of the
outermost group stays, because nothing is joined with it.
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


def isolate_optionals(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        _OptionalIsolation(rewriting, select).group(
            select.where, nested=bool(select.values) and not select.grouped, graph=None
        )


class _OptionalIsolation:
    """Isolates OPTIONALs in the groups of one SELECT. Sub-SELECTs and EXISTS have their own."""

    def __init__(self, rewriting: Rewriting, select: Select) -> None:
        self._rewriting = rewriting
        self._all = self._variables(select.where)

    def group(self, group: Group, *, nested: bool, graph: Variable | None) -> None:
        """Edits one group. `nested`: it is joined with a pattern around it. `graph`: the ?g of a GRAPH around it."""
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
        """Whether an OPTIONAL's group may have other solutions if variables from outside have values.

        Its own filters do not matter, because they are the condition of the OPTIONAL, which sees both sides.
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
        """The number of occurrences of each variable in a group."""
        return Counter(
            token.text[1:] for token in self._rewriting.tokens_in(group.start, group.end) if token.kind == "variable"
        )


def _names(expression: Expression) -> set[str]:
    """Every variable of an expression, including those in patterns of EXISTS."""
    names: set[str] = set()
    for part in walk(expression):
        if isinstance(part, Variable):
            names.add(part.name)
        elif isinstance(part, Exists):
            names |= variables_in(part.group)
    return names
