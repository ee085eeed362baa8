"""Asks other SPARQL endpoints, for SERVICE: only those of the allow list, within bounds of time and bytes.

A name is resolved here and its addresses are checked before the connection is made to one of them. So a name cannot
lead to a private network, not even when it resolves to another address a moment later. A redirect is followed within
the same server only. The answer is read as bytes; `federation` reads what they say.

Protocol: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

import httptools

from plangraf.errors.message import N_, English, Listed, Message
from plangraf.numbers_in_text import whole_number
from plangraf.rdf.formats import JSON

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# These repeat the POST; after the others a browser would send a GET.
_KEEP_METHOD = frozenset({307, 308})
_MOST_REDIRECTS = 3
_MOST_HEAD_BYTES = 64 * 1024
_CHUNK = 64 * 1024
_SHOWN_CHARACTERS = 200
# Characters of path and query that are not percent-encoded.
_UNQUOTED = "/?:@!$&'()*+,;=~%"
# IPv6 addresses that a gateway translates to the IPv4 address in their last 32 bits (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class EndpointError(Exception):
    """An endpoint gave no usable answer; the message says why, without a final full stop."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that SERVICE may call; `private` says whether it may be in a private network."""

    address: str
    private: bool


def allowed_endpoints(entries: Sequence[str]) -> dict[str, Endpoint]:
    """The endpoints of the setting by their address.

    A `private:` before an entry allows private addresses; an entry whose host is an IP address or `localhost` needs no
    such mark.
    """
    found = {}
    for entry in entries:
        address = entry.removeprefix("private:")
        host = urlsplit(address).hostname or ""
        found[address] = Endpoint(address, entry != address or host == "localhost" or _ip(host) is not None)
    return found


async def ask_endpoint(endpoint: Endpoint, query: str, most_bytes: int) -> bytes:
    """Sends a SELECT query; returns its results as SPARQL JSON, unread.

    Raises:
        EndpointError: no answer, another status than 200, another format, too many bytes, a forbidden address.
    """
    url = urlsplit(endpoint.address)
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            answer = await _post(url, endpoint.private, urlencode({"query": query}).encode(), most_bytes)
        except (OSError, EOFError, httptools.HttpParserError) as error:
            raise EndpointError(_words_of(error)) from error
        if answer.status not in _REDIRECTS:
            return _results(answer)
        target = urlsplit(urljoin(url.geturl(), answer.headers.get("location", "")))
        same = (target.scheme, target.netloc) == (url.scheme, url.netloc)
        if not same or answer.status not in _KEEP_METHOD:
            raise EndpointError(
                N_(
                    "it redirects (%(status)s) to %(target)s, which is not followed",
                    status=answer.status,
                    target=target.geturl(),
                )
            )
        url = target
    raise EndpointError(N_("it redirects more than %(limit)s times", limit=_MOST_REDIRECTS))


@dataclass(slots=True)
class _Answer:
    """What httptools reports of a response, bounded."""

    most_bytes: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    head_bytes: int = 0
    head_read: bool = False
    complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_bytes += len(name) + len(value)
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.head_read = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True

    @property
    def too_long(self) -> bool:
        announced = whole_number(self.headers.get("content-length", "")) or 0
        return max(len(self.body), announced) > self.most_bytes


def _words_of(error: Exception) -> str:
    """What an error of the connection says: in our words, or in those of the system."""
    said = error.args[0] if error.args else None
    return said if isinstance(said, Message) else " ".join(str(error).split()) or type(error).__name__


def _results(answer: _Answer) -> bytes:
    if answer.status != 200:
        said = " ".join(bytes(answer.body).decode("utf-8", "replace").split())[:_SHOWN_CHARACTERS]
        status = N_("it answered with status %(status)s", status=answer.status)
        raise EndpointError(Listed([status, English(said)], ": ") if said else status)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (JSON.media_type, "application/json"):
        raise EndpointError(
            N_(
                "it answered with %(found)s instead of %(wanted)s",
                found=media_type or N_("no media type"),
                wanted=JSON.media_type,
            )
        )
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise EndpointError(N_("it answered in a content coding that was not asked for"))
    return bytes(answer.body)


async def _post(url: SplitResult, private: bool, body: bytes, most_bytes: int) -> _Answer:
    reader, writer = await _connect(url, private)
    try:
        query = f"?{quote(url.query, safe=_UNQUOTED)}" if url.query else ""
        target = quote(url.path or "/", safe=_UNQUOTED) + query
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {url.netloc}\r\nUser-Agent: plangraf\r\nAccept: {JSON.media_type}\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode("ascii") + body)
        await writer.drain()
        return await _read(reader, most_bytes)
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, most_bytes: int) -> _Answer:
    answer = _Answer(most_bytes)
    parser = httptools.HttpResponseParser(answer)
    received = 0
    while not answer.complete:
        chunk = await reader.read(_CHUNK)
        if not chunk:
            until_closed = "content-length" not in answer.headers and "transfer-encoding" not in answer.headers
            if answer.head_read and until_closed:
                break
            raise EOFError(N_("its answer ends in the middle"))
        received += len(chunk)
        parser.feed_data(chunk)
        if answer.head_bytes > _MOST_HEAD_BYTES or (not answer.head_read and received > _MOST_HEAD_BYTES):
            raise EndpointError(N_("the head of its answer is longer than %(limit)s bytes", limit=_MOST_HEAD_BYTES))
        if answer.too_long:
            raise EndpointError(N_("its answer is longer than %(limit)s MiB", limit=most_bytes // 1024**2))
    answer.status = parser.get_status_code()
    return answer


async def _connect(url: SplitResult, private: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to one of the addresses of a name, all of which must be allowed."""
    host, secure = url.hostname or "", url.scheme == "https"
    port = url.port or (443 if secure else 80)
    addresses = await resolve(host, port)
    if not private and (inside := [one for one in addresses if not is_public(one)]):
        raise EndpointError(
            N_(
                "%(host)s leads to %(address)s, a private address, which the service calls only when its "
                "operator says so",
                host=host,
                address=inside[0],
            )
        )
    failure: OSError = OSError(N_("it has no address"))
    for address in addresses:
        try:
            return await asyncio.open_connection(
                address, port, ssl=_tls() if secure else None, server_hostname=host if secure else None
            )
        except OSError as error:
            failure = error
    raise failure


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a name, each once."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, also the one that it carries inside."""
    found = _ip(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        found = inner or found
    return found is not None and found.is_global and not found.is_multicast
