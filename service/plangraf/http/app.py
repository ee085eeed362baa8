"""The application: settings in, ASGI out. `uvicorn --factory plangraf.http.app:create_app` serves it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

import plangraf
from plangraf.engines.base import Engine
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.snapshots import Snapshots
from plangraf.errors import MethodNotAllowedError, ParameterError, PlangrafError, RequestError, ResourceNotFoundError
from plangraf.http.pipeline.envelope import Envelope
from plangraf.http.pipeline.pinning import KEPT, Endpoint, FindEndpoint, Pinning, on_kept_version
from plangraf.http.pipeline.request_log import RequestLog, configure_logging
from plangraf.http.pipeline.request_record import Notes
from plangraf.http.resource.link_header import LICENSE
from plangraf.http.resource.openapi import install_openapi, openapi_of_version
from plangraf.http.resource.problems import not_found, problem
from plangraf.http.resource.table import Table
from plangraf.http.routes import (
    catalog,
    collection_index,
    collections,
    compare,
    crawlers,
    documents,
    dumps,
    feed,
    health,
    kept_versions,
    named_queries,
    site,
    sparql,
    vocabulary,
)
from plangraf.http.server.hot_answers import STATE, Hot
from plangraf.http.service import Pinned, Service, make_service, pinned
from plangraf.settings import Settings, load_settings
from plangraf.store.versions import Version, VersionStore

_DESCRIPTION = """A knowledge graph of municipal plans: SPARQL, linked-data documents and named queries.
Errors are `application/problem+json` (RFC 9457)."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application over the current version of the data; settings come from PLANGRAF_… when not given.

    Raises:
        SettingError, VersionsError, DataError: what is wrong with settings, versions or queries.
    """
    settings = settings or load_settings()
    configure_logging(settings)
    small = settings.model_copy(update={"query_workers": 1, "query_long": 1})

    def make_engine(version: Version, *, kept: bool) -> Engine:
        return EmbeddedEngine(version, small if kept else settings)

    snapshots = Snapshots(
        VersionStore(settings.versions), make_engine, most_kept=settings.old_versions, watch_s=settings.watch_s
    )
    return application(settings, snapshots, computed_ahead=True)


def application(settings: Settings, snapshots: Snapshots, *, computed_ahead: bool = False) -> FastAPI:
    """The application over the versions of a store, whatever their engine; it starts and closes them.

    Args:
        settings: addresses, limits and the folder of the named queries.
        snapshots: where all data come from.
        computed_ahead: whether named queries that need no parameter are answered before anybody asks.
    """
    service = make_service(settings, snapshots)
    notes = Notes(RequestLog(settings), service.collections)

    def version() -> str:
        return snapshots.current.id

    hot = Hot(service.cache, notes, version)

    warming: set[asyncio.Task[None]] = set()

    def warm() -> None:
        task = asyncio.create_task(named_queries.warm(service))
        warming.add(task)
        task.add_done_callback(warming.discard)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Hot]]:
        await snapshots.start()
        _look_on_signal(snapshots)
        if computed_ahead:
            snapshots.subscribe(warm)
            warm()
        try:
            yield {STATE: hot}
        finally:
            for task in list(warming):
                task.cancel()
            await snapshots.close()
            notes.flush()

    app = _Application(
        title="plangraf",
        version=plangraf.__version__,
        summary="Linked municipal plan data",
        description=_DESCRIPTION,
        license_info={"name": "CC BY 4.0 (data)", "url": LICENSE},
        servers=[{"url": service.prefix or "/"}],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # A redirect to the same path with or without "/" would be built from the Host header.
        redirect_slashes=False,
    )
    find = _add_addresses(app, service)
    _add_error_handlers(app)

    def methods(scope: Scope) -> list[str]:
        return _methods(app, scope)

    def pipeline(inner: ASGIApp) -> ASGIApp:
        return Envelope(Pinning(inner, service, find, _explained), version, methods, hot, notes)

    app.add_middleware(pipeline)
    app.find, app.pipeline = find, pipeline(app)
    return app


def _add_addresses(app: FastAPI, service: Service) -> FindEndpoint:
    """Adds all that is served; what comes back finds it without the framework.

    Raises:
        DataError: a collection has the address of something else.
    """
    table = Table()
    install_openapi(app, table.documented)

    def openapi(service: Pinned) -> dict[str, Any]:
        if not service.kept:
            return app.openapi()
        answered = {"/sparql", *(route.path_format for route in table.documented(kept=True))}
        return openapi_of_version(app, answered, service.snapshot.id, service.prefix)

    queries = sparql.add_routes(app, service)
    # The feed's members and the catalogue have addresses below that of all things.
    for module in (feed, catalog, crawlers, documents, named_queries, vocabulary):
        table.add(*module.resources(service))
    table.add(*site.resources(openapi))
    for module in (kept_versions, compare, dumps, collection_index):
        table.add(*module.resources(service))
    app.router.route_class = _CurrentRoute
    health.add_routes(app, service)
    taken = {getattr(route, "path", "") for route in app.routes}
    table.add(*collections.resources(service, lambda path: path in taken or table.find(path) is not None))
    app.router.routes.append(table)

    def find(scope: Scope) -> Endpoint | None:
        if get_route_path(scope) == sparql.PATH:
            return queries if scope["method"] in sparql.METHODS else None
        return table.endpoint(scope)

    return find


class _Application(FastAPI):
    """FastAPI, whose own middlewares see only what the pipeline does not answer itself: they cost a fifth of that."""

    find: FindEndpoint
    pipeline: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.find(on_kept_version(scope)) is not None:
            await self.pipeline(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _CurrentRoute(APIRoute):
    """A route of which there is only one, and none under `/version/<id>`."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.NONE, {}) if scope.get(KEPT) else super().matches(scope)


def _look_on_signal(snapshots: Snapshots) -> None:
    """SIGHUP makes this process look at once which version is current."""
    loop = asyncio.get_running_loop()
    looking: set[asyncio.Task[bool]] = set()

    def look() -> None:
        task = loop.create_task(snapshots.refresh())
        looking.add(task)
        task.add_done_callback(looking.discard)

    # An event loop outside the main thread, as in tests, gets no signals.
    with contextlib.suppress(ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGHUP, look)


def _methods(app: FastAPI, scope: Scope) -> list[str]:
    """The methods that some route answers at this path, for Allow; none when there is no such path."""
    found: set[str] = set()
    scope = on_kept_version(scope)
    for route in app.routes:
        if route.matches(scope)[0] != Match.NONE:
            found |= getattr(route, "methods", None) or set()
    if found:
        found |= {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return sorted(found)


def _explained(request: Request, error: PlangrafError) -> Response:
    """The answer that tells what is wrong."""
    request_id = str(request.scope["plangraf.request_id"])
    if isinstance(error, ResourceNotFoundError):
        return not_found(error, request, request_id, pinned(request).pages)
    return problem(error, request_id)


def _add_error_handlers(app: FastAPI) -> None:
    """Every error that a route raises becomes a problem; what is none of ours is left to the envelope."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, PlangrafError)
        return _explained(request, error)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return _explained(request, ResourceNotFoundError(request.url.path, "See / for what is served."))
        if error.status_code == 405:
            return _explained(request, MethodNotAllowedError(request.method, _methods(app, request.scope)))
        return _explained(request, RequestError(str(error.detail)))

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return _explained(request, ParameterError(str(first["loc"][-1]), str(first["msg"])))

    app.add_exception_handler(PlangrafError, ours)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, validation)
