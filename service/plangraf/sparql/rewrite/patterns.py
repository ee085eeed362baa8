"""Rewrites of patterns that the engine evaluates together although the standard evaluates them one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plangraf.errors.message import N_
from plangraf.sparql.nodes import (
    Bind,
    Element,
    Exists,
    Expression,
    Filter,
    GraphClause,
    Group,
    Link,
    Minus,
    OptionalClause,
    Select,
    Triples,
    Union,
    Values,
    Variable,
    walk,
)
from plangraf.sparql.rewrite.rewriting import Part, Rewriting, UnsupportedError
from plangraf.sparql.scope import certain, columns, expressions_in, expressions_of, in_scope, inner_groups, variables_in

_NONE: frozenset[str] = frozenset()
_JOINED = Triples | Union | Values | GraphClause


def tie_selects_to_graphs(rewriting: Rewriting) -> None:
    """Ties a sub-SELECT to the graph of the GRAPH ?g around it (SPARQL 1.1 §18.6, Graph(var, P)).

    The standard evaluates the sub-SELECT once for each graph. If it does not project ?g, the engine evaluates it once
    over all graphs and leaves ?g unbound. The rewrite projects ?g. Rows of different graphs then differ, so DISTINCT
    and GROUP BY (with ?g among its keys) work within each graph. LIMIT and OFFSET apply to each graph, for which the
    rewrite uses LATERAL: the engine evaluates the LATERAL group once for each graph. An aggregate without GROUP BY also
    gives a row for a graph without a match; for these graphs the rewrite adds the row of the same SELECT over no
    solutions.

    VALUES alone inside GRAPH ?g. The engine gives ?g no value and looks at no graph. The rewrite joins it with `GRAPH
    ?g { }`, which has each graph once, so each row occurs once for each graph, as the standard requires.

    ?g inside GRAPH ?g. The standard joins the graph to the solutions of the group, in which ?g is an ordinary variable
    (§18.6). The engine binds it to the graph from the start. The rewrite gives it a fresh name inside. If the group may
    bind that name, a filter after the group replaces the join: the name is unbound, or equals the graph.
    """
    for group in rewriting.groups:
        for element in group.elements:
            if isinstance(element, GraphClause):
                _name_graphs(rewriting, element, element.group)
                if isinstance(element.name, Variable):
                    _join(rewriting, group, element, element.name.name)
                    _tie(rewriting, element.name, element.group)


def _join(rewriting: Rewriting, around: Group, clause: GraphClause, graph: str) -> None:
    """Gives the inner ?g a fresh name."""
    inside = clause.group
    if graph not in variables_in(inside) or (inside.select is None and all(map(_is_plain, inside.elements))):
        return
    rewriting.rename([graph], inside.start, inside.end)
    if graph in in_scope(inside):
        own, name = rewriting.named(graph, inside.start), (clause.name.start, clause.name.end)
        condition = (f"FILTER(!BOUND({own}) || sameTerm({own}, ", name, "))")
        rewriting.edits.replace(clause.start, clause.end, ("{ ", (clause.start, clause.end), " ", *condition, " }"))
        rewriting.helped.add(id(around))


def _is_plain(element: Element) -> bool:
    """Whether an element has the same solutions if ?g is bound from the start: triples without paths."""
    return isinstance(element, Triples) and all(isinstance(triple.verb, Variable | Link) for triple in element.triples)


def _tie(rewriting: Rewriting, name: Variable, group: Group) -> None:
    """Ties every sub-SELECT of a group that is not inside another GRAPH."""
    if group.select is not None:
        _select(rewriting, name, group, group.select)
        _tie(rewriting, name, group.select.where)
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _tie(rewriting, name, inner)
    for expression in expressions_in(group):
        for part in walk(expression):
            if isinstance(part, Exists):
                _tie(rewriting, name, part.group)


def _name_graphs(rewriting: Rewriting, clause: GraphClause, group: Group) -> None:
    """Joins each VALUES without a triple pattern beside it with `GRAPH ?g { }`."""
    if not any(isinstance(element, Triples) for element in group.elements):
        for element in group.elements:
            if isinstance(element, Values):
                name = (clause.name.start, clause.name.end)
                rewriting.edits.replace(
                    element.start, element.end, ("GRAPH ", name, " { } ", (element.start, element.end))
                )
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _name_graphs(rewriting, clause, inner)


def _select(rewriting: Rewriting, name: Variable, group: Group, select: Select) -> None:
    where = select.where
    variable: list[Part] = [" ", (name.start, name.end), " "]
    if select.star is not None:
        names = " ".join(rewriting.named(column, select.start) for column in columns(select))
        head: list[Part] = [(select.start, select.star.start), f" {names}", *variable, (select.star.end, where.start)]
    else:
        first = select.items[0].start
        head = [(select.start, first), *variable, (first, where.start)]
    whole, rest = (where.start, where.end), (where.end, select.end)
    if select.grouping:
        key = select.grouping[0].start
        tied: list[Part] = [*head, whole, (where.end, key), *variable, (key, select.end)]
    elif select.grouped:
        tied = [*head, whole, " GROUP BY", *variable, rest]
        nothing: list[Part] = [(select.start, where.start), "{ ", whole, " FILTER(false) }", rest]
        without: list[Part] = [
            " } UNION { GRAPH",
            *variable,
            "{ } FILTER NOT EXISTS ",
            whole,
            " { ",
            *nothing,
            " } } }",
        ]
        rewriting.edits.replace(group.start, group.end, ["{ { ", *tied, *without])
        return
    else:
        tied = [*head, whole, rest]
    if select.sliced:
        tied = ["GRAPH", *variable, "{ } LATERAL { ", *tied, " }"]
    rewriting.edits.replace(group.start, group.end, ["{ ", *tied, " }"])


def separate_inner_patterns(rewriting: Rewriting) -> None:
    """Separates variables of inner patterns from variables around them (SPARQL 1.1 §18.6, substitute; §18.5, Minus).

    EXISTS in an inner group. The filter of an inner group does not see the variables around that group, so a variable
    with the same name in its EXISTS is another one. The engine may evaluate the inner group once for each outer
    solution, and then gives both the same value. The rewrite gives the inner one a fresh name, because names of
    variables have no meaning (§4.1.3).

    MINUS in an EXISTS or a GRAPH ?g. It removes nothing if its sides share no variable (§18.5, Minus: their domains are
    disjoint). The engine treats each variable of the outer solution, and ?g, as shared. The rewrite omits such a MINUS.
    If the sides share a variable that always has a value, the domains overlap in both. If all shared variables may be
    unbound, the rewrite refuses the query.
    """
    _Walk(rewriting).select(rewriting.tree, _Context())


@dataclass(frozen=True, slots=True)
class _Context:
    """The context of a group: `given` are the variables that an EXISTS substitutes, `around` those of outer groups.

    `graph`: the group is inside GRAPH ?g, which adds ?g to each solution.
    """

    given: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    graph: bool = False


class _Walk:
    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting

    def select(self, select: Select, context: _Context) -> None:
        self._group(select.where, context, context.given)
        visible = frozenset(in_scope(select.where)) | context.given
        for expression in expressions_of(select):
            self._expression(expression, visible, context)

    def _group(self, group: Group, context: _Context, beside: frozenset[str]) -> None:
        """Edits one group. `beside`: for an OPTIONAL, the variables of its left side, because its filters see them."""
        if group.select is not None:
            given = context.given
            if not group.select.star:
                given &= frozenset(item.name for item in group.select.items)
            self.select(group.select, replace(context, given=given))
            return
        own = frozenset(in_scope(group))
        for expression in expressions_in(group):
            self._expression(expression, own | beside, context)
        left: set[str] = set()
        sure: set[str] = set()
        for element in group.elements:
            joined = frozenset(left) if isinstance(element, OptionalClause) else _NONE
            inner_context = replace(context, around=context.around | own)
            if isinstance(element, GraphClause):
                inner_context = replace(inner_context, graph=isinstance(element.name, Variable))
            for inner in inner_groups(element):
                self._group(inner, inner_context, context.given | joined)
            if isinstance(element, Minus) and (context.given or context.graph):
                self._minus(element, left, sure)
            alone = Group(element.start, element.end, [element])
            left.update(in_scope(alone))
            sure |= certain(alone)

    def _expression(self, expression: Expression, visible: frozenset[str], context: _Context) -> None:
        for part in walk(expression):
            if isinstance(part, Exists):
                hidden = (variables_in(part.group) & context.around) - visible
                self._rewriting.rename(hidden, part.start, part.end)
                self._group(part.group, _Context(visible, graph=context.graph), visible)

    def _minus(self, minus: Minus, left: set[str], sure: set[str]) -> None:
        """`left`: the variables in scope before the MINUS; `sure`: those of them that always have a value."""
        shared = left & set(in_scope(minus.group))
        if not shared:
            self._rewriting.edits.replace(minus.start, minus.end, (" ",))
        elif not shared & sure & certain(minus.group):
            names = ", ".join(f"?{name}" for name in sorted(shared))
            raise UnsupportedError(
                minus,
                N_(
                    "%(names)s may be without a value on one side of this MINUS, inside an EXISTS or a GRAPH.",
                    names=names,
                ),
                N_("Write FILTER NOT EXISTS { … } instead of MINUS { … }."),
            )


def isolate_optionals(rewriting: Rewriting) -> None:
    """Isolates OPTIONAL groups that the engine would evaluate with values from outside (SPARQL 1.1 §18.2.2.6,
    LeftJoin).

    The standard evaluates each side of an OPTIONAL independently. The engine may evaluate both sides once for each
    solution of the pattern that they are joined with, with its values, without a check that the right side stays the
    same. It does stay the same if that side has triple patterns only. It may differ with MINUS, because its domains get
    more variables; with LIMIT; with names of aggregates; and with a filter, a BIND or an inner OPTIONAL that sees a
    variable without a value in its own group.

    The rewrite puts such an OPTIONAL, with all elements before it in its group, into a sub-SELECT of the variables in
    scope. This has the same solutions (§18.2.4.3, Project of all variables), and the engine joins it by comparing
    solutions. The filters of the group stay outside, because they apply to the whole group. An OPTIONAL at the end of
    the outermost group stays, because nothing is joined with it.
    """
    for select in rewriting.selects:
        _OptionalIsolation(rewriting, select).group(
            select.where, nested=bool(select.values) and not select.grouped, graph=None
        )


class _OptionalIsolation:
    """Isolates OPTIONALs in the groups of one SELECT. Sub-SELECTs and EXISTS have their own."""

    def __init__(self, rewriting: Rewriting, select: Select) -> None:
        self._rewriting = rewriting
        self._all = rewriting.count_variables(select.where.start, select.where.end)

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
        inside = self._rewriting.count_variables(group.start, group.end)
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


def _names(expression: Expression) -> set[str]:
    """Every variable of an expression, including those in patterns of EXISTS."""
    names: set[str] = set()
    for part in walk(expression):
        if isinstance(part, Variable):
            names.add(part.name)
        elif isinstance(part, Exists):
            names |= variables_in(part.group)
    return names
