"""The outermost layer, common to all answers: request id, version, CORS, HEAD, OPTIONS, cache hits and the log line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plangraf.errors import AnswerBrokenError, PlangrafError, PreconditionFailedError
from plangraf.http.pipeline.browser_headers import BROWSER_HEADERS_RAW
from plangraf.http.pipeline.request_record import Notes
from plangraf.http.pipeline.respond import PRIVATE, has_credentials
from plangraf.http.pipeline.streaming import ClientGoneError
from plangraf.http.resource.negotiation import field_of
from plangraf.http.resource.problems import problem
from plangraf.http.server.hot_answers import Found, Hot
from plangraf.http.server.protocol import REFUSED, WHOLE
from plangraf.http.service import PINNED, Pinned

Header = tuple[bytes, bytes]

_EXPOSED = (
    "Accept-Query, Accept-Ranges, Allow, Content-Length, Content-Location, Content-Range, ETag, Link, Location, "
    "Plangraf-Explain, Plangraf-Version, Repr-Digest, Retry-After, Server-Timing, X-Request-Id"
)
_SAME_FOR_ALL = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode("ascii")),
)
_BROWSER_NAMES = frozenset(name for name, _ in BROWSER_HEADERS_RAW)
_OF_ALL = frozenset((*(name for name, _ in _SAME_FOR_ALL), b"x-request-id"))
_COMMON = [*_SAME_FOR_ALL, *BROWSER_HEADERS_RAW]
_COMMON_LINES = b"".join(b"%b: %b\r\n" % header for header in _COMMON)
_ALLOWED_HEADERS = (
    "Accept, Accept-Language, Content-Type, If-Match, If-None-Match, If-Range, Mcp-Method, Mcp-Name, "
    "Mcp-Protocol-Version, Mcp-Session-Id, Range, X-Request-Id"
)
_PREFLIGHT_S = 86_400
_WITH_REPRESENTATION = frozenset((200, 206, 304))


class Envelope:
    """Our outermost middleware, plain ASGI.

    Sends cache hits itself. Runs HEAD as GET and drops the body. Turns a failure before the first byte into a
    problem. After a later failure it returns without ending the response, at which the server breaks the connection.
    """

    def __init__(
        self,
        app: ASGIApp,
        version: Callable[[], str],
        methods: Callable[[Scope], list[str]],
        hot: Hot,
        notes: Notes,
        explain: Callable[[Request, Exception], Response],
    ) -> None:
        self._app = app
        self._version = version
        self._methods = methods
        self._hot = hot
        self._notes = notes
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = self._notes.request_id(field_of(scope, b"x-request-id"))
        method: str = scope["method"]
        refused: PlangrafError | None = scope.get(REFUSED)
        if refused is None and method in ("GET", "HEAD") and (found := self._hot.find(scope)) is not None:
            await self._send_cached(scope, send, found, request_id, began)
            return
        inner = {**scope, "plangraf.request_id": request_id, "plangraf.head": method == "HEAD"}
        if method == "HEAD":
            inner["method"] = "GET"
        sent = _Response(scope, send, lambda own: self._headers(own, request_id, self._version_of(inner)))
        outcome = "complete"
        failure: BaseException | None = None
        try:
            if refused is not None:
                raise refused
            if method == "OPTIONS":
                await self._options(inner)(inner, receive, sent.send)
            else:
                await self._app(inner, receive, sent.send)
        except (ClientGoneError, ClientDisconnect):
            outcome = "gone"
        except Exception as error:
            cause = _own_cause(error)
            if not sent.started:
                failure = None if isinstance(cause, PlangrafError) else error
                await self._respond_to(cause, Request(inner), request_id)(inner, receive, sent.send)
            else:
                outcome = "broken"
                failure = None if isinstance(cause, AnswerBrokenError) else error
        finally:
            note = partial(
                self._notes.note,
                method,
                scope["path"],
                sent.status,
                sent.size,
                began=began,
                request_id=request_id,
                version=self._version_of(inner),
                outcome=outcome if sent.complete or outcome != "complete" else "broken",
                failure=failure,
            )
            # In the next turn of the event loop, because it sends what was written at the end of this one.
            asyncio.get_running_loop().call_soon(note)

    def _respond_to(self, error: Exception, request: Request, request_id: str) -> Response:
        """The answer to a failed request; a problem when a page about it fails too."""
        try:
            return self._explain(request, error)
        except Exception:
            return problem(error, request_id)

    async def _send_cached(self, scope: Scope, send: Send, found: Found, request_id: str, began: float) -> None:
        version = self._version()
        own = [*found.headers, (b"plangraf-version", version.encode("latin-1"))]
        common = _common_beside({name for name, _ in own})
        self._hot.remember_raw(scope, found, [*own, *common])
        headers = [*own, (b"x-request-id", request_id.encode("latin-1")), *common]
        body = b"" if scope["method"] == "HEAD" else found.body
        await _send_whole(scope, send, found.status, headers, body)
        self._notes.note(
            scope["method"],
            scope["path"],
            found.status,
            len(body),
            began=began,
            request_id=request_id,
            version=version,
        )

    def _version_of(self, scope: Scope) -> str:
        """The version that a request is pinned to; the current one before it is pinned."""
        pinned: Pinned | None = scope.get(PINNED)
        return self._version() if pinned is None else pinned.snapshot.id

    def _headers(self, own: Iterable[tuple[bytes, bytes]], request_id: str, version: str) -> list[tuple[bytes, bytes]]:
        """The headers of an answer: its own and the common ones."""
        headers = [header for header in own if header[0] not in _OF_ALL]
        names = {name for name, _ in headers}
        headers.append((b"x-request-id", request_id.encode("latin-1")))
        # An answer of another version, such as a page of a collection, has set its own.
        if b"plangraf-version" not in names and version:
            headers.append((b"plangraf-version", version.encode("latin-1")))
        headers += _common_beside(names)
        return headers

    def _options(self, scope: Scope) -> Response:
        allowed = ", ".join(self._methods(scope) or ["GET", "HEAD", "OPTIONS"])
        headers = {
            "Allow": allowed,
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(_PREFLIGHT_S),
        }
        return Response(status_code=204, headers=headers)


def _common_beside(names: set[bytes]) -> list[Header]:
    """The headers of all answers, without those that an answer has set itself."""
    return _COMMON if _BROWSER_NAMES.isdisjoint(names) else [one for one in _COMMON if one[0] not in names]


async def _send_whole(scope: Scope, send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Sends a complete answer, with one write where the server can do that."""
    whole: Callable[[int, list[Header], bytes, bytes], bool] | None = scope.get(WHOLE)
    own = len(headers) - len(_COMMON)
    if whole is not None and headers[own:] == _COMMON:
        sent = whole(status, headers[:own], _COMMON_LINES, body)
    else:
        sent = whole is not None and whole(status, headers, b"", body)
    if not sent:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


class _Response:
    """Passes one response on, with the headers of all answers and without the body of HEAD; knows what was sent.

    It holds the start back until the first part of the body, and so sends a complete answer at once.
    """

    def __init__(self, scope: Scope, send: Send, headers: Callable[[Iterable[Header]], list[Header]]) -> None:
        self._scope = scope
        self._send = send
        self._headers = headers
        self._start: Message | None = None
        self.status = 0
        self.size = 0
        self.started = False
        self.complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            _keep_precondition(self._scope, message)
            self.status = message["status"]
            message["headers"] = self._headers(message["headers"])
            if has_credentials(self._scope):
                MutableHeaders(scope=message)["Cache-Control"] = PRIVATE
            self._start = message
            return
        if message["type"] == "http.response.body":
            if self.complete:
                return
            if self._scope["method"] == "HEAD":
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            body = message.get("body", b"")
            self.size += len(body)
            self.complete = not message.get("more_body", False)
            if not self.started and self._start is not None:
                self.started = True
                if self.complete:
                    await _send_whole(self._scope, self._send, self.status, self._start["headers"], body)
                    return
                await self._send(self._start)
        await self._send(message)


def _own_cause(error: Exception) -> Exception:
    """The error of ours that Starlette wraps when it is raised after the start of a response; else the error itself."""
    if not isinstance(error, PlangrafError) and isinstance(error.__cause__, PlangrafError):
        return error.__cause__
    return error


def _keep_precondition(scope: Scope, start: Message) -> None:
    """Enforces If-Match (RFC 9110 §13.1.1): the answer must be the representation that it names.

    Raises:
        PreconditionFailedError: it is another one.
    """
    asked = field_of(scope, b"if-match").strip()
    if not asked or start["status"] not in _WITH_REPRESENTATION or asked == "*":
        return
    tag = MutableHeaders(scope=start).get("etag", "")
    if tag not in (part.strip() for part in asked.split(",")):
        raise PreconditionFailedError(asked, tag)
