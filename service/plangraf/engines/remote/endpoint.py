"""One SPARQL endpoint: asks it for tables, within a deadline, and says clearly when it cannot answer.

Only queries are sent, so that a request may be repeated: once, when the connection failed or the endpoint was busy
before it answered. An endpoint that failed several times in a row is left alone for a while, because each request to
it would wait for its own failure.

Protocol: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlencode

import httpx

from plangraf.engines.remote.credentials import digest_of, headers_of
from plangraf.engines.remote.kinds import MOST_ROWS, OTHER, kind_of
from plangraf.errors import EngineError, EngineUnavailableError, QueryTimeoutError
from plangraf.errors.message import N_, English
from plangraf.rdf.formats import JSON
from plangraf.tracing import outgoing_headers

_TRIES = 2
_WAIT_S = 0.2
# Statuses of an endpoint, or of a balancer before it, that may be gone a moment later.
_PASSING = frozenset({429, 502, 503, 504})
_MOST_FAILURES = 5
_REST_S = 5.0
_SHOWN_CHARACTERS = 300
# Virtuoso answers 200 with the rows that it has when its time is up, and says so in this field.
_CUT = "x-sql-state"


class Endpoint:
    """A pool of connections to one address; `kind` is known after the first answer.

    Args:
        address: of the query operation.
        secret: the value of Authorization, or `Digest name:password`; empty for none. It stands in no message.
        connections: most of them at once.
    """

    def __init__(self, address: str, secret: str = "", connections: int = 16) -> None:
        self.address = address
        self.kind = OTHER
        self._client = httpx.AsyncClient(
            headers={"Accept": JSON.media_type, "User-Agent": "plangraf", **headers_of(secret)},
            auth=digest_of(secret),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            follow_redirects=False,
        )
        self._failures = 0
        self._rests_until = 0.0

    @property
    def rests(self) -> bool:
        """Whether it failed so often that it is left alone now."""
        return time.monotonic() < self._rests_until

    async def ask(self, query: str, within_s: float) -> httpx.Response:
        """Sends a query; returns when the head of a table has arrived. The caller closes the response.

        Raises:
            QueryTimeoutError: no head arrived within the limit.
            EngineUnavailableError: it cannot be reached, or is busy.
            EngineError: it refuses the query or the credentials, or sends something else than a table.
        """
        if self.rests:
            raise EngineUnavailableError(
                N_("it failed %(times)s times in a row and is asked again in a moment", times=_MOST_FAILURES)
            )
        ends = time.monotonic() + within_s
        for tries_left in reversed(range(_TRIES)):
            left = ends - time.monotonic()
            try:
                async with asyncio.timeout(left):
                    response = await self._send(query, left)
            except TimeoutError:
                raise QueryTimeoutError(within_s) from None
            except httpx.HTTPError as error:
                why = N_("the connection failed: %(kind)s", kind=type(error).__name__)
            else:
                if response.status_code not in _PASSING:
                    self._failures = 0
                    return await _checked(response, within_s)
                why = N_("it answered with status %(status)s", status=response.status_code)
                await response.aclose()
            if not tries_left or ends - time.monotonic() <= _WAIT_S:
                break
            await asyncio.sleep(_WAIT_S)
        self._failed()
        raise EngineUnavailableError(why)

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(self, query: str, left_s: float) -> httpx.Response:
        form = {"query": query, **self.kind.deadline(left_s)}
        request = self._client.build_request(
            "POST",
            self.address,
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", **outgoing_headers()},
            timeout=httpx.Timeout(None, connect=min(left_s, 10.0)),
        )
        response = await self._client.send(request, stream=True)
        self.kind = kind_of(response.headers)
        return response

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._failures = 0
            self._rests_until = time.monotonic() + _REST_S


async def _checked(response: httpx.Response, limit_s: float) -> httpx.Response:
    """The response, when it is a table.

    Raises:
        QueryTimeoutError: the endpoint cut it at its own time limit.
        EngineError: it is something else.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code == 200 and _CUT in response.headers:
        await response.aclose()
        raise QueryTimeoutError(limit_s)
    if response.status_code == 200 and MOST_ROWS in response.headers:
        await response.aclose()
        raise EngineError(
            N_(
                "The SPARQL endpoint behind this service cuts an answer after %(most)s rows; its operator raises "
                "ResultSetMaxRows.",
                most=response.headers[MOST_ROWS],
            )
        )
    if response.status_code == 200 and media_type in (JSON.media_type, "application/json"):
        return response
    try:
        async with asyncio.timeout(10):
            said = " ".join((await response.aread()).decode("utf-8", "replace").split())[:_SHOWN_CHARACTERS]
    except (TimeoutError, httpx.HTTPError):
        said = ""
    await response.aclose()
    if response.status_code in (401, 403):
        raise EngineError(
            N_(
                "The SPARQL endpoint behind this service refuses its credentials (status %(status)s); its operator "
                "gives others with PLANGRAF_ENGINE_AUTHORIZATION.",
                status=response.status_code,
            )
        )
    if response.status_code == 200:
        raise EngineError(
            N_(
                "The SPARQL endpoint behind this service answered with %(found)s instead of %(wanted)s.",
                found=media_type or N_("no media type"),
                wanted=JSON.media_type,
            )
        )
    if not said:
        raise EngineError(
            N_("The SPARQL endpoint behind this service answered with status %(status)s.", status=response.status_code)
        )
    raise EngineError(
        N_(
            "The SPARQL endpoint behind this service answered with status %(status)s: %(said)s",
            status=response.status_code,
            said=English(said),
        )
    )
