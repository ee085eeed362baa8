"""Pins each request to a snapshot: leases it before the first route runs, releases it after the response has ended.

Also strips `/version/<id>` from the path, so that one route table serves every version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plangraf import tracing
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import PlangrafError
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.service import PINNED, Pinned, Service

KEPT = "plangraf.kept"
"""Key of a request's scope: true for an address under `/version/<id>`."""
ENDPOINT = "plangraf.endpoint"
"""Key of a request's scope: its endpoint, when it was found before the pipeline."""
# Not pinned: files have one address, `/dump/<id>/`, and the redirect to it must not open the version.
_FILES = "/dump/"

Endpoint = Callable[[Request], Awaitable[Response]]
FindEndpoint = Callable[[Scope], Endpoint | None]
"""Finds the endpoint of a request; None when only the framework knows it."""


class Pinning:
    """Plain ASGI. Calls the endpoint that `find` gives directly, because the framework's routing costs more than many
    a query.
    """

    def __init__(
        self,
        app: ASGIApp,
        service: Service,
        find: FindEndpoint,
        explain: Callable[[Request, Exception], Response],
    ) -> None:
        self._app = app
        self._service = service
        self._find = find
        self._explain = explain
        self._current: Pinned | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        snapshots = self._service.snapshots
        under = split_version(scope["path"])
        if under is None:
            snapshot = snapshots.acquire_current()
            try:
                scope[PINNED] = self._on_current(snapshot)
                await self._answer(scope, receive, send)
            finally:
                snapshots.release(snapshot)
            return
        version_id, _ = under
        try:
            with tracing.span("lease", **{"plangraf.version": version_id}):
                snapshot = await snapshots.acquire(version_id)
        except PlangrafError as error:
            scope[PINNED] = self._on_current(snapshots.current)
            await self._explain(Request(scope), error)(scope, receive, send)
            return
        try:
            scope[PINNED] = self._service.pin(snapshot, kept=True)
            await self._answer(strip_version(scope), receive, mark_immutable(send, version_id))
        finally:
            snapshots.release(snapshot)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint: Endpoint | None = scope.get(ENDPOINT) or self._find(scope)
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except PlangrafError as error:
            response = self._explain(request, error)
        await response(scope, receive, send)

    def _on_current(self, snapshot: Snapshot) -> Pinned:
        if self._current is None or self._current.snapshot is not snapshot:
            self._current = self._service.pin(snapshot, kept=False)
        return self._current


def split_version(path: str) -> tuple[str, str] | None:
    """Splits `/version/<id>/…` into the id and the path under it; None for a path of the current version."""
    if not path.startswith("/version/"):
        return None
    parts = path.split("/", 3)
    if not parts[2]:
        return None
    under = "/" + "".join(parts[3:])
    return None if under.startswith(_FILES) else (parts[2], under)


def strip_version(scope: Scope) -> Scope:
    """The scope for the router: `/version/<id>` becomes its root path, so that only the rest is routed."""
    under = split_version(scope["path"])
    if under is None or scope.get(KEPT):
        return scope
    path = scope["path"] if scope["path"].count("/") > 2 else scope["path"] + "/"
    return {**scope, "path": path, "root_path": f"/version/{under[0]}", KEPT: True}


def mark_immutable(send: Send, version_id: str) -> Send:
    """Wraps `send` for a kept version: marks the answer with the version and as immutable."""

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            add_version(MutableHeaders(scope=message), message["status"], version_id)
        await send(message)

    return send_marked


def add_version(headers: MutableHeaders, status: int, version_id: str) -> None:
    """Marks the answer of a kept version as immutable.

    A page in the language that its reader chose is not, because a browser may keep it over the next choice.
    """
    headers["Plangraf-Version"] = version_id
    by_choice = "Cookie" in headers.get("vary", "")
    if status in (200, 304) and headers.get("cache-control") == "no-cache" and not by_choice:
        headers["Cache-Control"] = FOR_EVER
