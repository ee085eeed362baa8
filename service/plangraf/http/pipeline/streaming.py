"""Streams answers: chunk by chunk with back-pressure, coded, cached on the way, given up when the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from plangraf.engines.interface import QueryAnswer
from plangraf.http.pipeline.cache import Cache, CachedAnswer, Headers
from plangraf.http.pipeline.coding import IDENTITY, encoder, tag_of

T = TypeVar("T")
# An answer to an HTTP/1.0 client is buffered in memory up to this size, on disk beyond it.
_IN_MEMORY = 4 * 1024 * 1024
_CHUNK = 64 * 1024
_UNWATCHED_S = 0.02


class ClientGoneError(Exception):
    """The client has left, so nobody reads the answer."""


def encode_headers(headers: Mapping[str, str]) -> Headers:
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())


def timing_of(answer: QueryAnswer) -> str:
    """The Server-Timing header of an answer: metric names and milliseconds."""
    return f"queue;dur={answer.queued_s * 1000:.2f}, eval;dur={answer.evaluated_s * 1000:.2f}"


class CacheWriter:
    """Collects an answer for the cache while it streams to the client."""

    def __init__(
        self, cache: Cache, tag: str, key: tuple[bytes | str, ...] | None, headers: Mapping[str, str], *, tagged: bool
    ) -> None:
        self.tag = tag
        self.tagged = tagged
        self._cache = cache
        self._key = key
        self._headers = headers
        self._pieces: list[bytes] | None = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        if self._pieces is None:
            return
        self._pieces.append(chunk)
        self._size += len(chunk)
        if self._size > max(self._cache.largest, len(chunk)):
            self._pieces = None
            self._cache.end_flight(self.tag, too_large=True)

    def complete(self, content_type: str) -> None:
        """Caches the collected answer unless it is too large."""
        if self._pieces is not None:
            self.keep(CachedAnswer(self.tag, content_type.encode("latin-1"), {IDENTITY: b"".join(self._pieces)}))

    def keep(self, whole: CachedAnswer) -> None:
        """Caches a whole answer unless it is too large."""
        self._cache.add(whole)
        if self._key is not None:
            self._cache.remember(self._key, self.tag, encode_headers(self._headers))

    def close(self) -> None:
        self._cache.end_flight(self.tag)


class StreamedAnswer(Response):
    """Streams the engine's chunks; closes the answer as soon as the client leaves.

    The coder is flushed after the first chunk, so that the first byte is sent early. Later chunks are sent when the
    coder has filled a block.
    """

    def __init__(
        self,
        answer: QueryAnswer,
        headers: Mapping[str, str],
        coding: str,
        *,
        keeping: CacheWriter | None = None,
    ) -> None:
        sent = {**headers, "Content-Type": answer.format.content_type}
        if keeping is not None and keeping.tagged:
            sent["ETag"] = tag_of(keeping.tag, coding)
        if coding != IDENTITY:
            sent["Content-Encoding"] = coding
        sent["Server-Timing"] = timing_of(answer)
        super().__init__(None, 200, sent)
        del self.headers["content-length"]
        self._answer = answer
        self._coder = None if coding == IDENTITY else encoder(coding)
        self._keeping = keeping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope.get("plangraf.head"):
                await self._start(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            elif scope.get("http_version") == "1.0":
                # Buffered, because an HTTP/1.0 client could not notice that a streamed answer broke off.
                await while_connected(receive, self._send_whole(send))
            else:
                await while_connected(receive, self._send_chunks(send))
        finally:
            if self._keeping is not None:
                self._keeping.close()
            await self._answer.aclose()

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    def _encode(self, chunk: bytes, *, first: bool) -> bytes:
        if self._keeping is not None:
            self._keeping.add(chunk)
        if self._coder is None:
            return chunk
        return self._coder.write(chunk) + (self._coder.flush() if first else b"")

    def _finish(self) -> bytes:
        if self._keeping is not None:
            self._keeping.complete(self._answer.format.content_type)
        return self._coder.finish() if self._coder is not None else b""

    async def _send_chunks(self, send: Send) -> None:
        started = False
        async for chunk in self._answer.chunks:
            if not started:
                await self._start(send)
            coded = self._encode(chunk, first=not started)
            started = True
            if coded:
                await send({"type": "http.response.body", "body": coded, "more_body": True})
        if not started:
            await self._start(send)
        await send({"type": "http.response.body", "body": self._finish(), "more_body": False})

    async def _send_whole(self, send: Send) -> None:
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            size = 0
            async for chunk in self._answer.chunks:
                size += file.write(self._encode(chunk, first=False))
            size += file.write(self._finish())
            self.headers["content-length"] = str(size)
            file.seek(0)
            await self._start(send)
            while part := file.read(_CHUNK):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """Awaits `work` and cancels it soon after the client leaves.

    Starts the disconnect watcher only after a delay, because for short work it would cost more than the work.

    Raises:
        ClientGoneError: the client left first.
    """
    task = asyncio.current_task()
    assert task is not None
    watching: asyncio.Task[None] | None = None
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        task.cancel()

    def begin() -> None:
        nonlocal watching
        watching = asyncio.create_task(watch())

    timer = asyncio.get_running_loop().call_later(_UNWATCHED_S, begin)
    try:
        return await work
    except asyncio.CancelledError:
        if gone and task.uncancel() == 0:
            raise ClientGoneError from None
        raise
    finally:
        timer.cancel()
        if watching is not None:
            watching.cancel()
