"""A sub-SELECT inside GRAPH ?g, which the standard evaluates once for each graph (SPARQL 1.1 §18.6, Graph(var, P)).

The engine evaluates it once over all graphs where it does not project ?g, and leaves ?g unbound. Projecting ?g ties
both together. A row of one graph then differs from that of another, so DISTINCT and GROUP BY (with ?g among its keys)
work within each graph. LIMIT and OFFSET count for each graph, which LATERAL says: the engine evaluates its group once
for each graph before it. Aggregates without GROUP BY give a row for a graph without a match too: for these graphs the
row is that of the same SELECT over nothing.

VALUES alone inside GRAPH ?g: the engine gives ?g no value. `GRAPH ?g { }` has each graph once, so joined with it each
row stands once for each graph, which is what the standard evaluates.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Exists, GraphClause, Group, Select, Triples, Values, Variable, walk
from plangraf.sparql.rewrite.context import Rewriting, UnsupportedError
from plangraf.sparql.rewrite.edits import Part
from plangraf.sparql.scope import columns, expressions_in, inner_groups, variables_in


def tie_selects(rewriting: Rewriting) -> None:
    for group in rewriting.groups:
        for element in group.elements:
            if isinstance(element, GraphClause) and isinstance(element.name, Variable):
                _tie(rewriting, element.name.name, element.group)


def _tie(rewriting: Rewriting, graph: str, group: Group) -> None:
    """Ties every sub-SELECT of a group that no other GRAPH is around."""
    if group.select is not None:
        _select(rewriting, graph, group, group.select)
        _tie(rewriting, graph, group.select.where)
    if not any(isinstance(element, Triples) for element in group.elements):
        for element in group.elements:
            if isinstance(element, Values):
                rewriting.edits.wrap(element.start, element.end, f"GRAPH ?{graph} {{ }} ", "")
    for element in group.elements:
        if not isinstance(element, GraphClause):
            for inner in inner_groups(element):
                _tie(rewriting, graph, inner)
    for expression in expressions_in(group):
        for part in walk(expression):
            if isinstance(part, Exists):
                _tie(rewriting, graph, part.group)


def _select(rewriting: Rewriting, graph: str, group: Group, select: Select) -> None:
    if graph in columns(select):
        return
    if graph in variables_in(select.where):
        raise UnsupportedError(
            select,
            f"this SELECT has a variable ?{graph} of its own inside GRAPH ?{graph}.",
            f"Give one of the two another name, or add ?{graph} to this SELECT.",
        )
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
