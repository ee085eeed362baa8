"""The embedded engine's front side: hands queries to worker processes and takes their answers.

All on one event loop. A query that passes its deadline, or whose client leaves, loses its worker: SIGKILL and
a fresh fork, while the others go on. Nothing of the evaluation happens in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO

import orjson
import structlog

from plangraf import metrics
from plangraf.engines.base import QueryRequest
from plangraf.engines.embedded.answer import EmbeddedAnswer, WorkerEnd
from plangraf.engines.embedded.pipe import Pipe
from plangraf.engines.embedded.schedule import Schedule
from plangraf.engines.embedded.wire import CONTROL, ERROR, FORK, KILL, READY, WORKER
from plangraf.errors import (
    DisplacedError,
    EngineError,
    NotInXmlError,
    NotReadyError,
    OverloadedError,
    PlangrafError,
    QueryMemoryError,
    QueryTimeoutError,
    WorkerCrashedError,
)
from plangraf.rdf.formats import JSON
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, SHAPES_GRAPH
from plangraf.settings import Settings
from plangraf.sparql.explain.refusals import explain_engine_error
from plangraf.sparql.safety import CheckedQuery, Limits, check
from plangraf.store.versions import Version

_REMEMBERED_QUERIES = 512
# So many of a longer one would take more memory than it is worth.
_LONGEST_REMEMBERED = 4096
# Bytes: a line that is longer than a pipe takes in one piece may be torn by that of another process.
_LONGEST_LOGGED = 3000
# A query that runs longer makes way for others; so does, sooner, one of a client that has used much.
_SHORT_S = 0.1
_SHORT_FOR_HEAVY_S = 0.05
_COUNT_S = 0.05
# Seconds that a loader has to end by itself.
_GRACE_S = 3.0
_LONGEST_RETRY_S = 30.0
# What our namespaces have, and the terms of others that the shapes name, to be proposed for one that there is not.
_TERMS = f"""PREFIX rdfs: <{PREFIXES["rdfs"]}>
PREFIX sh: <{PREFIXES["sh"]}>
SELECT DISTINCT ?term WHERE {{
  {{ ?term rdfs:isDefinedBy <{ONTOLOGY}> }}
  UNION {{ GRAPH <{SHAPES_GRAPH}> {{ ?term ?p ?o }} FILTER (ISIRI(?term)) }}
  UNION {{ GRAPH <{SHAPES_GRAPH}> {{ ?shape sh:path|sh:targetClass|sh:class ?term }} FILTER (ISIRI(?term)) }}
}}"""

log = structlog.get_logger()


class EmbeddedEngine:
    """pyoxigraph in worker processes over one version; see base.Engine."""

    def __init__(self, version: Version, settings: Settings) -> None:
        self._version = version
        self._settings = settings
        self._terms: frozenset[str] = frozenset()
        self._limits = Limits.of(settings)
        self._check = lru_cache(_REMEMBERED_QUERIES)(self._check_anew)
        self._schedule: Schedule[WorkerEnd] = Schedule(
            settings.query_workers, settings.query_long, settings.query_max_waiting, self._is_alive
        )
        self._starting: set[asyncio.Task[None]] = set()
        self._loader: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._opened: asyncio.Future[int] | None = None
        self._triples = 0
        self._ready = False
        self._closing = False
        self._counting = False

    @property
    def version(self) -> str:
        return self._version.id

    @property
    def graphs(self) -> Mapping[str, int]:
        graphs: Mapping[str, int] = self._version.manifest.get("graphs", {})
        return graphs

    @property
    def folder(self) -> Path:
        return self._version.path

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a worker."""
        return self._schedule.waiting > 0

    @property
    def waiting(self) -> int:
        return self._schedule.waiting

    @property
    def running(self) -> int:
        return self._schedule.running

    @property
    def triples(self) -> int:
        """Number of distinct triples of all graphs together."""
        return self._triples

    @property
    def ready(self) -> bool:
        return self._ready

    async def start(self) -> None:
        """Opens the version and forks the workers; back when queries can be answered.

        Raises:
            EngineError: the version cannot be opened.
        """
        try:
            await self._open()
            answer = await self.query(QueryRequest(_TERMS, JSON))
            body = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
        except BaseException:
            await self.close()
            raise
        self._terms = frozenset(row["term"]["value"] for row in body["results"]["bindings"])
        self._check.cache_clear()

    def check(self, query: str) -> CheckedQuery:
        """The query's form, once it passed the guard.

        Raises:
            RequestError: what is wrong with it, and where.
        """
        return self._check(query) if len(query) <= _LONGEST_REMEMBERED else self._check_anew(query)

    def _check_anew(self, query: str) -> CheckedQuery:
        return check(query, self._limits, self._terms, self._settings.query_base)

    async def query(self, request: QueryRequest) -> EmbeddedAnswer:
        checked = self.check(request.query)
        limit = min(request.timeout_s or self._settings.query_timeout_s, self._settings.query_timeout_s)
        if not self._ready:
            raise NotReadyError
        asked = time.monotonic()
        try:
            worker = await self._schedule.acquire(request.client, limit)
        except OverloadedError:
            metrics.QUERIES.labels("overloaded").inc()
            raise
        finally:
            self._count()
        began = time.monotonic()
        metrics.QUEUE.observe(began - asked)
        short_s = _SHORT_FOR_HEAVY_S if self._schedule.is_heavy(request.client) else _SHORT_S
        worker.making_way = asyncio.get_running_loop().call_later(short_s, self._make_way, worker)
        try:
            worker.send(request, checked, self._settings.query_base)
            async with asyncio.timeout(limit):
                first = await worker.receive()
        except TimeoutError:
            self.discard(worker, "timeout")
            self.tell_if_slow(request.query, limit, "timeout")
            raise QueryTimeoutError(limit) from None
        except OSError as error:
            if worker.displaced:
                self.tell_if_slow(request.query, time.monotonic() - began, "displaced")
                raise DisplacedError(self._settings.query_long) from error
            if worker.ran_out_of_memory():
                self.discard(worker, "memory")
                self.tell_if_slow(request.query, time.monotonic() - began, "memory")
                raise QueryMemoryError(self._settings.worker_memory_mb) from error
            self.discard(worker, "crashed")
            raise WorkerCrashedError from error
        except BaseException:
            self.discard(worker, "left")
            raise
        if first[0] == ERROR:
            metrics.QUERIES.labels("refused").inc()
            self.give(worker)
            raise self._refusal(request.query, checked, orjson.loads(first[1]))
        evaluated = time.monotonic() - began
        metrics.QUERIES.labels("answered").inc()
        metrics.EVALUATION.observe(evaluated)
        return EmbeddedAnswer(
            self, worker, request, first, limit - evaluated, began - asked, evaluated, self._settings.answer_max_mb
        )

    def tell_if_slow(self, query: str, seconds: float, outcome: str) -> None:
        """One line in the log for a query that took long; it does not say who asked."""
        if seconds >= self._settings.slow_query_s:
            log.warning(
                "slow query",
                seconds=round(seconds, 2),
                outcome=outcome,
                version=self.version,
                query=query.encode()[:_LONGEST_LOGGED].decode(errors="ignore"),
            )

    async def drained(self) -> None:
        """Back when every answer has come to its end, for an engine that gets no more queries."""
        await self._schedule.quiet()

    async def close(self) -> None:
        """Ends all processes."""
        self._closing = True
        self._ready = False
        self._schedule.refuse_all()
        for task in self._starting:
            task.cancel()
        for worker in self._schedule.take_idle():
            worker.close()
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None
        if self._loader is not None:
            try:
                await asyncio.to_thread(self._loader.wait, _GRACE_S)
            except subprocess.TimeoutExpired:
                # It is opening the version and does not look up from that.
                self._loader.kill()
                await asyncio.to_thread(self._loader.wait)
            self._loader = None

    def _refusal(self, query: str, checked: CheckedQuery, error: dict[str, str]) -> PlangrafError:
        if error["kind"] == "OSError":
            return EngineError("The engine could not evaluate the query.")
        if error["kind"] == "NotInXmlError":
            return NotInXmlError(error["message"])
        return explain_engine_error(error["message"], query, checked.edited, self._settings.query_base)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._loader = subprocess.Popen(
                [sys.executable, "-m", "plangraf.engines.embedded.loader", str(theirs.fileno()),
                 str(self._version.path), str(self._settings.worker_memory_mb)],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        self._control = ours
        self._opened = loop.create_future()
        loop.add_reader(ours, self._hear)
        self._triples = await self._opened
        for _ in range(self._settings.query_workers):
            self._tell(FORK, 0)
        self._ready = True

    def _tell(self, kind: bytes, number: int) -> None:
        """A command to the loader; commands are few and short, its socket's buffer holds them all."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.send(CONTROL.pack(kind, number))

    def _hear(self) -> None:
        """A message of the loader: it is ready, a worker is there, or it is gone."""
        assert self._control is not None
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, CONTROL.size, 2)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        if len(message) < CONTROL.size:
            self._lost()
            return
        kind, number = CONTROL.unpack(message)
        if kind == READY and self._opened is not None and not self._opened.done():
            self._opened.set_result(number)
        elif kind == WORKER:
            connection, words = socket.socket(fileno=descriptors[0]), os.fdopen(descriptors[1], "rb", buffering=0)
            task = asyncio.create_task(self._welcome(number, self._loader, connection, words))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _welcome(self, pid: int, loader: object, connection: socket.socket, words: IO[bytes]) -> None:
        connection.setblocking(False)
        os.set_blocking(words.fileno(), False)
        _, pipe = await asyncio.get_running_loop().create_unix_connection(Pipe, sock=connection)
        self.give(WorkerEnd(pid, loader, pipe, words))

    def _lost(self) -> None:
        """The loader has died, and its workers with it: open the version once more."""
        assert self._control is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control)
        self._control.close()
        self._control = None
        was_ready, self._ready = self._ready, False
        for worker in self._schedule.take_idle():
            worker.close()
        if self._loader is not None:
            self._loader.kill()
            self._loader.wait()
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(EngineError(f"The version {self.version} could not be opened."))
        elif was_ready and not self._closing:
            task = asyncio.create_task(self._reopen())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _reopen(self) -> None:
        """Opens the version until that succeeds: what ended the loader, such as too little memory, may pass."""
        pause = 1.0
        while True:
            try:
                return await self._open()
            except (EngineError, OSError):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_RETRY_S)

    def _is_alive(self, worker: WorkerEnd) -> bool:
        """Whether an idle worker can be used; one that died while it had nothing to do is replaced."""
        if worker.gone:
            self._replace(worker, "died")
            return False
        return True

    def give(self, worker: WorkerEnd) -> None:
        """A worker that is free, after a query or when it is new."""
        worker.rest()
        self._schedule.finished(worker)
        if self._closing:
            worker.close()
        elif worker.slowed:
            self._replace(worker, "slowed")
        else:
            self._schedule.give(worker)
        self._count()

    def discard(self, worker: WorkerEnd, reason: str) -> None:
        """Ends a worker in the middle of a query."""
        worker.rest()
        metrics.QUERIES.labels(reason).inc()
        self._replace(worker, reason)
        self._schedule.finished(worker)
        self._count()

    def _make_way(self, worker: WorkerEnd) -> None:
        """A query has turned out long: it goes on with what others leave of the processor, and a fresh worker
        takes its place. With too many of those, one ends.
        """
        worker.slow_down()
        if not self._closing and worker.loader is self._loader:
            self._tell(FORK, 0)
        victim = self._schedule.lengthen(worker)
        if victim is not None:
            victim.rest()
            victim.displaced = True
            metrics.QUERIES.labels("displaced").inc()
            self._replace(victim, "displaced")
            self._count()

    def _count(self) -> None:
        """Tells how many queries wait and run, soon: each of them changes both numbers several times."""
        if not self._counting:
            self._counting = True
            asyncio.get_running_loop().call_later(_COUNT_S, self._count_now)

    def _count_now(self) -> None:
        self._counting = False
        metrics.WAITING.set(self._schedule.waiting)
        metrics.RUNNING.set(self._schedule.running)

    def _replace(self, worker: WorkerEnd, reason: str) -> None:
        """Ends a worker, dead or alive, once, and asks for a fresh one where that is not there already."""
        if worker.replaced:
            return
        worker.replaced = True
        metrics.REPLACED.labels(reason).inc()
        worker.close()
        if worker.loader is not self._loader:
            return  # it died with an earlier loader, and the present one has forked all that there should be
        self._tell(KILL, worker.pid)
        if not self._closing and not worker.slowed:
            self._tell(FORK, 0)
