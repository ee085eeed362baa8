"""HTTP/1.1 on one connection: uvicorn's protocol with limits on arriving requests, and with cache hits first.

uvicorn waits for ever for the end of a request's head or body and accepts a head of any length. Here both have
limits, and passing one is answered with a problem. A request that equals an earlier one byte for byte gets its
answer without being parsed, see `hot_answers`.

httptools parses the head. Where it checks nothing or reports too little, the functions at the end do: request line,
target and Host by RFC 9112 §3, with messages that help the sender to correct the request.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from plangraf.errors import (
    AddressTooLongError,
    HeadTooLargeError,
    MalformedRequestError,
    MethodNotImplementedError,
    PlangrafError,
    RequestTimeoutError,
)
from plangraf.http.pipeline.browser_headers import BROWSER_HEADERS_RAW
from plangraf.http.resource.problems import problem
from plangraf.http.server.hot_answers import STATE, Hot

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

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
# Seconds in which the head of a request must arrive, counted from the connection or the head's first byte.
HEAD_S = 10.0
# Seconds in which its body must arrive.
BODY_S = 30.0
# Bytes; above the longest allowed query in percent-encoding.
LONGEST_HEAD = 1024 * 1024
_HEAD_END = b"\r\n\r\n"
_WITHOUT_BODY = frozenset((204, 304))
# Control characters but for TAB; each line of a head has one CR and one LF.
_CONTROL = bytes((*range(9), *range(10, 32), 127))

Header = tuple[bytes, bytes]


class Together:
    """Wraps the transport of one response: holds the head back and sends it with the first bytes of the body.

    When no body follows at once, sends the head alone, before the event loop begins another response.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._leaving: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        if self._leaving is None:
            self._head = data
            self._leaving = asyncio.get_running_loop().call_soon(self.flush)
        elif self._head and self._leaving is not None:
            self._leaving.cancel()
            head, self._head = self._head, b""
            self._transport.writelines([head, data])
        else:
            self._transport.write(data)

    def flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class Draining:
    """Whether this process ends while another one accepts connections.

    Then an idle connection stays open until its time is up, because a request may be on its way: that one is answered,
    with `Connection: close`.
    """

    begun = False

    @classmethod
    def begin(cls) -> None:
        cls.begun = True


class Protocol(HttpToolsProtocol):
    """One connection.

    In a request's scope, `plangraf.raw` is the whole request when it arrived in one piece. `plangraf.refused` is the
    error of a request that cannot be answered; the envelope raises it when the request's turn has come. The function
    `plangraf.whole` sends a complete answer.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._hot: Hot | None = self.app_state.get(STATE)
        self._raw: bytes | None = None
        self._start = b""
        self._arriving = False
        self._head_size = 0
        self._patience: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        # uvicorn notifies only the newest request, which may be queued behind this one.
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._raw = None
        if not self._arriving:
            if self._idle and data.startswith(b"GET ") and data.find(_HEAD_END) == len(data) - len(_HEAD_END):
                if self._hot is not None and (answer := self._hot.find_raw(data)) is not None and not Draining.begun:
                    self._answer(answer)
                    return
                self._raw = data
            self._start = data
            self._head_size = 0
        elif self._head_size >= 0:
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                self._refuse(HeadTooLargeError(LONGEST_HEAD))
                return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # a server may ignore an upgrade (RFC 9110 §7.8)
        except httptools.HttpParserError as error:
            self._refuse(explain_refusal(error, self._start))
        if self._patience is None and self._arriving:
            self._wait(BODY_S)
        elif self._patience is None and self._idle and self.timeout_keep_alive_task is None:
            self._wait(HEAD_S)  # only empty lines arrived

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._arriving = True
        if self._raw is None:  # otherwise its head is complete
            self._wait(HEAD_S)

    def on_headers_complete(self) -> None:
        self._head_size = -1  # stops counting its size
        self._start = b""
        extension: dict[str, Any] = {}
        if self._raw is not None:
            extension["plangraf.raw"] = self._raw
        try:
            check_host(self.parser.get_http_version(), self.headers)
            if (parts := split_long(self.url)) is not None:
                self.url, extension["query_string"] = parts
        except PlangrafError as error:
            extension[REFUSED] = error
            if isinstance(error, AddressTooLongError):
                self.url, extension["path"] = b"/", "-"
        # Creates the request's task, which starts later and so sees the extension of the scope.
        super().on_headers_complete()
        extension[WHOLE] = self._send_whole
        self.scope.update(extension)  # type: ignore[typeddict-item]  # as ASGI allows
        self.cycle.transport = Together(self.transport)  # type: ignore[assignment]  # has the methods that it calls
        if REFUSED in extension or Draining.begun:
            self.cycle.keep_alive = False
        if self._raw is None:  # otherwise its body has most likely arrived, too
            self._wait(BODY_S)

    def on_message_complete(self) -> None:
        self._arriving = False
        self._wait_no_longer()
        super().on_message_complete()

    def shutdown(self) -> None:
        if not Draining.begun:
            super().shutdown()
        elif not self._idle and self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _send_whole(self, status: int, headers: Sequence[Header], common: bytes, body: bytes) -> bool:
        """Sends a complete answer to the present request with one write, in place of two messages to uvicorn.

        Args:
            status: of the answer.
            headers: its own headers, with names in lower case.
            common: the lines of the others, which need no check.
            body: its body; empty for HEAD.
        Returns:
            False when uvicorn must send it: the length is not declared, a header would be split, or the client is slow.
        """
        cycle = self._answering
        if cycle is None or cycle.response_started or cycle.disconnected or self.flow.write_paused:
            return False
        lines = [*cycle.default_headers, *headers]
        head = b"\r\n".join(map(b": ".join, lines))
        declared = b"content-length: %d\r\n" % len(body) in head
        if not declared and status not in _WITHOUT_BODY and cycle.scope["method"] != "HEAD":
            return False
        if len(head) - len(head.translate(None, _CONTROL)) != 2 * len(lines) - 2 or b"connection: " in head:
            return False  # uvicorn refuses a character that would split a header, and reads Connection
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], head, b"\r\n", common, end, body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    @property
    def _idle(self) -> bool:
        """Whether no request is in flight on this connection."""
        if self._arriving or self.transport.is_closing() or self.flow.write_paused:
            return False
        return self.cycle is None or self.cycle.response_complete

    def _answer(self, answer: tuple[bytes, bytes]) -> None:
        """Sends a cached answer, with uvicorn's own headers between its parts."""
        head, rest = answer
        own = b"".join(b"%b: %b\r\n" % header for header in self.server_state.default_headers)
        self._unset_keepalive_if_required()
        self._wait_no_longer()
        self.transport.write(head + own + rest)
        self.server_state.total_requests += 1
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _wait(self, seconds: float) -> None:
        self._wait_no_longer()
        self._patience = self.loop.call_later(seconds, self._lose_patience, seconds)

    def _lose_patience(self, seconds: float) -> None:
        self._refuse(RequestTimeoutError(seconds))

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self, error: PlangrafError) -> None:
        """Closes the connection; before that reports the error, unless a response has begun or no request has."""
        self._wait_no_longer()
        if self.transport.is_closing():
            return
        answered = self.cycle is not None and not self.cycle.response_complete and self.cycle.response_started
        if self._hot is not None and not answered and (self._arriving or not isinstance(error, RequestTimeoutError)):
            self._write(error, self._hot)
        self.transport.close()

    def _write(self, error: PlangrafError, hot: Hot) -> None:
        began, request_id = time.perf_counter(), hot.notes.request_id()
        response = problem(error, request_id)
        body = bytes(response.body)
        headers = [
            *self.server_state.default_headers,
            *response.raw_headers,
            *BROWSER_HEADERS_RAW,
            (b"access-control-allow-origin", b"*"),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        head = STATUS_LINE[response.status_code] + b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(head + b"\r\n" + body)
        hot.notes.note(
            "-", "-", response.status_code, len(body), began=began, request_id=request_id, version=hot.version()
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
