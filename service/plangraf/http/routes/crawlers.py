"""`/.well-known/void`, `/sitemap.xml`, `/robots.txt` and `/llms.txt`: what programs read before they ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.respond import made, vary, whole
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import PROBLEMS, content
from plangraf.http.resource.parameters import format_of, parameters
from plangraf.http.routes.catalog import VOID_PATH, catalogue
from plangraf.http.service import Service, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import GRAPH_FORMATS, JSON_LD, Format
from plangraf.views.catalog import sitemap
from plangraf.views.catalog.void import void
from plangraf.views.graphs import write
from plangraf.views.jsonld import compact_graph, dump

_XML = "application/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_MARKDOWN = "text/markdown; charset=utf-8"
_HEADERS = {**vary(), "Cache-Control": "no-cache"}


def add_routes(app: FastAPI, service: Service) -> None:
    app.add_api_route(
        VOID_PATH, _void(service, None), methods=["GET"], operation_id="void", tags=["Catalogue"],
        summary="VoID: sizes, parts and links of the data, and queries to begin with; .ttl .jsonld .nt .rdf too",
        response_class=Response,
        responses={200: {"description": "The description", "content": content(GRAPH_FORMATS)}, **PROBLEMS},
    )  # fmt: skip
    for format_ in GRAPH_FORMATS:
        app.add_api_route(
            f"{VOID_PATH}.{format_.suffix}", _void(service, format_), methods=["GET"], include_in_schema=False
        )

    async def sitemap_index(request: Request) -> Response:
        async def make() -> tuple[bytes, str]:
            return sitemap.index(service.settings.base_url, await sitemap.parts(here.snapshot.engine)), _XML

        here = pinned(request)
        return await made(here, request, ("sitemap",), _HEADERS, make)

    async def sitemap_part(request: Request, number: str) -> Response:
        async def make() -> tuple[bytes, str]:
            body = None
            # Six digits are more parts than an index may have.
            if number.isascii() and number.isdigit() and len(number) < 6 and str(int(number)) == number:
                body = await sitemap.part(here.snapshot, service.settings.base_url, int(number))
            if body is None:
                raise ResourceNotFoundError(f"/sitemap-{number}.xml", "All parts are named in /sitemap.xml.")
            return body, _XML

        here = pinned(request)
        return await made(here, request, ("sitemap", number), _HEADERS, make)

    async def robots(request: Request) -> Response:
        body = _robots(service.settings.base_url, service.prefix)
        return whole(request, body, _TEXT, pinned(request).own_tag("robots"), _HEADERS)

    async def llms(request: Request) -> Response:
        body = _llms(service)
        return whole(request, body, _MARKDOWN, pinned(request).own_tag("llms"), _HEADERS)

    for path, endpoint in (
        ("/sitemap.xml", sitemap_index),
        ("/sitemap-{number}.xml", sitemap_part),
        ("/robots.txt", robots),
        ("/llms.txt", llms),
    ):
        app.add_api_route(path, endpoint, methods=["GET"], include_in_schema=False)


def _void(service: Service, fixed: Format | None) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        format_, by_accept = format_of(request, parameters(request.scope["query_string"]), GRAPH_FORMATS, fixed)
        alternates = [
            Alternate(other, f"{service.prefix}{VOID_PATH}.{other.suffix}")
            for other in GRAPH_FORMATS
            if other != format_
        ]
        headers = {
            **vary("Accept" if by_accept else None),
            "Cache-Control": "no-cache",
            "Link": links(service.settings.base_url + VOID_PATH, alternates),
        }

        async def make() -> tuple[bytes, str]:
            found = await catalogue(here)
            graph = await void(here.snapshot, found)
            if format_ == JSON_LD:
                return dump(compact_graph(service.context, graph)), format_.content_type
            return write(graph, format_, NamedNode(found.whole)), format_.content_type

        here = pinned(request)
        return await made(here, request, ("void", format_.name), headers, make)

    return answer


def _robots(base: str, prefix: str) -> bytes:
    """Everything may be read; queries are not for crawlers, the endpoint's own page and description are."""
    lines = ["User-agent: *", f"Disallow: {prefix}/sparql?", "Allow: /", "", f"Sitemap: {base}/sitemap.xml", ""]
    return "\n".join(lines).encode()


def _llms(service: Service) -> bytes:
    """What there is and how to ask, in the form of llmstxt.org."""
    base = service.settings.base_url
    queries = "\n".join(
        f"- [{name}]({base}/queries/{name}): {query.head.summary}" for name, query in service.queries.items()
    )
    text = f"""# plangraf

> A knowledge graph of Norwegian municipal plans: plans, the perspectives behind them, UN targets, goals and
> measures, commitments, governing documents and decisions. Every statement leads to its passage in the public
> document that it was read from. Open data, CC BY 4.0. Titles are in Bokmål as printed; our labels also in English.

Ask in SPARQL, or with a named query, rather than reading pages one by one. Every answer names the version of the
data in the header `Plangraf-Version`. What is not printed in a source is not in the data.

## How to ask

- [SPARQL 1.1 endpoint]({base}/sparql): GET `?query=`, POST, or the method QUERY; JSON, CSV, XML, Turtle, JSON-LD
- [Description of the REST API]({base}/openapi.json): OpenAPI 3.1 of everything that is served
- [Ontology]({base}/ontology.ttl): what the words of the data mean
- [Shapes]({base}/shapes.ttl): what the data look like, class by class
- [Lists]({base}/collections): all plans, goals, measures …, page by page; a list's address takes filters that its
  pages name, such as [the plans that relate to target 11.6]({base}/plans.csv?target=11.6); RDF, HTML and CSV
- [VoID]({base}{VOID_PATH}): counts of classes and properties, and every named query as an example in SPARQL

## Named queries

{queries}

## The data

- [Catalogue]({base}/catalog): the datasets and where to download them (DCAT)
- [Downloads]({base}/dump/latest/): all files of the current version, with sizes and sums: N-Quads, TriG, JSON-LD, and
  a table for each class as CSV and Parquet
- [Change feed]({base}/feed): every change of every thing, for who keeps a copy (Linked Data Event Stream)
- [Earlier versions]({base}/version/): the versions that are kept; under `/version/<id>/` each answers SPARQL, named
  queries, lists and documents
- What changed from one version to another: `{base}/compare/<id>..<id>`; the list of versions links to them
- [Sitemap]({base}/sitemap.xml): the address of every document; add `.ttl` or `.jsonld` for RDF
"""
    return text.encode()
