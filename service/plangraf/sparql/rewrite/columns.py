"""The columns of `SELECT *` in the order in which they appear in the query.

The engine sorts them by name; the set is the same (SPARQL 1.1 §18.2.1), and no order is prescribed. Where the text
has got helper variables, inner `*` and that of DESCRIBE are written out too, so that no helper is among them.
A grouped `*` stays: the engine refuses it, as the standard does (§19.8, note 11).

COUNT(DISTINCT *) counts different solutions, and a solution has the variables of the query and no others (§18.5.1.2,
§18.2.1). The engine has blank nodes and the steps of a path in it too. A sub-SELECT DISTINCT of the variables in scope
has each solution once; what else is aggregated beside it must not depend on duplicates.
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
    """Whether the engine has values in a solution that are no variable's of the query."""
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
