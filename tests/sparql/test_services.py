"""SERVICE clauses: what each asks, and the query with VALUES in place of them; nothing is sent."""

from __future__ import annotations

import pytest

from plangraf.errors import Place, QuerySyntaxError, QueryUnsupportedError, UpdateRefusedError
from plangraf.sparql.safety import Limits
from plangraf.sparql.services import ServiceCall, read_services

BASE = "http://base.example/sparql"
QUERY = """PREFIX ex: <http://ex.example/>
SELECT * WHERE {
  ?a ex:p ?b . SERVICE <http://one.example/sparql> { ?b ex:q ?c . OPTIONAL { ?c ex:r "}" } } FILTER (?c > 3)
  OPTIONAL { SERVICE SILENT ex:two { SELECT ?c (COUNT(*) AS ?n) { ?c ?p ?o } GROUP BY ?c } }
}"""


def read(text: str) -> list[ServiceCall]:
    return read_services(text, Limits(), BASE).calls


def test_each_call_asks_its_pattern_with_the_prologue_and_its_own_variables() -> None:
    one, two = read(QUERY)
    prologue = "PREFIX ex: <http://ex.example/>\n"
    assert one.address == "http://one.example/sparql"
    assert one.variables == ("b", "c")
    pattern = '{ ?b ex:q ?c . OPTIONAL { ?c ex:r "}" } }'
    assert one.query == f"{prologue}SELECT ?b ?c WHERE {pattern} LIMIT 5001"
    assert (one.silent, one.most_rows, one.place) == (False, 5_000, Place(3, 16, "SERVICE"))
    assert two.address == "http://ex.example/two"
    assert two.variables == ("c", "n")
    assert two.query.startswith(f"{prologue}SELECT ?c ?n WHERE {{ SELECT ?c (COUNT(*) AS ?n)")
    assert two.silent


def test_a_base_is_sent_only_where_an_iri_is_relative() -> None:
    (call,) = read("SELECT * { SERVICE <http://one.example/> { ?s <p> ?o } }")
    assert call.query.startswith(f"BASE <{BASE}>\nSELECT ?s ?o WHERE {{ ?s <p> ?o }}")
    (call,) = read("BASE <http://b.example/> SELECT * { SERVICE <e> { ?s <p> ?o } }")
    assert call.address == "http://b.example/e"


def test_a_pattern_without_variables_counts_its_rows() -> None:
    (call,) = read("ASK { SERVICE <http://one.example/> { <http://a> <http://b> <http://c> } }")
    assert "SELECT (1 AS ?row) WHERE" in call.query
    assert call.values([[], []]) == "VALUES () { () () }"


def test_the_rows_stand_in_place_of_the_clause_and_a_silent_failure_is_one_row_without_values() -> None:
    query = read_services(QUERY, Limits(), BASE)
    blocks = [query.calls[0].values([["<http://x>", '"1"'], [None, '"2"@en']]), query.calls[1].failed_silently]
    assert query.join(blocks).text == (
        "PREFIX ex: <http://ex.example/>\nSELECT * WHERE {\n"
        '  ?a ex:p ?b . VALUES (?b ?c) { (<http://x> "1") (UNDEF "2"@en) } FILTER (?c > 3)\n'
        "  OPTIONAL { VALUES (?c ?n) { (UNDEF UNDEF) } }\n}"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * { SERVICE ?e { ?s ?p ?o } }", r"column 20, at '\?e': the address of a SERVICE cannot be a variable"),
        ("SELECT * { FILTER EXISTS { SERVICE <http://a> { ?s ?p ?o } } }", "column 28.*inside EXISTS"),
        ("SELECT * { FILTER (1 = 1 && NOT EXISTS { { SERVICE <http://a> {} } }) }", "inside EXISTS"),
        ("SELECT (EXISTS { SERVICE <http://a> { ?s ?p ?o } } AS ?x) {}", "inside EXISTS"),
        ("SELECT * { ?s ?p ?o LATERAL { { SERVICE <http://a> { ?s ?p ?o } } } }", "inside LATERAL"),
        ("SELECT * { SERVICE <http://a> { OPTIONAL { SERVICE <http://b> { ?s ?p ?o } } } }", "inside another SERVICE"),
        ('SELECT ("\\u0041" AS ?x) ("\\\\u" AS ?y) { SERVICE <http://a> { ?s ?p ?o } }', "would be read twice"),
    ],
)
def test_what_values_cannot_stand_for_is_refused(query: str, message: str) -> None:
    with pytest.raises(QueryUnsupportedError, match=message):
        read(query)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT * { SERVICE <http://a> { ?s ?p } }", QuerySyntaxError),
        ("SELECT * { SERVICE <http://a> ?s }", QuerySyntaxError),
        ("SELECT * { SERVICE { ?s ?p ?o } }", QuerySyntaxError),
        ("SELECT * { SERVICE <http://a> { ex:s ?p ?o } }", QuerySyntaxError),
        ("INSERT { } WHERE { SERVICE <http://a> { ?s ?p ?o } }", UpdateRefusedError),
    ],
)
def test_a_malformed_query_is_refused_at_its_place(query: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(query)


def test_a_place_behind_a_clause_is_told_as_it_was_sent() -> None:
    sent = "SELECT *\n{ SERVICE <http://a> { ?s ?p ?o }  ?x ?y ?z .\n ?q ?r ?t }"
    joined = read_services(sent, Limits(), BASE).join(["VALUES (?s ?p ?o) { (1 2 3) (4 5 6) (7 8 9) (10 11 12) }"])
    for name in ("?x", "?z", "?q", "?t"):
        line = joined.text[: joined.text.index(name)].count("\n") + 1
        column = joined.text.split("\n")[line - 1].index(name) + 1
        moved = joined.as_sent(QuerySyntaxError("said.", Place(line, column, name), hint="Do."))
        assert moved.place == Place(line, sent.split("\n")[line - 1].index(name) + 1, name)
        assert str(moved) == f"Line {line}, column {moved.place.column}, at '{name}': said. Do."
    inside = joined.as_sent(QuerySyntaxError("said.", Place(2, 30, "4")))
    assert inside.place == Place(2, 3, "SERVICE")
