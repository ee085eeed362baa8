"""The terminals of the grammar, for the words and signs of SPARQL.

A terminal is a sign in single quotes, a keyword in capitals, or the kind of a token: IRI, PNAME (a prefixed name),
PNAME_NS (a prefix and its colon), VAR, BNODE, STRING, LANGTAG, INTEGER, NUMBER, BOOLEAN. Functions share a terminal
when they take the same number of arguments. Follows https://www.w3.org/TR/sparql11-query/#sparqlGrammar with `(` `)`
and `[` `]` in place of NIL and ANON, signs apart from their numbers, and LATERAL, which the engine has too.
"""

from __future__ import annotations

from plangraf.sparql.lexer import Token

END = "end of the query"
UNKNOWN_WORD = "an unknown word"

_KEYWORDS = (
    "AS ASC ASK BASE BIND BY CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FILTER FROM GRAPH GROUP HAVING IN LATERAL LIMIT "
    "MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SEPARATOR SERVICE SILENT UNDEF UNION VALUES VERSION "
    "WHERE"
)
# The minimum and maximum number of arguments, by terminal. Some functions are from SPARQL 1.2 and the engine.
ARGUMENTS = {
    "F0": (0, 0),
    "F1": (1, 1),
    "F2": (2, 2),
    "F3": (3, 3),
    "F23": (2, 3),
    "REPLACE": (3, 4),
    "BNODE_CALL": (0, 1),
    "FN": (0, 20_000),
}
_FUNCTIONS = {
    "F0": "RAND NOW UUID STRUUID",
    "F1": "STR LANG DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR MONTH DAY "
    "HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512 ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC "
    "SUBJECT PREDICATE OBJECT ISTRIPLE LANGDIR HASLANG HASLANGDIR",
    "F2": "LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM ADJUST",
    "F3": "IF TRIPLE STRLANGDIR",
    "F23": "SUBSTR REGEX",
    "REPLACE": "REPLACE",
    "BNODE_CALL": "BNODE",
    "FN": "CONCAT COALESCE",
    "BOUND": "BOUND",
    "COUNT": "COUNT",
    "AGGREGATE": "SUM MIN MAX AVG SAMPLE",
    "GROUP_CONCAT": "GROUP_CONCAT",
}
_SIGNS = "^^ && || != <= >= << >> {| |} { } ( ) [ ] . , ; * / | ^ ! = < > + - ? ~"

CALLS = frozenset(_FUNCTIONS)
"""The terminals of functions."""
FUNCTIONS = frozenset(name for names in _FUNCTIONS.values() for name in names.split())
WORDS = frozenset(_KEYWORDS.split()) | FUNCTIONS | {"TRUE", "FALSE", "A"}
"""Every word that SPARQL knows, in capitals."""

_TERMINALS = {
    **{name: terminal for terminal, names in _FUNCTIONS.items() for name in names.split()},
    **{word: word for word in _KEYWORDS.split()},
    **{sign: f"'{sign}'" for sign in _SIGNS.split()},
    "TRUE": "BOOLEAN",
    "FALSE": "BOOLEAN",
}
# A token of another kind never has the spelling of a word or a sign.
_BY_TEXT = {**_TERMINALS, **{word.lower(): terminal for word, terminal in _TERMINALS.items()}, "a": "'a'"}
_BY_KIND = {"iri": "IRI", "variable": "VAR", "bnode": "BNODE", "string": "STRING", "langtag": "LANGTAG"}


def terminals(tokens: list[Token]) -> list[str]:
    """The terminal of each token, and END."""
    by_text, by_kind = _BY_TEXT.get, _BY_KIND.get
    found = [by_text(token[1]) or by_kind(token[0]) or _terminal(token) for token in tokens]
    found.append(END)
    return found


def _terminal(token: Token) -> str:
    kind, text = token.kind, token.text
    if kind == "prefixed_name":
        return "PNAME_NS" if text.find(":") == len(text) - 1 else "PNAME"
    if kind == "number":
        return "INTEGER" if text.isdigit() else "NUMBER"
    return _TERMINALS.get(text.upper(), UNKNOWN_WORD)
