"""The spans of a request, around the whole pipeline. The application has this layer only when traces are on."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plangraf import tracing
from plangraf.http.server.protocol import WHOLE

_CACHE_HIT = b"cache;desc=hit"


class Traced:
    """Plain ASGI. One span for the request, and one below it from the head of the answer to its last byte."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not tracing.is_on():
            await self._app(scope, receive, send)
            return
        kind = scope["path"].split("/", 2)[1].partition(".")[0]
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"]}
        # Answers that leave in one piece are sent in two messages, which are seen here.
        seen = {key: value for key, value in scope.items() if key != WHOLE}
        with tracing.request_span(f"{scope['method']} /{kind}", scope["headers"], attributes) as span:
            sending = _Sending(send, span)
            try:
                await self._app(seen, receive, sending.send)
            finally:
                sending.end()


class _Sending:
    """Passes an answer on; its span lasts from the head to the last byte, or to where it broke off."""

    def __init__(self, send: Send, span: Any) -> None:
        self._send, self._request, self._span = send, span, None
        self._size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._span = tracing.begin_span("write")
            self._request.set_attribute("http.response.status_code", message["status"])
            for name, value in message["headers"]:
                if name == b"plangraf-version":
                    self._request.set_attribute("plangraf.version", value.decode("latin-1"))
                elif name == b"server-timing":
                    self._request.set_attribute("plangraf.cache.hit", value == _CACHE_HIT)
                elif name == b"x-request-id":
                    self._request.set_attribute("plangraf.request.id", value.decode("latin-1"))
        await self._send(message)
        if message["type"] == "http.response.body":
            self._size += len(message.get("body", b""))
            if not message.get("more_body", False):
                self.end()

    def end(self) -> None:
        span, self._span = self._span, None
        if span is not None:
            span.set_attribute("http.response.body.size", self._size)
            span.end()
