"""Separates variables of inner patterns from variables around them (SPARQL 1.1 §18.6, substitute; §18.5, Minus).

EXISTS in an inner group. The filter of an inner group does not see the variables around that group, so a variable with
the same name in its EXISTS is another one. The engine may evaluate the inner group once for each outer solution, and
then gives both the same value. The rewrite gives the inner one a fresh name, because names of variables have no meaning
(§4.1.3).

MINUS in an EXISTS or a GRAPH ?g. It removes nothing if its sides share no variable (§18.5, Minus: their domains are
disjoint). The engine treats each variable of the outer solution, and ?g, as shared. The rewrite omits such a MINUS. If
the sides share a variable that always has a value, the domains overlap in both. If all shared variables may be unbound,
the rewrite refuses the query.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from plangraf.sparql.nodes import Exists, Expression, GraphClause, Group, Minus, OptionalClause, Select, Variable, walk
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError
from plangraf.sparql.scope import certain, expressions_in, expressions_of, in_scope, inner_groups, variables_in

_NONE: frozenset[str] = frozenset()


def separate_inner_patterns(rewriting: Rewriting) -> None:
    _Walk(rewriting).select(rewriting.tree, _Context())


@dataclass(frozen=True, slots=True)
class _Context:
    """The context of a group: `given` are the variables that an EXISTS substitutes, `around` those of outer groups.

    `graph`: the group is inside GRAPH ?g, which adds ?g to each solution.
    """

    given: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    graph: bool = False


class _Walk:
    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting

    def select(self, select: Select, context: _Context) -> None:
        self._group(select.where, context, context.given)
        visible = frozenset(in_scope(select.where)) | context.given
        for expression in expressions_of(select):
            self._expression(expression, visible, context)

    def _group(self, group: Group, context: _Context, beside: frozenset[str]) -> None:
        """Edits one group. `beside`: for an OPTIONAL, the variables of its left side, because its filters see them."""
        if group.select is not None:
            given = context.given
            if not group.select.star:
                given &= frozenset(item.name for item in group.select.items)
            self.select(group.select, replace(context, given=given))
            return
        own = frozenset(in_scope(group))
        for expression in expressions_in(group):
            self._expression(expression, own | beside, context)
        left: set[str] = set()
        sure: set[str] = set()
        for element in group.elements:
            joined = frozenset(left) if isinstance(element, OptionalClause) else _NONE
            inner_context = replace(context, around=context.around | own)
            if isinstance(element, GraphClause):
                inner_context = replace(inner_context, graph=isinstance(element.name, Variable))
            for inner in inner_groups(element):
                self._group(inner, inner_context, context.given | joined)
            if isinstance(element, Minus) and (context.given or context.graph):
                self._minus(element, left, sure)
            alone = Group(element.start, element.end, [element])
            left.update(in_scope(alone))
            sure |= certain(alone)

    def _expression(self, expression: Expression, visible: frozenset[str], context: _Context) -> None:
        for part in walk(expression):
            if isinstance(part, Exists):
                hidden = (variables_in(part.group) & context.around) - visible
                self._rewriting.rename(hidden, part.start, part.end)
                self._group(part.group, _Context(visible, graph=context.graph), visible)

    def _minus(self, minus: Minus, left: set[str], sure: set[str]) -> None:
        """`left`: the variables in scope before the MINUS; `sure`: those of them that always have a value."""
        shared = left & set(in_scope(minus.group))
        if not shared:
            self._rewriting.edits.replace(minus.start, minus.end, (" ",))
        elif not shared & sure & certain(minus.group):
            names = ", ".join(f"?{name}" for name in sorted(shared))
            raise UnsupportedError(
                minus,
                f"{names} may be without a value on one side of this MINUS, inside an EXISTS or a GRAPH.",
                "Write FILTER NOT EXISTS { … } instead of MINUS { … }.",
            )
