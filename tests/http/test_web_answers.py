"""Properties of every answer, and the end of an answer that fails midway."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from small_server import BREAK, VERSION, Script
from structlog.testing import capture_logs

from plangraf.errors import NotReadyError, OverloadedError, PlangrafError, QueryTimeoutError, WorkerCrashedError

SELECT = "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"
PATHS = [
    "/sparql",
    SELECT,
    "/doc/5001/plan/one",
    "/queries/plans",
    "/queries",
    "/",
    "/health/live",
    "/ontology",
    "/context/v1.jsonld",
    "/openapi.json",
    "/docs",
    "/nowhere",
    "/sparql?query=oops",
    "/doc/5001/plan/none",
    "/id/5001/plan/one",
    "/queries/plans?number=x",
    "/static/style.css",
]


LONG_S = 300.0


def raw(address: str, request: str, *, wait_s: float = 60) -> bytes:
    """All bytes that the server sends until it closes the connection."""
    host, port = urlsplit(address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def eventually(condition: Callable[[], bool], within_s: float = 60) -> bool:
    """Whether a condition holds soon; what the scripted engine waits for takes `LONG_S`, which is longer."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The log lines of requests so far."""
    lines: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        written = capsys.readouterr().err.splitlines()
        lines.extend(json.loads(line) for line in written if '"event":"request"' in line)
        return lines

    return read


# CORS, version, request id


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_allows_any_origin_and_names_version_and_request(client: httpx.Client, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
        headers = {"Origin": "https://example.org", "Accept-Encoding": "identity"}
        response = client.request(method, path, headers=headers)
        assert response.headers["access-control-allow-origin"] == "*", method
        assert "access-control-allow-credentials" not in response.headers
        exposed = response.headers["access-control-expose-headers"].split(", ")
        assert {"ETag", "Link", "Location", "Plangraf-Version", "Retry-After", "X-Request-Id"} <= set(exposed)
        assert len(response.headers["plangraf-version"]) == 16
        assert response.headers["x-request-id"]
        assert "content-encoding" not in response.headers


@pytest.mark.parametrize("path", ["/sparql", "/doc/5001/plan/one", "/nowhere"])
def test_a_preflight_allows_what_clients_send(client: httpx.Client, path: str) -> None:
    response = client.options(
        path,
        headers={
            "Origin": "https://example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, if-none-match",
        },
    )
    assert (response.status_code, response.content) == (204, b"")
    allowed = response.headers["access-control-allow-headers"].lower().split(", ")
    assert {"content-type", "if-none-match", "range", "accept"} <= set(allowed)
    assert ("POST" in response.headers["access-control-allow-methods"]) == (path == "/sparql")
    assert response.headers["allow"] == response.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/sparql", "GET, HEAD, OPTIONS, POST, QUERY"),
        ("/doc/5001/plan/one", "GET, HEAD, OPTIONS"),
        ("/queries/plans", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/id/x", "GET, HEAD, OPTIONS"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_405_and_the_methods_are_named(
    client: httpx.Client, path: str, allowed: str, method: str
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
    assert response.headers["allow"] == allowed
    assert allowed in response.json()["detail"]
    assert client.options(path).headers["allow"] == allowed


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    # RFC 9110 §9.3.2 lets a HEAD leave out what only a body decides.
    changing = ["date", "x-request-id", "transfer-encoding", "server-timing"]
    if get.status_code >= 400:
        changing.append("content-length")  # the request id is part of the body
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in get.headers.items() if k not in changing
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1._X", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("", False), ("<x>", False)],
)
def test_a_safe_request_id_is_reused(client: httpx.Client, given: str, kept: bool) -> None:
    response = client.get("/health/live", headers={"X-Request-Id": given})
    assert (response.headers["x-request-id"] == given) == kept


def test_one_line_is_logged_for_each_request_and_none_names_the_client(
    scripted: str, script: Script, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    httpx.get(scripted + SELECT, headers={"X-Request-Id": "one", "Accept-Encoding": "identity"})
    httpx.get(scripted + "/nowhere?secret=1", headers={"X-Request-Id": "two"})
    assert eventually(lambda: len(logged()) == 2)
    one, two = logged()
    assert (one["method"], one["path"], one["status"], one["request_id"]) == ("GET", "/sparql", 200, "one")
    assert (one["version"], one["outcome"], one["level"]) == (VERSION, "complete", "info")
    assert one["bytes"] == len(script.chunks[0])  # type: ignore[arg-type]
    assert one["ms"] >= 0
    assert (two["path"], two["status"]) == ("/nowhere", 404)
    assert "secret" not in repr(logged())
    assert "127.0.0.1" not in repr(logged())


# Errors of the engine


@pytest.mark.parametrize(
    ("failure", "status", "code", "retry"),
    [
        (QueryTimeoutError(30), 503, "query-timeout", True),
        (WorkerCrashedError(), 500, "worker-crashed", False),
        (OverloadedError(64), 429, "overloaded", True),
        (NotReadyError(), 503, "not-ready", True),
        (PlangrafError("unclear"), 500, "internal-error", False),
    ],
)
def test_an_error_of_the_engine_has_its_status_and_code(
    scripted: str, script: Script, failure: PlangrafError, status: int, code: str, retry: bool
) -> None:
    script.failure = failure
    for path in (SELECT, "/doc/5001/plan/one", "/queries/plans.csv", "/ontology"):
        response = httpx.get(scripted + path)
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert (response.status_code, body["status"], body["code"]) == (status, status, code)
        assert body["detail"] == str(failure)
        assert ("retry-after" in response.headers) == retry
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


def test_an_unexpected_error_shows_a_request_id_and_no_internals(scripted: str, script: Script) -> None:
    script.failure = RuntimeError("the secret inside")
    with capture_logs() as lines:
        response = httpx.get(scripted + SELECT)
        assert eventually(lambda: bool(lines))
    assert response.status_code == 500
    assert response.json()["code"] == "internal-error"
    assert response.json()["instance"] == response.headers["x-request-id"]
    assert response.headers["x-request-id"] in response.json()["detail"]
    assert "secret" not in response.text
    assert response.headers["access-control-allow-origin"] == "*"
    (line,) = lines
    assert (line["log_level"], line["status"]) == ("error", 500)
    assert line["exc_info"] is script.failure
    script.failure = None
    assert httpx.get(scripted + SELECT).status_code == 200


# Complete or broken


def test_an_aborted_answer_never_ends_cleanly(
    scripted: str, script: Script, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    script.chunks = [b"{" * 10_000, 0.05, BREAK]
    received = raw(scripted, f"GET {SELECT} HTTP/1.1\nHost: x\n\n")
    assert eventually(lambda: bool(logged()))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"transfer-encoding: chunked" in received.lower()
    assert b"{" * 10_000 in received
    assert not received.endswith(b"0\r\n\r\n")
    assert script.freed == 1
    assert [(line["outcome"], line["level"]) for line in logged()] == [("broken", "info")]
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(scripted + SELECT)


def test_an_unexpected_error_after_the_first_byte_aborts_the_answer_too(scripted: str, script: Script) -> None:
    script.chunks = [b"{", RuntimeError("inside")]
    with capture_logs() as lines:
        received = raw(scripted, f"GET {SELECT} HTTP/1.1\nHost: x\n\n")
        assert eventually(lambda: bool(lines))
    assert b"inside" not in received
    assert not received.endswith(b"0\r\n\r\n")
    assert [(line["outcome"], line["log_level"]) for line in lines] == [("broken", "error")]


def test_a_complete_answer_is_streamed_in_chunks_and_the_connection_stays_open(scripted: str, script: Script) -> None:
    script.chunks = [b"one", b"two"]
    request = f"GET {SELECT} HTTP/1.1\nHost: x\n\nGET {SELECT} HTTP/1.1\nHost: x\nConnection: close\n\n"
    received = raw(scripted, request)
    assert received.count(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n") == 1
    # The second time it is at hand, and its length known.
    assert received.endswith(b"onetwo")
    assert b"content-length: 6" in received.lower()
    assert eventually(lambda: script.freed == 1)


def test_the_first_bytes_are_sent_before_the_last_are_computed(scripted: str, script: Script) -> None:
    script.chunks = [b"first", LONG_S, b"last"]
    with httpx.stream("GET", scripted + SELECT, timeout=60, headers={"Accept-Encoding": "identity"}) as response:
        assert next(response.iter_raw()) == b"first"
    assert eventually(lambda: script.freed == 1)


def test_http_1_0_gets_a_complete_answer_with_its_length(scripted: str, script: Script) -> None:
    script.chunks = [b"x" * 3_000_000, 0.01, b"y" * 3_000_000]
    received = raw(scripted, f"GET {SELECT} HTTP/1.0\n\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-length: 6000000" in head.lower()
    assert b"chunked" not in head.lower()
    assert body == b"x" * 3_000_000 + b"y" * 3_000_000


def test_http_1_0_gets_an_error_for_an_aborted_answer(scripted: str, script: Script) -> None:
    script.chunks = [b"{" * 10_000, BREAK]
    received = raw(scripted, f"GET {SELECT} HTTP/1.0\n\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert b" 500 " in head.splitlines()[0]
    assert b'"code":"answer-broken"' in body
    assert b"{{{" not in body


# Clients that leave


def leave_when(address: str, arrived: Callable[[socket.socket], bool]) -> None:
    """Sends a query and leaves as soon as `arrived` is true of the connection."""
    host, port = urlsplit(address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(f"GET {SELECT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert eventually(lambda: arrived(connection))


def test_a_disconnect_before_the_first_byte_stops_the_query(
    scripted: str, script: Script, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    script.wait_s = LONG_S
    leave_when(scripted, lambda connection: bool(script.asked))
    assert eventually(lambda: script.cancelled == 1)
    assert eventually(lambda: bool(logged()))
    assert logged()[0]["outcome"] == "gone"


def test_a_disconnect_during_the_answer_frees_it_at_once(scripted: str, script: Script) -> None:
    script.chunks = [b"first", LONG_S]
    leave_when(scripted, lambda connection: b"first" in connection.recv(65536))
    assert eventually(lambda: script.freed == 1)


def test_a_head_request_frees_its_answer_at_once(scripted: str, script: Script) -> None:
    script.chunks = [b"first", LONG_S]
    assert httpx.head(scripted + SELECT, timeout=60).status_code == 200
    assert eventually(lambda: script.freed == 1)


# Without the engine


def test_a_304_does_not_use_the_engine(scripted: str, script: Script) -> None:
    for path in (SELECT, "/queries/plans.csv", "/queries/plans?lang=en", "/ontology.ttl"):
        script.chunks = [b""] if path == "/ontology.ttl" else [b"{}"]
        tag = httpx.get(scripted + path).headers["etag"]
        script.asked.clear()
        again = httpx.get(scripted + path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, script.asked) == (304, b"", [])


def test_a_nondeterministic_named_query_has_no_etag(client: httpx.Client) -> None:
    response = client.get("/queries/now")
    assert response.status_code == 200
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-store"


def test_a_refused_query_never_reaches_the_engine(scripted: str, script: Script) -> None:
    for query in ("SELEKT", "DROP ALL", "SELECT * { SERVICE <http://a/> {} }", "{" * 200):
        assert httpx.get(f"{scripted}/sparql", params={"query": query}).status_code in (400, 403)
    assert script.asked == []


def test_the_service_is_ready_when_its_engine_is(scripted: str, script: Script) -> None:
    assert script.started == 1
    ready = httpx.get(f"{scripted}/health/ready")
    assert ready.json() == {"status": "ready", "version": VERSION, "triples": 3}
    script.ready = False
    response = httpx.get(f"{scripted}/health/ready")
    assert (response.status_code, response.json()["code"]) == (503, "not-ready")
    assert int(response.headers["retry-after"]) >= 1
    assert httpx.get(f"{scripted}/health/live").json() == {"status": "live"}
