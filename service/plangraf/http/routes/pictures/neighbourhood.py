"""`/pictures/neighbourhood?iri=…`: a thing with what it links to and what links to it, drawn when it is asked for.

The page begins with the drawing, whose names lead to the neighbours of what they name. Where the script for walking was
built, the page offers a graph in its place that grows; the script reads the neighbours here as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from pydantic import AfterValidator, Field, WithJsonSchema
from pyoxigraph import NamedNode
from starlette.requests import Request

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.pictures.drawn import PATH, Drawn, Themed
from plangraf.http.service import Service
from plangraf.pages.built_scripts import walk_script
from plangraf.pages.neighbourhood_svg import neighbourhood_svg
from plangraf.pages.words import words
from plangraf.rdf.formats import HTML, PLAIN_JSON, SVG
from plangraf.rdf.namespaces import ID
from plangraf.sparql.named.binding import read_iri
from plangraf.views.document_parts import document_path
from plangraf.views.pictures.neighbourhood import Neighbourhood, find_neighbourhood

_FORMATS = (SVG, PLAIN_JSON, HTML)


def resources(service: Service) -> Iterator[Resource]:
    yield NeighbourhoodResource()


def _iri(value: str | None) -> NamedNode | None:
    return read_iri(value) if value else None


_IRI = WithJsonSchema({"type": "string", "format": "iri"})


class NeighbourhoodParameters(Themed):
    iri: Annotated[str | NamedNode | None, AfterValidator(_iri), _IRI] = Field(
        default=None,
        description="IRI of the thing; without it, the page asks for one.",
        examples=[f"{ID}5001/perspective/2020-7"],
    )


class NeighbourhoodResource(Drawn):
    path = f"{PATH}/neighbourhood"
    formats = _FORMATS
    parameters = NeighbourhoodParameters
    operation = Operation(
        id="neighbourhood",
        tag="Pictures",
        summary="A thing with what it links to and what links to it",
        answer="The picture, or its names and links; the page has the same as a table",
        content=content(_FORMATS),
        others={**NOT_FOUND, **PROBLEMS},
    )

    async def find(self, request: Request, place: Place) -> Place:
        return place

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        given = asked.place.parameters
        thing: NamedNode | None = given.iri

        async def write() -> bytes:
            if thing is None:
                return _page(asked, None)
            service, language = asked.service, asked.language
            names = {iri: labels[language] for iri, labels in service.pages.labels.items() if language in labels}
            found = await find_neighbourhood(snapshot, thing, language, names)
            if found is None:
                raise ResourceNotFoundError(f"{thing.value}", N_("Give the IRI of a thing of the data."))
            if asked.format == PLAIN_JSON:
                return orjson.dumps(_describe(asked, found))
            return _page(asked, found) if asked.page else _draw(asked, found, theme=given.theme or "light")

        if thing is None and not asked.page:
            example = f"{self.path}?iri={ID}5001/plan/2020-2023-7"
            raise ResourceNotFoundError(
                N_("a neighbourhood of nothing"), N_("Name a thing: %(example)s.", example=example)
            )
        key = (thing.value if thing is not None else "", asked.language, given.theme or "")
        return View(write=write, key=key)


def _walk(asked: Asked, iri: str) -> str:
    return f"{asked.service.prefix}{PATH}/neighbourhood?iri={quote(iri, safe='')}&lang={asked.language}"


def _describe(asked: Asked, found: Neighbourhood) -> dict[str, Any]:
    """The neighbourhood in JSON; `drawn` is how many neighbours of a group a picture shows, and `href` a document."""
    prefix = asked.service.prefix
    return {
        "iri": found.iri,
        "label": found.label,
        "href": prefix + document_path(found.iri),
        "more": found.more,
        "groups": [
            {
                "direction": group.direction,
                "link": group.link,
                "label": group.label,
                "interpreted": group.interpreted,
                "drawn": len(group.drawn),
                "neighbours": [
                    {"iri": one.iri, "label": one.label, "lang": one.lang, "href": prefix + document_path(one.iri)}
                    for one in group.neighbours
                ],
            }
            for group in found.groups
        ],
    }


def _draw(asked: Asked, found: Neighbourhood, theme: str | None) -> bytes:
    own = words(asked.language)

    def more(number: int) -> str:
        return own.ngettext("and one more", "and %(num)s more", number)

    headings = own.gettext("Links to this"), own.gettext("This links to")
    return neighbourhood_svg(found, lambda iri: _walk(asked, iri), more, headings, theme)  # type: ignore[arg-type]  # light or dark


def _page(asked: Asked, found: Neighbourhood | None) -> bytes:
    drawing = _draw(asked, found, None).decode() if found is not None else ""
    prefix = asked.service.prefix
    return asked.service.pages.render(
        "neighbourhood.html",
        asked.language,
        found=found,
        drawing=drawing,
        document=prefix + document_path(found.iri) if found is not None else None,
        document_path=lambda iri: prefix + document_path(iri),
        walk=lambda iri: _walk(asked, iri),
        walking=_walking(asked),
        svg=f"{prefix}{PATH}/neighbourhood.svg?iri={quote(found.iri, safe='')}&lang={asked.language}" if found else "",
        example=f"{ID}5001/plan/2020-2023-7",
        here=f"{prefix}{PATH}/neighbourhood" + (f"?iri={quote(found.iri, safe='')}" if found is not None else ""),
    )


def _walking(asked: Asked) -> dict[str, Any] | None:
    """What the script of the page is told: addresses, and its words, in which it replaces %(thing)s and %(num)s itself.

    None where the script was not built.
    """
    script = walk_script()
    if script is None:
        return None
    own, prefix = words(asked.language), asked.service.prefix
    return {
        "script": f"{prefix}/static/{script}",
        "data": f"{prefix}{PATH}/neighbourhood.json?lang={asked.language}",
        "page": f"{prefix}{PATH}/neighbourhood?lang={asked.language}",
        "in": own.gettext("Links to this"),
        "out": own.gettext("This links to"),
        "reading": own.gettext("our reading"),
        "show": own.gettext("Show"),
        "hide": own.gettext("Hide"),
        "of": own.gettext("the neighbours of %(thing)s"),
        "around": own.gettext("Around %(thing)s"),
        "close": own.gettext("Close"),
        "start": own.gettext("Walk in the picture"),
        "leave": own.gettext("Leave the graph"),
        "one": own.ngettext("and one more", "and %(num)s more", 1),
        "more": own.ngettext("and one more", "and %(num)s more", 2, num="%(num)s"),
        "drawn": own.gettext("A graph of %(thing)s and %(num)s names around it. The table below has the same."),
        "walking": own.gettext("The picture is now a graph. The table has buttons that open neighbours."),
        "opened": own.gettext("Opened: %(thing)s. New names in the picture: %(num)s."),
        "closed": own.gettext("Closed: %(thing)s."),
        "failed": own.gettext("The neighbours of %(thing)s could not be fetched. Try again."),
        "unloaded": own.gettext("The graph could not be fetched. Try again."),
    }
