"""A refusal suggests a valid name in place of an unknown one, or none."""

from __future__ import annotations

import re

import pytest
from pyoxigraph import Store

from plangraf.errors import QuerySyntaxError
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.sparql.safety import Limits, check

LIMITS = Limits()
NAMES = (
    "Goal",
    "Measure",
    "Perspective",
    "Plan",
    "PlanPerspectiveLink",
    "SubGoal",
    "caseNumber",
    "goalNumber",
    "interval",
    "linkedPerspective",
    "linkedPlan",
    "namesPerspective",
    "number",
    "primaryPerspective",
    "respondsTo",
    "section",
    "titleAsPrinted",
    "inCase",
    "citesCase",
    "citedCase",
    "treatedInCase",
    "hiddenCase",
)
REUSED = ("dcterms:title", "dcterms:identifier", "skos:notation", "rdf:type", "skos:Concept", "skos:prefLabel")
TERMS = frozenset(
    [PLAN + name for name in NAMES] + [PREFIXES[name.partition(":")[0]] + name.partition(":")[2] for name in REUSED]
)
PROLOGUE = f"PREFIX plan: <{PLAN}> PREFIX rdf: <{PREFIXES['rdf']}> PREFIX xsd: <{PREFIXES['xsd']}>\n"
USUAL = "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in ("dcterms", "rdfs", "skos"))


def refused(query: str, terms: frozenset[str] = TERMS) -> str:
    with pytest.raises(QuerySyntaxError) as caught:
        check(PROLOGUE + query, LIMITS, terms)
    return str(caught.value)


def suggestion(query: str) -> str:
    """The text between "did you mean" and the question mark; empty without a suggestion."""
    found = re.search(r"[Dd]id you mean (.*?)\?( |$)", refused(query))
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("?p plan:perspective ?t", "plan:linkedPerspective, plan:namesPerspective or plan:primaryPerspective"),
        ("?p plan:hasPlan ?t", "plan:linkedPlan"),
        ("?p plan:numbr ?t", "plan:number"),
        ("?p plan:Number ?t", "plan:number"),
        ("?p plan:RespondTo ?t", "plan:respondsTo"),
        ("?p ^plan:perspektive ?t", ""),
        ("?p a plan:Plan ; plan:respondTo ?t", "plan:respondsTo"),
        ("?p rdf:type/plan:respondTo ?t", "plan:respondsTo"),
        ("?p !(plan:respondTo|a) ?t", "plan:respondsTo"),
        ("?p plan:case ?t", ""),
        ("?p plan:goal ?t", ""),
        ("?p plan:measure ?t", ""),
        ("?p plan:concept ?t", ""),
        ("?p a plan:perspective", "plan:Perspective"),
        ("?p rdf:type plan:planperspectivelink", "plan:PlanPerspectiveLink"),
        ("?p a plan:Plan, plan:measure", "plan:Measure"),
        ("?p plan:linkedPlan/a plan:planns", "plan:Plan"),
        ("?p a plan:numbers", ""),
        ("[] a [] . ?p a plan:goals", "plan:Goal"),
        ("?p a plan:concept", "skos:Concept"),
        ("?p plan:number plan:perspective", "plan:Perspective"),
        ("?p ?q ?t FILTER(?q = plan:numbr)", "plan:number"),
        ("plan:numbr ?q ?t", "plan:number"),
        ("VALUES ?p { plan:goal }", "plan:Goal"),
    ],
)
def test_a_property_is_suggested_for_a_property_and_a_class_for_a_class(pattern: str, meant: str) -> None:
    assert suggestion(USUAL + f"SELECT * {{ {pattern} }}") == meant


def test_construct_templates_and_describe_are_checked_like_patterns() -> None:
    assert suggestion("CONSTRUCT { ?p plan:Number ?t } WHERE { ?p ?q ?t }") == "plan:number"
    assert suggestion("CONSTRUCT { ?p a plan:goal } WHERE { ?p ?q ?t }") == "plan:Goal"
    assert suggestion("DESCRIBE plan:goal") == "plan:Goal"


def test_a_class_name_as_property_is_reported_as_such() -> None:
    message = refused("SELECT * { ?p plan:goal ?t }")
    assert "plan:Goal is a class, write it behind `a`" in message
    assert "All of them are at /ontology." in message


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("title", "dcterms:title"),
        ("titel", "dcterms:title"),
        ("tittel", "dcterms:title"),
        ("Title", "dcterms:title"),
        ("label", "rdfs:label"),
        ("name", "rdfs:label"),
        ("navn", "rdfs:label"),
        ("description", "dcterms:description"),
        ("beskrivelse", "dcterms:description"),
        ("identifier", "dcterms:identifier"),
        ("identifer", "dcterms:identifier"),
        ("notation", "skos:notation"),
        ("type", "rdf:type"),
        ("prefLabel", "skos:prefLabel"),
        ("xyzzyx", ""),
        ("nothing", ""),
        ("sector", ""),
    ],
)
def test_a_name_from_another_vocabulary_is_suggested_with_its_prefix(word: str, meant: str) -> None:
    assert suggestion(USUAL + f"SELECT * {{ ?p plan:{word} ?t }}") == meant


def test_a_suggested_term_comes_with_the_line_of_an_undeclared_prefix() -> None:
    message = refused("SELECT * { ?p plan:title ?t }")
    assert "did you mean dcterms:title?" in message
    assert "Add this line at the top: PREFIX dcterms: <http://purl.org/dc/terms/>" in message
    other = refused("PREFIX dct: <http://purl.org/dc/terms/> SELECT * { ?p plan:title ?t }")
    assert "did you mean dct:title?" in other
    assert "PREFIX" not in other
    # A prefix of that name for another namespace cannot be used.
    taken = refused("PREFIX dcterms: <http://x/> SELECT * { ?p plan:title ?t }")
    assert "did you mean <http://purl.org/dc/terms/title>?" in taken


def test_a_term_of_another_vocabulary_passes_whether_it_is_known_or_not() -> None:
    check(PROLOGUE + USUAL + "SELECT * { ?p dcterms:title ?t ; dcterms:titel ?u }", LIMITS, TERMS)


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("EXIST(?t)", "Did you mean EXISTS { … }?"),
        ("TODAY()", "Did you mean NOW?"),
        ("INSTR(?t, 'a')", "Did you mean CONTAINS or STRBEFORE?"),
        ("DATE(?t)", "Did you mean xsd:date?"),
        ("INT(?t)", "Did you mean xsd:integer?"),
        ("DateTime(?t)", "Did you mean xsd:dateTime?"),
        ("CONTAIN(?t, 'a')", "Did you mean CONTAINS?"),
        ("ISNUL(?t)", None),
        ("LEFTMOST(?t)", None),
        ("xsd:int(?t)", "Did you mean xsd:integer?"),
        ("xsd:long(?t)", "Did you mean xsd:integer?"),
        ("xsd:datetime(?t)", "Did you mean xsd:dateTime?"),
        ("xsd:min(?t)", "SPARQL's own functions and xsd: casts are there."),
        ("<http://text/query>(?t)", "SPARQL's own functions and xsd: casts are there."),
        ("<http://q/name>(?t)", "SPARQL's own functions and xsd: casts are there."),
        ("<http://q/count>(?t)", "SPARQL's own functions and xsd: casts are there."),
        ("<http://www.w3.org/2005/xpath-functions#lower-case>(?t)", "Did you mean LCASE?"),
        ("<http://www.w3.org/2005/xpath-functions#contains>(?t, 'a')", "Did you mean CONTAINS?"),
    ],
)
def test_an_equivalent_function_is_suggested(call: str, hint: str | None) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        check(PROLOGUE + f"SELECT * {{ ?p ?q ?t FILTER({call}) }}", LIMITS)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("name", "trimmed"), [("TRIM", "a b"), ("LTRIM", "a b  "), ("RTRIM", "  a b"), ("trim", "a b")]
)
def test_the_suggested_replacement_of_trim_works(name: str, trimmed: str) -> None:
    message = refused(f"SELECT ({name}(?t) AS ?r) {{ ?p ?q ?t }}")
    found = re.search(r"write (REPLACE\(\?t, .*\))\.$", message)
    assert found
    (row,) = Store().query(f'SELECT ({found[1]} AS ?r) {{ BIND("  a b  " AS ?t) }}')  # type: ignore[union-attr]
    assert row["r"].value == trimmed  # type: ignore[index, union-attr]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("SELECT * { ?s ?p ?t } ORDER BY t", "Did you mean ?t?"),
        ("SELECT * { ?s ?p ?t } ORDER BY DESC(t)", "Did you mean ?t?"),
        ("SELECT * { ?s ?p $t } ORDER BY t", "Did you mean $t?"),
        ("SELECT * { ?s ?p ?year } ORDER BY year", "Did you mean ?year?"),
        ("SELECT * { ?s ?p ?year } ORDER BY year LIMIT 3", "Did you mean ?year?"),
        ("SELECT * { ?s ?p ?title } GROUP BY Title", "Did you mean ?title?"),
        ("SELECT s { ?s ?p ?t }", "Did you mean ?s?"),
        ("SELECT * { ?s ?p t }", None),
        ("SELECT * { ?s ?p ?t FILTER(t > 1) }", "Did you mean ?t?"),
        ("SELECT * { ?s ?p ?x } ORDER BY t", None),
        ("SELECT * { ?s ?p ?x } ODER BY ?x", "Did you mean ORDER?"),
    ],
)
def test_a_variable_without_its_question_mark_is_reported(query: str, hint: str | None) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        check(query, LIMITS)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("declared", "prefix", "meant"),
    [
        ("", "scos", "skos"),
        ("", "dctrms", "dcterms"),
        ("", "sch", "sh"),
        ("PREFIX sosa: <http://www.w3.org/ns/sosa/> ", "scos", "sosa"),
        ("", "sossa", "sosa"),
        ("", "q", ""),
    ],
)
def test_a_prefix_of_the_query_or_of_the_project_comes_before_others(declared: str, prefix: str, meant: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        check(f"{declared}SELECT * {{ ?s {prefix}:x ?o }}", LIMITS)
    found = re.search(r"Did you mean ([\w-]+):\?", str(caught.value))
    assert (found[1] if found else "") == meant
