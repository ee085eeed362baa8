"""An engine that is a SPARQL 1.1 endpoint, which holds the version beside others; see `placement`.

Guard, limits, formats and errors are those of the embedded engine.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import orjson

from plangraf import metrics
from plangraf.engines.guarding import TERMS, Guard
from plangraf.engines.interface import QueryRequest
from plangraf.engines.remote.answer import RemoteAnswer
from plangraf.engines.remote.endpoint import Endpoint
from plangraf.engines.remote.placed_query import LIMITS, PlacedQuery, place
from plangraf.engines.remote.placement import Placement, placement_of
from plangraf.engines.remote.static_faults import static_fault
from plangraf.engines.slow_queries import log_if_slow
from plangraf.errors import EngineError, EngineUnavailableError, NotReadyError, QueryTimeoutError
from plangraf.errors.message import N_
from plangraf.rdf.formats import JSON, Format
from plangraf.settings import Settings
from plangraf.sparql.explain.refusals import explain_engine_error
from plangraf.sparql.safety import CheckedQuery
from plangraf.store.versions import Version

# Characters of a query that is parsed in less than a millisecond.
_SHORT_TEXT = 1_000


class RemoteEngine:
    """Evaluates queries over one version at an endpoint; see plangraf.engines.interface.Engine.

    Args:
        placement: the version's graphs in the endpoint's store.
        guard: of the version.
        endpoint: where the version is; the engine closes it.
        settings: limits.
    """

    def __init__(self, placement: Placement, guard: Guard, endpoint: Endpoint, settings: Settings) -> None:
        self._placement = placement
        self._guard = guard
        self._endpoint = endpoint
        self._settings = settings
        self._ready = False

    @property
    def ready(self) -> bool:
        return self._ready and not self._endpoint.rests

    async def start(self) -> None:
        """Looks for the record of the version, which is written last.

        Raises:
            EngineError: the version is not complete at the endpoint, or the endpoint does not answer, or is known to
                answer wrongly.
        """
        # Not ASK, which some endpoints answer with a table.
        record = PlacedQuery(f"SELECT ?says {{ GRAPH <{self._placement.record}> {{ ?version ?says ?what }} }} LIMIT 1")
        answer = await self._ask(record, JSON, self._settings.query_timeout_s)
        body = b"".join([chunk async for chunk in answer.chunks])
        if not orjson.loads(body)["results"]["bindings"]:
            raise EngineError(
                N_(
                    "The SPARQL endpoint %(endpoint)s does not hold version %(version)s. Load it with "
                    "`plangraf publish`.",
                    endpoint=self._endpoint.address,
                    version=self._placement.version,
                )
            )
        if self._endpoint.kind.wrong and not self._settings.engine_accept_differences:
            raise EngineError(
                N_(
                    "The SPARQL endpoint %(endpoint)s is %(kind)s, which answers standard queries wrongly. Use another "
                    "engine, or accept it with PLANGRAF_ENGINE_ACCEPT_DIFFERENCES=true.",
                    endpoint=self._endpoint.address,
                    kind=self._endpoint.kind.name.capitalize(),
                )
            )
        self._ready = True
        await self._guard.learn(await self.query(TERMS))

    def check(self, query: str) -> CheckedQuery:
        return self._guard.check(query)

    async def query(self, request: QueryRequest) -> RemoteAnswer:
        checked = self.check(request.query)
        limit = min(request.timeout_s or self._settings.query_timeout_s, self._settings.query_timeout_s)
        if not self._ready:
            raise NotReadyError
        if fault := await self._static_fault(checked.text):
            metrics.QUERIES.labels("refused").inc()
            raise explain_engine_error(fault, request.query, checked.edited, self._settings.query_base)
        placed = place(
            request.query,
            self._placement,
            request.default_graphs,
            request.named_graphs,
            base=self._settings.query_base,
            bulk=self._guard.needs_bulk(request, checked),
            merges=self._endpoint.kind.merges,
            foreign=self._endpoint.kind.foreign,
        )
        # The rewrites are for the faults of one engine; to others they are strange.
        if self._endpoint.kind.like_ours:
            placed = replace(placed, text=self._guard.rewrite(placed.text, LIMITS))
        try:
            answer = await self._ask(placed, request.format, limit, request.query)
        except QueryTimeoutError:
            metrics.QUERIES.labels("timeout").inc()
            self._log_if_slow(request.query, limit, "timeout")
            raise
        except EngineError as error:
            metrics.QUERIES.labels("unavailable" if isinstance(error, EngineUnavailableError) else "failed").inc()
            raise
        metrics.QUERIES.labels("answered").inc()
        metrics.EVALUATION.observe(answer.evaluated_s)
        return answer

    async def close(self) -> None:
        self._ready = False
        await self._endpoint.close()

    async def _static_fault(self, text: str) -> str:
        if len(text) <= _SHORT_TEXT:
            return static_fault(text, self._settings.query_base)
        return await asyncio.to_thread(static_fault, text, self._settings.query_base)

    def _log_if_slow(self, query: str, seconds: float, outcome: str) -> None:
        log_if_slow(query, self._placement.version, seconds, outcome, self._settings.slow_query_s)

    async def _ask(self, placed: PlacedQuery, format_: Format, limit_s: float, query: str = "") -> RemoteAnswer:
        """Asks for a table; `query` is what the log names when it took long."""

        def on_answered(seconds: float) -> None:
            self._log_if_slow(query or placed.text, seconds, "answered")

        began = time.monotonic()
        response = await self._endpoint.ask(placed.text, limit_s)
        kind = self._endpoint.kind
        answer = RemoteAnswer(response, kind, format_, placed, limit_s, self._settings.answer_max_mb, on_answered)
        await answer.start(time.monotonic() - began)
        return answer


def make_remote_engine(version: Version, settings: Settings) -> RemoteEngine:
    """The engine of a version at the endpoint of the settings.

    Raises:
        EngineError, VersionsError: the version cannot stand at an endpoint, or is damaged.
    """
    assert settings.engine is not None
    endpoint = Endpoint(settings.engine, settings.engine_secret, settings.query_max_waiting)
    return RemoteEngine(placement_of(version), Guard(version, settings), endpoint, settings)
