"""BNODE("q"): one blank node for a text within a solution, another one in the next (SPARQL 1.1 §17.4.2.9).

The engine takes the text as the label, so all solutions share the node. The text is replaced by a hash of it and of
a helper that is fresh for each solution, STRUUID(): equal texts of one solution give equal labels, others do not.
The helper is bound at the end of the pattern for the expressions of SELECT, and before a row of BINDs for these, since
no solution is made between them. In a group the smallest helper of its solutions stands for the group. An argument
that is not a string is an error before and after. FILTER and ORDER BY stay: a node that is made there is compared only
with others of the same solution.
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
    """Calls of BNODE with an argument, and whether each is inside an aggregate."""
    todo = [(expression, False)]
    while todo:
        current, aggregated = todo.pop()
        if isinstance(current, Call) and current.name == "BNODE" and current.arguments:
            yield current, aggregated
        todo += [(part, aggregated or isinstance(current, Aggregate)) for part in parts(current)]
