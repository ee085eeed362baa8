"""Rules about the data that neither shapes nor check queries can express."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, parse

from plangraf.rdf.namespaces import PREFIXES, slug

DATA = Path(__file__).resolve().parents[2] / "data"
DOCUMENT = re.compile(r"https://w3id\.org/plangraf/id/(?:no|[0-9]{2}|[0-9]{4})/governing-document/(.+)")
TITLE = NamedNode("http://purl.org/dc/terms/title")
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
FORCE = NamedNode("https://w3id.org/plangraf/ontology#force")
PROMISES = {
    NamedNode(f"https://w3id.org/plangraf/ontology#{name}") for name in ("Measure", "Commitment", "ProseCommitment")
}


def titles() -> list[tuple[str, str]]:
    return [
        (key[1], triple.object.value)
        for path in sorted(DATA.glob("5001/*/documents.ttl"))
        for triple in parse(path=str(path))
        if triple.predicate == TITLE
        and isinstance(triple.subject, NamedNode)
        and (key := DOCUMENT.fullmatch(triple.subject.value))
        and isinstance(triple.object, Literal)
    ]


def test_a_governing_document_has_the_slug_of_its_title_as_key() -> None:
    found = titles()
    assert len(found) > 80
    assert [(key, slug(title)) for key, title in found if key != slug(title)] == []


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Byvekstavtalen (2019)", "byvekstavtalen-2019"),
        ("Arbeidsgiverpolitisk plattform 2016–2020", "arbeidsgiverpolitisk-plattform-2016-2020"),
        ("  Nærmiljø på Ås: idé & øl! ", "naermiljoe-paa-aas-ide-oel"),
    ],
)
def test_a_slug_is_ascii_with_single_hyphens(title: str, key: str) -> None:
    assert slug(title) == key


def test_every_measure_and_commitment_has_a_force_that_its_label_is_checked_against() -> None:
    """The check label-keeps-the-force does not see a promise without plan:force."""
    triples = [triple for path in sorted(DATA.glob("5001/*/*.ttl")) for triple in parse(path=str(path))]
    promises = {triple.subject for triple in triples if triple.predicate == TYPE and triple.object in PROMISES}
    assert len(promises) >= 431
    assert promises == {triple.subject for triple in triples if triple.predicate == FORCE}


# What figures and aims say of themselves

HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
SCHEME = "https://w3id.org/plangraf/id/scheme/"


@cache
def data() -> Store:
    store = Store()
    for path in sorted(DATA.glob("5001/*/*.ttl")):
        store.bulk_load(path=str(path))
    return store


def query_rows(query: str) -> list[tuple[str, ...]]:
    found = data().query(HEAD + query)
    assert isinstance(found, QuerySolutions)
    return [tuple("" if term is None else term.value for term in row) for row in found]


def digits(printed: str) -> Decimal | None:
    """The number with these digits, apart from spaces and points between thousands; None for any other text."""
    match = re.match(r"(\d{1,3}(?:[ .]\d{3})+|\d+)(,\d+)?(?![\d,]| ?mrd| milliard|/\d|-\d)", printed)
    return Decimal(re.sub(r"[ .]", "", match[1]) + (match[2] or "").replace(",", ".")) if match else None


@pytest.mark.parametrize(
    ("printed", "number"),
    [("16 prosent", "16"), ("205 000", "205000"), ("37.000", "37000"), ("92,55%", "92.55"), ("24,858", "24.858")],
)
def test_printed_digits_are_read(printed: str, number: str) -> None:
    assert digits(printed) == Decimal(number)


@pytest.mark.parametrize("printed", ["én av tre", "1/3", "1 mrd", "3-5 mrd.", "halvparten", "1 milliard kroner"])
def test_a_number_in_words_or_a_computed_one_has_no_printed_digits(printed: str) -> None:
    assert digits(printed) is None


def test_a_value_counts_as_printed_only_if_its_digits_are_printed() -> None:
    found = query_rows("""SELECT ?thing ?value ?printed ?kind {
        { ?thing sdmx-measure:obsValue ?value ; plan:valueAsPrinted ?printed BIND (sdmx-measure:obsValue AS ?property) }
        UNION { ?thing plan:aimValue ?value ; plan:aimAsPrinted ?printed BIND (plan:aimValue AS ?property) }
        ?evidence plan:about ?thing ; plan:aboutProperty ?property ; plan:evidenceKind ?kind }""")
    assert len(found) > 120
    for thing, value, printed, kind in found:
        if kind == SCHEME + "evidence-kind/printed":
            number = digits(re.sub(r"^\D*", "", printed))
            assert number == Decimal(value), (thing, value, printed)
        else:
            assert kind == SCHEME + "evidence-kind/identified", thing


def test_a_unit_is_never_printed_as_it_stands_in_the_scheme() -> None:
    kinds = query_rows("""SELECT DISTINCT ?kind { ?evidence plan:evidenceKind ?kind ; plan:aboutProperty ?property
        FILTER (?property IN (sdmx-attribute:unitMeasure, plan:aimUnit)) }""")
    assert kinds == [(SCHEME + "evidence-kind/identified",)]


BOUNDS = {
    "minst": "at-least",
    "ikke mer enn": "at-most",
    "i snitt": "on-average",
    "over": "more-than",
    "under": "less-than",
}


def test_a_printed_qualifier_has_its_code() -> None:
    found = query_rows("""SELECT ?thing ?printed (GROUP_CONCAT(STR(?code)) AS ?codes) {
        { ?thing plan:qualifierAsPrinted ?printed ; sdmx-measure:obsValue ?value }
        UNION { ?thing plan:aimAsPrinted ?printed }
        OPTIONAL { ?thing plan:valueQualifier ?code } } GROUP BY ?thing ?printed""")
    assert len(found) > 25
    for thing, printed, codes in found:
        for word, code in BOUNDS.items():
            if re.match(rf"{word}\b", printed):
                assert code in codes, (thing, printed)
        if "/figure/" in thing:
            assert codes, (thing, printed)


def test_what_is_counted_by_the_year_has_a_unit_by_the_year() -> None:
    for thing, printed, unit in query_rows(
        "SELECT ?thing ?printed ?unit { ?thing plan:aimAsPrinted ?printed ; plan:aimUnit ?unit }"
    ):
        assert bool(re.search("årlig|i året", printed)) == unit.lower().endswith(("per-yr", "per-year")), thing


def test_each_activity_leads_to_the_plan_that_it_was_for() -> None:
    lost = query_rows("""SELECT ?activity { ?activity a ?class
        FILTER (?class IN (plan:ParticipationActivity, plan:PlannedActivity))
        FILTER NOT EXISTS { ?activity plan:participationIn/dcterms:title ?plan } }""")
    assert lost == []
    assert len(query_rows("SELECT ?activity { ?activity plan:participationIn/a plan:PlanningStrategy }")) == 8


def test_no_organisation_stands_as_an_activity() -> None:
    both = query_rows("""SELECT ?activity ?name { ?activity a plan:ParticipationActivity ; rdfs:label ?name .
        ?organisation a ?class ; rdfs:label ?name
        FILTER (?class IN (org:Organization, org:OrganizationalUnit, plan:ActorGroup)) }""")
    assert both == []


def test_prose_commitments_are_kept_apart_from_the_bullets() -> None:
    assert [n for (n,) in query_rows("SELECT (COUNT(?c) AS ?n) { ?c a plan:Commitment }")] == ["285"]
    assert [n for (n,) in query_rows("SELECT (COUNT(?c) AS ?n) { ?c a plan:ProseCommitment }")] == ["54"]
    assert query_rows("SELECT ?c { ?c a plan:Commitment , plan:ProseCommitment }") == []
