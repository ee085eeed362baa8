"""The index of any graph gives the answers of a linear search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from plangraf.rdf.formats import N_TRIPLES
from plangraf.rdf.graph import (
    RDF_TYPE,
    Graph,
    Statement,
    canonical,
    graph_of,
    in_order,
    nquads_line,
    nquads_lines,
    nquads_terms,
    nquads_text,
    relabelled,
    statements,
    subject_of,
    write,
)
from plangraf.rdf.namespaces import (
    PREFIXES,
    compact,
    curie,
    expand,
    local_name,
    namespace,
    short_name,
    terms,
    used_prefixes,
)

EX = "http://example.org/"
A, B, P, Q = (NamedNode(EX + name) for name in "abpq")
_nodes = st.sampled_from([A, B, NamedNode(EX + "c"), BlankNode("x"), BlankNode("y")])
_values = st.one_of(_nodes, st.sampled_from([Literal("1"), Literal("1", language="nb"), Literal("2", language="en")]))
_statements = st.lists(st.tuples(_nodes, st.sampled_from([P, Q, RDF_TYPE]), _values), max_size=12)


@given(_statements)
def test_each_lookup_equals_a_linear_search(found: list[Statement]) -> None:
    graph, unique = Graph(found), list(dict.fromkeys(found))
    assert sorted(graph, key=str) == sorted(unique, key=str)
    for subject in {s for s, _, _ in unique}:
        assert subject in graph
        for predicate in (P, Q, RDF_TYPE):
            expected = [o for s, p, o in unique if (s, p) == (subject, predicate)]
            assert graph.values(subject, predicate) == expected
            assert graph.named(subject, predicate) == [o for o in expected if isinstance(o, NamedNode)]
            assert graph.value(subject, predicate) == (expected[0] if expected else None)
    for value in {o for _, _, o in unique}:
        assert set(graph.pointing(P, value)) == {s for s, p, o in unique if (p, o) == (P, value)}
    assert set(graph.with_property(Q)) == {s for s, p, _ in unique if p == Q}


@given(_statements)
def test_the_order_of_a_document_does_not_depend_on_the_order_of_the_statements(found: list[Statement]) -> None:
    ordered = list(in_order(found, B))
    assert ordered == list(in_order(reversed(found), B))
    assert ordered[:1] == [one for one in ordered if one[0] == B][:1] or all(one[0] != B for one in ordered)
    subjects = list(dict.fromkeys(str(subject) for subject, _, _ in ordered if subject != B))
    assert subjects == sorted(subjects)


def test_a_list_is_read_in_its_order_and_texts_by_language() -> None:
    turtle = f'<{EX}a> <{EX}p> ( 1 "x"@nb <{EX}b> ) ; <{EX}q> "en"@en, "nb"@nb .'
    graph = Graph(statements(parse(turtle.encode(), RdfFormat.TURTLE)))
    assert [value.value for value in graph.items(A, P)] == ["1", "x", EX + "b"]
    assert (graph.text(A, Q), graph.text(A, Q, "nb"), graph.text(A, Q, "se")) == ("en", "nb", None)
    assert graph.values(Literal("x"), P) == []
    assert Graph.of(graph) is graph


def test_a_triple_about_a_triple_is_left_out_and_refused_where_it_would_be_lost() -> None:
    about = Triple(A, P, Triple(A, P, B))
    assert list(statements([about, Triple(A, P, B)])) == [(A, P, B)]
    with pytest.raises(ValueError, match="triple terms"):
        canonical([about])


def test_blank_nodes_have_the_same_labels_whatever_they_were_called() -> None:
    one = {Quad(A, P, BlankNode("x")), Quad(BlankNode("x"), Q, BlankNode("y")), Quad(A, P, B)}
    other = {Quad(A, P, BlankNode("n1")), Quad(BlankNode("n1"), Q, BlankNode("n0")), Quad(A, P, B)}
    assert relabelled(one) == relabelled(other) != one
    without = {Quad(A, P, B)}
    assert relabelled(without) is without


def test_a_line_is_written_and_read_in_one_form() -> None:
    value = Literal('a "b" \\ \n æ . <x> ', language="nb")
    quads = [Quad(B, P, A), Quad(A, P, value, NamedNode(EX + "g")), Quad(B, P, A)]
    found = nquads_lines(quads)
    assert len(found) == 2
    assert found == sorted(found)
    assert found[0] == f"{quads[1]} .".encode()
    subject, predicate, read, graph = nquads_terms(found[0])
    assert graph is not None
    assert nquads_line(subject, predicate, read, graph) == found[0] + b"\n"
    assert (subject_of(found[0]), graph_of(found[0])) == (subject, graph)
    assert nquads_terms(found[1])[3] is None
    assert nquads_text(found) == b"".join(each + b"\n" for each in found)
    assert write([(B, P, A), (A, P, value)], N_TRIPLES) == nquads_text(
        nquads_lines([Triple(A, P, value), Triple(B, P, A)])
    )
    with pytest.raises(ValueError, match="no N-Quads line"):
        nquads_terms(b"<a> <b> .")


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_a_curie_of_every_prefix_expands_to_its_iri(prefix: str) -> None:
    iri = PREFIXES[prefix] + "Term-1_a"
    assert curie(iri) == compact(iri) == short_name(iri) == f"{prefix}:Term-1_a"
    assert expand(f"{prefix}:Term-1_a") == iri == terms(prefix)("Term-1_a").value
    assert (namespace(iri), local_name(iri)) == (PREFIXES[prefix], "Term-1_a")
    assert used_prefixes([iri]) == {prefix: PREFIXES[prefix]}


@pytest.mark.parametrize("local", ["", "a/b", "a#b", "a.b", "-a", "a b", "a%20"])
def test_a_local_name_that_turtle_must_escape_gives_no_curie(local: str) -> None:
    iri = PREFIXES["plan"] + local
    assert curie(iri) is None
    assert compact(iri) == f"<{iri}>"


@pytest.mark.parametrize(
    ("iri", "shown"),
    [
        ("https://w3id.org/plangraf/id/5001/plan/2020-2023-7", "plan 2020-2023-7"),
        ("https://w3id.org/plangraf/id/no/law/1", "law 1"),
        ("https://w3id.org/plangraf/id/scheme/season/autumn", "scheme season/autumn"),
        ("http://metadata.un.org/sdg/11.6", "http://metadata.un.org/sdg/11.6"),
    ],
)
def test_the_short_name_of_a_thing_is_its_class_and_key(iri: str, shown: str) -> None:
    assert short_name(iri) == shown
