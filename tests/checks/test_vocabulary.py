"""An undefined term is found in the ontology, the shapes, the data and the queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from own_vocabularies import LISTS, vocabularies
from rdflib import URIRef
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from plangraf.checks.vocabulary import Misuse, Vocabularies, check_graph, check_query, load_pinned
from plangraf.diagnostics.diagnostic import DataError, FilePlace
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, ONTOLOGY_GRAPH, PREFIXES, SCHEME, SHAPES_GRAPH
from plangraf.sources.files import source_files

ROOT = Path(__file__).resolve().parents[2]
QUERIES = sorted((ROOT / "queries").rglob("*.rq"))
THING = "https://w3id.org/plangraf/id/5001/plan/2020-2023-8"
LINES = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
BASE = "https://w3id.org/plangraf/id/"
DATA_GRAPH = "https://w3id.org/plangraf/graph/5001/planstrategi-2020-2023"


def iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def quads(turtle: str, graph: str = DATA_GRAPH) -> list[ox.Quad]:
    parsed = ox.parse(LINES + turtle, format=ox.RdfFormat.TURTLE, base_iri=BASE)
    return [ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(graph)) for quad in parsed]


HERE = FilePlace("data/a.ttl", 1)


def check(turtle: str) -> list[Misuse]:
    return check_graph(quads(turtle), vocabularies())


def everything() -> list[ox.Quad]:
    return [
        ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(file.graph))
        for file in source_files(ROOT)
        for quad in ox.parse(path=str(file.path))
    ]


def test_the_project_uses_defined_terms_only() -> None:
    all_quads = everything()
    known = load_pinned(LISTS).including(all_quads)
    assert [problem.at(HERE).en for problem in check_graph(all_quads, known)] == []


def test_the_build_and_the_source_files_define_the_same_terms() -> None:
    built = load_pinned(LISTS).including(everything())
    assert built.namespaces == vocabularies().namespaces
    for namespace in built.namespaces:
        ours = {term.iri for term in vocabularies().terms(namespace)}
        assert {term.iri for term in built.terms(namespace)} == ours


def named_in(node: Any) -> Iterator[str]:
    """Every IRI of a parsed query, with prefixed names as prefix:name."""
    if isinstance(node, CompValue) and node.name == "pname":
        yield f"{node.prefix or ''}:{node.localname}"
    elif isinstance(node, CompValue):
        for value in node.values():
            yield from named_in(value)
    elif isinstance(node, URIRef):
        yield str(node)
    elif not isinstance(node, str) and hasattr(node, "__iter__"):
        for part in node:
            yield from named_in(part)


def iris(query: str) -> set[str]:
    declared = dict(re.findall(r"(?i)\bPREFIX\s+([\w-]*):\s*<([^>]*)>", query))
    found = set()
    for name in named_in(parseQuery(query)):
        prefix, colon, local = name.partition(":")
        found.add(declared[prefix] + local if colon and prefix in declared else name)
    return found


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id=str(path.relative_to(ROOT / "queries")), marks=[] if number % 10 == 0 else pytest.mark.slow
        )
        for number, path in enumerate(QUERIES)
    ],
)
def test_a_query_of_ours_uses_defined_terms_only(path: Path) -> None:
    """As another parser reads it. Each build checks all queries as ours reads them."""
    found = iris(path.read_text(encoding="utf-8"))
    assert [problem.at(HERE).en for problem in check_query(found, vocabularies())] == []


def test_every_term_of_our_queries_is_read() -> None:
    plans = ROOT / "queries" / "plans.rq"
    assert {iri("plan:linkedPerspective"), iri("plan:position"), iri("dcterms:title")} <= iris(
        plans.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize(
    ("turtle", "position", "wrong", "nearest"),
    [
        ("<x> plan:startsYear '2020'^^xsd:gYear .", "predicate", "plan:startsYear", "plan:startYear"),
        ("<x> plan:StartYear '2020'^^xsd:gYear .", "predicate", "plan:StartYear", "plan:startYear"),
        ("<x> dcterms:titel 'Plan'@nb .", "predicate", "dcterms:titel", "dcterms:title"),
        ("<x> a plan:PlaningStrategy .", "class", "plan:PlaningStrategy", "plan:PlanningStrategy"),
        ("<x> a plan:Municipalty .", "class", "plan:Municipalty", "plan:Municipality"),
        ("<x> plan:Municipalty <y> .", "predicate", "plan:Municipalty", "plan:municipality"),
        ("<x> a dcat:DataSetSeries .", "class", "dcat:DataSetSeries", "dcat:DatasetSeries"),
        ("<x> rdfs:label '7'^^xsd:interger .", "datatype", "xsd:interger", "xsd:integer"),
        ("<x> sh:path plan:numbr .", "individual-of-namespace", "plan:numbr", "plan:number"),
        ("planshape:PlanShap rdfs:label 'x' .", "individual-of-namespace", "planshape:PlanShap", "planshape:PlanShape"),
        ("plan:Perspektive rdfs:label 'x' .", "individual-of-namespace", "plan:Perspektive", "plan:Perspective"),
        (
            "<x> eli-dl:decision_outcome eli-dl:DecisionOutcome-Adoptet .",
            "individual-of-namespace",
            "eli-dl:DecisionOutcome-Adoptet",
            "eli-dl:DecisionOutcome-Adopted",
        ),
        ("<x> sh:severity sh:Warnings .", "individual-of-namespace", "sh:Warnings", "sh:Warning"),
        ("<x> sdgo:isTargetOff <y> .", "predicate", "sdgo:isTargetOff", "sdgo:isTargetOf"),
    ],
)
def test_a_misspelt_term_is_reported_with_the_intended_one(
    turtle: str, position: str, wrong: str, nearest: str
) -> None:
    (problem,) = check(turtle)
    assert (problem.iri, problem.position, problem.nearest) == (iri(wrong), position, iri(nearest))
    assert not problem.deprecated
    assert problem.found is None
    assert problem.at(HERE).severity == "Violation"


def test_a_misspelt_concept_of_a_shared_scheme_is_found() -> None:
    (problem,) = check("<x> plan:planKind <scheme/document-kind/temaplaner> .")
    assert problem.iri == SCHEME + "document-kind/temaplaner"
    assert problem.nearest == SCHEME + "document-kind/temaplan"


def test_a_scheme_of_one_municipality_is_not_closed() -> None:
    assert check("<x> skos:inScheme <5001/scheme/perspectives-2020> .") == []


@pytest.mark.parametrize(
    ("turtle", "wrong", "position", "found", "nearest"),
    [
        ("<x> plan:Perspective <y> .", "plan:Perspective", "predicate", "class", "plan:namesPerspective"),
        ("<x> a plan:municipality .", "plan:municipality", "class", "property", "plan:Municipality"),
        ("<x> plan:number '7'^^rdf:Property .", "rdf:Property", "datatype", "class", None),
        ("<x> a xsd:gYear .", "xsd:gYear", "class", "datatype", None),
        ("<x> sh:Violation <y> .", "sh:Violation", "predicate", "individual", None),
    ],
)
def test_a_term_of_the_wrong_kind_for_its_position_is_reported(
    turtle: str, wrong: str, position: str, found: str, nearest: str | None
) -> None:
    (problem,) = check(turtle)
    assert (problem.iri, problem.position, problem.found) == (iri(wrong), position, found)
    assert problem.nearest == (iri(nearest) if nearest else None)


def test_a_deprecated_term_of_another_vocabulary_is_reported_with_its_replacement() -> None:
    (problem,) = check("<x> eli-dl:recorded_in_realization_of <y> .")
    assert problem.deprecated
    assert problem.at(HERE).severity == "Violation"
    assert problem.nearest == iri("eli-dl:recorded_in_a_realization_of")
    assert problem.at(HERE).en.endswith(f"is deprecated. Write <{problem.nearest}>.")
    assert problem.at(HERE).nb.endswith(f"er utgått. Skriv <{problem.nearest}>.")


OLD_TERM = f"""
plan:oldTitle a owl:DatatypeProperty ; owl:deprecated true ; dcterms:isReplacedBy plan:newTitle ;
    rdfs:isDefinedBy <{PREFIXES["plan"].removesuffix("#")}> .
plan:newTitle a owl:DatatypeProperty ; dcterms:replaces plan:oldTitle ;
    rdfs:isDefinedBy <{PREFIXES["plan"].removesuffix("#")}> .
"""


def test_a_deprecated_term_of_ours_is_a_warning_in_use_but_not_in_its_description() -> None:
    ontology = quads(OLD_TERM, ONTOLOGY_GRAPH)
    shape = quads("planshape:Old a sh:PropertyShape ; sh:path plan:oldTitle .", SHAPES_GRAPH)
    data = quads("<x> plan:oldTitle 'Plan'@nb .")
    known = load_pinned(LISTS).including(ontology + shape)
    assert check_graph(ontology + shape, known) == []
    (problem,) = check_graph(data, known)
    assert (problem.deprecated, problem.at(HERE).severity) == (True, "Warning")
    assert problem.nearest == iri("plan:newTitle")


def test_a_term_of_ours_needs_a_type_and_isdefinedby() -> None:
    home = PREFIXES["plan"].removesuffix("#")
    for turtle in ("plan:half a owl:ObjectProperty .", f"plan:half rdfs:isDefinedBy <{home}> ."):
        known = vocabularies().including(quads(turtle, ONTOLOGY_GRAPH))
        (problem,) = check_graph(quads("<x> plan:half <y> ."), known)
        assert (problem.iri, problem.found) == (iri("plan:half"), None)
    both = f"plan:half a owl:ObjectProperty ; rdfs:isDefinedBy <{home}> ."
    known = vocabularies().including(quads(both, ONTOLOGY_GRAPH))
    assert check_graph(quads("<x> plan:half <y> ."), known) == []


def test_a_data_file_cannot_define_a_term_of_our_ontology() -> None:
    home = PREFIXES["plan"].removesuffix("#")
    own = quads(f"plan:mine a owl:ObjectProperty ; rdfs:isDefinedBy <{home}> . <x> plan:mine <y> .")
    problems = check_graph(own, vocabularies().including(own))
    assert {(problem.iri, problem.position) for problem in problems} == {
        (iri("plan:mine"), "predicate"),
        (iri("plan:mine"), "individual-of-namespace"),
    }


def test_a_problem_names_each_thing_whose_description_has_it() -> None:
    problems = check(f"<{THING}> plan:nummer 8 . <5001/plan/9> plan:nummer 9 ; plan:number 9 .")
    assert [problem.subject for problem in problems] == [THING, "https://w3id.org/plangraf/id/5001/plan/9"]
    (blank,) = check("[] plan:nummer 8 .")
    assert blank.subject is None


def test_iris_outside_the_closed_vocabularies_are_ignored() -> None:
    assert (
        check(f"""
        <{THING}> <https://example.org/own> <https://example.org/Thing> ; rdf:_7 "x"@nb ;
            rdfs:isDefinedBy <http://www.w3.org/ns/dcat#> , <http://purl.org/dc/terms/> ;
            rdfs:seeAlso <http://metadata.un.org/sdg/11.6> , <scheme/document-kind/> .
    """)
        == []
    )


def test_a_term_without_a_similar_one_has_no_suggestion() -> None:
    (problem,) = check("<x> plan:qzxwvk <y> .")
    assert problem.nearest is None
    assert problem.at(HERE).en == f"<{iri('plan:qzxwvk')}> is not defined in its vocabulary."


def test_messages_are_in_both_languages() -> None:
    (problem,) = check("<x> a plan:municipality .")
    assert problem.at(HERE).en == (
        f"<{iri('plan:municipality')}> is used as a class, but is defined as property. "
        f"Did you mean <{iri('plan:Municipality')}>?"
    )
    assert problem.at(HERE).nb == (
        f"<{iri('plan:municipality')}> er brukt som klasse, men definert som egenskap. "
        f"Mente du <{iri('plan:Municipality')}>?"
    )


def test_a_query_is_checked_for_the_chosen_namespaces_only() -> None:
    prologue = "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in ("plan", "dcterms"))
    found = iris(prologue + "SELECT * { ?s plan:nummer/dcterms:titel ?o }")
    assert {problem.iri for problem in check_query(found, vocabularies())} == {
        iri("plan:nummer"),
        iri("dcterms:titel"),
    }
    (problem,) = check_query([*found, PREFIXES["plan"]], vocabularies(), CLOSED_NAMESPACES)
    assert (problem.iri, problem.nearest) == (iri("plan:nummer"), iri("plan:number"))


@pytest.mark.parametrize("prefix", sorted(set(PREFIXES) - {"plan", "planshape"}))
def test_a_vocabulary_that_has_a_prefix_is_pinned_with_its_source(prefix: str) -> None:
    text = (LISTS / f"{prefix}.tsv").read_text(encoding="utf-8")
    assert f"\n# namespace: {PREFIXES[prefix]}\n" in text
    for key in ("source", "date", "complete"):
        assert re.search(rf"^# {key}: \S+", text, re.MULTILINE), key
    rows = [line.split("\t")[0] for line in text.splitlines() if line.startswith(PREFIXES[prefix])]
    assert rows == sorted(set(rows))
    assert rows


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dcat:DatasetSeries", "class"),
        ("dcat:inSeries", "property"),
        ("sh:qualifiedValueShapesDisjoint", "property"),
        ("sh:IRI", "individual"),
        ("rdf:langString", "datatype"),
        ("xsd:gYearMonth", "datatype"),
        ("oa:hasSource", "property"),
        ("oa:TextPositionSelector", "class"),
        ("eli:basis_for", "property"),
        ("eli:LegalResource", "class"),
        ("eli:InForce-inForce", "individual"),
        ("eli-dl:occured_at_stage", "property"),
        ("eli-dl:ForeseenActivity", "class"),
        ("eli-dl:DecisionOutcome-Adopted", "individual"),
        ("sdgo:SDGCodeCompact", "datatype"),
        ("adms:status", "property"),
        ("void:uriRegexPattern", "property"),
    ],
)
def test_a_pinned_list_has_the_term_with_its_kind(name: str, kind: str) -> None:
    term = vocabularies().term(iri(name))
    assert term is not None
    assert (term.kind, term.deprecated) == (kind, False)


def test_the_list_keeps_the_domain_that_a_property_entails() -> None:
    term = vocabularies().term(iri("eli:in_force"))
    assert term is not None
    assert iri("eli:LegalResource") in term.domain
    assert iri("eli:Work") not in term.domain


HEAD = "# namespace: https://example.org/\niri\tkind\tdomain\tdeprecated\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("iri\tkind\tdomain\tdeprecated\nhttps://example.org/a\tclass\t\tfalse\n", 1),
        ("# namespace: https://example.org/\nhttps://example.org/a\tclass\t\tfalse\n", 1),
        (HEAD + "https://example.org/a\tclass\t\tfalse\nhttps://example.org/b\tthing\t\tfalse\n", 4),
        (HEAD + "https://other.org/a\tclass\t\tfalse\n", 3),
        (HEAD + "https://example.org/a\tclass\n", 3),
    ],
)
def test_an_invalid_list_of_terms_is_reported_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "ex.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_pinned(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.place.file, problem.place.line) == ("ontology/vocabularies/ex.tsv", line)


def test_the_longest_namespace_decides_where_one_begins_with_another() -> None:
    known = Vocabularies({"https://example.org/": {}, "https://example.org/deep#": {}})
    assert known.namespace("https://example.org/deep#x") == "https://example.org/deep#"
    assert known.namespace("https://example.org/x") == "https://example.org/"
    assert known.namespace("https://elsewhere.org/x") is None
