"""Rewrites a query that the engine would answer differently from the standard.

The docstring of each rewrite names the difference and proves that the rewritten query is equivalent. A rewrite edits
the text that the engine parses, at the positions of nodes, and records the origin of each character.

This module respells forms of SPARQL 1.1 that the engine does not parse. Terms and their order stay the same. Prefixed
names with two or more dots become IRIs in angle brackets, because the engine takes the second dot for the end of the
triple. TRUE and FALSE become lower case. BNODE, COALESCE and CONCAT lose blanks and comments before their bracket. A
variable that SELECT names twice is named once, because it is one column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plangraf.errors import QueryLimitError, QueryUnsupportedError
from plangraf.errors.message import N_
from plangraf.sparql.lexer import CLOSERS, OPENERS, OPERATORS, tokenize
from plangraf.sparql.nodes import Variable
from plangraf.sparql.rewrite.expressions import correct_expressions
from plangraf.sparql.rewrite.ordering import order_kinds
from plangraf.sparql.rewrite.paths import expand_counted_paths
from plangraf.sparql.rewrite.patterns import isolate_optionals, separate_inner_patterns, tie_selects_to_graphs
from plangraf.sparql.rewrite.rewriting import Edited, Rewriting, TooLongError, UnsupportedError
from plangraf.sparql.rewrite.selects import (
    aggregate_terms,
    count_solutions,
    expand_aliases,
    freshen_bnodes,
    hide_variables,
    order_columns,
    rewrite_grouped_forms,
)

if TYPE_CHECKING:
    from plangraf.sparql.safety import Query

__all__ = ["Edited", "rewrite"]

# Limits of the growth by rewriting, because the engine's parser supports 800 nested brackets and 6 000 operators.
_MOST_GROWN = 4
_SHORTEST_GROWN = 4_096
_MOST_OPERATORS = 4_000

_AGGREGATES = frozenset(("COUNT", "AGGREGATE", "GROUP_CONCAT"))
_GROUPING = _AGGREGATES | {"GROUP", "HAVING"}
_EXPRESSIONS = frozenset(("FILTER", "BIND", "AS", "HAVING", "ORDER", "GROUP"))
_PATHS = frozenset(("'|'", "'!'", "'*'", "'?'"))
_TIGHT = frozenset(("FN", "BNODE_CALL"))


def is_spelled_otherwise(query: Query) -> bool:
    """Whether prefixed names or columns of a query may need a rewrite."""
    columns = [item.name for item in query.tree.items]
    return len(columns) > len(set(columns)) or any(iri.text.count(".") > 1 and iri.text[0] != "<" for iri in query.iris)


def spell_names(rewriting: Rewriting) -> None:
    for iri in rewriting.query.iris:
        if iri.text.count(".") > 1 and iri.text[0] != "<" and iri.text.partition(":")[2].count(".") > 1:
            rewriting.edits.replace(iri.start, iri.end, (f"<{iri.value}>",))


def spell_booleans(rewriting: Rewriting) -> None:
    for token, terminal in zip(rewriting.tokens, rewriting.query.terminals, strict=False):
        if terminal == "BOOLEAN" and not token.text.islower():
            rewriting.edits.replace(token.start, token.end, (token.text.lower(),))


def spell_calls(rewriting: Rewriting) -> None:
    for at, terminal in enumerate(rewriting.query.terminals):
        if terminal in _TIGHT:
            name, bracket = rewriting.tokens[at : at + 2]
            if name.end < bracket.start:
                rewriting.edits.replace(name.end, bracket.start, ())


def drop_repeated_columns(rewriting: Rewriting) -> None:
    for select in rewriting.selects:
        seen: set[str] = set()
        for item in select.items if select.form == "SELECT" else []:
            if isinstance(item.expression, Variable) and item.alias is None:
                if item.expression.name in seen:
                    rewriting.edits.replace(item.start, item.end, ())
                seen.add(item.expression.name)


# Stands for a SELECT inside the query, beside the terminals.
_INNER_SELECT = "an inner SELECT"
# Each step, with its terminals. It is skipped for a query that contains none of them.
_STEPS: tuple[tuple[Callable[[Rewriting], None], frozenset[str]], ...] = (
    (spell_names, frozenset(("PNAME",))),
    (spell_booleans, frozenset(("BOOLEAN",))),
    (spell_calls, frozenset(("FN", "BNODE_CALL"))),
    (drop_repeated_columns, frozenset(("SELECT",))),
    (hide_variables, frozenset((_INNER_SELECT,))),
    (rewrite_grouped_forms, _GROUPING),
    (tie_selects_to_graphs, frozenset(("GRAPH",))),
    (separate_inner_patterns, frozenset(("EXISTS", "MINUS"))),
    (expand_aliases, _GROUPING),
    (aggregate_terms, _AGGREGATES),
    (correct_expressions, _EXPRESSIONS),
    (expand_counted_paths, _PATHS),
    (freshen_bnodes, frozenset(("BNODE_CALL",))),
    (count_solutions, frozenset(("COUNT",))),
    (isolate_optionals, frozenset(("OPTIONAL",))),
    (order_kinds, frozenset(("ORDER",))),
    (order_columns, frozenset(("'*'",))),
)
# Nearly every query contains PNAME and SELECT, so `is_spelled_otherwise` examines these two more closely.
_HINTS = frozenset().union(*(needed for _, needed in _STEPS)) - {"PNAME", "SELECT"}


def rewrite(
    query: Query, max_bytes: int, max_nesting: int, object_kinds: Mapping[str, frozenset[str]] | None = None
) -> Edited | None:
    """The rewritten query; None when the engine can answer the query as it is.

    Args:
        query: the parsed query.
        max_bytes: most characters of the result.
        max_nesting: limit of nested brackets in a query; the result may nest four times as deep.
        object_kinds: kinds of the literals of each predicate; None when unknown.
    Raises:
        QueryUnsupportedError: the engine cannot answer the query as the standard requires.
        QueryLimitError: the result would be too long or too deep.
    """
    has_inner_select = query.terminals.count("SELECT") > (query.tree.form == "SELECT")
    words = query.words | {_INNER_SELECT} if has_inner_select else query.words
    if words.isdisjoint(_HINTS) and not is_spelled_otherwise(query):
        return None
    most = min(_MOST_GROWN * (len(query.text) + _SHORTEST_GROWN), max_bytes)
    rewriting = Rewriting(query, object_kinds)
    try:
        for step, needed in _STEPS:
            if not words.isdisjoint(needed):
                step(rewriting)
        edited = rewriting.edits.applied(most) if rewriting.edits else None
    except UnsupportedError as error:
        raise QueryUnsupportedError(error.message, query.place(error.node), hint=error.hint) from error
    except (TooLongError, RecursionError) as error:
        raise QueryLimitError(N_("size with its names and paths written out"), most + 1, most) from error
    if edited is not None and edited.copies:
        _check_depth(edited.text, _MOST_GROWN * max_nesting)
    return edited


def _check_depth(text: str, most: int) -> None:
    """Limits nesting and operators, because aliases that use aliases expand to nested brackets."""
    if text.count("(") <= most and len(text) <= _MOST_OPERATORS:
        return
    depth = deepest = operators = 0
    for token in tokenize(text):
        if token.kind == "punctuation":
            depth += (token.text in CLOSERS) - (token.text in OPENERS)
            deepest = max(deepest, depth)
            operators += token.text in OPERATORS
    if deepest > most:
        raise QueryLimitError(N_("nesting depth with its names written out"), deepest, most)
    if operators > _MOST_OPERATORS:
        raise QueryLimitError(N_("number of operators with its names written out"), operators, _MOST_OPERATORS)
