"""Numbers in text of others: no text makes a reader fail, and none but ASCII digits is a number."""

from __future__ import annotations

import asyncio
import http.client
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import Message
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from plangraf.bounded_body import read_body
from plangraf.client import transport
from plangraf.engines import endpoint_client
from plangraf.errors import BodyTooLargeError
from plangraf.http.resource import parameters
from plangraf.numbers_in_text import LARGEST, natural_key, whole_number
from plangraf.portals import ckan
from plangraf.portals.catalogue_document import Answer
from plangraf.sources.statistics import polite_requests

MANY = "1" * 5000
NOT_NUMBERS = ("", "²", "٣", "１２", "-1", "+1", "1_000", "1e3", "NaN", "1 2", "12\n", "\u00a012", "x")
NUMBERS = {"12": 12, " 12 ": 12, "\t0012": 12, "0": 0, "0" * 5000: 0, "0" * 5000 + "7": 7, MANY: LARGEST}
NUMBERS |= {"9" * 18: LARGEST - 1, "1" + "0" * 18: LARGEST}


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_a_text_of_other_characters_is_not_a_number(text: str) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize(("text", "number"), NUMBERS.items(), ids=lambda value: str(value)[:20])
def test_a_number_in_ascii_digits_is_read_and_a_longer_one_is_the_largest(text: str, number: int) -> None:
    assert whole_number(text) == number


@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    found = whole_number(text)
    assert found is None or 0 <= found <= LARGEST


def test_texts_sort_by_their_numbers() -> None:
    long = "plan-" + "9" * 5000
    texts = ["", "plan", "plan-2", "plan-010", "plan-10", "plan-10a", long, "plan-²", "plan-٣", "2", "11.9", "11.10"]
    mixed = texts[5:] + texts[:5]
    assert sorted(mixed, key=natural_key) == texts


@given(st.lists(st.text(alphabet="aå-.019٣²"), max_size=6))
@example(["1", "01", "", "a1", "1a"])
def test_the_order_of_any_texts_depends_on_the_texts_alone(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)


def is_incomplete(length: str) -> bool:
    """Whether a body of two bytes counts as incomplete."""

    class Response(io.BytesIO):
        headers = Message()

    Response.headers["Content-Length"] = length
    return not read_body(cast(http.client.HTTPResponse, Response(b"ab")), 100)[1]


def is_refused_by_service(length: str) -> bool:
    """Whether a request is refused for more than 11 bytes, although its body is empty."""

    async def receive() -> Mapping[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    header = (b"content-length", length.encode("latin-1", "replace"))
    request = Request({"type": "http", "method": "POST", "headers": [header]}, receive)  # type: ignore[arg-type]
    try:
        asyncio.run(parameters.read_whole_body(request, 11))
    except BodyTooLargeError:
        return True
    return False


def is_too_long_for_service_clause(length: str) -> bool:
    return endpoint_client._Answer(11, headers={"content-length": length}).too_long


def is_too_large_for_ckan(length: str) -> bool:
    def send(page: str, headers: object, **options: object) -> Answer:
        return Answer(page, 200, {"content-length": length, "content-type": "text/turtle"}, b"# one")

    done = ckan.Harvest()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ckan, "send_request", send)
        ckan._fetch_page("http://x/", "http://x/", done, 11, 1.0)
    return bool(done.findings)


OVER_11 = {" 12 ", MANY}


@pytest.mark.parametrize("length", ["", "²", "٣", "-1", MANY, " 12 ", "2"], ids=lambda length: length[:6])
@pytest.mark.parametrize(
    "is_over",
    [is_incomplete, is_refused_by_service, is_too_long_for_service_clause, is_too_large_for_ckan],
)
def test_a_content_length_counts_when_it_is_a_number(is_over: Callable[[str], bool], length: str) -> None:
    assert is_over(length) == (length in OVER_11)


NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HUGE_YEAR = "Sun, 06 Nov 1" + "9" * 30 + " 08:49:37 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", None), ("²", None), ("٣", None), ("-1", None), (" 12 ", 12.0), ("1_0", None), (HUGE_YEAR, None)],
    ids=lambda value: str(value)[:8],
)
def test_a_retry_after_counts_when_it_is_a_number(header: str, seconds: float | None) -> None:
    assert polite_requests._retry_after(header, NOW) == seconds
    assert transport._retry_after(header) == seconds


def test_a_retry_after_of_any_length_is_a_wait_that_is_too_long() -> None:
    assert (polite_requests._retry_after(MANY, NOW) or 0) >= LARGEST
    assert transport._retry_after(MANY) >= LARGEST  # type: ignore[operator]  # it is not None
