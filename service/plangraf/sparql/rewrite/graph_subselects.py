"""A sub-SELECT inside GRAPH ?g, which the standard evaluates once for each graph (SPARQL 1.1 §18.6, Graph(var, P)).

The engine evaluates it once over all graphs where it does not project ?g, and leaves ?g unbound. Projecting ?g ties
both together. A row of one graph then differs from that of another, so DISTINCT and GROUP BY (with ?g among its keys)
work within each graph. LIMIT and OFFSET count for each graph, which LATERAL says: the engine evaluates its group once
for each graph before it. Aggregates without GROUP BY give a row for a graph without a match too: for these graphs the
row is that of the same SELECT over nothing.

VALUES alone inside GRAPH: the engine gives ?g no value, and asks for no graph. `GRAPH ?g { }` has each graph once, so
joined with it each row stands once for each graph, which is what the standard evaluates.

?g inside GRAPH ?g: the standard joins the graph to the solutions of the group, in which ?g is a variable as any other
(§18.6); the engine gives it the graph from the start. It gets a fresh name inside, and where the group may give that a
value, a filter behind the group says what the join says: it has none, or is the graph.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Element, Exists, GraphClause, Group, Link, Select, Triples, Values, Variable, walk
from plangraf.sparql.rewrite.edits import Part
from plangraf.sparql.rewrite.state import Rewriting
from plangraf.sparql.scope import columns, expressions_in, in_scope, inner_groups, variables_in


def tie_selects(rewriting: Rewriting) -> None:
    for group in rewriting.groups:
        for element in group.elements:
            if isinstance(element, GraphClause):
                _name_graphs(rewriting, element, element.group)
                if isinstance(element.name, Variable):
                    _join(rewriting, group, element, element.name.name)
                    _tie(rewriting, element.name, element.group)


def _join(rewriting: Rewriting, around: Group, clause: GraphClause, graph: str) -> None:
    """Gives a ?g inside a name of its own."""
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
    """Whether an element has the same solutions with the graph given from the start: triples without paths."""
    return isinstance(element, Triples) and all(isinstance(triple.verb, Variable | Link) for triple in element.triples)


def _tie(rewriting: Rewriting, name: Variable, group: Group) -> None:
    """Ties every sub-SELECT of a group that no other GRAPH is around."""
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
    """Joins each VALUES that stands without a triple with the graphs."""
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
