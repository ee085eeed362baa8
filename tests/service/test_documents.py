"""Every thing has a document, and the same thing in every format is the same graph."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from pyld import jsonld
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import RDF

ID = "https://w3id.org/plangraf/id/"
FORMATS = {
    "ttl": ("text/turtle; charset=utf-8", "turtle"),
    "nt": ("application/n-triples", "nt"),
    "rdf": ("application/rdf+xml", "xml"),
}
# One thing of each class, and UN things by their own IRIs.
SAMPLES = [
    "5001/plan/2020-2023-7",
    "5001/perspective/2020-7",
    "5001/societal-trend/2020-1",
    "5001/planning-strategy/2020-2023",
    "5001/case/bystyret-68-19",
    "5001/perspective-target-link/2020-7-11.2",
    "5001/plan-perspective-link/2020-2023-7-1",
    "5001/political-body/bystyret",
    "5001/municipality/5001",
    "5001/dataset/perspektiver-2020",
    "scheme/document-kind/temaplan",
    "dataset/sdg",
    "5001/measure/2009-2020-2.6-1",
    "5001/sub-goal/2009-2020-2.4",
    "5001/planning-instrument/kommuneplan",
    "5001/topic/2022-1-7",
    "5001/participation-activity/2022-naeringslivsmoetet",
    "5001/figure/2020-3.1",
    "5001/commitment/2023-6-11",
    "5001/platform-section/2023-6.2",
    "5001/dataset/tolkninger",
    "5001/interpreted-link/community-goal-2022-1--perspective-9",
    "5001/interpretation-rule/2026-11",
    "5001/reading/2026-11-a",
    "5001/rule-clause/2026-11-perspective-10",
]
# Of these large documents the short set reads one, a dataset.
LARGE = {"5001/municipality/5001", "dataset/sdg", "5001/dataset/tolkninger", "5001/reading/2026-11-a"}


def things(url: str) -> list[str]:
    given_up = "FILTER NOT EXISTS { ?s <http://www.w3.org/2002/07/owl#deprecated> true }"
    query = f'SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{ID}")) {given_up} }} ORDER BY ?s'
    response = httpx.get(f"{url}/sparql", params={"query": query, "format": "json"})
    return [row["s"]["value"] for row in response.json()["results"]["bindings"]]


def json_ld_graph(url: str, text: str) -> Graph:
    def load(address: str, _options: dict[str, Any] | None = None) -> dict[str, Any]:
        path = urlsplit(address).path
        assert path == "/context/v1.jsonld"
        return {"contextUrl": None, "documentUrl": address, "document": httpx.get(url + path).json()}

    quads = jsonld.to_rdf(json.loads(text), {"format": "application/n-quads", "documentLoader": load})
    return Graph().parse(data=quads, format="nt")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("key", [pytest.param(key, marks=[pytest.mark.slow] * (key in LARGE)) for key in SAMPLES])
def test_a_document_is_the_same_graph_in_every_format(url: str, key: str) -> None:
    graphs = []
    for suffix, (content_type, parser) in FORMATS.items():
        response = httpx.get(f"{url}/doc/{key}.{suffix}")
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == content_type
        graphs.append(Graph().parse(data=response.text, format=parser))
    response = httpx.get(f"{url}/doc/{key}.jsonld")
    assert response.headers["content-type"] == "application/ld+json"
    graphs.append(json_ld_graph(url, response.text))
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])
    assert (URIRef(ID + key), RDF.type, None) in graphs[0]


@pytest.mark.parametrize("every", [970, pytest.param(97, marks=pytest.mark.slow)])
def test_every_thing_of_the_data_has_a_document_in_turtle_and_json_ld(url: str, every: int) -> None:
    found = things(url)
    assert len(found) > 1000
    with httpx.Client() as client:
        for iri in found[::every]:
            path = iri.removeprefix("https://w3id.org/plangraf/id/")
            turtle = client.get(f"{url}/doc/{path}", headers={"Accept": "text/turtle"})
            assert turtle.status_code == 200, iri
            graph = Graph().parse(data=turtle.text, format="turtle")
            assert (URIRef(iri), RDF.type, None) in graph, iri
            compact = client.get(f"{url}/doc/{path}", headers={"Accept": "application/ld+json"})
            assert isomorphic(json_ld_graph(url, compact.text), graph), iri


def test_a_thing_redirects_to_its_document_by_303(url: str) -> None:
    response = httpx.get(f"{url}/id/5001/plan/2020-2023-7", headers={"Accept": "text/turtle"})
    assert response.status_code == 303
    assert response.headers["location"].endswith("/doc/5001/plan/2020-2023-7")
    assert response.headers["access-control-allow-origin"] == "*"


def test_a_document_has_incoming_links_and_labels(url: str) -> None:
    graph = Graph().parse(data=httpx.get(f"{url}/doc/5001/perspective/2020-7.ttl").text, format="turtle")
    plan = "https://w3id.org/plangraf/ontology#"
    perspective = URIRef(ID + "5001/perspective/2020-7")
    assert (URIRef(ID + "5001/plan/2020-2023-8"), URIRef(plan + "primaryPerspective"), perspective) in graph
    target = URIRef("http://metadata.un.org/sdg/11.6")
    assert (perspective, URIRef(plan + "relatesToTarget"), target) in graph
    assert (target, URIRef("http://www.w3.org/2000/01/rdf-schema#label"), None) in graph


def test_the_json_ld_of_a_plan_reads_by_short_names(url: str) -> None:
    response = httpx.get(f"{url}/doc/5001/plan/2020-2023-7.jsonld")
    document = response.json()
    assert urlsplit(document["@context"]).path == "/context/v1.jsonld"
    assert '"Kommunedelplan areal for Sluppen (del 2) med veiledende plan for offentlige rom"' in response.text
    assert '"primaryPerspective"' in response.text
    assert '"plan:' not in response.text


def test_a_target_of_the_un_has_a_document_under_its_code_and_its_iri(url: str) -> None:
    by_code = httpx.get(f"{url}/targets/11.6", headers={"Accept": "text/turtle"}, follow_redirects=True)
    iri = quote("http://metadata.un.org/sdg/11.6", safe="")
    by_iri = httpx.get(f"{url}/doc?iri={iri}", headers={"Accept": "text/turtle"})
    assert by_code.status_code == by_iri.status_code == 200
    graphs = [Graph().parse(data=response.text, format="turtle") for response in (by_code, by_iri)]
    assert isomorphic(*graphs)
    assert (URIRef("http://metadata.un.org/sdg/11.6"), RDF.type, None) in graphs[0]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_page_names_its_language_its_title_its_iri_and_its_formats(url: str, language: str) -> None:
    response = httpx.get(f"{url}/doc/5001/plan/2020-2023-7.html?lang={language}")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    assert page.all("html")[0]["lang"] == language
    assert "Kommunedelplan areal for Sluppen" in response.text.split("</title>")[0]
    assert ID + "5001/plan/2020-2023-7" in response.text
    links = [str(attributes.get("href")) for attributes in page.all("a")]
    for suffix in ("ttl", "jsonld", "nt", "rdf"):
        assert any(link.endswith(f"/doc/5001/plan/2020-2023-7.{suffix}") for link in links)
    assert page.all("table")
    hosts = {
        urlsplit(str(attributes.get("src") or attributes.get("href"))).netloc
        for tag in ("script", "link", "img")
        for attributes in page.all(tag)
        if attributes.get("rel") in (None, "stylesheet", "icon")
    }
    assert hosts <= {"", urlsplit(url).netloc}


def test_a_page_leads_each_statement_to_its_passage(url: str) -> None:
    plan = httpx.get(f"{url}/doc/5001/plan/2020-2023-16.html?lang=nb").text
    entry = plan.split('<li id="e1"')[1].split("</li>")[0]
    assert "Tabell 1, rad 16," in entry
    assert "linje 1295–1312" in entry
    assert 'href="/doc/5001/passage/planstrategi-2020-2023-l1295-1312"' in entry
    perspective = httpx.get(f"{url}/doc/5001/perspective/2020-3.html?lang=en").text
    target = perspective.split('href="/targets/8.5"')[1].split("</li>")[0]
    (number,) = re.findall(r'href="#(e[0-9]+)"', target)
    entry = perspective.split(f'<li id="{number}"')[1].split("</li>")[0]
    assert "identified" in entry
    assert "lines 446–449" in entry


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/doc/5001/plan/2020-2023-7.html",
        "/doc/5001/perspective/2020-7.html",
        "/",
    ],
)
def test_every_link_of_a_page_to_the_service_resolves(url: str, path: str) -> None:
    page = Page(httpx.get(url + path, headers={"Accept": "text/html"}, follow_redirects=True).text)
    links = {str(attributes.get("href", "")).split("#")[0] for attributes in page.all("a")}
    assert any(link.startswith("/doc/") for link in links) or path == "/"
    for link in sorted(link for link in links if link.startswith("/")):
        response = httpx.get(url + link, headers={"Accept": "text/html,*/*;q=0.8"}, follow_redirects=True)
        assert response.status_code == 200, (path, link)


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "text/html", "*/*"])
def test_an_unknown_thing_is_404_in_every_type(url: str, accept: str) -> None:
    response = httpx.get(f"{url}/doc/5001/plan/1999-1", headers={"Accept": accept})
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html") == (accept == "text/html")


def test_a_revalidated_document_is_304(url: str) -> None:
    first = httpx.get(f"{url}/doc/5001/plan/2020-2023-7.ttl")
    again = httpx.get(f"{url}/doc/5001/plan/2020-2023-7.ttl", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = httpx.get(f"{url}/doc/5001/plan/2020-2023-7.nt")
    assert other.headers["etag"] != first.headers["etag"]
    assert "accept" in httpx.get(f"{url}/doc/5001/plan/2020-2023-7").headers["vary"].lower()


@pytest.mark.parametrize("path", ["/ontology", "/shapes"])
def test_the_vocabulary_is_served_as_rdf_and_as_a_page(url: str, path: str) -> None:
    turtle = httpx.get(url + path, headers={"Accept": "text/turtle"}, follow_redirects=True)
    assert len(Graph().parse(data=turtle.text, format="turtle")) > 300
    page = httpx.get(url + path, headers={"Accept": "text/html"}, follow_redirects=True)
    assert page.headers["content-type"].startswith("text/html")
    assert "Perspective" in page.text


def test_a_link_to_a_term_leads_to_its_place_on_the_ontology_s_page(url: str) -> None:
    page = httpx.get(f"{url}/ontology.html").text
    for name in ("GoverningDocument", "respondsTo", "municipality", "Municipality"):
        assert page.count(f' id="{name}"') == 1


def test_a_dataset_has_its_quality_measurements(url: str) -> None:
    dataset, dqv = f"{ID}5001/dataset/byraadsplattform-2023", "http://www.w3.org/ns/dqv#"
    graph = Graph().parse(data=httpx.get(f"{url}/doc/5001/dataset/byraadsplattform-2023.ttl").text)
    values = {
        str(measurement): float(str(graph.value(measurement, URIRef(dqv + "value"))))
        for measurement in graph.objects(URIRef(dataset), URIRef(dqv + "hasQualityMeasurement"))
    }
    assert values[f"{dataset}#things-Commitment"] == 285
    assert 0.2 < values[f"{dataset}#completeness-Commitment"] < 1
    assert values[f"{dataset}#evidence"] > 800
    assert values[f"{dataset}#findings"] == 0
    metric = graph.value(URIRef(f"{dataset}#evidence"), URIRef(dqv + "isMeasurementOf"))
    assert metric == URIRef(f"{ID}scheme/quality-metric/evidence")
    assert httpx.get(f"{url}/doc/scheme/quality-metric/evidence").status_code == 200
    page = httpx.get(f"{url}/doc/5001/dataset/byraadsplattform-2023.html?lang=en").text
    assert 'id="quality"' in page
    assert "completeness" in page
    assert "Commitment" in page


def test_the_dataset_of_interpretations_has_the_agreement_of_two_readings(url: str) -> None:
    graph = Graph().parse(data=httpx.get(f"{url}/doc/5001/dataset/tolkninger.ttl").text)
    measurements = set(
        graph.objects(URIRef(f"{ID}5001/dataset/tolkninger"), URIRef("http://www.w3.org/ns/dqv#hasQualityMeasurement"))
    )
    assert URIRef(f"{ID}5001/quality-measurement/tolkninger-agreement-perspectives") in measurements
    one = httpx.get(f"{url}/doc/5001/quality-measurement/tolkninger-agreement-targets.jsonld").json()
    assert 0.6 < float(one["measuredValue"]) <= 1
