"""`/ontology`, `/shapes` and the JSON-LD context: what the words mean, for programs and for people."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.browser_headers import CONTENT_SECURITY_POLICY, policy_for
from plangraf.http.pipeline.respond import FOR_EVER, made, vary, whole
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, content
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import CONTEXT_PATH, Service
from plangraf.pages.html import Alternate, shape_tables
from plangraf.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, JSON_LD, Format
from plangraf.rdf.graph import Statements
from plangraf.rdf.jsonld.compaction import compact_graph
from plangraf.rdf.jsonld.writing import dump
from plangraf.rdf.namespaces import ONTOLOGY, ONTOLOGY_GRAPH, SHAPES, SHAPES_GRAPH
from plangraf.rdf.writing import write
from plangraf.store.versions import VersionStore, context_digest
from plangraf.views.fetching import fetch

ONTOLOGY_PAGE = "ontology.html"
_A_DAY_S = 86_400
_DIGEST = re.compile(r"[0-9a-f]{16}")


def add_routes(app: FastAPI, service: Service) -> None:
    _add_context(app, service)
    # An engine that keeps files beside its data keeps this one: the build writes it into every version.
    has_page = service.engine.folder is not None

    async def ontology_page(graph: Statements, language: str, alternates: list[Alternate]) -> bytes:
        folder = service.engine.folder
        assert folder is not None  # offered only when there is one
        return await run_in_threadpool((folder / ONTOLOGY_PAGE).read_bytes)

    async def shapes_page(graph: Statements, language: str, alternates: list[Alternate]) -> bytes:
        tables = shape_tables(graph, language, service.prefix)
        return service.pages.render("shapes.html", language, tables=tables, alternates=alternates)

    for path, iri, graph, render, formats in (
        (
            "/ontology",
            ONTOLOGY,
            ONTOLOGY_GRAPH,
            ontology_page,
            DOCUMENT_FORMATS if has_page else GRAPH_FORMATS,
        ),
        ("/shapes", SHAPES, SHAPES_GRAPH, shapes_page, DOCUMENT_FORMATS),
    ):
        answer = _Vocabulary(service, path, iri, graph, render, formats).answer
        name = path.removeprefix("/")
        app.add_api_route(
            path, _endpoint(answer, None), methods=["GET"], operation_id=name, tags=["Vocabulary"],
            summary=f"The {name}; .ttl .jsonld .nt .rdf .html fix the format", response_class=Response,
            responses={200: {"description": f"The {name}", "content": content(formats)}, **PROBLEMS},
        )  # fmt: skip
        for format_ in formats:
            app.add_api_route(
                f"{path}.{format_.suffix}",
                _endpoint(answer, format_),
                methods=["GET"],
                include_in_schema=False,
            )


_Render = Callable[[Statements, str, list[Alternate]], Awaitable[bytes]]


class _Vocabulary:
    """One vocabulary's named graph in every format."""

    def __init__(
        self, service: Service, path: str, iri: str, graph: str, render: _Render, formats: tuple[Format, ...]
    ) -> None:
        self._service = service
        self._path = path
        self._iri = NamedNode(iri)
        self._query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
        self._render = render
        self._formats = formats

    async def answer(self, request: Request, fixed: Format | None) -> Response:
        service = self._service
        given = parameters(request.scope["query_string"])
        format_, by_accept = format_of(request, given, self._formats, fixed)
        language, by_language = language_of(request, given)
        page = format_ == HTML
        parts = ("vocabulary", self._path, format_.name, language if page else "")
        alternates = [
            Alternate(other, f"{service.prefix}{self._path}.{other.suffix}")
            for other in self._formats
            if other != format_
        ]
        varied = by_language and HTML in self._formats and (page or by_accept)
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if varied else None),
            "Cache-Control": "no-cache",
            "Link": links(service.settings.base_url + self._path, alternates, self._iri.value),
        }
        if page and self._path == "/ontology":
            assert service.engine.folder is not None  # the page is offered only when there is one
            headers[CONTENT_SECURITY_POLICY] = await run_in_threadpool(_policy_of_ontology_page, service.engine.folder)

        async def make() -> tuple[bytes, str]:
            graph = await fetch(service.engine, self._query)
            if page:
                body = await self._render(graph, language, alternates)
            elif format_ == JSON_LD:
                body = dump(compact_graph(service.context, graph))
            else:
                body = write(graph, format_, self._iri)
            return body, format_.content_type

        return await made(service, request, parts, headers, make)


@lru_cache(8)
def _policy_of_ontology_page(folder: Path) -> str:
    """What pyLODE's page of one version may do: its styles stand in it."""
    return policy_for((folder / ONTOLOGY_PAGE).read_bytes())


def _endpoint(
    answer: Callable[[Request, Format | None], Awaitable[Response]], fixed: Format | None
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(request, fixed)

    return endpoint


def _add_context(app: FastAPI, service: Service) -> None:
    """The context depends on no version, so its tag is a hash of its bytes alone."""
    tag = f'"{hashlib.sha256(service.context_body).hexdigest()[:32]}"'
    frozen = f"{service.prefix}/context/{context_digest(service.context_body)}.jsonld"
    headers = {**vary(), "Cache-Control": f"public, max-age={_A_DAY_S}", "Content-Location": frozen}

    async def context(request: Request) -> Response:
        return whole(service, request, service.context_body, JSON_LD.content_type, tag, headers)

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
        return whole(service, request, body, JSON_LD.content_type, f'"{digest}"', own)

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
