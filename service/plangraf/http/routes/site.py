"""`/`, `/docs`, `/openapi.json` and `/language`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import VersionsError
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.parameters import EXAMPLE
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.http.routes.catalog import catalogue, dates_part
from plangraf.http.service import Pinned, Service
from plangraf.pages.api_reference import read_reference
from plangraf.pages.html import script
from plangraf.pages.query_page import name_query
from plangraf.rdf.formats import DOCUMENT_FORMATS, HTML, PLAIN_JSON
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED
from plangraf.views.catalog.schema_org import catalogue_json_ld
from plangraf.views.collections.listing import page_value
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.engine_answers import fetch
from plangraf.views.front_page import answered_questions, counted_lists, municipalities
from plangraf.views.news import classes_by_place, read_news
from plangraf.views.pictures.shown import picture_to_link

_HOME_PICTURE = "matrix-goals"
_DATASETS = """CONSTRUCT { ?dataset ?p ?o }
WHERE { ?dataset a <http://www.w3.org/ns/dcat#Dataset> ; ?p ?o }"""


def resources(service: Service, openapi: Callable[[Pinned], dict[str, Any]]) -> Iterator[Resource]:
    """Makes the site's own resources; `openapi` describes the addresses that a version serves."""
    yield Home(service)
    yield Docs(openapi)
    yield OpenApi(openapi)


class Home(Resource):
    path = "/"
    formats = DOCUMENT_FORMATS
    endings = False
    operation = Operation(
        id="home",
        tag="Documents",
        summary="The home page; for RDF clients the description of the datasets",
        answer="The page or graph",
        content=content(DOCUMENT_FORMATS),
    )

    def __init__(self, service: Service) -> None:
        self._log = FeedLog(service.snapshots.store.path / FEED)
        self._classes = classes_by_place(service.collections.values())

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service = asked.service

        async def write() -> bytes:
            if not asked.page:
                return asked.write_graph(await fetch(snapshot.engine, _DATASETS))
            return await self._render(service, asked.language)

        # The log gets its entry after a version became current, so the version does not decide the news.
        key = (dates_part(service), str(self._last_change(service))) if asked.page else ("",)
        return View(write=write, key=key)

    def _last_change(self, service: Pinned) -> int:
        """The number of the newest change; 0 for a kept version, whose page tells no news, and for a damaged log."""
        try:
            return 0 if service.kept else self._log.last
        except VersionsError:
            return 0

    async def _render(self, service: Pinned, language: str) -> bytes:
        snapshot, site, lists = service.snapshot, service.site, service.collections
        news = None
        if self._last_change(service):
            with contextlib.suppress(VersionsError):
                news = await run_in_threadpool(read_news, self._log, self._classes)
        labels = Labels(
            await fetch_labels(snapshot.engine, [NamedNode(item.thing) for item in news.items] if news else [])
        )
        items = [
            (item, page_value(labels, NamedNode(item.thing), language, service.prefix))
            for item in (news.items if news else ())
        ]
        return service.pages.render(
            "home.html",
            language,
            questions=await answered_questions(snapshot, site, lists, service.pages.spoken(language)),
            counted=await counted_lists(snapshot, site, lists),
            municipalities=await municipalities(snapshot, lists, language, service.prefix),
            news=news,
            items=items,
            published=datetime.fromisoformat(news.published) if news else None,
            is_news_of_version=news is not None and news.version == snapshot.id,
            triples=snapshot.contents.triples,
            downloads=bool(snapshot.contents.downloads()),
            address=service.settings.base_url,
            picture=await picture_to_link(snapshot, _HOME_PICTURE, service.pages.spoken(language)),
            schema_org=script(catalogue_json_ld(await catalogue(service), language)),
        )


class Docs(Resource):
    """The description of the API as a page."""

    path = "/docs"
    formats = (HTML,)
    endings = False

    def __init__(self, openapi: Callable[[Pinned], dict[str, Any]]) -> None:
        self._openapi = openapi

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, language = asked.service, asked.language

        async def write() -> bytes:
            titles = {f"/{path}": one.title(language) for path, one in service.collections.items()}
            titles |= {
                f"/queries/{name}": named.title
                for name, query in service.queries.items()
                if not (named := name_query(query, service.query_words, language)).lang
            }
            examples = {f"/queries/{name}": urlencode(query.example) for name, query in service.queries.items()}
            examples["/sparql"] = urlencode({"query": EXAMPLE})
            reference = read_reference(self._openapi(service), titles, examples)
            return service.pages.render("docs.html", language, reference=reference, address=service.address)

        return View(write=write, key=(service.prefix,))


class OpenApi(Resource):
    """The framework's description of the API, served as a resource."""

    path = "/openapi.json"
    formats = (PLAIN_JSON,)
    endings = negotiated = False

    def __init__(self, openapi: Callable[[Pinned], dict[str, Any]]) -> None:
        self._openapi = openapi

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            return orjson.dumps(self._openapi(asked.service))

        return View(write=write)
