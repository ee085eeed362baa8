"""`/id/…`, `/doc/…`, `/doc?iri=…`, `/targets/…`, `/goals/…`: a thing and its document in every format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from pydantic import Field
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import PlangrafError, QuerySyntaxError, ResourceGoneError, ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import vary
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.json_ld_forms import PLAIN, choose_form, context_links, write_form
from plangraf.http.resource.negotiation import split_ending
from plangraf.http.resource.openapi import GONE, MALFORMED, NOT_FOUND, PROBLEMS, Operation, content, redirects
from plangraf.http.resource.parameters import Negotiated
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.catalog import dates_part, find_dataset
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.series_table import QUERY
from plangraf.pages.things.embedded import embedded_json_ld
from plangraf.pages.things.rows import fetch_sections
from plangraf.rdf.formats import DATASET_FORMATS, JSON_LD, Format, of_kinds
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, ID, SDG
from plangraf.sparql.named.parameter_model import Refusal
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, VersionStore
from plangraf.views.catalog.schema_org import dataset_json_ld
from plangraf.views.changes.history import ThingHistory, thing_history
from plangraf.views.describe import Description, PageReads, describe
from plangraf.views.document_parts import (
    document_path,
    find_graphs,
    is_dataset,
    is_withdrawn,
    replacements,
    with_quality,
    write_placed,
)
from plangraf.views.engine_answers import fetch_boolean
from plangraf.views.pictures.shown import pictures_of_kinds
from plangraf.views.series import with_series

# HTML last: a client without a wish gets data.
DOCUMENT_FORMATS = of_kinds("graph", "quads", "page")
_TARGET, _GOAL = re.compile(r"[1-9][0-9]?\.([1-9][0-9]?|[a-z])"), re.compile(r"[1-9][0-9]?")
# The key of a thing of the shipped data.
_EXAMPLE = "5001/plan/2020-2023-7"


def resources(service: Service) -> Iterator[Resource]:
    log = FeedLog(service.snapshots.store.path / FEED)
    yield Thing()
    yield Document(log)
    yield DocumentByIri(log)
    yield Code(log, "target", "The document of a UN target, by its code", _TARGET, "11.6")
    yield Code(log, "goal", "The document of a UN goal, by its number", _GOAL, "11")


def _operation(name: str, summary: str, **examples: str) -> Operation:
    return Operation(
        id=name,
        tag="Documents",
        summary=summary,
        answer="The document",
        content=content(DOCUMENT_FORMATS),
        others={**redirects(301, 303), **NOT_FOUND, **GONE, **PROBLEMS},
        examples=examples,
    )


class Thing(Resource):
    path = "/id/{path:path}"
    operation = Operation(
        id="thing",
        tag="Documents",
        summary="A thing: leads to its document",
        status=303,
        others={**redirects(301), **MALFORMED, **GONE},
        examples={"path": _EXAMPLE},
    )

    async def find(self, request: Request, place: Place) -> Response:
        path = place.names["path"]
        if moved := await _redirect_moved(pinned(request), request, path, "/id/"):
            return moved
        location = pinned(request).prefix + document_path(ID + path)
        return Response(status_code=303, headers={"Location": location, **vary("Accept")})


class _Documents(Resource):
    """The document of a thing; `find` puts the thing's IRI into the place."""

    formats = DOCUMENT_FORMATS
    spare = DATASET_FORMATS

    def __init__(self, log: FeedLog) -> None:
        self._log = log

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, iri = asked.service, str(asked.place.thing)
        form = choose_form(asked.request) if asked.format == JSON_LD and asked.by_accept else PLAIN
        canonical = service.settings.base_url + document_path(iri)

        async def write() -> bytes:
            described = await describe_thing(service, iri, page=service.kinds if asked.page else None)
            description, series = await with_series(snapshot, described)
            if asked.format.kind == "quads":
                return write_placed(await find_graphs(snapshot.engine, description.graph), asked.format)
            if asked.format == JSON_LD:
                return write_form(service.context, description, form)
            if not asked.page:
                return asked.write_graph(description.graph, description.thing)
            found = await find_dataset(service, iri) if is_dataset(description) else None
            kind = service.kinds.of(description.types)
            spoken = service.pages.spoken(asked.language)
            return service.pages.document(
                description,
                asked.language,
                canonical=canonical,
                alternates=asked.alternates,
                json_ld=embedded_json_ld(service.context, description),
                schema_org=dataset_json_ld(*found, asked.language) if found else None,
                series=series if QUERY in service.queries else None,
                compared=await _compared(service),
                history=await self._history(service, iri),
                rows=await fetch_sections(snapshot, service.collections, kind, description.thing, asked.language)
                if kind
                else None,
                pictures=await pictures_of_kinds(
                    snapshot, [one.value for one in description.types], spoken, _municipality(iri)
                ),
                here=self.here(iri),
            )

        return View(
            write=write,
            key=(iri, f"{self.here(iri)} {dates_part(service)}" if asked.page else form.name),
            canonical=canonical,
            about=iri,
            links=context_links(service, form),
            content_type=form.content_type if asked.format == JSON_LD else None,
        )

    async def _history(self, service: Pinned, iri: str) -> ThingHistory | None:
        kept = None if service.kept else [one.id for one in await run_in_threadpool(service.snapshots.store.list)]
        return await thing_history(service.snapshot, self._log, iri, kept)

    def here(self, iri: str) -> str:
        """The query string that links to the page in another language must repeat."""
        return ""


class Document(_Documents):
    path = "/doc/{path:path}"
    operation = _operation("document", "The document of one of our things; an ending fixes the format", path=_EXAMPLE)

    async def find(self, request: Request, place: Place) -> Place | Response:
        service, path = pinned(request), place.names["path"]
        if moved := await _redirect_moved(service, request, path, "/doc/"):
            return moved
        stripped, fixed = split_ending(path, DOCUMENT_FORMATS)
        # The exact path first, because a key may itself end like a format.
        if fixed and not await while_connected(request.receive, _exists(service.snapshot.engine, ID + path)):
            path = stripped
        else:
            fixed = None
        return replace(place, path=document_path(ID + path), fixed=fixed, thing=ID + path)


_BY_IRI = f"/doc?iri={quote(SDG, safe='')}11.6"


class IriParameters(Negotiated):
    iri: Annotated[str, Refusal(missing=N_("is missing. Such as %(example)s.", example=_BY_IRI))] = Field(
        json_schema_extra={"format": "iri"}, examples=[SDG + "11.6"]
    )


class DocumentByIri(_Documents):
    path = "/doc"
    endings = False
    operation = _operation("documentByIri", "The document of any IRI in the data")
    parameters = IriParameters
    accept_first = False

    async def find(self, request: Request, place: Place) -> Place | Response:
        iri: str = place.parameters.iri
        if iri.startswith(ID):
            location = pinned(request).prefix + document_path(iri)
            return Response(status_code=303, headers={"Location": location})
        return replace(place, thing=iri)

    def here(self, iri: str) -> str:
        return f"?iri={quote(iri, safe='')}"

    def address(self, asked: Asked, format_: Format) -> str:
        return f"{asked.service.prefix}{self.path}{self.here(asked.place.thing)}&format={format_.name}"


class Code(_Documents):
    """The document of a UN target or goal, by its code."""

    def __init__(self, log: FeedLog, name: str, summary: str, code: re.Pattern[str], example: str) -> None:
        super().__init__(log)
        self.path = f"/{name}s/{{code}}"
        self.operation = _operation(name, summary, code=example)
        self._code = code

    async def find(self, request: Request, place: Place) -> Place:
        stripped, fixed = split_ending(place.names["code"], DOCUMENT_FORMATS)
        code = stripped.lower()
        if not self._code.fullmatch(code):
            raise ResourceNotFoundError(place.path, N_("Targets are called like 11.6 or 11.a, goals like 11."))
        path = self.path.replace("{code}", code)
        return replace(place, path=path, fixed=fixed, thing=SDG + code)


def _municipality(iri: str) -> str | None:
    """The number of the municipality whose thing an IRI names; None for the things of all."""
    number = iri.removeprefix(ID).partition("/")[0]
    return number if re.fullmatch(r"[0-9]{4}", number) and iri.startswith(ID) else None


async def _compared(service: Pinned) -> str | None:
    """The address of what changed from the version before to this one; None without one, or for a kept version."""
    before = None if service.kept else await service.snapshot.part(_version_before, service.snapshots.store)
    return f"{service.base_prefix}/compare/{before}..{service.snapshot.id}" if before else None


async def _version_before(snapshot: Snapshot, store: VersionStore) -> str | None:
    ids = [version.id for version in await run_in_threadpool(store.list)]
    place = ids.index(snapshot.id) if snapshot.id in ids else 0
    return ids[place - 1] if place else None


async def describe_thing(service: Pinned, iri: str, *, page: PageReads | None) -> Description:
    """Describes a thing.

    Raises:
        ResourceNotFoundError, ResourceGoneError: the data do not mention the thing, or no longer.
        PlangrafError: what the engine raises.
    """
    try:
        description = await describe(service.snapshot, iri, service.frames, page=page)
    except QuerySyntaxError as error:
        # Our own query is sound, so the engine refused the thing: an undefined term of ours.
        if not iri.startswith(CLOSED_NAMESPACES):
            raise
        raise ResourceNotFoundError(iri) from error
    if description is None:
        raise await explain_missing(service, iri)
    if is_withdrawn(description):
        raise ResourceGoneError(iri, None, None)
    if is_dataset(description) and (quality := service.queries.get("quality")):
        description = await with_quality(service.snapshot, description, quality.bind({"dataset": [iri]}))
    return description


async def _redirect_moved(service: Pinned, request: Request, path: str, under: str) -> Response | None:
    """Redirects (301) from a replaced IRI to its replacement, with the request's ending and query string.

    Ignores a failing engine: reading the document reports it, and a redirect from /id/ to /doc/ needs no engine.
    """
    try:
        known = await while_connected(request.receive, service.snapshot.part(replacements))
    except PlangrafError:
        return None
    stripped, fixed = split_ending(path, DOCUMENT_FORMATS)
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


async def _exists(engine: Engine, iri: str) -> bool:
    try:
        node = NamedNode(iri)
    except ValueError:
        return False
    return await fetch_boolean(engine, f"ASK {{ {{ {node} ?p ?o }} UNION {{ ?s ?p {node} }} }}")


async def explain_missing(service: Pinned, iri: str) -> ResourceNotFoundError:
    """Explains why an IRI has no document: an earlier version had it (410), or no known version did (404)."""
    last = (await service.snapshot.part(_read_removed)).get(iri)
    if last is None:
        return ResourceNotFoundError(iri)
    kept = await run_in_threadpool((service.settings.versions / last).is_dir)
    return ResourceGoneError(iri, last, f"{service.base_prefix}/version/{last}{document_path(iri)}" if kept else None)


async def _read_removed(snapshot: Snapshot) -> Mapping[str, str]:
    return await run_in_threadpool(snapshot.contents.removed)
