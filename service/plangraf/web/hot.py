"""Answers that were given before, ahead of the framework: one look-up by the request as it came.

What is found here needs no routing, no parsing and no negotiation: the same bytes with the same headers decided
the same answer before. https://www.rfc-editor.org/rfc/rfc9111
"""

from __future__ import annotations

from functools import lru_cache

from starlette.types import Scope

from plangraf import metrics
from plangraf.errors import CodingNotAcceptableError
from plangraf.web.answers import kept_parts, request_key
from plangraf.web.cache import Cache
from plangraf.web.coding import CODINGS, IDENTITY, choose_coding, tag_of

_HIT = metrics.CACHE.labels("hit")
_TIMING = (b"server-timing", b"cache;desc=hit")
_LEFT_OUT_OF_304 = {b"content-length", b"content-encoding", b"content-type", b"etag"}

_coding = lru_cache(256)(choose_coding)


class Hot:
    """The kept answers of one process, found by the request as it came."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def find(self, scope: Scope) -> tuple[int, list[tuple[bytes, bytes]], bytes] | None:
        """Status, headers and body for a GET or HEAD that was answered before; None for every other request."""
        found = self._cache.of_request(request_key(scope))
        if found is None:
            return None
        kept, own_headers = found
        encoding = known = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                encoding = encoding + b"," + value if encoding else value
            elif name == b"if-none-match":
                known = known + b"," + value if known else value
        try:
            coding = _coding(encoding.decode("latin-1")) if encoding else IDENTITY
        except CodingNotAcceptableError:
            return None  # the slow way says what is wrong
        _HIT.inc()
        headers, body = kept_parts(self._cache, kept, own_headers, coding)
        if known:
            given = {part.strip().removeprefix("W/") for part in known.decode("latin-1").split(",")}
            if "*" in given:
                given.add(next(value for name, value in headers if name == b"etag").decode("latin-1"))
            for own in (tag_of(kept.tag, possible) for possible in (IDENTITY, *CODINGS)):
                if own in given:
                    rest = [header for header in headers if header[0] not in _LEFT_OUT_OF_304]
                    return 304, [*rest, (b"etag", own.encode("latin-1"))], b""
        headers.append(_TIMING)
        return 200, headers, body
