"""Documents of things: the same graph in every format, at every address, and on valid pages."""

from __future__ import annotations

import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from pyld import jsonld
from pyoxigraph import NamedNode, RdfFormat, parse
from small_server import Script, serving, small_settings

from plangraf.http.app import create_app
from plangraf.rdf.graph import Statements, canonical
from plangraf.views.document_parts import document_path

ID = "https://w3id.org/plangraf/id/"
PLAN = "https://w3id.org/plangraf/ontology#"
SDG = "http://metadata.un.org/sdg/"
RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
FORMATS = {
    "ttl": ("text/turtle; charset=utf-8", RdfFormat.TURTLE),
    "nt": ("application/n-triples", RdfFormat.N_TRIPLES),
    "rdf": ("application/rdf+xml", RdfFormat.RDF_XML),
}
# Addresses without their ending, and the thing that each one is about.
THINGS = {
    "/doc/5001/plan/one": ID + "5001/plan/one",
    "/doc/5001/plan/two": ID + "5001/plan/two",
    "/doc/5001/perspective/2020-7": ID + "5001/perspective/2020-7",
    "/doc/5001/link/2020-7-11.2": ID + "5001/link/2020-7-11.2",
    "/doc/5001/file/report.ttl": ID + "5001/file/report.ttl",
    "/doc/5001/file/only.html": ID + "5001/file/only.html",
    "/targets/11.6": SDG + "11.6",
    "/targets/11.a": SDG + "11.a",
    "/goals/11": SDG + "11",
}
# Links followed of those with the same path and the same parameters.
MOST_ALIKE = 6
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def graph_of(body: bytes, rdf_format: RdfFormat) -> set[tuple[Any, Any, Any]]:
    return set(canonical(quad.triple for quad in parse(body, rdf_format)))


def json_ld_graph(client: httpx.Client, body: bytes) -> set[tuple[Any, Any, Any]]:
    def load(address: str, _options: dict[str, Any]) -> dict[str, Any]:
        assert address == f"{str(client.base_url).rstrip('/')}/context/v1.jsonld"
        return {"contextUrl": None, "documentUrl": address, "document": client.get(address).json()}

    quads = jsonld.to_rdf(json.loads(body), {"format": "application/n-quads", "documentLoader": load})
    return graph_of(quads.encode(), RdfFormat.N_TRIPLES)


def turtle(client: httpx.Client, path: str) -> set[tuple[Any, Any, Any]]:
    response = client.get(path, headers={"Accept": "text/turtle"})
    assert response.status_code == 200, response.text
    return graph_of(response.content, RdfFormat.TURTLE)


def has(graph: set[tuple[Any, Any, Any]], s: str | None, p: str | None, o: str | None) -> bool:
    wanted = [NamedNode(term) if term else None for term in (s, p, o)]
    return any(all(w is None or w == t for w, t in zip(wanted, triple, strict=True)) for triple in graph)


# The graph


@pytest.mark.parametrize(("path", "iri"), THINGS.items())
def test_a_document_is_the_same_graph_in_every_format(client: httpx.Client, path: str, iri: str) -> None:
    graphs = []
    for suffix, (content_type, rdf_format) in FORMATS.items():
        response = client.get(f"{path}.{suffix}", headers={"Accept": "image/png"})
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == content_type
        assert response.headers["vary"] == "Accept-Encoding"
        graphs.append(graph_of(response.content, rdf_format))
    response = client.get(f"{path}.jsonld")
    assert response.headers["content-type"] == "application/ld+json"
    assert json.loads(response.content)["id"] == iri
    graphs.append(json_ld_graph(client, response.content))
    graphs.append(turtle(client, path))
    assert all(graph == graphs[0] for graph in graphs)
    assert has(graphs[0], iri, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", None)
    assert str(client.base_url) not in response.text.replace(json.loads(response.content)["@context"], "")


def test_n_triples_are_sorted_lines_and_turtle_begins_with_the_thing(client: httpx.Client) -> None:
    lines = client.get("/doc/5001/plan/one.nt").text.splitlines()
    assert lines == sorted(lines)
    text = client.get("/doc/5001/plan/one.ttl").text
    first = next(line for line in text.splitlines() if not line.startswith("@prefix"))
    assert first == f"<{ID}5001/plan/one> a plan:Plan ;"
    assert "@prefix qb:" not in text


def test_a_document_has_its_thing_with_incoming_links_and_labels(
    client: httpx.Client,
) -> None:
    graph = turtle(client, "/doc/5001/perspective/2020-7")
    perspective = ID + "5001/perspective/2020-7"
    assert has(graph, perspective, PLAN + "relatesToTarget", SDG + "11.6")
    assert has(graph, ID + "5001/plan/one", PLAN + "primaryPerspective", perspective)
    assert has(graph, ID + "5001/plan/one", "http://purl.org/dc/terms/title", None)
    assert has(graph, SDG + "11.6", RDFS_LABEL, None)
    assert has(graph, PLAN + "Perspective", RDFS_LABEL, None)
    # Codes and numbers of linked things, but neither their other properties nor labels of properties.
    assert has(graph, SDG + "11.6", "http://www.w3.org/2004/02/skos/core#notation", None)
    assert has(graph, ID + "5001/plan/one", PLAN + "number", None)
    assert not has(graph, ID + "5001/plan/one", PLAN + "printedAsRevision", None)
    assert not has(graph, PLAN + "number", RDFS_LABEL, None)


def test_a_document_with_blank_nodes_has_the_same_bytes_each_time(client: httpx.Client) -> None:
    address = f"/doc?iri={quote(PLAN + 'Plan', safe='')}&format=nt"
    bodies = {client.get(address).content for _ in range(4)}
    assert len(bodies) == 1
    assert b"_:c14n0" in bodies.pop()


# The address


def test_a_thing_leads_to_its_document(client: httpx.Client) -> None:
    for path in ("5001/plan/one", "5001/link/2020-7-11.2", "5001/plan/none"):
        response = client.get(f"/id/{path}?x=1", headers={"Accept": "text/turtle"})
        assert (response.status_code, response.headers["location"]) == (303, f"/doc/{path}")
        assert response.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    ("path", "iri"),
    [
        ("/doc/5001/link/2020-7-11.2", "5001/link/2020-7-11.2"),
        ("/doc/5001/link/2020-7-11.2.nt", "5001/link/2020-7-11.2"),
        ("/doc/5001/file/report", "5001/file/report"),
        ("/doc/5001/file/report.ttl", "5001/file/report.ttl"),  # an exact match comes first
        ("/doc/5001/file/report.nt", "5001/file/report"),
        ("/doc/5001/file/report.ttl.nt", "5001/file/report.ttl"),
        ("/doc/5001/file/only.html", "5001/file/only.html"),
    ],
)
def test_an_ending_fixes_the_format_unless_it_is_part_of_the_key(client: httpx.Client, path: str, iri: str) -> None:
    graph = (
        turtle(client, path) if not path.endswith(".nt") else graph_of(client.get(path).content, RdfFormat.N_TRIPLES)
    )
    assert has(graph, ID + iri, RDFS_LABEL, None)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (BROWSER["Accept"], "text/html; charset=utf-8"),
        ("*/*", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
        ("text/turtle;q=0.5, application/rdf+xml", "application/rdf+xml"),
        (
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded"',
            'application/ld+json; profile="http://www.w3.org/ns/json-ld#expanded"',
        ),
    ],
)
def test_a_document_is_negotiated(client: httpx.Client, accept: str, content_type: str) -> None:
    response = client.get("/doc/5001/plan/one", headers={"Accept": accept})
    assert response.headers["content-type"] == content_type
    by_choice = "Cookie, " if content_type.startswith("text/html") else ""
    assert response.headers["vary"] == f"Accept, Accept-Language, {by_choice}Accept-Encoding"


@pytest.mark.parametrize("path", ["/doc/5001/plan/one", "/targets/11.6", "/ontology", "/shapes", "/"])
def test_an_unacceptable_request_is_406_with_the_choices(client: httpx.Client, path: str) -> None:
    response = client.get(path, headers={"Accept": "image/png"})
    assert (response.status_code, response.json()["code"]) == (406, "not-acceptable")
    assert {"text/turtle", "application/ld+json", "text/html"} <= set(response.json()["choices"])


@pytest.mark.parametrize(
    "path",
    [
        "/doc/5001/plan/none",
        "/doc/5001/plan/none.ttl",
        "/doc/",
        "/doc/5001/plan/one.csv",
        "/doc/5001/plan/one.TTL",
        "/doc/5001/plan/%3Cone%3E",
        "/doc/5001/plan/one%0A%0A",
        "/doc/5001/plan/%C3%A6",
        "/doc/5001/plan/%22%20%7D",
        "/doc/5001/plan/one/",
        "/targets/11",
        "/targets/11.6.6",
        "/targets/99.9",
        "/goals/11.6",
        "/goals/99",
        "/doc?iri=http%3A%2F%2Fexample.org%2Fnobody",
        "/doc?iri=nonsense",
        "/doc?iri=",
        "/queries/plan",
        "/nowhere",
        "/doc?iri=http%3A%2F%2Fexample.org%2F%0D%0AX-Injected%3A%201",
    ],
)
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "*/*", BROWSER["Accept"]])
def test_an_unknown_thing_is_404_in_every_type(client: httpx.Client, path: str, accept: str) -> None:
    response = client.get(path, headers={"Accept": accept})
    assert response.status_code == 404
    if accept == BROWSER["Accept"]:
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="nb">' in response.text
    else:
        assert response.json()["code"] == "not-found"
    assert "x-injected" not in response.headers


def test_an_unknown_query_name_is_404_with_the_nearest_name(client: httpx.Client) -> None:
    assert "Did you mean plans?" in client.get("/queries/plan").json()["detail"]


def test_foreign_iris_have_documents_by_exact_match_and_ours_redirect(
    client: httpx.Client,
) -> None:
    by_iri = turtle(client, f"/doc?iri={quote(SDG + '11.6', safe='')}")
    assert by_iri == turtle(client, "/targets/11.6") == turtle(client, "/targets/11.6.ttl")
    assert turtle(client, "/targets/11.A") == turtle(client, "/targets/11.a")
    øya = turtle(client, f"/doc?iri={quote('http://example.org/bydel/Øya', safe='')}")
    assert has(øya, "http://example.org/bydel/Øya", RDFS_LABEL, None)
    ours = client.get(f"/doc?iri={quote(ID + '5001/plan/one', safe='')}")
    assert (ours.status_code, ours.headers["location"]) == (303, "/doc/5001/plan/one")
    for query in ("", "?iri=a&iri=b", "?irl=x"):
        refused = client.get(f"/doc{query}")
        assert (refused.status_code, refused.json()["parameter"]) == (400, "iri")


@pytest.mark.parametrize("path", ["/doc/5001/plan/one", "/targets/11.6", "/doc?iri=" + quote(SDG + "11.6", safe="")])
def test_a_document_links_to_its_other_formats(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    links = {(link["rel"], link.get("type", "")): link["url"] for link in _links(response.headers["link"])}
    thing = THINGS.get(path, SDG + "11.6")
    assert links["describes", ""] == thing
    own = client.base_url.join("/targets/11.6" if thing.startswith(SDG) else path)
    assert links["canonical", ""] == str(own)
    page = Page(client.get(path, headers=BROWSER).text)
    assert [link["href"] for link in page.all("link") if link.get("rel") == "canonical"] == [str(own)]
    assert links["license", ""] == "https://creativecommons.org/licenses/by/4.0/"
    assert links["describedby", ""] == "https://w3id.org/plangraf/ontology"
    alternates = {type_: url for (rel, type_), url in links.items() if rel == "alternate"}
    assert set(alternates) == {
        "application/ld+json",
        "application/n-triples",
        "application/rdf+xml",
        "application/trig",
        "application/n-quads",
        "text/html",
    }
    for type_, address in alternates.items():
        found = client.get(address)
        assert found.status_code == 200
        assert found.headers["content-type"].startswith(type_)


def _links(header: str) -> list[dict[str, str]]:
    """The links of a header; httpx's own parser keeps one for each relation."""
    found = []
    for part in header.removeprefix("<").split(", <"):
        address, _, fields = part.partition(">; ")
        pairs = (field.split("=", 1) for field in fields.split("; "))
        found.append({"url": address, **{name: value.strip('"') for name, value in pairs}})
    return found


def test_a_revalidated_document_is_304_without_the_engine(scripted: str, script: Script) -> None:
    script.chunks = [f'<{ID}5001/plan/one> <{RDFS_LABEL}> "one" .\n'.encode()]
    for path in ("/doc/5001/plan/one", "/doc?iri=" + quote("http://example.org/x", safe="")):
        first = httpx.get(scripted + path)
        assert first.status_code == 200
        script.asked.clear()
        again = httpx.get(scripted + path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, script.asked) == (304, b"", [])
        for name in ("etag", "vary", "link", "cache-control", "access-control-allow-origin"):
            assert again.headers[name] == first.headers[name]


def test_each_representation_has_its_own_etag(client: httpx.Client) -> None:
    tags = [client.get(f"/doc/5001/plan/one.{suffix}").headers["etag"] for suffix in (*FORMATS, "jsonld", "html")]
    tags.append(client.get("/doc/5001/plan/one.html?lang=en").headers["etag"])
    tags.append(client.get("/doc/5001/plan/two.ttl").headers["etag"])
    assert len(set(tags)) == 7
    assert client.get("/doc/5001/plan/one.ttl").headers["etag"] == tags[0]
    assert client.get("/doc/5001/plan/one", headers={"Accept": "text/turtle"}).headers["etag"] == tags[0]
    missing = client.get("/doc/5001/plan/none", headers={"If-None-Match": "*"})
    assert missing.status_code == 404
    assert client.get("/doc/5001/plan/one", headers={"If-None-Match": "*"}).status_code == 304


def test_the_same_version_in_another_process_gives_the_same_bytes_and_etags(
    client: httpx.Client, small_versions: Path
) -> None:
    port = int(str(client.base_url).rsplit(":", 1)[1].strip("/"))
    public = f"http://127.0.0.1:{port}"
    with serving(lambda other: create_app(small_settings(small_versions, other, public_url=public))) as address:
        for path in (
            "/ontology.ttl",
            "/ontology.nt",
            "/doc/5001/plan/one.jsonld",
            "/doc/5001/plan/two.html",
            "/sparql",
        ):
            ours, theirs = client.get(path), httpx.get(address + path, headers={"Accept": "*/*"})
            assert (theirs.content, theirs.headers["etag"]) == (ours.content, ours.headers["etag"])


def test_behind_a_proxy_with_a_path_links_and_addresses_carry_it(small_versions: Path) -> None:
    public = "https://data.example.org/plan"
    with serving(lambda port: create_app(small_settings(small_versions, port, public_url=public))) as address:
        assert httpx.get(f"{address}/id/5001/plan/one").headers["location"] == "/plan/doc/5001/plan/one"
        response = httpx.get(f"{address}/doc/5001/plan/one.jsonld", headers={"Host": "evil.example"})
        assert response.json()["@context"] == f"{public}/context/v1.jsonld"
        assert "</plan/doc/5001/plan/one.ttl>" in response.headers["link"]
        assert f'<{public}/doc/5001/plan/one>; rel="canonical"' in response.headers["link"]
        page = httpx.get(f"{address}/doc/5001/plan/one.html", headers={"Host": "evil.example"}).text
        assert 'href="/plan/static/style.css"' in page
        assert f'<link rel="canonical" href="{public}/doc/5001/plan/one">' in page
        assert "evil.example" not in page
        assert f"{public}/sparql" in httpx.get(f"{address}/sparql").text
        assert "evil.example" not in httpx.get(f"{address}/sparql", headers={"Host": "evil.example"}).text
        assert httpx.get(f"{address}/openapi.json").json()["servers"] == [{"url": "/plan"}]


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        (ID + "5001/plan/one", "/doc/5001/plan/one"),
        (ID + "a b/æ?#", "/doc/a%20b/%C3%A6%3F%23"),
        (SDG + "11.6", "/targets/11.6"),
        (SDG + "11.a", "/targets/11.a"),
        (SDG + "11", "/goals/11"),
        (SDG + "11.6.1", "/doc?iri=" + quote(SDG + "11.6.1", safe="")),
        (PLAN + "Plan", "/ontology#Plan"),
        ("https://w3id.org/plangraf/shapes#X", "/shapes#X"),
        ("https://w3id.org/plangraf/ontology", "/ontology"),
        ("http://example.org/?a=1&b", "/doc?iri=http%3A%2F%2Fexample.org%2F%3Fa%3D1%26b"),
    ],
)
def test_the_address_of_a_document_follows_from_its_iri(iri: str, path: str) -> None:
    assert document_path(iri) == path


# The vocabulary


@pytest.mark.parametrize(
    ("path", "subject"),
    [("/ontology", PLAN + "Plan"), ("/shapes", "https://w3id.org/plangraf/shapes#PlanShape")],
)
def test_a_vocabulary_is_the_same_graph_in_every_format(client: httpx.Client, path: str, subject: str) -> None:
    graphs = [turtle(client, path)]
    for suffix, (content_type, rdf_format) in FORMATS.items():
        response = client.get(f"{path}.{suffix}")
        assert response.headers["content-type"] == content_type
        graphs.append(graph_of(response.content, rdf_format))
    graphs.append(json_ld_graph(client, client.get(f"{path}.jsonld").content))
    assert all(graph == graphs[0] for graph in graphs)
    assert has(graphs[0], subject, None, None)
    assert not has(graphs[0], ID + "5001/plan/one", None, None)


def test_the_ontology_and_the_shapes_have_pages_with_their_terms_and_rules(client: httpx.Client) -> None:
    assert 'id="Plan"' in client.get("/ontology", headers=BROWSER).text
    page = client.get("/shapes", headers={**BROWSER, "Accept-Language": "en"}).text
    assert 'id="PlanShape-number"' in page


def test_the_context_is_cacheable_for_a_day_and_independent_of_the_version(client: httpx.Client) -> None:
    for accept in ("*/*", "application/ld+json, application/json", "application/ld+json;profile=x"):
        response = client.get("/context/v1.jsonld", headers={"Accept": accept})
        assert response.headers["content-type"] == "application/ld+json"
        assert response.headers["cache-control"] == "public, max-age=86400"
        assert set(response.json()) == {"@context"}
    again = client.get("/context/v1.jsonld", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "public, max-age=86400")


# The pages


class Page(HTMLParser):
    """A page's elements, and the text in each; fails on elements that are not closed in order."""

    VOID = ("meta", "link", "input", "br", "col", "hr", "img", "source")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append((self._open[-1] if self._open else "", data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


PAGES = ["/", "/queries", "/sparql", "/shapes", "/nowhere", *THINGS]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["nb", "en"])
def test_a_page_is_valid_html_in_the_requested_language(client: httpx.Client, path: str, language: str) -> None:
    response = client.get(path, headers={**BROWSER, "Accept-Language": language})
    if path.endswith(("report.ttl", "only.html")):
        assert response.status_code == 200
    page = Page(response.text)
    assert page.all("html")[0]["lang"] == language
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert any(tag == "title" for tag, _ in page.text)
    assert any(link.get("class") == "skip" and link["href"] == "#content" for link in page.all("a"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all("scope" in attributes for attributes in page.all("th"))
    for tag, attribute in (("script", "src"), ("img", "src"), ("link", "href"), ("form", "action")):
        for attributes in page.all(tag):
            address = attributes.get(attribute)
            if address and attributes.get("rel") != "canonical":
                assert address.startswith("/"), (tag, address)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "Accept-Language" in response.headers["vary"]


def test_the_page_of_a_thing_shows_its_facts_with_labels(client: httpx.Client) -> None:
    text = client.get("/doc/5001/plan/one.html").text
    page = Page(text)
    words = [word for _, word in page.text]
    assert "Plan for grønn by, æøå – Plan – plangraf" in words
    assert {"Tittel", "nummer", "oppstartsår", "2020", "viktigste perspektiv", "Grønn mobilitet"} <= set(words)
    assert ID + "5001/plan/one" in words
    hrefs = {str(attributes["href"]) for attributes in page.all("a")}
    assert "/doc/5001/perspective/2020-7" in hrefs
    assert "http://example.org/elsewhere" in hrefs  # not in the data: leads to itself
    assert not any(href.startswith("mailto:") for href in hrefs)
    assert "/doc?iri=" + quote("http://example.org/bydel/Øya", safe="") in hrefs
    assert {f"/doc/5001/plan/one.{suffix}" for suffix in (*FORMATS, "jsonld")} <= hrefs
    english = Page(client.get("/doc/5001/plan/one.html?lang=en").text)
    assert {"Title", "start year", "primary perspective", "Green mobility"} <= {word for _, word in english.text}
    # A title has one language; the page says which.
    assert ("h1", {"lang": "nb"}) in english.tags
    assert [link["type"] for link in page.all("link") if link["rel"] == "alternate" and "type" in link] == [
        "text/turtle",
        "application/ld+json",
        "application/n-triples",
        "application/rdf+xml",
        "application/trig",
        "application/n-quads",
    ]


def test_text_from_the_data_is_escaped_on_a_page(client: httpx.Client) -> None:
    for path in ("/doc/5001/plan/two.html", "/doc/5001/perspective/2020-7.html", "/plans"):
        text = client.get(path, headers=BROWSER).text
        assert "<script>" not in text
        assert "alert(1)" in text
        Page(text)


def test_the_json_ld_in_a_page_is_true_and_has_all_statements_of_the_thing(client: httpx.Client) -> None:
    for path in ("/doc/5001/plan/two", "/targets/11.6"):
        page = Page(client.get(f"{path}.html").text)
        (embedded,) = [word for tag, word in page.text if tag == "script"]
        found, whole = json_ld_graph(client, embedded.encode()), turtle(client, path)
        thing = NamedNode(SDG + "11.6" if path.startswith("/targets") else ID + "5001/plan/two")
        assert found <= whole
        assert {triple for triple in whole if triple[0] == thing} <= found
        assert len(found) > len({triple for triple in whole if triple[0] == thing})
        assert len(embedded.encode()) <= 8_000


@pytest.mark.slow
def test_every_local_link_of_every_page_resolves(client: httpx.Client) -> None:
    # A client of its own, because one of the links changes the language that is remembered.
    with httpx.Client(base_url=client.base_url) as own:
        _follow_all(own)


def _follow_all(client: httpx.Client) -> None:
    """Follows each path, and of links that differ only in the values of their parameters the first few."""
    seen: set[str] = set()
    alike: Counter[tuple[str, tuple[str, ...]]] = Counter()
    waiting = {"/"}
    while waiting:
        path = min(waiting)
        waiting.remove(path)
        seen.add(path)
        before, _, query = path.partition("?")
        kind = before, tuple(sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)}))
        alike[kind] += 1
        if alike[kind] > MOST_ALIKE:
            continue
        response = client.get(path, headers=BROWSER, follow_redirects=True)
        assert response.status_code == 200, path
        # The examples of /docs are of the shipped data, see tests/service/test_api_page.py.
        if response.headers["content-type"].startswith("text/html") and not path.endswith("/docs"):
            hrefs = [str(attributes.get("href", "")).split("#")[0] for attributes in Page(response.text).all("a")]
            base = path.split("?")[0]
            local = {base + href if href.startswith("?") else href for href in hrefs if href[:1] in "/?" and href}
            waiting |= local - seen
    assert len(seen) > 40


def test_an_unknown_language_is_refused(client: httpx.Client) -> None:
    for path in ("/doc/5001/plan/one.html", "/", "/queries", "/sparql", "/shapes"):
        response = client.get(f"{path}?lang=sv")
        assert (response.status_code, response.json()["parameter"]) == (400, "lang")


def test_the_home_page_is_data_for_programs(client: httpx.Client) -> None:
    graph: Statements | set[Any] = turtle(client, "/")
    assert has(graph, ID + "5001/dataset/example", "http://purl.org/dc/terms/title", None)  # type: ignore[arg-type]
    page = client.get("/", headers=BROWSER).text
    assert 'action="/search"' in page


# What was given up


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/id/5001/plan/old", "/id/5001/plan/one"),
        ("/doc/5001/plan/old", "/doc/5001/plan/one"),
        ("/doc/5001/plan/older", "/doc/5001/plan/one"),
        ("/doc/5001/plan/old?lang=en&format=html", "/doc/5001/plan/one?lang=en&format=html"),
        ("/doc/5001/plan/old.ttl", "/doc/5001/plan/two"),
        ("/id/5001/plan/older.ttl", "/id/5001/plan/one.ttl"),
        ("/id/5001/plan/elsewhere", "http://example.org/plan"),
        ("/doc/5001/plan/elsewhere.nt?lang=en", "http://example.org/plan"),
        *(
            (f"/doc/5001/plan/older.{e}", f"/doc/5001/plan/one.{e}")
            for e in ["ttl", "jsonld", "nt", "rdf", "html", "trig", "nq"]
        ),
    ],
)
def test_a_replaced_iri_redirects_permanently_to_its_replacement(
    client: httpx.Client, path: str, location: str
) -> None:
    for accept in ("*/*", "text/turtle", "image/png"):
        response = client.get(path, headers={"Accept": accept})
        assert (response.status_code, response.headers["location"]) == (301, location)
        assert response.headers["access-control-allow-origin"] == "*"
    if location.startswith("/") and "?" not in location:
        assert client.get(path, follow_redirects=True).status_code == 200


def test_the_lookup_by_iri_redirects_to_the_replacement_too(client: httpx.Client) -> None:
    response = client.get("/doc", params={"iri": ID + "5001/plan/old"}, follow_redirects=True)
    assert [r.status_code for r in response.history] == [303, 301]
    assert response.url.path == "/doc/5001/plan/one"


@pytest.mark.parametrize("key", ["split", "circle", "circle-back"])
def test_an_iri_with_two_replacements_does_not_redirect(client: httpx.Client, key: str) -> None:
    response = client.get(f"/doc/5001/plan/{key}.ttl")
    assert response.status_code == 200
    assert has(graph_of(response.content, RdfFormat.TURTLE), f"{ID}5001/plan/{key}", None, None)


def test_a_withdrawn_thing_without_a_replacement_is_410(client: httpx.Client) -> None:
    response = client.get("/doc/5001/plan/given-up.ttl")
    assert response.status_code == 410
    assert response.json()["code"] == "gone"
    assert "name nothing that replaces it" in response.json()["detail"]
    assert "lastVersion" not in response.json()


def test_a_line_feed_in_the_path_is_redirected_as_every_other_sign(client: httpx.Client) -> None:
    response = client.get("/id/5001/plan/o%0Ane%0D")
    assert (response.status_code, response.headers["location"]) == (303, "/doc/5001/plan/o%0Ane%0D")
    assert client.get("/doc/5001/plan/one%0A").status_code == 404
