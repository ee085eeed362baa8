"""The parser: every query of the project and every form of the grammar, each node at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from plangraf.errors import QuerySyntaxError
from plangraf.sparql.known_names import Names
from plangraf.sparql.nodes import (
    Alternative,
    Bind,
    Blank,
    Exists,
    Filter,
    GraphClause,
    Minus,
    NegatedSet,
    Operation,
    OptionalClause,
    Repeat,
    Select,
    Sequence,
    Triples,
    Union,
    Values,
    Variable,
)
from plangraf.sparql.safety import read
from plangraf.sparql.scope import certain, columns, groups_in, in_scope, selects_in

ROOT = Path(__file__).resolve().parents[2]
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))


def parsed(query: str) -> Select:
    return read(query, names=Names(base="http://b/")).tree


def test_there_are_queries_to_parse() -> None:
    assert len(QUERIES) > 30


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_each_variable_of_a_query_of_the_project_is_a_node_at_its_place(path: Path) -> None:
    whole = read(path.read_text())
    text, query = whole.text, whole.tree
    found = {item.name for item in query.items}
    for group in groups_in(query):
        assert text[group.start] == "{"
        assert text[group.end - 1] == "}"
        for element in group.elements:
            if isinstance(element, Triples):
                for term in element.written:
                    if isinstance(term, Variable):
                        assert text[term.start : term.end] in (f"?{term.name}", f"${term.name}")
    assert found <= set(columns(query))


def test_a_group_has_its_elements_in_their_order() -> None:
    query = parsed(
        "SELECT * { ?a ?b ?c . OPTIONAL { ?d ?e ?f } { ?g ?h ?i } UNION { ?j ?k ?l } MINUS { ?m ?n ?o } "
        "GRAPH ?p { ?q ?r ?s } BIND(1 AS ?t) VALUES ?u { 1 UNDEF } FILTER EXISTS { ?v ?w ?x } { ?y ?z 1 } }"
    )
    kinds = [type(element) for element in query.where.elements]
    assert kinds == [Triples, OptionalClause, Union, Minus, GraphClause, Bind, Values, Filter, Union]
    assert "".join(in_scope(query.where)) == "abcdefghijklpqrstuyz"
    assert "".join(sorted(certain(query.where))) == "abcpqrsyz"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a|<b>", Alternative),
        ("a/^<b>", Sequence),
        ("<b>*", Repeat),
        ("(a|<b>)+", Repeat),
        ("!(a|^<b>)", NegatedSet),
        ("!a", NegatedSet),
        ("(a|<b>)", Alternative),
    ],
)
def test_a_path_is_the_node_of_its_outermost_operator(path: str, kind: type) -> None:
    (block,) = parsed(f"ASK {{ ?s {path} ?o }}").where.elements
    assert isinstance(block, Triples)
    (triple,) = block.triples
    assert isinstance(triple.verb, kind)


def test_property_lists_and_collections_are_triples() -> None:
    (block,) = parsed("ASK { ?s a ?c ; <p> [ <q> ?x , 1 ] , (2 ?y) . [ <r> true ] }").where.elements
    assert isinstance(block, Triples)
    assert len(block.triples) == 1 + 3 + 5 + 1
    assert [term.name for term in block.written if isinstance(term, Variable)] == ["s", "c", "x", "y"]
    first = next(term for term in block.written if isinstance(term, Blank))
    assert first.kind == "properties"


def test_operators_bind_as_the_grammar_says() -> None:
    (element,) = parsed("ASK { FILTER(!?a || ?b && ?c = ?d + ?e * -1) }").where.elements[:1]
    assert isinstance(element, Filter)
    either = element.condition
    assert isinstance(either, Operation)
    assert either.sign == "||"
    both = either.operands[1]
    assert isinstance(both, Operation)
    assert both.sign == "&&"


def test_inner_queries_are_found_in_groups_and_in_exists() -> None:
    query = parsed("SELECT ?x { { SELECT ?x { ?x a ?y } } FILTER NOT EXISTS { SELECT (1 AS ?z) { } } } LIMIT 1")
    assert [select.outermost for select in selects_in(query)] == [True, False, False]
    assert [select.sliced for select in selects_in(query)] == [True, False, False]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT * { ?z ?b _:a . [] ?y ( ?x ) }", "z b y x"),
        ("SELECT * { ?b <p> [ <q> ?a ] ; <r> ?c }", "b a c"),
        ("SELECT * { GRAPH ?g { ?s <p> ?a } MINUS { ?s <p> ?m } FILTER EXISTS { ?e <p> ?a } }", "g s a"),
        ("SELECT * { BIND(?y AS ?x) { SELECT (1 AS ?w) ?v { ?v ?u 1 } } } VALUES (?k ?x) { (1 2) }", "x w v k"),
        ("SELECT * { { SELECT * { ?d ?c ?b } } OPTIONAL { ?a <p> ?b } }", "d c b a"),
    ],
)
def test_columns_stand_in_the_order_of_appearance(query: str, names: str) -> None:
    assert columns(parsed(query)) == names.split()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT * { << ?s ?p ?o >> ?q 1 }", "s p o q"),
        ("SELECT * { ?s ?p ?o {| ?q << ?a ?b 1 >> |} . ?c a 1 }", "s p o q a b c"),
        ("SELECT * { ?s ?p ?o ~ ?r , ?t }", "s p o r t"),
        ("SELECT * { ?s ?p <<( ?a <b> ?c )>> }", "s p a c"),
        ("SELECT * { BIND(<<( ?a ?b ?c )>> AS ?t) VALUES ?v { <<( <a> <b> 1 )>> UNDEF } }", "t v"),
    ],
)
def test_triple_terms_and_annotations_are_parsed(query: str, names: str) -> None:
    assert columns(parsed(query)) == names.split()


@pytest.mark.parametrize("query", ["ASK { ?s ?p ?o } 1", "ASK { ?s ?p <<( ?a ?b ?c }", "ASK { ?s ?p }"])
def test_a_query_that_breaks_the_grammar_is_not_parsed(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parsed(query)


def test_many_signs_and_nested_brackets_are_no_recursion_too_deep() -> None:
    inner = parsed("ASK { FILTER(" + "!" * 900 + "?x) }").where.elements[0]
    assert isinstance(inner, Filter)
    assert parsed("ASK { FILTER" + "(" * 60 + "EXISTS { }" + ")" * 60 + " }").where.elements
    assert isinstance(parsed("ASK { FILTER NOT EXISTS { } }").where.elements[0].condition, Exists)  # type: ignore[union-attr]
