"""What all answers have in common: request id, version, CORS, HEAD and OPTIONS, and one log line each."""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections.abc import Callable
from functools import lru_cache

import prometheus_client
import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plangraf import metrics
from plangraf.errors import AnswerBrokenError
from plangraf.web.answers import ClientGoneError
from plangraf.web.hot import Hot
from plangraf.web.logging import RequestLog
from plangraf.web.problems import problem

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EXPOSED = (
    "Accept-Query, Allow, Content-Length, ETag, Link, Location, Plangraf-Explain, Plangraf-Version, Retry-After, "
    "Server-Timing, X-Request-Id"
)
_EXPOSED_BYTES = _EXPOSED.encode("ascii")
_ALLOWED_HEADERS = "Accept, Accept-Language, Content-Type, If-None-Match, Range, X-Request-Id"
_PREFLIGHT_S = 86_400
_KINDS = {
    "",
    "sparql",
    "id",
    "doc",
    "targets",
    "goals",
    "queries",
    "ontology",
    "shapes",
    "context",
    "health",
    "metrics",
}

log = structlog.get_logger()


class Envelope:
    """Outermost middleware of ours, plain ASGI.

    An answer that was given before leaves from here. HEAD runs as GET and loses its body. What fails before the
    first byte becomes a problem; what fails after it returns without ending the response, which makes the server
    break the connection.
    """

    def __init__(
        self,
        app: ASGIApp,
        version: Callable[[], str],
        methods: Callable[[Scope], list[str]],
        hot: Hot,
        log: RequestLog,
    ) -> None:
        self._app = app
        self._version = version
        self._methods = methods
        self._hot = hot
        self._log = log
        # Unlike a random number for each, this costs nothing and is as much one of a kind.
        self._ids = (f"{uuid.uuid4().hex[:16]}{number:08x}" for number in itertools.count())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        request_id = given if given and _REQUEST_ID.fullmatch(given) else next(self._ids)
        method: str = scope["method"]
        if method in ("GET", "HEAD") and (found := self._hot.find(scope)) is not None:
            await self._send_kept(scope, send, found, request_id, began)
            return
        inner = {**scope, "plangraf.request_id": request_id, "plangraf.head": method == "HEAD"}
        if method == "HEAD":
            inner["method"] = "GET"
        status, size, complete = 0, 0, False

        async def passed_on(message: Message) -> None:
            nonlocal status, size, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), request_id)
            elif message["type"] == "http.response.body":
                if complete:
                    return
                if method == "HEAD":
                    message = {"type": "http.response.body", "body": b"", "more_body": False}
                size += len(message.get("body", b""))
                complete = not message.get("more_body", False)
            await send(message)

        outcome = "complete"
        failure: BaseException | None = None
        try:
            if method == "OPTIONS":
                await self._options(inner)(inner, receive, passed_on)
            else:
                await self._app(inner, receive, passed_on)
        except (ClientGoneError, ClientDisconnect):
            outcome = "gone"
        except Exception as error:
            if status == 0:
                failure = error
                await problem(error, request_id)(inner, receive, passed_on)
            else:
                # Starlette wraps what is raised after the start of a response.
                cause = error.__cause__ if isinstance(error.__cause__, AnswerBrokenError) else error
                outcome = "broken"
                failure = None if isinstance(cause, AnswerBrokenError) else error
        finally:
            _count(scope["path"], status)
            line = {
                "method": method,
                "path": scope["path"],
                "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 2),
                "bytes": size,
                "request_id": request_id,
                "version": self._version(),
                "outcome": outcome if complete or outcome != "complete" else "broken",
            }
            if failure is not None:
                log.error("request", **line, exc_info=failure)
            else:
                log.info("request", **line)

    async def _send_kept(
        self,
        scope: Scope,
        send: Send,
        found: tuple[int, list[tuple[bytes, bytes]], bytes],
        request_id: str,
        began: float,
    ) -> None:
        status, headers, body = found
        _count(scope["path"], status)
        version = self._version()
        headers += [
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", _EXPOSED_BYTES),
            (b"x-request-id", request_id.encode("latin-1")),
            (b"plangraf-version", version.encode("latin-1")),
        ]
        if scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
        self._log.add(
            {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 2),
                "bytes": len(body),
                "request_id": request_id,
                "version": version,
                "outcome": "complete",
            }
        )

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = _EXPOSED
        headers["X-Request-Id"] = request_id
        # A streamed answer says itself on which version it was evaluated.
        if "Plangraf-Version" not in headers and (version := self._version()):
            headers["Plangraf-Version"] = version

    def _options(self, scope: Scope) -> Response:
        allowed = ", ".join(self._methods(scope) or ["GET", "HEAD", "OPTIONS"])
        headers = {
            "Allow": allowed,
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": str(_PREFLIGHT_S),
        }
        return Response(status_code=204, headers=headers)


@lru_cache(512)
def _counter(kind: str, status: int) -> prometheus_client.Counter:
    return metrics.REQUESTS.labels(kind, str(status))


def _count(path: str, status: int) -> None:
    """Counts a request under the first part of its path, when that is one that is served."""
    kind = path.split("/", 2)[1] if path.startswith("/") else "other"
    _counter(kind if kind in _KINDS else "other", status).inc()
