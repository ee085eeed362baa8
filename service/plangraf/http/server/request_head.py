"""Checks the head of a request where httptools does not, or reports too little.

Request line, target and Host by RFC 9112 §3. The messages help the sender to correct the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import httptools

from plangraf.errors import AddressTooLongError, MalformedRequestError, MethodNotImplementedError, PlangrafError

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "QUERY")
# Key of a request's scope: the error of a request that could be parsed and cannot be answered.
REFUSED = "plangraf.refused"
# Key of a request's scope: sends a complete answer.
WHOLE = "plangraf.whole"

# httptools.parse_url counts in 16 bits.
_LONGEST_PARSED = 2**16 - 1
_LONGEST_SHOWN = 100
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb" +HTTP/[0-9]\.[0-9]$")
# RFC 3986 §3.2.2; the address in brackets is not checked further.
_HOST = re.compile(rb"(\[[0-9A-Za-z:._~!$&'()*+,;=%-]+\]|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]*)?")
_ENCODE = (
    "The address in the request line has a character that cannot stand there as it is. "
    "Percent-encode text as UTF-8, such as %C3%A6 for æ and %20 for a space."
)


def explain_refusal(error: httptools.HttpParserError, start: bytes) -> PlangrafError:
    """Explains why the parser refused a request.

    Args:
        error: the parser's error.
        start: the beginning of the request, as far as it is known.
    """
    line, end, _ = start.lstrip(b"\r\n").partition(b"\n")
    method, space, rest = line.rstrip(b"\r").partition(b" ")
    # An unfinished line may still become a valid one.
    version = _VERSION.search(rest)
    if _TOKEN.fullmatch(method) and space and (version or not end):
        # The parser also knows the methods of RTSP, and its error for them has no class of its own.
        if isinstance(error, httptools.HttpParserInvalidMethodError) or str(error).startswith("Invalid method"):
            return MethodNotImplementedError(method.decode("ascii"), METHODS)
        target = rest[: version.start()] if version else rest
        if b" " in target.strip(b" "):
            return MalformedRequestError(_ENCODE)
    if isinstance(error, httptools.HttpParserInvalidURLError):
        return MalformedRequestError(_ENCODE)
    return MalformedRequestError()


def split_long(target: bytes) -> tuple[bytes, bytes] | None:
    """Splits a target that is too long for httptools into the part before the query and the query.

    Returns:
        None when httptools can read the target.
    Raises:
        AddressTooLongError: the part before the query alone is too long.
    """
    if len(target) <= _LONGEST_PARSED:
        return None
    before, _, query = target.partition(b"#")[0].partition(b"?")
    if len(before) > _LONGEST_PARSED:
        raise AddressTooLongError(len(before), _LONGEST_PARSED)
    return before, query


def check_host(http_version: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Checks that a request of HTTP/1.1 has exactly one valid Host, which may be empty (RFC 9112 §3.2).

    Args:
        http_version: such as "1.1".
        headers: names in lower case.
    Raises:
        MalformedRequestError: Host is missing, repeated or not a host.
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
