"""`/version/` and `/version/<id>/…`: the versions that are kept, each with the addresses of the current one.

Documents, vocabulary, SPARQL and named queries over one version never change, so they may be kept for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Message, Receive, Scope, Send

from plangraf.engines.base import Engine
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.opened import OpenedVersions
from plangraf.engines.switching import SwitchingEngine
from plangraf.errors import NotReadyError
from plangraf.http.pipeline.cache import Cache
from plangraf.http.pipeline.respond import FOR_EVER, vary, whole
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.routes import (
    collection_index,
    collections,
    compare,
    documents,
    dumps,
    named_queries,
    site,
    sparql,
    vocabulary,
)
from plangraf.http.service import Service
from plangraf.pages.html import Pages
from plangraf.rdf.formats import HTML, PLAIN_JSON
from plangraf.settings import Settings
from plangraf.store.versions import VersionStore

# Share of the memory for finished answers that all kept versions together may have.
_SHARE = 8


def add_routes(app: FastAPI, service: Service) -> OpenedVersions | None:
    """Adds the list and, over an engine that has versions, what answers for each of them; to be closed at the end."""
    engine = service.engine
    if not isinstance(engine, SwitchingEngine):
        return None
    store = VersionStore(service.settings.versions)
    cache = Cache(service.settings.cache_mb * 1024 * 1024 // _SHARE)

    def routes(opened: EmbeddedEngine) -> Router:
        return _routes(service, opened, cache)

    opened = OpenedVersions(store, service.settings, engine, routes)

    async def listed(request: Request) -> Response:
        found = await run_in_threadpool(_listed, store, engine, service.prefix)
        given = parameters(request.scope["query_string"])
        format_, by_accept = format_of(request, given, (PLAIN_JSON, HTML))
        language, by_language = language_of(request, given)
        page = format_ == HTML
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if by_language and page else None),
            "Cache-Control": "no-cache",
        }
        if page:
            body = service.pages.render("versions.html", language, versions=found)
        else:
            body = orjson.dumps({"versions": found}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        tag = service.tag("versions", format_.name, language if page else "", repr(found))
        return whole(service, request, body, format_.content_type, tag, headers)

    app.add_api_route(
        "/version/", listed, methods=["GET"], operation_id="versions", tags=["Versions"],
        summary="The versions that are kept; each has all addresses under /version/<id>/", response_class=Response,
        responses={200: {"description": "All of them", "content": {"application/json": {}, "text/html": {}}}},
    )  # fmt: skip
    app.add_api_route("/version", listed, methods=["GET"], include_in_schema=False)
    compare.add_routes(app, service)
    dumps.add_routes(app, service)
    app.router.routes.append(_KeptVersions(opened))
    return opened


@dataclass(frozen=True, slots=True)
class Listed:
    """One kept version: written when (UTC), and `changes`, the address of what it changed."""

    id: str
    current: bool
    triples: int
    written: str
    address: str
    changes: str | None


def _listed(store: VersionStore, engine: Engine, prefix: str) -> list[Listed]:
    """The kept versions, the newest first."""
    found: list[Listed] = []
    before = None
    for version in store.list():
        written = datetime.fromtimestamp(version.path.stat().st_mtime, UTC)
        found.append(
            Listed(
                version.id,
                version.id == engine.version,
                version.triples,
                written.isoformat(timespec="seconds"),
                f"{prefix}/version/{version.id}/",
                f"{prefix}/compare/{before}..{version.id}" if before else None,
            )
        )
        before = version.id
    return found[::-1]


def _routes(service: Service, engine: EmbeddedEngine, cache: Cache) -> Router:
    """The routes of the service over one version, under its own prefix and with its own kept answers."""
    settings: Settings = service.settings
    prefix = f"{urlsplit(settings.base_url).path.rstrip('/')}/version/{engine.version}"
    own = replace(
        service,
        engine=engine,
        check=engine.check,
        pages=Pages(prefix, lambda: engine.version, service.pages.labels, service.pages.own_words),
        prefix=prefix,
        cache=cache,
    )
    app = FastAPI(
        title=f"plangraf, version {engine.version}",
        version=engine.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": prefix}],
        root_path_in_servers=False,
        redirect_slashes=False,
    )
    sparql.add_routes(app, own)
    for module in (documents, named_queries, vocabulary, site, collections, collection_index):
        module.add_routes(app, own)
    return app.router


class _KeptVersions(BaseRoute):
    """`/version/<id>/…`, handed to the routes of that version."""

    def __init__(self, opened: OpenedVersions) -> None:
        self._opened = opened

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not split(scope["path"]):
            return Match.NONE, {}
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        version_id, path = split(scope["path"]) or ("", "")
        await _answer(self._opened, version_id, path, scope, receive, send)


class _FromVersion(Response):
    """What a kept version answers to a request that came to another address."""

    def __init__(self, opened: OpenedVersions, version_id: str, path: str) -> None:
        super().__init__()
        self._opened, self._version, self._path = opened, version_id, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(self._opened, self._version, self._path, scope, receive, send)


def asker(opened: OpenedVersions) -> collections.FromVersion:
    """What asks a kept version in place of the current one."""

    async def ask(version_id: str, path: str) -> Response:
        await opened.find(version_id)
        return _FromVersion(opened, version_id, path)

    return ask


async def _answer(
    opened: OpenedVersions, version_id: str, path: str, scope: Scope, receive: Receive, send: Send
) -> None:
    """Lets one version answer a request under a path of its own; once more when its engine was closed on the way.

    Raises:
        PlangrafError, HTTPException: what `opened.use` and the version's routes raise.
    """
    inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
    started = False

    async def dated(message: Message) -> None:
        nonlocal started
        if message["type"] == "http.response.start":
            started = True
            _add_version(MutableHeaders(scope=message), message["status"], version_id)
        await send(message)

    for last in (False, True):
        async with opened.use(version_id) as router:
            try:
                await router(dict(inner), receive, dated)
                return
            except NotReadyError:
                # The version was current, so its engine was lent, and another one became current.
                if last or started or scope["method"] != "GET":
                    raise


def split(path: str) -> tuple[str, str] | None:
    """The id of a version and the path under it, which the service answers for the current version."""
    parts = path.split("/", 3)
    if parts[:2] != ["", "version"] or not parts[2:3] or not parts[2]:
        return None
    return parts[2], "/" + "".join(parts[3:])


def _add_version(headers: MutableHeaders, status: int, version_id: str) -> None:
    headers["Plangraf-Version"] = version_id
    if status in (200, 304) and headers.get("cache-control") == "no-cache":
        headers["Cache-Control"] = FOR_EVER
