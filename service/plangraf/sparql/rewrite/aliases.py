"""Replaces names of SELECT expressions that the same query uses again (SPARQL 1.1 §16.1.2, §18.2.4).

Without aggregates the engine follows the standard. With aggregates it refuses a later expression that uses the name,
and gives the name no value in HAVING. The rewrite replaces the name there by its expression in brackets, because an
expression has the same value for one group wherever it occurs. It refuses expressions that are computed each time
(RAND, UUID, STRUUID, BNODE). A name from GROUP BY stays, because it is a variable. So does a name inside an aggregate,
because there it is the variable of the pattern.

In the standard's algebra HAVING cannot see names of SELECT. All engines accept them, because a HAVING over a variable
without a value would be useless.
"""

from __future__ import annotations

from collections.abc import Iterator

from plangraf.sparql.nodes import Aggregate, Call, Exists, Expression, Item, Select, Variable, parts, walk
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError
from plangraf.sparql.scope import variables_in

VOLATILE = frozenset(("RAND", "UUID", "STRUUID", "BNODE"))


def expand_aliases(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        if select.grouped and any(item.alias for item in select.items):
            _expand(rewriting, select)


def _expand(rewriting: Rewriting, select: Select) -> None:
    bound = {item.name for item in select.grouping}
    known: dict[str, Item] = {}
    volatile: set[str] = set()
    for item in select.items:
        if item.alias is not None:
            _replace(rewriting, item.expression, known, volatile)
            if item.alias.name not in bound:
                known[item.alias.name] = item
                if any(isinstance(part, Call) and part.name in VOLATILE for part in walk(item.expression)):
                    volatile.add(item.alias.name)
    for condition in select.having:
        _replace(rewriting, condition, known, volatile)


def _replace(rewriting: Rewriting, expression: Expression, known: dict[str, Item], volatile: set[str]) -> None:
    for inner in _outside_aggregates(expression):
        if isinstance(inner, Exists) and (used := sorted(variables_in(inner.group) & known.keys())):
            raise UnsupportedError(
                inner,
                f"?{used[0]} is the name of an expression of this SELECT, which EXISTS cannot use here.",
                "Put this SELECT into a group of its own, { SELECT … }, and filter behind it.",
            )
        if isinstance(inner, Variable) and inner.name in known:
            meant = known[inner.name].expression
            if inner.name in volatile:
                raise UnsupportedError(
                    inner,
                    f"?{inner.name} has another value each time that it is computed, so it can be used only once here.",
                    "Put this SELECT into a group of its own, { SELECT … }, and use the name outside of it.",
                )
            rewriting.edits.replace(inner.start, inner.end, ("(", (meant.start, meant.end), ")"))
        elif isinstance(inner, Call) and inner.name == "BOUND":
            _bound(rewriting, inner, known)


def _bound(rewriting: Rewriting, call: Call, known: dict[str, Item]) -> None:
    """Replaces BOUND of a name, because BOUND accepts variables only. A name is bound unless its expression fails."""
    variable = call.arguments[0]
    if isinstance(variable, Variable) and variable.name in known:
        whole = ("COALESCE(IF(ISLITERAL(", (variable.start, variable.end), "), true, true), false)")
        rewriting.edits.replace(call.start, call.end, whole)


def _outside_aggregates(expression: Expression) -> Iterator[Expression]:
    todo = [expression]
    while todo:
        current = todo.pop()
        if not isinstance(current, Aggregate):
            yield current
            todo += parts(current)
