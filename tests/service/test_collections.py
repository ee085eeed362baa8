"""A collection holds every thing of its class once, in Norwegian order, and the same in every format."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from pyld import jsonld
from rdflib import DCTERMS, RDF, Graph, URIRef
from rdflib.compare import isomorphic

from list_page import read_list
from plangraf.engines.interface import QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.numbers_in_text import natural_key
from plangraf.settings import default_home
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.sparql.named.collection_files import load_collections
from plangraf.store.contents import Contents
from plangraf.store.versions import Version
from plangraf.views.collections.facet_values import MOST_FREQUENT
from plangraf.views.collections.list_files import LISTS, write_index, write_order
from plangraf.views.collections.members import SortRow, in_order, order, order_query, select

ID = "https://w3id.org/plangraf/id/"
HYDRA = "http://www.w3.org/ns/hydra/core#"
PLAN = "https://w3id.org/plangraf/ontology#"
PREFIXES = """PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX eli: <http://data.europa.eu/eli/ontology#>
PREFIX eli-dl: <http://data.europa.eu/eli/eli-draft-legislation-ontology#>
PREFIX sdgo: <http://metadata.un.org/sdg/ontology#>
PREFIX sdmx-dimension: <http://purl.org/linked-data/sdmx/2009/dimension#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
"""
COLLECTIONS = load_collections(default_home() / "queries")
ANY = [pytest.param(collection, id=path) for path, collection in COLLECTIONS.items()]
# Each third, and all in the longer set.
SAMPLE = [
    pytest.param(collection, id=path, marks=[] if number % 3 == 0 else pytest.mark.slow)
    for number, (path, collection) in enumerate(COLLECTIONS.items())
]
FACETS = [
    pytest.param(collection, facet, id=f"{path}-{facet.name}")
    for path, collection in COLLECTIONS.items()
    for facet in collection.facets
]
# What each facet means, as somebody would ask it at /sparql: ?thing has the value ?value.
NUMBER_OF = "?thing plan:municipality [ plan:municipalityNumber ?value ]"
NAMED_IN = (
    'GRAPH ?g { ?thing a ?c } FILTER (STRSTARTS(STR(?g), CONCAT("https://w3id.org/plangraf/graph/", ?value, "/")))'
)
YEAR_OF = "FILTER (STRSTARTS(STR(?when), ?value))"
MEASURED_BY = """{ ?thing plan:measuresIndicator ?value } UNION {
  ?thing qb:structure [ qb:component [ qb:dimension [ qb:codeList ?list ] ] ] .
  ?code skos:inScheme ?list ; plan:measuresIndicator ?value
}"""
OF_TARGET = """{ ?indicator sdgo:isIndicatorOf ?value } UNION {
  ?indicator skos:closeMatch ?other . ?other sdgo:isIndicatorOf ?value
}"""
MEANT = {
    "municipalities-county": "?thing plan:county ?county . ?county plan:countyNumber ?value",
    "statistics-tables-indicator": MEASURED_BY,
    "statistics-tables-target": f"{{ SELECT ?thing (?value AS ?indicator) {{ {MEASURED_BY} }} }} {OF_TARGET}",
    "indicator-links-indicator": "?thing plan:linkedIndicator ?value",
    "area-changes-area": "{ ?thing plan:changedFrom ?value } UNION { ?thing plan:changedTo ?value }",
    "area-changes-year": f"?thing plan:changeDate ?when {YEAR_OF}",
    "indicators-list": "?thing skos:inScheme ?value",
    "indicators-target": "?thing sdgo:isIndicatorOf ?value",
    "indicators-unIndicator": "?thing skos:closeMatch ?value",
    "plans-period": "?strategy eli:basis_for ?thing ; dcterms:temporal ?value",
    "plans-kind": "?thing plan:planKind ?value",
    "plans-year": f"?thing plan:startYear ?when {YEAR_OF}",
    "plans-perspective": "?thing plan:respondsTo ?value",
    "plans-goal": "?thing plan:respondsTo ?p . ?p plan:relatesToTarget ?t . ?t sdgo:isTargetOf ?value",
    "plans-target": "?thing plan:respondsTo ?p . ?p plan:relatesToTarget ?value",
    "planning-strategies-period": "?thing dcterms:temporal ?value",
    "visions-status": "?thing plan:proposalStatus ?value",
    "documents-period": "?thing dcterms:temporal ?value",
    "participation-activities-year": f"?thing eli-dl:activity_date ?when {YEAR_OF}",
    "planned-activities-year": f"?thing plan:plannedStart ?when {YEAR_OF}",
    "perspectives-target": "?thing plan:relatesToTarget ?value",
    "perspectives-document": "?thing plan:hasGoverningDocument ?value",
    "targets-goal": "?thing sdgo:isTargetOf ?value",
    "targets-perspective": "?value plan:relatesToTarget ?thing",
    "municipal-goals-partOf": "?thing dcterms:isPartOf ?value",
    "community-goals-dimension": "?thing plan:dimension ?value",
    "community-goals-status": "?thing plan:proposalStatus ?value",
    "topics-goal": "?thing plan:topicOf ?value",
    "topics-perspective": "?thing plan:namesPerspective ?value",
    "measures-partOf": "?thing dcterms:isPartOf ?value",
    "measures-year": f"?thing plan:deadline ?when {YEAR_OF}",
    "measures-force": "?thing plan:force ?value",
    "policy-areas-partOf": "?thing dcterms:isPartOf ?value",
    "commitments-area": "?thing dcterms:isPartOf/dcterms:isPartOf? ?value . ?value a plan:PolicyArea",
    "commitments-section": "?thing dcterms:isPartOf ?value . ?value a plan:PlatformSection",
    "commitments-year": f"?thing plan:deadline ?when {YEAR_OF}",
    "commitments-force": "?thing plan:force ?value",
    "figures-perspective": "?thing plan:documentsPerspective ?value",
    "figures-status": "?thing plan:figureStatus ?value",
    "figures-year": f"?thing sdmx-dimension:refPeriod ?when FILTER (ISLITERAL(?when)) {YEAR_OF}",
    "documents-municipality": NAMED_IN,
    "initiatives-municipality": NAMED_IN,
    "documents-class": "?thing a ?value",
    "documents-kind": "?thing plan:documentKind ?value",
    "documents-status": "?citation plan:citedDocument ?thing ; plan:documentStatus ?value",
    "documents-level": "?thing plan:governanceLevel ?value",
    "documents-perspective": "?value plan:hasGoverningDocument ?thing ; a plan:Perspective",
    "documents-year": f"?thing dcterms:date ?when {YEAR_OF}",
    "source-documents-municipality": NAMED_IN,
    "source-documents-year": f"?thing dcterms:date ?when {YEAR_OF}",
    "cases-body": "?thing eli-dl:had_responsible_organization ?value",
    "decisions-municipality": NAMED_IN,
    "legal-provisions-municipality": NAMED_IN,
    "decisions-body": "?thing eli-dl:had_responsible_organization ?value",
    "decisions-year": f"{{ ?thing eli-dl:activity_date ?when }} UNION {{ ?thing plan:decisionPeriod ?when }} {YEAR_OF}",
    "decisions-outcome": "?thing eli-dl:decision_outcome ?value",
    "decisions-document": "?thing plan:decidedOn ?value",
    "decisions-type": "?thing plan:decisionType ?value",
    "participation-activities-phase": "?thing plan:inPhase ?value",
    "participation-activities-plan": "?thing plan:participationIn ?value",
    "commitments-partner": "?thing plan:partner ?value",
    "commitments-place": "?thing dcterms:spatial ?value",
    "prose-commitments-area": "?thing dcterms:isPartOf/dcterms:isPartOf? ?value . ?value a plan:PolicyArea",
    "prose-commitments-partner": "?thing plan:partner ?value",
    "prose-commitments-place": "?thing dcterms:spatial ?value",
    "planned-activities-body": "?thing eli-dl:had_responsible_organization ?value",
    **{
        f"{path}-{name}": f"?link a plan:InterpretedLink ; plan:linkFrom ?thing ; plan:linkTo ?value . ?value a {kind}"
        for path in ("commitments", "measures", "community-goals")
        for name, kind in (("interpretedPerspective", "plan:Perspective"), ("interpretedTarget", "sdgo:Target"))
    },
    **{
        f"{path}-municipality": NAMED_IN
        for path in (
            "interpreted-links",
            "interpretation-methods",
            "plan-perspective-links",
            "perspective-target-links",
            "evidence",
            "passages",
            "periods",
            "figure-sets",
            "unconfirmed-links",
            "readings",
            "interpretation-rules",
            "rule-clauses",
            "actor-groups",
            "surveys",
        )
    },
    "interpreted-links-kind": "?thing plan:linkFrom [ a ?value ] FILTER (CONTAINS(STR(?value), '/plangraf/ontology#'))",
    "interpreted-links-from": "?thing plan:linkFrom ?value",
    "interpreted-links-perspective": "?thing plan:linkTo ?value FILTER (CONTAINS(STR(?value), '/perspective/'))",
    "interpreted-links-target": "?thing plan:linkTo ?value FILTER (CONTAINS(STR(?value), '/sdg/'))",
    "interpreted-links-method": "?thing plan:method ?value",
    "unconfirmed-links-from": "?thing plan:unconfirmedFrom ?value",
    "unconfirmed-links-perspective": "?thing plan:unconfirmedTo ?value FILTER (CONTAINS(STR(?value), '/perspective/'))",
    "unconfirmed-links-target": "?thing plan:unconfirmedTo ?value FILTER (CONTAINS(STR(?value), '/sdg/'))",
    "unconfirmed-links-givenBy": "?thing a plan:UnconfirmedLink ; plan:givenBy ?value",
    "rule-clauses-partOf": "?thing dcterms:isPartOf ?value",
    "platform-sections-partOf": "?thing dcterms:isPartOf ?value",
    "citations-citedBy": "?thing plan:citedBy ?value",
    "citations-document": "?thing plan:citedDocument ?value",
    "citations-status": "?thing plan:documentStatus ?value",
    "citations-case": "?thing plan:citedCase ?value",
    "plan-perspective-links-plan": "?thing plan:linkedPlan ?value",
    "plan-perspective-links-perspective": "?thing plan:linkedPerspective ?value",
    "perspective-target-links-perspective": "?thing plan:linkedPerspective ?value",
    "perspective-target-links-target": "?thing plan:linkedTarget ?value",
    "perspective-target-links-evidence": "?thing plan:targetEvidence ?value",
    "evidence-kind": "?thing plan:evidenceKind ?value",
    "evidence-document": "?thing plan:passage [ oa:hasSource ?value ]",
    "evidence-checked": "?thing plan:checked ?is FILTER (STR(?is) = ?value)",
    "evidence-property": "?thing plan:aboutProperty ?value",
    "evidence-about": "?thing plan:about ?value",
    "passages-document": "?thing oa:hasSource ?value",
    "concepts-scheme": "?thing skos:inScheme ?value",
}
# Of a filter with more values, this many are requested one by one; in the longer set more.
MOST_VALUES = [3, pytest.param(60, marks=pytest.mark.slow)]


YEARS = [str(year) for year in range(1980, 2060)]


def rows(url: str, query: str) -> list[str]:
    return [row["thing"]["value"] for row in bindings(url, query)]


def classes(collection: Collection) -> str:
    return " ".join(f"<{iri}>" for iri in collection.classes)


def all_members(client: httpx.Client, path: str, parameters: Mapping[str, str]) -> tuple[int, list[str]]:
    """The total on the first page, and the things of all pages."""
    document = client.get(path, params={**parameters, "limit": "1000"}).json()
    total, found = document["totalItems"], members(document)
    while following := document["view"].get("next"):
        document = client.get(following, headers={"Accept": "application/ld+json"}).json()
        found += members(document)
    return total, found


def members(document: Mapping[str, Any]) -> list[str]:
    return [member["id"] for member in document["member"]]


def local_address(url: str, address: str) -> str:
    """The address, checked to belong to this service."""
    assert address.startswith(url + "/"), address
    return address


def graph_of(url: str, response: httpx.Response) -> Graph:
    media_type = response.headers["content-type"].partition(";")[0]
    if media_type != "application/ld+json":
        return Graph().parse(data=response.text, format=media_type)

    def load(address: str, _options: dict[str, Any] | None = None) -> dict[str, Any]:
        assert urlsplit(address).path == "/context/v1.jsonld"
        return {"contextUrl": None, "documentUrl": address, "document": httpx.get(address).json()}

    quads = jsonld.to_rdf(response.json(), {"format": "application/n-quads", "documentLoader": load})
    return Graph().parse(data=quads, format="nt")


def test_every_class_of_the_ontology_that_has_things_stands_in_a_collection(url: str) -> None:
    reused = (
        "dcterms:PeriodOfTime org:Post org:Organization org:OrganizationalUnit skos:Concept "
        "skos:ConceptScheme sdgo:Goal sdgo:Target dcat:Dataset"
    )
    used = bindings(
        url,
        f"""SELECT DISTINCT ?class WHERE {{
          {{ VALUES ?class {{ {reused} }} }} UNION {{ ?class rdfs:isDefinedBy <{PLAN.rstrip("#")}> }}
          ?thing a ?class
        }}""",
    )
    found = {row["class"]["value"] for row in used}
    assert len(found) > 40
    listed = {iri for collection in COLLECTIONS.values() for iri in collection.classes}
    assert found <= listed, sorted(found - listed)


def test_an_interpreted_link_says_how_sure_it_is_and_what_it_joins(url: str) -> None:
    parameters = {"kind": "Measure", "target": "10.2"}
    text = httpx.get(f"{url}/interpreted-links.csv", params=parameters).text
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert table
    for row in table:
        assert 0 < float(row["confidence"]) <= 1
        assert row["to"] == "http://metadata.un.org/sdg/10.2"
        assert row["key"] == row["thing"].rpartition("/")[2]
        assert row["reason"]
    measures = members(httpx.get(f"{url}/measures.jsonld", params={"interpretedTarget": "10.2"}).json())
    assert sorted(measures) == sorted({row["from"] for row in table})


@pytest.mark.sampled(3)
@pytest.mark.parametrize("collection", ANY)
def test_both_walks_find_every_thing_of_the_class_once(url: str, collection: Collection) -> None:
    things = rows(url, f"SELECT DISTINCT ?thing WHERE {{ VALUES ?c {{ {classes(collection)} }} ?thing a ?c }}")
    assert bool(things) != bool(collection.when_empty), "a list that the data leave empty says why"
    limit = min(1000, max(1, len(things) // 3))
    walks: list[list[str]] = []
    with httpx.Client() as client:
        for suffix in ("", ".jsonld"):
            found: list[str] = []
            address = f"{url}/{collection.path}{suffix}?limit={limit}"
            while address:
                response = client.get(local_address(url, address), headers={"Accept": "application/ld+json"})
                assert response.status_code == 200, response.text
                document = response.json()
                assert document["totalItems"] == len(things)
                assert document["type"] == "Collection"
                assert document["view"]["type"] == "PartialCollectionView"
                found += members(document)
                links = {name: link["url"] for name, link in response.links.items()}
                view = document["view"]
                for rel, name in (("first", "first"), ("last", "last"), ("prev", "previous"), ("next", "next")):
                    assert (rel in links) == (name in view)
                    if rel in links:
                        assert parse_qs(urlsplit(links[rel]).query) == parse_qs(urlsplit(view[name]).query)
                        assert urlsplit(links[rel]).path == f"/{collection.path}{suffix}"
                # One walk follows Hydra, the other the Link header.
                address = view.get("next") if suffix == "" else links.get("next")
            walks.append(found)
    assert sorted(walks[0]) == sorted(things)
    assert walks[0] == walks[1]
    assert len(set(walks[0])) == len(walks[0])


def norwegian(text: str) -> list[tuple[int, int | str]]:
    """A simple Norwegian order for the titles of the data: letters and numbers only, without case."""
    plain = text.lower().replace("aa", "å").replace("ä", "æ").replace("ü", "y").replace("é", "e")
    swapped = plain.translate(str.maketrans("æøå", "{|}"))
    parts = re.findall(r"[0-9]+|[a-z{|}]|[^a-z{|}0-9]", swapped)
    return [
        (2, part) if part >= "a" else (1, int(part)) if part.isdigit() else (0, " " if part.isspace() else "-")
        for part in parts
    ]


def test_documents_stand_in_norwegian_order(url: str) -> None:
    found = httpx.get(f"{url}/documents.jsonld", params={"limit": 1000}).json()["member"]
    titles = [(document.get("title") or document["label"])["nb"] for document in found]
    assert len(titles) > 50
    assert [norwegian(title) for title in titles] == sorted(norwegian(title) for title in titles)
    assert titles != sorted(titles), "the data no longer tell Norwegian order from that of code points"


def test_numbered_things_stand_in_the_order_of_their_numbers(url: str) -> None:
    targets = httpx.get(f"{url}/targets.csv", params={"limit": 1000}).text
    codes = [row["code"] for row in csv.DictReader(io.StringIO(targets))]
    assert codes.index("2.4") < codes.index("11.2") < codes.index("11.6") < codes.index("11.a") < codes.index("12.1")
    goals = httpx.get(f"{url}/municipal-goals.csv").text
    numbers = [row["number"] for row in csv.DictReader(io.StringIO(goals))]
    assert numbers == sorted(numbers, key=natural_key)


def test_things_without_a_number_stand_last_and_bokmal_decides() -> None:
    def row(thing: str, *texts: tuple[str, str]) -> list[SortRow]:
        return [(thing, [text]) for text in texts]

    found: list[SortRow] = [
        ("none", [None]),
        *row("å", ("Ås", "nb"), ("A", "en")),
        *row("b", ("Z", "en"), ("B", "nb")),
        *row("x1", ("Like", "nb")),
        *row("x0", ("Like", "nb")),
        *row("10", ("10", "nb")),
        *row("9", ("9", "nb")),
    ]
    assert in_order(found) == ("9", "10", "b", "x0", "x1", "å", "none")
    assert in_order(found[::-1]) == in_order(found)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("collection", SAMPLE)
def test_csv_and_json_ld_hold_the_same_things_and_values(url: str, collection: Collection) -> None:
    response = httpx.get(f"{url}/{collection.path}.csv?limit=50")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.count("\r\n") > 1 or collection.when_empty
    table = list(csv.DictReader(io.StringIO(response.text, newline="")))
    page = httpx.get(f"{url}/{collection.path}.jsonld?limit=50")
    assert [row["thing"] for row in table] == members(page.json())
    graph = graph_of(url, page)
    for row in table:
        thing = URIRef(row["thing"])
        for column in collection.columns:
            if not column.links:
                continue
            linked = {str(value) for value in graph.objects(thing, URIRef(column.path[0]))}
            assert {value for value in row[column.name].split(" | ") if value} == linked
            assert bool(linked) == bool(row[f"{column.name}Label"])
    titles = [row.get("title") or row.get("label") or row.get("key") for row in table]
    assert all(titles), "a thing without a name"


@pytest.mark.sampled(9)
@pytest.mark.parametrize("collection", ANY)
def test_csv_has_the_same_columns_on_every_page_of_a_collection(url: str, collection: Collection) -> None:
    heads = set()
    filters = ["", *(f"{facet.name}={facet.parameter.example}" for facet in collection.facets)]
    for query in (*filters, "limit=1", "limit=1&page=1&lang=en"):
        response = httpx.get(f"{url}/{collection.path}.csv?{query}")
        assert response.status_code == 200, response.text
        head, *table = csv.reader(io.StringIO(response.text, newline=""))
        assert all(len(row) == len(head) for row in table)
        assert "\n" not in response.text.replace("\r\n", "")
        heads.add(tuple(head))
    assert len(heads) == 1
    assert next(iter(heads))[0] == "thing"


@pytest.mark.sampled(18)
@pytest.mark.parametrize(("collection", "facet"), FACETS)
@pytest.mark.parametrize("most_values", MOST_VALUES)
def test_every_filter_value_selects_the_things_that_a_query_finds(
    url: str, collection: Collection, facet: Facet, most_values: int
) -> None:
    meaning = MEANT.get(f"{collection.path}-{facet.name}", NUMBER_OF if facet.name == "municipality" else None)
    assert meaning, "say what this facet means"
    given = {"year": YEARS, "municipality": ["5001", "5016", "5030"], "checked": ["true", "false"]}.get(facet.name, [])
    values = f"VALUES ?value {{ {' '.join(map(quoted, given))} }}" if given else ""
    expected: dict[str, set[str]] = {}
    pattern = f"{values} VALUES ?c {{ {classes(collection)} }} ?thing a ?c . {meaning}"
    for row in bindings(url, f"SELECT DISTINCT ?thing ?value WHERE {{ {pattern} }}"):
        expected.setdefault(row["value"]["value"], set()).add(row["thing"]["value"])
    page = read_list(httpx.get(f"{url}/{collection.path}.html", params={"lang": "en"}).text)
    control = page.filters.get(facet.name)
    # A filter whose only value all things have narrows nothing, so the page leaves it out.
    every = f"SELECT DISTINCT ?thing WHERE {{ VALUES ?c {{ {classes(collection)} }} ?thing a ?c }}"
    total = len(rows(url, every))
    narrowing = len(expected) > 1 or any(len(things) < total for things in expected.values())
    assert bool(control) == narrowing
    shown = {value: number for value, (_, number) in control.choices.items()} if control else {}
    assert len(shown) == (min(len(expected), MOST_FREQUENT) if narrowing else 0)
    with httpx.Client(base_url=url) as client:
        for value, things in list(expected.items())[:: 1 + len(expected) // most_values]:
            short = facet.short(value)
            assert shown.get(short, len(things)) == len(things)
            total, found = all_members(client, f"/{collection.path}.jsonld", {facet.name: short})
            assert total == len(found) == len(things)
            assert set(found) == things, short
        for value in list(expected)[:2]:
            by_iri, by_code = (
                client.get(f"/{collection.path}.csv", params={facet.name: form}).content
                for form in (value, facet.short(value))
            )
            assert by_iri == by_code


def bindings(url: str, query: str) -> list[dict[str, Any]]:
    response = httpx.get(f"{url}/sparql", params={"query": PREFIXES + query, "format": "json"})
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["results"]["bindings"]
    return found


def quoted(text: str) -> str:
    return f'"{text}"'


def test_several_filters_select_the_things_that_match_all(url: str) -> None:
    parameters = {"kind": "temaplan", "target": "11.6", "municipality": "5001"}
    both = members(httpx.get(f"{url}/plans.jsonld", params=parameters).json())
    kind = members(httpx.get(f"{url}/plans.jsonld", params={"kind": "temaplan"}).json())
    target = members(httpx.get(f"{url}/plans.jsonld", params={"target": "11.6"}).json())
    assert both == [plan for plan in kind if plan in target]
    assert 0 < len(both) < min(len(kind), len(target))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("page=0", 400, "bad-parameter"),
        ("page=x", 400, "bad-parameter"),
        ("page=-1", 400, "bad-parameter"),
        ("page=1&page=2", 400, "bad-parameter"),
        ("limit=0", 400, "bad-parameter"),
        ("limit=1001", 400, "bad-parameter"),
        ("color=red", 400, "bad-parameter"),
        ("version=1", 400, "bad-parameter"),
        ("lang=de", 400, "bad-parameter"),
        ("municipality=50", 400, "bad-parameter"),
        ("municipality=5001&municipality=5001", 400, "bad-parameter"),
        ("year=20x0", 400, "bad-parameter"),
        ("target=eleven", 400, "bad-parameter"),
        ("perspective=http://exa%20mple", 400, "bad-parameter"),
        ("kind=a%20b", 400, "bad-parameter"),
        ("kind=", 400, "bad-parameter"),
        ("format=docx", 400, "bad-parameter"),
        ("page=2", 404, "not-found"),
        ("page=99999999999", 400, "bad-parameter"),
        ("page=1.5", 400, "bad-parameter"),
        ("page=999999999", 404, "not-found"),
        ("kind=temaplan&page=2", 404, "not-found"),
        ("limit=5&page=7", 404, "not-found"),
        ("municipality=9999", 400, "bad-parameter"),
        ("kind=roman", 400, "bad-parameter"),
        ("perspective=urn:x:y", 400, "bad-parameter"),
        ("target=1.99", 400, "bad-parameter"),
        ("kind=https%3A%2F%2Fw3id.org%2Fplangraf%2Fontology%23Nothing", 400, "bad-parameter"),
        ("kind=%FF", 400, "bad-request"),
        ("version=0123456789abcdef", 404, "not-found"),
    ],
)
def test_an_invalid_request_is_refused(url: str, query: str, status: int, code: str) -> None:
    response = httpx.get(f"{url}/plans?{query}", headers={"Accept": "text/turtle"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_an_unknown_value_and_an_unknown_filter_are_refused_with_the_choices(url: str) -> None:
    assert "temaplan" in httpx.get(f"{url}/plans.csv?kind=roman").json()["detail"]
    detail = httpx.get(f"{url}/plans?color=red").json()["detail"]
    assert all(facet.name in detail for facet in COLLECTIONS["plans"].facets)
    assert "the last one is 6" in httpx.get(f"{url}/plans?limit=5&page=7").json()["detail"]
    for accept, media_type in (("text/html", "text/html"), ("text/turtle", "application/problem+json")):
        response = httpx.get(f"{url}/plans?page=2", headers={"Accept": accept})
        assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (404, media_type)


@pytest.mark.parametrize(
    "query",
    ["target=1.1", "year=1814", "kind=temaplan&year=1814", "kind=risk-analysis&year=2023"],
)
def test_a_known_value_that_nothing_has_gives_an_empty_collection(url: str, query: str) -> None:
    document = httpx.get(f"{url}/plans.jsonld?{query}").json()
    assert (document["totalItems"], document["member"]) == (0, [])
    assert set(document["view"]) == {"id", "type", "first", "last"}
    assert httpx.get(f"{url}/plans.csv?{query}").text.count("\r\n") == 1
    assert httpx.get(f"{url}/plans.html?{query}").status_code == 200


def test_an_unknown_accept_header_is_refused_with_the_choices(url: str) -> None:
    response = httpx.get(f"{url}/plans", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "text/csv" in response.json()["choices"]


@pytest.mark.sampled(9)
@pytest.mark.parametrize("collection", SAMPLE)
def test_a_page_is_the_same_graph_in_every_format(url: str, collection: Collection) -> None:
    graphs = []
    for media_type in ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"):
        response = httpx.get(f"{url}/{collection.path}?limit=5", headers={"Accept": media_type})
        assert response.headers["content-type"].startswith(media_type)
        assert "Accept" in response.headers["vary"]
        graphs.append(graph_of(url, response))
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])
    own, total = URIRef(f"{url}/{collection.path}"), URIRef(HYDRA + "totalItems")
    things = list(graphs[0].objects(own, URIRef(HYDRA + "member")))
    assert len(things) <= 5
    assert bool(things) != bool(collection.when_empty)
    described = sorted(str(text) for text in graphs[0].objects(own, DCTERMS.description))
    assert described == sorted(collection.when_empty.text if collection.when_empty else ())
    assert int(str(graphs[0].value(own, total))) >= len(things)
    for thing in things:
        said = [p for p in graphs[0].predicates(thing) if p != RDF.type]
        assert said, thing


def test_a_revalidated_page_is_304(url: str) -> None:
    for path in ("/plans.jsonld", "/documents.csv?limit=10&page=2", "/cases.html", "/plans.ttl?kind=temaplan"):
        first = httpx.get(url + path)
        again = httpx.get(url + path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["link"] == first.headers["link"]
        head = httpx.head(url + path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == first.headers["content-length"]
        assert head.headers["etag"] == first.headers["etag"]
        assert first.headers["plangraf-version"] in first.headers["link"]
        assert first.headers["access-control-allow-origin"] == "*"
        assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"
        pinned = httpx.get(first.links["first"]["url"])
        assert pinned.headers["cache-control"] == "public, max-age=31536000, immutable"
    tags = {httpx.get(f"{url}/documents.jsonld?page={page}&limit=40").headers["etag"] for page in (1, 2, 3)}
    assert len(tags) == 3


@pytest.mark.slow
def test_the_address_is_the_public_one_and_never_the_host_header(
    start_server: Callable[..., AbstractContextManager[Any]],
) -> None:
    with start_server("--workers", "1", PLANGRAF_PUBLIC_URL="https://plan.example.org/graf") as server:
        response = httpx.get(f"{server.url}/cases.jsonld?limit=2", headers={"Host": "evil.example"})
        assert "evil" not in response.text + response.headers["link"]
        assert response.json()["view"]["next"].startswith("https://plan.example.org/graf/cases?limit=2&version=")
        page = httpx.get(f"{server.url}/cases.html?limit=2").text
        assert "https://plan.example.org/graf/cases.html?limit=2&amp;version=" in page
        assert 'action="/graf/cases.html"' in page


def test_links_preserve_version_filters_and_format(url: str) -> None:
    response = httpx.get(f"{url}/plans?kind=temaplan&limit=3&page=2&format=csv&lang=en")
    version = response.headers["plangraf-version"]
    following = parse_qs(urlsplit(response.links["next"]["url"]).query)
    assert following == {
        "kind": ["temaplan"],
        "limit": ["3"],
        "version": [version],
        "page": ["3"],
        "format": ["csv"],
        "lang": ["en"],
    }
    assert "thematic plan" in response.text
    answer = httpx.get(response.links["next"]["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")


def test_the_canonical_address_of_a_page_outlives_its_version(url: str) -> None:
    for query, lasting in (
        ("", ""),
        ("?page=1", ""),
        ("?kind=temaplan&limit=3&page=2&lang=en", "?kind=temaplan&limit=3&page=2"),
    ):
        current = httpx.get(f"{url}/plans.html{query}")
        version = current.headers["plangraf-version"]
        pinned = httpx.get(f"{url}/plans.html{query}{'&' if query else '?'}version={version}")
        kept = httpx.get(f"{url}/version/{version}/plans.html{query}")
        for response in (current, pinned, kept):
            assert response.links["canonical"]["url"] == f"{url}/plans{lasting}"
            found = re.findall('<link rel="canonical" href="([^"]*)">', response.text)
            assert [unescape(address) for address in found] == [f"{url}/plans{lasting}"]
            for rel in ("first", "last"):
                assert parse_qs(urlsplit(response.links[rel]["url"]).query)["version"] == [version]


def test_the_list_of_collections_of_a_retained_version_links_within_it(url: str) -> None:
    version = httpx.get(f"{url}/collections").headers["plangraf-version"]
    base = f"{url}/version/{version}"
    expected = {f"{base}/{path}" for path in COLLECTIONS}
    for suffix in ("ttl", "jsonld", "rdf"):
        graph = graph_of(url, httpx.get(f"{base}/collections.{suffix}"))
        listed = graph.objects(URIRef(f"{base}/collections"), URIRef(HYDRA + "member"))
        assert {str(address) for address in listed} == expected
        templates = [str(template) for template in graph.objects(None, URIRef(HYDRA + "template"))]
        assert templates
        assert all(template.startswith(f"{base}/") for template in templates)
    table = csv.DictReader(io.StringIO(httpx.get(f"{base}/collections.csv").text, newline=""))
    assert {row["collection"] for row in table} == expected
    assert all(httpx.get(address).status_code == 200 for address in sorted(expected)[:3])


class Tables(HTMLParser):
    """Rows and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows = 0
        self.links: list[str] = []
        self.lang: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.rows += tag == "tr"
        if tag == "a" and (href := given.get("href")):
            self.links.append(href)
        if tag == "html":
            self.lang = given.get("lang")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("collection", ANY)
def test_a_page_for_people_shows_every_thing_with_a_link(url: str, collection: Collection, language: str) -> None:
    response = httpx.get(
        f"{url}/{collection.path}?limit=20", headers={"Accept": "text/html", "Accept-Language": language}
    )
    assert "Accept-Language" in response.headers["vary"]
    page = Tables(response.text)
    things = members(httpx.get(f"{url}/{collection.path}.jsonld?limit=20").json())
    assert page.lang == language
    if collection.when_empty:
        why = collection.when_empty.in_language(language)
        assert why.replace("`", "") in unescape(re.sub("<[^>]*>", "", response.text))
        assert page.rows == 0
        return
    assert page.rows == len(things) + 1
    columns = [column for column in read_list(response.text).columns if column not in ("Side", "Page")]
    assert columns
    assert columns == [title for column in collection.columns if (title := column.title(language)) in columns]
    for thing in things[:3]:
        document = next((link for link in page.links if link.endswith(thing.removeprefix(ID).rpartition("/")[2])), None)
        shown = document or next(
            link for link in page.links if "/doc?iri=" in link or "/targets/" in link or "/goals/" in link
        )
        assert httpx.get(url + shown).status_code == 200


def test_the_other_language_of_a_page_keeps_its_filters(url: str) -> None:
    page = Tables(httpx.get(f"{url}/plans.html?kind=temaplan&limit=3&page=2&lang=nb").text)
    other = next(link for link in page.links if "/language?to=en" in link)
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as client:
        response = client.get(other, follow_redirects=True)
    assert response.status_code == 200
    assert '<html lang="en">' in response.text
    assert "4–6 of " in response.text


def test_the_list_of_collections_is_the_same_in_every_format_with_true_totals(url: str) -> None:
    graphs = []
    for media_type in ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"):
        response = httpx.get(f"{url}/collections", headers={"Accept": media_type})
        assert response.headers["content-type"].startswith(media_type)
        graphs.append(graph_of(url, response))
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])
    listed = set(graphs[0].objects(URIRef(f"{url}/collections"), URIRef(HYDRA + "member")))
    assert listed == {URIRef(f"{url}/{path}") for path in COLLECTIONS}
    text = httpx.get(f"{url}/collections.csv?lang=en").text
    table = {row["collection"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert text.count("\r\n") == len(COLLECTIONS) + 1
    for path, collection in COLLECTIONS.items():
        total = int(httpx.get(f"{url}/{path}.jsonld?limit=1").json()["totalItems"])
        assert int(str(graphs[0].value(URIRef(f"{url}/{path}"), URIRef(HYDRA + "totalItems")))) == total
        row = table[f"{url}/{path}"]
        assert (row["title"], int(row["total"])) == (collection.en, total)
        assert row["filters"].split(" | ") == [facet.name for facet in collection.facets] or not collection.facets
    for language in ("nb", "en"):
        response = httpx.get(f"{url}/collections", headers={"Accept": "text/html", "Accept-Language": language})
        page = Tables(response.text)
        assert page.lang == language
        assert {f"/{path}" for path in COLLECTIONS} <= set(page.links)
        assert all(collection.title(language) in unescape(response.text) for collection in COLLECTIONS.values())
    first = httpx.get(f"{url}/collections.jsonld")
    again = httpx.get(f"{url}/collections.jsonld", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, first.headers["cache-control"]) == (304, "no-cache")
    assert httpx.get(f"{url}/collections?lang=de").json()["code"] == "bad-parameter"


def test_the_api_description_names_every_filter(url: str) -> None:
    paths = httpx.get(f"{url}/openapi.json").json()["paths"]
    for path, collection in COLLECTIONS.items():
        named = {parameter["name"] for parameter in paths[f"/{path}"]["get"]["parameters"]}
        assert named == {
            "page",
            "limit",
            "sort",
            "version",
            "lang",
            "format",
            *(facet.name for facet in collection.facets),
        }


class TwoPlans:
    """An engine that has two plans, one of them a temaplan."""

    ready = True

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def query(self, request: QueryRequest) -> Any:
        if "isDefinedBy" in request.query:
            terms = [*COLLECTIONS["plans"].classes, *re.findall(r"<([^>]*#[^>]*)>", repr(COLLECTIONS["plans"]))]
            return self.answer("".join(f"<{term}> <urn:x:p> <urn:x:o> .\n" for term in terms).encode())
        self.asked.append(request.query)
        value = {"value": {"value": ID + "scheme/document-kind/temaplan"}} if "?value WHERE" in request.query else {}
        things = [{"thing": {"value": f"urn:x:{n}"}, **(value if n else {})} for n in range(2)]
        return self.answer(orjson.dumps({"results": {"bindings": things}}))

    def answer(self, body: bytes) -> Any:
        class Answer:
            @property
            async def chunks(self) -> Any:
                yield body

            async def aclose(self) -> None:
                pass

        return Answer()


def test_an_order_and_the_places_of_a_facet_are_fetched_once_per_snapshot(tmp_path: Path) -> None:
    plans = COLLECTIONS["plans"]
    kind = next(facet for facet in plans.facets if facet.name == "kind")
    temaplan = ID + "scheme/document-kind/temaplan"

    async def play() -> None:
        engine: Any = TwoPlans()
        snapshots = [Snapshot(Contents.read(Version(id_ * 16, tmp_path, {})), engine) for id_ in "ab"]
        for number, snapshot in enumerate(snapshots, start=1):
            first = await snapshot.part(order, plans)
            assert await snapshot.part(order, plans) is first
            assert list(await select(snapshot, plans, {kind: temaplan})) == [1]
            assert list(await select(snapshot, plans, {kind: temaplan})) == [1]
            assert list(await select(snapshot, plans, {})) == [0, 1]
            assert len(engine.asked) == 2 * number

    asyncio.run(play())


def test_an_order_that_the_build_wrote_is_taken_unless_it_is_damaged_or_made_by_another_query(tmp_path: Path) -> None:
    plans, folder = COLLECTIONS["plans"], tmp_path / LISTS
    folder.mkdir()

    async def ask() -> tuple[list[str], int]:
        engine: Any = TwoPlans()
        snapshot = Snapshot(Contents.read(Version("a" * 16, tmp_path, {})), engine)
        return list(await snapshot.part(order, plans)), len(engine.asked)

    def written(query: str) -> None:
        entry = write_order(folder, "plans", ["urn:x:written"], query)
        write_index(folder, {"plans/order": entry})

    written(order_query(plans))
    assert asyncio.run(ask()) == (["urn:x:written"], 0)
    file = folder / "plans" / "order"
    file.write_bytes(file.read_bytes().replace(b"written", b"WRITTEN"))
    assert asyncio.run(ask()) == (["urn:x:0", "urn:x:1"], 1)
    file.unlink()
    assert asyncio.run(ask()) == (["urn:x:0", "urn:x:1"], 1)
    written("SELECT ?thing WHERE { ?thing a ?class }")
    assert asyncio.run(ask()) == (["urn:x:0", "urn:x:1"], 1)
    (folder / "index.json").write_text("{")
    assert asyncio.run(ask()) == (["urn:x:0", "urn:x:1"], 1)


def test_a_version_is_not_asked_for_terms_that_its_ontology_lacks() -> None:
    plans = COLLECTIONS["plans"]
    plan = "https://w3id.org/plangraf/ontology#"
    terms = frozenset(plan + name for name in ("Plan", "number", "respondsTo"))
    usable = plans.usable(terms)
    assert [facet.name for facet in usable.facets] == ["period", "perspective"]
    assert len(usable.order) == 2
    assert (usable.classes, usable.columns) == (plans.classes, plans.columns)
    assert plans.usable(frozenset()).classes == ()
    assert COLLECTIONS["decisions"].usable(frozenset({plan + "Decision"})).classes == (plan + "Decision",)
