"""Faults of a server, and what the client makes of each: a wait, another attempt, or an error with what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

import pxweb_tables
from plangraf.errors import (
    RemoteSourceError,
    SourceAnswerError,
    SourceChangedError,
    SourceGoneError,
    SourceRefusedError,
    SourceUnreachableError,
)
from pxweb_reader import ALL, Reader, cells, listed
from pxweb_server import Fault, PxServer, running_pxweb

WANTED = {**ALL, "Region": "5001"}
NUMBER_OF_CELLS = 24


def fetched(reader: Reader) -> int:
    return len(cells(reader.fetch(WANTED)))


def later(status: int, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault("/data", "answer", status=status, headers=named, body=b'{"title": "Not now", "detail": "Busy."}')


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (later(429, Retry_After="7"), [7.0]),
        (later(503, Retry_After="Sun, 29 Nov 2026 12:01:30 GMT"), [90.0]),
        (later(503, Retry_After="Sun, 29 Nov 2026 11:00:00 GMT"), [0.0]),
        (replace(later(503), times=3), [1.0, 2.0, 4.0]),
        (later(503, Retry_After="soon"), [1.0]),
        (later(429), [60.0]),
        (replace(later(502), times=2), [1.0, 2.0]),
        (later(504), [1.0]),
        (Fault("/data", "reset", times=2), [1.0, 2.0]),
        (Fault("/data", "cut"), [1.0]),
        (Fault("/data", "half"), [1.0]),
        (Fault("/config", "reset"), [1.0]),
        (Fault("/metadata", "cut"), [1.0]),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else None,
)
def test_what_can_pass_is_waited_for_and_asked_again(
    reader: Reader, server: PxServer, fault: Fault, waits: list[float]
) -> None:
    server.faults = [replace(fault)]
    assert fetched(reader) == NUMBER_OF_CELLS
    assert reader.waits == waits
    assert len(reader.lines("wait")) == len(waits)


@pytest.mark.parametrize("kind", ["reset", "cut", "half"])
def test_attempts_are_bounded(reader: Reader, server: PxServer, kind: str) -> None:
    server.faults = [Fault("/data", kind, times=99)]  # type: ignore[arg-type]
    with pytest.raises(SourceUnreachableError, match=r"gave no usable answer in 5 attempts; the last: "):
        reader.fetch(WANTED)
    assert reader.waits == [1.0, 2.0, 4.0, 8.0]
    assert len(server.data_requests()) == 5


def test_the_last_words_of_a_busy_server_are_told(reader: Reader, server: PxServer) -> None:
    server.faults = [replace(later(503), times=99)]
    with pytest.raises(SourceUnreachableError, match=r"the last: status 503: Not now. Busy"):
        reader.fetch(WANTED)


def test_a_wait_that_is_too_long_ends_the_run_and_says_how_long(reader: Reader, server: PxServer) -> None:
    server.faults = [later(503, Retry_After="86400")]
    with pytest.raises(SourceUnreachableError, match=r"asks to wait for 86400 s, longer than 300 s"):
        reader.fetch(WANTED)
    assert reader.waits == []


def test_a_request_that_the_server_calls_wrong_is_never_repeated(reader: Reader, server: PxServer) -> None:
    problem = {"title": "Bad Request", "status": 400, "detail": "Value, xxx is not a valid value code for variable yyy"}
    server.faults = [Fault("/data", "answer", times=99, status=400, body=json.dumps(problem).encode())]
    with pytest.raises(SourceRefusedError, match=r"status 400: Bad Request. Value, xxx is not a valid value code"):
        reader.fetch(WANTED)
    assert len(server.data_requests()) == 1
    assert reader.waits == []


@pytest.mark.parametrize("status", [401, 403, 413, 414, 500])
def test_another_refusal_is_told_and_not_repeated(reader: Reader, server: PxServer, status: int) -> None:
    server.faults = [Fault("/data", "answer", times=99, status=status, body=b"<html><title>No &amp; no</title></html>")]
    with pytest.raises(SourceRefusedError, match=rf"status {status}: No & no\."):
        reader.fetch(WANTED)
    assert len(server.data_requests()) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><title>Maintenance</title><p>Back at 8.15</html>", "text/html"),
        (b"\n <html><h1 class='x'>Maintenance</h1></html>", "application/json"),
    ],
)
@pytest.mark.parametrize("path", ["/config", "/metadata", "/data"])
def test_a_page_with_status_200_is_refused_with_its_title(
    reader: Reader, server: PxServer, body: bytes, kind: str, path: str
) -> None:
    server.faults = [Fault(path, "answer", times=99, headers={"Content-Type": kind}, body=body)]
    with pytest.raises(SourceAnswerError, match="answers 200 with a page instead of JSON: Maintenance"):
        reader.fetch(WANTED)
    assert reader.waits == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_table_that_vanishes_between_parts_is_told_as_such(reader: Reader, server: PxServer, status: int) -> None:
    server.most_cells = 8
    server.faults = [Fault("/data", "answer", times=99, after=1, status=status)]
    with pytest.raises(SourceGoneError, match=rf"\({status}.*vanished while it was read"):
        reader.fetch(WANTED)
    assert len(server.data_requests()) == 2


def publish(server: PxServer, *moments: str) -> Callable[[], None]:
    """Publishes the table anew, with one more region before the others, at each call."""
    left = list(moments)

    def act() -> None:
        if left:
            table = server.tables["07459"]
            table.updated = left.pop(0)
            table.axes[0].labels = {f"00{len(left)}": "New", **table.axes[0].labels}

    return act


def test_a_table_that_changes_between_parts_is_read_again_from_the_start(reader: Reader, server: PxServer) -> None:
    server.most_cells = 50
    server.faults = [Fault("/data", "then", after=2, act=publish(server, "2026-02-20T07:00:00Z"))]
    paths = reader.fetch()
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    assert {one["updated"] for one in documents} == {"2026-02-20T07:00:00Z"}
    assert len(cells(paths)) == 9 * 24
    assert listed(paths)["updated"] == "2026-02-20T07:00:00Z"
    assert server.paths("/metadata") == ["GET /tables/07459/metadata"] * 2
    assert reader.lines("again") == [
        "again       the table was published anew: updated 2026-02-19T07:00:00Z became 2026-02-20T07:00:00Z"
    ]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(
        ["parts.json", *(path.name for path in paths)]
    )


def test_a_table_that_changes_each_time_is_given_up(reader: Reader, server: PxServer) -> None:
    moments = [f"2026-03-0{day}T07:00:00Z" for day in range(1, 9)]
    server.faults = [Fault("/data", "then", times=99, act=publish(server, *moments))]
    with pytest.raises(SourceChangedError, match="published anew each of the 3 times"):
        reader.fetch()
    assert len(server.data_requests()) == 3


def test_a_redirect_within_the_server_is_followed_and_one_to_another_is_not(reader: Reader, server: PxServer) -> None:
    moved = {"Location": "/api/pxwebapi/v2/config"}
    server.faults = [Fault("/config", "answer", status=308, headers=moved)]
    assert fetched(reader) == NUMBER_OF_CELLS
    with running_pxweb() as other:
        server.faults = [Fault("/config", "answer", status=302, headers={"Location": f"{other.url}/config"})]
        with pytest.raises(SourceAnswerError, match=f"redirects to another server, {other.url}/config"):
            reader.fetch(WANTED)
        assert other.requests == []
    server.faults = [Fault("/config", "answer", times=99, status=302, headers=moved)]
    with pytest.raises(SourceAnswerError, match="redirects more than 5 times"):
        reader.fetch(WANTED)


def test_an_answer_over_the_bound_of_bytes_is_given_up_while_it_arrives(reader: Reader, server: PxServer) -> None:
    reader.limits = replace(reader.limits, most_bytes=5_000)
    server.faults = [Fault("/data", "answer", body=b" " * 5_001)]
    with pytest.raises(SourceAnswerError, match="more than 5 000 bytes, which is the limit"):
        reader.fetch(WANTED)
    server.faults = []
    assert fetched(reader) == NUMBER_OF_CELLS


def test_a_server_that_is_not_there_is_told(reader: Reader) -> None:
    with running_pxweb() as other:
        address = other.table_url
    with pytest.raises(SourceUnreachableError, match=r"in 5 attempts; the last: .*refused"):
        reader.fetch(WANTED, address)


Change = Callable[[dict[str, object]], object]


def _with(**members: object) -> Change:
    return lambda document: document.update(members)


def _other_codes(document: dict[str, object]) -> None:
    document["dimension"]["Region"]["category"]["index"] = {"5031": 0}  # type: ignore[index]


def _one_more_dimension(document: dict[str, object]) -> None:
    document["id"].append("Age")  # type: ignore[attr-defined]
    document["dimension"]["Age"] = {"category": {"index": {"a": 0, "b": 1}}}  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_other_codes, "asked for were 1: it lacks 5001, adds 5031"),
        (_with(value=[1, 2]), "2 values for 24 cells"),
        (_one_more_dimension, "2 values of Age, which was not selected"),
        (_with(value=None), "without values"),
        (_with(id=["Region"]), "without the dimension Kjonn"),
        (_with(dimension={}), "not answer with a JSON-stat"),
        (lambda document: document.pop("value"), "not answer with a JSON-stat"),
    ],
)
def test_an_answer_with_other_cells_than_asked_for_is_refused(
    reader: Reader, server: PxServer, change: Change, message: str
) -> None:
    names = {name: ([text], None) for name, text in WANTED.items()}
    document = pxweb_tables.data(server.tables["07459"], "no", names, 1_000)
    change(document)
    server.faults = [Fault("/data", "answer", body=json.dumps(document).encode())]
    with pytest.raises(SourceAnswerError, match=message):
        reader.fetch(WANTED)


CONFIGURATION = {
    "defaultLanguage": "no",
    "languages": [{"id": "no"}],
    "maxDataCells": 1000,
    "maxCallsPerTimeWindow": 30,
    "timeWindow": 60,
}


@pytest.mark.parametrize(
    ("path", "document", "message"),
    [
        ("/config", {"maxDataCells": 10}, "not the configuration of a PxWebApi 2 server"),
        ("/config", [], "not the configuration of a PxWebApi 2 server"),
        ("/config", CONFIGURATION | {"maxDataCells": "٣"}, "'٣' is not a whole number"),
        ("/config", CONFIGURATION | {"maxDataCells": 1.5}, "1.5 is not a whole number"),
        ("/config", CONFIGURATION | {"timeWindow": 10**15}, "allows no data: .* timeWindow 1000000000000000"),
        ("/config", CONFIGURATION | {"timeWindow": 10**300}, "is not a whole number"),
        ("/metadata", {"class": "dataset"}, "does not answer with the metadata of a table"),
        ("/codelists", {"values": [{}]}, "does not answer with a code list"),
    ],
)
def test_other_documents_than_those_of_the_interface_are_refused(
    reader: Reader, server: PxServer, path: str, document: object, message: str
) -> None:
    server.faults = [Fault(path, "answer", body=json.dumps(document).encode())]
    with pytest.raises(SourceAnswerError, match=message):
        reader.fetch({**ALL, "Region": "*", "codelist[Region]": "agg_Counties"})


def test_a_server_whose_limits_allow_nothing_is_told(reader: Reader, server: PxServer) -> None:
    server.most_cells = 0
    with pytest.raises(SourceAnswerError, match="allows no data: maxDataCells is 0"):
        reader.fetch(WANTED)


def test_a_fault_leaves_nothing_half_written(reader: Reader, server: PxServer) -> None:
    for kind in ("cut", "half", "reset"):
        server.faults = [Fault("/data", kind, times=99)]  # type: ignore[arg-type]
        with pytest.raises(RemoteSourceError):
            reader.fetch(WANTED)
        assert [path for path in reader.cache.rglob("*") if path.is_file()] == []
