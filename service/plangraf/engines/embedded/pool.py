"""The embedded engine's front side: hands queries to worker processes and takes their answers.

All on one event loop. A query that passes its deadline, or whose client leaves, loses its worker: SIGKILL and
a fresh fork, while the others go on. Nothing of the evaluation happens in this process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import orjson
import structlog

from plangraf import metrics
from plangraf.engines.base import QueryRequest
from plangraf.engines.embedded.answer import EmbeddedAnswer, WorkerEnd
from plangraf.engines.embedded.wire import ERROR
from plangraf.engines.embedded.workers import Workers
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
        self._workers = Workers(version, settings)
        self._ready = False

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
        return self._workers.schedule.waiting > 0

    @property
    def waiting(self) -> int:
        return self._workers.schedule.waiting

    @property
    def running(self) -> int:
        return self._workers.schedule.running

    @property
    def triples(self) -> int:
        """Number of distinct triples of all graphs together."""
        return self._workers.triples

    @property
    def ready(self) -> bool:
        return self._ready

    async def start(self) -> None:
        """Opens the version and forks the workers; back when queries can be answered.

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
        worker = await self._acquire(request, limit)
        began = time.monotonic()
        metrics.QUEUE.observe(began - asked)
        try:
            worker.send(request, checked, self._settings.query_base)
            first = await worker.receive(limit)
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

    async def _acquire(self, request: QueryRequest, limit_s: float) -> WorkerEnd:
        """A worker for a query, which makes way for others once the query turns out long."""
        if request.ahead:
            return await self._workers.acquire_ahead()
        try:
            worker = await self._workers.acquire(request.client, limit_s)
        except OverloadedError:
            metrics.QUERIES.labels("overloaded").inc()
            raise
        short_s = _SHORT_FOR_HEAVY_S if self._workers.schedule.is_heavy(request.client) else _SHORT_S
        worker.timer = asyncio.get_running_loop().call_later(short_s, self._workers.make_way, worker)
        return worker

    def give(self, worker: WorkerEnd) -> None:
        """A worker whose query has ended."""
        self._workers.give(worker)

    def discard(self, worker: WorkerEnd, reason: str) -> None:
        """A worker that is still in the middle of a query that nobody waits for."""
        self._workers.discard(worker, reason)

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
        await self._workers.schedule.quiet()

    async def close(self) -> None:
        """Ends all processes."""
        self._ready = False
        await self._workers.close()

    def _refusal(self, query: str, checked: CheckedQuery, error: dict[str, str]) -> PlangrafError:
        if error["kind"] == "OSError":
            return EngineError("The engine could not evaluate the query.")
        if error["kind"] == "NotInXmlError":
            return NotInXmlError(error["message"])
        return explain_engine_error(error["message"], query, checked.edited, self._settings.query_base)
