"""ORDER BY over values of several kinds.

The engine compares two literals by value where they have an order, and by their texts where they have none; over
numbers, dates and texts together that goes round in a circle, 9 < 10 < "2020-01-01" < 9, and its sort gives up and
ends the process. A key before the user's own sorts by kind: numbers are one kind, texts with and without a language are
one, each other datatype is one. Values of one kind keep their order (SPARQL 1.1 §15.1), values of different kinds have
none there; what has no value, blank nodes and IRIs have no kind, so they stand first as before, in the engine's order.

A key whose values are all of one kind needs none: a function with one type, a variable that is a subject only.
"""

from __future__ import annotations

from plangraf.sparql.nodes import (
    Aggregate,
    Bind,
    Call,
    Constant,
    Expression,
    Group,
    Operation,
    Select,
    Triples,
    Values,
    Variable,
)
from plangraf.sparql.rewrite.context import Rewriting
from plangraf.sparql.scope import visible_groups

_TEXT = "<http://www.w3.org/2001/XMLSchema#string>"
# Aggregates and functions whose value is one of their arguments.
_PASSES_ON = frozenset(("MIN", "MAX", "SAMPLE"))
_CHOOSES = frozenset(("COALESCE", "IF"))


def order_kinds(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        for key in select.order:
            if _may_mix(key.expression, select):
                span = (key.expression.start, key.expression.end)
                kind = ("IF(ISNUMERIC(", span, "), 1, IF(LANG(", span, ') = "", DATATYPE(', span, f"), {_TEXT}))")
                sign = "DESC(" if key.descending else "ASC("
                rewriting.edits.replace(key.start, key.end, (sign, *kind, ") ", (key.start, key.end)))


def _may_mix(expression: Expression, select: Select) -> bool:
    match expression:
        case Variable(name=name):
            alias = next((item.expression for item in select.items if item.alias and item.alias.name == name), None)
            if alias is not None:
                return _may_mix(alias, select)
            key = next((item.expression for item in select.grouping if item.alias and item.alias.name == name), None)
            return _may_mix(key, select) if key is not None else _is_mixed(name, select.where, select)
        case Call(name=name, arguments=arguments) if name in _CHOOSES:
            return len(arguments) != 1 or _may_mix(arguments[0], select)
        case Call(name="STRDT"):
            return True
        case Aggregate(name=name, argument=argument) if name in _PASSES_ON and argument is not None:
            return _may_mix(argument, select)
        case Call() | Operation() | Aggregate() | Constant():
            return False
    return False


def _is_mixed(name: str, where: Group, select: Select) -> bool:
    """Whether a variable may have literals of several kinds: as an object, or from VALUES or BIND."""
    kinds: set[str] = set()
    for group in visible_groups(where):
        if group.select is not None:
            return True
        for element in group.elements:
            match element:
                case Triples(triples=triples):
                    if any(isinstance(t.object, Variable) and t.object.name == name for t in triples):
                        return True
                case Bind(variable=variable, expression=expression) if variable.name == name:
                    if _may_mix(expression, select):
                        return True
                    kinds.add(str(expression.start))
                case Values(variables=variables, rows=rows):
                    at = next((index for index, variable in enumerate(variables) if variable.name == name), None)
                    cells = [row[at] for row in rows] if at is not None else []
                    kinds |= {cell.kind if not cell.datatype else str(cell.start) for cell in cells
                              if isinstance(cell, Constant)}  # fmt: skip
    return len(kinds) > 1
