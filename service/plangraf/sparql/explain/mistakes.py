"""Explains a syntax error: the first token that the grammar does not allow, the expected tokens, and advice."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from plangraf.errors import Place, QuerySyntaxError, RequestError, UpdateRefusedError
from plangraf.errors.message import N_, Listed, Quoted, one_of
from plangraf.sparql import suggest
from plangraf.sparql.known_names import unknown_function
from plangraf.sparql.lexer import CALLS, END, FUNCTIONS, WORDS, Source, Token
from plangraf.sparql.parser import Mistake

_UPDATES = frozenset(("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD", "WITH"))
_FORMS = frozenset(("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"))
_MODIFIERS = frozenset(("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"))
_NOT_UNKNOWN = FUNCTIONS | frozenset(
    ("FILTER", "BIND", "HAVING", "BY", "ASC", "DESC", "IN", "VALUES", "SELECT", "DISTINCT", "REDUCED", "WHERE")
)
# Parses as an IRI, but is usually a comparison without blanks: `?a<?b&&?c>5`.
_LESS_THAN = ("<?", "<$", "<&", "<=")
_MOST_SHOWN = 7
_LIKE_A_WORD = 0.7
_OPERATORS = {f"'{sign}'" for sign in ("=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "||", "&&")}
_NAMES = {"IRI", "PNAME", "PNAME_NS"}
_LITERALS = {"STRING", "INTEGER", "NUMBER", "BOOLEAN"}
_CLAUSES = {"OPTIONAL", "FILTER", "BIND", "GRAPH", "MINUS", "SERVICE", "VALUES", "LATERAL", "'{'"}
# If all of the first set are expected, the text replaces all of the last set in the message.
_IN_WORDS: tuple[tuple[set[str], str, set[str]], ...] = (
    (
        {"F1", "STRING"},
        N_("an expression"),
        {*CALLS, *_LITERALS, *_NAMES, "VAR", "'('", "'!'", "'+'", "'-'", "EXISTS", "NOT"},
    ),
    ({"F1"}, N_("a condition in brackets or a function call"), {*CALLS, *_NAMES, "'('", "EXISTS", "NOT"}),
    ({"'='", "'<'"}, N_("an operator"), {*_OPERATORS, "IN", "NOT"}),
    ({"'||'"}, N_("an operator"), {*_OPERATORS}),
    ({"'*'", "'+'", "'?'", "'/'"}, N_("a path operator"), {"'*'", "'+'", "'?'", "'/'", "'|'"}),
    ({"'^'", "'!'"}, N_("a property"), {"'^'", "'!'", "'a'", "'('", "VAR", *_NAMES}),
    (
        {"STRING", "VAR"},
        N_("a variable, an IRI or a literal"),
        {*_LITERALS, *_NAMES, "VAR", "BNODE", "'('", "'['", "'+'", "'-'"},
    ),
    ({"STRING", "IRI"}, N_("an IRI or a literal"), {*_LITERALS, *_NAMES, "'+'", "'-'"}),
    ({"IRI", "PNAME", "VAR"}, N_("a variable or an IRI"), {*_NAMES, "VAR"}),
    ({"IRI", "PNAME"}, N_("an IRI"), {*_NAMES}),
    ({"IRI"}, N_("an IRI between '<' and '>'"), {"IRI"}),
    ({"PNAME_NS"}, N_("a prefix and a colon, such as plan:"), {"PNAME_NS"}),
    ({"INTEGER"}, N_("a whole number"), {"INTEGER"}),
    ({"STRING"}, N_("a string"), {"STRING"}),
    ({"VAR"}, N_("a variable"), {"VAR"}),
    ({"OPTIONAL", "FILTER"}, N_("a clause such as FILTER or OPTIONAL"), _CLAUSES),
)
_SPELLED = {"ORDER": "ORDER BY", "GROUP": "GROUP BY", END: N_("the end of the query")}
_SELDOM = {"VERSION", "LATERAL", "LANGTAG", "'<<'", "'{|'", "'~'"}
_HINTS = {
    "AND": N_("Join conditions with '&&'."),
    "OR": N_("Join conditions with '||'."),
    "XOR": N_("Join conditions with '&&' and '||'."),
    "LIKE": N_('Compare texts with CONTAINS(?text, "part") or REGEX.'),
    "JOIN": N_("Patterns in one { … } are joined by the variables that they share."),
    "@PREFIX": N_("SPARQL writes PREFIX plan: <…>, without '@' and without the full stop."),
    "@BASE": N_("SPARQL writes BASE <…>, without '@' and without the full stop."),
}


def explain_mistake(
    mistake: Mistake, tokens: list[Token], source: Source, unbalanced: QuerySyntaxError | None
) -> RequestError:
    """The error for a query that breaks the grammar.

    Args:
        mistake: the mistake that the parser found.
        tokens: the tokens of the whole query.
        source: the text of the query.
        unbalanced: the error about an unmatched bracket; it is more helpful unless the bracket follows the mistake.
    """
    at, expected = mistake.index, mistake.expected
    if not tokens:
        return QuerySyntaxError(N_("the query is empty."), Place(1, 1, ""), hint=N_("Send a SELECT, for example."))
    if at == len(tokens):
        text = N_("expected %(expected)s.", expected=readable(expected))
        if "ASK" in expected:
            text = N_("nothing follows the prefixes: SELECT, ASK, CONSTRUCT or DESCRIBE was expected.")
        return unbalanced or QuerySyntaxError(text, source.end(), hint=_bare_variable(mistake, None, tokens))
    culprit = tokens[at]
    following = tokens[at + 1].upper if at + 1 < len(tokens) else ""
    if "ASK" in expected and culprit.upper in _UPDATES:
        return UpdateRefusedError(culprit.upper)
    if END in expected and culprit.text == ";" and following in _UPDATES:
        return UpdateRefusedError(following)
    return _explain_culprit(mistake, tokens, unbalanced)


def _explain_culprit(mistake: Mistake, tokens: list[Token], unbalanced: QuerySyntaxError | None) -> QuerySyntaxError:
    at, expected = mistake.index, mistake.expected
    culprit = tokens[at]
    if END in expected and culprit.upper in _FORMS:
        text = N_("a second query starts here.")
        return QuerySyntaxError(text, culprit.place, hint=N_("A request holds exactly one query."))
    if culprit.kind == "iri" and culprit.text.startswith(_LESS_THAN) and "'<'" in expected:
        hint = N_("If '<' means less-than, put spaces around it.")
        return QuerySyntaxError(N_("an IRI cannot stand here."), culprit.place, hint=hint)
    if _is_called(tokens, at) and culprit.upper not in _NOT_UNKNOWN and culprit.text != "a" and not mistake.in_prologue:
        return unknown_function(culprit, in_expression=bool({"'!'", "'='"} & expected))
    place = culprit.place
    if unbalanced and not mistake.in_prologue:
        opened = unbalanced.place
        if (opened.line, opened.column) <= (place.line, place.column):
            return unbalanced
    before = tokens[at - 1] if at else None
    hint_text = _bare_variable(mistake, culprit, tokens) or _hint(expected, culprit, before)
    return QuerySyntaxError(N_("expected %(expected)s.", expected=readable(expected)), place, hint=hint_text)


def _is_called(tokens: list[Token], at: int) -> bool:
    return tokens[at].kind == "word" and at + 1 < len(tokens) and tokens[at + 1].text == "("


def readable(expected: Iterable[str]) -> str:
    """The expected terminals as a short list: `'.', ';' or '}'`."""
    left = set(expected) - _SELDOM
    groups: list[str] = []
    for needed, words, covered in _IN_WORDS:
        if needed <= left:
            groups.append(words)
            left -= covered
    signs = [Quoted(name[1:-1]) for name in sorted(left) if name.startswith("'") and name != "'a'"]
    others = sorted((_SPELLED.get(name, name) for name in left if not name.startswith("'")), key=_is_end)
    items = [*signs, *groups, *others] or [N_("something else")]
    if len(items) > _MOST_SHOWN:
        return Listed([*items[: _MOST_SHOWN - 1], "…"])
    return one_of(items)


def _is_end(name: str) -> tuple[bool, str]:
    return name == _SPELLED[END], name


def _bare_variable(mistake: Mistake, culprit: Token | None, tokens: list[Token]) -> str | None:
    """The variable that a word stands for, such as the t of ORDER BY t; None for the name of a function."""
    word = culprit if "VAR" in mistake.expected else None
    if "'('" in mistake.expected and not word and mistake.index:
        last = tokens[mistake.index - 1]
        word = last if last.upper in FUNCTIONS else None
    meant = suggest.variable(word.text, tokens) if word and word.kind == "word" else None
    return N_("Did you mean %(meant)s?", meant=meant) if meant else None


def _hint(expected: frozenset[str], culprit: Token, before: Token | None) -> str | None:
    word = culprit.text.upper()
    if word in _HINTS:
        return _HINTS[word]
    if word == "=" and before and before.text == "=":
        return N_("SPARQL compares with one '='.")
    if word == "," and {"VAR", "FROM"} <= expected:
        return N_("The variables of SELECT are separated by spaces.")
    if word in FUNCTIONS and "VAR" in expected and before and before.kind != "punctuation":
        return N_("In SELECT, write (%(word)s(…) AS ?name).", word=word)
    if word in _MODIFIERS and "VALUES" in expected:
        return N_("The order is GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET.")
    if culprit.kind == "word" and word not in WORDS:
        known = [name for name in expected if name.isupper() and name not in CALLS]
        if "F1" in expected:
            known += FUNCTIONS
        near = difflib.get_close_matches(word, known, n=1, cutoff=_LIKE_A_WORD)
        return N_("Did you mean %(meant)s?", meant=near[0]) if near else None
    return None
