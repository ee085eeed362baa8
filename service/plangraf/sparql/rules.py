"""Rules about variables, blank nodes and rows that are not part of the grammar.

The engine refuses a query that breaks one, but with a position after the cause, or with none. The rules are those of
SPARQL 1.1 (§4.1.4, §10.1, §11.4, §18.2). They are checked only after the engine has refused a query.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from pyoxigraph import NamedNode

from plangraf.errors import QuerySyntaxError
from plangraf.sparql.nodes import (
    Aggregate,
    Bind,
    Blank,
    Expression,
    Group,
    Node,
    Select,
    Triples,
    Values,
    Variable,
    parts,
    walk,
)
from plangraf.sparql.parsed_query import Query
from plangraf.sparql.scope import expressions_in, groups_in, in_scope, inner_groups, selects_in, variables_in


def broken_rule(message: str, query: Query) -> QuerySyntaxError | None:
    """The error for the first rule that a query breaks; None when it breaks none."""
    rules = _Rules(query)
    selects = list(selects_in(query.tree))
    checks = (
        rules.iris(),
        rules.repeated_variables(selects),
        *(error for select in selects for error in (rules.aliases(select), rules.grouping(select))),
        rules.binds(),
        rules.blank_nodes(),
        rules.misplaced_aggregates() if "GROUP BY" in message else None,
    )
    return next((error for error in checks if error is not None), None)


class _Rules:
    def __init__(self, query: Query) -> None:
        self._query = query
        self._groups = list(groups_in(query.tree))

    def _error(self, text: str, culprit: Node, hint: str | None = None) -> QuerySyntaxError:
        return QuerySyntaxError(text, self._query.place(culprit), hint=hint)

    def iris(self) -> QuerySyntaxError | None:
        for iri in self._query.iris:
            if iri.text.startswith("<"):
                try:
                    NamedNode(iri.value)
                except ValueError as error:
                    return self._error(f"this is not an IRI: {error}.", iri)
        return None

    def repeated_variables(self, selects: list[Select]) -> QuerySyntaxError | None:
        """VALUES has each variable once."""
        blocks = [element for group in self._groups for element in group.elements if isinstance(element, Values)]
        blocks += [select.values for select in selects if select.values]
        for values in sorted(blocks, key=lambda block: block.start):
            names = [variable.name for variable in values.variables]
            for at, variable in enumerate(values.variables):
                if variable.name in names[:at]:
                    return self._error(f"VALUES names {self._query.written(variable)} twice.", variable)
        return None

    def aliases(self, select: Select) -> QuerySyntaxError | None:
        """SELECT does not bind a variable again."""
        taken = variables_in(select.where)
        for at, item in enumerate(select.items):
            if item.alias is None:
                continue
            name = self._query.written(item.alias)
            if any(item.name == before.name for before in select.items[:at]):
                return self._error(f"SELECT gives {name} twice.", item.alias, "Choose another name.")
            if item.name in taken and not select.grouped:
                text = f"{name} has a value in WHERE already and cannot be given another one."
                return self._error(text, item.alias, "Choose another name after AS.")
        return None

    def grouping(self, select: Select) -> QuerySyntaxError | None:
        """A grouped SELECT projects only grouping keys and aggregates."""
        if not select.grouped or select.form != "SELECT":
            return None
        if select.star:
            hint = "Name the variables that GROUP BY names, and aggregates such as (COUNT(*) AS ?n)."
            return self._error("SELECT * cannot stand with GROUP BY.", select.star, hint)
        known = {item.name for item in select.grouping}
        for item in select.items:
            for variable in _variables_outside_aggregates(item.expression):
                if variable.name not in known:
                    name = self._query.written(variable)
                    text = f"{name} is neither named by GROUP BY nor inside an aggregate."
                    hint = f"Add GROUP BY {name}, or use an aggregate such as SAMPLE({name})."
                    return self._error(text, variable, hint)
            known.add(item.name)
        return None

    def binds(self) -> QuerySyntaxError | None:
        """BIND (… AS ?v): nothing before it in its group has bound ?v."""
        for group in self._groups:
            bound: set[str] = set()
            for element in group.elements:
                if isinstance(element, Bind) and element.variable.name in bound:
                    text = f"{self._query.written(element.variable)} has a value already where BIND would give it one."
                    return self._error(text, element.variable, "Choose another name after AS.")
                bound.update(in_scope(Group(0, 0, [element])))
        return None

    def blank_nodes(self) -> QuerySyntaxError | None:
        """A blank node label is used in one basic graph pattern only, which ends at the start of a group."""
        first: dict[str, int] = {}
        for pattern, blank in _labelled(self._query.tree.where, count()):
            if first.setdefault(blank.label, pattern) != pattern:
                text = f"the blank node {blank.label} stands in two graph patterns."
                return self._error(text, blank, "Use a variable instead.")
        return None

    def misplaced_aggregates(self) -> QuerySyntaxError | None:
        for group in self._groups:
            for expression in expressions_in(Group(0, 0, group.elements)):
                found = next((part for part in walk(expression) if isinstance(part, Aggregate)), None)
                if found is not None:
                    hint = "Aggregates belong into SELECT, HAVING and ORDER BY; a condition on one is a HAVING."
                    return self._error(f"{found.name} cannot stand inside WHERE.", found, hint)
        return None


def _variables_outside_aggregates(expression: Expression) -> Iterator[Variable]:
    todo = [expression]
    while todo:
        current = todo.pop()
        if isinstance(current, Variable):
            yield current
        elif not isinstance(current, Aggregate):
            todo += reversed(parts(current))


def _labelled(group: Group, numbers: Iterator[int]) -> Iterator[tuple[int, Blank]]:
    """The labelled blank nodes of a group and those inside it, each with the number of its basic graph pattern."""
    pattern = next(numbers)
    if group.select is not None:
        yield from _labelled(group.select.where, numbers)
    for element in group.elements:
        if isinstance(element, Triples):
            blanks = (term for term in element.written if isinstance(term, Blank) and term.kind == "label")
            yield from ((pattern, blank) for blank in blanks)
        elif inner := inner_groups(element):
            for one in inner:
                yield from _labelled(one, numbers)
            pattern = next(numbers)
