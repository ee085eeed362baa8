"""Rewrites BNODE("q"): one blank node per text and solution, a new one in the next solution (SPARQL 1.1 §17.4.2.9).

The engine takes the text as label, so all solutions share the node. The rewrite replaces the text by a hash of it and
of a helper with a fresh value for each solution, STRUUID(): equal texts of one solution give equal labels, other texts
and other solutions do not. It binds the helper at the end of the pattern for expressions of SELECT, and before the
first of several BINDs, which create no solutions between them. In a group it uses the smallest helper of the solutions.
An argument that is not a string stays an error. BNODE in FILTER and ORDER BY stays, because its node is compared only
with nodes of the same solution.
"""

from __future__ import annotations

from collections.abc import Iterator

from plangraf.sparql.nodes import Aggregate, Bind, Call, Expression, Group, Select, parts
from plangraf.sparql.rewrite.state import Rewriting


def freshen_bnodes(rewriting: Rewriting) -> None:
    for group in rewriting.groups:
        _binds(rewriting, group)
    for select in rewriting.selects:
        _select(rewriting, select)


def _binds(rewriting: Rewriting, group: Group) -> None:
    helper: str | None = None
    for element in group.elements:
        if not isinstance(element, Bind):
            helper = None
            continue
        for call, _ in _labelled(element.expression):
            if helper is None:
                helper = rewriting.fresh()
                rewriting.edits.wrap(element.start, element.end, f"BIND(STRUUID() AS {helper}) ", "")
            _rewrite(rewriting, call, helper)


def _select(rewriting: Rewriting, select: Select) -> None:
    calls = [found for item in select.items for found in _labelled(item.expression)]
    if not calls:
        return
    helper = rewriting.fresh()
    end = select.where.end
    rewriting.helped.add(id(select.where))
    before = " {" if select.where.select is not None else " "
    if select.where.select is not None:
        rewriting.edits.wrap(select.where.start, select.where.end, "{ ", f" BIND(STRUUID() AS {helper}) }}")
    else:
        rewriting.edits.wrap(end - 1, end, f"{before}BIND(STRUUID() AS {helper}) ", "")
    for call, aggregated in calls:
        alone = select.grouped and not aggregated
        _rewrite(rewriting, call, f'COALESCE(MIN({helper}), "")' if alone else helper)


def _rewrite(rewriting: Rewriting, call: Call, helper: str) -> None:
    argument = call.arguments[0]
    rewriting.edits.wrap(argument.start, argument.end, f"MD5(CONCAT({helper}, ", "))")


def _labelled(expression: Expression) -> Iterator[tuple[Call, bool]]:
    """The calls of BNODE with an argument, each with whether it is inside an aggregate."""
    todo = [(expression, False)]
    while todo:
        current, aggregated = todo.pop()
        if isinstance(current, Call) and current.name == "BNODE" and current.arguments:
            yield current, aggregated
        todo += [(part, aggregated or isinstance(current, Aggregate)) for part in parts(current)]
