"""The embedded engine's front: sends queries to worker processes and reads their answers, on one event loop.

When a query passes its deadline or its client leaves, the front kills the query's worker and requests a fresh fork;
other queries go on. No part of the evaluation runs in this process.
"""

from __future__ import annotations

import asyncio
import time

import orjson

from plangraf import metrics
from plangraf.engines.answer_filters import not_in_xml
from plangraf.engines.embedded.answer import EmbeddedAnswer, WorkerEnd
from plangraf.engines.embedded.wire import ERROR
from plangraf.engines.embedded.workers import Workers
from plangraf.engines.guarding import TERMS, Guard
from plangraf.engines.interface import QueryRequest
from plangraf.engines.slow_queries import log_if_slow
from plangraf.errors import (
    DisplacedError,
    EngineError,
    NotReadyError,
    OverloadedError,
    PlangrafError,
    QueryMemoryError,
    QueryTimeoutError,
    WorkerCrashedError,
)
from plangraf.errors.message import N_
from plangraf.settings import Settings
from plangraf.sparql.explain.refusals import explain_engine_error
from plangraf.sparql.safety import CheckedQuery
from plangraf.store.versions import Version

# A query is long, and moves to the background, after this time; a heavy client's query after the shorter one.
_SHORT_S = 0.1
_SHORT_FOR_HEAVY_S = 0.05


class EmbeddedEngine:
    """Evaluates queries over one version with pyoxigraph in worker processes; see base.Engine."""

    def __init__(self, version: Version, settings: Settings) -> None:
        self._version = version
        self._settings = settings
        self._guard = Guard(version, settings)
        self._workers = Workers(version, settings)
        self._ready = False

    @property
    def version(self) -> str:
        return self._version.id

    @property
    def has_backlog(self) -> bool:
        """Whether a query waits for a worker."""
        return self._workers.schedule.waiting > 0

    @property
    def running(self) -> int:
        return self._workers.schedule.running

    @property
    def triples(self) -> int:
        """Number of distinct triples in the union of all graphs."""
        return self._workers.triples

    @property
    def ready(self) -> bool:
        return self._ready

    async def start(self) -> None:
        """Opens the version and forks the workers; returns when the engine can answer queries.

        Raises:
            EngineError: the version cannot be opened.
        """
        try:
            await self._workers.open()
            self._ready = True
            await self._guard.learn(await self.query(TERMS))
        except BaseException:
            await self.close()
            raise

    def check(self, query: str) -> CheckedQuery:
        """Checks a query against the guard and the limits, from a cache of checked queries; returns its form.

        Raises:
            RequestError: what is wrong with it, and where.
        """
        return self._guard.check(query)

    async def query(self, request: QueryRequest) -> EmbeddedAnswer:
        checked = self.check(request.query)
        limit = min(request.timeout_s or self._settings.query_timeout_s, self._settings.query_timeout_s)
        if not self._ready:
            raise NotReadyError
        asked = time.monotonic()
        worker = await self._acquire(request, limit)
        began = time.monotonic()
        try:
            worker.send(request, checked, self._settings.query_base, bulk=self._guard.needs_bulk(request, checked))
            # All that follows is done while the worker evaluates.
            self._watch(worker, request)
            metrics.QUEUE.observe(began - asked)
            first = await worker.receive(limit)
        except TimeoutError:
            self.discard(worker, "timeout")
            self.log_if_slow(request.query, limit, "timeout")
            raise QueryTimeoutError(limit) from None
        except OSError as error:
            if worker.displaced:
                self.log_if_slow(request.query, time.monotonic() - began, "displaced")
                raise DisplacedError(self._settings.query_long) from error
            if worker.ran_out_of_memory():
                self.discard(worker, "memory")
                self.log_if_slow(request.query, time.monotonic() - began, "memory")
                raise QueryMemoryError(self._settings.worker_memory_mb) from error
            self.discard(worker, "crashed")
            raise WorkerCrashedError from error
        except BaseException:
            self.discard(worker, "left")
            raise
        if first[0] == ERROR:
            metrics.QUERIES.labels("refused").inc()
            self.release(worker)
            raise self._refusal(request.query, checked, orjson.loads(first[1]))
        evaluated = time.monotonic() - began
        metrics.QUERIES.labels("answered").inc()
        metrics.EVALUATION.observe(evaluated)
        return EmbeddedAnswer(
            self, worker, request, first, limit - evaluated, began - asked, evaluated, self._settings.answer_max_mb
        )

    async def _acquire(self, request: QueryRequest, limit_s: float) -> WorkerEnd:
        if request.ahead:
            return await self._workers.acquire_ahead()
        try:
            return await self._workers.acquire(request.client, limit_s)
        except OverloadedError:
            metrics.QUERIES.labels("overloaded").inc()
            raise

    def _watch(self, worker: WorkerEnd, request: QueryRequest) -> None:
        """Starts the timer that demotes a query when it turns out long."""
        if not request.ahead:
            short_s = _SHORT_FOR_HEAVY_S if self._workers.schedule.is_heavy(request.client) else _SHORT_S
            worker.timer = asyncio.get_running_loop().call_later(short_s, self._workers.demote, worker)

    def release(self, worker: WorkerEnd) -> None:
        """Takes back a worker whose query has ended."""
        self._workers.release(worker)

    def discard(self, worker: WorkerEnd, reason: str) -> None:
        """Kills a worker whose query still runs."""
        self._workers.discard(worker, reason)

    def log_if_slow(self, query: str, seconds: float, outcome: str) -> None:
        """Logs a query that took long, without its client."""
        log_if_slow(query, self.version, seconds, outcome, self._settings.slow_query_s)

    async def close(self) -> None:
        """Ends all processes."""
        self._ready = False
        await self._workers.close()

    def _refusal(self, query: str, checked: CheckedQuery, error: dict[str, str]) -> PlangrafError:
        if error["kind"] == "OSError":
            return EngineError(N_("The engine could not evaluate the query."))
        if error["kind"] == "UnwritableError":
            return not_in_xml(error["predicate"])
        return explain_engine_error(error["message"], query, checked.edited, self._settings.query_base)
