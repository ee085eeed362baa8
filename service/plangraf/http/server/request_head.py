"""What the head of a request must be, where httptools does not see to it or does not say enough.

Request line, target and Host by RFC 9112 §3. What is wrong is told in words that help who sent it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import httptools

from plangraf.errors import AddressTooLongError, MalformedRequestError, MethodNotImplementedError, PlangrafError

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "QUERY")
# Where the scope of a request that can be told apart, but not be answered, says why.
REFUSED = "plangraf.refused"

# httptools.parse_url counts in 16 bits.
_LONGEST_PARSED = 2**16 - 1
_LONGEST_SHOWN = 100
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb" +HTTP/[0-9]\.[0-9]$")
# RFC 3986 §3.2.2; what stands in brackets is not read further.
_HOST = re.compile(rb"(\[[0-9A-Za-z:._~!$&'()*+,;=%-]+\]|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]*)?")
_ENCODE = (
    "The address in the request line has a character that cannot stand there as it is. "
    "Percent-encode text as UTF-8, such as %C3%A6 for æ and %20 for a space."
)


def why_refused(error: httptools.HttpParserError, start: bytes) -> PlangrafError:
    """What to tell about a request that the parser refused.

    Args:
        error: the parser's.
        start: how the request begins, as far as that is known.
    """
    line, end, _ = start.lstrip(b"\r\n").partition(b"\n")
    method, space, rest = line.rstrip(b"\r").partition(b" ")
    # A line that has not ended may still become one of HTTP.
    version = _VERSION.search(rest)
    if _TOKEN.fullmatch(method) and space and (version or not end):
        # The methods of RTSP, which the parser reads too, are an error without a class of its own.
        if isinstance(error, httptools.HttpParserInvalidMethodError) or str(error).startswith("Invalid method"):
            return MethodNotImplementedError(method.decode("ascii"), METHODS)
        target = rest[: version.start()] if version else rest
        if b" " in target.strip(b" "):
            return MalformedRequestError(_ENCODE)
    if isinstance(error, httptools.HttpParserInvalidURLError):
        return MalformedRequestError(_ENCODE)
    return MalformedRequestError()


def split_long(target: bytes) -> tuple[bytes, bytes] | None:
    """A target that is too long for httptools, as what stands before the query, and the query.

    Returns:
        None when httptools can read it.
    Raises:
        AddressTooLongError: it is too long without its query, too.
    """
    if len(target) <= _LONGEST_PARSED:
        return None
    before, _, query = target.partition(b"#")[0].partition(b"?")
    if len(before) > _LONGEST_PARSED:
        raise AddressTooLongError(len(before), _LONGEST_PARSED)
    return before, query


def check_host(http_version: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuses a request of HTTP/1.1 without exactly one valid Host, which may be empty (RFC 9112 §3.2).

    Args:
        http_version: such as "1.1".
        headers: names in lower case.
    Raises:
        MalformedRequestError: there is none, more than one, or one that is no host.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if not hosts:
        if http_version in ("0.9", "1.0"):
            return
        raise MalformedRequestError("There is no Host field, which a request of HTTP/1.1 must have.")
    if len(hosts) > 1:
        raise MalformedRequestError(f"There are {len(hosts)} Host fields. Send one.")
    host = hosts[0].strip(b" \t")
    if not _HOST.fullmatch(host):
        shown = host[:_LONGEST_SHOWN].decode("utf-8", "replace")
        raise MalformedRequestError(
            f"Host is {shown!r}, which is no host. Send a name or an address, with or without a port, "
            "such as example.org, 192.0.2.1:8000 or [2001:db8::1]."
        )
