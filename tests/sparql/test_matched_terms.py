"""What the patterns of a query can match."""

from __future__ import annotations

import pytest

from plangraf.sparql.matched_terms import Links, links_from, matched_predicates

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


@pytest.mark.parametrize(
    ("query", "links"),
    [
        ("SELECT $this { $this e:p 1 }", Links(0)),
        ("SELECT $this { $this e:p ?o . ?o e:q ?v FILTER NOT EXISTS { ?v a e:C } }", Links(2)),
        ("SELECT $this { $this e:p/e:q ?o . ?o ?any 1 }", Links(2)),
        ("SELECT $this { ?s e:p $this ; e:q ?o . ?o e:r 1 }", Links(2, frozenset({"http://e/p"}))),
        ("SELECT $this { { $this e:p ?o } UNION { $this e:p/e:q ?o } ?o e:r 1 }", None),
        ("SELECT $this { $this e:p ?o . ?other e:q 1 }", None),
        ("SELECT $this { $this e:p ?o . e:s e:q 1 }", None),
        ("SELECT $this { $this ^e:p ?o }", None),
        ("SELECT $this { $this e:p+ ?o }", None),
        ("SELECT $this { ?s ?any $this }", None),
        ("SELECT $this { $this e:a/e:b/e:c/e:d/e:e ?o }", None),
    ],
)
def test_how_far_a_query_looks_from_a_variable(query: str, links: Links | None) -> None:
    assert links_from(E + query, "this") == links
