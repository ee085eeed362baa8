"""Writes out the columns of `SELECT *` in the order in which they occur in the query.

The engine sorts them by name. The standard prescribes the set (SPARQL 1.1 §18.2.1), but no order. In a query with
helper variables, the rewrite also writes out `*` in sub-SELECTs and DESCRIBE, so that they exclude the helpers. `*`
with grouping stays, because both the engine and the standard (§19.8, note 11) refuse it.

COUNT(DISTINCT *) counts distinct solutions over the variables of the query (§18.5.1.2, §18.2.1). The engine also
compares blank nodes and the steps of paths. The rewrite counts a sub-SELECT DISTINCT of the variables in scope, which
has each solution once. Other aggregates beside it must not depend on duplicates.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Aggregate, Blank, Link, Select, Triples, Variable, walk
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError
from plangraf.sparql.scope import columns, expressions_of, in_scope, visible_groups

_SAME_FOR_DISTINCT = frozenset(("MIN", "MAX", "SAMPLE"))


def order_columns(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        helped = bool(rewriting.variables)
        if select.star is None or select.grouped or not (helped or (select.outermost and select.form == "SELECT")):
            continue
        names = columns(select)
        if names:
            written = " ".join(rewriting.named(name, select.start) for name in names)
            rewriting.edits.replace(select.star.start, select.star.end, (f" {written} ",))
        elif any(id(group) in rewriting.helped for group in visible_groups(select.where)):
            hint = "Name a column, such as (1 AS ?found), or ask with ASK."
            raise UnsupportedError(select.star, "the pattern has no variable for '*'.", hint)


def count_solutions(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        aggregates = [
            part for expression in expressions_of(select) for part in walk(expression) if isinstance(part, Aggregate)
        ]
        counted = [aggregate for aggregate in aggregates if aggregate.argument is None and aggregate.distinct]
        if counted and _hides_variables(rewriting, select):
            _count_solutions(rewriting, select, counted, [other for other in aggregates if other not in counted])


def _hides_variables(rewriting: Rewriting, select: Select) -> bool:
    """Whether a solution of the engine has values that do not belong to a variable of the query."""
    for group in visible_groups(select.where):
        if id(group) in rewriting.helped:
            return True
        for element in group.elements:
            if isinstance(element, Triples) and (
                any(isinstance(term, Blank) for term in element.written)
                or any(not isinstance(triple.verb, Variable | Link) for triple in element.triples)
            ):
                return True
    return False


def _count_solutions(rewriting: Rewriting, select: Select, counted: list[Aggregate], others: list[Aggregate]) -> None:
    names = in_scope(select.where)
    if any(not other.distinct and other.name not in _SAME_FOR_DISTINCT for other in others):
        raise UnsupportedError(
            counted[0],
            "the engine counts values here of which COUNT(DISTINCT *) must not know.",
            "Count an inner query: SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?b { … } }.",
        )
    where = select.where
    written = " ".join(rewriting.named(name, where.start) for name in names) or f"(1 AS {rewriting.fresh()})"
    rewriting.edits.wrap(where.start, where.end, f"{{ {{ SELECT DISTINCT {written} ", " } }")
    for aggregate in counted:
        rewriting.edits.replace(aggregate.start, aggregate.end, ("COUNT(*)",))
