"""`/`, `/docs` and `/openapi.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.http.routes.catalog import catalogue, dates_part
from plangraf.http.service import Pinned
from plangraf.pages.html import script
from plangraf.rdf.formats import DOCUMENT_FORMATS, HTML, PLAIN_JSON
from plangraf.sparql.named.binding import NamedQuery
from plangraf.views.catalog.schema_org import catalogue_json_ld
from plangraf.views.document_parts import document_path
from plangraf.views.engine_answers import fetch, fetch_rows

_DATASETS = """CONSTRUCT { ?dataset ?p ?o }
WHERE { ?dataset a <http://www.w3.org/ns/dcat#Dataset> ; ?p ?o }"""
# Most things of one list on the home page; the query returns all.
_SHOWN = 40


def resources(openapi: Callable[[Pinned], dict[str, Any]]) -> Iterator[Resource]:
    """Makes the site's own resources; `openapi` describes the addresses that a version serves."""
    yield Home()
    yield Docs()
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
        others={},
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, language = asked.service, asked.language

        async def write() -> bytes:
            if not asked.page:
                return asked.write_graph(await fetch(snapshot.engine, _DATASETS))
            return service.pages.render(
                "home.html",
                language,
                collections=await _fetch_collections(service, language),
                lists=list(service.collections.values()),
                downloads=bool(snapshot.contents.downloads()),
                # Kept versions link to the catalogue of the current version, because there is only that one.
                catalog=f"{service.base_prefix}/catalog",
                schema_org=script(catalogue_json_ld(await catalogue(service), language)),
            )

        return View(write=write, key=(dates_part(service) if asked.page else "",))


class Docs(Resource):
    path = "/docs"
    formats = (HTML,)
    endings = negotiated = False

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        return View(write=asked.service.pages.render("docs.html", "en"))


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


@dataclass(frozen=True, slots=True)
class _Item:
    href: str
    text: str
    lang: str | None
    number: str


@dataclass(frozen=True, slots=True)
class _Collection:
    """The things that one named query lists; `lang` is the language of `title`."""

    name: str
    title: str
    lang: str
    things: list[_Item]


async def _fetch_collections(service: Pinned, language: str) -> list[_Collection]:
    """Runs the named queries whose rows are named things; returns one list for each."""
    found = []
    for query in sorted(service.queries.values(), key=lambda query: (query.head.position, query.name)):
        columns = list(query.head.columns)
        name = next((column for column in ("title", "label") if column in columns), None)
        needed = any(not parameter.optional for parameter in query.head.parameters.values())
        if needed or name is None or query.head.columns[columns[0]] != "iri":
            continue
        known = query.head.title
        title, lang = (known.in_language(language), language) if known else (query.head.summary, "en")
        found.append(
            _Collection(query.name, title, lang, await _fetch_items(service, query, columns[0], name, language))
        )
    return found


async def _fetch_items(service: Pinned, query: NamedQuery, thing: str, name: str, language: str) -> list[_Item]:
    items: dict[str, _Item] = {}
    for row in await fetch_rows(service.snapshot.engine, query.bind({"lang": [language]})):
        iri = row[thing]["value"]
        number = row.get("number", {}).get("value", "")
        named = row.get(name, {})
        text, lang = named.get("value") or iri, named.get("xml:lang")
        items.setdefault(iri, _Item(service.prefix + document_path(iri), text, lang, number))
    return list(items.values())[:_SHOWN]
