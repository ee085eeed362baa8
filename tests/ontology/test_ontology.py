"""The ontology is complete in two languages, parses in two parsers, and reuses existing terms correctly."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, SH, SKOS, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS

from plangraf.rdf.namespaces import ID, ONTOLOGY, PLAN, PREFIXES, SCHEME

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "ontology"
FILES = sorted(FOLDER.rglob("*.ttl"))
BOTH = {"nb", "en"}


def read(*paths: Path) -> rdflib.Graph:
    graph = rdflib.Graph()
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


# rdflib reads these in one process of a run only, the one that tests; both collect.
@cache
def modules() -> rdflib.Graph:
    return read(*FOLDER.glob("*.ttl"))


@cache
def schemes() -> rdflib.Graph:
    return read(*(FOLDER / "schemes").glob("*.ttl"))


@cache
def everything() -> rdflib.Graph:
    return read(*FILES)


@cache
def given_up() -> set[rdflib.term.Node]:
    return set(schemes().subjects(OWL.deprecated))


def parsed(folder: Path) -> list[ox.Quad]:
    return [quad for path in folder.glob("*.ttl") for quad in ox.parse(path=str(path))]


def subjects(quads: list[ox.Quad], predicate: URIRef, value: URIRef | None = None) -> set[str]:
    found = [quad for quad in quads if quad.predicate.value == str(predicate)]
    return {quad.subject.value for quad in found if value is None or quad.object == ox.NamedNode(str(value))}


TERMS = sorted(iri for iri in subjects(parsed(FOLDER), RDF.type) if iri.startswith(PLAN))
_SCHEMES = parsed(FOLDER / "schemes")
CONCEPTS = sorted(subjects(_SCHEMES, RDF.type, SKOS.Concept) - subjects(_SCHEMES, OWL.deprecated))


def languages(graph: rdflib.Graph, subject: str, predicate: URIRef) -> list[str]:
    values = graph.objects(URIRef(subject), predicate)
    return sorted(value.language or "" for value in values if isinstance(value, rdflib.Literal))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_means_the_same_to_rdflib_and_to_the_engine(path: Path) -> None:
    engine = ox.serialize(ox.parse(path=str(path)), format=ox.RdfFormat.N_TRIPLES)
    assert engine
    assert isomorphic(read(path), rdflib.Graph().parse(data=engine, format="nt"))


def test_the_ontology_holds_no_blank_node() -> None:
    assert not [triple for triple in everything() if any(isinstance(term, rdflib.BNode) for term in triple)]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.removeprefix(PLAN))
def test_a_term_is_explained_in_bokmal_and_english(term: str) -> None:
    for predicate in (RDFS.label, SKOS.definition, SKOS.example):
        assert languages(modules(), term, predicate) == ["en", "nb"], predicate
    for predicate in (SKOS.scopeNote,):
        assert languages(modules(), term, predicate) in ([], ["en", "nb"])


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.removeprefix(PLAN))
def test_a_term_names_its_source_and_the_ontology_that_defines_it(term: str) -> None:
    sources = list(modules().objects(URIRef(term), DCTERMS.source))
    assert sources
    assert all(isinstance(source, URIRef) for source in sources)
    assert list(modules().objects(URIRef(term), RDFS.isDefinedBy)) == [URIRef(ONTOLOGY)]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.removeprefix(PLAN))
def test_a_definition_is_a_sentence_and_a_label_is_none(term: str) -> None:
    for definition in modules().objects(URIRef(term), SKOS.definition):
        assert re.fullmatch("[A-ZÆØÅÉ].*[.]", str(definition)), definition
    for label in modules().objects(URIRef(term), RDFS.label):
        is_class = (URIRef(term), RDF.type, OWL.Class) in modules()
        assert re.fullmatch("[A-ZÆØÅ].*[^. ]" if is_class else "[a-zæøå].*[^. ]", str(label)), label


def test_a_local_name_is_written_as_its_kind_asks() -> None:
    for term in TERMS:
        name = term.removeprefix(PLAN)
        is_class = (URIRef(term), RDF.type, OWL.Class) in modules()
        assert re.fullmatch("[A-Z][A-Za-z]*" if is_class else "[a-z][A-Za-z]*", name), name


def test_a_property_is_of_one_kind_and_its_range_fits() -> None:
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty)
    for kind, other in (kinds, kinds[::-1]):
        for term in modules().subjects(RDF.type, kind):
            assert (term, RDF.type, other) not in modules(), term
            for value in modules().objects(term, RDFS.range):
                literal = str(value).startswith(PREFIXES["xsd"]) or value == RDF.langString
                assert literal == (kind == OWL.DatatypeProperty), (term, value)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("PlanningStrategy", "eli:Work"),
        ("Plan", "eli:Work"),
        ("Perspective", "skos:Concept"),
        ("SocietalTrend", "skos:Concept"),
        ("GoverningDocument", "eli:Work"),
        ("Initiative", "foaf:Project"),
        ("Case", "eli-dl:Process"),
        ("Decision", "eli-dl:Decision"),
        ("ForeseenDecision", "eli-dl:ForeseenActivity"),
        ("PoliticalBody", "org:Organization"),
        ("SourceDocument", "eli:Expression"),
        ("Passage", "oa:SpecificResource"),
        ("StrategicApproach", "skos:Concept"),
        ("Topic", "skos:Concept"),
        ("ParticipationActivity", "eli-dl:Activity"),
        ("PlannedActivity", "eli-dl:ForeseenActivity"),
        ("PoliticalPlatform", "eli:Work"),
    ],
)
def test_a_class_stands_under_the_class_that_it_reuses(ours: str, theirs: str) -> None:
    prefix, name = theirs.split(":")
    assert (URIRef(PLAN + ours), RDFS.subClassOf, URIRef(PREFIXES[prefix] + name)) in modules()


@pytest.mark.parametrize("ours", ["Goal", "SubGoal", "CommunityGoal"])
def test_a_municipal_goal_is_never_a_un_goal(ours: str) -> None:
    above = set(everything().transitive_objects(URIRef(PLAN + ours), RDFS.subClassOf))
    assert not [cls for cls in above if str(cls).startswith(PREFIXES["sdgo"])]


@pytest.mark.parametrize("ours", ["Plan", "GoverningDocument", "Initiative"])
def test_a_document_without_adoption_is_never_a_legal_resource(ours: str) -> None:
    legal = URIRef(PREFIXES["eli"] + "LegalResource")
    assert legal not in set(everything().transitive_objects(URIRef(PLAN + ours), RDFS.subClassOf))


def test_the_header_says_what_a_reader_needs() -> None:
    header = URIRef(ONTOLOGY)
    assert (header, RDF.type, OWL.Ontology) in modules()
    for predicate in (DCTERMS.title, DCTERMS.description):
        assert languages(modules(), ONTOLOGY, predicate) == ["en", "nb"]
    assert modules().value(header, DCTERMS.license) == URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert str(modules().value(header, rdflib.VANN.preferredNamespacePrefix)) == "plan"
    assert str(modules().value(header, rdflib.VANN.preferredNamespaceUri)) == PLAN
    assert not list(modules().objects(header, OWL.imports))


def test_the_declared_prefixes_are_those_of_the_service_each_once() -> None:
    declared = [
        (str(modules().value(node, SH.prefix)), str(modules().value(node, SH.namespace)))
        for node in modules().objects(URIRef(ONTOLOGY), SH.declare)
    ]
    assert sorted(declared) == sorted(PREFIXES.items())
    assert len(list(modules().subjects(SH.prefix))) == len(declared)


def test_a_file_binds_a_prefix_as_it_is_declared() -> None:
    for path in sorted([*FOLDER.glob("*.ttl"), *(FOLDER / "schemes").glob("*.ttl")]):
        text = path.read_text(encoding="utf-8")
        for prefix, iri in re.findall(r"^@prefix ([\w-]+): <([^>]*)> \.$", text, re.MULTILINE):
            expected = PREFIXES.get(prefix)
            assert iri == expected if expected else iri.startswith((ID, ONTOLOGY)), (path.name, prefix)
            body = re.sub(r"^@prefix .*$", "", text, flags=re.MULTILINE)
            assert re.search(rf"(?<![\w-]){re.escape(prefix)}:\S", body), f"{path.name} lacks {prefix}:"


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.removeprefix(SCHEME))
def test_a_concept_is_complete_and_named_after_its_scheme_and_code(concept: str) -> None:
    scheme, code = concept.removeprefix(SCHEME).split("/")
    node = URIRef(concept)
    assert [str(value) for value in schemes().objects(node, SKOS.notation)] == [code]
    for predicate in (SKOS.prefLabel, SKOS.definition):
        assert languages(schemes(), concept, predicate) == ["en", "nb"]
    assert list(schemes().objects(node, SKOS.inScheme)) == [URIRef(SCHEME + scheme)]
    above = list(schemes().objects(node, SKOS.broader))
    assert list(schemes().objects(node, SKOS.topConceptOf)) == ([] if above else [URIRef(SCHEME + scheme)])
    assert all((concept, SKOS.inScheme, URIRef(SCHEME + scheme)) in schemes() for concept in above)
    assert (URIRef(SCHEME + scheme), RDF.type, SKOS.ConceptScheme) in schemes()


def test_a_deprecated_concept_names_its_replacement() -> None:
    assert len(given_up()) == 6
    for old in given_up():
        (new,) = schemes().objects(old, DCTERMS.isReplacedBy)
        assert new not in given_up()
        assert (new, RDF.type, None) in schemes()


def test_a_scheme_is_one_file_and_gives_no_label_twice() -> None:
    for path in sorted((FOLDER / "schemes").glob("*.ttl")):
        graph = read(path)
        assert list(graph.subjects(RDF.type, SKOS.ConceptScheme)) == [URIRef(SCHEME + path.stem)]
        assert set(languages(graph, SCHEME + path.stem, RDFS.label)) == BOTH
        labels = list(graph.objects(None, SKOS.prefLabel))
        assert len(labels) == len(set(labels)), path.name


def test_a_property_with_values_from_a_scheme_names_an_existing_scheme() -> None:
    named = {
        match[1]
        for note in modules().objects(None, SKOS.scopeNote)
        if (match := re.search(r"from the scheme ([\w-]+)", str(note)))
    }
    # Metrics are the values of dqv:isMeasurementOf, which is not ours to describe.
    kept = {path.stem for path in (FOLDER / "schemes").glob("*.ttl")} - {"plan-kind"}  # given up
    assert named | {"quality-metric"} == kept


def test_a_unit_is_one_of_qudt_with_a_label_of_ours_or_one_of_ours_with_a_definition() -> None:
    graph = read(FOLDER / "schemes" / "unit.ttl")
    pinned = (FOLDER / "vocabularies" / "unit.tsv").read_text(encoding="utf-8")
    units = set(graph.subjects(RDF.type, URIRef(PREFIXES["qudt"] + "Unit")))
    own = {unit for unit in units if str(unit).startswith(SCHEME + "unit/")}
    assert {str(unit) for unit in units - own} == set(re.findall(r"^http://qudt\.org/\S+", pinned, re.MULTILINE))
    assert units == set(graph.objects(URIRef(SCHEME + "unit"), DCTERMS.hasPart))
    for unit in units:
        assert languages(graph, str(unit), RDFS.label) == ["en", "nb"], unit
        assert set(graph.predicates(unit)) == {RDF.type, RDFS.label} | ({SKOS.definition} if unit in own else set())
    for unit in own:
        assert languages(graph, str(unit), SKOS.definition) == ["en", "nb"], unit


def test_the_structure_of_the_figures_follows_the_data_cube() -> None:
    qb = rdflib.Namespace(PREFIXES["qb"])
    structure, optional = URIRef(PLAN + "figureStructure"), rdflib.Literal(False)
    components = sorted(
        (str(kind).removeprefix(qb), str(term), modules().value(component, qb.componentRequired) == optional)
        for component in modules().objects(structure, qb.component)
        for kind, term in modules().predicate_objects(component)
        if kind not in (RDF.type, RDFS.label, qb.componentRequired)
    )
    assert components == [
        ("attribute", PREFIXES["sdmx-attribute"] + "unitMeasure", False),
        ("attribute", PREFIXES["sdmx-dimension"] + "refArea", True),
        ("attribute", PREFIXES["sdmx-dimension"] + "refPeriod", True),
        ("dimension", PLAN + "figureKey", False),
        ("measure", PREFIXES["sdmx-measure"] + "obsValue", False),
    ]
    # Rule IC-4 of the data cube: a dimension has a range.
    assert list(modules().objects(URIRef(PLAN + "figureKey"), RDFS.range)) == [rdflib.XSD.string]


def test_an_alignment_only_links_terms_of_ours_to_terms_of_others() -> None:
    linking = {RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch, SKOS.relatedMatch, SKOS.exactMatch}
    for path in sorted((FOLDER / "alignments").glob("*.ttl")):
        for subject, predicate, value in read(path):
            assert str(subject) in TERMS, (path.name, subject)
            assert predicate in linking, (path.name, predicate)
            assert not str(value).startswith(PLAN), (path.name, value)
