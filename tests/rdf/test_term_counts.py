"""Counts of terms: what a version knows of them is what queries count."""

from __future__ import annotations

import random

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from plangraf.rdf.graph import RDF_TYPE, nquads_lines
from plangraf.rdf.namespaces import ID, PLAN
from plangraf.rdf.term_counts import TermCounter, TermCounts

CLASSES = [NamedNode(PLAN + "Plan"), NamedNode(PLAN + "Goal"), NamedNode("http://x/Class"), BlankNode("class")]
PROPERTIES = [NamedNode(PLAN + "number"), NamedNode(PLAN + "numberAsPrinted"), NamedNode("http://x/p")]
# The brackets of IRIs sort `a-b` before `a`.
THINGS = [*(NamedNode(ID + key) for key in ("a", "a-b", "a/b", "æ")), NamedNode("http://x/a"), BlankNode("b")]
VALUES = [
    Literal("1"),
    Literal('a "b" <http://x/> .', language="nb"),
    NamedNode(ID + "a"),
    Literal("\\ \n"),
    BlankNode("b"),
]
GRAPHS = [NamedNode("http://x/g"), NamedNode("http://x/h")]


def quads(seed: int) -> set[Quad]:
    choose = random.Random(seed).choice
    said = (Quad(choose(THINGS), choose(PROPERTIES), choose(VALUES), choose(GRAPHS)) for _ in range(60))
    typed = (Quad(choose(THINGS), RDF_TYPE, choose(CLASSES), choose(GRAPHS)) for _ in range(12))
    return {*said, *typed}


def count(lines: list[bytes]) -> TermCounts:
    counter = TermCounter()
    assert list(counter.passing(lines)) == lines
    return TermCounts.from_json(counter.as_json())


def test_counts_are_those_of_queries_over_the_union_of_graphs() -> None:
    for seed in range(20):
        store = Store()
        store.extend(quads(seed))

        def ask(select: str, store: Store = store) -> dict[tuple[str, ...], str]:
            rows = store.query(f"SELECT {select}", use_default_graph_as_union=True)
            found = {tuple(term.value for term in row): row for row in rows}  # type: ignore[union-attr]
            return {key[:-1]: key[-1] for key, row in found.items() if not any(isinstance(t, BlankNode) for t in row)}

        found = count(nquads_lines(store))
        distinct = "SELECT DISTINCT ?s ?p ?o { ?s ?p ?o }"
        classes = ask("?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
        assert {(term,): str(number) for term, number in found.classes.items()} == classes
        properties = ask(f"?p (COUNT(*) AS ?n) {{ {{ {distinct} }} }} GROUP BY ?p")
        assert {(term,): str(number) for term, number in found.properties.items()} == properties
        crossed = ask(
            f"?c ?p (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?s ?c {{ ?s a ?c }} }} {{ {distinct} }} "
            f"FILTER (?p != {RDF_TYPE}) }} GROUP BY ?c ?p"
        )
        pairs = {(c, p): str(number) for c, own in found.crossed.items() for p, number in own.items()}
        assert pairs == crossed
        examples = ask(
            f"?of (MIN(?s) AS ?thing) {{ {{ ?s a ?of }} UNION {{ ?s ?of ?o }} "
            f'FILTER (STRSTARTS(STR(?s), "{ID}") && STRSTARTS(STR(?of), "{PLAN}")) }} GROUP BY ?of'
        )
        assert {(term,): thing for term, thing in found.examples.items()} == examples


def test_a_statement_in_two_graphs_or_none_is_counted_once() -> None:
    line = b'<http://x/a> <http://x/p> "a \\" b"'
    lines = [line + b" .", line + b" <http://x/g> .", line + b" <http://x/h> ."]
    assert count(sorted(lines)).properties == {"http://x/p": 1}
