"""The application: settings in, ASGI out. `uvicorn --factory plangraf.http.app:create_app` serves it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

import plangraf
from plangraf.engines.base import Engine
from plangraf.engines.switching import SwitchingEngine
from plangraf.errors import MethodNotAllowedError, ParameterError, PlangrafError, RequestError, ResourceNotFoundError
from plangraf.http.pipeline.envelope import Direct, Envelope
from plangraf.http.pipeline.request_log import RequestLog, configure_logging
from plangraf.http.pipeline.request_record import Notes
from plangraf.http.resource.link_header import LICENSE
from plangraf.http.resource.openapi import install_openapi
from plangraf.http.resource.problems import not_found, problem
from plangraf.http.routes import (
    catalog,
    collection_index,
    collections,
    crawlers,
    documents,
    feed,
    health,
    kept_versions,
    named_queries,
    site,
    sparql,
    vocabulary,
)
from plangraf.http.server.hot_answers import STATE, Hot
from plangraf.http.service import Check, Service, make_service
from plangraf.settings import Settings, load_settings
from plangraf.store.versions import VersionStore

_DESCRIPTION = """A knowledge graph of municipal plans: SPARQL, linked-data documents and named queries.
Errors are `application/problem+json` (RFC 9457)."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application over the current version of the data; settings come from PLANGRAF_… when not given.

    Raises:
        SettingError, VersionsError, DataError: what is wrong with settings, versions or queries.
    """
    settings = settings or load_settings()
    configure_logging(settings)
    engine = SwitchingEngine(VersionStore(settings.versions), settings)
    return application(settings, engine, engine.check)


def application(settings: Settings, engine: Engine, check: Check) -> FastAPI:
    """The application over any engine, which it starts and closes.

    Args:
        settings: addresses, limits and the folder of the named queries.
        engine: where all data come from.
        check: refuses what the engine must never see, and says which form a query has.
    """
    service = make_service(settings, engine, check)
    notes = Notes(RequestLog(settings), service.collections)
    hot = Hot(service.cache, notes, lambda: engine.version)

    warming: set[asyncio.Task[None]] = set()

    def warm() -> None:
        task = asyncio.create_task(named_queries.warm(service))
        warming.add(task)
        task.add_done_callback(warming.discard)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Hot]]:
        await engine.start()
        if isinstance(engine, SwitchingEngine):
            engine.subscribe(service.cache.clear)
            engine.subscribe(warm)
            _look_on_signal(engine)
            warm()
        try:
            yield {STATE: hot}
        finally:
            for task in list(warming):
                task.cancel()
            if opened is not None:
                await opened.close()
            await engine.close()
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
    install_openapi(app)
    direct = sparql.add_routes(app, service)
    # The feed's members have an address below that of all things.
    for module in (feed, catalog, crawlers, documents, named_queries, vocabulary, site, health):
        module.add_routes(app, service)
    opened = kept_versions.add_routes(app, service)
    collection_index.add_routes(app, service)
    collections.add_routes(app, service, kept_versions.asker(opened) if opened else None)
    _add_error_handlers(app, service)

    def methods(scope: Scope) -> list[str]:
        return _methods(app, scope)

    def envelope(inner: ASGIApp) -> Envelope:
        return Envelope(inner, lambda: engine.version, methods, hot, notes, direct)

    app.add_middleware(envelope)
    app.direct, app.envelope = direct, envelope(app)
    return app


class _Application(FastAPI):
    """FastAPI, whose own middlewares see only what the envelope does not answer itself: they cost a fifth of that."""

    direct: Direct
    envelope: Envelope

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) in self.direct:
            await self.envelope(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _look_on_signal(engine: SwitchingEngine) -> None:
    """SIGHUP makes this process look at once which version is current."""
    loop = asyncio.get_running_loop()
    looking: set[asyncio.Task[bool]] = set()

    def look() -> None:
        task = loop.create_task(engine.refresh())
        looking.add(task)
        task.add_done_callback(looking.discard)

    # An event loop outside the main thread, as in tests, gets no signals.
    with contextlib.suppress(ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGHUP, look)


def _methods(app: FastAPI, scope: Scope) -> list[str]:
    """The methods that some route answers at this path, for Allow; none when there is no such path."""
    found: set[str] = set()
    if under := kept_versions.split(scope["path"]):
        scope = {**scope, "path": under[1]}
    for route in app.routes:
        if route.matches(scope)[0] != Match.NONE:
            found |= getattr(route, "methods", None) or set()
    if found:
        found |= {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return sorted(found)


def _add_error_handlers(app: FastAPI, service: Service) -> None:
    """Every error that a route raises becomes a problem; what is none of ours is left to the envelope."""

    def answer(request: Request, error: PlangrafError) -> Response:
        request_id = str(request.scope["plangraf.request_id"])
        if isinstance(error, ResourceNotFoundError):
            return not_found(error, request, request_id, service.pages)
        return problem(error, request_id)

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, PlangrafError)
        return answer(request, error)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return answer(request, ResourceNotFoundError(request.url.path, "See / for what is served."))
        if error.status_code == 405:
            return answer(request, MethodNotAllowedError(request.method, _methods(app, request.scope)))
        return answer(request, RequestError(str(error.detail)))

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return answer(request, ParameterError(str(first["loc"][-1]), str(first["msg"])))

    app.add_exception_handler(PlangrafError, ours)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, validation)
