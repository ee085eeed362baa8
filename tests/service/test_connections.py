"""Requests must arrive in time, within limits and as HTTP; a closed connection ends its queries."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from plangraf.http.server import protocol

pytestmark = pytest.mark.embedded("waits for a worker to be freed")

POINT = "/sparql?query=" + quote("ASK { <https://w3id.org/plangraf/id/5001/plan/2020-2023-7> ?p ?o }", safe="")
RUNAWAY = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", safe="")


def connect(url: str, timeout: float = 60) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=timeout)


def send(url: str, sent: bytes) -> bytes:
    """The complete answer to these bytes until the service closes the connection."""
    with connect(url) as connection:
        connection.sendall(sent)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


def read_one(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer with a Content-Length."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head, body


def problem(answer: bytes, status: int, code: str) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    assert b"content-type: application/problem+json" in head.lower()
    assert b"access-control-allow-origin: *" in head.lower()
    assert b"connection: close" in head.lower()
    assert b"x-content-type-options: nosniff" in head.lower()
    found: dict[str, Any] = json.loads(body)
    assert (found["status"], found["code"]) == (status, code)
    return found


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"NONSENSE\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n\x00: \x00\r\n\r\n",
    ],
)
def test_bytes_that_are_not_http_are_400(url: str, sent: bytes) -> None:
    with connect(url) as connection:
        connection.sendall(sent)
        problem(read_all(connection), 400, "malformed-request")


@pytest.mark.parametrize(
    "target",
    ["/sparql?query=ASK{?s ?p 'ø'}", "/sparql?query='ø'", "/id/5001/område/1", "ø", "/a\x01b", "/sparql?query=ASK { }"],
)
def test_an_address_that_lacks_percent_encoding_gets_advice(url: str, target: str) -> None:
    answer = send(url, b"GET " + target.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    detail = problem(answer, 400, "malformed-request")["detail"]
    assert "%C3%A6 for æ" in detail
    assert "TLS" not in detail


@pytest.mark.parametrize("method", ["FOO", "get", "GETX", "DESCRIBE"])
def test_an_unknown_method_is_501_with_the_known_methods(url: str, method: str) -> None:
    answer = send(url, f"{method} /sparql HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    body = problem(answer, 501, "method-not-implemented")
    assert body["detail"].startswith(f"{method} is ")
    assert body["methods"] == ["GET", "HEAD", "OPTIONS", "POST", "QUERY"]
    assert all(name in body["detail"] for name in body["methods"])


def test_the_named_methods_are_answered_and_other_http_methods_are_405(url: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "QUERY"):
        assert httpx.request(method, f"{url}/sparql", params={"query": "ASK {}"}).status_code < 500, method
    refused = httpx.request("PROPFIND", f"{url}/sparql")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST, QUERY")


@pytest.mark.parametrize("length", [65_535, 65_536, 300_000, 900_000])
@pytest.mark.parametrize("prefix", ["", "http://x:80"])
def test_a_long_address_is_read_up_to_the_limit_of_a_head(url: str, length: int, prefix: str) -> None:
    target = f"{prefix}{POINT}&padding=".encode()
    target += b"%20" * ((length - len(target)) // 3)
    target = target.ljust(length, b"?")
    request = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(url) as connection:
        for _ in range(2):
            connection.sendall(request)
            head, body = read_one(connection)
            assert head.startswith(b"HTTP/1.1 200 OK"), body
            assert b'"boolean":true' in body


def test_a_fragment_is_not_part_of_a_long_query(url: str) -> None:
    target = POINT.encode() + b"&padding=" + b"a" * 70_000 + b"#query=ASK"
    answer = send(url, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b'"boolean":true' in answer


def test_a_path_longer_than_that_of_any_thing_is_414(url: str) -> None:
    answer = send(url, b"GET /id/" + b"a" * 70_000 + b"?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    detail = problem(answer, 414, "address-too-long")["detail"]
    assert "70004 bytes" in detail
    assert "POST" in detail


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("", "no Host"),
        ("Accept: */*\r\n", "no Host"),
        ("Host: x\r\nHost: x\r\n", "2 Host"),
        ("Host: x\r\nHost: y\r\n", "2 Host"),
        ("Host: a b/<>\r\n", "a b/<>"),
        ("Host: http://x/\r\n", "http://x/"),
        ("Host: x:port\r\n", "x:port"),
        ("Host: user@x\r\n", "user@x"),
        ("Host: ø.no\r\n", "ø.no"),
        ("Host: [::1\r\n", "[::1"),
        ("Host: %zz\r\n", "%zz"),
        ("Host: x, y\r\n", "x, y"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_without_exactly_one_valid_host_is_400(url: str, method: str, fields: str, told: str) -> None:
    body = "Content-Length: 1\r\n\r\nx" if method == "POST" else "\r\n"
    answer = send(url, f"{method} {POINT} HTTP/1.1\r\n{fields}{body}".encode())
    assert told in problem(answer, 400, "malformed-request")["detail"]


@pytest.mark.parametrize(
    "host",
    ["", " ", "x", "X.example.org:8000", "127.0.0.1:", "[::1]:80", "[v1.a:b]", "a_b", "xn--bl-yia.no", "bl%C3%A5.no"],
)
def test_every_valid_host_is_answered_empty_or_not(url: str, host: str) -> None:
    answer = send(url, f"GET {POINT} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK"), answer


def test_http_1_0_needs_no_host(url: str) -> None:
    assert send(url, f"GET {POINT} HTTP/1.0\r\n\r\n".encode()).startswith(b"HTTP/1.1 200 OK")


def test_a_request_without_host_is_refused_even_if_the_answer_is_cached(url: str) -> None:
    """Its address and headers would find a cached answer."""
    with connect(url) as connection:
        for _ in range(3):
            connection.sendall(f"GET {POINT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            read_one(connection)
        connection.sendall(f"GET {POINT} HTTP/1.1\r\n\r\n".encode())
        problem(read_all(connection), 400, "malformed-request")


def test_a_pipelined_request_without_host_is_refused_in_its_turn(url: str) -> None:
    good = f"GET {POINT} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    bad = f"GET {POINT} HTTP/1.1\r\n\r\n".encode()
    answer = send(url, good * 2 + bad + good)
    first, status, rest = answer.partition(b"HTTP/1.1 400 ")
    assert first.count(b"HTTP/1.1 200 OK") == 2
    problem(status + rest, 400, "malformed-request")


def test_a_head_over_the_limit_is_refused_while_it_arrives(url: str) -> None:
    with connect(url) as connection:
        connection.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        try:
            for number in range(100):
                connection.sendall(f"X-{number}: ".encode() + b"a" * 60_000 + b"\r\n")
        except OSError:
            pass
        answer = read_all(connection)
        assert str(protocol.LONGEST_HEAD) in problem(answer, 431, "head-too-large")["detail"]


@pytest.mark.slow
def test_an_unfinished_head_or_body_times_out(url: str) -> None:
    """Three connections at once: a silent one, half of a head, half of a body. test_protocol.py is shorter."""
    silent, half_head, half_body = connect(url), connect(url), connect(url)
    with silent, half_head, half_body:
        began = time.monotonic()
        half_head.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: ")
        half_body.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 50\r\n\r\nASK"
        )
        problem(read_all(half_head), 408, "request-timeout")
        assert protocol.HEAD_S - 1 < time.monotonic() - began < protocol.HEAD_S + 10
        assert read_all(silent) == b""
        problem(read_all(half_body), 408, "request-timeout")
        assert time.monotonic() - began > protocol.BODY_S - 1


def test_a_cached_answer_is_the_same_on_each_path(url: str) -> None:
    """Computed, found by address and headers, found by the bytes of the request; the same for 304."""
    path = POINT + quote(f" # {time.monotonic()}", safe="")
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n".encode()
    with connect(url) as connection:
        seen, ids, tag = set(), set(), b""
        for _ in range(12):
            connection.sendall(request)
            head, body = read_one(connection)
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            ids.add(fields.pop(b"x-request-id"))
            for volatile in (b"date", b"server-timing"):
                fields.pop(volatile)
            seen.add((head.split(b"\r\n")[0], tuple(sorted(fields.items())), body))
            tag = fields[b"etag"]
        assert len(seen) == 1
        assert len(ids) == 12
        known = request.replace(b"\r\n\r\n", b"\r\nIf-None-Match: " + tag + b"\r\n\r\n")
        for _ in range(4):
            connection.sendall(known)
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 304 ")
            assert answer.endswith(b"\r\n\r\n")
            assert tag in answer.lower()


def test_cached_and_other_answers_can_be_pipelined(url: str) -> None:
    one = f"GET {POINT} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    last = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connect(url) as connection:
        for _ in range(3):
            connection.sendall(one)
            assert b'"boolean":true' in read_one(connection)[1]
        connection.sendall(one * 3 + last)
        answer = read_all(connection)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b'"boolean":true') == 3
    assert answer.count(b"HTTP/1.1 404 ") == 1


def test_a_disconnect_with_pipelined_requests_frees_the_worker(url: str) -> None:
    behind = f"GET {POINT} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 50
    with connect(url) as connection:
        connection.sendall(f"GET {RUNAWAY} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + behind)
        until(lambda: running(url) >= 1)
    until(lambda: running(url) == 0)


def running(url: str) -> float:
    text = httpx.get(f"{url}/metrics").text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("plangraf_queries_running "))


def until(true: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
