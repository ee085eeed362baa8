"""`/plans`, `/perspectives`, `/documents` and the others: all things of a class, page by page, in every format.

A page's links to other pages name its version, which serves them as long as it is kept. A walk along rel="next"
therefore meets every thing once, even when another version becomes current. The canonical address names no version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ParameterError, QuerySyntaxError, ResourceNotFoundError, VersionGoneError
from plangraf.http.pipeline.pinning import add_version
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.pipeline.streaming import while_connected
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.collection_requests import (
    FORMATS,
    Selection,
    collection_parameters,
    read_selection,
)
from plangraf.http.service import Pinned, Service
from plangraf.pages.html import words_with_code
from plangraf.rdf.formats import JSON_LD, Format
from plangraf.rdf.jsonld_documents import dump
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.sparql.named.collection_files import address_taken
from plangraf.sparql.named.parameter_model import ParameterModel
from plangraf.views.collections.listing import Addresses, Page, Table, fetch_members, json_ld, page_graph, page_value
from plangraf.views.collections.members import counts, facet_places, order, select
from plangraf.views.describe import Labels, fetch_labels
from plangraf.views.engine_answers import fetch_boolean
from plangraf.views.page_value import PageValue

# A page shows so many values of a facet, the most frequent first; an error message names fewer.
_CHOICES: Final = 40
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
            others={**NOT_FOUND, **PROBLEMS},
        )

    @cached_property
    def parameters(self) -> type[ParameterModel]:
        return collection_parameters(self._collection)

    async def find(self, request: Request, place: Place) -> Place:
        return replace(place, thing=read_selection(self._collection, place))

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
            raise ParameterError("version", f"{version} is not the version that answers here; leave it out.")
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
        last = max(1, -(-len(places) // limit))
        if number > last:
            raise ResourceNotFoundError(
                f"page {number} of {self.path}", f"With {limit} things a page, the last one is {last}."
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
        return Addresses(base, selection.filters, selection.shown_limit, version)


async def _check_value(snapshot: Snapshot, collection: Collection, facet: Facet, value: str) -> None:
    """Refuses a value that no thing of the collection has and that does not occur in the data.

    Raises:
        ParameterError: the value is unknown.
        PlangrafError: what the engine raises.
    """
    had = await snapshot.part(facet_places, collection, facet)
    if value in had or (question := facet.exists(value)) is None:
        return
    try:
        known = await fetch_boolean(snapshot.engine, question)
    except QuerySyntaxError:
        known = False  # the name is not in its closed vocabulary
    if not known:
        usual = sorted(had, key=lambda other: (-len(had[other]), other))[:_NAMED]
        some = ", ".join(map(facet.short, usual))
        raise ParameterError(
            facet.name,
            f"{facet.short(value)!r} is nothing that this version of the data knows."
            + (f" {len(had)} values occur, such as {some}." if had else " No value occurs here yet."),
        )


def _links_to_pages(page: Page, selection: Selection) -> list[str]:
    """The elements of the Link header for the other pages, in the same form (RFC 8288)."""
    return [f'<{href}>; rel="{_REL.get(name, name)}"' for name, href in _pager(page, selection)]


def _pager(page: Page, selection: Selection) -> Iterator[tuple[str, str]]:
    for name, number in page.others.items():
        yield name, page.addresses.page(number, suffix=selection.ending, more=selection.kept)


async def _write(asked: Asked, places: Sequence[int], page: Page) -> bytes:
    service, language = asked.service, asked.language
    selection: Selection = asked.place.thing
    if asked.format == JSON_LD:
        return dump(json_ld(service.context, page))
    if asked.format.kind == "table":
        return Table(page, language).csv()
    if not asked.page:
        return asked.write_graph(page_graph(page), NamedNode(page.addresses.collection))
    first = (page.number - 1) * selection.limit + 1
    return service.pages.render(
        "collection.html",
        language,
        title=page.collection.title(language),
        total=page.total,
        explanation=words_with_code(page.explanation[LANGUAGES.index(language)]) if page.explanation else None,
        first=first,
        last=first + len(page.things) - 1,
        columns=[column.title(language) for column in page.collection.columns],
        rows=Table(page, language, service.prefix).rows(),
        facets=await _count_facets(service, language, selection, places),
        page=page.number,
        pages=page.last,
        pager=[{"rel": name, "href": href} for name, href in _pager(page, selection)],
        canonical=page.addresses.lasting(page.number),
        alternates=asked.alternates,
        here=selection.link(selection.filters, page=page.number, but="lang"),
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of a facet, with the `number` of listed things that have it; its link adds or removes the filter."""

    value: PageValue
    number: int


@dataclass(frozen=True, slots=True)
class _Choices:
    """One facet on a page: its chosen value, or the choices, of which `left_out` more exist."""

    name: str
    title: str
    chosen: _Choice | None
    choices: list[_Choice]
    left_out: int


async def _count_facets(service: Pinned, language: str, selection: Selection, places: Sequence[int]) -> list[_Choices]:
    found: dict[Facet, list[tuple[str, int]]] = {}
    for facet in selection.collection.facets:
        if facet in selection.filters:
            found[facet] = [(selection.filters[facet], len(places))]
        else:
            found[facet] = await counts(service.snapshot, selection.collection, facet, places)
    shown = {facet: values[:_CHOICES] for facet, values in found.items()}
    things = {
        NamedNode(thing) for facet, values in shown.items() for value, _ in values if (thing := facet.thing(value))
    }
    known = Labels(await fetch_labels(service.snapshot.engine, things))

    def choice(facet: Facet, value: str, number: int) -> _Choice:
        thing = facet.thing(value)
        label = page_value(known, NamedNode(thing), language, "") if thing else PageValue(value)
        filters = {other: kept for other, kept in selection.filters.items() if other != facet}
        if facet not in selection.filters:
            filters[facet] = value
        href = f"{service.prefix}/{selection.collection.path}{selection.ending}{selection.link(filters)}"
        return _Choice(PageValue(label.text, href, label.lang), number)

    listed = []
    for facet, values in shown.items():
        choices = [choice(facet, value, number) for value, number in values]
        chosen = choices.pop() if facet in selection.filters else None
        if chosen or choices:
            left_out = len(found[facet]) - len(values)
            listed.append(_Choices(facet.name, facet.title(language), chosen, choices, left_out))
    return listed
