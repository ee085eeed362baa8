"""The SPARQL 1.1 Protocol as clients speak it, against a real server over a small version."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from pyoxigraph import RdfFormat, parse
from small_server import LIMIT_BYTES

ONE = "https://w3id.org/plangraf/id/5001/plan/one"
ØYA = "http://example.org/bydel/Øya"
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
SELECT = f"SELECT ?label WHERE {{ <{ØYA}> <{LABEL}> ?label }}"
GRAPH = "https://w3id.org/plangraf/graph/"


def values(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    rows = response.json()["results"]["bindings"]
    return [cell["value"] for row in rows for cell in row.values()]


def problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    body: dict[str, object] = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["type"] == f"https://w3id.org/plangraf/problem/{code}"
    assert body["instance"] == response.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    assert response.headers["access-control-allow-origin"] == "*"
    return body


def ask(client: httpx.Client, query: str, **more: object) -> httpx.Response:
    return client.get("/sparql", params={"query": query}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("iri", [ØYA, "http://example.org/bydel/%C3%98ya", "http://example.org/bydel/%25C3%2598ya"])
def test_text_beyond_ascii_survives_each_request_form_and_is_decoded_once(client: httpx.Client, iri: str) -> None:
    query = f"SELECT ?o WHERE {{ BIND (STR(<{iri}>) AS ?o) }}"
    form = f"query={quote(query, safe='')}"
    assert values(client.get(f"/sparql?{form}")) == [iri]
    assert values(client.post("/sparql", content=form, headers={"Content-Type": FORM})) == [iri]
    assert values(client.post("/sparql", content=query.encode(), headers={"Content-Type": QUERY})) == [iri]


def test_an_iri_beyond_ascii_finds_its_data(client: httpx.Client) -> None:
    assert values(ask(client, SELECT)) == ["Øya"]


@pytest.mark.parametrize(
    "content_type",
    [
        QUERY,
        "Application/SPARQL-Query",
        f"{QUERY}; charset=utf-8",
        f'{QUERY};charset="UTF-8"',
        f"{QUERY} ; charset=utf8",
    ],
)
def test_the_media_type_of_a_body_is_read_without_case_and_with_charset(
    client: httpx.Client, content_type: str
) -> None:
    response = client.post("/sparql", content=SELECT.encode(), headers={"Content-Type": content_type})
    assert values(response) == ["Øya"]


@pytest.mark.parametrize(
    "content_type",
    [
        f"{QUERY}; charset=iso-8859-1",
        f"{FORM}; charset=utf-16",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json",
        "",
    ],
)
def test_another_body_is_415_and_named(client: httpx.Client, content_type: str) -> None:
    body = "query=ASK{}" if FORM in content_type else "ASK {}"
    response = client.post("/sparql", content=body, headers={"Content-Type": content_type})
    detail = problem(response, 415, "unsupported-media-type")["detail"]
    assert QUERY in str(detail)


@pytest.mark.parametrize(
    ("accept", "content_type", "start"),
    [
        (None, "application/sparql-results+json", '{"head"'),
        ("application/sparql-results+xml", "application/sparql-results+xml", "<?xml"),
        ("text/csv", "text/csv; charset=utf-8", "label\r\nØya\r\n"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8", '?label\n"Øya"@nb'),
    ],
)
def test_a_select_answers_in_each_result_format(
    client: httpx.Client, accept: str | None, content_type: str, start: str
) -> None:
    response = ask(client, SELECT, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.headers["content-type"] == content_type
    assert response.headers["vary"] == "Accept, Accept-Encoding"
    assert response.text.startswith(start)


@pytest.mark.parametrize("query", [f"CONSTRUCT {{ <{ONE}> ?p ?o }} WHERE {{ <{ONE}> ?p ?o }}", f"DESCRIBE <{ONE}>"])
@pytest.mark.parametrize(
    ("accept", "content_type", "rdf_format"),
    [
        ("*/*", "text/turtle; charset=utf-8", RdfFormat.TURTLE),
        ("application/n-triples", "application/n-triples", RdfFormat.N_TRIPLES),
        ("application/rdf+xml", "application/rdf+xml", RdfFormat.RDF_XML),
        ("application/ld+json", "application/ld+json", RdfFormat.JSON_LD),
    ],
)
def test_a_graph_answers_in_each_graph_format(
    client: httpx.Client, query: str, accept: str, content_type: str, rdf_format: RdfFormat
) -> None:
    response = ask(client, query, headers={"Accept": accept})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == content_type
    triples = [quad.triple for quad in parse(response.content, rdf_format)]
    assert {triple.subject.value for triple in triples} == {ONE}  # type: ignore[union-attr]
    assert len(set(triples)) == 8


def test_an_ask_answers_true_or_false(client: httpx.Client) -> None:
    assert ask(client, f"ASK {{ <{ONE}> ?p ?o }}").json()["boolean"] is True
    response = ask(client, "ASK { <http://example.org/nobody> ?p ?o }", headers={"Accept": "application/xml"})
    assert "<boolean>false</boolean>" in response.text


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (SELECT, "text/turtle"),
        (SELECT, "image/png"),
        (f"DESCRIBE <{ONE}>", "text/csv"),
        ("ASK {}", "text/csv"),
        (SELECT, "text/turtle, */*;q=0"),
    ],
)
def test_an_unacceptable_request_is_406_with_the_choices(client: httpx.Client, query: str, accept: str) -> None:
    response = ask(client, query, headers={"Accept": accept})
    choices = problem(response, 406, "not-acceptable")["choices"]
    assert isinstance(choices, list)
    assert choices[0] in ("application/sparql-results+json", "text/turtle")
    assert "Accept" in response.headers["vary"]


def test_a_format_may_be_asked_for_by_name(client: httpx.Client) -> None:
    response = client.get("/sparql", params={"query": SELECT, "format": "csv"}, headers={"Accept": "text/turtle"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    body = {"query": f"DESCRIBE <{ONE}>", "format": "xml", "output": "xml"}
    assert client.post("/sparql", data=body).headers["content-type"] == "application/rdf+xml"
    refused = client.get("/sparql", params={"query": SELECT, "format": "turtle"})
    assert problem(refused, 400, "bad-parameter")["parameter"] == "format"


@pytest.mark.parametrize("accept", ["text/turtle", "image/png", "text/html;q=0.5, */*"])
def test_a_malformed_query_is_400_with_its_place_whatever_accept_says(client: httpx.Client, accept: str) -> None:
    response = ask(client, "SELECT * WHERE {\n  ?s ?p }", headers={"Accept": accept})
    body = problem(response, 400, "query-syntax")
    assert body["line"] == 2
    assert isinstance(body["column"], int)
    assert "token" in body


def test_an_undefined_term_of_ours_is_named_with_the_nearest(client: httpx.Client) -> None:
    response = ask(client, "PREFIX plan: <https://w3id.org/plangraf/ontology#>\nSELECT * { ?s plan:startYaer ?o }")
    body = problem(response, 400, "query-syntax")
    assert (body["line"], body["token"]) == (2, "plan:startYaer")
    assert "plan:startYear" in str(body["detail"])


# The dataset of a request


def counted(client: httpx.Client, query: str, graphs: list[tuple[str, str]], method: str) -> int:
    pairs = [("query", query), *graphs]
    if method == "GET":
        response = client.get("/sparql", params=pairs)
    elif method == "form":
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        response = client.post("/sparql", content=body, headers={"Content-Type": FORM})
    else:
        response = client.post("/sparql", params=graphs, content=query, headers={"Content-Type": QUERY})
    return int(values(response)[0])


@pytest.mark.parametrize("method", ["GET", "form", "body"])
def test_dataset_parameters_override_from(client: httpx.Client, method: str) -> None:
    ontology, shapes = GRAPH + "ontology", GRAPH + "shapes"
    count = "SELECT (COUNT(*) AS ?n)"
    of_ontology = counted(client, f"{count} FROM <{ontology}> {{ ?s ?p ?o }}", [], method)
    of_shapes = counted(client, f"{count} {{ GRAPH <{shapes}> {{ ?s ?p ?o }} }}", [], method)
    assert of_ontology > of_shapes > 0
    default, named = "default-graph-uri", "named-graph-uri"
    query = f"{count} FROM <{ontology}> {{ ?s ?p ?o }}"
    assert counted(client, query, [(default, shapes)], method) == of_shapes
    both = counted(client, query, [(default, shapes), (default, ontology)], method)
    assert both == of_shapes + of_ontology
    assert counted(client, query, [(named, shapes)], method) == 0
    assert counted(client, f"{count} {{ GRAPH ?g {{ ?s ?p ?o }} }}", [(named, shapes)], method) == of_shapes
    assert counted(client, f"{count} {{ GRAPH ?g {{ ?s ?p ?o }} }}", [(default, shapes)], method) == 0
    assert counted(client, query, [(default, GRAPH + "unknown")], method) == 0


@pytest.mark.parametrize("iri", ["ontology", "", "http://example.org/a b", "<http://example.org/>"])
@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_a_bad_graph_iri_is_400(client: httpx.Client, name: str, iri: str) -> None:
    response = client.get("/sparql", params={"query": SELECT, name: iri})
    assert problem(response, 400, "bad-parameter")["parameter"] == name


# What is refused


@pytest.mark.parametrize(
    ("method", "url", "body", "content_type"),
    [
        ("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", b"", ""),
        ("POST", "/sparql", b"query=ASK%7B%7D&query=ASK%7B%7D", FORM),
        ("POST", "/sparql?query=ASK%7B%7D", b"ASK {}", QUERY),
        ("POST", "/sparql?query=ASK%7B%7D", b"query=ASK%7B%7D", FORM),
        ("POST", "/sparql", b"", FORM),
        ("POST", "/sparql", b"quary=ASK%7B%7D", FORM),
    ],
)
def test_a_request_without_exactly_one_query_is_400(
    client: httpx.Client, method: str, url: str, body: bytes, content_type: str
) -> None:
    response = client.request(
        method, url, content=body, headers={"Content-Type": content_type} if body or content_type else {}
    )
    assert problem(response, 400, "bad-parameter")["parameter"] == "query"


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize("url", ["/sparql", "/sparql?query=ASK%7B%7D"])
def test_an_empty_body_gets_advice_where_the_query_belongs(client: httpx.Client, method: str, url: str) -> None:
    body = problem(client.request(method, url), 400, "bad-parameter")
    assert body["parameter"] == "query"
    assert all(word in str(body["detail"]) for word in (method, "no body came", "GET", QUERY, FORM))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * WHERE { ?s ?p ?o }",
        "# all\nselect * { ?s ?p ?o }",
        " PREFIX a: <http://a/?b=c&d=e> ASK { }",
        "ASK{}",
        "DESCRIBE <http://a/>",
        "BASE <http://a/> CONSTRUCT WHERE { ?s ?p ?o }",
        "\ufeffASK {}",
    ],
)
def test_a_query_sent_as_a_form_gets_advice_how_to_send_it(client: httpx.Client, query: str) -> None:
    response = client.post("/sparql", content=query.encode(), headers={"Content-Type": FORM})
    detail = str(problem(response, 400, "bad-parameter")["detail"])
    assert "--data-urlencode" in detail
    assert QUERY in detail


@pytest.mark.parametrize("body", [b"", b"quary=ASK%7B%7D", b"q=SELECT", b"selection=1", b"ask=1"])
def test_a_form_without_a_query_is_reported_as_such(client: httpx.Client, body: bytes) -> None:
    response = client.post("/sparql", content=body, headers={"Content-Type": FORM})
    assert "urlencode" not in str(problem(response, 400, "bad-parameter")["detail"])


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP", "identity, gzip", "deflate;"])
@pytest.mark.parametrize("content_type", [QUERY, FORM])
def test_a_compressed_body_is_415_and_its_coding_named(
    client: httpx.Client, method: str, coding: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type, "Content-Encoding": coding}
    response = client.request(method, "/sparql", content=gzip.compress(b"ASK {}"), headers=headers)
    assert coding in str(problem(response, 415, "unsupported-coding")["detail"])
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_content_encoding_identity_is_accepted(client: httpx.Client, coding: str) -> None:
    headers = {"Content-Type": QUERY, "Content-Encoding": coding}
    assert client.post("/sparql", content="ASK {}", headers=headers).json()["boolean"] is True


UPDATES = [
    "INSERT DATA { <http://a/> <http://b/> 1 }",
    "DELETE WHERE { ?s ?p ?o }",
    "LOAD <http://127.0.0.1:9/>",
    "DROP ALL",
    "CLEAR DEFAULT",
    "PREFIX a: <http://a/> INSERT { a:b a:c 1 } WHERE { }",
]


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_is_refused_in_every_form(client: httpx.Client, update: str) -> None:
    refusals = [
        ask(client, update),
        client.post("/sparql", data={"query": update}),
        client.post("/sparql", content=update, headers={"Content-Type": QUERY}),
        client.get("/sparql", params={"update": update}),
        client.post("/sparql", data={"update": update}),
        client.post("/sparql", params={"update": update}, data={"query": "ASK {}"}),
        client.get("/sparql", params={"query": "ASK {}", "update": update}),
    ]
    for response in refusals:
        problem(response, 400, "update-refused")
    for content_type in ("application/sparql-update", "Application/SPARQL-Update; charset=utf-8"):
        by_type = client.post("/sparql", content=update, headers={"Content-Type": content_type})
        assert "read-only" in str(problem(by_type, 400, "update-refused")["detail"])
    assert ask(client, "ASK { <http://a/> ?p ?o }").json()["boolean"] is False


def test_service_is_403(client: httpx.Client) -> None:
    response = ask(client, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    assert problem(response, 403, "service-forbidden")["line"] == 1


@pytest.mark.parametrize(
    ("method", "url", "body", "content_type"),
    [
        ("GET", "/sparql?query=%FF%FE", b"", ""),
        ("GET", "/sparql?query=ASK%20%7B%20%3Chttp://a/%E6%3E", b"", ""),
        ("POST", "/sparql", b"query=%FF", FORM),
        ("POST", "/sparql", b"\xff", FORM),
        ("POST", "/sparql", b"ASK \xff", QUERY),
        ("GET", "/queries/plans?number=%FF", b"", ""),
        ("GET", "/doc?iri=%FF", b"", ""),
        ("GET", "/sparql?" + "a=1&" * 500, b"", ""),
    ],
)
def test_text_that_is_not_utf_8_is_400(
    client: httpx.Client, method: str, url: str, body: bytes, content_type: str
) -> None:
    response = client.request(method, url, content=body, headers={"Content-Type": content_type} if body else {})
    problem(response, 400, "bad-request")


@pytest.mark.parametrize("query", ["", " ", "\x00", "SELECT\x00", "{" * 500, "SELECT * {" * 80 + "}" * 80, "🏙", "}"])
def test_hostile_text_is_400(client: httpx.Client, query: str) -> None:
    response = ask(client, query)
    assert response.status_code == 400
    assert response.json()["code"] in ("query-syntax", "query-limit")


def test_a_body_over_the_limit_is_413_while_it_is_still_being_read(client: httpx.Client) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for _ in range(20_000):
            read += 1024
            yield b" " * 1024

    with httpx.Client(base_url=client.base_url) as other:
        response = other.post("/sparql", content=endless(), headers={"Content-Type": QUERY})
    problem(response, 413, "body-too-large")
    exact = client.post("/sparql", content=b"ASK {}".ljust(LIMIT_BYTES), headers={"Content-Type": QUERY})
    assert exact.json()["boolean"] is True
    declared = client.post("/sparql", content=b" " * (LIMIT_BYTES + 1), headers={"Content-Type": QUERY})
    problem(declared, 413, "body-too-large")


# About the endpoint


@pytest.mark.parametrize(
    ("accept", "rdf_format"),
    [
        ("*/*", RdfFormat.TURTLE),
        ("application/rdf+xml", RdfFormat.RDF_XML),
        ("application/n-triples", RdfFormat.N_TRIPLES),
    ],
)
def test_without_a_query_the_endpoint_describes_itself(
    client: httpx.Client, accept: str, rdf_format: RdfFormat
) -> None:
    response = client.get("/sparql", headers={"Accept": accept})
    assert response.status_code == 200
    sd = "http://www.w3.org/ns/sparql-service-description#"
    found = {(t.predicate.value.removeprefix(sd), str(t.object)) for t in parse(response.content, rdf_format)}
    endpoint = f"{str(client.base_url).rstrip('/')}/sparql"
    assert ("endpoint", f"<{endpoint}>") in found
    assert ("supportedLanguage", f"<{sd}SPARQL11Query>") in found
    assert ("feature", f"<{sd}UnionDefaultGraph>") in found
    assert ("name", f"<{GRAPH}5001/example>") in found
    formats = {value for name, value in found if name == "resultFormat"}
    assert len(formats) == 8
    assert not any("BasicFederatedQuery" in value for _, value in found)


def test_a_browser_gets_a_form_for_queries(client: httpx.Client) -> None:
    response = client.get("/sparql", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert '<textarea id="query" name="query"' in response.text
    assert response.headers["vary"] == "Accept, Accept-Language, Cookie, Accept-Encoding"


# Caching


def test_a_revalidated_query_is_304_and_another_format_has_another_etag(client: httpx.Client) -> None:
    first = ask(client, SELECT)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = ask(client, SELECT, headers={"If-None-Match": header})
        assert (again.status_code, again.content) == (304, b""), header
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == "Accept, Accept-Encoding"
        assert again.headers["access-control-allow-origin"] == "*"
        assert "content-type" not in again.headers
    assert ask(client, SELECT, headers={"If-None-Match": '"x"'}).status_code == 200
    tags = {
        ask(client, SELECT, headers={"Accept": a}).headers["etag"] for a in ("text/csv", "application/json", "text/xml")
    }
    other = client.get("/sparql", params={"query": SELECT, "default-graph-uri": GRAPH + "shapes"}).headers["etag"]
    assert len({*tags, other, ask(client, SELECT + " ").headers["etag"]}) == 5
    assert tag in tags


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_a_nondeterministic_answer_has_no_etag(client: httpx.Client, function: str) -> None:
    response = ask(client, f"SELECT ({function} AS ?x) {{ }}", headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_a_post_has_no_etag(client: httpx.Client) -> None:
    response = client.post("/sparql", data={"query": SELECT})
    assert values(response) == ["Øya"]
    assert "etag" not in response.headers


def test_a_malformed_query_is_400_even_with_if_none_match(client: httpx.Client) -> None:
    problem(ask(client, "SELECT", headers={"If-None-Match": "*"}), 400, "query-syntax")


def test_json_is_complete(client: httpx.Client) -> None:
    body = ask(client, "SELECT * WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o").content
    assert len(json.loads(body)["results"]["bindings"]) > 50


def test_the_first_of_two_errors_is_reported(client: httpx.Client) -> None:
    told = client.get("/sparql", params={"query": "SELECT * { ?s ?p 'a' ?o . ?x nope:y ?z }"}).json()
    assert (told["code"], told["column"], told["token"]) == ("query-syntax", 22, "?o")


def test_an_empty_answer_to_relative_iris_is_explained_too(client: httpx.Client) -> None:
    query = "SELECT ?o { <nowhere/7> ?p ?o }"
    told = client.get("/sparql", params={"query": query, "explain": "true"}).headers["plangraf-explain"]
    assert "<nowhere/7>" in told


def test_an_empty_answer_is_explained_when_asked_for(client: httpx.Client) -> None:
    query = 'PREFIX dcterms: <http://purl.org/dc/terms/> SELECT ?plan { ?plan dcterms:title "Plan for grønn by, æøå" }'
    plain = ask(client, query)
    assert "plangraf-explain" not in plain.headers
    response = client.get("/sparql", params={"query": query, "explain": "true"})
    assert response.json()["results"]["bindings"] == []
    assert "@nb" in response.headers["plangraf-explain"]
    assert response.headers["cache-control"] == "no-store"
    full = client.get("/sparql", params={"query": SELECT, "explain": "true"})
    assert full.json()["results"]["bindings"]
    assert "plangraf-explain" not in full.headers
    assert client.get("/sparql", params={"query": query, "explain": "why"}).json()["parameter"] == "explain"


@pytest.mark.parametrize(
    ("pattern", "graphs"),
    [
        ("WHERE { GRAPH <%sontology> { ?p a plan:Plan } }", {}),
        ("FROM <%sontology> WHERE { ?p a plan:Plan }", {}),
        ("FROM NAMED <%sontology> WHERE { GRAPH ?g { ?p a plan:Plan } }", {}),
        ("WHERE { ?p a plan:Plan }", {"default-graph-uri": GRAPH + "ontology"}),
    ],
)
def test_an_empty_answer_from_a_selected_graph_names_a_graph_with_matches(
    client: httpx.Client, pattern: str, graphs: dict[str, str]
) -> None:
    query = "PREFIX plan: <https://w3id.org/plangraf/ontology#> SELECT ?p " + pattern.replace("%s", GRAPH)
    response = client.get("/sparql", params={"query": query, "explain": "true", **graphs})
    assert values(response) == []
    told = response.headers["plangraf-explain"]
    assert told.startswith("Nothing matches `?p a plan:Plan` ")
    assert told.endswith(
        f" in <{GRAPH}ontology>; there are matches in <{GRAPH}5001/example>: choose that graph, or none."
    )


@pytest.mark.parametrize("pattern", ["{ GRAPH <%s> { ?p ?q ?o } }", "FROM <%s> { ?p ?q ?o }"])
def test_an_unknown_graph_is_reported_with_the_nearest(client: httpx.Client, pattern: str) -> None:
    query = "SELECT ?p " + pattern.replace("%s", GRAPH + "ontologi")
    response = client.get("/sparql", params={"query": query, "explain": "true"})
    assert values(response) == []
    told = response.headers["plangraf-explain"]
    assert told.startswith(f"There is no graph <{GRAPH}ontologi> (line 1, ")
    assert f"; did you mean <{GRAPH}ontology>? The graphs are listed in the service description" in told
