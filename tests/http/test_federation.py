"""SERVICE to endpoints of the allow list: the rows, the bounds, and what fails."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, Store, parse
from small_server import HOME, serving

from plangraf.engines import endpoint_client
from plangraf.engines.endpoint_client import allowed_endpoints, is_public
from plangraf.errors import SettingError
from plangraf.http.app import create_app
from plangraf.settings import Settings, load_settings
from plangraf.sources.files import source_files
from sparql_endpoint import JSON, Endpoint, Fault, running_endpoint

SDG = "http://metadata.un.org/sdg/"
NATIONAL = f"""
@prefix ex: <http://ex.example/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:waste ex:measures <{SDG}11.6> ; rdfs:label "Avfall \\"per\\" innbygger\\n\\\\"@nb ; ex:value 412.50 , 1.0e3 .
ex:transport ex:measures <{SDG}11.2> ; rdfs:label "Kollektivreiser"@nb ; ex:value 7 .
ex:towns ex:measures <{SDG}11.a> , <{SDG}11.6> ; rdfs:label "Byer" .
ex:bnode ex:measures [] .
"""
PREFIXES = """PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX ex: <http://ex.example/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
MEASURES = "?indicator ex:measures ?target FILTER (ISIRI(?target))"
Start = Callable[..., httpx.Client]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with running_endpoint(NATIONAL) as running:
        yield running


@pytest.fixture
def start(small_versions: Path) -> Iterator[Start]:
    """A client of a server over the small version with settings of its own."""
    with ExitStack() as stack:

        def started(**settings: object) -> httpx.Client:
            def make(port: int) -> object:
                given = {"log_level": "error", **settings}
                return create_app(Settings(home=HOME, versions=small_versions, port=port, **given))  # type: ignore[arg-type]

            address = stack.enter_context(serving(make))  # type: ignore[arg-type]
            return stack.enter_context(httpx.Client(base_url=address, timeout=60))

        yield started


@pytest.fixture
def client(start: Start, endpoint: Endpoint) -> httpx.Client:
    return start(service_allow=endpoint.url)


def ask(client: httpx.Client, query: str, **parameters: str) -> httpx.Response:
    return client.get("/sparql", params={"query": PREFIXES + query, **parameters})


def rows(response: httpx.Response) -> Counter[str]:
    assert response.status_code == 200, response.text
    return Counter(json.dumps(row, sort_keys=True) for row in response.json()["results"]["bindings"])


def refused(response: httpx.Response, status: int, code: str) -> str:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    return str(response.json()["detail"])


def by_the_engine_itself(query: str) -> Counter[str]:
    """The same query by an engine that calls the endpoint on its own, over the same triples."""
    store = Store()
    for file in source_files(HOME):
        for quad in parse(file.path.read_bytes(), RdfFormat.TURTLE):
            store.add(quad)
    found = store.query(PREFIXES + query).serialize(format=QueryResultsFormat.JSON)  # type: ignore[union-attr]
    return Counter(json.dumps(row, sort_keys=True) for row in json.loads(found or b"")["results"]["bindings"])


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "pattern",
    [
        f"?perspective plan:relatesToTarget ?target . SERVICE <E> {{ {MEASURES} }}",
        f"SERVICE <E> {{ {MEASURES} . ?indicator rdfs:label ?label }} ?perspective plan:relatesToTarget ?target",
        "?perspective plan:relatesToTarget ?target OPTIONAL { SERVICE <E> { ?i ex:measures ?target ; ex:value ?v } }",
        "SERVICE <E> { ?i rdfs:label ?label OPTIONAL { ?i ex:value ?v } }",
        "SERVICE <E> { SELECT ?label (COUNT(?v) AS ?n) { ?i rdfs:label ?label ; ex:value ?v } GROUP BY ?label }",
        f"?x plan:relatesToTarget ?target MINUS {{ SERVICE <E> {{ {MEASURES} }} }}",
        "{ SERVICE <E> { ?i ex:value ?v } } UNION { ?x plan:number ?v }",
        "?p plan:number ?n SERVICE <E> { ex:waste ex:value ?v , ?w }",
        "?p plan:number ?n SERVICE <E> { ex:waste ex:measures ?any }",
        "?p plan:number ?n SERVICE <E> { ex:waste ex:measures ex:nothing }",
        "SERVICE <E> { ?i ex:value ?v FILTER (?v > 10) } SERVICE <E> { ?i rdfs:label ?label }",
        "{ SELECT ?target { ?x plan:relatesToTarget ?target . SERVICE <E> { ?i ex:measures ?target } } }",
        "VALUES ?i { ex:waste ex:towns } SERVICE SILENT <E> { ?i rdfs:label ?label }",
    ],
)
def test_the_answer_is_that_of_an_engine_that_calls_on_its_own(
    client: httpx.Client, endpoint: Endpoint, pattern: str
) -> None:
    # Blank nodes have no equal in another answer, so the patterns have none.
    endpoint.store.update("DELETE WHERE { <http://ex.example/bnode> ?p ?o }")
    query = f"SELECT * {{ {pattern.replace('<E>', f'<{endpoint.url}>')} }}"
    assert rows(ask(client, query)) == by_the_engine_itself(query)


def test_other_forms_join_rows_too(client: httpx.Client, endpoint: Endpoint) -> None:
    service = f"?x plan:relatesToTarget ?target . SERVICE <{endpoint.url}> {{ {MEASURES} }}"
    assert ask(client, f"ASK {{ {service} }}").json()["boolean"] is True
    lines = ask(client, f"CONSTRUCT {{ ?x ex:by ?indicator }} {{ {service} }}", format="nt").text.splitlines()
    assert len(lines) == 2
    assert len(ask(client, f"SELECT ?x {{ {service} }}", format="csv").text.splitlines()) == 4


def test_an_answer_that_rests_on_others_is_neither_cached_nor_tagged(client: httpx.Client, endpoint: Endpoint) -> None:
    query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?i ex:value ?v }} }}"
    for _ in range(2):
        response = ask(client, query)
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers
    assert len(endpoint.asked) == 2
    (seen, _) = endpoint.headers_seen
    assert seen["accept"] == JSON
    assert seen["accept-encoding"] == "identity"
    assert "cookie" not in seen


def test_an_equal_question_is_sent_once(client: httpx.Client, endpoint: Endpoint) -> None:
    call = f"SERVICE <{endpoint.url}> {{ ?i ex:value ?v }}"
    assert len(rows(ask(client, f"SELECT * {{ {{ {call} }} UNION {{ {call} }} }}"))) == 3
    assert len(endpoint.asked) == 1


def test_an_address_that_is_not_listed_is_refused_silent_or_not(client: httpx.Client, endpoint: Endpoint) -> None:
    for word in ("SERVICE", "SERVICE SILENT"):
        for address in (f"{endpoint.url}?x", endpoint.url.replace("127.0.0.1", "localhost"), "http://other.example/"):
            detail = refused(ask(client, f"SELECT * {{ {word} <{address}> {{ ?s ?p ?o }} }}"), 403, "service-forbidden")
            assert f"SERVICE may call <{endpoint.url}>" in detail
    assert endpoint.asked == []


def test_a_list_that_is_empty_refuses_every_service(start: Start, endpoint: Endpoint) -> None:
    detail = refused(ask(start(), f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}"), 403, "service-forbidden")
    assert "does not send queries to other servers" in detail


@pytest.mark.parametrize(
    ("query", "code", "place"),
    [
        ("SELECT * { SERVICE <E> { ?s ?p } }", "query-syntax", (4, 0)),
        ("SELECT * {\n SERVICE <E> { ?s ?p ?o } ?s plan:titel ?x }", "query-syntax", (5, 0)),
        ("SELECT * {\n SERVICE <E> { ?s ex:value ?o } BIND (1 AS ?o) }", "query-syntax", (5, 0)),
        ("SELECT * { SERVICE ?e { ?s ?p ?o } }", "query-unsupported", (4, 20)),
        ("SELECT * { FILTER EXISTS { SERVICE <E> { ?s ?p ?o } } }", "query-unsupported", (4, 28)),
    ],
)
def test_a_query_that_is_wrong_calls_nobody_and_is_told_at_its_place(
    client: httpx.Client, endpoint: Endpoint, query: str, code: str, place: tuple[int, int]
) -> None:
    text = query.replace("<E>", f"<{endpoint.url}>")
    response = ask(client, text)
    refused(response, 400, code)
    body = response.json()
    assert body["line"] == place[0]
    if "BIND" in query or "titel" in query:
        culprit = "?o) }" if "BIND" in query else "plan:titel"
        assert body["column"] == text.split("\n")[1].rindex(culprit) + 1
    if "BIND" not in query:  # which only the engine sees, when it has the rows
        assert endpoint.asked == []


def test_a_format_that_is_not_acceptable_calls_nobody(client: httpx.Client, endpoint: Endpoint) -> None:
    query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}"
    refused(client.get("/sparql", params={"query": query}, headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert endpoint.asked == []


RESULTS = b'{"head": {"vars": ["s", "p", "o"]}, "results": {"bindings": []}}'
BNODE = b'{"head":{"vars":["s","p","o"]},"results":{"bindings":[{"s":{"type":"bnode","value":"b"}}]}}'
BREAKOUT = b'{"head":{"vars":["s","p","o"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://a/> ?x"}}]}}'
TYPED = (
    b'{"head":{"vars":["s","p","o"]},"results":{"bindings":[{"s":{"type":"literal","value":"1","datatype":"x> ?y"}}]}}'
)
FAULTS = [
    (Fault(500, body=b"out of order"), "it answered with status 500: out of order"),
    (Fault(headers={"Content-Type": "text/html"}, body=b"<html>"), "answered with text/html instead of"),
    (Fault(body=RESULTS[:-5]), "its answer cannot be read"),
    (Fault(body=RESULTS, cut=9), "its answer ends in the middle"),
    (Fault(body=b'{"head": {}, "boolean": true}'), "a boolean instead of rows"),
    (Fault(body=b'{"head": {"vars": ["s"]}, "results": {"bindings": []}}'), r"lacks the column \?p"),
    (Fault(body=BNODE), "blank nodes, which cannot be joined"),
    (Fault(body=BREAKOUT), "its answer cannot be read"),
    (Fault(body=TYPED), "its answer cannot be read"),
    (Fault(302, {"Location": "/sparql"}), r"it redirects \(302\)"),
    (Fault(307, {"Location": "http://other.example/sparql"}), r"redirects \(307\) to http://other.example/sparql"),
    (Fault(307, {"Location": "/sparql"}), "redirects more than 3 times"),
    (Fault(headers={"Content-Type": JSON, "Content-Encoding": "gzip"}, body=RESULTS), "a content coding that was not"),
    (
        Fault(headers={"Content-Type": JSON, **{f"X-{n}": "x" * 900 for n in range(80)}}),
        "the head of its answer is longer",
    ),
    (Fault(body=RESULTS + b" " * 1024**2), "its answer is longer than 1 MiB"),
    (Fault(body=RESULTS + b" " * 1024**2, no_length=True), "its answer is longer than 1 MiB"),
]


@pytest.fixture(scope="module")
def strict(small_versions: Path) -> Iterator[tuple[httpx.Client, Endpoint]]:
    """A service with narrow bounds, and the endpoint that it may call."""
    with running_endpoint(NATIONAL) as endpoint:

        def make(port: int) -> object:
            bounds = {"service_timeout_s": 60, "service_max_mb": 1, "service_max_calls": 2, "log_level": "error"}
            return create_app(
                Settings(home=HOME, versions=small_versions, port=port, service_allow=endpoint.url, **bounds)  # type: ignore[arg-type]
            )

        with serving(make) as address, httpx.Client(base_url=address, timeout=60) as client:  # type: ignore[arg-type]
            yield client, endpoint


@pytest.mark.parametrize(("fault", "why"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_endpoint_that_fails_is_a_502_that_says_why_and_silent_goes_on(
    strict: tuple[httpx.Client, Endpoint], fault: Fault, why: str
) -> None:
    client, endpoint = strict
    endpoint.fault = fault
    call = f"<{endpoint.url}> {{ ?s ?p ?o }}"
    response = ask(client, f"SELECT * {{ SERVICE {call} }}")
    detail = refused(response, 502, "service-failed")
    assert re.search(why, detail), detail
    assert response.json()["endpoint"] == endpoint.url
    assert (response.json()["line"], response.json()["column"]) == (4, 12)
    silent = ask(client, f"SELECT * {{ BIND (1 AS ?kept) SERVICE SILENT {call} }}")
    assert [set(row) for row in silent.json()["results"]["bindings"]] == [{"kept"}]


def test_a_deadline_of_the_client_shortens_the_calls(start: Start, endpoint: Endpoint) -> None:
    endpoint.gate = threading.Event()
    query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}"
    detail = refused(ask(start(service_allow=endpoint.url), query, timeout="0.2"), 502, "service-failed")
    endpoint.gate.set()
    assert "no complete answer within 0.2 s" in detail


def test_an_endpoint_that_does_not_answer_in_time_is_a_502_and_silent_goes_on(start: Start, endpoint: Endpoint) -> None:
    endpoint.gate = threading.Event()
    client, call = start(service_allow=endpoint.url, service_timeout_s=0.7), f"<{endpoint.url}> {{ ?s ?p ?o }}"
    detail = refused(ask(client, f"SELECT * {{ SERVICE {call} }}"), 502, "service-failed")
    assert "no complete answer within 0.7 s" in detail
    silent = ask(client, f"SELECT * {{ BIND (1 AS ?kept) SERVICE SILENT {call} }}")
    endpoint.gate.set()
    assert [set(row) for row in silent.json()["results"]["bindings"]] == [{"kept"}]


def test_the_description_says_whether_service_is_answered(start: Start, endpoint: Endpoint) -> None:
    told = {
        allowed: start(service_allow=allowed).get("/sparql", headers={"Accept": "application/n-triples"})
        for allowed in ("", endpoint.url)
    }
    assert {allowed: "BasicFederatedQuery" in one.text for allowed, one in told.items()} == {
        "": False,
        endpoint.url: True,
    }
    assert told[""].headers["etag"] != told[endpoint.url].headers["etag"]


def test_an_answer_without_a_length_is_read_to_its_end(strict: tuple[httpx.Client, Endpoint]) -> None:
    client, endpoint = strict
    endpoint.fault = Fault(body=RESULTS, no_length=True)
    assert rows(ask(client, f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?s ?p ?o }} }}")) == Counter()


def test_more_calls_than_allowed_are_refused(strict: tuple[httpx.Client, Endpoint]) -> None:
    client, endpoint = strict
    calls = f"SERVICE <{endpoint.url}> {{ ?s ?p ?o }} " * 3
    detail = refused(ask(client, f"SELECT * {{ {calls} }}"), 400, "query-limit")
    assert "number of SERVICE clauses is 3, the limit is 2" in detail


def test_more_rows_than_a_query_holds_are_refused_with_what_to_do(start: Start) -> None:
    many = "\n".join(f"<http://ex.example/{number}> <http://ex.example/p> {number} ." for number in range(3_000))
    with running_endpoint(many) as endpoint:
        query = f"SELECT (COUNT(*) AS ?n) {{ SERVICE <{endpoint.url}> {{ ?s ex:p ?o }} }}"
        whole = ask(start(service_allow=endpoint.url, query_max_tokens=60_000, query_max_bytes=10**6), query)
        assert whole.json()["results"]["bindings"][0]["n"]["value"] == "3000"
        detail = refused(ask(start(service_allow=endpoint.url, query_max_tokens=8_000), query), 502, "service-failed")
        assert "it has more than 2000 rows" in detail
        assert "LIMIT 2001" in endpoint.asked[-1]
        client = start(service_allow=endpoint.url, query_max_bytes=100_000)
        detail = refused(ask(client, query), 502, "service-failed")
        assert "the query with the rows of SERVICE is not accepted (The query's size in bytes is" in detail


def test_an_endpoint_that_is_not_there_is_told(start: Start) -> None:
    with running_endpoint("") as endpoint:
        address = endpoint.url
    response = ask(start(service_allow=address), f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}")
    assert "failed: " in refused(response, 502, "service-failed")


def test_other_queries_go_on_while_an_endpoint_is_slow_and_too_many_waiting_ones_are_refused(
    start: Start, endpoint: Endpoint
) -> None:
    endpoint.gate = threading.Event()
    client = start(service_allow=endpoint.url, query_max_waiting=2, service_timeout_s=30)
    query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?i ex:value ?v }} }}"
    with ThreadPoolExecutor(2) as waiting:
        slow = [waiting.submit(ask, client, query) for _ in range(2)]
        while len(endpoint.asked) < 2:
            assert not any(one.done() for one in slow)
            time.sleep(0.01)
        assert ask(client, "ASK { ?s ?p ?o }").json()["boolean"] is True
        refused(ask(client, query), 429, "overloaded")
        endpoint.gate.set()
        assert [len(rows(one.result())) for one in slow] == [3, 3]
    assert len(rows(ask(client, query))) == 3


def test_a_client_that_leaves_ends_its_call(start: Start, endpoint: Endpoint) -> None:
    endpoint.gate = threading.Event()
    client = start(service_allow=endpoint.url, query_max_waiting=1, service_timeout_s=600)
    query = f"SELECT * {{ SERVICE <{endpoint.url}> {{ ?i ex:value ?v }} }}"
    with pytest.raises(httpx.ReadTimeout):
        client.get("/sparql", params={"query": PREFIXES + query}, timeout=httpx.Timeout(60, read=0.5))
    endpoint.gate.set()
    deadline = time.monotonic() + 60
    while (again := ask(client, query)).status_code == 429:  # the server notices a little later
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(rows(again)) == 3


def test_a_redirect_within_the_endpoints_server_is_followed(start: Start, endpoint: Endpoint) -> None:
    moved = endpoint.url.replace("/sparql", "/moved")
    client = start(service_allow=moved)
    assert len(rows(ask(client, f"SELECT * {{ SERVICE <{moved}> {{ ?i ex:value ?v }} }}"))) == 3
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("not an address", False),
    ],
)
def test_an_address_of_a_private_network_is_not_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_leads_to_a_private_address_is_called_only_when_it_is_listed_as_private(
    start: Start, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("inside.example", endpoint.server_port)
        return ["127.0.0.1"]

    monkeypatch.setattr(endpoint_client, "resolve", resolve)
    address = endpoint.url.replace("127.0.0.1", "inside.example")
    query = f"SELECT * {{ SERVICE <{address}> {{ ?i ex:value ?v }} }}"
    detail = refused(ask(start(service_allow=address), query), 502, "service-failed")
    assert "inside.example leads to 127.0.0.1, a private address" in detail
    assert endpoint.asked == []
    assert len(rows(ask(start(service_allow=f"private:{address}"), query))) == 3


def test_the_list_is_read_from_blanks_and_marks() -> None:
    settings = load_settings(service_allow="https://a.example/sparql  private:http://b.example/ http://10.0.0.1/sparql")
    found = allowed_endpoints(settings.service_allow)
    assert {address: endpoint.private for address, endpoint in found.items()} == {
        "https://a.example/sparql": False,
        "http://b.example/": True,
        "http://10.0.0.1/sparql": True,
    }
    assert allowed_endpoints(load_settings().service_allow) == {}


@pytest.mark.parametrize(
    "entry", ["a.example", "ftp://a.example/", "https://me:x@a.example/", "private:", "http:///x", "https://å.example/"]
)
def test_an_entry_that_is_not_an_address_stops_the_start(entry: str) -> None:
    with pytest.raises(SettingError, match=r"PLANGRAF_SERVICE_ALLOW.*must be an address in ASCII"):
        load_settings(service_allow=entry)
