"""`/pictures` and `/pictures/<name>`: the pictures that a version was published with, as page, SVG, PNG and rows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from pydantic import AfterValidator, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.errors.message import N_, Listed, Quoted, sentences
from plangraf.http.pipeline.browser_headers import EMBEDDABLE
from plangraf.http.resource.negotiation import split_ending
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.parameters import Negotiated
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.service import Service, pinned
from plangraf.pages.column_widths import column_widths, extent
from plangraf.rdf.formats import CSV, HTML, PLAIN_JSON, PNG, SVG, Format
from plangraf.store.pictures import Drawing, KeptPicture, KeptPictures
from plangraf.views.pictures.shown import ShownPicture, shown_picture

PATH = "/pictures"
# HTML last: a client without a wish gets data.
FORMATS = (PLAIN_JSON, CSV, SVG, PNG, HTML)
_NUMBER = re.compile(r"[0-9]{4}")


def resources(service: Service) -> Iterator[Resource]:
    yield PictureList()
    yield PictureEmbedded()
    yield PictureResource()


def _one_of(name: str, *values: str) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None and value not in values:
            raise ValueError(
                N_("%(value)s is not offered; use one of: %(choices)s.", value=Quoted(value), choices=Listed(values))
            )
        return value

    return AfterValidator(check)


def _municipality(value: str | None) -> str | None:
    if value is not None and not _NUMBER.fullmatch(value):
        raise ValueError(N_("%(value)s is not the number of a municipality such as 5001.", value=Quoted(value)))
    return value


_THEME = WithJsonSchema({"type": "string", "enum": ["light", "dark"]})
_CODE = WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}$"})


class Themed(Negotiated):
    theme: Annotated[str | None, _one_of("theme", "light", "dark"), _THEME] = Field(
        default=None, description="Colours of SVG and PNG, light or dark; light when absent."
    )


class EmbeddedParameters(Negotiated):
    municipality: Annotated[str | None, AfterValidator(_municipality), _CODE] = Field(
        default=None, description="Number of the municipality; the one with the most statements when absent."
    )


class PictureParameters(EmbeddedParameters, Themed):
    """The parameters of a picture."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """One entry of `/pictures`, in JSON."""

    name: str
    title: str
    reading: str
    state: str
    address: str
    municipalities: list[str]


class PictureList(Resource):
    path = PATH
    formats = (PLAIN_JSON, HTML)
    endings = False
    language = "page"
    operation = Operation(
        id="pictures",
        tag="Pictures",
        summary="The pictures that the version was published with",
        answer="All of them, also those that nothing could be drawn for",
        content=content((PLAIN_JSON, HTML)),
        others={},
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        kept = await run_in_threadpool(snapshot.contents.pictures)

        service = asked.service
        language = service.pages.spoken(asked.language) if asked.page else asked.language
        found = [(one, drawing) for one in kept.pictures.values() if (drawing := one.drawing(language)) is not None]

        async def write() -> bytes:
            if not asked.page:
                return orjson.dumps({"pictures": [_describe(one, drawing, asked) for one, drawing in found]})
            shown = [ShownPicture(one, language, drawing) for one, drawing in found]
            return service.pages.render("pictures.html", asked.language, pictures=shown, here=f"{service.prefix}{PATH}")

        return View(write=write, tag=_tag(asked, kept.digest))


def _describe(picture: KeptPicture, drawing: Drawing, asked: Asked) -> _Listed:
    return _Listed(
        picture.name,
        picture.title_in(asked.language),
        drawing.reading,
        drawing.state,
        f"{asked.service.address}{PATH}/{picture.name}",
        picture.municipalities,
    )


async def _find(request: Request, name: str, municipality: str | None) -> tuple[KeptPicture, str]:
    """The picture with a name, and the digest of all.

    Raises:
        ResourceNotFoundError: the version has no such picture, or none of the municipality.
    """
    kept: KeptPictures = await run_in_threadpool(pinned(request).snapshot.contents.pictures)
    picture = kept.pictures.get(name)
    if picture is None:
        near = difflib.get_close_matches(name, kept.pictures, n=1)
        hint = (
            sentences(N_("Did you mean %(meant)s?", meant=near[0]), N_("All pictures are at %(path)s.", path=PATH))
            if near
            else N_("All pictures are at %(path)s.", path=PATH)
        )
        raise ResourceNotFoundError(f"{PATH}/{name}", hint)
    if municipality is not None and municipality not in picture.municipalities:
        drawn = ", ".join(picture.municipalities)
        hint = (
            N_("It is drawn for %(municipalities)s.", municipalities=drawn)
            if drawn
            else N_("It is not drawn for single municipalities.")
        )
        raise ResourceNotFoundError(
            N_("the picture %(name)s of municipality %(municipality)s", name=name, municipality=municipality), hint
        )
    return picture, kept.digest


class Drawn(Resource):
    """A resource whose pictures and rows are in Bokmål unless `lang` names the language."""

    def _negotiate(self, request: Request, place: Place) -> Asked:
        asked = super()._negotiate(request, place)
        if asked.by_language and not asked.page:  # programs must name the language in `lang`
            return replace(asked, language="nb", by_language=False)
        return asked


class PictureResource(Drawn):
    """One picture: page, drawing and rows."""

    path = f"{PATH}/{{name}}"
    formats = FORMATS
    parameters = PictureParameters
    operation = Operation(
        id="picture",
        tag="Pictures",
        summary="A picture with its sentence and its equal table; .svg .png .csv .json fix the format",
        answer="The picture, or its rows",
        content=content(FORMATS),
        others={**NOT_FOUND, **PROBLEMS},
        examples={"name": "matrix"},
    )

    async def find(self, request: Request, place: Place) -> Place:
        name, fixed = split_ending(place.names["name"], FORMATS)
        found = await _find(request, name, place.parameters.municipality)
        return replace(place, path=f"{PATH}/{name}", fixed=fixed, thing=found)

    def address(self, asked: Asked, format_: Format) -> str | None:
        return f"{super().address(asked, format_)}{_query(asked)}"

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        picture, digest = asked.place.thing
        parameters = asked.place.parameters
        if asked.page:

            async def write() -> bytes:
                return await _write_page(asked, picture)

            return View(
                write=write, tag=_tag(asked, digest), canonical=f"{asked.service.settings.base_url}{asked.place.path}"
            )
        drawing = picture.drawing(asked.language, parameters.municipality)
        kind = asked.format.suffix + ("-dark" if asked.format.kind == "picture" and parameters.theme == "dark" else "")
        file = drawing.files.get(kind) if drawing is not None else None
        if file is None:
            raise ResourceNotFoundError(
                N_("a drawing of %(name)s", name=picture.name),
                drawing.reading if drawing is not None else N_("See %(path)s.", path=PATH),
            )
        kept = await run_in_threadpool(snapshot.contents.pictures)

        async def read() -> bytes:
            return await run_in_threadpool(kept.read, file)

        return View(write=read, tag=_tag(asked, file.sha256))


class PictureEmbedded(Resource):
    """A page with nothing but the picture and a link, which other sites may show in a frame."""

    path = f"{PATH}/{{name}}/embed"
    formats = (HTML,)
    endings = False
    parameters = EmbeddedParameters
    operation = Operation(
        id="pictureEmbedded",
        tag="Pictures",
        summary="A picture for the frame of another site",
        answer="A page with the picture and a link to its page",
        content=content((HTML,)),
        others={**NOT_FOUND, **PROBLEMS},
        examples={"name": "matrix"},
    )

    async def find(self, request: Request, place: Place) -> Place:
        name = place.names["name"]
        return replace(place, thing=await _find(request, name, place.parameters.municipality))

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        picture, digest = asked.place.thing
        municipality = asked.place.parameters.municipality

        async def write() -> bytes:
            shown = await shown_picture(
                snapshot, picture.name, asked.service.pages.spoken(asked.language), municipality
            )
            assert shown is not None  # `find` has looked
            return asked.service.pages.render("picture_embed.html", asked.language, picture=shown)

        return View(write=write, tag=_tag(asked, digest), headers=EMBEDDABLE)


async def _write_page(asked: Asked, picture: KeptPicture) -> bytes:
    service, municipality = asked.service, asked.place.parameters.municipality
    shown = await shown_picture(service.snapshot, picture.name, service.pages.spoken(asked.language), municipality)
    assert shown is not None  # `find` has looked
    kept = await run_in_threadpool(service.snapshot.contents.pictures)
    choices = [
        (number, kept.municipalities.get(number, {}).get(asked.language, number)) for number in picture.municipalities
    ]
    query = urlencode({"query": shown.drawing.query}) if shown.drawing.query else ""
    path = f"{service.prefix}{asked.place.path}"
    here = f"{path}?municipality={municipality}" if municipality else path
    return service.pages.render(
        "picture.html",
        asked.language,
        picture=shown,
        widths=column_widths(shown.columns, ([extent([cell.text]) for cell in row] for row in shown.cells)),
        choices=choices if len(choices) > 1 else [],
        query=query,
        named_query=picture.named_query,
        not_drawn=picture.not_drawn,
        canonical=f"{service.address}{asked.place.path}",
        alternates=asked.alternates,
        here=here,
    )


def _tag(asked: Asked, digest: str) -> str:
    """The tag of an answer that changes when a build draws the same version anew, which has no new id."""
    municipality = getattr(asked.place.parameters, "municipality", None) or ""
    return asked.service.own_tag(asked.place.path, asked.format.name, asked.language, municipality, digest)


def _query(asked: Asked) -> str:
    """The parameters that name the same view in another format."""
    given: Any = asked.place.parameters
    named = {"lang": asked.language if asked.language != "nb" else None, "municipality": given.municipality}
    named["theme"] = getattr(given, "theme", None)
    text = urlencode({name: value for name, value in named.items() if value is not None})
    return f"?{text}" if text else ""
