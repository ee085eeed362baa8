"""Rewrites a query so that the engine answers it as the standard says; each module proves its rewrite.

Every rewrite edits the text that the engine reads, at the places of nodes, and keeps where each character came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plangraf.errors import QueryLimitError, QueryUnsupportedError
from plangraf.sparql.lexer import CLOSERS, OPENERS, OPERATORS, tokenize
from plangraf.sparql.rewrite.aggregates import aggregate_terms
from plangraf.sparql.rewrite.aliases import expand_aliases
from plangraf.sparql.rewrite.apart import set_optionals_apart
from plangraf.sparql.rewrite.bnodes import freshen_bnodes
from plangraf.sparql.rewrite.columns import count_solutions, order_columns
from plangraf.sparql.rewrite.edits import Edited, TooLongError
from plangraf.sparql.rewrite.expressions import correct_expressions
from plangraf.sparql.rewrite.forms import ask_grouped
from plangraf.sparql.rewrite.graph_subselects import tie_selects
from plangraf.sparql.rewrite.inner_patterns import part_patterns
from plangraf.sparql.rewrite.ordering import order_kinds
from plangraf.sparql.rewrite.paths import count_paths
from plangraf.sparql.rewrite.spelling import (
    drop_repeated_columns,
    is_spelled_otherwise,
    spell_booleans,
    spell_calls,
    spell_names,
)
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError
from plangraf.sparql.rewrite.subselects import hide_variables

if TYPE_CHECKING:
    from plangraf.sparql.parsed_query import Query

__all__ = ["Edited", "rewrite"]

# What rewriting may add: the engine's parser stands 800 brackets inside each other, and 6 000 operators.
_MOST_GROWN = 4
_SHORTEST_GROWN = 4_096
_MOST_OPERATORS = 4_000

_AGGREGATES = frozenset(("COUNT", "AGGREGATE", "GROUP_CONCAT"))
_GROUPING = _AGGREGATES | {"GROUP", "HAVING"}
_EXPRESSIONS = frozenset(("FILTER", "BIND", "AS", "HAVING", "ORDER", "GROUP"))
_PATHS = frozenset(("'|'", "'!'", "'*'", "'?'"))
# Each step with the terminals without any of which it has nothing to do.
_STEPS: tuple[tuple[Callable[[Rewriting], None], frozenset[str]], ...] = (
    (spell_names, frozenset(("PNAME",))),
    (spell_booleans, frozenset(("BOOLEAN",))),
    (spell_calls, frozenset(("FN", "BNODE_CALL"))),
    (drop_repeated_columns, frozenset(("SELECT",))),
    (hide_variables, frozenset(("SELECT",))),
    (ask_grouped, _GROUPING),
    (tie_selects, frozenset(("GRAPH",))),
    (part_patterns, frozenset(("EXISTS", "MINUS"))),
    (expand_aliases, _GROUPING),
    (aggregate_terms, _AGGREGATES),
    (correct_expressions, _EXPRESSIONS),
    (count_paths, _PATHS),
    (freshen_bnodes, frozenset(("BNODE_CALL",))),
    (count_solutions, frozenset(("COUNT",))),
    (set_optionals_apart, frozenset(("OPTIONAL",))),
    (order_kinds, frozenset(("ORDER",))),
    (order_columns, frozenset(("'*'",))),
)
# Nearly every query has these two, so `is_spelled_otherwise` looks at what they are about.
_HINTS = frozenset().union(*(needed for _, needed in _STEPS)) - {"PNAME", "SELECT"}


def rewrite(
    query: Query, max_bytes: int, max_nesting: int, object_kinds: Mapping[str, frozenset[str]] | None = None
) -> Edited | None:
    """The text that the engine is to read instead of a query's; None when it can read this one.

    Args:
        query: what was sent.
        max_bytes: most characters of the result.
        max_nesting: bound of a query's brackets inside each other, of which the result may have four times as many.
        object_kinds: kinds of the literals of each predicate; None when unknown.
    Raises:
        QueryUnsupportedError: the engine cannot answer it as the standard says.
        QueryLimitError: the result would be too long or too deep.
    """
    if query.words.isdisjoint(_HINTS) and not is_spelled_otherwise(query):
        return None
    most = min(_MOST_GROWN * (len(query.text) + _SHORTEST_GROWN), max_bytes)
    rewriting = Rewriting(query, object_kinds)
    try:
        for step, needed in _STEPS:
            if not query.words.isdisjoint(needed):
                step(rewriting)
        edited = rewriting.edits.applied(most) if rewriting.edits else None
    except UnsupportedError as error:
        raise QueryUnsupportedError(str(error), query.place(error.node), hint=error.hint) from error
    except (TooLongError, RecursionError) as error:
        raise QueryLimitError("size with its names and paths written out", most + 1, most) from error
    if edited is not None and edited.copies:
        _check_depth(edited.text, _MOST_GROWN * max_nesting)
    return edited


def _check_depth(text: str, most: int) -> None:
    """Names that stand for each other grow into brackets inside brackets."""
    if text.count("(") <= most and len(text) <= _MOST_OPERATORS:
        return
    depth = deepest = operators = 0
    for token in tokenize(text):
        if token.kind == "punctuation":
            depth += (token.text in CLOSERS) - (token.text in OPENERS)
            deepest = max(deepest, depth)
            operators += token.text in OPERATORS
    if deepest > most:
        raise QueryLimitError("nesting depth with its names written out", deepest, most)
    if operators > _MOST_OPERATORS:
        raise QueryLimitError("number of operators with its names written out", operators, _MOST_OPERATORS)
