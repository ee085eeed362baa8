"""`/queries/<name>`: each named query at its own address, documented in `/openapi.json`; in browsers a page."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any

import orjson
import structlog
from pydantic import BeforeValidator, Field, create_model
from pyoxigraph import Literal
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.interface import Engine, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import (
    NotReadyError,
    NotStatisticalError,
    ParameterError,
    PlangrafError,
    QueryMemoryError,
    RequestError,
    ResourceNotFoundError,
)
from plangraf.errors.message import N_, Listed, sentences
from plangraf.http.pipeline.cache import CachedAnswer
from plangraf.http.pipeline.coding import IDENTITY
from plangraf.http.pipeline.respond import vary
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.negotiation import reads_pages
from plangraf.http.resource.parameters import (
    Formatted,
    accept_header,
    choose_answer_language,
    choose_format,
    choose_interface,
    parse_parameters,
)
from plangraf.http.resource.query_operation import query_operation
from plangraf.http.resource.resource import Asked, Place, Resource, View, name_answer
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.query_page import (
    filled,
    form_fields,
    lacks_choice,
    link,
    name_query,
    pager,
    read_page_number,
    refused_values,
    row_table,
    single,
    sparql_link,
    without_head,
)
from plangraf.pages.words import LANGUAGE_NAMES, data_language
from plangraf.rdf.formats import HTML, JSON, JSON_STAT, PARQUET, RESULT_FORMATS, TSV, Format
from plangraf.sparql.named.binding import LANGUAGES, NamedQuery
from plangraf.sparql.named.head import WALK_PARAMETERS, CubeHead, WalkHead
from plangraf.sparql.named.parameter_model import ParameterModel, Refusal, field_name
from plangraf.sparql.safety import Limits, check
from plangraf.views.document_parts import iri_of_address
from plangraf.views.json_stat import json_stat
from plangraf.views.paths import Sought, find_paths, link_graph, write_paths
from plangraf.views.query_rows import RowsOfPage, as_chunks, read_page

log = structlog.get_logger()

_MOST_BYTES = 64 * 2**20
"""Of SPARQL JSON, about 40 000 observations."""


def resources(service: Service) -> Iterator[Resource]:
    for query in service.queries.values():
        checked = check(query.text, Limits.of(service.settings), base=service.settings.query_base)
        yield QueryResource(query, deterministic=checked.deterministic)
    yield UnknownQuery()


class Paged(Formatted):
    """The parameters of every query beside its own."""

    page: Annotated[int | None, BeforeValidator(read_page_number), Refusal(N_("is not a whole number from 1."))] = (
        Field(default=None, description="Number of the page of rows, in HTML alone; the other formats have all rows.")
    )


class QueryResource(Resource):
    accept_first = False
    language = "page"

    def __init__(self, query: NamedQuery, *, deterministic: bool) -> None:
        self.path = _path(query)
        self.formats = _offered(query)
        self.operation = query_operation(query, self.formats)
        self.query = query
        self._deterministic = deterministic
        # One walk at a time, because walks take processor time from the event loop of their process.
        self._walking = asyncio.Semaphore(1)

    @cached_property
    def parameters(self) -> type[ParameterModel]:
        return create_model(self.query.name, __base__=(Paged, self.query.model))

    async def respond(self, request: Request, place: Place) -> Response:
        """Responds as every resource; a browser gets the form again, with what is wrong beside its fields."""
        try:
            return await super().respond(request, place)
        except ParameterError as error:
            if not self._reads_pages(request, place):
                raise
            return self._ask_again(request, place, error)

    def wanted_language(self, parameters: Any) -> str | None:
        # An absent `lang` has a value, too, and then Accept-Language may choose.
        field = field_name("lang")
        return getattr(parameters, field).value if field in parameters.model_fields_set else None

    def _reads_pages(self, request: Request, place: Place) -> bool:
        """Whether a page is wanted, of a request whose parameters may be wrong."""
        if place.fixed is not None:
            return place.fixed == HTML
        if "html" not in f"{accept_header(request)} {request.scope['query_string']}".lower():
            return False
        try:
            given = Formatted.read(parse_parameters(request.scope["query_string"]))
            format_, by_accept = choose_format(request, given, self.formats)
        except RequestError:
            return False
        return format_ == HTML and (not by_accept or reads_pages(accept_header(request)))

    def _read_parameters(self, request: Request, place: Place) -> ParameterModel:
        if self._reads_pages(request, place):
            return self.parameters.read(self._filled_in(request))
        parameters = super()._read_parameters(request, place)
        if getattr(parameters, "page", None) is not None:
            raise ParameterError("page", N_("is for the page in a browser; the other formats have all rows at once."))
        return parameters

    def _filled_in(self, request: Request) -> dict[str, str | list[str]]:
        """What a form sends: without empty fields, with the IRI of a thing in place of its page's address, and with the
        language of the data where it names one that only pages have.
        """
        given = filled(parse_parameters(request.scope["query_string"]))
        if (lang := given.get("lang")) in tuple(LANGUAGE_NAMES):
            given["lang"] = data_language(str(lang))
        base = pinned(request).settings.base_url
        for name, parameter in self.query.parameters.items():
            value = given.get(name)
            if parameter.type.startswith("iri") and isinstance(value, str):
                given[name] = iri_of_address(value.strip(), base) or value.strip()
        return given

    def _negotiate(self, request: Request, place: Place) -> Asked:
        asked = super()._negotiate(request, place)
        if asked.page and asked.by_accept and not reads_pages(accept_header(request)):
            format_, _ = choose_format(request, place.parameters, self.formats[:-1])
            return replace(asked, format=format_, by_language=False)
        return asked

    def _ask_again(self, request: Request, place: Place, error: ParameterError) -> Response:
        """The form with what is wrong; a client that has sent nothing yet is only asked, and gets 200."""
        service = pinned(request)
        service = replace(service, pages=service.pages.speaking(choose_interface(request)))
        given = single(self._filled_in(request))
        language, _ = choose_answer_language(
            request, given["lang"] if given.get("lang") in LANGUAGES else None, page=True
        )
        body = self._render(service, language, given, refused_values(self.query, given), error=error)
        headers = {"Cache-Control": "no-store", **vary("Accept", "Accept-Language", "Cookie")}
        only_asked = error.name not in given and not given.keys() - {"lang", "format"}
        return Response(body, 200 if only_asked else 400, headers, media_type=HTML.content_type)

    async def answer(self, asked: Asked) -> Response:
        if not asked.page or self._deterministic:
            return await super().answer(asked)
        # The answer of a query with NOW() or RAND() is never the same again, so the page is not cached.
        write = self._page(asked, asked.service.snapshot).write
        assert callable(write)
        body = await while_connected(asked.request.receive, write())
        headers = {"Cache-Control": "no-store", **vary("Accept", "Accept-Language", "Cookie")}
        return Response(body, 200, headers, media_type=HTML.content_type)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        if asked.page:
            return self._page(asked, snapshot)
        if (walk := self.query.head.walk) is not None:
            terms = tuple(str(term or "") for term in self._terms(asked).values())
            return View(write=self._walk(asked, snapshot, walk, asked.format), key=terms)
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
                    N_(
                        "The rows of %(name)s are more than the %(limit)s MiB that JSON-stat is made of here. "
                        "Narrow the query, or take the rows as CSV.",
                        name=self.query.name,
                        limit=_MOST_BYTES // 2**20,
                    )
                )
            return await asyncio.to_thread(self._write_json_stat, body, head)

        return View(write=write, key=key)

    def _page(self, asked: Asked, snapshot: Snapshot) -> View:
        """The page of a browser: the form, the rows of one page of the table, and links to the same rows elsewhere."""
        number: int = asked.place.parameters.page or 1
        parameters = asked.place.parameters.model_copy(update={field_name("lang"): Literal(asked.language)})
        bound = self.query.bind_values(parameters)
        service, given = asked.service, single(self._filled_in(asked.request))

        async def write() -> bytes:
            if (walk := self.query.head.walk) is not None:
                paths = self._walk(
                    replace(asked, place=replace(asked.place, parameters=parameters)), snapshot, walk, TSV
                )
                found = await read_page(snapshot, as_chunks(await paths()), number)
            else:
                answer = await snapshot.engine.query(QueryRequest(bound, TSV))
                try:
                    found = await read_page(snapshot, answer.chunks, number)
                finally:
                    await answer.aclose()
            if number > 1 and not found.rows:
                hint = (
                    N_("It has fewer pages.")
                    if found.counted
                    else N_("It lies beyond what a page shows; download the rows.")
                )
                raise ResourceNotFoundError(N_("page %(number)s of %(path)s", number=number, path=self.path), hint)
            return self._render(service, asked.language, given, {}, found=found, bound=bound, page=number)

        return View(write=write, key=(bound, str(number), repr(sorted(given.items())), service.prefix))

    def _render(
        self,
        service: Pinned,
        language: str,
        given: Mapping[str, str],
        refused: Mapping[str, str | None],
        *,
        found: RowsOfPage | None = None,
        bound: str = "",
        page: int = 1,
        error: ParameterError | None = None,
    ) -> bytes:
        known, interface = service.query_words, service.pages.words(language)
        own = known.queries.get(self.query.name)
        asked = {name: value for name, value in given.items() if name not in ("lang", "format", "page")}
        kept = {name: value for name, value in given.items() if name in ("lang",)}
        path = service.prefix + self.path
        fields = form_fields(self.query, known, interface, given, refused)
        data, shown_page = {**asked, "lang": language}, str(page) if page > 1 else None
        needs_choice = error is not None and lacks_choice(self.query, given)
        choice = [field for field in fields if needs_choice and field.name in self.query.head.either]
        return service.pages.at(self.path).render(
            "named_query.html",
            language,
            name=self.query.name,
            named=name_query(self.query, known, interface.code),
            group=known.groups[own.group].in_language(interface.code) if own else None,
            path=path,
            fields=fields,
            kept=kept,
            example=link(path, {**self.query.example, **kept}) if self.query.example else None,
            # An unknown or repeated parameter has no field.
            trouble=error.message if error and not choice and not any(field.error for field in fields) else None,
            choice=choice,
            found=found,
            broad=found is not None,
            table=row_table(self.query, known, interface, found, service.prefix) if found else None,
            pager=pager(found, page, path, {**asked, **kept}) if found else [],
            page=page,
            downloads=[
                (format_, link(f"{path}.{format_.suffix}", data)) for format_ in self.formats if format_ != HTML
            ],
            sparql=without_head(bound),
            sparql_href=sparql_link(service.prefix, without_head(bound)),
            walk=self.query.head.walk,
            cite=link(f"{service.settings.base_url}/version/{service.snapshot.id}{self.path}", data),
            canonical=link(service.settings.base_url + self.path, asked, page=shown_page),
            here=link("", asked, page=shown_page),
        )

    def _walk(
        self, asked: Asked, snapshot: Snapshot, walk: WalkHead, format_: Format
    ) -> Callable[[], Awaitable[bytes]]:
        """Writes the paths over the links that the query selects; the links are a part of the snapshot."""
        given = self._terms(asked)
        start, end, steps, municipality = (
            given[name] and given[name].value for name in (*WALK_PARAMETERS, "municipality")
        )
        longest = walk.steps if steps is None else int(steps)
        sought = Sought(start, end, longest, municipality, walk.most, self.query.name)

        async def write() -> bytes:
            graph = await snapshot.part(link_graph, self.query.bind_terms({"?lang": given["lang"]}))
            rows = TSV if format_ == PARQUET else format_
            async with self._walking:
                body = await asyncio.to_thread(lambda: write_paths(graph, find_paths(graph, sought), rows))
            return await asked.service.parquet.write(body) if format_ == PARQUET else body

        return write

    def _terms(self, asked: Asked) -> dict[str, Any]:
        """The term of each parameter of the query."""
        return {name: vars(asked.place.parameters)[field_name(name)] for name in self.query.parameters}

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
    return (*RESULT_FORMATS, *([JSON_STAT] if query.head.json_stat else []), HTML)


def _path(query: NamedQuery) -> str:
    return f"/queries/{query.name}"


class UnknownQuery(Resource):
    path = "/queries/{name}"

    async def find(self, request: Request, place: Place) -> Place:
        name, queries = place.names["name"], pinned(request).queries
        base = name.removesuffix(f".{JSON_STAT.suffix}")
        if base in queries:
            raise NotStatisticalError(
                N_(
                    "%(name)s has no value with dimensions, so that it has no JSON-stat. Ask for one of: %(choices)s.",
                    name=base,
                    choices=Listed(format_.name for format_ in RESULT_FORMATS),
                )
            )
        near = difflib.get_close_matches(name, queries, n=1)
        hint = (
            sentences(N_("Did you mean %(meant)s?", meant=near[0]), N_("All queries are at /queries."))
            if near
            else N_("All queries are at /queries.")
        )
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
        except NotReadyError:
            return  # the engine is closed, or its loader is being replaced
        except PlangrafError as error:
            log.warning("query not computed ahead", query=query.name, error=str(error))
