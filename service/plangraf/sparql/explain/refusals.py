"""Explains why the engine refuses a query: the error names the cause and gives advice.

It first checks the rules about variables, blank nodes and rows, which are not part of the grammar (SPARQL 1.1 §4.1.4,
§10.1, §11.4, §18.2): for them the engine gives a position after the cause, or none. Otherwise it uses the position in
the engine's message, moved to the start of the token there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from pyoxigraph import NamedNode

from plangraf.errors import QuerySyntaxError
from plangraf.errors.message import N_, English
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import shown
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
from plangraf.sparql.rewrite import Edited
from plangraf.sparql.safety import Query, read
from plangraf.sparql.scope import expressions_in, groups_in, in_scope, inner_groups, selects_in, variables_in


def explain_engine_error(
    message: str, query: str, edited: Edited | None = None, base: str | None = None
) -> QuerySyntaxError:
    """The error for a query that the engine refuses.

    Args:
        message: the engine's message; its position counts from 1, in the query without codepoint escapes.
        query: the text from the client, which passed the checks.
        edited: the rewritten text, if the engine got one.
        base: the base IRI of a query that declares none.
    """
    try:
        parsed = read(query, names=Names(base=base))
    except QuerySyntaxError as error:
        return error
    return broken_rule(message, parsed) or _by_position(message, parsed, edited)


def _by_position(message: str, query: Query, edited: Edited | None) -> QuerySyntaxError:
    """The error at the token that contains the engine's position, or at the start of the query without a position."""
    function = re.search(r"custom function <([^>]*)> (?:is not supported|requires .* but (\d+) were given)", message)
    if function is not None:
        count = (
            N_("<%(name)s> takes one argument, not %(count)s.", name=function[1], count=function[2])
            if function[2]
            else None
        )
        found = next((iri for iri in query.iris if iri.value == function[1]), None)
        place = query.place(found) if found else query.source.end()
        return QuerySyntaxError(count or N_("there is no function %(name)s.", name="<" + function[1] + ">"), place)
    position = re.match(r"error at (\d+):(\d+): expected (?:one of )?(.*)", message, re.DOTALL)
    if position is None:
        text = (
            N_("the engine cannot answer this: %(reason)s", reason=English(shown(message)))
            if edited is None or f"?{edited.stem}" not in message
            else N_("the engine cannot answer this.")
        )
        return QuerySyntaxError(text, query.tokens[0].place)
    lines = (edited.text if edited else query.text).split("\n")
    line, column, expected = int(position[1]), int(position[2]), position[3]
    offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
    # The engine places an unmatched keyword too far to the right, by the length of the keyword.
    words = re.findall(r"\b[A-Za-z_]{2,}\b", expected) if "[" not in expected and '"' not in expected else []
    offset = max((offset - len(word) for word in words), default=offset)
    offset = max(offset, 0)
    place = query.place_at(edited.origin(offset) if edited else offset)
    reason = next((part for part in expected.split(", ") if re.search(r"[a-z]+ [a-z]+ [a-z]+", part)), None)
    text = (
        N_("the engine says: %(reason)s.", reason=English(reason))
        if reason
        else N_("the engine cannot read the query from here on.")
    )
    return QuerySyntaxError(text, place)


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
                    return self._error(N_("this is not an IRI: %(reason)s.", reason=English(error)), iri)
        return None

    def repeated_variables(self, selects: list[Select]) -> QuerySyntaxError | None:
        """VALUES has each variable once."""
        blocks = [element for group in self._groups for element in group.elements if isinstance(element, Values)]
        blocks += [select.values for select in selects if select.values]
        for values in sorted(blocks, key=lambda block: block.start):
            names = [variable.name for variable in values.variables]
            for at, variable in enumerate(values.variables):
                if variable.name in names[:at]:
                    return self._error(
                        N_("VALUES names %(variable)s twice.", variable=self._query.written(variable)), variable
                    )
        return None

    def aliases(self, select: Select) -> QuerySyntaxError | None:
        """SELECT does not bind a variable again."""
        taken = variables_in(select.where)
        for at, item in enumerate(select.items):
            if item.alias is None:
                continue
            name = self._query.written(item.alias)
            if any(item.name == before.name for before in select.items[:at]):
                return self._error(
                    N_("SELECT gives %(name)s twice.", name=name), item.alias, N_("Choose another name.")
                )
            if item.name in taken and not select.grouped:
                text = N_("%(name)s has a value in WHERE already and cannot be given another one.", name=name)
                return self._error(text, item.alias, N_("Choose another name after AS."))
        return None

    def grouping(self, select: Select) -> QuerySyntaxError | None:
        """A grouped SELECT projects only grouping keys and aggregates."""
        if not select.grouped or select.form != "SELECT":
            return None
        if select.star:
            hint = N_("Name the variables that GROUP BY names, and aggregates such as (COUNT(*) AS ?n).")
            return self._error(N_("SELECT * cannot stand with GROUP BY."), select.star, hint)
        known = {item.name for item in select.grouping}
        for item in select.items:
            for variable in _variables_outside_aggregates(item.expression):
                if variable.name not in known:
                    name = self._query.written(variable)
                    text = N_("%(name)s is neither named by GROUP BY nor inside an aggregate.", name=name)
                    hint = N_("Add GROUP BY %(name)s, or use an aggregate such as SAMPLE(%(name)s).", name=name)
                    return self._error(text, variable, hint)
            known.add(item.name)
        return None

    def binds(self) -> QuerySyntaxError | None:
        """BIND (… AS ?v): nothing before it in its group has bound ?v."""
        for group in self._groups:
            bound: set[str] = set()
            for element in group.elements:
                if isinstance(element, Bind) and element.variable.name in bound:
                    text = N_(
                        "%(variable)s has a value already where BIND would give it one.",
                        variable=self._query.written(element.variable),
                    )
                    return self._error(text, element.variable, N_("Choose another name after AS."))
                bound.update(in_scope(Group(0, 0, [element])))
        return None

    def blank_nodes(self) -> QuerySyntaxError | None:
        """A blank node label is used in one basic graph pattern only, which ends at the start of a group."""
        first: dict[str, int] = {}
        for pattern, blank in _labelled(self._query.tree.where, count()):
            if first.setdefault(blank.label, pattern) != pattern:
                text = N_("the blank node %(label)s stands in two graph patterns.", label=blank.label)
                return self._error(text, blank, N_("Use a variable instead."))
        return None

    def misplaced_aggregates(self) -> QuerySyntaxError | None:
        for group in self._groups:
            for expression in expressions_in(Group(0, 0, group.elements)):
                found = next((part for part in walk(expression) if isinstance(part, Aggregate)), None)
                if found is not None:
                    hint = N_("Aggregates belong into SELECT, HAVING and ORDER BY; a condition on one is a HAVING.")
                    return self._error(N_("%(name)s cannot stand inside WHERE.", name=found.name), found, hint)
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
