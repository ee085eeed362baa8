"""The columns of `SELECT *` in the order in which they appear in the query.

The engine sorts them by name; the set is the same (SPARQL 1.1 §18.2.1), and no order is prescribed. Where the text
has got helper variables, inner `*` and that of DESCRIBE are written out too, so that no helper is among them.
A grouped `*` stays: the engine refuses it, as the standard does (§19.8, note 11).
"""

from __future__ import annotations

from plangraf.sparql.nodes import Aggregate, walk
from plangraf.sparql.rewrite.context import Rewriting, UnsupportedError
from plangraf.sparql.scope import columns, expressions_of, selects_in


def order_columns(rewriting: Rewriting) -> None:
    for select in selects_in(rewriting.query):
        helped = bool(rewriting.variables)
        if select.star is None or select.grouped or not (helped or (select.outermost and select.form == "SELECT")):
            continue
        names = columns(select)
        if names:
            written = " ".join(f"?{name}" for name in names)
            rewriting.edits.replace(select.star.start, select.star.end, (f" {written} ",))
        elif helped:
            hint = "Name a column, such as (1 AS ?found), or ask with ASK."
            raise UnsupportedError(select.star, "the pattern has no variable for '*'.", hint)


def check_counts(rewriting: Rewriting) -> None:
    """COUNT(DISTINCT *) compares whole solutions, so no helper may be part of them."""
    for select in selects_in(rewriting.query):
        for expression in expressions_of(select):
            for inner in walk(expression):
                if isinstance(inner, Aggregate) and inner.argument is None and inner.distinct:
                    raise UnsupportedError(
                        inner,
                        "the engine counts values of which COUNT(DISTINCT *) must not know.",
                        "Count an inner query: SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?b { … } }.",
                    )
