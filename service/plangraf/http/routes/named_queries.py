"""`/queries/<name>`: each named query at its own address, documented in `/openapi.json`."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import orjson
import structlog
from starlette.requests import Request

from plangraf.engines.base import Engine, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import NotStatisticalError, PlangrafError, ResourceNotFoundError
from plangraf.http.pipeline.cache import CachedAnswer
from plangraf.http.pipeline.coding import IDENTITY
from plangraf.http.resource.base import Asked, Place, Resource, View, name_answer
from plangraf.http.resource.openapi import Operation, choice, content
from plangraf.http.resource.parameters import parse_parameters
from plangraf.http.service import Pinned, Service, pinned
from plangraf.rdf.formats import HTML, JSON, JSON_STAT, PLAIN_JSON, RESULT_FORMATS, Format
from plangraf.sparql.named.binding import LANGUAGES, NamedQuery
from plangraf.sparql.named.head import CubeHead, Parameter
from plangraf.sparql.safety import Limits, check
from plangraf.views.engine_answers import fetch_bytes
from plangraf.views.json_stat import json_stat

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

_MOST_BYTES = 64 * 2**20
"""Of SPARQL JSON, about 40 000 observations."""


def resources(service: Service) -> Iterator[Resource]:
    for query in service.queries.values():
        checked = check(query.text, Limits.of(service.settings), base=service.settings.query_base)
        yield QueryResource(query, deterministic=checked.deterministic)
    yield QueryList()
    yield UnknownQuery()


class QueryResource(Resource):
    # JSON-stat too where the query has none, so that its ending is 406 with the reason and not 404.
    formats = (*RESULT_FORMATS, JSON_STAT)

    def __init__(self, query: NamedQuery, *, deterministic: bool) -> None:
        self.path = _path(query)
        self.operation = Operation(
            id=query.name,
            tag="Named queries",
            summary=query.head.summary,
            description=_description(query),
            answer=query.head.description,
            content=_content(query),
            parameters=[
                *(_document(name, parameter) for name, parameter in query.parameters.items()),
                choice("format", [format_.name for format_ in _offered(query)], _FORMAT),
            ],
        )
        self.query = query
        self._deterministic = deterministic

    async def find(self, request: Request, place: Place) -> Place:
        given = parse_parameters(request.scope["query_string"])
        bound = self.query.bind({name: values for name, values in given.items() if name != "format"})
        return replace(place, thing=bound)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        bound: str = asked.place.thing
        key = (bound,) if self._deterministic else None
        if asked.format != JSON_STAT:
            return View(write=QueryRequest(bound, asked.format), key=key)
        head = self.query.head.json_stat
        if head is None or key is None:
            raise NotStatisticalError(
                f"{self.query.name} has no value with dimensions, so that it has no JSON-stat. "
                f"Ask for one of: {', '.join(format_.name for format_ in RESULT_FORMATS)}."
            )

        async def write() -> bytes:
            body = await _fetch_bounded(snapshot.engine, QueryRequest(bound, JSON), self.query.name)
            return await asyncio.to_thread(self._write_json_stat, body, head)

        return View(write=write, key=key)

    def _write_json_stat(self, body: bytes, head: CubeHead) -> bytes:
        rows = orjson.loads(body)["results"]["bindings"]
        return orjson.dumps(json_stat(rows, head, self.query.name, self.query.head.summary))


async def _fetch_bounded(engine: Engine, request: QueryRequest, name: str) -> bytes:
    """The rows of an answer, which JSON-stat needs all at once.

    Raises:
        NotStatisticalError: they are more than a process may hold for one request.
    """
    answer = await engine.query(request)
    try:
        chunks, size = [], 0
        async for chunk in answer.chunks:
            size += len(chunk)
            if size > _MOST_BYTES:
                raise NotStatisticalError(
                    f"The rows of {name} are more than the {_MOST_BYTES // 2**20} MiB that JSON-stat is made of here. "
                    "Narrow the query, or take the rows as CSV."
                )
            chunks.append(chunk)
        return b"".join(chunks)
    finally:
        await answer.aclose()


def _offered(query: NamedQuery) -> tuple[Format, ...]:
    return (*RESULT_FORMATS, *([JSON_STAT] if query.head.json_stat else []))


def _path(query: NamedQuery) -> str:
    return f"/queries/{query.name}"


class UnknownQuery(Resource):
    path = "/queries/{name}"

    async def find(self, request: Request, place: Place) -> Place:
        near = difflib.get_close_matches(place.names["name"], pinned(request).queries, n=1)
        hint = f"Did you mean {near[0]}? All queries are at /queries." if near else "All queries are at /queries."
        raise ResourceNotFoundError(place.path, hint)


async def warm(service: Service) -> None:
    """Warms the cache with the queries that need no parameter, after a start or a switch.

    Stays outside the cache's single flight, because a request must not wait for a query at idle priority.
    """
    async with service.snapshots.lease() as snapshot:
        await _warm(service.pin(snapshot, kept=False))


async def _warm(service: Pinned) -> None:
    for query in service.queries.values():
        if query.head.either or any(not parameter.optional for parameter in query.parameters.values()):
            continue
        bound = query.bind({})
        tag = service.own_tag(*name_answer(_path(query), JSON, "", bound))
        if service.cache.get(tag) is not None:
            continue
        try:
            body = await fetch_bytes(service.snapshot.engine, QueryRequest(query=bound, format=JSON, ahead=True))
            service.cache.add(CachedAnswer(tag, JSON.content_type.encode(), {IDENTITY: body}))
        except PlangrafError as error:
            log.warning("query not computed ahead", query=query.name, error=str(error))


class QueryList(Resource):
    path = "/queries"
    formats = (PLAIN_JSON, HTML)
    endings = False
    language = "page"
    operation = Operation(
        id="queries",
        tag="Named queries",
        summary="The named queries",
        answer="All of them",
        content={"application/json": {}, "text/html": {}},
        others={},
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            listed = [_describe(query) for query in asked.service.queries.values()]
            if asked.page:
                return asked.service.pages.render("queries.html", asked.language, queries=listed)
            return orjson.dumps({"queries": listed})

        return View(write=write)


@dataclass(frozen=True, slots=True)
class _Listed:
    """One entry of `/queries`, on the page and in JSON."""

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: list[dict[str, Any]]
    columns: list[dict[str, str]]
    example: str


def _describe(query: NamedQuery) -> _Listed:
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
        f"?{urlencode(query.example)}" if query.example else "",
    )


_FORMAT = "Format of the answer, before Accept; an ending of the address comes before both."


def _document(name: str, parameter: Parameter) -> dict[str, Any]:
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
    found = content(_offered(query))
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
