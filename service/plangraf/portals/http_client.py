"""Sends HTTP requests as a harvester does: with the given header fields only, and without decoding the body.

It uses http.client, because libraries above it add their own Accept-Encoding, follow redirects by their own rules, and
decode the body.
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

# Java's client does not follow 308, nor a redirect between http and https.
_REDIRECTS: Mapping[Follow, frozenset[int]] = {
    "never": frozenset(),
    "as Java": frozenset({301, 302, 303, 307}),
    "always": frozenset({301, 302, 303, 307, 308}),
}
_MAX_REDIRECTS = 20
_CHUNK = 64 * 1024
# Characters of path and query that are not percent-encoded.
_UNQUOTED = "/?:@!$&'()*+,;=%~[]"


class UnreachableError(Exception):
    """No HTTP answer: connection refused, unknown host, timeout, or bytes that are not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        url: address that answered, after `redirects`.
        headers: header fields with lower-case names.
        body: bytes as sent, at most one more than the limit.
        redirects: addresses that redirected.
        complete: False when the connection broke before the announced length.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[str, ...] = ()
    complete: bool = True


def send_request(
    url: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    follow: Follow = "as Java",
    limit: int,
    timeout_s: float = 60.0,
) -> Answer:
    """Sends a request and follows redirects; a redirect that is not followed is the answer.

    Args:
        url: address of the request.
        headers: all header fields except Host and User-Agent.
        method: HTTP method.
        follow: which redirects to follow.
        limit: bytes of the body to read, 0 for none.
        timeout_s: longest silence of the server, in seconds.
    Raises:
        UnreachableError: no HTTP answer.
    """
    passed: list[str] = []
    while True:
        answer = _send_once(url, headers, method, limit, timeout_s)
        target = _redirect_target(answer) if answer.status in _REDIRECTS[follow] else None
        across = target is not None and urlsplit(target).scheme != urlsplit(url).scheme
        if target is None or (across and follow == "as Java") or len(passed) == _MAX_REDIRECTS:
            return replace(answer, redirects=tuple(passed))
        passed.append(url)
        url = target


def decode_body(answer: Answer, limit: int) -> bytes:
    """Decodes a gzip or deflate body, up to `limit` + 1 bytes; returns a body with another coding unchanged."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("gzip", "x-gzip", "deflate"):
        return answer.body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(answer.body, limit + 1)
    except zlib.error:
        return answer.body


def _redirect_target(answer: Answer) -> str | None:
    """Target of a redirect; None when the Location is missing or invalid."""
    try:
        return urljoin(answer.url, answer.headers["location"])
    except (KeyError, ValueError):
        return None


def _send_once(url: str, headers: Mapping[str, str], method: str, limit: int, timeout_s: float) -> Answer:
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connect(url, timeout_s) as connection:
            connection.putrequest(method, quote(target, safe=_UNQUOTED), skip_accept_encoding=True)
            for name, value in {"User-Agent": "plangraf-check-harvest", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            body, complete = (b"", True) if method == "HEAD" or not limit else _read_body(response, limit)
            return Answer(url, response.status, fields, body, complete=complete)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnreachableError(" ".join(str(error).split()) or type(error).__name__) from error


@contextlib.contextmanager
def _connect(url: str, timeout_s: float) -> Iterator[http.client.HTTPConnection]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is not an http:// or https:// address")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout_s)
    try:
        yield connection
    finally:
        connection.close()


def _read_body(response: http.client.HTTPResponse, limit: int) -> tuple[bytes, bool]:
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
