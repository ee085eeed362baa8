"""Variables of an EXISTS, which are those of the solution that it is asked for (SPARQL 1.1 §18.6, substitute).

A name that this solution does not have. The filter of an inner group does not see the variables around that group; a
variable of the same name in its EXISTS is another one. The engine may evaluate the inner group for each solution around
it, and then gives both the same value. The inner one gets a fresh name: names of variables have no meaning (§4.1.3).

MINUS in an EXISTS takes nothing away where its sides name no variable in common (§18.5, Minus: the domains are
disjoint). The engine counts each variable of the solution around as common, named or not. Such a MINUS is left out.
Where the sides share a variable that always has a value, the domains meet in both; where all shared ones may be
without, the query is refused.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Element, Exists, Expression, Group, Minus, OptionalClause, Select, walk
from plangraf.sparql.rewrite.context import Rewriting, UnsupportedError
from plangraf.sparql.scope import certain, expressions_in, expressions_of, in_scope, inner_groups, variables_in

_NONE: frozenset[str] = frozenset()


def part_exists(rewriting: Rewriting) -> None:
    _Walk(rewriting).select(rewriting.query, _NONE, _NONE)


class _Walk:
    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting

    def select(self, select: Select, given: frozenset[str], around: frozenset[str]) -> None:
        """`given` are the variables that an EXISTS around it substitutes, `around` those of the groups around it."""
        self._group(select.where, given, given, around)
        visible = frozenset(in_scope(select.where)) | given
        for expression in expressions_of(select):
            self._expression(expression, visible, around)

    def _group(self, group: Group, given: frozenset[str], beside: frozenset[str], around: frozenset[str]) -> None:
        """`beside` are `given` and the variables of the pattern that an OPTIONAL is joined to: its filters see both."""
        if group.select is not None:
            projected = frozenset(item.name for item in group.select.items)
            self.select(group.select, given if group.select.star else given & projected, around)
            return
        own = frozenset(in_scope(group))
        for expression in expressions_in(group):
            self._expression(expression, own | beside, around)
        before: list[Element] = []
        for element in group.elements:
            left = frozenset(in_scope(Group(0, 0, before))) if isinstance(element, OptionalClause) else _NONE
            for inner in inner_groups(element):
                self._group(inner, given, given | left, around | own)
            if isinstance(element, Minus) and given:
                self._minus(element, Group(0, 0, before))
            before.append(element)

    def _expression(self, expression: Expression, visible: frozenset[str], around: frozenset[str]) -> None:
        for part in walk(expression):
            if isinstance(part, Exists):
                self._rename(part, (variables_in(part.group) & around) - visible)
                self._group(part.group, visible, visible, _NONE)

    def _rename(self, exists: Exists, names: frozenset[str] | set[str]) -> None:
        fresh = {name: self._rewriting.fresh() for name in sorted(names)}
        for token in self._rewriting.tokens if fresh else ():
            if token.kind == "variable" and exists.start <= token.start < exists.end and token.text[1:] in fresh:
                self._rewriting.edits.replace(token.start, token.end, (fresh[token.text[1:]],))

    def _minus(self, minus: Minus, left: Group) -> None:
        shared = set(in_scope(left)) & set(in_scope(minus.group))
        if not shared:
            self._rewriting.edits.replace(minus.start, minus.end, (" ",))
        elif not shared & certain(left) & certain(minus.group):
            names = ", ".join(f"?{name}" for name in sorted(shared))
            raise UnsupportedError(
                minus,
                f"{names} may be without a value on one side of this MINUS, inside an EXISTS.",
                "Write FILTER NOT EXISTS { … } instead of MINUS { … }.",
            )
