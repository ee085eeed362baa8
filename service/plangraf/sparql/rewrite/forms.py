"""Rewrites query forms of SPARQL 1.1 that the engine does not parse.

ASK, CONSTRUCT and DESCRIBE with GROUP BY or HAVING (§19.8, rules [10] to [12]). The engine evaluates such a query as a
SELECT of all variables, which grouping forbids. The rewrite uses a sub-SELECT with the same pattern and modifiers,
which has the same solutions. It projects the grouping keys, because a grouped solution has no other variables.
"""

from __future__ import annotations

from plangraf.sparql.nodes import Aggregate, walk
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError


def rewrite_grouped_forms(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        for item in select.grouping:
            if any(isinstance(part, Aggregate) for part in walk(item.expression)):
                hint = "Compute it in a sub-SELECT, { SELECT … }, and group by its name."
                raise UnsupportedError(item, "an aggregate cannot stand in GROUP BY.", hint)
    query = rewriting.tree
    if query.form == "SELECT" or not query.grouped:
        return
    keys = " ".join(f"?{item.name}" for item in query.grouping if item.name) or f"(1 AS {rewriting.fresh()})"
    where = query.where
    parts = (f"{{ SELECT {keys} ", (where.start, where.end), " ", (where.end, query.end), " }")
    rewriting.edits.replace(where.start, query.end, parts)
