"""`/catalog`: the DCAT catalogue in every format, and the way there from the IRIs that only it describes."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.http.pipeline.respond import made, vary
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import PROBLEMS, content
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import DOCUMENT_FORMATS, HTML, JSON_LD, Format
from plangraf.rdf.namespaces import ID
from plangraf.views.catalog.datasets import Dataset, holdings
from plangraf.views.catalog.dcat import Catalogue
from plangraf.views.catalog.overview import listed
from plangraf.views.catalog.void import OF_VOID
from plangraf.views.graphs import write
from plangraf.views.jsonld import compact_graph, dump

PATH = "/catalog"
VOID_PATH = "/.well-known/void"


def add_routes(app: FastAPI, service: Service) -> None:
    app.add_api_route(
        PATH, _endpoint(service, None), methods=["GET"], operation_id="catalog", tags=["Catalogue"],
        summary="The catalogue (DCAT-AP-NO); .ttl .jsonld .nt .rdf .html fix the format", response_class=Response,
        responses={200: {"description": "The catalogue", "content": content(DOCUMENT_FORMATS)}, **PROBLEMS},
    )  # fmt: skip
    for format_ in DOCUMENT_FORMATS:
        app.add_api_route(
            f"{PATH}.{format_.suffix}", _endpoint(service, format_), methods=["GET"], include_in_schema=False
        )
    if service.settings.catalog.startswith(ID):
        own = service.settings.catalog.removeprefix(ID)

        async def described(rest: str = "") -> Response:
            path = VOID_PATH if rest.startswith(OF_VOID) else PATH
            return Response(status_code=303, headers={"Location": service.prefix + path, **vary("Accept")})

        for path in (f"/id/{own}", f"/id/{own}/{{rest:path}}", f"/doc/{own}", f"/doc/{own}/{{rest:path}}"):
            app.add_api_route(path, described, methods=["GET"], include_in_schema=False)


async def catalogue(service: Pinned) -> Catalogue:
    """The catalogue of one snapshot.

    Raises:
        PlangrafError: what the engine raises.
    """
    held = await service.snapshot.part(holdings)
    return Catalogue(service.settings, replace(held, dates=service.dates), service.snapshot.id)


def dates_part(service: Pinned) -> str:
    """What a tag must hold of a representation with dates in it: a version can become current a second time."""
    return hashlib.sha256(repr(service.dates).encode()).hexdigest()[:16]


async def dataset_of(service: Pinned, iri: str) -> tuple[Catalogue, Dataset] | None:
    """A dataset as the catalogue has it; None when it has none of that name."""
    found = await catalogue(service)
    return next(((found, dataset) for dataset in found.held.datasets if dataset.iri == iri), None)


def _endpoint(service: Service, fixed: Format | None) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        here = pinned(request)
        given = parameters(request.scope["query_string"])
        format_, by_accept = format_of(request, given, DOCUMENT_FORMATS, fixed)
        language, by_language = language_of(request, given)
        page = format_ == HTML
        alternates = [
            Alternate(other, f"{service.prefix}{PATH}.{other.suffix}") for other in DOCUMENT_FORMATS if other != format_
        ]
        varied = by_language and (page or by_accept)
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if varied else None),
            "Cache-Control": "no-cache",
            "Link": links(service.settings.base_url + PATH, alternates, service.settings.catalog),
        }

        parts = ("catalog", format_.name, language if page else "", "" if page else dates_part(here))

        async def make() -> tuple[bytes, str]:
            found = await catalogue(here)
            if page:
                shown = listed(found, language, service.prefix)
                body = here.pages.render("catalog.html", language, catalog=shown, alternates=alternates)
            elif format_ == JSON_LD:
                body = dump(compact_graph(service.context, found.graph()))
            else:
                body = write(found.graph(), format_, NamedNode(found.iri))
            return body, format_.content_type

        return await made(here, request, parts, headers, make)

    return answer
