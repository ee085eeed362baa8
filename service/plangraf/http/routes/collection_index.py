"""`/collections`: all collections, with how many things each holds and what they can be filtered by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.http.pipeline.respond import made, vary
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import PROBLEMS, content
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.routes.collection_requests import FORMATS
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import CSV, HTML, JSON_LD, Format
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.views.collections.index import PATH, index_csv, index_graph, totals
from plangraf.views.collections.table import COLLECTIONS
from plangraf.views.graphs import write
from plangraf.views.jsonld import compact_document, dump


def add_routes(app: FastAPI, service: Service) -> None:
    def endpoint(fixed: Format | None) -> Any:
        async def answer(request: Request) -> Response:
            return await _answer(pinned(request), request, fixed)

        return answer

    responses: dict[int | str, dict[str, Any]] = {
        200: {"description": "All collections", "content": content(FORMATS)},
        **PROBLEMS,
    }
    app.add_api_route(
        f"/{PATH}", endpoint(None), methods=["GET"], operation_id="collections", tags=["Collections"],
        summary="All collections, with how many things each holds", response_class=Response, responses=responses,
        openapi_extra={"parameters": [
            {"name": "lang", "in": "query", "schema": {"type": "string", "enum": list(LANGUAGES)}},
            {"name": "format", "in": "query", "schema": {"type": "string", "enum": [f.name for f in FORMATS]}},
        ]},
    )  # fmt: skip
    for format_ in FORMATS:
        app.add_api_route(
            f"/{PATH}.{format_.suffix}", endpoint(format_), methods=["GET"], include_in_schema=False
        )  # fmt: skip


async def _answer(service: Pinned, request: Request, fixed: Format | None) -> Response:
    given = parameters(request.scope["query_string"])
    format_, by_accept = format_of(request, given, FORMATS, fixed)
    language, by_language = language_of(request, given)
    if format_ == CSV and by_language:
        language, by_language = LANGUAGES[0], False
    base = service.settings.base_url
    # What it leads to stays in the version that answers, which has a prefix of its own.
    own_base = urljoin(base, service.prefix)
    alternates = [Alternate(other, f"{service.prefix}/{PATH}.{other.suffix}") for other in FORMATS if other != format_]
    headers = {
        **vary(
            "Accept" if by_accept else None,
            "Accept-Language" if by_language and (format_ == HTML or by_accept) else None,
        ),
        "Cache-Control": "no-cache",
        "Link": links(f"{base}/{PATH}", alternates),
    }
    form = f"{language if format_ in (HTML, CSV) else ''} {service.prefix}"

    async def make() -> tuple[bytes, str]:
        found = await totals(service.snapshot)
        if format_ == HTML:
            listed = [(COLLECTIONS[path], number) for path, number in found.items()]
            body = service.pages.render("collections.html", language, listed=listed, alternates=alternates)
        elif format_ == CSV:
            body = index_csv(own_base, found, language)
        else:
            graph, own = index_graph(own_base, found), NamedNode(f"{own_base}/{PATH}")
            body = (
                dump(compact_document(service.context, own, graph))
                if format_ == JSON_LD
                else write(graph, format_, own)
            )
        return body, format_.content_type

    return await made(service, request, ("collections", format_.name, form), headers, make)
