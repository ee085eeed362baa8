"""From what the engine says about a query that it refuses to an error that shows the culprit and the way out.

First the grammar, which finds the first token that cannot stand where it stands; then the rules that a grammar
cannot hold (which variables may be projected, where a variable may be bound, …); at last the engine's own
position, moved to the token that it points into.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from plangraf.errors import QuerySyntaxError
from plangraf.sparql import suggest
from plangraf.sparql.grammar import CALLS, END, FUNCTIONS, Mistake, first_mistake, keywords
from plangraf.sparql.lexer import Source, Token, shown, tokenize_source
from plangraf.sparql.rewrite import Edited
from plangraf.sparql.scope_rules import scope_error

_MOST_SHOWN = 7
_LIKE_A_WORD = 0.7
_OPERATORS = {f"'{sign}'" for sign in ("=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "||", "&&")}
_NAMES = {"IRI", "PNAME", "PNAME_NS"}
_LITERALS = {"STRING", "INTEGER", "NUMBER", "BOOLEAN"}
_CLAUSES = {"OPTIONAL", "FILTER", "BIND", "GRAPH", "MINUS", "SERVICE", "VALUES", "LATERAL", "'{'"}
# A set of expected terminals that holds all of the first set is told as the words, and the last set is done with.
_IN_WORDS: tuple[tuple[set[str], str, set[str]], ...] = (
    ({"F1", "STRING"}, "an expression",
     {*CALLS, *_LITERALS, *_NAMES, "VAR", "'('", "'!'", "'+'", "'-'", "EXISTS", "NOT"}),
    ({"F1"}, "a condition in brackets or a function call", {*CALLS, *_NAMES, "'('", "EXISTS", "NOT"}),
    ({"'='", "'<'"}, "an operator", {*_OPERATORS, "IN", "NOT"}),
    ({"'||'"}, "an operator", {*_OPERATORS}),
    ({"'*'", "'+'", "'?'", "'/'"}, "a path operator", {"'*'", "'+'", "'?'", "'/'", "'|'"}),
    ({"'^'", "'!'"}, "a property", {"'^'", "'!'", "'a'", "'('", "VAR", *_NAMES}),
    ({"STRING", "VAR"}, "a variable, an IRI or a literal",
     {*_LITERALS, *_NAMES, "VAR", "BNODE", "'('", "'['", "'+'", "'-'"}),
    ({"STRING", "IRI"}, "an IRI or a literal", {*_LITERALS, *_NAMES, "'+'", "'-'"}),
    ({"IRI", "PNAME", "VAR"}, "a variable or an IRI", {*_NAMES, "VAR"}),
    ({"IRI", "PNAME"}, "an IRI", {*_NAMES}),
    ({"IRI"}, "an IRI between '<' and '>'", {"IRI"}),
    ({"PNAME_NS"}, "a prefix and a colon, such as plan:", {"PNAME_NS"}),
    ({"INTEGER"}, "a whole number", {"INTEGER"}),
    ({"STRING"}, "a string", {"STRING"}),
    ({"VAR"}, "a variable", {"VAR"}),
    ({"OPTIONAL", "FILTER"}, "a clause such as FILTER or OPTIONAL", _CLAUSES),
)  # fmt: skip
_SPELLED = {"ORDER": "ORDER BY", "GROUP": "GROUP BY", END: "the end of the query"}
_SELDOM = {"VERSION", "LATERAL", "LANGTAG"}
_HINTS = {
    "AND": "Join conditions with '&&'.",
    "OR": "Join conditions with '||'.",
    "XOR": "Join conditions with '&&' and '||'.",
    "LIKE": 'Compare texts with CONTAINS(?text, "part") or REGEX.',
    "JOIN": "Patterns in one { … } are joined by the variables that they share.",
    "@PREFIX": "SPARQL writes PREFIX plan: <…>, without '@' and without the full stop.",
    "@BASE": "SPARQL writes BASE <…>, without '@' and without the full stop.",
}


def explain_engine_error(message: str, query: str, edited: Edited | None = None) -> QuerySyntaxError:
    """The error of a query that the engine refuses.

    Args:
        message: what the engine said; its position counts from 1, in the query without codepoint escapes.
        query: the text as the client sent it, which passed the guard.
        edited: what the engine has read where that is not the text as it was sent.
    """
    source = Source(query)
    tokens = tokenize_source(source)
    error = grammar_error(tokens, source)
    if error is None:
        error = scope_error(message, tokens)
    return error if error is not None else _by_position(message, source, tokens, edited)


def grammar_error(tokens: list[Token], source: Source) -> QuerySyntaxError | None:
    """What the grammar has against a query; None when it keeps the grammar."""
    mistake = first_mistake(tokens)
    if mistake is None:
        return None
    culprit = tokens[mistake.index] if mistake.index is not None else None
    before = tokens[mistake.index - 1] if mistake.index else None
    place = culprit.place if culprit else source.end()
    hint = _bare_variable(mistake, culprit, tokens) or _hint(mistake, culprit, before)
    return QuerySyntaxError(f"expected {readable(mistake.expected)}.", place, hint=hint)


def readable(expected: Iterable[str]) -> str:
    """Expected terminals as a short list in English: `'.', ';' or '}'`."""
    left = set(expected) - _SELDOM
    told: list[str] = []
    for needed, words, covered in _IN_WORDS:
        if needed <= left:
            told.append(words)
            left -= covered
    signs = sorted(name for name in left if name.startswith("'") and name != "'a'")
    others = sorted((_SPELLED.get(name, name) for name in left if not name.startswith("'")), key=_is_end)
    items = [*signs, *told, *others] or ["something else"]
    if len(items) > _MOST_SHOWN:
        return ", ".join([*items[: _MOST_SHOWN - 1], "…"])
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"


def _is_end(name: str) -> tuple[bool, str]:
    return name == _SPELLED[END], name


def _bare_variable(mistake: Mistake, culprit: Token | None, tokens: list[Token]) -> str | None:
    """The variable that a word was to be, such as the t of ORDER BY t; a function's name is one up to its bracket."""
    word = culprit if "VAR" in mistake.expected else None
    if "'('" in mistake.expected and not word:
        last = len(tokens) if mistake.index is None else mistake.index
        word = tokens[last - 1] if last and tokens[last - 1].upper in FUNCTIONS else None
    meant = suggest.variable(word.text, tokens) if word and word.kind == "word" else None
    return f"Did you mean {meant}?" if meant else None


def _hint(mistake: Mistake, culprit: Token | None, before: Token | None) -> str | None:
    if culprit is None:
        return None
    word = culprit.text.upper()
    if word in _HINTS:
        return _HINTS[word]
    if word == "=" and before and before.text == "=":
        return "SPARQL compares with one '='."
    if word == "," and {"VAR", "FROM"} <= mistake.expected:
        return "The variables of SELECT are separated by spaces."
    if word in FUNCTIONS and "VAR" in mistake.expected and before and before.kind != "punctuation":
        return f"In SELECT, write ({word}(…) AS ?name)."
    if word in ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET") and "VALUES" in mistake.expected:
        return "The order is GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET."
    if word in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE") and END in mistake.expected:
        return "A request holds exactly one query."
    if culprit.kind == "word" and word not in keywords():
        known = [name for name in mistake.expected if name.isupper() and name not in CALLS]
        if "F1" in mistake.expected:
            known += FUNCTIONS
        near = difflib.get_close_matches(word, known, n=1, cutoff=_LIKE_A_WORD)
        return f"Did you mean {near[0]}?" if near else None
    return None


def _by_position(message: str, source: Source, tokens: list[Token], edited: Edited | None) -> QuerySyntaxError:
    """The error at the token that the engine's position falls into; at the query's start without a position."""
    function = re.search(r"custom function <([^>]*)> (?:is not supported|requires .* but (\d+) were given)", message)
    if function is not None:
        count = f"<{function[1]}> takes one argument, not {function[2]}." if function[2] else None
        return _wrong_function(function[1], count or f"there is no function <{function[1]}>.", source, tokens)
    found = re.match(r"error at (\d+):(\d+): expected (?:one of )?(.*)", message, re.DOTALL)
    if found is None:
        place = tokens[0].place if tokens else source.end()
        said = f": {shown(message)}" if edited is None or f"?{edited.stem}" not in message else "."
        return QuerySyntaxError(f"the engine cannot answer this{said}", place)
    lines = (edited.text if edited else source.decoded).split("\n")
    line, column, expected = int(found[1]), int(found[2]), found[3]
    offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
    # A keyword that did not match is reported behind as many characters as it has.
    words = re.findall(r"\b[A-Za-z_]{2,}\b", expected) if "[" not in expected and '"' not in expected else []
    offset = max((offset - len(word) for word in words), default=offset)
    offset = max(offset, 0)
    original = source.original_offset(edited.origin(offset) if edited else offset)
    culprit = next((token for token in tokens if token.end > original), None)
    place = culprit.place if culprit else source.end()
    reason = next((part for part in expected.split(", ") if re.search(r"[a-z]+ [a-z]+ [a-z]+", part)), None)
    text = f"the engine says: {reason}." if reason else "the engine cannot read the query from here on."
    return QuerySyntaxError(text, place)


def _wrong_function(iri: str, text: str, source: Source, tokens: list[Token]) -> QuerySyntaxError:
    local = re.split(r"[#/:]", iri)[-1]
    for token in tokens:
        if (token.kind == "iri" and token.iri == iri) or (token.kind == "prefixed_name" and token.local == local):
            return QuerySyntaxError(text, token.place)
    return QuerySyntaxError(text, source.end())
