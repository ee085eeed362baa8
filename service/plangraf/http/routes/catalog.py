"""`/catalog`: the DCAT catalogue in every format, and redirects from the IRIs that only it describes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.http.pipeline.respond import vary
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.service import Pinned, Service, pinned
from plangraf.rdf.formats import DOCUMENT_FORMATS
from plangraf.rdf.namespaces import ID
from plangraf.views.catalog.catalogue import Catalogue
from plangraf.views.catalog.datasets import Dataset, holdings
from plangraf.views.catalog.dcat import catalogue_graph
from plangraf.views.catalog.overview import overview
from plangraf.views.catalog.void import OF_VOID

PATH = "/catalog"
VOID_PATH = "/.well-known/void"


def resources(service: Service) -> Iterator[Resource]:
    yield CatalogueResource()
    if service.settings.catalog.startswith(ID):
        own = service.settings.catalog.removeprefix(ID)
        for path in (f"/id/{own}", f"/doc/{own}"):
            yield Described(path)
            yield Described(f"{path}/{{rest:path}}")


class CatalogueResource(Resource):
    path = PATH
    kept = False
    formats = DOCUMENT_FORMATS
    operation = Operation(
        id="catalog",
        tag="Catalogue",
        summary="The catalogue (DCAT-AP-NO); .ttl .jsonld .nt .rdf .html fix the format",
        answer="The catalogue",
        content=content(DOCUMENT_FORMATS),
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service = asked.service

        async def write() -> bytes:
            found = await catalogue(service)
            if not asked.page:
                return asked.write_graph(catalogue_graph(found), NamedNode(found.iri))
            shown = overview(found, asked.language, service.prefix)
            return service.pages.render("catalog.html", asked.language, catalog=shown, alternates=asked.alternates)

        return View(
            write=write,
            key=("" if asked.page else dates_part(service),),
            canonical=service.settings.base_url + PATH,
            about=service.settings.catalog,
        )


class Described(Resource):
    """Redirects an IRI that the catalogue or VoID describes to that document."""

    kept = False

    def __init__(self, path: str) -> None:
        self.path = path

    async def find(self, request: Request, place: Place) -> Response:
        path = VOID_PATH if place.names.get("rest", "").startswith(OF_VOID) else PATH
        return Response(status_code=303, headers={"Location": pinned(request).prefix + path, **vary("Accept")})


async def catalogue(service: Pinned) -> Catalogue:
    """Reads the catalogue of the pinned snapshot.

    Raises:
        PlangrafError: what the engine raises.
    """
    held = await service.snapshot.part(holdings)
    return Catalogue(service.settings, service.site, replace(held, dates=service.dates), service.snapshot.id)


def dates_part(service: Pinned) -> str:
    """The part of an ETag for a representation with dates, because a version can become current a second time."""
    return hashlib.sha256(repr(service.dates).encode()).hexdigest()[:16]


async def find_dataset(service: Pinned, iri: str) -> tuple[Catalogue, Dataset] | None:
    """Finds a dataset in the catalogue; None when the catalogue has no such IRI."""
    found = await catalogue(service)
    return next(((found, dataset) for dataset in found.holdings.datasets if dataset.iri == iri), None)
