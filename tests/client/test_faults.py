"""What the client does when the service is busy, refuses, breaks off, or is something else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

import pytest
from faulty_server import Scripted, faulty_server, problem, table

from plangraf.client import (
    AnswerError,
    ClientError,
    ConnectionFailedError,
    IncompleteError,
    Place,
    Plangraf,
    ProblemError,
    Rows,
    UsageError,
)
from plangraf.client.transport import Transport

BUSY = problem(429, "overloaded", {"Retry-After": "1"})
LATER = problem(503, "query-displaced", {"Retry-After": "5"})
Ask = Callable[[Plangraf], Rows]
ASKS: dict[str, Ask] = {
    "query": lambda service: service.query("plans"),
    "sparql": lambda service: service.sparql("SELECT ?n WHERE { ?n ?p ?o }"),
}
of_each_way = pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)


def run(ask: Ask, *answers: Scripted, **limits: Any) -> tuple[Rows | ClientError, int, list[float]]:
    """What came of it, how often the server was asked, and how long the client waited each time."""
    waited: list[float] = []
    with faulty_server(*answers) as faulty:
        service = Plangraf(faulty.url, transport=Transport(wait=waited.append, **limits))
        try:
            found: Rows | ClientError = ask(service)
        except ClientError as error:
            found = error
    return found, len(faulty.asked), waited


@of_each_way
def test_a_busy_service_is_asked_again_after_the_time_that_it_names(ask: Ask) -> None:
    found, asked, waited = run(ask, BUSY, LATER, table(7))
    assert isinstance(found, Rows)
    assert (found.column("n"), found.version) == ([7], "0123456789abcdef")
    assert (asked, waited) == (3, [1.0, 5.0])


def test_without_a_time_the_waits_after_429_double() -> None:
    busy = problem(429, "overloaded")
    _, asked, waited = run(ASKS["query"], busy, busy, busy, table())
    assert (asked, waited) == (4, [1.0, 2.0, 4.0])


def test_a_date_in_retry_after_is_waited_for() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=28), usegmt=True)
    _, asked, waited = run(ASKS["query"], problem(503, "not-ready", {"Retry-After": at}), table())
    assert asked == 2
    assert 10 < waited[0] <= 28


@of_each_way
def test_retries_are_bounded_in_number(ask: Ask) -> None:
    found, asked, waited = run(ask, BUSY, attempts=3)
    assert isinstance(found, ProblemError)
    assert (found.status, found.code, asked, len(waited)) == (429, "overloaded", 3, 2)


def test_a_longer_wait_than_allowed_is_not_begun() -> None:
    found, asked, waited = run(ASKS["query"], problem(503, "not-ready", {"Retry-After": "3600"}))
    assert isinstance(found, ProblemError)
    assert (asked, waited) == (1, [])


@of_each_way
@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_a_refusal_is_never_asked_for_again(ask: Ask, status: int) -> None:
    """A 503 without Retry-After, as of a query that needs too much memory, is one too."""
    headers = {"Retry-After": "1"} if status != 503 else {}
    found, asked, waited = run(ask, problem(status, "some-code", headers), table(1))
    assert isinstance(found, ProblemError)
    assert (found.status, found.code, found.detail, asked, waited) == (status, "some-code", "What happened.", 1, [])


@of_each_way
@pytest.mark.parametrize("code", ["query-timeout", "query-memory"])
def test_a_query_that_is_too_heavy_is_not_asked_again(ask: Ask, code: str) -> None:
    """The service sends Retry-After with a timeout, because another moment may be calmer; a client must not insist."""
    found, asked, waited = run(ask, problem(503, code, {"Retry-After": "5"}), table(1))
    assert isinstance(found, ProblemError)
    assert (found.status, found.code, asked, waited) == (503, code, 1, [])


@of_each_way
@pytest.mark.parametrize(
    "busy",
    [
        problem(503, "not-ready", {"Retry-After": "2"}),
        Scripted(503, b"busy", "text/plain", {"Retry-After": "2"}),
    ],
)
def test_a_service_that_is_not_ready_and_a_busy_proxy_are_asked_again(ask: Ask, busy: Scripted) -> None:
    found, asked, waited = run(ask, busy, table(1))
    assert isinstance(found, Rows)
    assert (asked, waited) == (2, [2.0])


def test_a_problem_document_becomes_an_error_with_place_and_hint() -> None:
    told = {"line": 2, "column": 5, "token": "pln:x", "hint": "Did you mean plan:?", "instance": "r1"}
    refused = problem(400, "query-syntax", **told)
    found, _, _ = run(ASKS["sparql"], refused)
    assert isinstance(found, ProblemError)
    assert (found.place, found.hint, found.request_id) == (Place(2, 5, "pln:x"), "Did you mean plan:?", "r1")
    assert "400 query-syntax: What happened. Did you mean plan:?" in str(found)


def test_a_refusal_without_a_problem_document_is_told_by_its_status() -> None:
    found, _, _ = run(ASKS["query"], Scripted(502, b"<html>Bad gateway</html>", "text/html"))
    assert isinstance(found, ProblemError)
    assert (found.status, found.code, found.title, found.place) == (502, "", "Bad Gateway", None)


@of_each_way
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_breaks_off_is_an_error(ask: Ask, chunked: bool) -> None:
    found, asked, _ = run(ask, replace(table(1, 2, 3), cut=9, chunked=chunked))
    assert isinstance(found, IncompleteError)
    assert "broke off" in str(found)
    assert asked == 1


def test_json_that_ends_early_is_an_error_even_when_the_body_is_complete() -> None:
    whole = table(1, 2, 3)
    found, _, _ = run(ASKS["query"], replace(whole, body=whole.body[:-3]))
    assert isinstance(found, IncompleteError)
    assert "not complete JSON" in str(found)


def test_a_body_without_a_length_that_ends_early_is_an_error_in_each_format() -> None:
    """An HTTP/1.0 proxy ends a body by closing the connection, so that only the text shows that a part is missing."""
    citation = b"title: x\nauthors:\n  - name: A\nversion: 0123456789abcdef\nlicense: CC-BY-4.0\nurl: http://a.example/"
    digest = {"Repr-Digest": f"sha-256=:{base64.b64encode(sha256(citation).digest()).decode()}:"}
    bodies: list[tuple[Scripted, Callable[[Plangraf], object]]] = [
        (table(1, 2, 3), lambda service: service.query("plans")),
        (Scripted(body=b'{"head": {}, "boolean": true}'), lambda service: service.sparql("ASK { ?s ?p ?o }")),
        (page(1, ["a"]), lambda service: service.collection("plans")),
        (Scripted(body=citation, type="application/yaml", headers=digest), lambda service: service.cite()),
    ]
    for whole, ask in bodies:
        with faulty_server(replace(whole, until_close=True), CONTEXT) as faulty:
            ask(Plangraf(faulty.url, "0123456789abcdef"))
        for kept in (0, len(whole.body) // 2, len(whole.body) - 1):
            with faulty_server(replace(whole, body=whole.body[:kept], until_close=True)) as faulty:
                service = Plangraf(faulty.url, "0123456789abcdef")
                with pytest.raises(IncompleteError):
                    ask(service)


@of_each_way
def test_a_page_with_status_200_is_not_an_answer(ask: Ask) -> None:
    found, _, _ = run(ask, Scripted(body=b"<html>Log in</html>", type="text/html"))
    assert isinstance(found, AnswerError)
    assert "text/html" in str(found)


def test_json_of_something_else_is_not_an_answer() -> None:
    for body in (b"[]", b"{}", b'{"head": {"vars": ["n"]}, "results": {"bindings": [{"n": 7}]}}'):
        found, _, _ = run(ASKS["query"], Scripted(body=body))
        assert isinstance(found, AnswerError), body


def test_a_service_that_cannot_be_reached_is_told_with_its_address() -> None:
    with faulty_server(table()) as faulty:
        pass
    with pytest.raises(ConnectionFailedError, match=f"{faulty.url}/queries/plans cannot be reached"):
        Plangraf(faulty.url).query("plans")


def page(total: int, things: list[str], following: str = "", version: str = "0123456789abcdef") -> Scripted:
    view = {"next": f"http://public.example/plans?limit=2&page=2&version={version}"} if following else {}
    body = {"totalItems": total, "member": [{"id": thing, "number": 1} for thing in things], "view": view}
    return Scripted(body=json.dumps(body).encode(), type="application/ld+json", headers={"Plangraf-Version": version})


CONTEXT = Scripted(body=b'{"@context": {}}', type="application/ld+json")


def collect(*answers: Scripted) -> tuple[Rows | ClientError, int, list[float]]:
    return run(lambda service: service.collection("plans", page_size=2), *answers)


def test_pages_are_followed_at_the_address_of_the_service() -> None:
    """Their links have the public address, which may be another than that of a tunnel or a local service."""
    with faulty_server(page(3, ["a", "b"], "next"), page(3, ["c"]), CONTEXT) as faulty:
        rows = Plangraf(faulty.url).collection("plans", page_size=2)
    assert rows.column("thing") == ["a", "b", "c"]
    assert faulty.asked == [
        "/plans.jsonld?limit=2",
        "/plans.jsonld?limit=2&page=2&version=0123456789abcdef",
        "/context/v1.jsonld",
    ]


@pytest.mark.parametrize(
    "second",
    [
        page(4, ["c"]),
        page(3, ["c"], version="fedcba9876543210"),
        page(3, ["b"]),
        page(3, []),
        page(3, [], "next"),
        page(3, ["c", "d"]),
    ],
    ids=["other total", "other version", "twice", "missing", "empty page", "too many"],
)
def test_a_collection_that_is_not_complete_is_an_error(second: Scripted) -> None:
    found, asked, _ = collect(page(3, ["a", "b"], "next"), second)
    assert isinstance(found, IncompleteError)
    assert asked == 2


def test_a_walk_whose_pages_never_end_is_an_error() -> None:
    found, asked, _ = collect(page(9, ["a", "b"], "next"))
    assert isinstance(found, IncompleteError)
    assert asked == 2


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "file:///etc/passwd", "ftp://127.0.0.1", "http://", "http://a/?b=c"])
def test_an_address_that_is_none_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not the address of a service"):
        Plangraf(url)


def test_a_version_or_a_name_that_cannot_be_one_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UsageError, match="'latest' is not the id of a version"):
        Plangraf("http://127.0.0.1", version="latest")
    with pytest.raises(UsageError, match="is not a name"):
        Plangraf("http://127.0.0.1").query("../sparql")


@pytest.mark.parametrize("limits", [{"attempts": 0}, {"timeout": 0}, {"longest_wait": -1}])
def test_limits_that_allow_no_request_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="attempts is at least 1"):
        Transport(**limits)  # type: ignore[arg-type]


def test_sparql_that_gives_no_rows_is_refused_before_it_is_sent() -> None:
    for text in ("CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE <http://example.org/>", "DELETE WHERE { ?s ?p ?o }"):
        found, asked, _ = run(lambda service, text=text: service.sparql(text), table())  # type: ignore[misc]
        assert isinstance(found, UsageError), text
        assert asked == 0


def test_a_service_without_a_version_cannot_be_pinned() -> None:
    ready = Scripted(body=b"{}", type="application/json")
    with faulty_server(ready) as faulty, pytest.raises(AnswerError, match="names no version"):
        Plangraf(faulty.url).pin()


def test_a_file_that_is_not_a_citation_is_an_error() -> None:
    with faulty_server(Scripted(body=b"title: x\n", type="application/yaml")) as faulty:
        service = Plangraf(faulty.url, "0123456789abcdef")
        with pytest.raises(AnswerError, match="it has no version, license, url"):
            service.cite()
