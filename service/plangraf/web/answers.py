"""How answers leave: whole or streamed, complete or broken off, tagged and compared (RFC 9110 §8.8, §13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from plangraf.engine.base import QueryAnswer, QueryRequest
from plangraf.web.service import Service

T = TypeVar("T")
# An answer to an HTTP/1.0 client is kept in memory up to this size, on disk beyond it.
_IN_MEMORY = 4 * 1024 * 1024
_CHUNK = 64 * 1024


class ClientGoneError(Exception):
    """The client has left: nobody waits for an answer any more."""


def vary(*names: str | None) -> dict[str, str]:
    found = [name for name in names if name]
    return {"Vary": ", ".join(found)} if found else {}


def unchanged(request: Request, tag: str | None, *, exists: bool = False) -> bool:
    """Whether If-None-Match says that the client has this representation; `*` only once it surely exists."""
    header = ", ".join(request.headers.getlist("if-none-match")).strip()
    if not header or tag is None:
        return False
    if header == "*":
        return exists
    return tag in {part.strip().removeprefix("W/") for part in header.split(",")}


def not_modified(tag: str, headers: Mapping[str, str]) -> Response:
    return Response(status_code=304, headers={**headers, "ETag": tag})


def whole(request: Request, body: bytes, content_type: str, tag: str, headers: Mapping[str, str]) -> Response:
    """A representation that is at hand: 200, or 304 when the client has it."""
    if unchanged(request, tag, exists=True):
        return not_modified(tag, headers)
    # Not by `media_type`, to which Starlette adds a charset that not every type has.
    return Response(body, 200, {**headers, "ETag": tag, "Content-Type": content_type})


async def run(
    service: Service, request: Request, query: QueryRequest, tag: str | None, headers: Mapping[str, str]
) -> Response:
    """The engine's answer to one query, streamed; 304 without asking the engine when the client has it.

    Args:
        service: whose engine is asked.
        request: what the client sent.
        query: what the engine is asked.
        tag: its ETag, or None when the answer may differ each time.
        headers: more headers of the answer, on a 304 too.
    Raises:
        PlangrafError: the query failed before its first byte.
        ClientGoneError: the client left before that.
    """
    caching = {**headers, "Cache-Control": "no-cache" if tag else "no-store"}
    if tag and unchanged(request, tag):
        return not_modified(tag, caching)
    answer = await while_connected(request.receive, service.engine.query(query))
    if tag and unchanged(request, tag, exists=True):
        await answer.aclose()
        return not_modified(tag, caching)
    if tag:
        caching["ETag"] = tag
    return StreamedAnswer(answer, headers={**caching, "Content-Type": answer.format.content_type})


class StreamedAnswer(Response):
    """Chunks from the engine as they come; the engine is told at once when the client leaves."""

    def __init__(self, answer: QueryAnswer, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(None, status_code, headers)
        del self.headers["content-length"]
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope.get("plangraf.head"):
                await self._start(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            elif scope.get("http_version") == "1.0":
                # There is no way to break off an HTTP/1.0 answer that a client would notice.
                await while_connected(receive, self._send_whole(send))
            else:
                await while_connected(receive, self._send_chunks(send))
        finally:
            await self._answer.aclose()

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _send_chunks(self, send: Send) -> None:
        await self._start(send)
        async for chunk in self._answer.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_whole(self, send: Send) -> None:
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            size = 0
            async for chunk in self._answer.chunks:
                file.write(chunk)
                size += len(chunk)
            self.headers["content-length"] = str(size)
            file.seek(0)
            await self._start(send)
            while part := file.read(_CHUNK):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled as soon as the client leaves.

    Raises:
        ClientGoneError: the client left first.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        for waiting in (task, gone):
            if not waiting.done():
                waiting.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
