"""The parser and SPARQL's grammar agree on the first invalid token and on the expected ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from plangraf.errors import QuerySyntaxError
from plangraf.sparql.explain.mistakes import readable
from plangraf.sparql.known_names import Names
from plangraf.sparql.lexer import terminals, tokenize
from plangraf.sparql.parser import Mistake, parse
from sparql_grammar import NEWER, first_mistake, grammar

ROOT = Path(__file__).resolve().parents[2]
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
CASES = sorted((ROOT / "tests" / "differential" / "cases").glob("*.rq"))
# Of each kind of token one that needs no declaration, and signs that begin or end something.
WORDS = (
    "?x",
    "<http://x/>",
    "a",
    "1",
    "2.5",
    "'a'",
    "@nb",
    "true",
    "_:b",
    "SELECT",
    "ASK",
    "WHERE",
    "FILTER",
    "OPTIONAL",
    "UNION",
    "VALUES",
    "UNDEF",
    "BIND",
    "AS",
    "GROUP",
    "BY",
    "HAVING",
    "ORDER",
    "ASC",
    "LIMIT",
    "OFFSET",
    "NOT",
    "IN",
    "EXISTS",
    "DISTINCT",
    "COUNT",
    "STR",
    "REGEX",
    "NOW",
    "IF",
    "GROUP_CONCAT",
    "nothing",
    *"{}()[].,;*/|^!=<>+-?",
    "&&",
    "||",
    "!=",
    "^^",
)


class AnyName(Names):
    """Accepts every name, so that only mistakes of the grammar are found."""

    def read(self, token: object, role: object) -> str:
        return "http://x/"

    declare_base = declare_prefix = check_function = lambda *_: None  # type: ignore[assignment]


def mistake(query: str) -> tuple[int, frozenset[str]] | None:
    tokens = tokenize(query)
    try:
        parse(tokens, terminals(tokens), AnyName())
    except Mistake as found:
        return found.index, found.expected - NEWER
    return None


def damaged(words: list[str], dice: random.Random) -> list[str]:
    """A sequence of words with one removed, doubled, moved or replaced."""
    words = words.copy()
    at = dice.randrange(len(words))
    match dice.randrange(4):
        case 0:
            del words[at]
        case 1:
            words.insert(at, dice.choice(WORDS))
        case 2:
            words[at] = dice.choice(WORDS)
        case _:
            words.insert(dice.randrange(len(words)), words.pop(at))
    return words


def test_the_grammar_is_ll_1_except_for_a_plus_after_a_property() -> None:
    # `?s :p + 1`: a repeated path, as the longest match has it.
    assert {terminal for _, terminal in grammar().conflicts} == {"'+'"}


@pytest.mark.parametrize("path", [*QUERIES, *CASES], ids=lambda path: path.stem)
def test_a_damaged_query_has_the_mistake_that_the_grammar_finds(path: Path) -> None:
    dice = random.Random(path.stem)
    found = 0
    pieces = [piece.partition("\n")[2] for piece in path.read_text().split("\n##")] if path in CASES else []
    for text in pieces or [path.read_text()]:
        try:
            words = [token.text for token in tokenize(text)]
        except QuerySyntaxError:
            continue
        # SERVICE is refused before the parser begins.
        if not words or "SERVICE" in words:
            continue
        for query in [" ".join(words), *(" ".join(damaged(words, dice)) for _ in range(1 if pieces else 12))]:
            try:
                kinds = terminals(tokenize(query))
                parsed = mistake(query)
            except QuerySyntaxError:
                continue  # a character that begins no token, or a row of VALUES that is too short or too long
            if not NEWER & set(kinds):
                assert parsed == first_mistake(kinds), query
                found += 1
    assert found


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "ASK { ?s ?p",
        "ASK { ?s ?p ?o FILTER(?a = 1 = 2) }",
        "ASK { FILTER(?a IN (1) + 2) }",
        "ASK { FILTER(- - ?x) }",
        "ASK { FILTER(!-+1 && !!?x) }",
        "ASK { FILTER(1 + -2 * - 3) }",
        "ASK { ?s ^^ ?o }",
        "SELECT * { } LIMIT 1 LIMIT 2",
        "SELECT * { } OFFSET 1 LIMIT 2 ORDER",
        "DESCRIBE",
        "CONSTRUCT { ?s ?p ?o",
        "CONSTRUCT FROM <a> { }",
        "CONSTRUCT WHERE { FILTER(1) }",
        "ASK { VALUES (?a ?b) { (1 UNDEF) ( } }",
        "ASK { ?s !(^a|) ?o }",
        "ASK { ?s ?p 'a'^^ }",
        "SELECT (COUNT(DISTINCT *) AS ?n) (SUM(*) AS ?m) { }",
        "SELECT (GROUP_CONCAT(?a; SEPARATOR=1) AS ?n) { }",
        "SELECT (IF(1, 2) AS ?n) { }",
        "ASK { } GROUP BY",
        "SELECT (BNODE(1, 2) AS ?n) { }",
        "SELECT (NOW(1) AS ?n) { }",
        "SELECT (CONCAT(,) AS ?n) { }",
        "PREFIX",
    ],
)
def test_a_mistake_of_each_rule_is_the_one_that_the_grammar_finds(query: str) -> None:
    assert mistake(query) == first_mistake(terminals(tokenize(query)))


def test_the_list_of_expected_terminals_is_short_and_readable() -> None:
    found = mistake("ASK { ?s ?p ?o ?x }")
    assert found is not None
    assert readable(found[1]) == "',', '.', ';', '}' or a clause such as FILTER or OPTIONAL"
    end = mistake("SELECT ?s { } ORDER BY")
    assert end is not None
    assert end[0] == 6
    assert len(readable(end[1])) < 100
