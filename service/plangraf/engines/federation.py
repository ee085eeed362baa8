"""Answers the SERVICE clauses of a query before an engine sees it: outside its workers, which can open no socket.

A query with SERVICE takes these steps, each of which can refuse it:

1. every address is on the allow list (PLANGRAF_SERVICE_ALLOW), SILENT or not, and there are not too many clauses;
2. the engine's guard accepts the query as it would be with no rows, so that a malformed query calls nobody;
3. the endpoints are asked at the same time, an equal question once, within one limit of time for all;
4. their rows become VALUES blocks (`sparql.services`), and the guard accepts the query that then is, within its bounds.

The result depends on other servers, so it is neither cached nor tagged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results

from plangraf.engines.endpoint_client import EndpointError, allowed_endpoints, ask_endpoint
from plangraf.engines.interface import Engine
from plangraf.errors import (
    OverloadedError,
    QueryLimitError,
    QuerySyntaxError,
    RequestError,
    ServiceFailedError,
    ServiceForbiddenError,
)
from plangraf.errors.message import N_, English, Listed
from plangraf.settings import Settings
from plangraf.sparql.safety import Limits
from plangraf.sparql.services import FederatedQuery, JoinedQuery, ServiceCall, read_services

# Calls of one HTTP process at the same time; others wait, within their limit of time. No more queries wait than may
# wait for workers.
_MOST_AT_ONCE = 8

_Rows = list[list[str | None]]

log = structlog.get_logger()


class Federation:
    """The endpoints that SERVICE may call, and how."""

    def __init__(self, settings: Settings) -> None:
        self._endpoints = allowed_endpoints(settings.service_allow)
        self._limits = Limits.of(settings)
        self._base = settings.query_base
        self._timeout_s = settings.service_timeout_s
        self._most_calls = settings.service_max_calls
        self._most_bytes = settings.service_max_mb * 1024 * 1024
        self._most_waiting = settings.query_max_waiting
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        self._open = 0

    def __bool__(self) -> bool:
        return bool(self._endpoints)

    def prepare(self, text: str, engine: Engine) -> FederatedQuery:
        """Checks a query with SERVICE; nothing is sent yet.

        Raises:
            RequestError: the query is malformed, over a limit, or calls what it may not call.
        """
        query = read_services(text, self._limits, self._base)
        for call in query.calls:
            if call.address not in self._endpoints:
                raise ServiceForbiddenError(call.place, f"<{call.address}>", list(self._endpoints))
        if len(query.calls) > self._most_calls:
            raise QueryLimitError(N_("number of SERVICE clauses"), len(query.calls), self._most_calls)
        empty = query.without_answers
        try:
            engine.check(empty.text)
        except QuerySyntaxError as error:
            raise empty.as_sent(error) from error
        return query

    async def join(self, query: FederatedQuery, engine: Engine, timeout_s: float | None = None) -> JoinedQuery:
        """Asks the endpoints of a prepared query; returns it with their rows in place of its SERVICE clauses.

        Args:
            query: what `prepare` returned.
            engine: the engine that will evaluate it.
            timeout_s: a shorter limit of time than the setting's, in seconds.
        Raises:
            ServiceFailedError: an endpoint gave no usable answer and SILENT does not stand there.
            OverloadedError: too many queries wait for endpoints.
        """
        if self._open >= self._most_waiting:
            raise OverloadedError(self._most_waiting)
        self._open += 1
        try:
            limit_s = min(timeout_s or self._timeout_s, self._timeout_s)
            joined = query.join(await self._ask_all(query.calls, limit_s))
        finally:
            self._open -= 1
        try:
            engine.check(joined.text)
        except RequestError as error:
            first = query.calls[0]
            why = N_("the query with the rows of SERVICE is not accepted (%(reason)s)", reason=error.message)
            hint = N_("ask for fewer rows with FILTER, VALUES or LIMIT inside SERVICE")
            raise ServiceFailedError(first.place, first.address, Listed([why, hint], "; ")) from error
        return joined

    async def _ask_all(self, calls: Sequence[ServiceCall], limit_s: float) -> list[str]:
        """The VALUES block of each call."""
        asked: dict[tuple[str, str], asyncio.Future[_Rows]] = {}
        for call in calls:
            if (call.address, call.query) not in asked:
                asked[call.address, call.query] = asyncio.ensure_future(self._ask(call, limit_s))
        try:
            return [await _block(call, asked[call.address, call.query]) for call in calls]
        finally:
            for task in asked.values():
                task.cancel()
            await asyncio.gather(*asked.values(), return_exceptions=True)

    async def _ask(self, call: ServiceCall, limit_s: float) -> _Rows:
        try:
            async with asyncio.timeout(limit_s), self._turns:
                body = await ask_endpoint(self._endpoints[call.address], call.query, self._most_bytes)
        except TimeoutError as error:
            raise EndpointError(N_("no complete answer within %(limit)s s", limit=limit_s)) from error
        return read_rows(body, call)


async def _block(call: ServiceCall, rows: asyncio.Future[_Rows]) -> str:
    try:
        return call.values(await asyncio.shield(rows))
    except EndpointError as error:
        log.warning("service call failed", endpoint=call.address, why=str(error), silent=call.silent)
        if call.silent:
            return call.failed_silently
        raise ServiceFailedError(call.place, call.address, error.args[0]) from error


def read_rows(body: bytes, call: ServiceCall) -> _Rows:
    """The solutions of SPARQL JSON results in the order of a call's variables, each term in the syntax of SPARQL.

    Raises:
        EndpointError: other results, blank nodes or other terms that VALUES cannot hold, or too many rows.
    """
    results: object = None
    try:
        results = parse_query_results(body, QueryResultsFormat.JSON)
        if not isinstance(results, QuerySolutions):
            raise EndpointError(N_("it answered with a boolean instead of rows"))
        known = {variable.value for variable in results.variables}
        if missing := [name for name in call.variables if name not in known]:
            raise EndpointError(N_("its answer lacks the column ?%(missing)s", missing=missing[0]))
        rows: _Rows = []
        for solution in results:
            if len(rows) == call.most_rows:
                raise EndpointError(
                    N_(
                        "it has more than %(limit)s rows, ask for fewer with FILTER, VALUES or LIMIT",
                        limit=call.most_rows,
                    )
                )
            rows.append([_written(solution[name]) for name in call.variables])
        return rows
    except (SyntaxError, ValueError, OSError) as error:
        raise EndpointError(
            N_("its answer cannot be read (%(reason)s)", reason=English(" ".join(str(error).split())))
        ) from error
    finally:
        del results  # an error would keep it beyond this thread, where it cannot be freed


def _written(term: object) -> str | None:
    """A term as VALUES holds it; checked, because the reader of results takes any text as an IRI."""
    match term:
        case None:
            return None
        case NamedNode(value=iri):
            return str(NamedNode(iri))
        case Literal():
            return str(term)
        case BlankNode():
            raise EndpointError(N_("its answer has blank nodes, which cannot be joined, select IRIs or literals"))
        case _:
            raise EndpointError(N_("its answer has triple terms, which cannot be joined"))
