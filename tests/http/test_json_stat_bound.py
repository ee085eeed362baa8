"""JSON-stat needs all rows at once: an answer that is too large is refused while it is read, and its worker freed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from plangraf.engines.interface import QueryRequest
from plangraf.http.routes import named_queries
from plangraf.rdf.formats import JSON


class Answer:
    """An answer of a number of chunks of 1 MiB."""

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks
        self.sent = 0
        self.closed = False

    @property
    async def chunks(self) -> AsyncIterator[bytes]:
        for _ in range(self._chunks):
            self.sent += 1
            yield bytes(2**20)

    async def aclose(self) -> None:
        self.closed = True


class Engine:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def query(self, request: QueryRequest) -> Answer:
        return self._answer


def fetched(answer: Answer) -> bytes | None:
    request = QueryRequest("SELECT * { }", JSON)
    return asyncio.run(named_queries._fetch_bounded(Engine(answer), request, 64 * 2**20))  # type: ignore[arg-type]


def test_an_answer_within_the_bound_is_read_whole() -> None:
    answer = Answer(64)
    assert fetched(answer) == bytes(64 * 2**20)
    assert answer.closed


def test_an_answer_over_the_bound_is_given_up_at_once() -> None:
    answer = Answer(1000)
    assert fetched(answer) is None
    assert answer.sent == 65
    assert answer.closed
