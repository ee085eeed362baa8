"""One answer of an endpoint: its table is read while it arrives, and written in the format of the request.

A short table is converted at once. A longer one is converted in a thread, which reads from the connection and writes
to the reader of the answer; either waits for the other, so that memory stays flat.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import IO, Any, cast

import httpx

from plangraf.engines.answer_filters import UnwritableError, not_in_xml
from plangraf.engines.remote.kinds import Kind
from plangraf.engines.remote.placed_query import PlacedQuery
from plangraf.engines.remote.tables import NotATableError, Whole, write_answer
from plangraf.errors import AnswerBrokenError, EngineError, NotInXmlError, QueryTimeoutError
from plangraf.errors.message import N_, English
from plangraf.rdf.formats import Format

# Bytes of a table that is converted at once.
_SHORT = 64 * 1024
_PIECE = 64 * 1024
# Pieces between the connection and the thread, and between the thread and the reader.
_AHEAD = 4
_LONGEST_PAUSE_S = 30.0
_MIB = 1024 * 1024


class _EndedError(Exception):
    """The answer is not wanted any more."""


class RemoteAnswer:
    """See plangraf.engines.interface.QueryAnswer. Make it with `start`.

    `on_answered` gets the seconds that the endpoint took, when the whole table has arrived.
    """

    queued_s = 0.0

    def __init__(
        self,
        response: httpx.Response,
        kind: Kind,
        format_: Format,
        placed: PlacedQuery,
        limit_s: float,
        most_mb: int,
        on_answered: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._response = response
        self._format = format_
        self._kind = kind
        self._placed = placed
        self._limit_s = limit_s
        self._left_s = limit_s
        self._most_mb = most_mb
        self._on_answered = on_answered
        self._incoming: asyncio.Queue[bytes | BaseException] = asyncio.Queue(_AHEAD)
        self._outgoing: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(_AHEAD)
        self._body = response.aiter_bytes()
        self._tasks: list[asyncio.Task[None]] = []
        self._first: bytes | None = None
        self._chunks: AsyncGenerator[bytes, None] | None = None
        self._ended = threading.Event()
        self.evaluated_s = 0.0
        self.complete: bytes | None = None

    @property
    def format(self) -> Format:
        return self._format

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        if self._chunks is None:
            self._chunks = self._run()
        return self._chunks

    async def start(self, taken_s: float) -> None:
        """Waits for the first bytes of the answer, or for the whole of a short one.

        Raises:
            QueryTimeoutError: they did not come in time.
            NotInXmlError: XML cannot hold the answer.
            EngineError: the endpoint's answer is damaged.
        """
        began = time.monotonic()
        self._left_s -= taken_s
        head = bytearray()
        try:
            while len(head) < _SHORT:
                chunk = await self._next()
                if not chunk:
                    self.complete = self._converted(bytes(head))
                    await self._response.aclose()
                    self._on_answered(self._limit_s - self._left_s)
                    break
                head += chunk
            else:
                await self._stream(bytes(head))
        except AnswerBrokenError as error:
            await self.aclose()
            if self._left_s <= 0:
                raise QueryTimeoutError(self._limit_s) from error
            raise EngineError(N_("The SPARQL endpoint behind this service failed: %(why)s.", why=error.why)) from error
        except BaseException:
            await self.aclose()
            raise
        self.evaluated_s = taken_s + time.monotonic() - began

    async def aclose(self) -> None:
        """Releases the answer; closes the connection of one that is not finished, at which the endpoint stops."""
        self._ended.set()
        for task in self._tasks:
            task.cancel()
        # The thread may wait for room or for a piece; it finds either, and then that nothing is wanted.
        for queue in (self._outgoing, self._incoming):
            while not queue.empty():
                queue.get_nowait()
        self._incoming.put_nowait(_EndedError())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(httpx.HTTPError):
            await self._response.aclose()

    def _converted(self, table: bytes) -> bytes:
        out = Whole()
        try:
            write_answer(io.BytesIO(table), self._format, self._placed, out, self._kind)
        except UnwritableError as error:
            raise not_in_xml(error.predicate) from error
        except NotATableError as error:
            raise _damaged(error) from error
        return out.getvalue()

    async def _next(self) -> bytes:
        """The next piece of the table; empty at its end. Only this wait counts against the deadline."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(self._left_s, 0.001)):
                return await anext(self._body, b"")
        except TimeoutError:
            self._left_s = 0.0
            raise AnswerBrokenError(N_("the time limit was passed")) from QueryTimeoutError(self._limit_s)
        except httpx.HTTPError as error:
            raise AnswerBrokenError(
                N_("the endpoint's connection broke: %(kind)s", kind=type(error).__name__)
            ) from error
        finally:
            self._left_s -= time.monotonic() - began

    async def _stream(self, head: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._incoming.put_nowait(head)
        source, sink = _Source(loop, self._incoming), _Sink(loop, self._outgoing, self._ended)
        self._tasks = [asyncio.create_task(self._fill()), asyncio.create_task(self._convert(source, sink))]
        first = await self._outgoing.get()
        if isinstance(first, BaseException):
            raise first
        self._first = first

    async def _fill(self) -> None:
        try:
            while chunk := await self._next():
                await self._incoming.put(chunk)
            await self._incoming.put(b"")
        except AnswerBrokenError as error:
            await self._incoming.put(error)

    async def _convert(self, source: _Source, sink: _Sink) -> None:
        try:
            reader = cast(IO[bytes], io.BufferedReader(source, _PIECE))
            await asyncio.to_thread(write_answer, reader, self._format, self._placed, sink, self._kind)
        except UnwritableError as error:
            await self._outgoing.put(not_in_xml(error.predicate))
        except Exception as error:
            if not self._ended.is_set():
                await self._outgoing.put(source.error or _damaged(error))

    async def _run(self) -> AsyncGenerator[bytes, None]:
        if self.complete is not None:
            if self.complete:
                yield self.complete
            return
        size, piece = 0, self._first
        try:
            while piece is not None:
                size += len(piece)
                if size > self._most_mb * _MIB:
                    raise AnswerBrokenError(
                        N_("it is longer than %(most)s MiB, the limit of one answer", most=self._most_mb)
                    )
                began = time.monotonic()
                yield piece
                if time.monotonic() - began > _LONGEST_PAUSE_S:
                    raise AnswerBrokenError(N_("it was read too slowly"))
                found = await self._outgoing.get()
                if isinstance(found, NotInXmlError):
                    raise AnswerBrokenError(English(str(found))) from found
                if isinstance(found, BaseException):
                    raise found
                piece = found
            self._on_answered(self._limit_s - self._left_s)
        finally:
            await self.aclose()


def _damaged(error: Exception) -> AnswerBrokenError:
    return AnswerBrokenError(N_("the endpoint's answer is damaged: %(why)s", why=English(str(error))))


class _Source(io.RawIOBase):
    """The table, for the thread: each read waits for a piece."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pieces: asyncio.Queue[bytes | BaseException]) -> None:
        self._loop = loop
        self._pieces = pieces
        self._rest = b""
        self._over = False
        self.error: AnswerBrokenError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest and not self._over:
            found = _wait(self._pieces.get(), self._loop)
            if isinstance(found, AnswerBrokenError):
                self.error = found
            if isinstance(found, BaseException):
                raise found
            self._rest, self._over = found, not found
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class _Sink:
    """The answer, for the thread: each write of a whole piece waits until there is room for it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        pieces: asyncio.Queue[bytes | BaseException | None],
        ended: threading.Event,
    ) -> None:
        self._loop = loop
        self._pieces = pieces
        self._ended = ended
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        if len(self._waiting) >= _PIECE:
            self._send()
        return len(data)

    def flush(self) -> None:
        """Does nothing, because pieces are sent by size."""

    def finish(self) -> None:
        self._send()
        _wait(self._pieces.put(None), self._loop)

    def _send(self) -> None:
        if self._ended.is_set():
            raise _EndedError
        _wait(self._pieces.put(bytes(self._waiting)), self._loop)
        self._waiting.clear()


def _wait(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()
