"""`/id/…`, `/doc/…`, `/doc?iri=…`, `/targets/…`, `/goals/…`: a thing and its document in every format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.base import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ParameterError, PlangrafError, QuerySyntaxError, ResourceGoneError, ResourceNotFoundError
from plangraf.http.pipeline.respond import made, vary, while_connected
from plangraf.http.resource.json_ld_forms import PLAIN, form_of, links_of, written_as
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, content
from plangraf.http.resource.parameters import format_of, language_of, parameters, single
from plangraf.http.routes.catalog import dataset_of, dates_part
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import DATASET_FORMATS, GRAPH_FORMATS, HTML, JSON_LD, Format
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, ID, SDG
from plangraf.views.addresses import document_path
from plangraf.views.catalog.schema_org import dataset_json_ld
from plangraf.views.describe import describe
from plangraf.views.graphs import fetch_boolean, write
from plangraf.views.jsonld import compact_document
from plangraf.views.moved import given_up, replacements
from plangraf.views.placing import placed, write_placed
from plangraf.views.quality import is_dataset, with_quality

# HTML last: a client without a wish gets data.
DOCUMENT_FORMATS: tuple[Format, ...] = (*GRAPH_FORMATS, *DATASET_FORMATS, HTML)
_SUFFIXES = {format_.suffix: format_ for format_ in DOCUMENT_FORMATS}
_ENDING = re.compile(rf"(.+)\.({'|'.join(_SUFFIXES)})")
_CODES = {
    "targets": re.compile(r"[1-9][0-9]?\.([1-9][0-9]?|[a-z])"),
    "goals": re.compile(r"[1-9][0-9]?"),
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which document in which format: `fixed` by an ending, `address` gives the other formats' addresses."""

    iri: str
    fixed: Format | None
    address: Callable[[Format], str]
    here: str = ""


def split_ending(path: str) -> tuple[str, Format | None]:
    """A path without the ending that fixes a format, and that format; the whole path when it has none."""
    match = _ENDING.fullmatch(path)
    return (match[1], _SUFFIXES[match[2]]) if match else (path, None)


def add_routes(app: FastAPI, service: Service) -> None:
    async def thing(request: Request, path: str) -> Response:
        here = pinned(request)
        if moved := await _moved(here, request, path, "/id/"):
            return moved
        location = here.prefix + document_path(ID + path)
        return Response(status_code=303, headers={"Location": location, **vary("Accept")})

    async def document(request: Request, path: str) -> Response:
        here = pinned(request)
        if moved := await _moved(here, request, path, "/doc/"):
            return moved
        stripped, fixed = split_ending(path)
        # A key may itself end like a format, so an exact match comes first.
        if fixed and not await while_connected(request.receive, _exists(here.snapshot.engine, ID + path)):
            return await _document(here, request, _of_path(here, stripped, fixed))
        return await _document(here, request, _of_path(here, path, None))

    async def document_by_iri(request: Request) -> Response:
        service = pinned(request)
        iri = single(parameters(request.scope["query_string"]), "iri")
        if iri is None:
            raise ParameterError("iri", "is missing. Such as /doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6.")
        if iri.startswith(ID):
            return Response(status_code=303, headers={"Location": service.prefix + document_path(iri)})
        here = f"?iri={quote(iri, safe='')}"

        def address(format_: Format) -> str:
            return f"{service.prefix}/doc{here}&format={format_.name}"

        return await _document(service, request, _Wanted(iri, None, address, here))

    async def short(request: Request, kind: str, code: str) -> Response:
        service = pinned(request)
        stripped, fixed = split_ending(code)
        if not _CODES[kind].fullmatch(stripped.lower()):
            raise ResourceNotFoundError(f"/{kind}/{code}", "Targets are called like 11.6 or 11.a, goals like 11.")

        def address(format_: Format) -> str:
            return f"{service.prefix}/{kind}/{stripped.lower()}.{format_.suffix}"

        return await _document(service, request, _Wanted(SDG + stripped.lower(), fixed, address))

    async def target(request: Request, code: str) -> Response:
        return await short(request, "targets", code)

    async def goal(request: Request, code: str) -> Response:
        return await short(request, "goals", code)

    found = {
        200: {"description": "The document", "content": content(DOCUMENT_FORMATS)},
        **NOT_FOUND,
        **PROBLEMS,
    }
    app.add_api_route(
        "/id/{path:path}", thing, methods=["GET"], operation_id="thing", tags=["Documents"], status_code=303,
        summary="A thing: leads to its document", response_class=Response,
    )  # fmt: skip
    for path, endpoint, name, summary in (
        (
            "/doc/{path:path}",
            document,
            "document",
            "The document of one of our things; an ending fixes the format",
        ),
        ("/targets/{code}", target, "target", "The document of a UN target, by its code"),
        ("/goals/{code}", goal, "goal", "The document of a UN goal, by its number"),
    ):
        app.add_api_route(
            path, endpoint, methods=["GET"], operation_id=name, tags=["Documents"], summary=summary,
            response_class=Response, responses=found,
        )  # fmt: skip
    app.add_api_route(
        "/doc", document_by_iri, methods=["GET"], operation_id="documentByIri", tags=["Documents"],
        summary="The document of any IRI in the data", response_class=Response, responses=found,
        openapi_extra={"parameters": [{
            "name": "iri", "in": "query", "required": True, "schema": {"type": "string", "format": "iri"},
            "example": SDG + "11.6",
        }]},
    )  # fmt: skip


async def _moved(service: Pinned, request: Request, path: str, under: str) -> Response | None:
    """301 from an IRI that was given up to the one that replaced it, with the ending and the query of the request.

    An engine that cannot answer says so when the document is asked for; what needs none is served without it.
    """
    try:
        known = await while_connected(request.receive, service.snapshot.part(replacements))
    except PlangrafError:
        return None
    stripped, fixed = split_ending(path)
    if new := known.get(ID + path):
        ending = ""
    elif fixed and (new := known.get(ID + stripped)):
        ending = f".{fixed.suffix}"
    else:
        return None
    location = service.prefix + document_path(new) + ending if new.startswith(ID) else new
    if new.startswith(ID) and under == "/id/":
        location = location.replace("/doc/", "/id/", 1)
    query = request.scope["query_string"].decode("latin-1")
    if query and new.startswith(ID):
        location += f"?{query}"
    return Response(status_code=301, headers={"Location": location, "Cache-Control": "no-cache"})


def _of_path(service: Pinned, path: str, fixed: Format | None) -> _Wanted:
    base = service.prefix + document_path(ID + path)
    return _Wanted(ID + path, fixed, lambda format_: f"{base}.{format_.suffix}")


async def _exists(engine: Engine, iri: str) -> bool:
    try:
        node = NamedNode(iri)
    except ValueError:
        return False
    return await fetch_boolean(engine, f"ASK {{ {{ {node} ?p ?o }} UNION {{ ?s ?p {node} }} }}")


async def _document(service: Pinned, request: Request, wanted: _Wanted) -> Response:
    """The document, or 304 without asking the engine.

    Raises:
        ResourceNotFoundError: the data do not know the IRI.
        NotAcceptableError, ParameterError: no format or language fits.
    """
    given = parameters(request.scope["query_string"])
    format_, by_accept = format_of(request, given, DOCUMENT_FORMATS, wanted.fixed, DATASET_FORMATS)
    language, by_language = language_of(request, given)
    page = format_ == HTML
    form = form_of(request) if format_ == JSON_LD and by_accept else PLAIN
    parts = (
        "document",
        wanted.iri,
        format_.name,
        f"{language} {wanted.here} {dates_part(service)}" if page else form.name,
    )
    alternates = [Alternate(other, wanted.address(other)) for other in DOCUMENT_FORMATS if other != format_]
    canonical = service.settings.base_url + document_path(wanted.iri)
    headers = {
        # Whoever may get a page may get it in another language.
        **vary(
            "Accept" if by_accept else None,
            "Accept-Language" if by_language and (page or by_accept) else None,
        ),
        "Cache-Control": "no-cache",
        "Link": ", ".join([links(canonical, alternates, wanted.iri), *links_of(service, form)]),
    }

    async def make() -> tuple[bytes, str]:
        try:
            description = await describe(service.snapshot, wanted.iri, page=page)
        except QuerySyntaxError as error:
            # Our own query is sound: what is refused in it is the thing, a term of ours that nobody defined.
            if not wanted.iri.startswith(CLOSED_NAMESPACES):
                raise
            raise ResourceNotFoundError(wanted.iri) from error
        if description is None:
            raise await missing(service, wanted.iri)
        if given_up(description):
            raise ResourceGoneError(wanted.iri, None, None)
        if is_dataset(description) and (quality := service.queries.get("quality")):
            query = quality.bind({"dataset": [wanted.iri]})
            description = await with_quality(service.snapshot, description, query)
        if format_ in DATASET_FORMATS:
            return write_placed(await placed(service.snapshot.engine, description.graph), format_), format_.content_type
        if format_ == JSON_LD:
            return written_as(service.context, description, form), form.content_type
        if not page:
            return write(description.graph, format_, description.thing), format_.content_type
        found = await dataset_of(service, wanted.iri) if is_dataset(description) else None
        schema_org = dataset_json_ld(*found, language) if found else None
        body = service.pages.document(
            description,
            language,
            canonical=canonical,
            alternates=alternates,
            json_ld=compact_document(service.context, description.thing, description.graph, description.frame),
            schema_org=schema_org,
            here=wanted.here,
        )
        return body, format_.content_type

    return await made(service, request, parts, headers, make)


async def missing(service: Pinned, iri: str) -> ResourceNotFoundError:
    """Why there is no document of an IRI: an earlier version had it, or none did that is known of."""
    last = (await service.snapshot.part(_removed)).get(iri)
    if last is None:
        return ResourceNotFoundError(iri)
    kept = await run_in_threadpool((service.settings.versions / last).is_dir)
    return ResourceGoneError(iri, last, f"{service.base_prefix}/version/{last}{document_path(iri)}" if kept else None)


async def _removed(snapshot: Snapshot) -> Mapping[str, str]:
    return await run_in_threadpool(snapshot.contents.removed)
