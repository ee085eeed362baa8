"""Explains why the engine refuses a query: the error names the cause and gives advice.

It first checks the rules that are not part of the grammar, such as which variables a SELECT may project. Otherwise it
uses the position in the engine's message, moved to the start of the token there.
"""

from __future__ import annotations

import re

from plangraf.errors import QuerySyntaxError
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import shown
from plangraf.sparql.parsed_query import Query, read
from plangraf.sparql.rewrite import Edited
from plangraf.sparql.rules import broken_rule


def explain_engine_error(
    message: str, query: str, edited: Edited | None = None, base: str | None = None
) -> QuerySyntaxError:
    """The error for a query that the engine refuses.

    Args:
        message: the engine's message; its position counts from 1, in the query without codepoint escapes.
        query: the text from the client, which passed the checks.
        edited: the rewritten text, if the engine got one.
        base: the base IRI of a query that declares none.
    """
    try:
        parsed = read(query, names=Names(base=base))
    except QuerySyntaxError as error:
        return error
    return broken_rule(message, parsed) or _by_position(message, parsed, edited)


def _by_position(message: str, query: Query, edited: Edited | None) -> QuerySyntaxError:
    """The error at the token that contains the engine's position, or at the start of the query without a position."""
    function = re.search(r"custom function <([^>]*)> (?:is not supported|requires .* but (\d+) were given)", message)
    if function is not None:
        count = f"<{function[1]}> takes one argument, not {function[2]}." if function[2] else None
        found = next((iri for iri in query.iris if iri.value == function[1]), None)
        place = query.place(found) if found else query.source.end()
        return QuerySyntaxError(count or f"there is no function <{function[1]}>.", place)
    position = re.match(r"error at (\d+):(\d+): expected (?:one of )?(.*)", message, re.DOTALL)
    if position is None:
        said = f": {shown(message)}" if edited is None or f"?{edited.stem}" not in message else "."
        return QuerySyntaxError(f"the engine cannot answer this{said}", query.tokens[0].place)
    lines = (edited.text if edited else query.text).split("\n")
    line, column, expected = int(position[1]), int(position[2]), position[3]
    offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
    # The engine places an unmatched keyword too far to the right, by the length of the keyword.
    words = re.findall(r"\b[A-Za-z_]{2,}\b", expected) if "[" not in expected and '"' not in expected else []
    offset = max((offset - len(word) for word in words), default=offset)
    offset = max(offset, 0)
    place = query.place_at(edited.origin(offset) if edited else offset)
    reason = next((part for part in expected.split(", ") if re.search(r"[a-z]+ [a-z]+ [a-z]+", part)), None)
    text = f"the engine says: {reason}." if reason else "the engine cannot read the query from here on."
    return QuerySyntaxError(text, place)
