"""One HTTP request as a harvester sends it: exactly the header fields that are given, and nothing decoded.

http.client and not a library above it, because those add an Accept-Encoding of their own, follow redirects by their own
rules, and undo a content coding that a harvester would have met.
"""

from __future__ import annotations

import contextlib
import http.client
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

Follow = Literal["never", "as Java", "always"]

# Java's client knows no 308, and goes from http to http and from https to https only.
_REDIRECTS: Mapping[Follow, frozenset[int]] = {
    "never": frozenset(),
    "as Java": frozenset({301, 302, 303, 307}),
    "always": frozenset({301, 302, 303, 307, 308}),
}
_MOST_REDIRECTS = 20
_CHUNK = 64 * 1024
# What may stand in a path and query as it is; the rest, such as æ, is percent-encoded.
_PLAIN = "/?:@!$&'()*+,;=%~[]"


class UnreachableError(Exception):
    """No HTTP answer came: refused, unknown host, silence, or bytes that are no HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    `url` is the address that gave it, after `redirects`; `headers` have lower-case names; `body` is as it was sent, at
    most one byte more than the limit; `complete` is False when the connection broke before the announced end.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[str, ...] = ()
    complete: bool = True


def ask(
    url: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    follow: Follow = "as Java",
    limit: int,
    timeout_s: float = 60.0,
) -> Answer:
    """Asks `url` and follows redirects as told; a redirect that is not followed is the answer.

    `headers` are all fields of the request but Host and User-Agent; `limit` is the number of bytes of the body after
    which reading stops, 0 reads none; `timeout_s` is the longest silence of the other side.

    Raises:
        UnreachableError: there was no HTTP answer.
    """
    passed: list[str] = []
    while True:
        answer = _once(url, headers, method, limit, timeout_s)
        target = _target(answer) if answer.status in _REDIRECTS[follow] else None
        across = target is not None and urlsplit(target).scheme != urlsplit(url).scheme
        if target is None or (across and follow == "as Java") or len(passed) == _MOST_REDIRECTS:
            return replace(answer, redirects=tuple(passed))
        passed.append(url)
        url = target


def decoded(answer: Answer, limit: int) -> bytes:
    """The body less its gzip or deflate coding, cut after `limit` bytes; unchanged when it has another or none."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("gzip", "x-gzip", "deflate"):
        return answer.body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(answer.body, limit + 1)
    except zlib.error:
        return answer.body


def _target(answer: Answer) -> str | None:
    """Where a redirect leads; None when it says nothing or no address."""
    try:
        return urljoin(answer.url, answer.headers["location"])
    except (KeyError, ValueError):
        return None


def _once(url: str, headers: Mapping[str, str], method: str, limit: int, timeout_s: float) -> Answer:
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connection(url, timeout_s) as connection:
            connection.putrequest(method, quote(target, safe=_PLAIN), skip_accept_encoding=True)
            for name, value in {"User-Agent": "plangraf-check-harvest", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            body, complete = (b"", True) if method == "HEAD" or not limit else _body(response, limit)
            return Answer(url, response.status, fields, body, complete=complete)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnreachableError(" ".join(str(error).split()) or type(error).__name__) from error


@contextlib.contextmanager
def _connection(url: str, timeout_s: float) -> Iterator[http.client.HTTPConnection]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is no http:// or https:// address")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout_s)
    try:
        yield connection
    finally:
        connection.close()


def _body(response: http.client.HTTPResponse, limit: int) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    size = 0
    try:
        while size <= limit and (piece := response.read(min(_CHUNK, limit + 1 - size))):
            pieces.append(piece)
            size += len(piece)
    except http.client.IncompleteRead as error:
        return b"".join([*pieces, error.partial]), False
    announced = response.getheader("content-length", "")
    complete = size > limit or not announced.isdigit() or size >= int(announced)
    return b"".join(pieces), complete
