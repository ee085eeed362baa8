"""The front's end of one worker: cuts its socket into frames, and streams one answer of them at a time.

At the end of an answer the worker is released or killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import IO, Protocol, cast

import orjson

from plangraf.engines.embedded.wire import CHUNK, FRAME, GROWN, LAST, OUT_OF_MEMORY, REQUEST
from plangraf.engines.interface import QueryRequest
from plangraf.errors import AnswerBrokenError, QueryTimeoutError
from plangraf.errors.message import N_
from plangraf.rdf.formats import Format
from plangraf.sparql.safety import CheckedQuery

# A reader that pauses this long loses its worker. While there is a backlog, this total of pauses is enough.
LONGEST_PAUSE_S = 30.0
_LONGEST_PAUSE_BEFORE_OTHERS_S = 10.0
_LOOK_S = 1.0
# How much a long query yields: to short queries at once, and yet a machine that is busy with other programs gives it a
# sixth of a core. At idle priority it would get nothing there and pass its time limit.
_NICER = 7
_NICEST = 19
_LAST_WORDS = 4096
_MIB = 1024 * 1024
_READ_AHEAD = 256 * 1024


class Pipe(asyncio.Protocol):
    """The frames of one worker, in order of arrival, for one reader; pauses reading while too much is buffered.

    A frame that arrives in one piece, as most short answers do, is passed on without a copy into the buffer.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._transport: asyncio.Transport
        self._connection = connection
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._waiting = 0
        self._rest = bytearray()
        self._paused = False
        self._reader: asyncio.Future[None] | None = None
        self.closed = False
        self.on_close: Callable[[], object] | None = None
        self.on_grown: Callable[[], object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not isinstance, because uvloop's transports have the methods and not the class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._rest and len(data) >= FRAME.size:
            kind, size = FRAME.unpack_from(data)
            if len(data) == FRAME.size + size:
                self._put(kind, data[FRAME.size :])
                return
        self._rest += data
        at = 0
        while len(self._rest) - at >= FRAME.size:
            kind, size = FRAME.unpack_from(self._rest, at)
            end = at + FRAME.size + size
            if end > len(self._rest):
                break
            self._put(kind, bytes(self._rest[at + FRAME.size : end]))
            at = end
        del self._rest[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._wake()
        if self.on_close is not None:
            self.on_close()

    def write(self, data: bytes) -> None:
        """Sends a request at once, because the event loop would send it after the present step of the task."""
        sent = 0
        if not self._transport.get_write_buffer_size():
            with contextlib.suppress(OSError):  # `connection_lost` follows, or the transport waits for room
                sent = self._connection.send(data)
        if sent < len(data):
            self._transport.write(data[sent:])

    async def next(self, within_s: float) -> tuple[bytes, bytes]:
        """Waits for the next frame; returns its kind and payload.

        Raises:
            ConnectionError: the worker has ended, and every frame that it sent has been read.
            TimeoutError: no frame arrived within `within_s` seconds.
        """
        if not self._frames:
            loop = asyncio.get_running_loop()
            # Not asyncio.timeout, because a timer costs less, and every query comes here.
            timer = loop.call_later(within_s, self._stop_waiting)
            try:
                while not self._frames:
                    if self.closed:
                        raise ConnectionResetError("the worker is gone")
                    self._reader = loop.create_future()
                    await self._reader
            finally:
                timer.cancel()
        kind, payload = self._frames.popleft()
        self._waiting -= len(payload)
        if self._paused and self._waiting < _READ_AHEAD and not self.closed:
            self._paused = False
            self._transport.resume_reading()
        return kind, payload

    def close(self) -> None:
        self._transport.close()

    def _put(self, kind: bytes, payload: bytes) -> None:
        if kind == GROWN:
            if self.on_grown is not None:
                self.on_grown()
            return
        self._frames.append((kind, payload))
        self._waiting += len(payload)
        if self._waiting >= _READ_AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def _stop_waiting(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_exception(TimeoutError())

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class _Engine(Protocol):
    """The part of the engine that an answer calls."""

    @property
    def version(self) -> str: ...

    @property
    def has_backlog(self) -> bool: ...

    def release(self, worker: WorkerEnd) -> None: ...

    def discard(self, worker: WorkerEnd, reason: str) -> None: ...

    def log_if_slow(self, query: str, seconds: float, outcome: str) -> None: ...


class WorkerEnd:
    """The front's end of one worker process.

    `timer` fires when its query turns out long, or when it has been idle too long. `slowed`: it runs at a lower
    priority. `displaced`: its query was preempted. `replaced`: it was ended and a fresh one requested.
    """

    def __init__(self, pid: int, pipe: Pipe, words: IO[bytes]) -> None:
        self.pid = pid
        self.slowed = False
        self.displaced = False
        self.replaced = False
        self.timer: asyncio.TimerHandle | None = None
        self._pipe = pipe
        self._words = words

    def send(self, request: QueryRequest, checked: CheckedQuery, base: str, *, bulk: bool) -> None:
        """Sends a query; `bulk` says whether it is evaluated over the bulk triples too."""
        default, named = request.default_graphs, request.named_graphs
        if default is None and named is None and checked.has_dataset_clause:
            default, named = checked.default_graphs, checked.named_graphs
        body = orjson.dumps(
            {
                "query": checked.text,
                "base": base,
                "format": request.format.name,
                "default": default,
                "named": named,
                "graphs": checked.has_graph_clause,
                "bulk": bulk,
            }
        )
        self._pipe.write(REQUEST.pack(len(body)) + body)

    async def receive(self, within_s: float) -> tuple[bytes, bytes]:
        """Waits for the next frame; returns its kind and payload, see Pipe.next."""
        return await self._pipe.next(within_s)

    def slow_down(self, *, to_idle: bool = False) -> None:
        """Lowers the priority of the process, or makes it idle priority. Only root can undo this."""
        self.slowed = True
        with contextlib.suppress(OSError):
            os.sched_setscheduler(self.pid, os.SCHED_IDLE if to_idle else os.SCHED_BATCH, os.sched_param(0))
            nicer = _NICEST if to_idle else os.getpriority(os.PRIO_PROCESS, self.pid) + _NICER
            os.setpriority(os.PRIO_PROCESS, self.pid, min(nicer, _NICEST))

    def cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    @property
    def gone(self) -> bool:
        """Whether the process has ended while idle."""
        return self._pipe.closed

    def ran_out_of_memory(self) -> bool:
        """Whether the last words of an ended process name a failed allocation."""
        words = b"" if self._words.closed else self._words.read(_LAST_WORDS) or b""
        return any(known in words for known in OUT_OF_MEMORY)

    def close(self) -> None:
        """Closes both ends, at which the kernel kills the process."""
        self.cancel_timer()
        self._pipe.close()
        self._words.close()


class EmbeddedAnswer:
    """The answer of one worker; see base.QueryAnswer."""

    def __init__(
        self,
        engine: _Engine,
        worker: WorkerEnd,
        request: QueryRequest,
        first: tuple[bytes, bytes],
        left_s: float,
        queued_s: float,
        evaluated_s: float,
        most_mb: int,
    ) -> None:
        self._engine = engine
        self._worker: WorkerEnd | None = worker
        self._request = request
        self._version = engine.version
        self._most_mb = most_mb
        self._queued_s = queued_s
        self._evaluated_s = evaluated_s
        self._streamed_s = 0.0
        self._first = first
        self._limit_s = left_s + evaluated_s
        self._left_s = left_s
        self._paused_s = 0.0
        self._watching: asyncio.TimerHandle
        self._chunks: AsyncGenerator[bytes, None] | None = None
        if first[0] == LAST:
            self._finish()

    @property
    def format(self) -> Format:
        return self._request.format

    @property
    def version(self) -> str:
        return self._version

    @property
    def queued_s(self) -> float:
        return self._queued_s

    @property
    def evaluated_s(self) -> float:
        return self._evaluated_s

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        if self._chunks is None:
            self._chunks = self._run()
        return self._chunks

    @property
    def complete(self) -> bytes | None:
        return self._first[1] if self._first[0] == LAST else None

    async def aclose(self) -> None:
        if self._chunks is not None:
            await self._chunks.aclose()
        self._drop()

    async def _run(self) -> AsyncGenerator[bytes, None]:
        kind, payload = self._first
        size = 0
        try:
            while kind == CHUNK:
                size += len(payload)
                if size > self._most_mb * _MIB:
                    self._drop("oversized")
                    raise AnswerBrokenError(
                        N_("it is longer than %(limit)s MiB, the limit of one answer", limit=self._most_mb)
                    )
                watch = asyncio.get_running_loop().call_later(_LOOK_S, self._watch, 0.0)
                began = time.monotonic()
                self._watching = watch
                try:
                    yield payload
                finally:
                    self._watching.cancel()
                    self._paused_s += time.monotonic() - began
                kind, payload = await self._next()
            if kind != LAST:
                self._finish()
                raise AnswerBrokenError(orjson.loads(payload)["message"])
            self._finish()
            if payload:
                yield payload
        finally:
            self._drop()

    def _watch(self, so_far_s: float) -> None:
        """Takes the worker from a reader that pauses too long; sooner while there is a backlog."""
        pause = so_far_s + _LOOK_S
        in_all = self._paused_s + pause
        if pause >= LONGEST_PAUSE_S or (in_all >= _LONGEST_PAUSE_BEFORE_OTHERS_S and self._engine.has_backlog):
            self._drop()
        else:
            self._watching = asyncio.get_running_loop().call_later(_LOOK_S, self._watch, pause)

    async def _next(self) -> tuple[bytes, bytes]:
        """Waits for the next frame. Only this wait counts against the deadline: the reader sets its own pace."""
        if self._worker is None:
            raise AnswerBrokenError(N_("it was read too slowly"))
        began = time.monotonic()
        try:
            return await self._worker.receive(self._left_s)
        except TimeoutError:
            raise AnswerBrokenError(N_("the time limit was passed")) from QueryTimeoutError(self._limit_s)
        except OSError as error:
            raise AnswerBrokenError(self._why_gone(self._worker)) from error
        finally:
            waited = time.monotonic() - began
            self._left_s -= waited
            self._streamed_s += waited

    def _why_gone(self, worker: WorkerEnd) -> str:
        if worker.displaced:
            return N_("it made way for others")
        if worker.ran_out_of_memory():
            self._drop("memory")
            return N_("the memory limit was passed")
        return N_("the worker died")

    def _finish(self) -> None:
        """Releases the worker for the next query."""
        if self._worker is not None:
            self._engine.release(self._worker)
            self._worker = None
            self._engine.log_if_slow(self._request.query, self._evaluated_s + self._streamed_s, "answered")

    def _drop(self, reason: str = "broken") -> None:
        """Kills the worker, because its query still runs and nobody reads the answer."""
        if self._worker is not None:
            self._engine.discard(self._worker, reason)
            self._worker = None
