"""`/queries`: the list of the named queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.pages.query_page import group_queries
from plangraf.rdf.formats import HTML, PLAIN_JSON
from plangraf.sparql.named.binding import NamedQuery


def resources() -> Iterator[Resource]:
    yield QueryList()


class QueryList(Resource):
    path = "/queries"
    formats = (PLAIN_JSON, HTML)
    endings = False
    language = "page"
    operation = Operation(
        id="queries",
        tag="Named queries",
        summary="The named queries",
        answer="All of them",
        content={"application/json": {}, "text/html": {}},
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            service = asked.service
            listed = {query.name: _describe(query) for query in service.queries.values()}
            if asked.page:
                groups = group_queries(service.queries, service.query_words, asked.language)
                return service.pages.render("queries.html", asked.language, groups=groups, listed=listed)
            return orjson.dumps({"queries": list(listed.values())})

        return View(write=write)


@dataclass(frozen=True, slots=True)
class _Listed:
    """One entry of `/queries`, on the page and in JSON."""

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: list[dict[str, Any]]
    columns: list[dict[str, str]]
    example: str


def _describe(query: NamedQuery) -> _Listed:
    return _Listed(
        query.name,
        query.head.summary,
        query.head.description,
        query.head.tags,
        [
            {"name": name, **parameter.model_dump(by_alias=True, exclude_none=True)}
            for name, parameter in query.parameters.items()
        ],
        [{"name": name, "type": type_} for name, type_ in query.head.columns.items()],
        f"?{urlencode(query.example)}" if query.example else "",
    )
