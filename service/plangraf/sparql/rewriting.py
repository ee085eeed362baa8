"""From a checked query to the text that the engine answers as the standard says, and to the errors of that way."""

from __future__ import annotations

from collections.abc import Callable

from plangraf.errors import Place, QueryLimitError, QueryUnsupportedError
from plangraf.sparql.lexer import CLOSERS, OPENERS, OPERATORS, Source, Token, tokenize
from plangraf.sparql.rewrite import Edited, NotParsedError, TooLongError, UnsupportedError, rewrite

# What rewriting may add: the engine's parser stands 800 brackets inside each other, and 6 000 operators.
_MOST_GROWN = 4
_SHORTEST_GROWN = 4_096
_MOST_OPERATORS = 4_000


def rewritten(
    text: str, source: Source, tokens: list[Token], expand: Callable[[Token], str], max_bytes: int, max_nesting: int
) -> Edited | None:
    """The text that the engine is to read; None when it can read this one.

    Args:
        text: what the engine would read, each place of it as in the decoded text of `source`.
        source: the query as it was sent.
        tokens: those of `source`.
        expand: gives the absolute IRI of a token.
        max_bytes: most characters of the result.
        max_nesting: bound of a query's brackets inside each other, of which the result may have four times as many.
    Raises:
        QueryUnsupportedError: the engine cannot answer it as the standard says.
        QueryLimitError: the result would be too long or too deep.
    """
    most = min(_MOST_GROWN * (len(text) + _SHORTEST_GROWN), max_bytes)
    try:
        edited = rewrite(text, tokens if text is source.original else tokenize(text), most, expand)
    except NotParsedError as error:
        place = error.token.place if error.token else source.end()
        message = "this cannot be told from what has to be rewritten for the engine."
        raise QueryUnsupportedError(message, place, hint="Ask in the syntax of SPARQL 1.1.") from error
    except UnsupportedError as error:
        raise QueryUnsupportedError(str(error), _place_at(source, tokens, error.start), hint=error.hint) from error
    except (TooLongError, RecursionError) as error:
        raise QueryLimitError("size with its names and paths written out", most + 1, most) from error
    if edited is not None and edited.copies:
        _check_depth(edited.text, _MOST_GROWN * max_nesting)
    return edited


def _place_at(source: Source, tokens: list[Token], offset: int) -> Place:
    original = source.original_offset(offset)
    return next((token.place for token in tokens if token.end > original), source.end())


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
