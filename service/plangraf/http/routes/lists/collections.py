"""`/plans`, `/perspectives`, `/documents` and the others: all things of a class, page by page, in every format.

A page's links to other pages name its version, which serves them as long as it is kept. A walk along rel="next"
therefore meets every thing once, even when another version becomes current. The canonical address names no version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ParameterError, QuerySyntaxError, ResourceNotFoundError, VersionGoneError
from plangraf.errors.message import N_, Quoted, sentences
from plangraf.http.pipeline.pinning import add_version
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.openapi import GONE, NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.lists.collection_requests import (
    FORMATS,
    MOST,
    Selection,
    collection_parameters,
    read_selection,
)
from plangraf.http.service import Service, pinned
from plangraf.pages.html import Alternate, words_with_code
from plangraf.pages.list_filters import fetch_chips, fetch_controls
from plangraf.pages.list_table import fetch_names, list_table
from plangraf.rdf.formats import HTML, JSON_LD, PARQUET, Format
from plangraf.rdf.jsonld_documents import dump
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.collection import Collection, Facet, Sort
from plangraf.sparql.named.collection_files import address_taken
from plangraf.sparql.named.parameter_model import ParameterModel
from plangraf.views.collections.list_query import list_query
from plangraf.views.collections.listing import Addresses, Page, Table, fetch_members, json_ld, page_graph
from plangraf.views.collections.members import facet_values, order, select
from plangraf.views.collections.sorting import arrange
from plangraf.views.describe import defined_terms
from plangraf.views.engine_answers import fetch_boolean

# The most values that an error message names.
_NAMED: Final = 10
_REL = {"previous": "prev"}


def resources(service: Service, is_taken: Callable[[str], bool]) -> Iterator[Resource]:
    """Makes the resources of all collections.

    Raises:
        DataError: a collection's address is taken.
    """
    for collection in service.collections.values():
        if is_taken(f"/{collection.path}"):
            raise address_taken(collection.path)
        yield CollectionResource(collection)


class CollectionResource(Resource):
    """One collection; the place's `thing` is the selection that a request asks for."""

    formats = FORMATS

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.path = f"/{collection.path}"
        self.operation = Operation(
            id=f"list-{collection.path}",
            tag="Collections",
            summary=f"{collection.en}, page by page",
            description=f"{collection.summary}. An ending of the address, such as .csv, fixes the format.",
            answer="One page",
            content=content(FORMATS),
            others={**NOT_FOUND, **GONE, **PROBLEMS},
        )

    @cached_property
    def parameters(self) -> type[ParameterModel]:
        return collection_parameters(self._collection)

    async def find(self, request: Request, place: Place) -> Place | Response:
        """Reads the selection; redirects an address with empty choices, as a form makes it, to the short one."""
        selection = read_selection(self._collection, place)
        if selection.open:
            query = selection.link(selection.filters, sort=selection.sort, page=selection.page)
            address = f"{pinned(request).prefix}{self.path}{selection.ending}{query}"
            return Response(status_code=303, headers={"Location": address})
        return replace(place, thing=selection)

    async def answer(self, asked: Asked) -> Response:
        """Responds from the version that `version=` names, by default from the one that the request is pinned to.

        Raises:
            VersionGoneError: the version was pruned, so a walk must start again.
            ResourceNotFoundError: the version never existed here.
            ParameterError: `version=` contradicts the address.
        """
        service, selection = asked.service, asked.place.thing
        version = selection.version
        if version in (None, service.snapshot.id):
            return await super().answer(asked)
        if service.kept:
            raise ParameterError(
                "version", N_("%(version)s is not the version that answers here; leave it out.", version=version)
            )
        try:
            async with service.snapshots.lease(version) as snapshot:
                response = await super().answer(replace(asked, service=service.pin(snapshot, kept=True)))
        except VersionGoneError as error:
            first = self._addresses(service, selection, version)
            raise VersionGoneError(version, first.start(selection.ending, selection.kept)) from error
        add_version(response.headers, response.status_code, version)
        return response

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, receive = asked.service, asked.request.receive
        selection: Selection = asked.place.thing
        collection, number, limit = self._collection, selection.page, selection.limit
        things = await while_connected(receive, snapshot.part(order, collection))
        for facet, value in selection.filters.items():
            await while_connected(receive, _check_value(snapshot, collection, facet, value))
        places = await while_connected(receive, select(snapshot, collection, selection.filters))
        places = await while_connected(receive, arrange(snapshot, collection, selection.sort, places))
        last = max(1, -(-len(places) // limit))
        if number > last:
            raise ResourceNotFoundError(
                N_("page %(number)s of %(path)s", number=number, path=self.path),
                N_("With %(limit)s things a page, the last one is %(last)s.", limit=limit, last=last),
            )
        addresses = self._addresses(service, selection, snapshot.id)
        here = [NamedNode(things[at]) for at in places[(number - 1) * limit : number * limit]]
        explanation = None if things else collection.when_empty
        page = Page(collection, addresses, number, last, len(places), here, [], explanation)

        async def write() -> bytes:
            found = replace(page, graph=await fetch_members(snapshot, collection, here))
            return await _write(asked, places, found)

        # Only an HTML page depends on the form of its address, because it repeats it in its links.
        form = f"{sorted(selection.kept.items())} {selection.ending} {selection.version} {service.prefix}"
        return View(
            write=write,
            key=(addresses.page(number), form if asked.page else ""),
            canonical=addresses.lasting(number),
            links=[f'<{addresses.collection}>; rel="collection"', *_links_to_pages(page, selection)],
            cache_control=FOR_EVER if selection.version else "no-cache",
        )

    def address(self, asked: Asked, format_: Format) -> str:
        selection, service = asked.place.thing, asked.service
        addresses = self._addresses(service, selection, service.snapshot.id)
        return addresses.page(selection.page, suffix=f".{format_.suffix}")

    def _addresses(self, service: Service, selection: Selection, version: str) -> Addresses:
        base = f"{service.settings.base_url}{self.path}"
        return Addresses(base, selection.filters, selection.sort, selection.shown_limit, version)


async def _check_value(snapshot: Snapshot, collection: Collection, facet: Facet, value: str) -> None:
    """Refuses a value that no thing of the collection has and that does not occur in the data.

    Raises:
        ParameterError: the value is unknown.
        PlangrafError: what the engine raises.
    """
    had = await snapshot.part(facet_values, collection, facet)
    if value in had or (question := facet.exists(value)) is None:
        return
    try:
        known = await fetch_boolean(snapshot.engine, question)
    except QuerySyntaxError:
        known = False  # the name is not in its closed vocabulary
    if not known:
        usual, number = had.most_frequent(range(len(had)))
        some = ", ".join(facet.short(value) for value, _ in usual[:_NAMED])
        refused = N_("%(value)s is nothing that this version of the data knows.", value=Quoted(facet.short(value)))
        occurring = (
            N_("%(count)s values occur, such as %(examples)s.", count=number, examples=some)
            if number
            else N_("No value occurs here yet.")
        )
        raise ParameterError(facet.name, sentences(refused, occurring))


def _links_to_pages(page: Page, selection: Selection) -> list[str]:
    """The elements of the Link header for the other pages, in the same form (RFC 8288)."""
    return [f'<{href}>; rel="{_REL.get(name, name)}"' for name, href in _pager(page, selection)]


def _pager(page: Page, selection: Selection) -> Iterator[tuple[str, str]]:
    for name, number in page.others.items():
        yield name, page.addresses.page(number, suffix=selection.ending, more=selection.kept)


async def _write(asked: Asked, places: Sequence[int], page: Page) -> bytes:
    service, language = asked.service, asked.language
    if asked.format == JSON_LD:
        return dump(json_ld(service.context, page))
    if asked.format == PARQUET:
        return await service.parquet.write(Table(page, language).tsv())
    if asked.format.kind == "table":
        return Table(page, language).csv()
    if not asked.page:
        return asked.write_graph(page_graph(page), NamedNode(page.addresses.collection))
    return await _render(asked, places, page)


async def _render(asked: Asked, places: Sequence[int], page: Page) -> bytes:
    service = asked.service
    selection: Selection = asked.place.thing
    snapshot, collection = service.snapshot, page.collection
    language, known = asked.language, service.pages.labels
    own = service.pages.words(language)
    here = f"{service.prefix}/{collection.path}{selection.ending}"

    def link(filters: Mapping[Facet, str], sort: Sort | None = selection.sort) -> str:
        return here + selection.link(filters, sort=sort)

    names = await fetch_names(snapshot, page)
    controls = await fetch_controls(snapshot, collection, selection.filters, places, own, known)
    chips = await fetch_chips(snapshot, collection, selection.filters, controls, own, link)
    table = list_table(page, names, own, service.prefix, known, selection.sort)
    first = (page.number - 1) * selection.limit + 1
    query = list_query(collection, selection.filters, selection.sort, await snapshot.part(defined_terms))
    return service.pages.render(
        "collection.html",
        language,
        title=collection.title(own.code),
        path=f"/{collection.path}",
        total=page.total,
        explanation=words_with_code(page.explanation.in_language(own.code)) if page.explanation else None,
        first=first,
        last=first + len(page.things) - 1,
        table=table,
        broad=bool(table.rows),
        controls=controls,
        chips=chips,
        action=here,
        hidden=selection.carried,
        all_things=link({}),
        orders=_orders(collection, selection, link, own.code),
        page=page.number,
        pages=page.last,
        pager=[{"rel": name, "href": href} for name, href in _pager(page, selection)],
        canonical=page.addresses.lasting(page.number),
        alternates=asked.alternates,
        files=_files(asked, selection, page),
        most=MOST,
        query=f"{service.prefix}/sparql?{urlencode({'query': query})}",
        here=here + selection.link(selection.filters, sort=selection.sort, page=page.number, but="lang"),
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """An order that a page offers; `href` leads to it, `chosen` marks the one of the page."""

    name: str
    title: str
    href: str
    chosen: bool
    descending: bool


def _orders(collection: Collection, selection: Selection, link: Callable[..., str], language: str) -> list[_Order]:
    """Both directions of each column."""
    return [
        _Order(str(sort), column.title(language), link(selection.filters, sort), sort == selection.sort, descending)
        for column in collection.columns
        if column.path
        for descending in (False, True)
        for sort in [Sort(column, descending)]
    ]


def _files(asked: Asked, selection: Selection, page: Page) -> list[Alternate]:
    """The rows of all pages, or as many as one answer can have, in the formats for programs."""
    whole = replace(selection, limit=MOST if page.last > 1 else selection.limit, kept={})
    query = whole.link(selection.filters, sort=selection.sort)
    if asked.language != LANGUAGES[0]:
        query += f"{'&' if query else '?'}lang={asked.language}"
    base = f"{asked.service.prefix}/{page.collection.path}"
    return [Alternate(format_, f"{base}.{format_.suffix}{query}") for format_ in FORMATS if format_ != HTML]
