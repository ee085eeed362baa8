"""`/plans`, `/perspectives`, `/documents` and the others: all things of a class, page by page, in every format.

A page's links to other pages name its version, and that version answers them as long as it is kept: a walk along
rel="next" meets every thing once, whatever version has become current meanwhile. The canonical address names none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ParameterError, QuerySyntaxError, ResourceNotFoundError, VersionGoneError
from plangraf.http.pipeline.pinning import add_version
from plangraf.http.pipeline.respond import FOR_EVER, made, vary, while_connected
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, content
from plangraf.http.routes.collection_requests import FORMATS, Asked, documented, read
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import CSV, HTML, JSON_LD, Format
from plangraf.views.collections.listing import Addresses, Page, Table, fetch_members, json_ld, named, page_graph
from plangraf.views.collections.members import counts, facet_places, order, select
from plangraf.views.collections.table import COLLECTIONS, Collection, Facet
from plangraf.views.describe import Labels, labels
from plangraf.views.graphs import fetch_boolean, write
from plangraf.views.jsonld import dump
from plangraf.views.shown import Shown

# Of a facet with more values a page shows the most frequent ones, and an error names these.
_CHOICES: Final = 40
_NAMED: Final = 10
_REL = {"previous": "prev"}


def add_routes(app: FastAPI, service: Service) -> None:
    for collection in COLLECTIONS.values():
        responses: dict[int | str, dict[str, Any]] = {
            200: {"description": "One page", "content": content(FORMATS)},
            **NOT_FOUND,
            **PROBLEMS,
        }
        app.add_api_route(
            f"/{collection.path}", _endpoint(collection, None), methods=["GET"],
            operation_id=f"list-{collection.path}", tags=["Collections"], summary=f"{collection.en}, page by page",
            description="An ending of the address, such as .csv, fixes the format.", response_class=Response,
            responses=responses, openapi_extra={"parameters": documented(collection)},
        )  # fmt: skip
        for format_ in FORMATS:
            app.add_api_route(
                f"/{collection.path}.{format_.suffix}", _endpoint(collection, format_),
                methods=["GET"], include_in_schema=False,
            )  # fmt: skip


def _endpoint(collection: Collection, fixed: Format | None) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        asked, here = read(request, collection, fixed), pinned(request)
        if asked.version not in (None, here.snapshot.id):
            return await _elsewhere(here, request, asked)
        return await _answer(here, request, asked)

    return answer


async def _elsewhere(service: Pinned, request: Request, asked: Asked) -> Response:
    """What the version that the request names answers, which is not the one served here.

    Raises:
        VersionGoneError: it is kept no more, and a walk must begin again.
        ResourceNotFoundError: there was never such a version here.
        ParameterError: only one version answers at this address.
    """
    assert asked.version is not None
    if service.kept:
        raise ParameterError("version", f"{asked.version} is not the version that answers here; leave it out.")
    try:
        async with service.snapshots.lease(asked.version) as snapshot:
            response = await _answer(service.pinned(snapshot, kept=True), request, asked)
    except VersionGoneError as error:
        first = Addresses(_base(service, asked), asked.filters, asked.shown_limit, asked.version)
        raise VersionGoneError(asked.version, first.start(asked.suffix, asked.kept)) from error
    add_version(response.headers, response.status_code, asked.version)
    return response


def _base(service: Service, asked: Asked) -> str:
    return f"{service.settings.base_url}/{asked.collection.path}"


async def _answer(service: Pinned, request: Request, asked: Asked) -> Response:
    """The page, or 304.

    Raises:
        ResourceNotFoundError: there is no such page.
        ParameterError: a filter asks for what the data do not know.
        PlangrafError: what the engine raises.
    """
    snapshot, collection = service.snapshot, asked.collection
    things = await while_connected(request.receive, snapshot.part(order, collection))
    for facet, value in asked.filters.items():
        await while_connected(request.receive, _check_value(snapshot, collection, facet, value))
    places = await while_connected(request.receive, select(snapshot, collection, asked.filters))
    last = max(1, -(-len(places) // asked.limit))
    if asked.page > last:
        raise ResourceNotFoundError(
            f"page {asked.page} of /{collection.path}", f"With {asked.limit} things a page, the last one is {last}."
        )
    here = places[(asked.page - 1) * asked.limit : asked.page * asked.limit]
    shown = [NamedNode(things[place]) for place in here]
    addresses = Addresses(_base(service, asked), asked.filters, asked.shown_limit, snapshot.id)

    def page(graph: Any = ()) -> Page:
        return Page(collection, addresses, asked.page, last, len(places), shown, list(graph))

    alternates = [
        Alternate(other, addresses.page(asked.page, suffix=f".{other.suffix}"))
        for other in FORMATS
        if other != asked.format
    ]
    own = links(addresses.lasting(asked.page), alternates)
    headers = {
        **vary(
            "Accept" if asked.by_accept else None,
            "Accept-Language" if asked.by_language and (asked.format == HTML or asked.by_accept) else None,
        ),
        "Cache-Control": FOR_EVER if asked.version else "no-cache",
        "Link": ", ".join([own, f'<{addresses.collection}>; rel="collection"', *_pager_links(page(), asked)]),
    }
    # A page for people has links of its own form; data are the same however they were asked for.
    form = f"{sorted(asked.kept.items())} {asked.suffix} {asked.version} {service.prefix}"
    parts = (
        "collection", collection.path, snapshot.id, asked.format.name, addresses.page(asked.page),
        asked.language if asked.language_matters else "", form if asked.format == HTML else "",
    )  # fmt: skip

    async def make() -> tuple[bytes, str]:
        found = page(await fetch_members(snapshot, collection, shown))
        body = await _written(service, places, found, asked, alternates)
        return body, asked.format.content_type

    return await made(service, request, parts, headers, make)


async def _check_value(snapshot: Snapshot, collection: Collection, facet: Facet, value: str) -> None:
    """Refuses what no thing of the collection has and what stands nowhere in the data.

    Raises:
        ParameterError: there is no such value.
        PlangrafError: what the engine raises.
    """
    had = await snapshot.part(facet_places, collection, facet)
    if value in had or (question := facet.exists(value)) is None:
        return
    try:
        known = await fetch_boolean(snapshot.engine, question)
    except QuerySyntaxError:
        known = False  # a name in a closed vocabulary that does not have it
    if not known:
        usual = sorted(had, key=lambda other: (-len(had[other]), other))[:_NAMED]
        some = ", ".join(map(facet.short, usual))
        raise ParameterError(
            facet.name,
            f"{facet.short(value)!r} is nothing that this version of the data knows."
            + (f" {len(had)} values occur, such as {some}." if had else " No value occurs here yet."),
        )


def _pager_links(page: Page, asked: Asked) -> list[str]:
    """The Link header's part that leads to other pages in the same form (RFC 8288)."""
    return [
        f'<{page.addresses.page(number, suffix=asked.suffix, more=asked.kept)}>; rel="{_REL.get(name, name)}"'
        for name, number in page.others.items()
    ]


async def _written(
    service: Pinned,
    places: Sequence[int],
    page: Page,
    asked: Asked,
    alternates: list[Alternate],
) -> bytes:
    if asked.format == JSON_LD:
        return dump(json_ld(service.context, page))
    if asked.format == CSV:
        return Table(page, asked.language).csv()
    if asked.format != HTML:
        return write(page_graph(page), asked.format, NamedNode(page.addresses.collection))
    first = (page.number - 1) * asked.limit + 1
    return service.pages.render(
        "collection.html",
        asked.language,
        title=page.collection.title(asked.language),
        total=page.total,
        first=first,
        last=first + len(page.things) - 1,
        columns=[column.title(asked.language) for column in page.collection.columns],
        rows=Table(page, asked.language, service.prefix).rows(),
        facets=await _facets(service, places, asked),
        page=page.number,
        pages=page.last,
        pager=[
            {"rel": name, "href": page.addresses.page(number, suffix=asked.suffix, more=asked.kept)}
            for name, number in page.others.items()
        ],
        canonical=page.addresses.lasting(page.number),
        alternates=alternates,
        here=asked.selection(asked.filters, page=page.number, but="lang"),
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of a facet that `number` of the things shown have; its link chooses it, or lets it go when chosen."""

    value: Shown
    number: int


@dataclass(frozen=True, slots=True)
class _Choices:
    """One facet on a page: the value that was chosen, if any, else those to choose from, less `left_out`."""

    name: str
    title: str
    chosen: _Choice | None
    choices: list[_Choice]
    left_out: int


async def _facets(service: Pinned, places: Sequence[int], asked: Asked) -> list[_Choices]:
    found: dict[Facet, list[tuple[str, int]]] = {}
    for facet in asked.collection.facets:
        if facet in asked.filters:
            found[facet] = [(asked.filters[facet], len(places))]
        else:
            found[facet] = await counts(service.snapshot, asked.collection, facet, places)
    shown = {facet: values[:_CHOICES] for facet, values in found.items()}
    things = {
        NamedNode(thing) for facet, values in shown.items() for value, _ in values if (thing := facet.thing(value))
    }
    known = Labels(await labels(service.snapshot.engine, things))

    def choice(facet: Facet, value: str, number: int) -> _Choice:
        thing = facet.thing(value)
        label = named(known, NamedNode(thing), asked.language, "") if thing else Shown(value)
        filters = {other: kept for other, kept in asked.filters.items() if other != facet}
        if facet not in asked.filters:
            filters[facet] = value
        href = f"{service.prefix}/{asked.collection.path}{asked.suffix}{asked.selection(filters)}"
        return _Choice(Shown(label.text, href, label.lang), number)

    listed = []
    for facet, values in shown.items():
        choices = [choice(facet, value, number) for value, number in values]
        chosen = choices.pop() if facet in asked.filters else None
        if chosen or choices:
            left_out = len(found[facet]) - len(values)
            listed.append(_Choices(facet.name, facet.title(asked.language), chosen, choices, left_out))
    return listed
