"""Gives each `GRAPH ?g` of a query the variable of the graph's name in the store; see `placed_query`.

Where an earlier GRAPH of the same name has chosen the graph, a later one gets the variable of the first, which a store
looks up. Without that it would read the pattern in each graph, and compare names that it makes of all of them:

- in EXISTS of the same group, because the values of a solution stand there for its variables;
- in the same group, because equal names in the store are equal names of the version;
- in OPTIONAL of the same group, when the name stands nowhere else in it.

A ?g inside of the graph `GRAPH ?g` is left as it is, because engines differ in its value.
"""

from __future__ import annotations

from plangraf.sparql.nodes import (
    Bind,
    Exists,
    Expression,
    Filter,
    GraphClause,
    Group,
    OptionalClause,
    Union,
    Variable,
    walk,
)
from plangraf.sparql.rewrite.rewriting import Rewriting


class GraphNames:
    """The variables of the names in the store, with their '?', by the `id` of a clause.

    The clauses of `chosen` find a value there, so that their own name needs none.
    """

    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting
        self.stored: dict[int, str] = {}
        self.chosen: set[int] = set()
        # By group, what EXISTS around it has chosen.
        self._outside: dict[int, dict[str, str]] = {}
        for group in rewriting.groups:
            self._visit(group)

    def _visit(self, group: Group) -> None:
        known = dict(self._outside.get(id(group), {}))
        for element in group.elements:
            match element:
                case GraphClause(name=Variable(name=own)):
                    if id(element) in self.stored:
                        continue
                    if own in known and not self._count(element.group, own):
                        self._choose(element, known[own])
                    else:
                        self.stored[id(element)] = self._rewriting.fresh()
                        known.setdefault(own, self.stored[id(element)])
                case OptionalClause(group=inner):
                    self._optional(inner, known)
                case Bind(expression=expression):
                    self._pass_on(expression, known)
        for element in group.elements:
            # A filter is of the whole group, wherever it stands.
            if isinstance(element, Filter):
                self._pass_on(element.condition, known)

    def _optional(self, group: Group, known: dict[str, str]) -> None:
        named = [element for element in group.elements if isinstance(element, GraphClause)]
        for own in {element.name.name for element in named if isinstance(element.name, Variable)} & known.keys():
            same = [element for element in named if isinstance(element.name, Variable) and element.name.name == own]
            if self._count(group, own) == len(same):
                for element in same:
                    self._choose(element, known[own])

    def _pass_on(self, expression: Expression, known: dict[str, str]) -> None:
        """Makes the names known in the groups of EXISTS, but not in sub-SELECTs, whose variables are others."""
        known = dict(known)
        todo = [part.group for part in walk(expression) if isinstance(part, Exists)]
        while todo:
            group = todo.pop()
            self._outside[id(group)] = known
            for element in group.elements:
                match element:
                    case Union(groups=groups):
                        todo += groups
                    case OptionalClause(group=inner):
                        todo.append(inner)

    def _choose(self, clause: GraphClause, stored: str) -> None:
        self.stored[id(clause)] = stored
        self.chosen.add(id(clause))

    def _count(self, group: Group, name: str) -> int:
        return self._rewriting.count_variables(group.start, group.end)[name]
