"""The embedded engine's front: sends queries to worker processes and reads their answers, on one event loop.

When a query passes its deadline or its client leaves, the front kills the query's worker and requests a fresh fork;
other queries go on. No part of the evaluation runs in this process.
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache

import orjson
import structlog

from plangraf import metrics
from plangraf.engines.embedded.answer import EmbeddedAnswer, WorkerEnd
from plangraf.engines.embedded.wire import ERROR
from plangraf.engines.embedded.workers import Workers
from plangraf.engines.interface import QueryRequest
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
from plangraf.errors.message import N_
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.formats import JSON
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, SHAPES_GRAPH
from plangraf.settings import Settings
from plangraf.sparql.explain.refusals import explain_engine_error
from plangraf.sparql.query_shapes import Shapes
from plangraf.sparql.safety import CheckedQuery, Limits, check
from plangraf.store.versions import Version

_REMEMBERED_QUERIES = 512
# Longer queries are not remembered, because so many of them would take too much memory.
_LONGEST_REMEMBERED = 4096
# Bytes. A longer line is not written atomically to a pipe, so another process could split it.
_LONGEST_LOGGED = 3000
# A query is long, and moves to the background, after this time; a heavy client's query after the shorter one.
_SHORT_S = 0.1
_SHORT_FOR_HEAVY_S = 0.05
# Terms to suggest for an unknown one: those of our namespaces, and foreign terms that the shapes use.
_TERMS = f"""PREFIX rdfs: <{PREFIXES["rdfs"]}>
PREFIX sh: <{PREFIXES["sh"]}>
SELECT DISTINCT ?term WHERE {{
  {{ ?term rdfs:isDefinedBy <{ONTOLOGY}> }}
  UNION {{ GRAPH <{SHAPES_GRAPH}> {{ ?term ?p ?o }} FILTER (ISIRI(?term)) }}
  UNION {{ GRAPH <{SHAPES_GRAPH}> {{ ?shape sh:path|sh:targetClass|sh:class ?term }} FILTER (ISIRI(?term)) }}
}}"""

log = structlog.get_logger()


class EmbeddedEngine:
    """Evaluates queries over one version with pyoxigraph in worker processes; see base.Engine."""

    def __init__(self, version: Version, settings: Settings) -> None:
        self._version = version
        self._settings = settings
        self._terms: frozenset[str] = frozenset()
        self._object_kinds = version.object_kinds()
        self._bulk = BulkTerms.joined(graph.terms for graph in version.bulk())
        self._limits = Limits.of(settings)
        self._shapes = self._no_shapes()
        self._check = lru_cache(_REMEMBERED_QUERIES)(self._check_anew)
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
            answer = await self.query(QueryRequest(_TERMS, JSON))
            body = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
        except BaseException:
            await self.close()
            raise
        self._terms = frozenset(row["term"]["value"] for row in body["results"]["bindings"])
        self._shapes = self._no_shapes()
        self._check.cache_clear()

    def check(self, query: str) -> CheckedQuery:
        """Checks a query against the guard and the limits, from a cache of checked queries; returns its form.

        Raises:
            RequestError: what is wrong with it, and where.
        """
        return self._check(query) if len(query) <= _LONGEST_REMEMBERED else self._check_anew(query)

    def _check_anew(self, query: str) -> CheckedQuery:
        base = self._settings.query_base
        return check(query, self._limits, self._terms, base, self._object_kinds, self._bulk, self._shapes)

    def _no_shapes(self) -> Shapes[CheckedQuery]:
        return Shapes(self._terms, self._settings.query_base, self._bulk)

    def _needs_bulk(self, request: QueryRequest, checked: CheckedQuery) -> bool:
        if not checked.reaches_bulk:
            return False
        return request.bulk or any(beginning in request.query for beginning in self._bulk.subjects)

    async def query(self, request: QueryRequest) -> EmbeddedAnswer:
        checked = self.check(request.query)
        limit = min(request.timeout_s or self._settings.query_timeout_s, self._settings.query_timeout_s)
        if not self._ready:
            raise NotReadyError
        asked = time.monotonic()
        worker = await self._acquire(request, limit)
        began = time.monotonic()
        try:
            worker.send(request, checked, self._settings.query_base, bulk=self._needs_bulk(request, checked))
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
        if seconds >= self._settings.slow_query_s:
            log.warning(
                "slow query",
                seconds=round(seconds, 2),
                outcome=outcome,
                version=self.version,
                query=query.encode()[:_LONGEST_LOGGED].decode(errors="ignore"),
            )

    async def close(self) -> None:
        """Ends all processes."""
        self._ready = False
        await self._workers.close()

    def _refusal(self, query: str, checked: CheckedQuery, error: dict[str, str]) -> PlangrafError:
        if error["kind"] == "OSError":
            return EngineError(N_("The engine could not evaluate the query."))
        if error["kind"] == "NotInXmlError":
            predicate = error["predicate"]
            return NotInXmlError(
                N_("the predicate <%(predicate)s>, which ends in no XML name", predicate=predicate)
                if predicate
                else N_("a control character in a text")
            )
        return explain_engine_error(error["message"], query, checked.edited, self._settings.query_base)
