"""Errors of the engine get the place of their cause and advice, for real messages of the engine."""

from __future__ import annotations

import pytest
from pyoxigraph import Store

from plangraf.errors import QuerySyntaxError
from plangraf.sparql.explain.refusals import explain_engine_error
from plangraf.sparql.lexer import FUNCTIONS, tokenize
from plangraf.sparql.safety import Limits, check, read

X = "PREFIX : <http://x/>\n"


@pytest.mark.parametrize(
    ("query", "line", "column", "token", "said"),
    [
        (X + "SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }", 2, 8, "?s", "Add GROUP BY ?s"),
        (X + "SELECT ?s\n ?p (COUNT(?o) AS ?n) { ?s ?p ?o } GROUP BY ?s", 3, 2, "?p", "neither named by GROUP BY"),
        (X + "SELECT (?s + 1 AS ?t) { ?s ?p ?o } GROUP BY ?p", 2, 9, "?s", "neither named by GROUP BY"),
        (X + "SELECT * { { SELECT ?s (MAX(?o) AS ?m) { ?s ?p ?o } GROUP BY ?p } }", 2, 21, "?s", "GROUP BY"),
        (X + "SELECT ?s { ?s ?p ?o } GROUP BY (STR(?s) AS ?t)", 2, 8, "?s", "GROUP BY"),
        (X + "SELECT * { ?s ?p ?o } GROUP BY ?s", 2, 8, "*", "cannot stand with GROUP BY"),
        (X + "SELECT * { ?s ?p ?o FILTER(COUNT(?o) > 1) }", 2, 28, "COUNT", "cannot stand inside WHERE"),
        (X + "SELECT (1 AS ?s) { ?s ?p ?o }", 2, 14, "?s", "has a value in WHERE already"),
        (X + "SELECT (1 AS ?x) (2 AS ?x) { }", 2, 24, "?x", "gives ?x twice"),
        (X + "SELECT * { ?s ?p ?o BIND(1 AS ?o) }", 2, 31, "?o", "has a value already"),
        (X + "SELECT * { { ?s ?p ?o } BIND(STR((?p)) AS ?s) }", 2, 43, "?s", "has a value already"),
        (X + "SELECT * { _:a ?p ?o OPTIONAL { _:a ?q ?r } }", 2, 33, "_:a", "stands in two graph patterns"),
        (X + "SELECT * { VALUES (?a ?b) { (1 2) (1) } }", 2, 35, "(", "this row has 1 value(s)"),
        (X + 'SELECT * { VALUES (?a ?b) { (-1 "a"^^:t "b"@nb) } }', 2, 29, "(", "this row has 3 value(s)"),
        (X + "SELECT * { VALUES (?a ?a) { (1 2) } }", 2, 23, "?a", "names ?a twice"),
        (X + "SELECT * { ?s <http://e/%zz> ?o }", 2, 15, "<http://e/%zz>", "this is not an IRI"),
        (X + "SELECT * { ?s <http://[e/> ?o }", 2, 15, "<http://[e/>", "this is not an IRI"),
        (
            "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\nASK { ?s ?p 'æøå' FILTER(geof:f(?o)) }",
            2,
            26,
            "geof:f",
            "there is no function <http://www.opengis.net/def/function/geosparql/f>",
        ),
        (
            "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\nSELECT (xsd:date() AS ?d) { }",
            2,
            9,
            "xsd:date",
            "<http://www.w3.org/2001/XMLSchema#date> takes one argument, not 0.",
        ),
        (X + "SELECT * { ?s ?p 'æøå' ?o }", 2, 24, "?o", "expected ',', '.'"),
        (X + "SELECT * { ?s ?p '\\u00e6' ?o }", 2, 27, "?o", "expected ',', '.'"),
        (X + "SELECT * { << ?s ?p ?o >> ?q }", 2, 30, "}", "expected a variable, an IRI or a literal"),
    ],
)
def test_an_error_of_the_engine_is_reported_at_its_cause(
    query: str, line: int, column: int, token: str, said: str
) -> None:
    tokens = tokenize(query)
    with pytest.raises((SyntaxError, RuntimeError)) as refused:
        Store().query(tokens[0].source.decoded)
    error = explain_engine_error(str(refused.value), query)
    assert (error.place.line, error.place.column, error.place.token) == (line, column, token)
    assert said in str(error)


@pytest.mark.parametrize("message", ["", 'error at 99:1: expected one of "x"', "error at 1:1: expected ", "nonsense"])
def test_an_unknown_message_still_gives_an_error(message: str) -> None:
    for query in ("", "ASK {}"):
        assert explain_engine_error(message, query).place.line == 1


CALLS = [
    "RAND()",
    "STR(?x)",
    "LANGMATCHES(?x, ?y)",
    "IF(?x, ?y, ?z)",
    "SUBSTR(?x, 1)",
    "SUBSTR(?x, 1, 2)",
    "REPLACE(?x, 'a', 'b', 'i')",
    "BNODE()",
    "BNODE('a')",
    "CONCAT()",
    "COALESCE(?x, ?y, ?z)",
    "BOUND(?x)",
    "EXISTS { ?s ?p ?o }",
    "NOT EXISTS { }",
    "?x IN ()",
    "?x NOT IN (1, 2)",
    "-?x * +1 / (2 - 3)",
    "!!true",
    "'a'@nb = 'a'^^<http://x>",
    "<http://www.w3.org/2001/XMLSchema#integer>('1')",
    "(COUNT(*) + SUM(DISTINCT ?x))",
    "GROUP_CONCAT(?x; SEPARATOR='a')",
    "GROUP_CONCAT(DISTINCT ?x)",
    "- -1",
    "+-1",
    "1 - - ?x",
    "!-?x",
]


@pytest.mark.parametrize("call", CALLS)
def test_grammar_guard_and_engine_agree_on_every_kind_of_expression(call: str) -> None:
    query = f"SELECT ({call} AS ?r) {{}}"
    Store().query(query)
    check(query, Limits())


def is_parsed(query: str) -> bool:
    try:
        read(query)
    except QuerySyntaxError:
        return False
    return True


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_function_of_the_guard_is_one_of_the_engine(function: str) -> None:
    arguments = next(
        arguments
        for arguments in ("()", "(?x)", "(?x, ?x)", "(?x, ?x, ?x)")
        if is_parsed(f"SELECT ({function}{arguments} AS ?r) {{}}")
    )
    Store().query(f"SELECT ({function}{arguments} AS ?r) {{}}")
    # Blanks, line breaks and comments are allowed before a bracket; the engine does not accept all of them.
    for between in (" ", "\n\t", "#c\n", " # \\u0041\n "):
        query = f"SELECT ('\\u0041' AS ?a) ({function}{between}{arguments} AS ?r) {{}}"
        checked = check(query, Limits())
        Store().query(checked.text)
        kept = checked.edited.origin(len(checked.text)) if checked.edited else len(checked.text)
        assert kept == len(tokenize(query)[0].source.decoded)


def test_the_engine_gets_no_blanks_before_the_brackets_of_some_functions() -> None:
    query = "SELECT (1+COALESCE #c\n ( ?x, concat  ('a') , 'CONCAT (') AS ?r) ?bnode {\n ?s ?bnode (1) }"
    checked = check(query, Limits())
    assert checked.text == "SELECT (1+COALESCE( ?x, concat('a') , 'CONCAT (') AS ?r) ?bnode {\n ?s ?bnode (1) }"
    assert checked.edited is not None
    for word in ("COALESCE", "?x", "concat", "'a'", "?bnode {"):
        assert checked.edited.origin(checked.text.index(word)) == query.index(word)


@pytest.mark.parametrize("call", ["- - ?x", "+ + ?x", "- - STR(?x)", "-!true", "- - - 1"])
def test_two_signs_stand_before_a_number_only(call: str) -> None:
    query = f"SELECT ({call} AS ?r) {{}}"
    with pytest.raises(SyntaxError):
        Store().query(query)
    with pytest.raises(QuerySyntaxError, match="expected"):
        check(query, Limits())
