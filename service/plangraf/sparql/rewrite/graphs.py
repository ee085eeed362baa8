"""A sub-SELECT inside GRAPH ?g, which the standard evaluates once for each graph (SPARQL 1.1 §18.6, Graph(var, P)).

The engine evaluates it once over all graphs where it does not project ?g, and leaves ?g unbound. Projecting ?g ties
both together. A row of one graph then differs from that of another, so DISTINCT and GROUP BY (with ?g among its keys)
work within each graph. LIMIT and OFFSET count for each graph, which LATERAL says: the engine evaluates its group once
for each graph before it. Aggregates without GROUP BY give a row for a graph without a match too: for these graphs the
row is that of the same SELECT over nothing.

VALUES alone inside GRAPH: the engine gives ?g no value, and asks for no graph. `GRAPH ?g { }` has each graph once, so
joined with it each row stands once for each graph, which is what the standard evaluates.

?g in a filter or a BIND inside GRAPH ?g: the standard joins ?g to the solutions of the group, so inside it has no value
yet (§18.6); the engine gives it one. It gets a fresh name there. A ?g in a triple inside is joined in both.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Exists, Expression, GraphClause, Group, Select, Triples, Values, Variable, walk
from plangraf.sparql.rewrite.context import Rewriting
from plangraf.sparql.rewrite.edits import Part
from plangraf.sparql.scope import columns, expressions_in, in_scope, inner_groups, variables_in


def tie_selects(rewriting: Rewriting) -> None:
    for group in rewriting.groups:
        for element in group.elements:
            if isinstance(element, GraphClause):
                _name_graphs(rewriting, element, element.group)
                if isinstance(element.name, Variable):
                    _tie(rewriting, element.name.name, element.group)
                    _hide(rewriting, element.name.name, element.group)


def _tie(rewriting: Rewriting, graph: str, group: Group) -> None:
    """Ties every sub-SELECT of a group that no other GRAPH is around."""
    if group.select is not None:
        _select(rewriting, graph, group, group.select)
        _tie(rewriting, graph, group.select.where)
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _tie(rewriting, graph, inner)
    for expression in expressions_in(group):
        for part in walk(expression):
            if isinstance(part, Exists):
                _tie(rewriting, graph, part.group)


def _name_graphs(rewriting: Rewriting, clause: GraphClause, group: Group) -> None:
    """Joins each VALUES that stands without a triple with the graphs."""
    if not any(isinstance(element, Triples) for element in group.elements):
        for element in group.elements:
            if isinstance(element, Values):
                name = (clause.name.start, clause.name.end)
                rewriting.edits.replace(
                    element.start, element.end, ("GRAPH ", name, " { } ", (element.start, element.end))
                )  # fmt: skip
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _name_graphs(rewriting, clause, inner)


def _hide(rewriting: Rewriting, graph: str, group: Group) -> None:
    """Gives ?g a fresh name in the filters and BINDs of a group that has no ?g of its own."""
    if graph not in in_scope(group):
        for expression in expressions_in(group):
            names = {part.name for part in walk(expression) if isinstance(part, Variable)}
            names |= {
                name for part in walk(expression) if isinstance(part, Exists) for name in variables_in(part.group)
            }
            rewriting.rename({graph} & names, expression.start, expression.end)
    if group.select is None:
        for element in group.elements:
            for inner in inner_groups(element):
                _hide(rewriting, graph, inner)


def _names(expression: Expression) -> set[str]:
    """Every variable of an expression, those in the pattern of an EXISTS included."""
    names: set[str] = set()
    for part in walk(expression):
        names |= {part.name} if isinstance(part, Variable) else set()
        names |= variables_in(part.group) if isinstance(part, Exists) else set()
    return names


def _select(rewriting: Rewriting, graph: str, group: Group, select: Select) -> None:
    if graph in columns(select):
        return
    # A variable of this name inside is another one, which the engine would take for the graph.
    rewriting.rename({graph} & variables_in(group), select.start, select.end)
    where, variable = select.where, f" ?{graph} "
    if select.star is not None:
        names = " ".join(f"?{name}" for name in columns(select))
        head: list[Part] = [(select.start, select.star.start), f" {names}{variable}", (select.star.end, where.start)]
    else:
        first = select.items[0].start
        head = [(select.start, first), variable, (first, where.start)]
    whole, rest = (where.start, where.end), (where.end, select.end)
    if select.grouping:
        key = select.grouping[0].start
        tied: list[Part] = [*head, whole, (where.end, key), variable, (key, select.end)]
    elif select.grouped:
        nothing: list[Part] = [(select.start, where.start), "{ ", whole, " FILTER(false) }", rest]
        tied = [*head, whole, f" GROUP BY{variable}", rest]
        without = f"}} UNION {{ GRAPH{variable}{{ }} FILTER NOT EXISTS "
        rewriting.edits.replace(
            group.start, group.end, ["{ { ", *tied, " ", without, whole, " { ", *nothing, " } } }"]
        )  # fmt: skip
        return
    else:
        tied = [*head, whole, rest]
    if select.sliced:
        tied = [f"GRAPH{variable}{{ }} LATERAL {{ ", *tied, " }"]
    rewriting.edits.replace(group.start, group.end, ["{ ", *tied, " }"])
