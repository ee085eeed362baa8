"""`/queries`: the list of the named queries."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.query_operation import describe_query
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.pages.query_page import group_queries
from plangraf.rdf.formats import HTML, PLAIN_JSON


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
            listed = {query.name: describe_query(query) for query in service.queries.values()}
            if asked.page:
                groups = group_queries(service.queries, service.query_words, service.pages.spoken(asked.language))
                return service.pages.render("queries.html", asked.language, groups=groups, listed=listed)
            return orjson.dumps({"queries": list(listed.values())})

        return View(write=write)
