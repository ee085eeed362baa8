"""`/collections`: all collections, with the number of their things and their filters."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.http.routes.lists.collection_requests import INDEX_FORMATS
from plangraf.http.service import Service
from plangraf.rdf.formats import JSON_LD
from plangraf.rdf.jsonld_documents import compact_document, dump
from plangraf.views.collections.listing import PATH, count_members, index_csv, index_graph
from plangraf.views.front_page import grouped_lists


def resources(service: Service) -> Iterator[Resource]:
    yield CollectionIndex()


class CollectionIndex(Resource):
    path = f"/{PATH}"
    formats = INDEX_FORMATS
    operation = Operation(
        id="collections",
        tag="Collections",
        summary="All collections, with how many things each holds",
        answer="All collections",
        content=content(INDEX_FORMATS),
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service = asked.service
        base = service.settings.base_url
        # Links stay within the version that answers, whose addresses have their own prefix.
        own_base = urljoin(base, service.prefix)

        async def write() -> bytes:
            found = await count_members(snapshot, service.collections)
            if asked.page:
                groups = list(
                    grouped_lists(service.site, service.collections, found, service.pages.spoken(asked.language))
                )
                return service.pages.render(
                    "collections.html", asked.language, groups=groups, alternates=asked.alternates
                )
            if asked.format.kind == "table":
                return index_csv(own_base, service.collections, found, asked.language)
            graph, own = index_graph(own_base, service.collections, found), NamedNode(f"{own_base}/{PATH}")
            if asked.format == JSON_LD:
                return dump(compact_document(service.context, own, graph))
            return asked.write_graph(graph, own)

        return View(write=write, key=(service.prefix,), canonical=f"{base}/{PATH}")
