"""Every constraint component of SHACL has the results of pySHACL for any value, even if our shapes do not use it."""

from __future__ import annotations

import random

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse

from plangraf.checks.data_graph import DataGraph, Term
from plangraf.checks.shacl.constraints import NotCompiledError
from plangraf.checks.shacl.pyshacl_results import pyshacl_problems
from plangraf.checks.shacl.validation import shacl_problems, shapes_of, suspects
from plangraf.diagnostics.diagnostic import in_order
from plangraf.rdf.namespaces import PREFIXES, SHAPES_GRAPH

EX = "https://example.org/"
XSD = PREFIXES["xsd"]
HEAD = (
    "".join(f"@prefix {name}: <{PREFIXES[name]}> . " for name in ("sh", "xsd", "rdf", "rdfs", "owl"))
    + f"@prefix ex: <{EX}> .\n"
)
PROPERTY = (
    HEAD + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P .\nex:P a sh:PropertyShape ; sh:path {} ."
)
NODE = HEAD + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; {} ."


def of(name: str, *texts: str) -> list[Literal]:
    return [Literal(text, datatype=NamedNode(XSD + name)) for text in texts]


NUMBERS = of("integer", "-2", "0", "3", "10") + of("decimal", "2.5", "3.0")
TEXTS = [
    *[Literal(text) for text in ("a", "abc", "x\ny")],
    *[Literal(text, language="nb") for text in ("æøå", "ja", "to")],
    *[Literal("ABC", language="en"), Literal("nei", language="nb-NO")],
]
THINGS = [NamedNode(EX + name) for name in ("one", "two", "three", "other")]
# rdflib warns of the boolean 'no', which is meant to be malformed.
pytestmark = pytest.mark.filterwarnings("ignore:Parsing weird boolean:UserWarning")

MIXED = [
    *NUMBERS,
    *TEXTS,
    *THINGS,
    BlankNode("b"),
    *of("gYear", "2020", "20"),
    *of("date", "2020-02-29"),
    *of("boolean", "true", "1", "no"),
    *of("integer", "x", "+4", "007"),
    *of("double", "1E3"),
    *of("dateTime", "2020-01-01T00:00:00"),
    *of("duration", "P1Y", "P"),
]

COMPILED = [
    (MIXED, PROPERTY.format(form))
    for form in (
        "ex:p ; sh:minCount 1",
        "ex:p ; sh:maxCount 1",
        "ex:p ; sh:minCount 2 ; sh:maxCount 3",
        "ex:p ; sh:minCount 0",
        "ex:p ; sh:class ex:D",
        "ex:p ; sh:class ex:D , ex:E",
        "ex:p ; sh:nodeKind sh:IRI",
        "ex:p ; sh:nodeKind sh:BlankNodeOrLiteral",
        "ex:p ; sh:nodeKind sh:IRIOrLiteral",
        *(
            f"ex:p ; sh:datatype xsd:{name}"
            for name in (
                "string",
                "integer",
                "decimal",
                "boolean",
                "gYear",
                "date",
                "dateTime",
                "duration",
                "double",
                "anyURI",
            )
        ),
        "ex:p ; sh:datatype rdf:langString",
        "ex:p ; sh:datatype ex:own",
        "ex:p ; sh:pattern '^a'",
        "ex:p ; sh:pattern '^a' , 'c$'",
        "ex:p ; sh:pattern 'abc' ; sh:flags 'i'",
        "ex:p ; sh:pattern '^y' ; sh:flags 'm'",
        "ex:p ; sh:pattern '^y'",
        "ex:p ; sh:minLength 3",
        "ex:p ; sh:minLength 0",
        "ex:p ; sh:maxLength 3",
        "ex:p ; sh:languageIn ( 'nb' )",
        "ex:p ; sh:languageIn ( 'nb-NO' 'en' )",
        "ex:p ; sh:uniqueLang false",
        "ex:p ; sh:hasValue ex:one",
        "ex:p ; sh:hasValue ex:one , 3",
        "ex:p ; sh:in ( ex:one 'a' 3 'ja'@nb )",
        "ex:p ; sh:minInclusive 3",
        "ex:p ; sh:minExclusive 2.5",
        "ex:p ; sh:maxInclusive 3",
        "ex:p ; sh:maxExclusive 3",
        "ex:p ; sh:equals ex:q",
        "ex:p ; sh:disjoint ex:q",
        "ex:p ; sh:not [ sh:datatype xsd:integer ]",
        "ex:p ; sh:not [ sh:class ex:D ]",
        "ex:p ; sh:and ( [ sh:nodeKind sh:Literal ] [ sh:minLength 2 ] )",
        "ex:p ; sh:or ( [ sh:datatype xsd:integer ] [ sh:datatype xsd:gYear ] [ sh:class ex:D ] )",
        "ex:p ; sh:xone ( [ sh:nodeKind sh:Literal ] [ sh:pattern 'a' ] )",
        "ex:p ; sh:node [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
        "ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ]",
        "ex:p ; sh:qualifiedValueShape [ sh:class ex:D ] ; sh:qualifiedMinCount 1",
        "ex:p ; sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ; sh:qualifiedMaxCount 1",
        "ex:p ; sh:minCount 2 ; sh:severity sh:Warning ; sh:message 'Two.'@en , 'To.'@nb",
        "[ sh:alternativePath ( ex:p ex:q ) ] ; sh:maxCount 2",
        "ex:p ; sh:closed true",
        "ex:p ; sh:deactivated true ; sh:maxCount 0",
        "ex:p ; sh:sparql [ a sh:SPARQLConstraint ; sh:message 'No.' ; sh:select "
        "'SELECT $this ?value WHERE { $this $PATH ?value . FILTER NOT EXISTS { $this <https://example.org/q> ?o } }' ]",
    )
] + [
    (TEXTS, PROPERTY.format("ex:p ; sh:uniqueLang true")),
    (NUMBERS, PROPERTY.format("ex:p ; sh:lessThan ex:q")),
    (NUMBERS, PROPERTY.format("ex:p ; sh:lessThanOrEquals ex:q")),
    (TEXTS, PROPERTY.format("ex:p ; sh:lessThanOrEquals ex:q")),
    ([*NUMBERS, *TEXTS], PROPERTY.format("ex:p ; sh:lessThan ex:q")),
    (of("date", "2020-01-01", "2020-02-29", "2019-12-31"), PROPERTY.format("ex:p ; sh:lessThan ex:q")),
    (of("date", "2020-01-01", "2020-02-29Z", "2019-12-31"), PROPERTY.format("ex:p ; sh:lessThanOrEquals ex:q")),
    *(
        (MIXED, NODE.format(form))
        for form in (
            "sh:pattern 'thing[0-5]'",
            "sh:nodeKind sh:Literal",
            "sh:class ex:D",
            "sh:in ( ex:thing1 ex:thing2 )",
            "sh:hasValue ex:thing1",
            "sh:not [ sh:property [ sh:path ex:p ; sh:minCount 2 ] ]",
            "sh:xone ( [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] "
            "[ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] )",
            "sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:p ]",
            "sh:targetNode ex:thing3 , 'a' ; sh:nodeKind sh:IRI",
            "sh:targetSubjectsOf ex:q ; sh:pattern '7'",
            "sh:targetObjectsOf ex:p ; sh:nodeKind sh:IRI",
        )
    ),
]

LEFT_TO_PYSHACL = [
    PROPERTY.format(form)
    for form in (
        "[ sh:inversePath ex:p ] ; sh:maxCount 1",
        "( ex:p ex:q ) ; sh:maxCount 1",
        "[ sh:zeroOrMorePath ex:p ] ; sh:maxCount 2",
        "ex:p ; sh:datatype xsd:string , xsd:integer",
        "ex:p ; sh:minCount 'x'",
        "ex:p ; sh:pattern '('",
        "ex:p , ex:q ; sh:minCount 1",
        "ex:p ; sh:node ex:S",
        "ex:p ; sh:qualifiedMinCount 1",
        "ex:p ; sh:or ()",
        "ex:p ; sh:severity sh:Info , sh:Warning ; sh:maxCount 9",
        "ex:p ; sh:sparql [ sh:select 'SELECT $this WHERE { $this $PATH ?v MINUS { $this ?v 1 } }' ]",
    )
] + [
    HEAD + "ex:C a rdfs:Class , sh:NodeShape ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] .",
    HEAD + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:minCount 1 ] .",
    HEAD + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:path ex:p ; sh:minCount 1 .",
    HEAD + "ex:S a sh:NodeShape ; sh:targetClass ex:C ; ex:most 1 . ex:K a sh:ConstraintComponent ; "
    "sh:parameter [ sh:path ex:most ] ; sh:propertyValidator [ a sh:SPARQLAskValidator ; sh:ask 'ASK {}' ] ; "
    "sh:nodeValidator [ a sh:SPARQLSelectValidator ; sh:select 'SELECT $this WHERE { $this ?p ?o }' ] .",
]


def data_with(shapes: str, values: list[Term], seed: int = 1) -> DataGraph:
    chance = random.Random(seed)
    own = NamedNode(EX + "data")
    type_, subclass = NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PREFIXES["rdfs"] + "subClassOf")
    found = {
        Quad(NamedNode(EX + "E"), subclass, NamedNode(EX + "D"), own),
        Quad(THINGS[0], type_, NamedNode(EX + "D"), own),
        Quad(THINGS[1], type_, NamedNode(EX + "E"), own),
    }
    for number in range(40):
        thing = NamedNode(f"{EX}thing{number}")
        found.add(Quad(thing, type_, NamedNode(EX + "C"), own))
        for name in "pq":
            for value in chance.sample(values, chance.choice([0, 1, 1, 2, min(3, len(values))])):
                found.add(Quad(thing, NamedNode(EX + name), value, own))
                # The same again in another graph counts once.
                found.add(Quad(thing, NamedNode(EX + name), value, NamedNode(EX + "more")))
    for triple in parse(shapes, RdfFormat.TURTLE, rename_blank_nodes=True):
        found.add(Quad(triple.subject, triple.predicate, triple.object, NamedNode(SHAPES_GRAPH)))
    return DataGraph(found)


@pytest.mark.parametrize(("values", "shapes"), COMPILED, ids=[text.splitlines()[-1] for _, text in COMPILED])
def test_a_compiled_component_has_the_results_of_pyshacl(values: list[Term], shapes: str) -> None:
    data = data_with(shapes, values)
    expected = in_order(pyshacl_problems(data.quads, shapes_of(data).quads, lambda _: None))
    suspects(shapes_of(data), data)
    assert shacl_problems(data, lambda _: None) == expected


@pytest.mark.parametrize("shapes", LEFT_TO_PYSHACL, ids=[text.splitlines()[-1] for text in LEFT_TO_PYSHACL])
def test_a_shape_that_is_not_compiled_has_the_results_of_pyshacl(shapes: str) -> None:
    data = data_with(shapes, MIXED)
    with pytest.raises(NotCompiledError):
        suspects(shapes_of(data), data)
    expected = in_order(pyshacl_problems(data.quads, shapes_of(data).quads, lambda _: None))
    assert shacl_problems(data, lambda _: None) == expected
