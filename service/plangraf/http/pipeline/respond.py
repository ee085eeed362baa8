"""Responds: from the cache, whole or streamed; codes, tags and compares representations (RFC 9110 §8.8, §13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from plangraf import metrics
from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.errors import DisplacedError, EngineError, NotReadyError, OverloadedError, PlangrafError
from plangraf.http.pipeline.cache import Cache, CachedAnswer, Headers
from plangraf.http.pipeline.coding import CODINGS, IDENTITY, Coding, choose_coding, encode, tag_of
from plangraf.http.pipeline.streaming import (
    CacheWriter,
    StreamedAnswer,
    encode_headers,
    timing_of,
    while_connected,
)
from plangraf.http.resource.negotiation import LANGUAGE_COOKIE, cookies_of, field_of, fields_of, remembered_language
from plangraf.http.service import Pinned

T = TypeVar("T")
_HIT, _MISS = metrics.CACHE.labels("hit"), metrics.CACHE.labels("miss")
PRIVATE = "private, no-store"
"""Cache-Control of an answer to a request with credentials."""
FOR_EVER = "public, max-age=31536000, immutable"
"""Cache-Control of the answers of one version, which never change: a year, the longest useful time."""


def vary(*names: str | None) -> dict[str, str]:
    """The Vary header: the names that decided the answer, and Accept-Encoding, which always can."""
    return {"Vary": ", ".join([*(name for name in names if name), "Accept-Encoding"])}


def match_tag(request: Request, tag: str | None, *, exists: bool = False) -> str | None:
    """The tag, in any coding, by which If-None-Match states that the client has this representation.

    Args:
        request: the client's request.
        tag: the representation's tag without a coding; None when it has none.
        exists: whether the representation is known to exist, which `*` asks.
    """
    header = field_of(request.scope, b"if-none-match").strip()
    if not header or tag is None or request.scope["method"] == "POST":
        return None
    if header == "*":
        return tag if exists else None
    given = {part.strip().removeprefix("W/") for part in header.split(",")}
    return next((own for coding in (IDENTITY, *CODINGS) if (own := tag_of(tag, coding)) in given), None)


def not_modified(tag: str, headers: Mapping[str, str]) -> Response:
    return Response(status_code=304, headers={**headers, "ETag": tag})


def accept_encoding(request: Request) -> str | None:
    return field_of(request.scope, b"accept-encoding") or None


def has_credentials(scope: Scope) -> bool:
    """Whether a request carries credentials: it then neither reads the shared cache nor adds to it.

    A cookie counts as credentials, because a proxy may have set it; the cookie of the chosen language does not.
    """
    fields = fields_of(scope)
    if b"authorization" in fields:
        return True
    return b"cookie" in fields and any(name != LANGUAGE_COOKIE for name, _ in cookies_of(scope))


def request_key(scope: Scope, version: str) -> tuple[bytes | str, ...]:
    """Everything that decides an answer to GET: version, address, negotiating headers, and the remembered language."""
    fields = fields_of(scope)
    accept, language = fields.get(b"accept", b""), fields.get(b"accept-language", b"")
    return version, scope["path"], scope["query_string"], accept, language, remembered_language(scope) or ""


class CachedResponse(Response):
    """A cached answer in the coding that the client asked for; with `keeping` it is cached after it is sent."""

    def __init__(
        self,
        cache: Cache,
        cached: CachedAnswer,
        headers: Mapping[str, str],
        coding: Coding,
        *,
        tagged: bool = True,
        timing: str = "cache;desc=hit",
        keeping: CacheWriter | None = None,
    ) -> None:
        # Not the framework's constructor, because it would make headers that are then replaced.
        self.status_code, self.background = 200, None
        self.raw_headers, self.body = cached_parts(cache, cached, encode_headers(headers), coding)
        self.raw_headers.append((b"server-timing", timing.encode()))
        if not tagged:
            del self.headers["etag"]
        self._cached = cached
        self._keeping = keeping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._keeping is not None:
                # In the next turn of the event loop, because it sends what was written at the end of this one.
                asyncio.get_running_loop().call_soon(self._keep, self._keeping)

    def _keep(self, keeping: CacheWriter) -> None:
        keeping.keep(self._cached)
        keeping.close()


def cached_parts(
    cache: Cache, cached: CachedAnswer, own: Headers, wish: Coding
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of a cached answer in one coding; a short body stays uncoded unless identity is excluded.

    `own` are the headers that depend on how the request negotiated the answer.
    """
    coding = wish.of(len(cached.bodies[IDENTITY]))
    body = cache.body(cached, coding)
    headers = [
        *own,
        (b"content-type", cached.content_type),
        (b"etag", tag_of(cached.tag, coding).encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    if coding != IDENTITY:
        headers.append((b"content-encoding", coding.encode()))
    return headers, body


async def respond_cached(
    service: Pinned,
    request: Request,
    parts: tuple[str, ...],
    headers: Mapping[str, str],
    make: Callable[[], Awaitable[tuple[bytes, str]]],
    *,
    tag: str | None = None,
) -> Response:
    """Responds from the cache, or makes the representation in a single flight; 304 when the client has it.

    Args:
        service: the owner of the cache, pinned to the snapshot that `make` reads.
        request: the client's request.
        parts: name the representation, see Pinned.own_tag.
        headers: more headers, on a 304 too.
        make: gives body and content type.
        tag: the tag of a representation that depends on no version; the request is then not remembered, because
            the next equal one must check the tag again.
    Raises:
        PlangrafError: what `make` raises.
        ClientGoneError: the client left first.
    """
    versioned = tag is None
    tag = tag or service.own_tag(*parts)
    if has_credentials(request.scope):
        body, content_type = await while_connected(request.receive, make())
        return respond(request, body, content_type, tag, headers)
    if own := match_tag(request, tag):
        return not_modified(own, headers)
    coding = choose_coding(accept_encoding(request))
    cached = await _join_flight(request, service.cache, tag)
    if cached is None:
        _MISS.inc()
        failure: PlangrafError | None = None
        try:
            body, content_type = await while_connected(request.receive, make())
            cached = CachedAnswer(tag, content_type.encode("latin-1"), {IDENTITY: body})
            service.cache.add(cached)
        except PlangrafError as error:
            failure = _lasting_error(error)
            raise
        finally:
            service.cache.end_flight(tag, failure)
    else:
        _HIT.inc()
    if own := match_tag(request, tag, exists=True):
        return not_modified(own, headers)
    if versioned:
        service.cache.remember(request_key(request.scope, service.snapshot.id), tag, encode_headers(headers))
    return CachedResponse(service.cache, cached, headers, coding)


def respond(request: Request, body: bytes, content_type: str, tag: str, headers: Mapping[str, str]) -> Response:
    """Responds with a finished body without the cache: 200, or 304 when the client has it."""
    if own := match_tag(request, tag, exists=True):
        return not_modified(own, headers)
    coding = choose_coding(accept_encoding(request)).of(len(body))
    sent = {**headers, "ETag": tag_of(tag, coding), "Content-Type": content_type}
    if coding != IDENTITY:
        sent["Content-Encoding"] = coding
    # Not by `media_type`, because Starlette adds a charset to it, which not every type has.
    return Response(encode(coding, body), 200, sent)


async def respond_query(
    service: Pinned,
    request: Request,
    query: QueryRequest,
    parts: tuple[str, ...] | None,
    headers: Mapping[str, str],
    *,
    ask: Callable[[QueryRequest], Awaitable[QueryAnswer]] | None = None,
) -> Response:
    """Responds to one query from the cache or from the engine, streamed; 304 when the client has the answer.

    Args:
        service: the owner of the cache, pinned to the snapshot whose engine evaluates.
        request: the client's request.
        query: the query for the engine.
        parts: name the answer, see Pinned.own_tag; None when the query is not deterministic.
        headers: more headers of the answer, on a 304 too.
        ask: evaluates the query in place of the engine.
    Raises:
        PlangrafError: the query failed before its first byte.
        ClientGoneError: the client left first.
    """
    ask = ask or service.ask
    coding = choose_coding(accept_encoding(request))
    if parts is None or has_credentials(request.scope):
        fleeting = {**headers, "Cache-Control": "no-store"}
        return await respond_uncached(await while_connected(request.receive, ask(query)), fleeting, coding)
    caching = {**headers, "Cache-Control": "no-cache"}
    tag = service.own_tag(*parts)
    if own := match_tag(request, tag):
        return not_modified(own, caching)
    cached = await _join_flight(request, service.cache, tag)
    tagged = request.scope["method"] != "POST"  # a POST has no representation that a tag could name
    key = request_key(request.scope, service.snapshot.id) if request.scope["method"] == "GET" else None
    if cached is not None:
        _HIT.inc()
        if own := match_tag(request, tag, exists=True):
            return not_modified(own, caching)
        if key is not None:
            service.cache.remember(key, tag, encode_headers(caching))
        return CachedResponse(service.cache, cached, caching, coding, tagged=tagged)
    _MISS.inc()
    # A client's own deadline does not fail the other requests of the flight.
    shared = not query.timeout_s
    answer = await _evaluate_in_flight(service.cache, tag, while_connected(request.receive, ask(query)), shared=shared)
    if own := match_tag(request, tag, exists=True):
        service.cache.end_flight(tag)
        await answer.aclose()
        return not_modified(own, caching)
    keeping = CacheWriter(service.cache, tag, key, caching, tagged=tagged)
    if answer.complete is None:
        return StreamedAnswer(answer, caching, coding.name, keeping=keeping)
    await answer.aclose()
    cached = CachedAnswer(tag, answer.format.content_type.encode("latin-1"), {IDENTITY: answer.complete})
    timing = timing_of(answer)
    return CachedResponse(service.cache, cached, caching, coding, tagged=tagged, timing=timing, keeping=keeping)


async def _evaluate_in_flight(
    cache: Cache, tag: str, evaluation: Awaitable[QueryAnswer], *, shared: bool
) -> QueryAnswer:
    """Awaits the answer of the flight's own query; ends the flight when there is none.

    Args:
        cache: has the flight.
        tag: names it.
        evaluation: of the query.
        shared: whether a failure that would last fails the other requests of the flight too.
    """
    failure: PlangrafError | None = None
    answer = None
    try:
        answer = await evaluation
    except PlangrafError as error:
        failure = _lasting_error(error) if shared else None
        raise
    finally:
        if answer is None:
            cache.end_flight(tag, failure)
    return answer


async def _join_flight(request: Request, cache: Cache, tag: str) -> CachedAnswer | None:
    """As Cache.join_flight; watches for a disconnect only when the request must wait."""
    flight = cache.join_flight(tag)
    return await (while_connected(request.receive, flight) if cache.is_computing(tag) else flight)


async def respond_uncached(answer: QueryAnswer, headers: Mapping[str, str], wish: Coding) -> Response:
    """Responds with an answer that may differ each time, so it is neither cached nor tagged."""
    if answer.complete is None:
        return StreamedAnswer(answer, headers, wish.name)
    await answer.aclose()
    coding = wish.of(len(answer.complete))
    sent = {
        **headers,
        "Content-Type": answer.format.content_type,
        "Server-Timing": timing_of(answer),
    }
    if coding != IDENTITY:
        sent["Content-Encoding"] = coding
    return Response(encode(coding, answer.complete), 200, sent)


def _lasting_error(error: PlangrafError) -> PlangrafError | None:
    """The error, if an immediate retry would meet it again."""
    return (
        error
        if isinstance(error, EngineError) and not isinstance(error, OverloadedError | DisplacedError | NotReadyError)
        else None
    )
