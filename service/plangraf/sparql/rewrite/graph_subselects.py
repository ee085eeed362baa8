"""Ties a sub-SELECT to the graph of the GRAPH ?g around it (SPARQL 1.1 §18.6, Graph(var, P)).

The standard evaluates the sub-SELECT once for each graph. If it does not project ?g, the engine evaluates it once over
all graphs and leaves ?g unbound. The rewrite projects ?g. Rows of different graphs then differ, so DISTINCT and GROUP
BY (with ?g among its keys) work within each graph. LIMIT and OFFSET apply to each graph, for which the rewrite uses
LATERAL: the engine evaluates the LATERAL group once for each graph. An aggregate without GROUP BY also gives a row for
a graph without a match; for these graphs the rewrite adds the row of the same SELECT over no solutions.

VALUES alone inside GRAPH ?g. The engine gives ?g no value and looks at no graph. The rewrite joins it with `GRAPH ?g {
}`, which has each graph once, so each row occurs once for each graph, as the standard requires.

?g inside GRAPH ?g. The standard joins the graph to the solutions of the group, in which ?g is an ordinary variable
(§18.6). The engine binds it to the graph from the start. The rewrite gives it a fresh name inside. If the group may
bind that name, a filter after the group replaces the join: the name is unbound, or equals the graph.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Element, Exists, GraphClause, Group, Link, Select, Triples, Values, Variable, walk
from plangraf.sparql.rewrite.edits import Part
from plangraf.sparql.rewrite.state import Rewriting
from plangraf.sparql.scope import columns, expressions_in, in_scope, inner_groups, variables_in


def tie_selects_to_graphs(rewriting: Rewriting) -> None:
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
