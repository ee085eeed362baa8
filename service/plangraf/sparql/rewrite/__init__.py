"""Rewrites a query so that the engine answers it as the standard says; each module proves its rewrite.

Every rewrite edits the text that the engine reads, at the places of nodes, and keeps where each character came from.
"""

from __future__ import annotations

from plangraf.sparql.parser import NotParsedError, parse
from plangraf.sparql.rewrite.aggregates import aggregate_terms
from plangraf.sparql.rewrite.aliases import expand_aliases
from plangraf.sparql.rewrite.bnodes import freshen_bnodes
from plangraf.sparql.rewrite.columns import check_counts, order_columns
from plangraf.sparql.rewrite.context import Rewriting, UnsupportedError, stem_for
from plangraf.sparql.rewrite.edits import Edited, Edits, TooLongError
from plangraf.sparql.rewrite.paths import count_paths
from plangraf.tokens import Token

__all__ = ["Edited", "NotParsedError", "TooLongError", "UnsupportedError", "rewrite"]


def rewrite(text: str, tokens: list[Token], most: int) -> Edited | None:
    """The text that the engine is to read instead; None when it can read this one.

    Args:
        text: a query that keeps the grammar.
        tokens: of this text.
        most: characters that the result may have.
    Raises:
        NotParsedError: it uses what SPARQL 1.1 does not have.
        UnsupportedError: the engine cannot answer it rightly.
        TooLongError: the result would be too long.
    """
    stem = stem_for(text)
    rewriting = Rewriting(text, parse(tokens), Edits(text, stem), stem)
    for step in (expand_aliases, aggregate_terms, count_paths, freshen_bnodes):
        step(rewriting)
    if rewriting.variables:
        check_counts(rewriting)
    order_columns(rewriting)
    return rewriting.edits.applied(most) if rewriting.edits else None
