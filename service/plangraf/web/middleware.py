"""What all answers have in common: request id, version, CORS, HEAD and OPTIONS, and one log line each."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plangraf.errors import AnswerBrokenError
from plangraf.web.answers import ClientGoneError
from plangraf.web.problems import problem

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EXPOSED = "Allow, Content-Length, ETag, Link, Location, Plangraf-Version, Retry-After, X-Request-Id"
_ALLOWED_HEADERS = "Accept, Accept-Language, Content-Type, If-None-Match, Range, X-Request-Id"
_PREFLIGHT_S = 86_400

log = structlog.get_logger()


class Envelope:
    """Outermost middleware of ours, plain ASGI.

    HEAD runs as GET and loses its body. What fails before the first byte becomes a problem; what fails after
    it returns without ending the response, which makes the server break the connection.
    """

    def __init__(self, app: ASGIApp, version: Callable[[], str], methods: Callable[[Scope], list[str]]) -> None:
        self._app = app
        self._version = version
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        method: str = scope["method"]
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

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = _EXPOSED
        headers["X-Request-Id"] = request_id
        if version := self._version():
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
