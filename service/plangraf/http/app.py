"""Assembles the ASGI application from the settings: `uvicorn --factory plangraf.http.app:create_app` serves it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import plangraf
from plangraf import tracing
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.embedded.stores import chosen_store
from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshots
from plangraf.engines.traced import TracedEngine
from plangraf.errors import MethodNotAllowedError, ParameterError, PlangrafError, RequestError, ResourceNotFoundError
from plangraf.errors.message import N_, English
from plangraf.http.assistants import endpoint as assistants
from plangraf.http.pipeline.envelope import Envelope
from plangraf.http.pipeline.log_setup import configure_logging
from plangraf.http.pipeline.pinning import ENDPOINT, KEPT, Endpoint, FindEndpoint, Pinning, strip_version
from plangraf.http.pipeline.request_record import Notes, RequestLog
from plangraf.http.pipeline.traced import Traced
from plangraf.http.resource.link_header import LICENSE
from plangraf.http.resource.openapi import install_openapi, openapi_of_version
from plangraf.http.resource.problem_pages import Explainer
from plangraf.http.resource.table import Table
from plangraf.http.routes import (
    catalog,
    compare,
    crawlers,
    documents,
    dump_files,
    feed,
    health,
    kept_versions,
    language_choice,
    named_queries,
    ontology,
    pictures,
    query_list,
    search,
    site,
    sparql,
    static_files,
)
from plangraf.http.routes.lists import collection_index, collections
from plangraf.http.routes.query_pages.vocabulary import Vocabulary
from plangraf.http.server.hot_answers import STATE, Hot
from plangraf.http.service import Pinned, Service, make_service
from plangraf.settings import Settings, load_settings
from plangraf.store.versions import Version, VersionStore
from plangraf.tracing import Tracing

log = structlog.get_logger()

_DESCRIPTION = """A knowledge graph of municipal plans: SPARQL, linked-data documents and named queries.
Errors are `application/problem+json` (RFC 9457)."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Makes the application with the engine of the settings; reads the settings from PLANGRAF_… when none are given.

    Raises:
        SettingError, VersionsError, DataError: the settings, the versions or the queries cannot be used.
    """
    settings = settings or load_settings()
    configure_logging(settings)
    small = settings.model_copy(update={"query_workers": 1, "query_long": 1})

    def make_engine(version: Version, *, kept: bool) -> Engine:
        if settings.engine is not None:
            # Its client is not installed with the server alone.
            from plangraf.engines.remote.engine import make_remote_engine

            return make_remote_engine(version, settings)
        log.info("store", version=version.id, store=chosen_store(version, settings.memory_triples))
        return EmbeddedEngine(version, small if kept else settings)

    def make_traced(version: Version, *, kept: bool) -> Engine:
        return TracedEngine(make_engine(version, kept=kept))

    make = make_engine if settings.traces is None else make_traced
    snapshots = Snapshots(
        VersionStore(settings.versions), make, most_kept=settings.old_versions, watch_s=settings.watch_s
    )
    return application(settings, snapshots, computed_ahead=True)


def application(settings: Settings, snapshots: Snapshots, *, computed_ahead: bool = False) -> FastAPI:
    """Makes the application over the snapshots of any engine; it opens and closes them.

    Args:
        settings: addresses, limits and the folder of the named queries.
        snapshots: lease the data of each request.
        computed_ahead: whether to warm the cache with the named queries that need no parameter.
    """
    service = make_service(settings, snapshots)
    notes = Notes(RequestLog(settings), service.collections)

    def version() -> str:
        return snapshots.current.id

    hot = Hot(service.cache, notes, version, by_bytes=settings.traces is None)

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
        lifespan=_lifespan(service, hot, notes, computed_ahead=computed_ahead),
        # Off, because the framework builds such a redirect from the Host header.
        redirect_slashes=False,
    )
    find, addresses = _add_addresses(app, service)
    explain = Explainer(service, addresses).respond
    _add_error_handlers(app, explain)

    def methods(scope: Scope) -> list[str]:
        return _methods(app, scope)

    def pipeline(inner: ASGIApp) -> ASGIApp:
        envelope = Envelope(Pinning(inner, service, find, explain), version, methods, hot, notes, explain)
        return envelope if settings.traces is None else Traced(envelope)

    app.add_middleware(pipeline)
    app.find, app.pipeline = find, pipeline(app)
    return app


def _lifespan(
    service: Service, hot: Hot, notes: Notes, *, computed_ahead: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Hot]]]:
    """Makes the function that opens the current version when the application starts and closes all at its end."""
    snapshots = service.snapshots
    warming: set[asyncio.Task[None]] = set()

    def warm() -> None:
        task = asyncio.create_task(named_queries.warm(service))
        warming.add(task)
        task.add_done_callback(warming.discard)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Hot]]:
        Tracing.start(service.settings)
        await snapshots.start()
        _refresh_on_signal(snapshots)
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
            if tracing.is_on():
                await asyncio.to_thread(Tracing.stop)

    return lifespan


def _add_addresses(app: FastAPI, service: Service) -> tuple[FindEndpoint, frozenset[str]]:
    """Adds all routes and resources; returns the function that finds their endpoints without the framework, and the
    paths without parameters.

    Raises:
        DataError: a collection's address is taken.
    """
    table = Table()
    install_openapi(app, table.documented)

    def openapi(service: Pinned) -> dict[str, Any]:
        if not service.kept:
            return app.openapi()
        answered = {"/sparql", "/mcp", *(route.path_format for route in table.documented(kept=True))}
        return openapi_of_version(app, answered, service.snapshot.id, service.prefix)

    def find(scope: Scope) -> Endpoint | None:
        path = get_route_path(scope)
        if path == sparql.PATH:
            return queries if scope["method"] in sparql.METHODS else None
        if path == assistants.PATH:
            return messages if scope["method"] in assistants.METHODS else None
        return table.endpoint(scope)

    queries = sparql.add_routes(app, service)
    messages = assistants.add_routes(app, service, find)
    table.add(Vocabulary())
    # Feed and catalogue before documents, because some of their addresses begin with /id/ or /doc/, too.
    for module in (feed, catalog, crawlers, documents, named_queries, ontology):
        table.add(*module.resources(service))
    table.add(*site.resources(service, openapi))
    for module in (language_choice, query_list, static_files):
        table.add(*module.resources())
    for module in (kept_versions, compare, dump_files, collection_index, pictures, search):
        table.add(*module.resources(service))
    app.router.route_class = _CurrentRoute
    health.add_routes(app, service)
    taken = {getattr(route, "path", "") for route in app.routes}
    table.add(*collections.resources(service, lambda path: path in taken or table.find(path) is not None))
    app.router.routes.append(table)
    return find, frozenset((sparql.PATH, assistants.PATH, *table.paths))


class _Application(FastAPI):
    """FastAPI, bypassed where the pipeline finds an endpoint: its middlewares would add a fifth to the cost."""

    find: FindEndpoint
    pipeline: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, _shorten_known_errors(send))
        elif scope["type"] == "http" and (endpoint := self.find(strip_version(scope))) is not None:
            await self.pipeline({**scope, ENDPOINT: endpoint}, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _shorten_known_errors(send: Send) -> Send:
    """Tells a start that fails for a known reason in one line, without the traceback that the framework sends."""

    async def shortened(message: Message) -> None:
        error = sys.exc_info()[1]
        if message["type"] == "lifespan.startup.failed" and isinstance(error, PlangrafError):
            message = {**message, "message": str(error)}
        await send(message)

    return shortened


class _CurrentRoute(APIRoute):
    """A route of the current version only: it never matches under `/version/<id>`."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.NONE, {}) if scope.get(KEPT) else super().matches(scope)


def _refresh_on_signal(snapshots: Snapshots) -> None:
    """Makes SIGHUP switch this process at once to the store's current version."""
    loop = asyncio.get_running_loop()
    refreshing: set[asyncio.Task[bool]] = set()

    def refresh() -> None:
        task = loop.create_task(snapshots.refresh())
        refreshing.add(task)
        task.add_done_callback(refreshing.discard)

    # An event loop outside the main thread, as in tests, receives no signals.
    with contextlib.suppress(ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGHUP, refresh)


def _methods(app: FastAPI, scope: Scope) -> list[str]:
    """The methods of all routes at this path, for Allow; empty for an unknown path."""
    found: set[str] = set()
    scope = strip_version(scope)
    for route in app.routes:
        if route.matches(scope)[0] != Match.NONE:
            found |= getattr(route, "methods", None) or set()
    if found:
        found |= {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return sorted(found)


def _add_error_handlers(app: FastAPI, explain: Callable[[Request, Exception], Response]) -> None:
    """Answers each known error of a route; the envelope handles unexpected ones."""

    async def ours(request: Request, error: Exception) -> Response:
        return explain(request, error)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return explain(request, ResourceNotFoundError(request.url.path, N_("See / for what is served.")))
        if error.status_code == 405:
            return explain(request, MethodNotAllowedError(request.method, _methods(app, request.scope)))
        return explain(request, RequestError(English(error.detail)))

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return explain(request, ParameterError(str(first["loc"][-1]), English(first["msg"])))

    app.add_exception_handler(PlangrafError, ours)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, validation)
