"""What a client is told when only the engine's own parser refuses a query, at the culprit's place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plangraf.engine.grammar import END, first_mistake
from plangraf.errors import QuerySyntaxError, RequestError
from plangraf.tokens import Token

_POSITION = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)
_FUNCTION = re.compile(r"custom function <([^>]*)> is not supported")
# Rules beyond the grammar, as the engine words them among what it expected.
_SENTENCE = re.compile(r"The SELECT [^,\[\]]*[a-z]|[A-Z][a-z]+ [a-z][^,\[\]]*")
_MOST_EXPECTED = 6
_KINDS = {
    "IRI": "an IRI in < >", "PNAME": "a prefixed name", "PNAME_NS": "a prefix", "VAR": "a variable",
    "BNODE": "a blank node", "STRING": "a text in quotation marks", "LANGTAG": "a language tag",
    "INTEGER": "a whole number", "NUMBER": "a number", "BOOLEAN": "true or false", END: "the end of the query",
}  # fmt: skip


def explain_engine_error(message: str, query: str, tokens: Sequence[Token]) -> RequestError:
    """The error of a query that passed the guard and that the engine refused with `message`.

    The engine reports the furthest position that some alternative reached, which is seldom the culprit's: the
    grammar finds the first token that cannot stand where it stands, and knows what could.
    """
    if match := _FUNCTION.search(message):
        token = next((token for token in tokens if token.text == f"<{match[1]}>"), tokens[-1])
        return QuerySyntaxError(f"there is no function <{match[1]}> here.", token.place)
    if mistake := first_mistake(list(tokens)):
        place = tokens[mistake.index].place if mistake.index is not None else tokens[-1].source.end()
        return QuerySyntaxError(f"this cannot stand here. {_wanted(mistake.expected)}", place)
    match = _POSITION.search(message)
    if match is None:
        return RequestError(f"The query cannot be evaluated: {message.strip()}")
    if "SELECT contains a variable that is unbound" in match[3] and (culprit := _ungrouped(tokens)):
        return QuerySyntaxError(
            f"{culprit.text} is selected, but neither named in GROUP BY nor put into an aggregate.",
            culprit.place,
        )
    place = _place_at(_offset(query, int(match[1]), int(match[2])), tokens)
    if sentences := [text.strip() for text in _SENTENCE.findall(match[3]) if " " in text]:
        return QuerySyntaxError(f"{sentences[0][0].lower()}{sentences[0][1:]}.", place)
    return QuerySyntaxError("the query cannot be read on from here.", place)


def _wanted(expected: frozenset[str]) -> str:
    """What could stand there, when that is few enough to help."""
    signs = sorted(name for name in expected if name.startswith("'"))
    kinds = sorted(_KINDS[name] for name in expected if name in _KINDS)
    words = sorted(name for name in expected if name.isupper() and name.isalpha() and name not in _KINDS)
    if len(words) > _MOST_EXPECTED:
        words = ["a keyword"]
    possible = [*kinds, *signs, *words]
    return f"Expected {', '.join(possible)}." if possible else ""


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
