"""How requests arrive: in time, within bounds, as HTTP; and a connection that ends takes its queries along."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from plangraf.web import protocol

POINT = "/sparql?query=" + quote("ASK { <https://w3id.org/plangraf/id/5001/plan/2020-2023-7> ?p ?o }", safe="")
RUNAWAY = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", safe="")


def connect(url: str, timeout: float = 60) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=timeout)


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
def test_what_is_no_http_is_told_so(url: str, sent: bytes) -> None:
    with connect(url) as connection:
        connection.sendall(sent)
        problem(read_all(connection), 400, "malformed-request")


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


def test_a_head_that_does_not_end_and_a_body_that_does_not_come_are_waited_for_no_longer(url: str) -> None:
    """Three connections at once: a silent one, half of a head, half of a body."""
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


def test_a_kept_answer_is_the_same_by_each_way_to_it(url: str) -> None:
    """Computed, found by address and headers, found by the bytes of the request; 304 likewise."""
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


def test_kept_answers_and_others_may_be_asked_for_in_one_packet(url: str) -> None:
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


def test_who_leaves_with_requests_waiting_behind_a_long_one_frees_its_worker(url: str) -> None:
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
