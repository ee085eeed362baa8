"""`/queries/<name>`: each named query as an address of its own, described in `/openapi.json`."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.base import QueryRequest
from plangraf.errors import PlangrafError, ResourceNotFoundError
from plangraf.http.pipeline.cache import Kept
from plangraf.http.pipeline.coding import IDENTITY
from plangraf.http.pipeline.respond import run, vary, whole
from plangraf.http.resource.openapi import PROBLEMS
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import Pinned, Service, pinned
from plangraf.rdf.formats import HTML, JSON, PLAIN_JSON, RESULT_FORMATS, Format
from plangraf.sparql.named.binding import LANGUAGES, NamedQuery
from plangraf.sparql.named.head import Parameter
from plangraf.sparql.safety import Limits, check
from plangraf.views.graphs import fetch_bytes

_EXAMPLES = {
    "iri": "https://w3id.org/plangraf/id/5001/plan/2020-2023-7",
    "xsd:integer": "7",
    "xsd:decimal": "0.5",
    "xsd:boolean": "true",
    "xsd:gYear": "2020",
    "xsd:gYearMonth": "2020-10",
    "xsd:date": "2020-10-27",
    "xsd:dateTime": "2020-10-27T12:00:00",
}


log = structlog.get_logger()


def add_routes(app: FastAPI, service: Service) -> None:
    for query in service.queries.values():
        address = f"/queries/{query.name}"
        responses = {200: {"description": query.head.description, "content": _content(query)}, **PROBLEMS}
        app.add_api_route(
            address, _endpoint(service, query, None), methods=["GET"], operation_id=query.name,
            tags=["Named queries"], summary=query.head.summary, description=_description(query),
            response_class=Response, responses=responses,
            openapi_extra={"parameters": [
                *(_documented(name, parameter) for name, parameter in query.parameters.items()), _FORMAT,
            ]},
        )  # fmt: skip
        for format_ in RESULT_FORMATS:
            app.add_api_route(
                f"{address}.{format_.suffix}", _endpoint(service, query, format_), methods=["GET"],
                include_in_schema=False,
            )  # fmt: skip

    async def queries(request: Request) -> Response:
        return _list(pinned(request), request)

    app.add_api_route(
        "/queries", queries, methods=["GET"], operation_id="queries", tags=["Named queries"],
        summary="The named queries", response_class=Response,
        responses={200: {"description": "All of them", "content": {"application/json": {}, "text/html": {}}}},
    )  # fmt: skip

    async def unknown(name: str) -> Response:
        near = difflib.get_close_matches(name, service.queries, n=1)
        hint = f"Did you mean {near[0]}? All queries are at /queries." if near else "All queries are at /queries."
        raise ResourceNotFoundError(f"/queries/{name}", hint)

    app.add_api_route("/queries/{name}", unknown, methods=["GET"], include_in_schema=False)


def _endpoint(service: Service, query: NamedQuery, fixed: Format | None) -> Callable[[Request], Awaitable[Response]]:
    deterministic = check(query.text, Limits.of(service.settings), base=service.settings.query_base).deterministic

    async def answer(request: Request) -> Response:
        given = parameters(request.scope["query_string"])
        bound = query.bind({name: values for name, values in given.items() if name != "format"})
        format_, by_accept = format_of(request, given, RESULT_FORMATS, fixed)
        parts = ("query", format_.name, bound) if deterministic else None
        return await run(
            pinned(request),
            request,
            QueryRequest(query=bound, format=format_),
            parts,
            vary("Accept" if by_accept else None),
        )

    return answer


async def warm(service: Service) -> None:
    """Answers each query that needs no parameter once, so that nobody waits for it after a start or a switch."""
    async with service.snapshots.lease() as snapshot:
        await _warm(service.pinned(snapshot, kept=False))


async def _warm(service: Pinned) -> None:
    for query in service.queries.values():
        if any(not parameter.optional for parameter in query.parameters.values()):
            continue
        bound = query.bind({})
        tag = service.own_tag("query", JSON.name, bound)
        if await service.cache.turn(tag) is not None:
            continue
        try:
            body = await fetch_bytes(service.snapshot.engine, QueryRequest(query=bound, format=JSON))
            service.cache.keep(Kept(tag, JSON.content_type.encode(), {IDENTITY: body}))
        except PlangrafError as error:
            log.warning("query not computed ahead", query=query.name, error=str(error))
        finally:
            service.cache.done(tag)


@dataclass(frozen=True, slots=True)
class _Listed:
    """One query on the page and in the JSON of `/queries`."""

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: list[dict[str, Any]]
    columns: list[dict[str, str]]
    example: str


def _list(service: Pinned, request: Request) -> Response:
    given = parameters(request.scope["query_string"])
    format_, by_accept = format_of(request, given, (PLAIN_JSON, HTML))
    listed = [_listed(query) for query in service.queries.values()]
    headers = {"Cache-Control": "no-cache"}
    if format_ == HTML:
        language, by_language = language_of(request, given)
        body = service.pages.render("queries.html", language, queries=listed)
        headers |= vary("Accept" if by_accept else None, "Accept-Language" if by_language else None)
        return whole(request, body, HTML.content_type, service.own_tag("queries", language), headers)
    headers |= vary("Accept" if by_accept else None)
    body = orjson.dumps({"queries": listed})
    return whole(request, body, PLAIN_JSON.content_type, service.own_tag("queries", "json"), headers)


def _listed(query: NamedQuery) -> _Listed:
    needed = {
        name: parameter.example
        for name, parameter in query.head.parameters.items()
        if parameter.example is not None and not parameter.optional
    }
    return _Listed(
        query.name,
        query.head.summary,
        query.head.description,
        query.head.tags,
        [
            {"name": name, **parameter.model_dump(by_alias=True, exclude_none=True)}
            for name, parameter in query.parameters.items()
        ],
        [{"name": name, "type": type_} for name, type_ in query.head.columns.items()],
        f"?{urlencode(needed)}" if needed else "",
    )


_FORMAT: dict[str, Any] = {
    "name": "format",
    "in": "query",
    "description": "Format of the answer, before Accept; an ending of the address comes before both.",
    "schema": {"type": "string", "enum": [format_.name for format_ in RESULT_FORMATS]},
}


def _documented(name: str, parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer" if parameter.type == "integer" else "string"}
    if parameter.type == "iri":
        schema["format"] = "iri"
    if parameter.type == "lang":
        schema |= {"enum": list(LANGUAGES), "default": LANGUAGES[0]}
    if parameter.pattern:
        schema["pattern"] = parameter.pattern
    documented = {"name": name, "in": "query", "required": not parameter.optional, "schema": schema}
    described = " ".join(filter(None, [parameter.description, parameter.is_ and f"A {parameter.is_}."]))
    if described:
        documented["description"] = described
    if parameter.example is not None and parameter.type != "lang":
        documented["example"] = int(parameter.example) if parameter.type == "integer" else parameter.example
    return documented


def _description(query: NamedQuery) -> str:
    columns = "\n".join(f"| `{name}` | {type_} |" for name, type_ in query.head.columns.items())
    return f"{query.head.description}\n\n| column | type |\n|---|---|\n{columns}\n"


def _content(query: NamedQuery) -> dict[str, Any]:
    names = list(query.head.columns)
    example = ",".join(names) + "\r\n" + ",".join(_EXAMPLES.get(t, "…") for t in query.head.columns.values()) + "\r\n"
    found: dict[str, Any] = {format_.media_type: {"schema": {"type": "string"}} for format_ in RESULT_FORMATS}
    found["text/csv"]["example"] = example
    found["application/sparql-results+json"] = {
        "schema": {
            "type": "object",
            "properties": {
                "head": {"type": "object", "properties": {"vars": {"const": names}}},
                "results": {
                    "type": "object",
                    "properties": {
                        "bindings": {
                            "type": "array",
                            "items": {"type": "object", "properties": dict.fromkeys(names, _BINDING)},
                        }
                    },
                },
            },
        }
    }
    return found


_BINDING = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"enum": ["uri", "literal", "bnode"]},
        "value": {"type": "string"},
        "datatype": {"type": "string"},
        "xml:lang": {"type": "string"},
    },
}
