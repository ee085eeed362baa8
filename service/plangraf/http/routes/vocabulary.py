"""`/ontology`, `/shapes` and the JSON-LD context: what the words mean, for programs and for people."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.browser_headers import CONTENT_SECURITY_POLICY, policy_for
from plangraf.http.pipeline.respond import FOR_EVER, made, vary, whole
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, content
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import CONTEXT_PATH, Pinned, Service, pinned
from plangraf.pages.html import Alternate, shape_tables
from plangraf.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, JSON_LD, Format
from plangraf.rdf.namespaces import ONTOLOGY, ONTOLOGY_GRAPH, SHAPES, SHAPES_GRAPH
from plangraf.store.versions import VersionStore, context_digest
from plangraf.views.graphs import Graph, fetch, write
from plangraf.views.jsonld import compact_graph, dump

_A_DAY_S = 86_400
_DIGEST = re.compile(r"[0-9a-f]{16}")


def add_routes(app: FastAPI, service: Service) -> None:
    _add_context(app, service)
    for path, iri, graph, render in (
        ("/ontology", ONTOLOGY, ONTOLOGY_GRAPH, _ontology_page),
        ("/shapes", SHAPES, SHAPES_GRAPH, _shapes_page),
    ):
        answer = _Vocabulary(path, iri, graph, render).answer
        name = path.removeprefix("/")
        app.add_api_route(
            path, _endpoint(answer, None), methods=["GET"], operation_id=name, tags=["Vocabulary"],
            summary=f"The {name}; .ttl .jsonld .nt .rdf .html fix the format", response_class=Response,
            responses={200: {"description": f"The {name}", "content": content(DOCUMENT_FORMATS)}, **PROBLEMS},
        )  # fmt: skip
        for format_ in DOCUMENT_FORMATS:
            app.add_api_route(
                f"{path}.{format_.suffix}",
                _endpoint(answer, format_),
                methods=["GET"],
                include_in_schema=False,
            )


_Render = Callable[[Pinned, Graph, str, list[Alternate]], Awaitable[bytes]]


async def _ontology_page(service: Pinned, graph: Graph, language: str, alternates: list[Alternate]) -> bytes:
    return (await service.snapshot.part(_page_of_ontology))[0]


async def _shapes_page(service: Pinned, graph: Graph, language: str, alternates: list[Alternate]) -> bytes:
    tables = shape_tables(graph, language, service.prefix)
    return service.pages.render("shapes.html", language, tables=tables, alternates=alternates)


async def _page_of_ontology(snapshot: Snapshot) -> tuple[bytes, str]:
    """pyLODE's page of one version, and what it may do: its styles stand in it."""
    page = await run_in_threadpool(snapshot.contents.ontology_page)
    return page, policy_for(page)


class _Vocabulary:
    """One vocabulary's named graph in every format."""

    def __init__(self, path: str, iri: str, graph: str, render: _Render) -> None:
        self._path = path
        self._iri = NamedNode(iri)
        self._query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
        self._render = render

    async def answer(self, request: Request, fixed: Format | None) -> Response:
        service = pinned(request)
        given = parameters(request.scope["query_string"])
        has_page = self._path != "/ontology" or service.snapshot.contents.has_ontology_page
        formats = DOCUMENT_FORMATS if has_page else GRAPH_FORMATS
        if fixed is not None and fixed not in formats:
            raise ResourceNotFoundError(request.url.path, "This version has no such page.")
        format_, by_accept = format_of(request, given, formats, fixed)
        language, by_language = language_of(request, given)
        page = format_ == HTML
        parts = ("vocabulary", self._path, format_.name, language if page else "")
        alternates = [
            Alternate(other, f"{service.prefix}{self._path}.{other.suffix}") for other in formats if other != format_
        ]
        varied = by_language and HTML in formats and (page or by_accept)
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if varied else None),
            "Cache-Control": "no-cache",
            "Link": links(service.settings.base_url + self._path, alternates, self._iri.value),
        }
        if page and self._path == "/ontology":
            headers[CONTENT_SECURITY_POLICY] = (await service.snapshot.part(_page_of_ontology))[1]

        async def make() -> tuple[bytes, str]:
            graph = await fetch(service.snapshot.engine, self._query)
            if page:
                body = await self._render(service, graph, language, alternates)
            elif format_ == JSON_LD:
                body = dump(compact_graph(service.context, graph))
            else:
                body = write(graph, format_, self._iri)
            return body, format_.content_type

        return await made(service, request, parts, headers, make)


def _endpoint(
    answer: Callable[[Request, Format | None], Awaitable[Response]], fixed: Format | None
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(request, fixed)

    return endpoint


def _add_context(app: FastAPI, service: Service) -> None:
    """The context depends on no version, so its tag is a hash of its bytes alone."""
    tag = f'"{hashlib.sha256(service.context_body).hexdigest()[:32]}"'
    frozen = f"/context/{context_digest(service.context_body)}.jsonld"

    async def context(request: Request) -> Response:
        headers = {
            **vary(),
            "Cache-Control": f"public, max-age={_A_DAY_S}",
            "Content-Location": pinned(request).prefix + frozen,
        }
        return whole(request, service.context_body, JSON_LD.content_type, tag, headers)

    app.add_api_route(
        CONTEXT_PATH, context, methods=["GET"], operation_id="context", tags=["Vocabulary"],
        summary="The JSON-LD context that all our JSON-LD documents name", response_class=Response,
        responses={200: {"description": "The context", "content": {JSON_LD.media_type: {}}}},
    )  # fmt: skip

    async def frozen_context(request: Request, digest: str) -> Response:
        body = await run_in_threadpool(_frozen, service, digest)
        if body is None:
            raise ResourceNotFoundError(f"/context/{digest}.jsonld", f"The one that grows is at {CONTEXT_PATH}.")
        latest = f'<{service.settings.base_url}{CONTEXT_PATH}>; rel="latest-version"'
        own = {**vary(), "Cache-Control": FOR_EVER, "Link": latest}
        return whole(request, body, JSON_LD.content_type, f'"{digest}"', own)

    app.add_api_route(
        "/context/{digest}.jsonld", frozen_context, methods=["GET"], operation_id="frozenContext", tags=["Vocabulary"],
        summary="The JSON-LD context as it was once, by its hash, for who pins it", response_class=Response,
        responses={200: {"description": "The context", "content": {JSON_LD.media_type: {}}}, **NOT_FOUND},
    )  # fmt: skip


def _frozen(service: Service, digest: str) -> bytes | None:
    """The context with this hash: the present one, or one that an earlier build had."""
    if digest == context_digest(service.context_body):
        return service.context_body
    if not _DIGEST.fullmatch(digest):
        return None
    with contextlib.suppress(OSError):
        return VersionStore(service.settings.versions).context(digest).read_bytes()
    return None
