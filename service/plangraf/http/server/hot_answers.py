"""Cache hits ahead of the framework: one look-up by the request as it was received.

A hit needs no routing, no parsing and no negotiation, because an equal request decides an equal answer
(https://www.rfc-editor.org/rfc/rfc9111). There are two look-ups: the envelope's by address and negotiating headers,
and the connection's by the bytes of the whole request.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from plangraf import metrics
from plangraf.errors import CodingNotAcceptableError
from plangraf.http.pipeline.cache import Cache
from plangraf.http.pipeline.coding import CODINGS, IDENTITY, UNCODED, choose_coding, tag_of
from plangraf.http.pipeline.request_record import Notes
from plangraf.http.pipeline.respond import cached_parts, has_credentials, request_key

# Key of the application's state, which every connection sees: the Hot of the process.
STATE = "plangraf.hot"

_HIT = metrics.CACHE.labels("hit")
_TIMING = (b"server-timing", b"cache;desc=hit")
_LEFT_OUT_OF_304 = {b"content-length", b"content-encoding", b"content-type", b"etag"}
_MOST_RAW = 4096
_LONGEST_RAW = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """A cached answer ready to send; `coding` is None when the body is not sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    tag: str
    coding: str | None


@dataclass(frozen=True, slots=True)
class _Raw:
    """The answer to one request, byte for byte; its body is the cached one in this coding."""

    version: str
    path: str
    status: int
    head: bytes
    tag: str
    coding: str | None


class Hot:
    """Finds the cached answers of one process by the request as it was received.

    Without `by_bytes` only the envelope asks it, so that each request passes the layers around it.
    """

    def __init__(self, cache: Cache, notes: Notes, version: Callable[[], str], *, by_bytes: bool = True) -> None:
        self._cache = cache
        self._by_bytes = by_bytes
        self.notes = notes
        self.version = version
        self._raw: OrderedDict[bytes, _Raw] = OrderedDict()

    def find(self, scope: Scope) -> Found | None:
        """Looks up a GET or HEAD; None when it is not a cache hit.

        A request with credentials is never a hit, and so its bytes are never remembered either.
        """
        found = self._cache.find_by_request(request_key(scope, self.version()))
        if found is None or has_credentials(scope):
            return None
        cached, own_headers = found
        encoding = known = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                encoding = encoding + b"," + value if encoding else value
            elif name == b"if-none-match":
                known = known + b"," + value if known else value
            elif name == b"if-match":
                return None  # the slow way checks it
        try:
            coding = choose_coding(encoding.decode("latin-1")) if encoding else UNCODED
        except CodingNotAcceptableError:
            return None  # the slow way reports the error
        _HIT.inc()
        headers, body = cached_parts(self._cache, cached, own_headers, coding)
        if known:
            given = {part.strip().removeprefix("W/") for part in known.decode("latin-1").split(",")}
            if "*" in given:
                given.add(next(value for name, value in headers if name == b"etag").decode("latin-1"))
            for own in (tag_of(cached.tag, possible) for possible in (IDENTITY, *CODINGS)):
                if own in given:
                    rest = [header for header in headers if header[0] not in _LEFT_OUT_OF_304]
                    return Found(304, [*rest, (b"etag", own.encode("latin-1"))], b"", cached.tag, None)
        headers.append(_TIMING)
        used = next(known for known, candidate in cached.bodies.items() if candidate is body)
        return Found(200, headers, body, cached.tag, used)

    def remember_raw(self, scope: Scope, found: Found, headers: list[tuple[bytes, bytes]]) -> None:
        """Remembers the answer to a request that arrived in one piece, unless it has an id or closes the connection.

        Args:
            scope: the request's scope, from plangraf.http.server.protocol.
            found: its answer.
            headers: all headers of the answer except the request id.
        """
        raw: bytes | None = scope.get("plangraf.raw")
        if (
            not self._by_bytes
            or raw is None
            or len(raw) > _LONGEST_RAW
            or scope["method"] != "GET"
            or scope["http_version"] != "1.1"
        ):
            return
        for name, value in scope["headers"]:
            if name == b"x-request-id" or (name == b"connection" and value.lower() != b"keep-alive"):
                return
        head = STATUS_LINE[found.status] + b"".join(b"%b: %b\r\n" % header for header in headers)
        self._raw[raw] = _Raw(self.version(), scope["path"], found.status, head, found.tag, found.coding)
        if len(self._raw) > _MOST_RAW:
            self._raw.popitem(last=False)

    def find_raw(self, raw: bytes) -> tuple[bytes, bytes] | None:
        """Looks up a whole request; returns the bytes of the answer before and after uvicorn's own headers."""
        known = self._raw.get(raw)
        if known is None:
            return None
        if known.version != self.version():
            del self._raw[raw]
            return None
        began = time.perf_counter()
        cached = self._cache.get(known.tag)
        body = b"" if cached is None or known.coding is None else cached.bodies.get(known.coding)
        if cached is None or body is None:
            del self._raw[raw]
            return None
        _HIT.inc()
        request_id = self.notes.request_id()
        self.notes.note(
            "GET",
            known.path,
            known.status,
            len(body),
            began=began,
            request_id=request_id,
            version=known.version,
        )
        return known.head, b"x-request-id: %b\r\n\r\n%b" % (request_id.encode(), body)
