"""Documents for portals and crawlers: the catalogue by the rules of DCAT-AP-NO, VoID, the sitemap, schema.org.

The parser of data.norge.no, the package fdk-rdf-parser, reads the catalogue too.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from fdk_rdf_parser import parse_data_services, parse_datasets
from pyld import jsonld
from pyshacl import validate
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SH, VOID, XSD

from plangraf.errors import SettingError
from plangraf.settings import default_home, load_settings
from plangraf.sparql.named.binding import load_queries
from plangraf.sparql.named.collection_files import load_collections
from plangraf.store.versions import VersionStore

COLLECTIONS = load_collections(default_home() / "queries")
# What a request to each named query must contain.
EXAMPLES = {name: query.example for name, query in load_queries(default_home() / "queries").items()}
SHAPES = Path(__file__).parent / "catalogue-shapes.ttl"
ID = "https://w3id.org/plangraf/id/"
CATALOG = ID + "catalog"
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
PROJECT = ID + "organization/plangraf"
TRONDHEIM = "https://organization-catalog.fellesdatakatalog.digdir.no/organizations/942110464"
LIST_PUBLISHERS = {
    ID + "organization/united-nations",
    "https://organization-catalog.fellesdatakatalog.digdir.no/organizations/971032146",
}
DQV = Namespace("http://www.w3.org/ns/dqv#")
PROV = Namespace("http://www.w3.org/ns/prov#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
IN_SERIES = URIRef(str(DCAT) + "inSeries")
PARSERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml"}
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
Start = Callable[..., AbstractContextManager[Any]]


def select(url: str, query: str) -> list[dict[str, str]]:
    response = httpx.post(f"{url}/sparql", data={"query": query, "format": "json"}, timeout=60)
    assert response.status_code == 200, response.text
    return [{k: v["value"] for k, v in row.items()} for row in response.json()["results"]["bindings"]]


@pytest.fixture(scope="module")
def turtle(url: str) -> str:
    """The catalogue for a harvester that accepts any format."""
    response = httpx.get(f"{url}/catalog", headers={"Accept": "*/*", "Accept-Encoding": "identity"})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/turtle; charset=utf-8"
    return response.text


@pytest.fixture(scope="module")
def catalog(turtle: str) -> Graph:
    return Graph().parse(data=turtle, format="turtle")


@pytest.fixture(scope="module")
def void(url: str) -> Graph:
    return Graph().parse(data=httpx.get(f"{url}/.well-known/void", timeout=60).text, format="turtle")


def as_json_ld(url: str, path: str) -> Graph:
    def load(address: str, _options: dict[str, Any] | None = None) -> dict[str, Any]:
        body = httpx.get(url + urlsplit(address).path).json()
        return {"contextUrl": None, "documentUrl": address, "document": body}

    body = httpx.get(url + path, timeout=60).json()
    quads = jsonld.to_rdf(body, {"format": "application/n-quads", "documentLoader": load})
    return Graph().parse(data=quads, format="nt")


def report(graph: Graph) -> tuple[bool, str]:
    conforms, _, text = validate(graph, shacl_graph=Graph().parse(SHAPES), inference="none", advanced=False)
    return bool(conforms), str(text)


def test_the_catalogue_follows_the_rules_of_dcat_ap_no(catalog: Graph) -> None:
    conforms, text = report(catalog)
    assert conforms, text


# In the short set, one of the catalogue, of a distribution, of a service and of a series.
SHORT = (DCTERMS.title, DCAT.accessURL, DCAT.endpointURL, URIRef(str(DCAT) + "first"))


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(term, marks=[] if term in SHORT else pytest.mark.slow)
        for term in (
            DCTERMS.title,
            DCTERMS.publisher,
            DCAT.contactPoint,
            DCAT.theme,
            DCAT.accessURL,
            DCTERMS.license,
            FOAF.name,
            DCAT.endpointURL,
            DCTERMS.accessRights,
            DCTERMS.identifier,
            DCTERMS.conformsTo,
            PROV.wasGeneratedBy,
            DQV.value,
            URIRef(str(DCAT) + "first"),
        )
    ],
)
def test_a_catalogue_without_a_required_property_breaks_the_rules(catalog: Graph, missing: URIRef) -> None:
    less = Graph()
    for triple in catalog:
        if triple[1] != missing:
            less.add(triple)
    assert len(less) < len(catalog)
    assert not report(less)[0]


def test_the_catalogue_names_every_dataset_of_the_data_with_its_titles(url: str, catalog: Graph) -> None:
    rows = select(url, f"SELECT DISTINCT ?d ?t (LANG(?t) AS ?l) {{ ?d a <{DCAT.Dataset}> ; <{DCTERMS.title}> ?t }}")
    assert len(rows) >= 14
    for row in rows:
        dataset = URIRef(row["d"])
        assert (URIRef(CATALOG), DCAT.dataset, dataset) in catalog
        assert (dataset, DCTERMS.title, Literal(row["t"], lang=row["l"])) in catalog


def test_a_plan_period_that_the_data_give_is_a_series_and_no_other(url: str, catalog: Graph) -> None:
    # A dataset read from one document, which realises a work with a period.
    rows = select(
        url,
        """PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX prov: <http://www.w3.org/ns/prov#>
        PREFIX eli: <http://data.europa.eu/eli/ontology#> PREFIX dcterms: <http://purl.org/dc/terms/>
        SELECT ?d ?source ?start ?end {
          ?d a dcat:Dataset ; prov:wasDerivedFrom ?source .
          OPTIONAL { ?source eli:realizes/dcterms:temporal ?p . ?p dcat:startDate ?start ; dcat:endDate ?end }
        }""",
    )
    alone = [row for row in rows if [other["d"] for other in rows].count(row["d"]) == 1 and "start" in row]
    said = {(row["d"], f"{row['start']}-01-01", f"{row['end']}-12-31") for row in alone}
    found = set()
    for dataset in catalog.subjects(RDF.type, DCAT.Dataset):
        period = catalog.value(dataset, DCTERMS.temporal)
        assert (period is None) == (catalog.value(dataset, IN_SERIES) is None)
        if period is not None:
            start, end = catalog.value(period, DCAT.startDate), catalog.value(period, DCAT.endDate)
            found.add((str(dataset), str(start), str(end)))
    assert found == said
    assert {start[:4] for _, start, _ in found} == {"2009", "2020"}


def test_every_dataset_says_when_it_was_published_and_last_changed(built: Path, url: str, catalog: Graph) -> None:
    dates = VersionStore(built).current().dates()
    by_graph = select(
        url, "SELECT ?graph ?dataset WHERE { GRAPH ?graph { ?dataset a <http://www.w3.org/ns/dcat#Dataset> } }"
    )
    assert len(by_graph) > 5
    for row in by_graph:
        for predicate, text in zip((DCTERMS.issued, DCTERMS.modified), dates[row["graph"]], strict=True):
            moment = Literal(f"{text[:19]}Z", datatype=XSD.dateTime)
            assert list(catalog.objects(URIRef(row["dataset"]), predicate)) == [moment]
    for whole in (CATALOG, f"{CATALOG}/graph"):
        assert [str(one)[:19] for one in catalog.objects(URIRef(whole), DCTERMS.modified)] == [
            max(last for _, last in dates.values())[:19]
        ]
    page = httpx.get(f"{url}/doc/5001/dataset/kommune", headers=BROWSER).text
    assert f'"dateModified":"{dates["https://w3id.org/plangraf/graph/5001/kommune"][1][:19]}Z"' in page.replace(
        ": ", ":"
    )


def test_a_series_names_its_first_and_last_dataset_and_the_catalogue_lists_it(catalog: Graph) -> None:
    all_series = set(catalog.objects(None, IN_SERIES))
    assert len(all_series) >= 2
    for series in all_series:
        assert (URIRef(CATALOG), DCAT.dataset, series) in catalog
        members = set(catalog.subjects(IN_SERIES, series))
        for end in ("first", "last"):
            assert catalog.value(series, URIRef(str(DCAT) + end)) in members


def test_a_dataset_names_its_sources_and_their_publishers(url: str, catalog: Graph) -> None:
    for dataset in catalog.subjects(RDF.type, DCAT.Dataset):
        activity = catalog.value(dataset, PROV.wasGeneratedBy)
        assert (activity, RDF.type, PROV.Activity) in catalog, dataset
        derived = {str(source) for source in catalog.objects(dataset, PROV.wasDerivedFrom)}
        rows = select(url, f"SELECT DISTINCT ?s {{ <{dataset}> <{PROV.wasDerivedFrom}> ?s }}")
        assert derived == {row["s"] for row in rows}
        assert {URIRef(source) for source in derived} <= set(catalog.objects(activity, PROV.used))
        of_a_list = str(dataset).startswith(f"{ID}link/")
        for source in derived:
            publisher = catalog.value(URIRef(source), DCTERMS.publisher)
            assert str(publisher) in (LIST_PUBLISHERS if of_a_list else {TRONDHEIM})
            assert catalog.value(URIRef(source), DCTERMS.title)
    assert catalog.value(URIRef(TRONDHEIM), DCTERMS.identifier) == Literal("942110464")
    local = URIRef("http://purl.org/adms/publishertype/LocalAuthority")
    assert catalog.value(URIRef(TRONDHEIM), DCTERMS.type) == local


def test_the_quality_of_a_dataset_is_what_the_query_and_the_data_say(url: str, catalog: Graph) -> None:
    rows = httpx.get(f"{url}/queries/quality", timeout=60).json()["results"]["bindings"]
    metrics = ID + "scheme/quality-metric/"
    said = {
        (row["dataset"]["value"], metrics + row["metric"]["value"], float(row["value"]["value"]))
        for row in rows
        if "class" not in row
    }
    written = select(
        url,
        f"""SELECT ?d ?m ?v {{ ?d <{DQV.hasQualityMeasurement}> ?q .
        ?q <{DQV.isMeasurementOf}> ?m ; <{DQV.value}> ?v }}""",
    )
    said |= {(row["d"], row["m"], float(row["v"])) for row in written}
    found = set()
    for dataset, measurement in catalog.subject_objects(DQV.hasQualityMeasurement):
        assert (measurement, DQV.computedOn, dataset) in catalog
        metric = catalog.value(measurement, DQV.isMeasurementOf)
        assert catalog.value(metric, URIRef("http://www.w3.org/2004/02/skos/core#prefLabel"))
        if not str(metric).endswith("findings"):
            found.add((str(dataset), str(metric), float(catalog.value(measurement, DQV.value))))
    assert len(said) >= 12
    assert found == said


def test_every_graph_and_format_of_the_downloads_is_a_distribution_and_no_other(built: Path, catalog: Graph) -> None:
    folder = built / "current"
    version = folder.resolve().name
    index = json.loads((folder / "dump" / "index.json").read_bytes())["files"]
    slugs = {str(d).removeprefix(ID) for d in catalog.subjects(RDF.type, DCAT.Dataset)}
    graphs = {slug.replace("dataset/", "") for slug in slugs}
    names = {one["name"].replace(f"-{version}.", ".") for one in index}
    wanted = {
        name
        for name in names
        if name.startswith("plangraf.")
        or name.endswith((".csv", ".parquet"))
        or (name.startswith("graph/") and name[6:].rsplit(".", 1)[0] in graphs)
    }
    found = [urlsplit(str(f)).path for f in catalog.objects(None, DCAT.downloadURL)]
    assert len(found) == len(set(catalog.subjects(RDF.type, DCAT.Distribution)))
    assert sorted(found) == sorted(f"/dump/latest/{name}" for name in wanted)
    assert len(found) >= 5 + 3 * 8 + 2 * 30


def test_each_distribution_has_one_address_and_a_table_one_for_each_format(url: str, catalog: Graph) -> None:
    for distribution in catalog.subjects(RDF.type, DCAT.Distribution):
        assert len(list(catalog.objects(distribution, DCAT.downloadURL))) == 1, distribution
    whole = set(catalog.objects(URIRef(CATALOG + "/graph"), DCAT.distribution))
    assert {catalog.value(one, DCAT.accessURL) for one in whole} == {URIRef(f"{url}/dump/latest/")}
    tabular = URIRef("http://www.w3.org/TR/tabular-data-model/")
    assert (tabular, RDF.type, DCTERMS.Standard) in catalog
    assert {title.language for title in catalog.objects(tabular, DCTERMS.title)} == {"nb", "en"}
    for ending, format_ in (("csv", "CSV"), ("parquet", "Parquet")):
        plans = URIRef(f"{CATALOG}/distribution/{ending}-Plan")
        assert plans in whole
        assert catalog.value(plans, DCAT.downloadURL) == URIRef(f"{url}/dump/latest/{ending}/Plan.{ending}")
        assert set(catalog.objects(plans, DCTERMS.title)) == {
            Literal(f"Tabell over klassen Plan, {format_}", lang="nb"),
            Literal(f"Table of the class Plan, {format_}", lang="en"),
        }
        assert (tabular in set(catalog.objects(plans, DCTERMS.conformsTo))) == (ending == "csv")
    assert catalog.value(plans, DCTERMS.license) is not None


def test_void_gives_size_and_sum_of_the_files_of_the_version(built: Path, void: Graph) -> None:
    folder = built / "current" / "dump"
    dumps = sorted(str(dump) for dump in void.objects(None, VOID.dataDump))
    assert len(dumps) >= 5 + 3 * 8
    for dump in dumps:
        name = urlsplit(dump).path.removeprefix(f"/dump/{folder.parent.resolve().name}/")
        content = (folder / name).read_bytes()
        assert int(void.value(URIRef(dump), DCAT.byteSize)) == len(content)
        checksum = void.value(URIRef(dump), SPDX.checksum)
        assert str(void.value(checksum, SPDX.checksumValue)).lower() == hashlib.sha256(content).hexdigest()
        assert void.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256


@pytest.mark.slow
def test_a_version_without_downloads_has_a_catalogue_without_them(
    built: Path, tmp_path: Path, run_server: Start
) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(built, versions, symlinks=True)
    shutil.rmtree(versions / "current" / "dump")
    with run_server(versions) as server:
        text = httpx.get(f"{server.url}/catalog").text
        page = httpx.get(f"{server.url}/catalog.html").text
        void = httpx.get(f"{server.url}/.well-known/void", timeout=60)
        home = httpx.get(f"{server.url}/", headers=BROWSER)
    graph = Graph().parse(data=text, format="turtle")
    assert set(graph.subjects(RDF.type, DCAT.Dataset))
    assert not list(graph.objects(None, DCAT.distribution))
    assert "/dump/" not in text + page + void.text + home.text
    assert (void.status_code, home.status_code) == (200, 200)


def test_no_node_is_blank_and_every_iri_is_absolute(catalog: Graph) -> None:
    for triple in catalog:
        for term in triple:
            assert not isinstance(term, BNode)
            if isinstance(term, URIRef):
                assert re.match(r"(https?://|mailto:)", term), term


def test_every_thing_that_is_described_has_a_type(catalog: Graph) -> None:
    assert {s for s in catalog.subjects() if (s, RDF.type, None) not in catalog} == set()


def test_only_addresses_name_the_host(url: str, catalog: Graph) -> None:
    base = urlsplit(url).netloc
    addressing = {
        DCAT.accessURL,
        DCAT.downloadURL,
        DCAT.endpointURL,
        DCAT.endpointDescription,
        DCAT.landingPage,
        FOAF.homepage,
        FOAF.page,
        VCARD.hasURL,
    }
    for subject, predicate, value in catalog:
        if base in str(subject):
            assert (predicate, value) == (RDF.type, FOAF.Document)
        if base in str(value):
            assert predicate in addressing


def test_the_catalogue_is_the_same_graph_in_every_format(url: str, catalog: Graph) -> None:
    for suffix, parser in PARSERS.items():
        response = httpx.get(f"{url}/catalog.{suffix}")
        assert isomorphic(catalog, Graph().parse(data=response.text, format=parser)), suffix
    assert isomorphic(catalog, as_json_ld(url, "/catalog.jsonld"))


def test_the_first_requests_of_a_harvester_are_answered_without_a_coding(url: str, turtle: str) -> None:
    head = httpx.head(f"{url}/catalog", headers={"Accept": "*/*", "Accept-Encoding": "identity"})
    assert (head.status_code, head.headers["content-type"]) == (200, "text/turtle; charset=utf-8")
    assert "content-encoding" not in head.headers
    assert not head.headers["etag"].startswith("W/")
    # A client that asks for no coding gets none.
    with httpx.Client(headers={"Accept": "text/turtle"}) as client:
        del client.headers["accept-encoding"]
        plain = client.get(f"{url}/catalog")
    assert "content-encoding" not in plain.headers
    assert plain.text == turtle
    again = httpx.get(
        f"{url}/catalog",
        headers={"Accept": "*/*", "Accept-Encoding": "identity", "If-None-Match": head.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


OPERATED = {
    "PLANGRAF_PUBLIC_URL": "https://data.example.no/planer",
    "PLANGRAF_PUBLISHER_ORGANISATION_NUMBER": "942110464",
    "PLANGRAF_PUBLISHER_NAME": "Trondheim kommune",
    "PLANGRAF_CONTACT_NAME": "Åpne data",
    "PLANGRAF_CONTACT_EMAIL": "data@example.no",
    "PLANGRAF_CATALOG_TITLE": "Planene våre",
    "PLANGRAF_CATALOG_TITLE_EN": "Our plans",
}
ADDRESSES = ("/catalog", "/.well-known/void", "/catalog.html?lang=nb")


@pytest.mark.slow
def test_settings_say_who_operates_a_service_and_give_the_same_bytes_in_another_process(start_server: Start) -> None:
    bodies = []
    for _ in range(2):
        with start_server(**OPERATED) as server:
            bodies.append([httpx.get(server.url + path, timeout=60).text for path in ADDRESSES])
    assert bodies[0] == bodies[1]
    turtle, void, page = bodies[0]
    assert "127.0.0.1" not in turtle + void
    graph = Graph().parse(data=turtle, format="turtle")
    assert (URIRef(CATALOG), FOAF.homepage, URIRef("https://data.example.no/planer/")) in graph
    publisher = URIRef("https://organization-catalog.fellesdatakatalog.digdir.no/organizations/942110464")
    assert graph.value(URIRef(CATALOG), DCTERMS.publisher) == publisher
    assert graph.value(publisher, FOAF.name) == Literal("Trondheim kommune")
    assert graph.value(publisher, DCTERMS.identifier) == Literal("942110464")
    assert graph.value(publisher, DCTERMS.type) == URIRef("http://purl.org/adms/publishertype/LocalAuthority")
    # The operator is the publisher where the data name only the project; the project is the creator.
    for dataset in graph.subjects(DCTERMS.creator, None):
        assert graph.value(dataset, DCTERMS.creator) == URIRef(PROJECT)
    assert set(graph.objects(None, DCTERMS.publisher)) == {publisher, *map(URIRef, LIST_PUBLISHERS)}
    assert len(set(graph.subjects(DCTERMS.creator, None))) >= 8
    contact = graph.value(URIRef(CATALOG), DCAT.contactPoint)
    assert graph.value(contact, VCARD.hasEmail) == URIRef("mailto:data@example.no")
    assert "Planene våre" in page
    conforms, text = report(graph)
    assert conforms, text


def test_the_parser_of_data_norge_no_reads_every_dataset_service_title_and_licence(turtle: str, catalog: Graph) -> None:
    # The harvester adds a record for each thing before its parser sees them.
    harvested = Graph().parse(data=turtle, format="turtle")
    topics = [*catalog.objects(URIRef(CATALOG), DCAT.dataset), *catalog.objects(URIRef(CATALOG), DCAT.service)]
    for number, topic in enumerate(topics):
        record = URIRef(f"https://datasets.example.no/records/{number}")
        harvested.add((record, RDF.type, DCAT.CatalogRecord))
        harvested.add((record, FOAF.primaryTopic, topic))
        harvested.add((record, DCTERMS.identifier, Literal(str(number))))
    text = harvested.serialize(format="turtle")
    datasets, services = parse_datasets(text), parse_data_services(text)
    assert set(datasets) == {str(dataset) for dataset in catalog.objects(URIRef(CATALOG), DCAT.dataset)}
    assert set(services) == {str(service) for service in catalog.objects(URIRef(CATALOG), DCAT.service)}
    for iri, parsed in (*datasets.items(), *services.items()):
        titles = {title.language: str(title) for title in catalog.objects(URIRef(iri), DCTERMS.title)}
        assert (parsed.title["nb"], parsed.title["en"]) == (titles["nb"], titles["en"]), iri
        assert parsed.publisher.uri == str(catalog.value(URIRef(iri), DCTERMS.publisher))
        assert parsed.contactPoint
    licence = "http://publications.europa.eu/resource/authority/licence/CC_BY_4_0"
    for iri in {str(dataset) for dataset in catalog.subjects(RDF.type, DCAT.Dataset)}:
        given = {str(d) for d in catalog.objects(URIRef(iri), DCAT.distribution)}
        assert {distribution.uri for distribution in datasets[iri].distribution} == given
        for distribution in datasets[iri].distribution:
            assert [one.uri for one in distribution.license] == [licence]
            assert distribution.accessURL
        assert datasets[iri].accessRights.uri.endswith("/PUBLIC")


@pytest.mark.slow
def test_every_address_of_the_service_that_the_descriptions_name_answers(url: str, catalog: Graph, void: Graph) -> None:
    """Addresses in catalogue, VoID, schema.org and llms.txt; another test covers the sitemap."""
    named = {str(term) for graph in (catalog, void) for triple in graph for term in triple if isinstance(term, URIRef)}
    home = httpx.get(f"{url}/", headers=BROWSER).text
    named |= set(re.findall(r'"(http[^"]+)"', json.dumps(scripts(home))))
    named |= {link.split("?")[0] for link in re.findall(r"\]\((http[^)]+)\)", httpx.get(f"{url}/llms.txt").text)}
    ours = {address for address in named if address.startswith(url) and not needs_parameter(address)}
    assert len(ours) > 60
    with httpx.Client(timeout=60, follow_redirects=True) as client:
        for address in sorted(ours):
            takes_messages = address == f"{url}/mcp"
            assert client.get(address).status_code == (405 if takes_messages else 200), address
            assert client.head(address).status_code == (405 if takes_messages else 200), address


def needs_parameter(address: str) -> bool:
    return bool(EXAMPLES.get(address.rsplit("/", 1)[1]))


def test_iris_that_only_the_descriptions_use_redirect_to_them(url: str, catalog: Graph, void: Graph) -> None:
    told = {"/catalog": catalog, "/.well-known/void": void}
    tried = set()
    for path, graph in told.items():
        for iri in {str(subject) for subject in graph.subjects() if str(subject).startswith(CATALOG)}:
            kind = iri.removeprefix(CATALOG).split("/")[:2]
            if (path, *kind) in tried or (path != "/catalog" and (URIRef(iri), RDF.type, None) in catalog):
                continue
            tried.add((path, *kind))
            address = url + iri.removeprefix("https://w3id.org/plangraf")
            response = httpx.get(address, headers={"Accept": "text/turtle"}, follow_redirects=True)
            assert (response.status_code, urlsplit(str(response.url)).path) == (200, path), iri
    assert len(tried) >= 8


@pytest.mark.parametrize(("language", "word"), [("nb", "Datasett"), ("en", "Datasets")])
def test_the_catalogue_is_a_page_in_both_languages(url: str, catalog: Graph, language: str, word: str) -> None:
    response = httpx.get(f"{url}/catalog?lang={language}", headers=BROWSER)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in response.text
    assert f">{word}</h2>" in response.text
    downloads = list(catalog.objects(None, DCAT.downloadURL))
    assert downloads
    for download in downloads:
        assert f'href="{urlsplit(str(download)).path}"' in response.text


def test_tables_are_folded_on_the_page_of_the_catalogue(url: str) -> None:
    page = httpx.get(f"{url}/catalog.html?lang=en").text
    folded = re.findall(r"<details>\n<summary>(.*?)</summary>(.*?)</details>", page, re.S)
    assert [summary.rsplit(", ", 1)[1] for summary, _ in folded] == ["CSV", "Parquet"]
    assert '<a href="/dump/latest/csv/Plan.csv">Plan</a>' in folded[0][1]
    assert ".parquet" not in folded[0][1]
    open_ = re.sub(r"<details>.*?</details>", "", page, flags=re.S)
    assert "/dump/latest/plangraf.nq.gz" in open_
    assert "/dump/latest/csv/" not in open_


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        ("/catalog", CATALOG),
        ("/.well-known/void", None),
        ("/feed", None),
        ("/feed/1", None),
        ("/ontology", "https://w3id.org/plangraf/ontology"),
        ("/shapes", "https://w3id.org/plangraf/shapes"),
    ],
)
def test_descriptions_link_to_their_own_address_their_vocabulary_and_their_licence(
    url: str, path: str, thing: str | None
) -> None:
    response = httpx.get(url + path, timeout=60)
    assert response.status_code == 200
    by_relation = {rel: address for address, rel in re.findall(r'<([^>]+)>; rel="([a-z]+)"', response.headers["link"])}
    assert by_relation.get("describes") == thing
    assert by_relation["canonical"] == url + path
    assert by_relation["describedby"] == "https://w3id.org/plangraf/ontology"
    assert by_relation["license"] == "https://creativecommons.org/licenses/by/4.0/"


def test_the_sitemap_has_the_canonical_addresses_of_the_pages(url: str) -> None:
    found = [address for address in sitemap(url) if re.search("/(doc|targets|goals)/", address)]
    assert len(found) > 1_000
    for address in found[::211]:
        response = httpx.get(address, headers=BROWSER)
        assert f'<link rel="canonical" href="{address}">' in response.text
        assert f'<{address}>; rel="canonical"' in response.headers["link"]


def test_the_counts_of_void_equal_count_queries(url: str, void: Graph) -> None:
    whole = URIRef(CATALOG + "/graph")
    assert int(void.value(whole, VOID.triples)) == int(select(url, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0]["n"])
    entities = select(url, f'SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{ID}")) }}')
    assert int(void.value(whole, VOID.entities)) == int(entities[0]["n"])
    classes = select(url, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    parts = void.objects(whole, VOID.classPartition)
    found = {str(void.value(p, VOID["class"])): int(void.value(p, VOID.entities)) for p in parts}
    assert found == {row["c"]: int(row["n"]) for row in classes}
    properties = select(url, "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p")
    parts = void.objects(whole, VOID.propertyPartition)
    found = {str(void.value(p, VOID.property)): int(void.value(p, VOID.triples)) for p in parts}
    assert found == {row["p"]: int(row["n"]) for row in properties}


def test_void_describes_the_links_to_the_un(url: str, void: Graph) -> None:
    links = set(void.subjects(RDF.type, VOID.Linkset))
    assert links
    for link in links:
        predicate = void.value(link, VOID.linkPredicate)
        query = f"""SELECT (COUNT(*) AS ?n) {{ ?s <{predicate}> ?o
          FILTER(STRSTARTS(STR(?s), "{ID}") && STRSTARTS(STR(?o), "http://metadata.un.org/sdg/")) }}"""
        assert int(void.value(link, VOID.triples)) == int(select(url, query)[0]["n"]) > 0


@pytest.mark.slow
def test_void_is_the_same_graph_in_every_format(url: str, void: Graph) -> None:
    for suffix, parser in PARSERS.items():
        response = httpx.get(f"{url}/.well-known/void.{suffix}", timeout=60)
        assert isomorphic(void, Graph().parse(data=response.text, format=parser)), suffix
    assert isomorphic(void, as_json_ld(url, "/.well-known/void.jsonld"))
    assert not any(isinstance(term, BNode) for triple in void for term in triple)


@pytest.mark.slow
def test_the_example_resources_of_void_have_documents(url: str, void: Graph) -> None:
    examples = sorted(str(o) for o in void.objects(None, VOID.exampleResource))
    assert len(examples) > 10
    for iri in examples:
        path = iri.removeprefix("https://w3id.org/plangraf")
        assert httpx.get(url + path, follow_redirects=True).status_code == 200, iri


@pytest.mark.slow
def test_every_named_query_is_an_example_that_runs_and_has_rows(url: str, void: Graph) -> None:
    examples = set(void.subjects(RDF.type, SH.SPARQLSelectExecutable))
    names = {query["name"] for query in httpx.get(f"{url}/queries").json()["queries"]}
    assert {str(example).rsplit("/", 1)[1] for example in examples} == names
    for example in examples:
        prefixes = void.value(example, SH.prefixes)
        declared = {str(void.value(one, SH.prefix)) for one in void.objects(prefixes, SH.declare)}
        text = str(void.value(example, SH.select))
        assert set(re.findall(r"^PREFIX ([\w-]+):", text, re.MULTILINE)) <= declared
        # The project ships no statistics.
        assert select(url, text) or str(example).endswith("/observations"), example


def test_an_editor_finds_the_examples_and_their_prefixes_by_asking_the_endpoint(url: str, void: Graph) -> None:
    asked = """PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
      SELECT ?example ?comment ?query {
        ?example a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select|sh:ask|sh:construct ?query }"""
    found = {row["example"]: row["query"] for row in select(url, asked)}
    assert found == {str(one): str(void.value(one, SH.select)) for one in void.subjects(RDF.type, SH.SPARQLExecutable)}
    prefixes = "SELECT ?p ?n { [] <http://www.w3.org/ns/shacl#prefix> ?p ; <http://www.w3.org/ns/shacl#namespace> ?n }"
    assert {row["p"]: row["n"] for row in select(url, prefixes)}.items() >= {"plan": f"{ID[:-3]}ontology#"}.items()


SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def sitemap(url: str) -> list[str]:
    index = ElementTree.fromstring(httpx.get(f"{url}/sitemap.xml").content)  # noqa: S314
    assert index.tag == SITEMAP + "sitemapindex"
    found: list[str] = []
    for part in index.iter(SITEMAP + "loc"):
        addresses = ElementTree.fromstring(httpx.get(str(part.text)).content)  # noqa: S314
        assert addresses.tag == SITEMAP + "urlset"
        locations = [str(location.text) for location in addresses.iter(SITEMAP + "loc")]
        assert 0 < len(locations) < 50_000
        found += locations
    return found


@pytest.mark.slow
def test_the_sitemap_names_each_address_once_and_all_answer(url: str) -> None:
    found = sitemap(url)
    assert len(found) == len(set(found)) > 1_000
    assert f"{url}/doc/5001/plan/2020-2023-7" in found
    assert f"{url}/targets/11.6" in found
    assert {f"{url}/{path}" for path in ("collections", "version/", *COLLECTIONS)} <= set(found)
    with httpx.Client(headers=BROWSER) as client:
        for address in [*found[: 9 + len(COLLECTIONS)], *found[9 + len(COLLECTIONS) :: 97]]:
            response = client.get(address)
            # The newest downloads are those of a version, and so their address leads to it.
            assert response.status_code == (302 if address == f"{url}/dump/latest/" else 200), address


def test_the_sitemap_names_downloads_where_there_are_some(url: str) -> None:
    has_downloads = httpx.get(f"{url}/dump/latest/").status_code == 302
    assert (f"{url}/dump/latest/" in sitemap(url)) == has_downloads


def test_the_sitemap_has_every_plan_and_no_evidence(url: str) -> None:
    found = set(sitemap(url))
    plans = select(url, "SELECT ?s { ?s a <https://w3id.org/plangraf/ontology#Plan> }")
    assert {f"{url}/doc/{row['s'].removeprefix(ID)}" for row in plans} <= found
    assert not any("/evidence/" in address for address in found)


@pytest.mark.parametrize("number", ["7", "01", "-1", "x", "9999999999"])
def test_a_part_that_the_sitemap_does_not_have_is_not_found(url: str, number: str) -> None:
    response = httpx.get(f"{url}/sitemap-{number}.xml")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


def test_robots_may_read_all_but_queries(url: str) -> None:
    response = httpx.get(f"{url}/robots.txt")
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    assert "Disallow: /sparql?" in lines
    assert "Allow: /" in lines
    assert f"Sitemap: {url}/sitemap.xml" in lines


@pytest.mark.slow
def test_every_link_of_llms_txt_resolves(url: str) -> None:
    text = httpx.get(f"{url}/llms.txt").text
    assert text.startswith("# plangraf\n\n> ")
    links = re.findall(r"\]\((http[^)]+)\)", text)
    assert len(links) > 20
    assert f"{url}/mcp" in links
    for link in links:
        if link == f"{url}/mcp":  # takes messages only
            assert httpx.get(link).status_code == 405
            continue
        needed = EXAMPLES.get(link.rsplit("/", 1)[1])
        address = f"{link}?{urlencode(needed)}" if needed else link
        assert httpx.get(address, timeout=60, follow_redirects=True).status_code == 200, link
    for path in ("/collections", "/plans.csv?target=11.6", "/dump/latest/", "/feed", "/version/"):
        assert url + path in links
    assert f"{url}/compare/<id>..<id>" in text


def scripts(page: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)]


def of_schema_org(page: str) -> dict[str, Any]:
    return next(one for one in scripts(page) if one["@context"] == "https://schema.org/")


@pytest.mark.parametrize("language", ["nb", pytest.param("en", marks=pytest.mark.slow)])
def test_the_page_of_a_dataset_has_its_description_for_search_engines(url: str, catalog: Graph, language: str) -> None:
    for dataset in catalog.objects(URIRef(CATALOG + "/graph"), DCTERMS.hasPart):
        path = str(dataset).removeprefix(ID)
        found = of_schema_org(httpx.get(f"{url}/doc/{path}.html?lang={language}").text)
        assert found["@type"] == "Dataset"
        assert found["@id"] == str(dataset)
        assert Literal(found["name"], lang=language) in set(catalog.objects(dataset, DCTERMS.title))
        assert 50 <= len(found["description"]) <= 5_000
        assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"
        assert found["url"] == f"{url}/doc/{path}"
        files = {
            str(f) for d in catalog.objects(dataset, DCAT.distribution) for f in catalog.objects(d, DCAT.downloadURL)
        }
        version = found["version"]
        assert {
            one["contentUrl"].replace(f"/dump/{version}/", "/dump/latest/") for one in found["distribution"]
        } == files
        for one in found["distribution"]:
            assert int(one["contentSize"]) > 0
            assert re.fullmatch("[0-9a-f]{64}", one["sha256"])
        assert found["creator"]["@id"] == PROJECT
        period = catalog.value(dataset, DCTERMS.temporal)
        assert ("temporalCoverage" in found) == (period is not None)
        if period is not None:
            years = f"{catalog.value(period, DCAT.startDate)}/{catalog.value(period, DCAT.endDate)}"
            assert found["temporalCoverage"] == years


def test_the_home_page_is_a_data_catalogue_for_search_engines_and_other_pages_are_none(url: str) -> None:
    for language in ("nb", "en"):
        found = of_schema_org(httpx.get(f"{url}/?lang={language}", headers=BROWSER).text)
        assert len(json.dumps(found, ensure_ascii=False).encode()) <= 8_000
    assert found["@type"] == "DataCatalog"
    assert len(found["dataset"]) >= 5
    for dataset in found["dataset"]:
        assert dataset["name"]
        assert dataset["license"]
        assert 50 <= len(dataset["description"]) <= 5_000
    plan = scripts(httpx.get(f"{url}/doc/5001/plan/2020-2023-7.html").text)
    assert [one["@context"] for one in plan] != []
    assert not any(one["@context"] == "https://schema.org/" for one in plan)


def test_a_catalogue_of_all_municipalities_of_norway_stays_below_what_a_portal_reads(turtle: str) -> None:
    # The tables have the things of all municipalities: there are as many of them for 357 as for one.
    tables = "".join(re.findall(r"^<[^>]+/distribution/(?:csv|parquet)-.*?\.\n", turtle, re.S | re.M))
    assert tables.count("a dcat:Distribution") >= 2 * 30
    assert len(turtle.encode()) * 357 - len(tables.encode()) * 356 < 50_000_000


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("contact_email", "data at example.no", "e-mail"),
        ("contact_email", "data@", "e-mail"),
        ("contact_url", "/kontakt", "absolute"),
        ("publisher", "Trondheim kommune", "absolute"),
        ("catalog", "urn:x", "absolute"),
        ("publisher_organisation_number", "942110465", "check digit"),
        ("publisher_organisation_number", "94211046", "9 digits"),
        ("publisher_type", "Kommune", "LocalAuthority"),
        ("contact_name", "", "at least 1"),
        ("catalog", "https://example.no/id/", "final /"),
        ("catalog", "https://example.no/id#c", "without"),
        ("public_url", "https://data.example.no/?x=1", "without"),
        ("public_url", "https://data example.no", "absolute"),
        ("public_url", "https://", "absolute"),
    ],
)
def test_an_invalid_setting_of_the_operator_is_reported_at_start(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as error:
        load_settings(**{name: value})
    assert f"PLANGRAF_{name.upper()}" in str(error.value)


def test_valid_settings_of_the_operator_are_accepted() -> None:
    settings = load_settings(
        contact_email="post+data@trondheim.kommune.no",
        publisher_organisation_number="942110464",
        publisher_name="Trondheim kommune",
    )
    assert settings.operator["publisher_organisation_number"] == "942110464"


def test_a_publisher_needs_a_name() -> None:
    for given in ({"publisher_organisation_number": "942110464"}, {"publisher": "https://example.no/id"}):
        with pytest.raises(SettingError, match="PLANGRAF_PUBLISHER_NAME"):
            load_settings(**given)
        assert load_settings(**given, publisher_name="Kommunen").publisher_called == "Kommunen"
    assert load_settings().publisher_called == "plangraf"
