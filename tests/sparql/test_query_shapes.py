"""A query of a known shape is checked without being parsed, with the same result as one that is parsed."""

from __future__ import annotations

import pytest

from plangraf.errors import PlangrafError
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.namespaces import ONTOLOGY
from plangraf.sparql.query_shapes import Shapes
from plangraf.sparql.safety import CheckedQuery, Limits, check

LIMITS = Limits(max_bytes=2_000)
TERMS = frozenset({f"{ONTOLOGY}#Plan", f"{ONTOLOGY}#number"})
BULK = BulkTerms(("https://example.org/observation/",), {"http://example.org/p": 1}, {}, frozenset({"urn:bulk"}))
KINDS = {"http://example.org/p": frozenset({"integer", "string"})}
PREFIX = "PREFIX ex: <http://example.org/>\n"

# Each row: a query, and queries of its shape.
ALIKE = [
    ("SELECT ?p { <urn:a> ?p ?o }", ["SELECT ?p { <urn:b> ?p ?o }", "PREFIX x: <urn:x> SELECT ?p { <urn:c> ?p ?o }"]),
    ('ASK { ?s <urn:p> "a" , <urn:a> }', ["ASK { ?s <urn:p> 'b # ' , <urn:b> }"]),
    (
        PREFIX + 'SELECT ?s { ?s ex:p "a"@nb ; ex:q <urn:a> }',
        [PREFIX + "PREFIX b: <urn:b>\n" + 'SELECT ?s {\n ?s ex:p """b"""@nb ; ex:q <urn:b> }'],
    ),
    (
        PREFIX + "SELECT ?s (COUNT(*) AS ?n) { ?s ex:q <urn:a> OPTIONAL { ?s ex:q <urn:b> } } GROUP BY ?s ORDER BY ?n",
        [
            PREFIX
            + "SELECT ?s (COUNT(*) AS ?n) { ?s ex:q <urn:x> OPTIONAL { ?s ex:q <urn:y> } } GROUP BY ?s ORDER BY ?n"
        ],
    ),
    (
        "SELECT ?s { ?s ?p ?o FILTER EXISTS { ?s ?p <urn:a> } }",
        ["SELECT ?s { ?s ?p ?o FILTER EXISTS { ?s ?p <urn:b> } }"],
    ),
    (
        "CONSTRUCT { ?s <urn:p> <urn:a> } WHERE { ?s ?p <urn:a> }",
        ["CONSTRUCT { ?s <urn:p> <urn:a> } WHERE { ?s ?p <urn:b> }"],
    ),
]
# Each row: a query, and queries that are nearly of its shape, or that have another result.
DIFFERENT = [
    (
        PREFIX + "SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?o",
        [
            "PREFIX ex: <http://example.com/> SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?o",
            PREFIX + "PREFIX ex: <urn:> SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?o",
            "PREFIX ex: <relative> " + PREFIX + "SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?o",
            PREFIX + "SELECT ?s ?o { ?s ex:q ?o } ORDER BY ?o",
            "SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?o",
            "BASE <http://example.org/> " + PREFIX + "SELECT ?s ?o { ?s ex:p ?o } ORDER BY ?o",
        ],
    ),
    (
        "SELECT ?p { <urn:a> ?p ?o }",
        [
            "SELECT ?s ?o { <a> ?p ?o }",
            "PREFIX x: <x> SELECT ?p { <urn:a> ?p ?o }",
            "SELECT ?s ?o { <https://example.org/observation/1> ?p ?o }",
            f"SELECT ?s ?o {{ <{ONTOLOGY}#Plann> ?p ?o }}",
            f"SELECT ?s ?o {{ <{ONTOLOGY}#Plan> ?p ?o }}",
            f"SELECT ?s ?o {{ <urn:{'a' * 2_000}> ?p ?o }}",
            "SELECT ?s ?o { <urn:a\\u0062> ?p ?o }",
        ],
    ),
    ("SELECT ?s ?o { ?s ?p <urn:a> }", ["SELECT ?s ?o { ?s ?p <urn:bulk> }", 'SELECT ?s ?o { ?s ?p "a" }']),
    (
        "SELECT ?s ?o { ?s a <urn:a> }",
        ["SELECT ?s ?o { ?s a <urn:bulk> }", f"SELECT ?s ?o {{ ?s a <{ONTOLOGY}#Plan> }}"],
    ),
    ("SELECT ?a { ?a ?p 1 }", ["SELECT ?a ?a { ?a ?p 1 }", "SELECT ?a { ?a ?p TRUE }", "SELECT ?a { ?a ?p 1.5 }"]),
    (
        "SELECT (RAND() AS ?r) { ?s ?p <urn:a> }",
        ["SELECT (NOW() AS ?r) { ?s ?p <urn:a> }", "SELECT (STR(1) AS ?r) { ?s ?p <urn:a> }"],
    ),
    ("ASK FROM <urn:a> { ?s ?p ?o }", ["ASK FROM <urn:b> { ?s ?p ?o }", "ASK FROM NAMED <urn:b> { ?s ?p ?o }"]),
    ("ASK { GRAPH <urn:a> { ?s ?p ?o } }", ["ASK { GRAPH <urn:b> { ?s ?p ?o } }"]),
    ("ASK { ?s <urn:a> ?o }", ["ASK { ?s <http://example.org/p> ?o }", f"ASK {{ ?s <{ONTOLOGY}#p> ?o }}"]),
]


def run(query: str, shapes: Shapes[CheckedQuery] | None = None) -> CheckedQuery | str:
    try:
        return check(query, LIMITS, TERMS, None, KINDS, BULK, shapes)
    except PlangrafError as error:
        return f"{error.code}: {error}"


def shapes_of() -> Shapes[CheckedQuery]:
    return Shapes(TERMS, None, BULK)


@pytest.mark.parametrize(("first", "others"), ALIKE)
def test_a_query_of_a_known_shape_is_not_parsed(first: str, others: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [run(query) for query in others]
    shapes = shapes_of()
    run(first, shapes)
    monkeypatch.setattr("plangraf.sparql.safety.parse", None)
    assert [run(query, shapes) for query in others] == expected
    assert all(isinstance(found, CheckedQuery) for found in expected)


@pytest.mark.parametrize(("first", "others"), [*ALIKE, *DIFFERENT])
def test_shapes_change_no_result(first: str, others: list[str]) -> None:
    queries = [first, *others]
    expected = [run(query) for query in queries]
    for turn in range(len(queries)):
        order = [*range(turn, len(queries)), *range(turn)]
        shapes = shapes_of()
        for at in order + order:
            assert run(queries[at], shapes) == expected[at], queries[at]


@pytest.mark.parametrize("query", ["SELECT * { <urn:a> ?p ?o }", PREFIX + "SELECT ?o { <urn:a> ex:p ?o } ORDER BY ?o"])
def test_a_rewritten_query_has_no_shape(query: str) -> None:
    shapes = shapes_of()
    found = run(query, shapes)
    assert isinstance(found, CheckedQuery)
    assert found.edited is not None
    other = run(query.replace("urn:a", "urn:another"), shapes)
    assert isinstance(other, CheckedQuery)
    assert "<urn:another>" in other.text
