"""`/queries/<name>`: each named query at its own address, documented in `/openapi.json`."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import orjson
import structlog
from pydantic import create_model
from starlette.requests import Request

from plangraf.engines.interface import Engine, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import NotStatisticalError, PlangrafError, QueryMemoryError, ResourceNotFoundError
from plangraf.http.pipeline.cache import CachedAnswer
from plangraf.http.pipeline.coding import IDENTITY
from plangraf.http.resource.openapi import Operation, content
from plangraf.http.resource.parameters import Formatted
from plangraf.http.resource.resource import Asked, Place, Resource, View, name_answer
from plangraf.http.service import Pinned, Service, pinned
from plangraf.rdf.formats import HTML, JSON, JSON_STAT, PLAIN_JSON, RESULT_FORMATS, Format
from plangraf.sparql.named.binding import NamedQuery
from plangraf.sparql.named.head import WALK_PARAMETERS, CubeHead, WalkHead
from plangraf.sparql.named.parameter_model import ParameterModel, field_name
from plangraf.sparql.safety import Limits, check
from plangraf.views.json_stat import json_stat
from plangraf.views.paths import Sought, find_paths, link_graph, write_paths

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
    accept_first = False

    def __init__(self, query: NamedQuery, *, deterministic: bool) -> None:
        self.path = _path(query)
        self.formats = _offered(query)
        self.operation = Operation(
            id=query.name,
            tag="Named queries",
            summary=query.head.summary,
            description=_description(query),
            answer=query.head.description,
            content=_content(query),
        )
        self.query = query
        self._deterministic = deterministic
        # One walk at a time, because walks take processor time from the event loop of their process.
        self._walking = asyncio.Semaphore(1)

    @cached_property
    def parameters(self) -> type[ParameterModel]:
        return create_model(self.query.name, __base__=(Formatted, self.query.model))

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        if (walk := self.query.head.walk) is not None:
            return self._walk(asked, snapshot, walk)
        bound = self.query.bind_values(asked.place.parameters)
        key = (bound,) if self._deterministic else None
        if asked.format != JSON_STAT:
            return View(write=QueryRequest(bound, asked.format), key=key)
        head = self.query.head.json_stat
        assert head is not None  # else it is not among the formats

        async def write() -> bytes:
            body = await _fetch_bounded(snapshot.engine, QueryRequest(bound, JSON), _MOST_BYTES)
            if body is None:
                raise NotStatisticalError(
                    f"The rows of {self.query.name} are more than the {_MOST_BYTES // 2**20} MiB that JSON-stat is "
                    "made of here. Narrow the query, or take the rows as CSV."
                )
            return await asyncio.to_thread(self._write_json_stat, body, head)

        return View(write=write, key=key)

    def _walk(self, asked: Asked, snapshot: Snapshot, walk: WalkHead) -> View:
        """The paths over the links that the query selects; the links are a part of the snapshot."""
        given = {name: vars(asked.place.parameters)[field_name(name)] for name in self.query.parameters}
        start, end, steps, municipality = (
            given[name] and given[name].value for name in (*WALK_PARAMETERS, "municipality")
        )
        longest = walk.steps if steps is None else int(steps)
        sought = Sought(start, end, longest, municipality, walk.most, self.query.name)

        async def write() -> bytes:
            graph = await snapshot.part(link_graph, self.query.bind_terms({"?lang": given["lang"]}))
            async with self._walking:
                return await asyncio.to_thread(lambda: write_paths(graph, find_paths(graph, sought), asked.format))

        return View(write=write, key=tuple(str(term or "") for term in given.values()))

    def _write_json_stat(self, body: bytes, head: CubeHead) -> bytes:
        rows = orjson.loads(body)["results"]["bindings"]
        return orjson.dumps(json_stat(rows, head, self.query.name, self.query.head.summary))


async def _fetch_bounded(engine: Engine, request: QueryRequest, most_bytes: int) -> bytes | None:
    """The whole body of an answer; None when it is longer than a process may hold for one request."""
    answer = await engine.query(request)
    try:
        chunks, size = [], 0
        async for chunk in answer.chunks:
            size += len(chunk)
            if size > most_bytes:
                return None
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
        name, queries = place.names["name"], pinned(request).queries
        base = name.removesuffix(f".{JSON_STAT.suffix}")
        if base in queries:
            raise NotStatisticalError(
                f"{base} has no value with dimensions, so that it has no JSON-stat. "
                f"Ask for one of: {', '.join(format_.name for format_ in RESULT_FORMATS)}."
            )
        near = difflib.get_close_matches(name, queries, n=1)
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
            # Over millions of observations an answer that nobody asked for may take seconds and a gigabyte.
            if service.snapshot.engine.check(bound).reaches_bulk:
                continue
            request = QueryRequest(query=bound, format=JSON, ahead=True)
            body = await _fetch_bounded(service.snapshot.engine, request, service.cache.largest)
            if body is not None:
                service.cache.add(CachedAnswer(tag, JSON.content_type.encode(), {IDENTITY: body}))
        except QueryMemoryError:
            log.info("query not computed ahead, because it takes much memory", query=query.name)
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
