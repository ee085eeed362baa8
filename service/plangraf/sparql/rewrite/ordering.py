"""ORDER BY over values of several kinds.

The engine compares two literals by value where they have an order, and by their texts where they have none; over
numbers, dates and texts together that goes round in a circle, 9 < 10 < "2020-01-01" < 9, and its sort gives up and
ends the process. A key before the user's own sorts by kind: numbers are one kind, each other datatype is one. Values of
one kind keep their order (SPARQL 1.1 §15.1), values of different kinds have none there. What has no value, blank nodes
and IRIs have no kind, so they stand first as before, in the engine's order.

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
    Select,
    Triples,
    Values,
    Variable,
)
from plangraf.sparql.rewrite.context import Rewriting
from plangraf.sparql.scope import columns, visible_groups

# Aggregates and functions whose value is one of their arguments.
_PASSES_ON = frozenset(("MIN", "MAX", "SAMPLE"))
_CHOOSES = frozenset(("COALESCE", "IF", "STRDT"))


def order_kinds(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        kinds = _Kinds(select) if select.order else None
        for key in select.order:
            if kinds and kinds.may_mix(key.expression):
                span = (key.expression.start, key.expression.end)
                kind = ("IF(ISNUMERIC(", span, "), 1, DATATYPE(", span, "))")
                sign = "DESC(" if key.descending else "ASC("
                rewriting.edits.replace(key.start, key.end, (sign, *kind, ") ", (key.start, key.end)))


class _Kinds:
    """Which variables of a SELECT may have literals of several kinds: objects, and what VALUES or BIND give."""

    def __init__(self, select: Select) -> None:
        named = [item for item in (*select.grouping, *select.items) if item.alias is not None]
        self._expressions = {item.name: item.expression for item in named}
        self._mixed: set[str] = set()
        self._kinds: dict[str, set[str]] = {}
        for group in visible_groups(select.where):
            self._group(group)

    def _group(self, group: Group) -> None:
        if group.select is not None:
            self._mixed.update(columns(group.select))
        for element in group.elements:
            match element:
                case Triples(triples=triples):
                    self._mixed.update(t.object.name for t in triples if isinstance(t.object, Variable))
                case Bind(variable=variable, expression=expression):
                    self._note(variable.name, str(expression.start))
                    if self.may_mix(expression):
                        self._mixed.add(variable.name)
                case Values(variables=variables, rows=rows):
                    for row in rows:
                        for variable, cell in zip(variables, row, strict=True):
                            if isinstance(cell, Constant):
                                self._note(variable.name, cell.kind if not cell.datatype else str(cell.start))

    def _note(self, name: str, kind: str) -> None:
        self._kinds.setdefault(name, set()).add(kind)

    def may_mix(self, expression: Expression) -> bool:
        match expression:
            case Variable(name=name) if name in self._expressions:
                return self.may_mix(self._expressions[name])
            case Variable(name=name):
                return name in self._mixed or len(self._kinds.get(name, ())) > 1
            case Call(name=name) if name in _CHOOSES:
                return True
            case Aggregate(name=name, argument=argument) if name in _PASSES_ON and argument is not None:
                return self.may_mix(argument)
        return False
