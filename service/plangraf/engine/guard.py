"""What a query must pass before an engine sees it, decided on its tokens.

The embedded engine overflows its stack on deep nesting and calls out on SERVICE; these checks keep such
queries from it and give every refusal the culprit's own place. What slips through costs one worker.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, cast
from urllib.parse import urljoin

from plangraf.engine.words import FUNCTIONS, KEYWORDS, UPDATE_KEYWORDS, VOLATILE_FUNCTIONS
from plangraf.errors import (
    Place,
    QueryLimitError,
    QuerySyntaxError,
    ServiceForbiddenError,
    UpdateRefusedError,
)
from plangraf.namespaces import CLOSED_NAMESPACES, PREFIXES
from plangraf.tokens import Token, tokenize

Form = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]
FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
# Functions that are called by IRI: the casts of XML Schema are the only ones that the engine has for sure.
CALLABLE_NAMESPACES = (PREFIXES["xsd"], "http://www.opengis.net/def/function/geosparql/")

_OPENERS = {"(": ")", "{": "}", "[": "]"}
_CLOSERS = {closer: opener for opener, closer in _OPENERS.items()}
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_BEFORE_EXPRESSION = frozenset(["FILTER", "BIND", "HAVING", "BY", "SELECT", "IN"])
_BEFORE_OPERAND = frozenset(["&&", "||", "!", "=", "!=", "<", ">", "<=", ">=", "+", "-", "(", ","])
_CHAINED = frozenset(["<<", "+", "-", "*", "/", "!", "=", "!=", "<", ">", "<=", ">=", "||", "&&", "^", "|"])


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one query; `max_operators` counts those of one expression, which take the engine's stack."""

    max_bytes: int = 256 * 1024
    max_tokens: int = 20_000
    max_nesting: int = 64
    max_path: int = 64
    max_operators: int = 1_000


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query that passed.

    `deterministic` is false when two evaluations may differ on the same data; `default_graphs` and
    `named_graphs` are the IRIs of its own FROM and FROM NAMED.
    """

    form: Form
    deterministic: bool
    tokens: tuple[Token, ...]
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


def check(query: str, limits: Limits, terms: Collection[str] = ()) -> CheckedQuery:
    """The query's form, once every rule is kept.

    Args:
        query: the text as the client sent it.
        limits: the bounds to keep.
        terms: the IRIs that our own closed namespaces define; empty leaves that check out.
    Raises:
        RequestError: what is wrong, and where.
    """
    size = len(query.encode("utf-8", "surrogatepass"))
    if size > limits.max_bytes:
        raise QueryLimitError("size in bytes", size, limits.max_bytes)
    tokens = tokenize(query, limits.max_tokens)
    if not tokens:
        hint = "Send SELECT, ASK, CONSTRUCT or DESCRIBE."
        raise QuerySyntaxError("the query is empty.", Place(1, 1, ""), hint=hint)
    _check_bounds(tokens, limits)
    _refuse_updates(tokens)
    _refuse_service(tokens)
    _check_brackets(tokens)
    form = _form(tokens)
    default, named = _check_names(tokens, terms)
    _check_words(tokens)
    volatile = any(token.upper in VOLATILE_FUNCTIONS for token in tokens)
    return CheckedQuery(form, not volatile, tuple(tokens), tuple(default), tuple(named))


def _check_bounds(tokens: Iterable[Token], limits: Limits) -> None:
    depth = deepest = path = longest_path = chain = longest_chain = 0
    chains: list[int] = []
    before: Token | None = None
    for token in tokens:
        text = token.text if token.kind == "punctuation" else ""
        if text in _OPENERS:
            depth += 1
            deepest = max(deepest, depth)
            chains.append(chain)
            chain = 0
        elif text in _CLOSERS:
            depth -= 1
            chain = chains.pop() if chains else 0
        elif text in (".", ";", ","):
            chain = 0
        elif text in _CHAINED:
            chain += 1
            longest_chain = max(longest_chain, chain)
        if text in ("/", "|", "^") and before is not None and before.kind != "variable":
            path += 1
            longest_path = max(longest_path, path)
        elif token.kind in ("variable", "string", "number") or text in ("{", "}", ";", "."):
            path = 0
        before = token
    for what, found, limit in (
        ("nesting depth", deepest, limits.max_nesting),
        ("longest property path", longest_path, limits.max_path),
        ("longest chain of operators", longest_chain, limits.max_operators),
    ):
        if found > limit:
            raise QueryLimitError(what, found, limit)


def _top_level_words(tokens: Iterable[Token]) -> list[Token]:
    """The words that stand outside all brackets."""
    depth = 0
    found = []
    for token in tokens:
        if token.kind == "punctuation":
            depth += (token.text in _OPENERS) - (token.text in _CLOSERS)
        elif token.kind == "word" and depth == 0:
            found.append(token)
    return found


def _refuse_updates(tokens: list[Token]) -> None:
    words = [token for token in _top_level_words(tokens) if token.upper not in ("PREFIX", "BASE")]
    for number, word in enumerate(words):
        if word.upper in UPDATE_KEYWORDS or (word.upper == "WITH" and number == 0):
            raise UpdateRefusedError(word.upper)


def _refuse_service(tokens: list[Token]) -> None:
    for number, token in enumerate(tokens):
        if token.upper == "SERVICE":
            after = [other.text for other in tokens[number + 1 : number + 3] if other.upper != "SILENT"]
            raise ServiceForbiddenError(token.place, after[0] if after else "")


def _check_brackets(tokens: list[Token]) -> None:
    stack: list[Token] = []
    for token in tokens:
        if token.kind != "punctuation":
            continue
        if token.text in _OPENERS:
            stack.append(token)
        elif token.text in _CLOSERS:
            if not stack:
                raise QuerySyntaxError(
                    f"this {token.text!r} closes nothing: no {_CLOSERS[token.text]!r} is open before it.",
                    token.place,
                )
            opener = stack.pop()
            if _OPENERS[opener.text] != token.text:
                raise QuerySyntaxError(
                    f"expected {_OPENERS[opener.text]!r} here, for the {opener.text!r} of "
                    f"line {opener.line}, column {opener.column}.",
                    token.place,
                )
    if stack:
        opener = stack[-1]
        raise QuerySyntaxError(
            f"this {opener.text!r} is never closed; a {_OPENERS[opener.text]!r} is missing.", opener.place
        )


def _form(tokens: list[Token]) -> Form:
    words = [token for token in _top_level_words(tokens) if token.upper in FORMS]
    if not words:
        others = [token for token in _top_level_words(tokens) if token.upper not in ("PREFIX", "BASE")]
        wrong = others[0] if others else tokens[-1]
        nearest = get_close_matches(wrong.upper, FORMS, 1, 0.6)
        raise QuerySyntaxError(
            "expected SELECT, ASK, CONSTRUCT or DESCRIBE.", wrong.place,
            hint=f"Did you mean {nearest[0]}?" if nearest else None,
        )  # fmt: skip
    if len(words) > 1:
        raise QuerySyntaxError("a second query begins here; send one query at a time.", words[1].place)
    return cast(Form, words[0].upper)


def _check_names(tokens: list[Token], terms: Collection[str]) -> tuple[list[str], list[str]]:
    """Every prefix is declared, every IRI absolute, every term of our own namespaces defined.

    Returns the IRIs of FROM and of FROM NAMED.
    """
    declared: dict[str, str] = {}
    default: list[str] = []
    named: list[str] = []
    base = ""
    declaring: str | None = None
    for number, token in enumerate(tokens):
        before = tokens[number - 1].upper if number else ""
        if token.kind == "prefixed_name":
            prefix, _, local = token.text.partition(":")
            if before == "PREFIX" and not local:
                declaring = prefix
                continue
            if prefix not in declared:
                raise _undeclared(token, prefix, declared)
            iri = declared[prefix] + re.sub(r"\\(.)", r"\1", local)
        elif token.kind == "iri":
            iri = urljoin(base, token.text[1:-1]) if base else token.text[1:-1]
            if not _ABSOLUTE.match(iri):
                raise QuerySyntaxError(
                    "this IRI is relative and the query has no BASE.", token.place,
                    hint="Write the whole IRI, or begin the query with a line such as BASE <https://w3id.org/plangraf/id/>.",
                )  # fmt: skip
            if before == "BASE":
                base = iri
                continue
            if declaring is not None:
                declared[declaring] = iri
                declaring = None
                continue
        else:
            continue
        if terms and iri.startswith(CLOSED_NAMESPACES) and iri not in terms and iri not in CLOSED_NAMESPACES:
            raise _undefined(token, iri, terms)
        if before == "FROM":
            default.append(iri)
        elif before == "NAMED":
            named.append(iri)
        after = tokens[number + 1].text if number + 1 < len(tokens) else ""
        called = after == "(" and _expects_expression(tokens, number)
        if called and not iri.startswith(CALLABLE_NAMESPACES):
            raise QuerySyntaxError(
                "no function has this IRI here; only the casts of XML Schema are called by IRI.", token.place
            )
    return default, named


def _undeclared(token: Token, prefix: str, declared: Collection[str]) -> QuerySyntaxError:
    hint = None
    if prefix in PREFIXES:
        hint = f"Add the line PREFIX {prefix}: <{PREFIXES[prefix]}>"
    elif nearest := get_close_matches(prefix, [*declared, *PREFIXES], 1, 0.5):
        hint = f"Did you mean {nearest[0]}:?"
        if nearest[0] not in declared:
            hint += f" Then add the line PREFIX {nearest[0]}: <{PREFIXES[nearest[0]]}>"
    return QuerySyntaxError(f"the prefix {prefix}: is not declared.", token.place, hint=hint)


def _undefined(token: Token, iri: str, terms: Collection[str]) -> QuerySyntaxError:
    nearest = get_close_matches(iri, terms, 1, 0.7)
    prefixes = {PREFIXES[name]: name for name in ("plan", "planshape")}

    def short(full: str) -> str:
        namespace = next((start for start in prefixes if full.startswith(start)), None)
        return f"{prefixes[namespace]}:{full.removeprefix(namespace)}" if namespace else f"<{full}>"

    hint = f"Did you mean {short(nearest[0])}?" if nearest else "See /ontology for the terms there are."
    return QuerySyntaxError(f"{short(iri)} is not a term of the ontology.", token.place, hint=hint)


def _expects_expression(tokens: list[Token], number: int) -> bool:
    """Whether an expression, and not a triple's term, begins at this token."""
    before = tokens[number - 1] if number else None
    if before is None:
        return False
    if before.upper in ("FILTER", "HAVING", "BY", "ASC", "DESC", "DISTINCT"):
        return True
    depth = 0
    for index in range(number - 1, -1, -1):
        token = tokens[index]
        if token.kind != "punctuation":
            continue
        if token.text in (")", "}", "]"):
            depth += 1
        elif token.text in ("(", "{", "["):
            if depth:
                depth -= 1
                continue
            opened_by = tokens[index - 1] if index else None
            if token.text != "(" or opened_by is None:
                return False
            if opened_by.upper in FUNCTIONS or opened_by.upper in _BEFORE_EXPRESSION:
                return True
            # A bracket inside an expression is one itself; a collection or a path is not.
            return opened_by.text in _BEFORE_OPERAND and (
                opened_by.text != "(" or _expects_expression(tokens, index)
            )
    return False


def _check_words(tokens: list[Token]) -> None:
    for number, token in enumerate(tokens):
        if number and tokens[number - 1].upper in ("ORDER", "GROUP") and token.upper != "BY":
            raise QuerySyntaxError(f"expected BY after {tokens[number - 1].upper}.", token.place)
        if token.kind != "word" or token.text == "a" or token.upper in KEYWORDS:
            continue
        called = number + 1 < len(tokens) and tokens[number + 1].text == "("
        if called and token.upper in FUNCTIONS:
            continue
        known = FUNCTIONS if called else KEYWORDS | FUNCTIONS
        nearest = get_close_matches(token.upper, sorted(known), 1, 0.6)
        hint = f"Did you mean {nearest[0]}?" if nearest else None
        if called:
            raise QuerySyntaxError(f"there is no function {token.text}.", token.place, hint=hint)
        if token.upper in FUNCTIONS:
            raise QuerySyntaxError(f"the function {token.text} needs brackets after it.", token.place)
        raise QuerySyntaxError(
            f"{token.text} is no word of SPARQL.", token.place,
            hint=hint or "A variable begins with ?, an IRI stands in < >, a text in quotation marks.",
        )  # fmt: skip
