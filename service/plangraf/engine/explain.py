"""Errors that only the engine's own parser finds, told at the culprit's place and in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plangraf.errors import Place, QuerySyntaxError, RequestError
from plangraf.tokens import Token

_POSITION = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_FUNCTION = re.compile(r"custom function <([^>]*)> is not supported")
_WORD = re.compile(r"\b[A-Z]{2,}\b")
_SENTENCE = re.compile(r"The SELECT [^,\[\]]*[a-z]|[A-Z][a-z]+ [a-z][^,\[\]]*")
_MOST_EXPECTED = 8


def explain_engine_error(message: str, query: str, tokens: Sequence[Token]) -> RequestError:
    """What the client is told when the engine refuses a query that passed the guard.

    The engine reports the furthest position that its parser reached; the token there, or the last one before
    it, is the culprit or stands right after it.
    """
    if match := _FUNCTION.search(message):
        token = next((token for token in tokens if token.text == f"<{match[1]}>"), tokens[-1])
        return QuerySyntaxError(f"there is no function <{match[1]}> here.", token.place)
    match = _POSITION.search(message)
    if match is None:
        return RequestError(f"The query cannot be evaluated: {message.strip()}")
    place = _place_at(_offset(query, int(match[1]), int(match[2])), tokens)
    if "SELECT contains a variable that is unbound" in match[3]:
        culprit = _ungrouped(tokens)
        name = culprit.text if culprit else "A variable"
        return QuerySyntaxError(
            f"{name} is selected, but neither named in GROUP BY nor put into an aggregate.",
            culprit.place if culprit else place,
        )
    if sentences := [text.strip() for text in _SENTENCE.findall(match[3]) if " " in text]:
        return QuerySyntaxError(f"{sentences[0][0].lower()}{sentences[0][1:]}.", place)
    words = sorted(set(_WORD.findall(match[3])))
    hint = f"Possible here: {', '.join(words)}." if 0 < len(words) <= _MOST_EXPECTED else None
    return QuerySyntaxError("the query cannot be read on from here.", place, hint=hint)


def _ungrouped(tokens: Sequence[Token]) -> Token | None:
    """The first selected variable that GROUP BY does not name."""
    depth = 0
    selected: list[Token] = []
    grouped: set[str] = set()
    clause = ""
    for token in tokens:
        if token.kind == "word" and token.upper in ("SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"):
            clause = token.upper
        elif token.text in ("(", "{"):
            depth += 1
        elif token.text in (")", "}"):
            depth -= 1
        elif token.kind == "variable" and clause == "GROUP":
            grouped.add(token.text[1:])
        elif token.kind == "variable" and clause == "SELECT" and depth == 0:
            selected.append(token)
    return next((token for token in selected if token.text[1:] not in grouped), None)


def _offset(query: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = query.find("\n", start) + 1
    return start + column - 1


def _place_at(offset: int, tokens: Sequence[Token]) -> Place:
    found = next((token for token in tokens if token.end > offset), None)
    return found.place if found else tokens[-1].source.end()
