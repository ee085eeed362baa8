"""One answer on its way from a worker: chunk by chunk, complete or broken off, and its worker free at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import IO, Protocol

import orjson

from plangraf.engines.base import QueryRequest
from plangraf.engines.embedded.pipe import Pipe
from plangraf.engines.embedded.wire import CHUNK, LAST, OUT_OF_MEMORY, REQUEST
from plangraf.errors import AnswerBrokenError
from plangraf.rdf.formats import Format
from plangraf.sparql.safety import CheckedQuery

# A reader that takes nothing for so long loses its worker; when others wait for one, so long in all is enough.
LONGEST_PAUSE_S = 30.0
_LONGEST_PAUSE_BEFORE_OTHERS_S = 10.0
_LOOK_S = 1.0
_NICENESS = 19
_LAST_WORDS = 4096
_MIB = 1024 * 1024


class _Engine(Protocol):
    """What an answer needs of the engine whose worker it holds."""

    @property
    def version(self) -> str: ...

    @property
    def wanted(self) -> bool: ...

    def give(self, worker: WorkerEnd) -> None: ...

    def discard(self, worker: WorkerEnd, reason: str) -> None: ...

    def tell_if_slow(self, query: str, seconds: float, outcome: str) -> None: ...


class WorkerEnd:
    """The front's end of one worker process.

    `timer` is what happens when its query, or its rest, turns out long; `slowed` says that it is at idle priority,
    `displaced` that its query was ended for others, `replaced` that it was ended and another one asked for.
    """

    def __init__(self, pid: int, pipe: Pipe, words: IO[bytes]) -> None:
        self.pid = pid
        self.slowed = False
        self.displaced = False
        self.replaced = False
        self.timer: asyncio.TimerHandle | None = None
        self._pipe = pipe
        self._words = words

    def send(self, request: QueryRequest, checked: CheckedQuery, base: str) -> None:
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
            }
        )
        self._pipe.write(REQUEST.pack(len(body)) + body)

    async def receive(self, within_s: float) -> tuple[bytes, bytes]:
        """The next frame's kind and payload, see Pipe.next."""
        return await self._pipe.next(within_s)

    def slow_down(self) -> None:
        """Lowers the process to idle priority. Only root can undo this."""
        self.slowed = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _NICENESS)
            os.sched_setscheduler(self.pid, os.SCHED_IDLE, os.sched_param(0))

    def cancel_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    @property
    def gone(self) -> bool:
        """Whether the process has ended while it had nothing to do."""
        return self._pipe.closed

    def ran_out_of_memory(self) -> bool:
        """Whether a process that has ended said that it was refused memory."""
        words = b"" if self._words.closed else self._words.read(_LAST_WORDS) or b""
        return any(known in words for known in OUT_OF_MEMORY)

    def close(self) -> None:
        """Ends the process at once, whatever it does."""
        self.cancel_timer()
        self._pipe.close()
        self._words.close()


class EmbeddedAnswer:
    """One answer on its way from a worker; see base.QueryAnswer."""

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
        self._left_s = left_s
        self._paused_s = 0.0
        self._watching: asyncio.TimerHandle
        self._chunks = self._run()
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
        return self._chunks

    @property
    def complete(self) -> bytes | None:
        return self._first[1] if self._first[0] == LAST else None

    async def aclose(self) -> None:
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
                    raise AnswerBrokenError(f"it is longer than {self._most_mb} MiB, the limit of one answer")
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
        """The reader takes nothing: it loses its worker in the end, and soon when others wait for one."""
        pause = so_far_s + _LOOK_S
        in_all = self._paused_s + pause
        if pause >= LONGEST_PAUSE_S or (in_all >= _LONGEST_PAUSE_BEFORE_OTHERS_S and self._engine.wanted):
            self._drop()
        else:
            self._watching = asyncio.get_running_loop().call_later(_LOOK_S, self._watch, pause)

    async def _next(self) -> tuple[bytes, bytes]:
        """The next frame. Only waiting for the worker counts as evaluation: a slow reader has its time."""
        if self._worker is None:
            raise AnswerBrokenError("it was read too slowly")
        began = time.monotonic()
        try:
            return await self._worker.receive(self._left_s)
        except TimeoutError:
            raise AnswerBrokenError("the time limit was passed") from None
        except OSError as error:
            raise AnswerBrokenError(self._why_gone(self._worker)) from error
        finally:
            waited = time.monotonic() - began
            self._left_s -= waited
            self._streamed_s += waited

    def _why_gone(self, worker: WorkerEnd) -> str:
        if worker.displaced:
            return "it made way for others"
        if worker.ran_out_of_memory():
            self._drop("memory")
            return "the memory limit was passed"
        return "the worker died"

    def _finish(self) -> None:
        """The worker is free for the next query."""
        if self._worker is not None:
            self._engine.give(self._worker)
            self._worker = None
            self._engine.tell_if_slow(self._request.query, self._evaluated_s + self._streamed_s, "answered")

    def _drop(self, reason: str = "broken") -> None:
        """The worker is in the middle of something that nobody wants any more."""
        if self._worker is not None:
            self._engine.discard(self._worker, reason)
            self._worker = None
