"""Which queries can match a bulk triple: those that cannot have the same answer over the other data alone."""

from __future__ import annotations

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, QuerySolutions, QueryTriples, RdfFormat, Store, parse

from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.sparql.safety import Limits, check

E = "http://x/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
BULK = NamedNode(f"{E}bulk")
OWN = f"""
<{E}plan/1> <{TYPE}> <{E}Plan> . <{E}plan/1> <{E}area> <{E}a1> . <{E}plan/1> <{E}value> "5" .
<{E}plan/1> <{E}next> <{E}plan/2> . <{E}plan/2> <{E}sees> <{E}obs/1> .
"""
OBSERVATIONS = f"""
<{E}obs/1> <{TYPE}> <{E}Obs> . <{E}obs/1> <{E}area> <{E}a1> . <{E}obs/1> <{E}value> "7" .
<{E}obs/2> <{TYPE}> <{E}Obs> . <{E}obs/2> <{E}area> <{E}a2> . <{E}obs/2> <{E}value> "5" .
"""
TERMS = BulkTerms(
    (f"{E}obs/",), {TYPE: 2, f"{E}area": 2, f"{E}value": 2}, {f"{E}Obs": 2},
    frozenset((f"{E}Obs", f"{E}a1", f"{E}a2")), 2,
)  # fmt: skip

CANNOT = [
    "SELECT * { ?s a :Plan }",
    "SELECT * { ?s :next ?o . ?s a :Plan }",
    "SELECT * { </plan/1> ?p ?o }",
    "SELECT * { ?s ?p </plan/2> }",
    "SELECT * { ?s :value ?v FILTER EXISTS { ?s a :Plan } }".replace("?s :value ?v", "</plan/1> :value ?v"),
    "SELECT * { ?s :next+ ?o }",
    "SELECT * { </plan/1> :next* ?o }",
    "SELECT * { ?s :next|:sees ?o }",
    "SELECT * { ?o ^:next ?s }",
    "SELECT * { GRAPH ?g { ?s :next ?o } }",
    "ASK { ?s a :Plan }",
    "CONSTRUCT { ?s :q ?o } WHERE { ?s :next ?o }",
    "DESCRIBE </plan/1>",
    "SELECT (1 AS ?x) {}",
    # A subject of a triple that is not a bulk triple is not that of a bulk triple.
    "SELECT * { ?s :next ?o ; :value ?v }",
    "SELECT * { ?s ?p ?v . ?s a :Plan }",
    "SELECT * { ?s a :Plan OPTIONAL { ?s :value ?v } }",
    "SELECT * { ?s :next/:sees ?o . ?s :value ?v }",
    "SELECT * { ?s a :Plan { ?s :value ?v } UNION { ?s :area ?v } }",
    "SELECT * { { SELECT ?s { ?s a :Plan } LIMIT 9 } OPTIONAL { ?s :value ?v } }",
    "SELECT * { ?s a :Plan FILTER NOT EXISTS { ?s :value ?v } }",
    "SELECT * { ?s a :Plan MINUS { ?s :value ?v } }",
    "SELECT * { GRAPH ?g { ?s a :Plan ; :value ?v } }",
    "SELECT * { ?s :value ?v { ?s a :Plan } UNION { ?s :next ?o } }",
    "SELECT * { ?s a :Plan ; :value/:next ?v }",
    "SELECT * { VALUES ?c { :Plan :Other } ?s a ?c ; :value ?v }",
    "SELECT * { { SELECT ?c { VALUES (?k ?c) { (1 :Plan) (2 :Other) } } } ?s a ?c }",
    "SELECT * { ?s a ?c { VALUES ?c { :Plan } } UNION { VALUES ?c { :Other } } }",
    "SELECT * { ?s ?p ?o VALUES ?o { :Plan } }",
    "SELECT * { ?s ?p ?o VALUES ?p { :next :sees } }",
    "SELECT * { VALUES ?s { </plan/1> </plan/2> } ?s ?p ?o }",
    # All triples of a GRAPH stand in one graph.
    "SELECT * { GRAPH ?g { ?s :value ?v . ?t a :Plan } }",
    "SELECT * { GRAPH ?g { { ?s :value ?v } UNION { ?s :area ?v } ?t a :Plan OPTIONAL { ?s ?p ?o } } }",
    "SELECT * { ?t :next? ?s . ?s a :Plan }",
]
CAN = [
    "SELECT * { ?s ?p ?o }",
    "SELECT * { ?s :value ?o }",
    "SELECT * { ?s a ?c }",
    "SELECT * { ?s a :Obs }",
    "SELECT * { ?s ?p :a1 }",
    "SELECT * { ?s ?p '5' }",
    "SELECT * { </obs/1> ?p ?o }",
    "SELECT * { ?s :next/:value ?o }",
    "SELECT * { ?s !:next ?o }",
    "SELECT * { ?s :next* ?o }",
    "SELECT * { ?s :next? ?o }",
    "SELECT * { ?s :next ?o MINUS { ?x :value ?y } }",
    "SELECT * { ?s :next ?o FILTER NOT EXISTS { ?x a :Obs } }",
    "SELECT * { { SELECT ?v { ?s :value ?v } } }",
    "SELECT * { GRAPH ?g { } }",
    "SELECT * { GRAPH <bulk> { } }",
    "SELECT * { GRAPH ?g { OPTIONAL { ?s :next ?o } } }",
    "SELECT * { GRAPH ?g { ?s :value ?o } }",
    "SELECT * FROM <bulk> { ?s :next ?o }",
    "DESCRIBE ?s { ?x :sees ?s }",
    "DESCRIBE </obs/1>",
    "SELECT * { ?x :sees ?s . ?s :value ?v }",
    "SELECT * { OPTIONAL { ?s :value ?v } ?s a :Plan }",
    "SELECT * { ?s a :Plan { OPTIONAL { ?s :value ?v } } }",
    "SELECT * { ?s a :Plan { FILTER NOT EXISTS { ?s :value ?v } } }",
    "SELECT * { ?s a :Plan { SELECT ?s { ?s :value ?v } LIMIT 1 } }",
    "SELECT * { { SELECT (?t AS ?s) { ?t :sees ?s } } ?s :value ?v }",
    "SELECT * { ?s a :Plan ; :sees/:value ?v }",
    "SELECT * { { ?s a :Plan } UNION { ?x :sees ?s } ?s :value ?v }",
    "SELECT * { OPTIONAL { ?s a :Plan } ?s :value ?v }",
    "SELECT * { VALUES ?c { :Plan :Obs } ?s a ?c }",
    "SELECT * { VALUES ?c { :Plan UNDEF } ?s a ?c }",
    "SELECT * { OPTIONAL { VALUES ?c { :Plan } } ?s a ?c }",
    "SELECT * { { VALUES ?c { :Plan } } UNION { VALUES ?d { :Plan } } ?s a ?c }",
    "SELECT * { { SELECT (?k AS ?c) { VALUES ?k { :Plan } } } ?s a ?c }",
    "SELECT * { VALUES ?c { :Plan } OPTIONAL { ?s a ?c } ?s a :Obs }",
    "SELECT * { ?s ?p ?o VALUES ?p { :next :area } }",
    "SELECT * { VALUES ?s { </plan/1> </obs/2> } ?s ?p ?o }",
    "SELECT * { GRAPH ?g { ?s :value ?v OPTIONAL { ?t a :Plan } } }",
    "SELECT * { GRAPH ?g { ?t a :Plan GRAPH ?h { ?s :value ?v } } }",
    "SELECT * { ?t :next? ?s . ?x :sees ?s }",
]


def checked(query: str) -> tuple[str, bool]:
    found = check(f"BASE <{E}> PREFIX : <{E}> {query}", Limits(), bulk=TERMS)
    return found.text, found.reaches_bulk


def store(*, bulk: bool) -> Store:
    made = Store()
    for graph, text in (("own", OWN), ("bulk", OBSERVATIONS if bulk else "")):
        triples = [quad.triple for quad in parse(text, RdfFormat.TURTLE)]
        for name in (NamedNode(E + graph), DefaultGraph()):
            made.extend(Quad(triple.subject, triple.predicate, triple.object, name) for triple in triples)
    return made


def answer(data: Store, query: str) -> list[str]:
    found = data.query(query)
    if isinstance(found, QuerySolutions):
        return sorted(str([row[name] for name in found.variables]) for row in found)
    return sorted(map(str, found)) if isinstance(found, QueryTriples) else [str(bool(found))]


@pytest.mark.parametrize("query", CANNOT)
def test_a_query_that_cannot_match_a_bulk_triple_has_the_same_answer_without_them(query: str) -> None:
    text, reaches = checked(query)
    assert not reaches
    assert answer(store(bulk=False), text) == answer(store(bulk=True), text)


@pytest.mark.parametrize("query", CAN)
def test_a_query_that_can_match_a_bulk_triple_is_known(query: str) -> None:
    assert checked(query)[1]
