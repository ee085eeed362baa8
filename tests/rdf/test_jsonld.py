"""Our JSON-LD, expanded by pyld, is the same graph, for any graph."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse
from rdflib.compare import isomorphic

from example_counts import examples
from plangraf.rdf.graph import Statements, canonical
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.jsonld_documents import compact_document, compact_graph, dump

ADDRESS = "http://127.0.0.1:8000/context/v1.jsonld"
EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
THING = NamedNode(EX + "thing")
CONTEXT: dict[str, Any] = {
    "@context": {
        "@version": 1.1,
        "id": "@id",
        "type": "@type",
        "ex": EX,
        "rdfs": RDFS,
        "xsd": XSD,
        "word": "http://example.com/word",  # not a prefix: it ends in a letter
        "Thing": "ex:Thing",
        "plain": "ex:plain",
        "title": {"@id": "ex:title", "@container": "@language"},
        "label": {"@id": "rdfs:label", "@container": ["@language", "@set"]},
        "link": {"@id": "ex:link", "@type": "@id"},
        "links": {"@id": "ex:links", "@type": "@id", "@container": "@set"},
        "kind": {"@id": "ex:kind", "@type": "@vocab"},
        "year": {"@id": "ex:year", "@type": "xsd:gYear"},
        "number": {"@id": "ex:number", "@type": "xsd:integer"},
        "name": {"@id": "ex:name", "@language": "nb"},
        "text": {"@id": "ex:text", "@type": "xsd:string"},
        "ordered": {"@id": "ex:ordered", "@container": "@list"},
        "indexed": {"@id": "ex:indexed", "@container": "@index"},
        "backwards": {"@reverse": "ex:forwards"},
        "scoped": {"@id": "ex:scoped", "@context": {"x": "ex:y"}},
        "either": {"@id": "ex:either", "@container": "@language"},
        "eitherLink": {"@id": "ex:either", "@type": "@id"},
        "eitherPlain": "ex:either",
    }
}
TERMS = [
    "plain",
    "title",
    "link",
    "links",
    "kind",
    "year",
    "number",
    "name",
    "text",
    "ordered",
    "indexed",
    "forwards",
    "scoped",
    "either",
    "unknown",
]
VALUES = [
    '"text"',
    '"text"@nb',
    '"tekst"@nb',
    '"text"@en',
    '"text"@en-gb',
    '""',
    '""@nb',
    '"æøå \\n\\t\\"\\\\ </script>"',
    f"<{EX}other>",
    f"<{EX}thing>",
    "_:b",
    '"2020"^^xsd:gYear',
    '"7"^^xsd:integer',
    '"007"^^xsd:integer',
    '"-7"^^xsd:integer',
    '"-0"^^xsd:integer',
    '"90071992547409931"^^xsd:integer',
    '"x"^^xsd:integer',
    '"true"^^xsd:boolean',
    '"1"^^xsd:boolean',
    '"1.5"^^xsd:decimal',
    '"1.0E2"^^xsd:double',
    '"1.5"^^ex:odd',
    '"2019-05-14"^^xsd:date',
    "<http://example.com/word>",
    "<urn:isbn:1>",
    "<mailto:a@example.org>",
    "<http://example.com/word:x>",
]


def graph_of(turtle: str) -> Statements:
    head = f"@prefix ex: <{EX}> . @prefix xsd: <{XSD}> . @prefix rdfs: <{RDFS}> . "
    return canonical(quad.triple for quad in parse((head + turtle).encode(), RdfFormat.TURTLE))


def statements_of(document: dict[str, Any], context: dict[str, Any]) -> Statements:
    def load(address: str, _options: dict[str, Any]) -> dict[str, Any]:
        assert address == ADDRESS
        return {"contextUrl": None, "documentUrl": address, "document": context}

    written = json.loads(dump(document))
    quads = jsonld.to_rdf(written, {"format": "application/n-quads", "documentLoader": load})
    return canonical(quad.triple for quad in parse(quads.encode(), RdfFormat.N_TRIPLES))


def assert_same(graph: Statements, context: dict[str, Any] = CONTEXT) -> None:
    ours = Context(context, ADDRESS)
    for document in (compact_document(ours, THING, graph), compact_graph(ours, graph)):
        # Blank nodes are labelled by RDFC-1.0, so equal sets are isomorphic graphs.
        assert set(statements_of(document, context)) == set(graph), json.dumps(document, indent=1)


def document_of(turtle: str, context: dict[str, Any] = CONTEXT) -> dict[str, Any]:
    graph = graph_of(turtle)
    assert_same(graph, context)
    return compact_document(Context(context, ADDRESS), THING, graph)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("term", TERMS)
def test_any_value_under_any_term_means_the_same(term: str, value: str) -> None:
    assert_same(graph_of(f"ex:thing ex:{term} {value} ."))


@pytest.mark.parametrize("term", TERMS)
def test_all_values_together_under_one_term_mean_the_same(term: str) -> None:
    assert_same(graph_of(f"ex:thing ex:{term} {', '.join(VALUES)} ."))


def test_a_document_reads_by_short_names() -> None:
    document = document_of(
        """ex:thing a ex:Thing, ex:Other, <http://elsewhere.org/Class> ;
          ex:title "Tittel"@nb, "Title"@en, "Undertittel"@nb ; ex:plain "x", 7, true, "y"@en ;
          ex:link ex:other ; ex:links ex:other ; ex:year "2020"^^xsd:gYear ; ex:number 7 ; ex:name "Navn"@nb ;
          <http://elsewhere.org/p> "z" ; rdfs:label "L"@nb ."""
    )
    assert document == {
        "@context": ADDRESS,
        "id": EX + "thing",
        "type": ["http://elsewhere.org/Class", "ex:Other", "Thing"],
        "title": {"en": "Title", "nb": ["Tittel", "Undertittel"]},
        "plain": [7, True, "x", {"@value": "y", "@language": "en"}],
        "link": EX + "other",
        "links": [EX + "other"],
        "year": "2020",
        "number": 7,
        "name": "Navn",
        "http://elsewhere.org/p": "z",
        "label": {"nb": "L"},
    }


def test_neighbours_are_nested_once_and_incoming_links_are_reversed() -> None:
    document = document_of(
        """ex:thing ex:link ex:a ; ex:plain ex:a . ex:a a ex:Thing ; ex:title "A"@nb .
          ex:b ex:link ex:thing ; ex:title "B"@nb . ex:c ex:title ex:thing . ex:a ex:number 1 .
          ex:Thing ex:title "Ting"@nb ."""
    )
    assert document["link"] == {"id": EX + "a", "type": "Thing", "title": {"nb": "A"}, "number": 1}
    assert document["plain"] == {"id": EX + "a"}
    assert document["@reverse"] == {
        "link": {"id": EX + "b", "title": {"nb": "B"}},
        "ex:title": {"id": EX + "c"},  # a language map cannot hold a node
    }
    assert document["@included"] == [{"id": EX + "Thing", "title": {"nb": "Ting"}}]


def test_other_readers_of_json_ld_understand_a_document_too() -> None:
    graph = graph_of(
        """ex:thing ex:link ex:a ; ex:title "T"@nb, "T"@en ; ex:number 7 . ex:a a ex:Thing ; ex:title "A"@nb .
          ex:b ex:link ex:thing ; ex:title "B"@nb . ex:Thing ex:title "Ting"@nb ."""
    )
    document = {**compact_document(Context(CONTEXT, ADDRESS), THING, graph), **CONTEXT}
    assert {"@reverse", "@included"} <= set(document)
    text = json.dumps(document)
    assert set(canonical(quad.triple for quad in parse(text.encode(), RdfFormat.JSON_LD))) == set(graph)
    n_triples = "".join(f"{s} {p} {o} .\n" for s, p, o in graph)
    expected = rdflib.Graph().parse(data=n_triples, format="nt")
    assert isomorphic(rdflib.Graph().parse(data=text, format="json-ld"), expected)


@pytest.mark.parametrize(
    "turtle",
    [
        "ex:other ex:link ex:thing .",
        "ex:thing ex:link ex:thing .",
        "ex:thing ex:link ex:b . ex:b ex:link ex:thing ; ex:title 'B'@nb .",
        "ex:a ex:link ex:thing . ex:a ex:plain ex:thing . ex:a ex:kind ex:thing . ex:b ex:link ex:thing .",
        "_:x ex:link ex:thing ; ex:plain _:y . _:y ex:title 'y'@nb ; ex:link _:x .",
        "ex:thing ex:plain [ ex:title 'nested'@nb ; ex:plain [ ex:number 1 ] ] .",
        "ex:thing ex:plain ( 1 'a' ex:b ( ) [ ex:title 'x'@nb ] ) .",
        "ex:thing a ex:Thing . ex:a a ex:thing . ex:Thing a ex:Thing ; ex:title 'T'@nb .",
        "ex:thing a [ ex:title 'class without a name'@nb ], 'not a class' .",
        "ex:a ex:b ex:c .",
        "ex:thing ex:link ex:a . ex:a ex:link ex:b . ex:b ex:link ex:c . ex:c ex:title 'c'@en .",
        "ex:thing <http://example.com/a//b> 1 ; <http://example.org//x> 2 ; <http://example.org/> 3 .",
        "<http://example.org//x> a <http://example.org//y> . ex:thing ex:link <http://example.org/a:b> .",
        "",
    ],
)
def test_nodes_of_any_form_mean_the_same(turtle: str) -> None:
    assert_same(graph_of(turtle))


@pytest.mark.parametrize(
    "change",
    [
        {"@language": "nb"},
        {"@language": "en"},
        {"@vocab": EX},
        {"@vocab": "http://example.com/", "@language": "nb"},
        {"plain": {"@id": "ex:plain", "@language": None}, "@language": "nb"},
        {"plain": {"@id": "ex:plain", "@type": "@none"}, "@language": "nb"},
        {"ex": {"@id": EX, "@prefix": True}},
        {"ex": {"@id": EX}, "plain": EX + "plain"},
        {"ex:": None, "void": None},
        {"link": None},
        {"id": None, "type": None},
    ],
)
def test_any_context_that_is_a_dictionary_of_terms_means_the_same(change: dict[str, Any]) -> None:
    terms = {**CONTEXT["@context"], **change}
    if any(":" in name for name in terms):
        with pytest.raises(ValueError, match="short names"):
            Context({"@context": terms}, ADDRESS)
        return
    graph = graph_of(f"ex:thing a ex:Thing ; ex:plain {', '.join(VALUES)} ; ex:link ex:a, 'b' ; ex:title 'x'@nb, 'y' .")
    assert_same(graph, {"@context": terms})


@pytest.mark.parametrize(
    "terms", [None, [], ["http://example.org/context"], {"@import": "http://a/"}, {"@base": "http://a/"}]
)
def test_a_context_of_another_form_is_refused(terms: object) -> None:
    with pytest.raises(ValueError, match="context"):
        Context({"@context": terms}, ADDRESS)


def test_properties_and_types_without_a_term_stand_under_a_compact_iri_or_in_full() -> None:
    document = document_of("ex:thing <http://example.com/word> 1 ; <http://example.com/wordy> 2 ; ex:new 3 .")
    assert document["word"] == 1
    assert document["http://example.com/wordy"] == 2
    assert document["ex:new"] == 3


_nodes = st.sampled_from([NamedNode(EX + name) for name in ("thing", "a", "b", "Thing")] + [BlankNode("x")])
_literals = st.one_of(
    st.builds(Literal, st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)),
    st.builds(
        lambda text, tag: Literal(text, language=tag),
        st.text("aæ ", max_size=3),
        st.sampled_from(["nb", "en"]),
    ),
    st.builds(
        lambda text, type_: Literal(text, datatype=NamedNode(XSD + type_)),
        st.sampled_from(["7", "007", "true", "2020", "x", ""]),
        # Not double, which pyld brings into canonical form.
        st.sampled_from(["integer", "boolean", "gYear", "string", "decimal"]),
    ),
)
_predicates = st.sampled_from([NamedNode(EX + term) for term in TERMS])
_types = st.builds(Triple, _nodes, st.just(NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")), _nodes)


@examples(150)
@given(st.lists(st.one_of(st.builds(Triple, _nodes, _predicates, st.one_of(_nodes, _literals)), _types), max_size=12))
def test_generated_graphs_mean_the_same(triples: list[Triple]) -> None:
    assert_same(canonical(triples))


def test_the_context_of_the_project_is_supported() -> None:
    document = json.loads((Path(__file__).resolve().parents[2] / "ontology" / "context.jsonld").read_bytes())
    ours = Context(document, ADDRESS)
    plan = "https://w3id.org/plangraf/ontology#"
    assert {ours.id, ours.type} == {"id", "type"}
    assert [term.name for term in ours.terms(plan + "primaryPerspective")] == ["primaryPerspective"]
    names = list(document["@context"])
    assert len(names) == len(set(names))
    assert all(a != b for a, b in pairwise(sorted(name.casefold() for name in names if name[0].islower())))


@pytest.mark.parametrize("text", ["1" * 5000, "٣", "1_0", "²", "-", "+1", "01", str(2**53)], ids=lambda text: text[:5])
def test_an_integer_that_json_does_not_hold_stays_text(text: str) -> None:
    value = Literal(text, datatype=NamedNode(XSD + "integer"))
    document = compact_document(Context(CONTEXT, ADDRESS), THING, [Triple(THING, NamedNode(EX + "other"), value)])
    assert document["ex:other"] == {"@type": "xsd:integer", "@value": text}
