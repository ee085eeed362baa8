"""Rewrites a query so that the engine answers it as the standard says; each module proves its rewrite.

Every rewrite edits the text that the engine reads, at the places of nodes, and keeps where each character came from.
"""

from __future__ import annotations

from collections.abc import Callable

from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import AGGREGATES
from plangraf.sparql.parser import NotParsedError, parse
from plangraf.sparql.rewrite.aggregates import aggregate_terms
from plangraf.sparql.rewrite.aliases import expand_aliases
from plangraf.sparql.rewrite.apart import set_optionals_apart
from plangraf.sparql.rewrite.bnodes import freshen_bnodes
from plangraf.sparql.rewrite.columns import count_solutions, order_columns
from plangraf.sparql.rewrite.edits import Edited, Edits, TooLongError
from plangraf.sparql.rewrite.expressions import correct_expressions
from plangraf.sparql.rewrite.forms import ask_grouped, spell_names
from plangraf.sparql.rewrite.graph_subselects import tie_selects
from plangraf.sparql.rewrite.inner_patterns import part_patterns
from plangraf.sparql.rewrite.ordering import order_kinds
from plangraf.sparql.rewrite.paths import count_paths
from plangraf.sparql.rewrite.state import Rewriting, UnsupportedError, stem_for
from plangraf.sparql.rewrite.subselects import hide_variables

_GROUPING = AGGREGATES | {"GROUP", "HAVING"}
# Each step with words and signs: without any of them it has nothing to do.
_STEPS: tuple[tuple[Callable[[Rewriting], None], frozenset[str]], ...] = (
    (spell_names, frozenset(("PREFIX",))),
    (hide_variables, frozenset(("SELECT",))),
    (ask_grouped, _GROUPING),
    (tie_selects, frozenset(("GRAPH",))),
    (part_patterns, frozenset(("EXISTS", "MINUS"))),
    (expand_aliases, _GROUPING),
    (aggregate_terms, AGGREGATES),
    (correct_expressions, frozenset(("FILTER", "BIND", "AS", "HAVING", "ORDER", "GROUP"))),
    (count_paths, frozenset(("|", "!", "*", "?"))),
    (freshen_bnodes, frozenset(("BNODE",))),
    (count_solutions, frozenset(("COUNT",))),
    (set_optionals_apart, frozenset(("OPTIONAL",))),
    (order_kinds, frozenset(("ORDER",))),
    (order_columns, frozenset(("*",))),
)

__all__ = ["Edited", "NotParsedError", "TooLongError", "UnsupportedError", "rewrite"]


def rewrite(text: str, tokens: list[Token], most: int, expand: Callable[[Token], str]) -> Edited | None:
    """The text that the engine is to read instead; None when it can read this one.

    Args:
        text: a query that keeps the grammar.
        tokens: of this text.
        most: characters that the result may have.
        expand: gives the absolute IRI of a token.
    Raises:
        NotParsedError: it uses what SPARQL 1.1 does not have.
        UnsupportedError: the engine cannot answer it rightly.
        TooLongError: the result would be too long.
    """
    stem = stem_for(text)
    rewriting = Rewriting(text, tokens, parse(tokens), Edits(text, stem), stem, expand)
    written = {token.upper or token.text for token in tokens if token.kind in ("word", "punctuation")}
    for step, needed in _STEPS:
        if needed & written:
            step(rewriting)
    return rewriting.edits.applied(most) if rewriting.edits else None
