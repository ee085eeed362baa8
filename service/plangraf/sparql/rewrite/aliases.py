"""Names that SELECT gives to expressions, where the same query uses them again (SPARQL 1.1 §16.1.2, §18.2.4).

Without aggregates the engine does so too. With them it refuses a later expression and gives the name in HAVING no
value. There the name is replaced by its expression in brackets: an expression has the same value for one group
wherever it stands, unless it is computed each time (RAND, UUID, STRUUID, BNODE), and those are refused. A name
that grouping gives is a variable and stays; so does a name inside an aggregate, where it is the pattern's variable.

HAVING cannot see the SELECT's names in the standard's algebra. All engines take them as meant, because a HAVING over a
variable without a value has no other use.
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
    """BOUND takes only a variable: a name is bound where its expression is not an error."""
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
