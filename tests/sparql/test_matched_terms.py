"""What the patterns of a query can match."""

from __future__ import annotations

import pytest

from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.matched_terms import Links, first_column, links_from, matched_predicates

E = "PREFIX e: <http://e/> "


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT ?s { ?s e:p 1 ; e:q/^e:r ?o }", "pqr"),
        ("SELECT ?s { ?s e:p ?o MINUS { ?s (e:q|e:r)+ ?o } FILTER NOT EXISTS { ?s e:t ?o } }", "pqrt"),
        ("SELECT ?s { { SELECT ?s { GRAPH ?g { ?s e:p ?o } } } OPTIONAL { VALUES ?o { e:o } ?s e:q ?o } }", "pq"),
        ("SELECT (EXISTS { ?s e:p ?o } AS ?b) { { ?s e:q ?o } UNION { ?s e:r ?o } }", "pqr"),
        ("SELECT ?s { ?s ?p ?o }", None),
        ("SELECT ?s { ?s e:p* ?o }", None),
        ("SELECT ?s { ?s !e:p ?o }", None),
        ("SELECT ?g { ?s e:p ?o . GRAPH ?g { } }", None),
        ("SELECT ?s { VALUES ?s { e:s } }", ""),
    ],
)
def test_the_predicates_that_a_query_can_match(query: str, names: str | None) -> None:
    wanted = None if names is None else {f"http://e/{name}" for name in names}
    assert matched_predicates(E + query) == wanted


RDF_TYPE = PREFIXES["rdf"] + "type"
R = frozenset({("http://e/r", None)})
A_C = frozenset({(RDF_TYPE, "http://e/C")})


@pytest.mark.parametrize(
    ("query", "links"),
    [
        ("SELECT $this { $this e:p 1 }", Links(0)),
        ("SELECT $this { $this e:p ?o . ?o e:q ?v FILTER NOT EXISTS { ?v a e:C } }", Links(2)),
        ("SELECT $this { $this e:p/e:q ?o . ?o ?any 1 }", Links(2)),
        ("SELECT $this { ?s e:p $this ; e:q ?o . ?o e:r 1 }", Links(2, frozenset({"http://e/p"}))),
        # What no variable leads to is matched wherever it is: one of the same name in another branch leads nowhere.
        ("SELECT $this { { $this e:p ?o } UNION { $this e:p/e:q ?o } ?o e:r 1 }", Links(1, frozenset(), R)),
        ("SELECT $this { { $this e:p ?o } UNION { $this e:q 1 . ?o e:r 1 } }", Links(0, frozenset(), R)),
        ("SELECT $this { $this e:p 1 OPTIONAL { $this e:p ?o } FILTER EXISTS { ?o e:r 1 } }", Links(0, frozenset(), R)),
        ("SELECT $this { $this e:p ?o MINUS { ?o e:q ?v } ?v e:r 1 }", Links(1, frozenset(), R)),
        ("SELECT $this { $this e:p ?o . e:s e:r 1 }", Links(0, frozenset(), R)),
        ("SELECT $this { $this e:p ?o FILTER EXISTS { GRAPH ?g { ?any a e:C } } }", Links(0, frozenset(), A_C)),
        ("SELECT $this { GRAPH ?g { $this e:p ?o } GRAPH ?g { ?o e:q 1 } }", Links(1)),
        ("SELECT $this { $this e:p ?o . ?other ?any 1 }", None),
        ("SELECT $this { $this e:p ?o FILTER EXISTS { GRAPH ?g {} } }", None),
        ("SELECT $this { $this e:p ?o { SELECT ?o { ?o e:q 1 } } }", None),
        ("SELECT $this { $this e:p ?o } LIMIT 1", None),
        ("SELECT $this FROM e:g { $this e:p ?o }", None),
        ("SELECT $this { $this ^e:p ?o }", None),
        ("SELECT $this { $this e:p+ ?o }", None),
        ("SELECT $this { ?s ?any $this }", None),
        ("SELECT $this { $this e:a/e:b/e:c/e:d/e:e ?o }", None),
    ],
)
def test_how_far_a_query_looks_from_a_variable(query: str, links: Links | None) -> None:
    assert links_from(E + query, "this") == links


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("SELECT ?a ?b { ?a e:p ?b }", "a"),
        ("SELECT ?a { { ?a e:p 1 } UNION { ?a e:q 1 } }", "a"),
        ("SELECT ?a (COUNT(?b) AS ?n) { ?a e:p ?b } GROUP BY ?a", "a"),
        ("SELECT (COUNT(?b) AS ?n) ?a { ?a e:p ?b } GROUP BY ?a", ""),
        ("SELECT (MIN(?b) AS ?a) { ?b e:p 1 }", ""),
        ("SELECT ?a { ?b e:p 1 OPTIONAL { ?b e:q ?a } }", ""),
        ("SELECT ?a { { ?a e:p 1 } UNION { ?b e:q 1 } }", ""),
        ("SELECT * { ?a e:p ?b }", ""),
        ("ASK { ?a e:p ?b }", ""),
    ],
)
def test_the_first_column_that_every_row_has(query: str, name: str) -> None:
    assert first_column(E + query) == name
