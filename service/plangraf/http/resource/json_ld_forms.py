"""Which form of JSON-LD a client gets: by profile, and as application/json with its context in a header.

The profiles are those of https://www.w3.org/TR/json-ld11/#application-ld-json and of
https://www.w3.org/TR/json-ld11-streaming/; the profile of the answer's Content-Type is true of it always.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from plangraf.http.resource.negotiation import named_as
from plangraf.http.resource.parameters import accept
from plangraf.http.service import Service
from plangraf.rdf.formats import JSON_LD
from plangraf.rdf.jsonld.context import Context
from plangraf.rdf.jsonld.profiles import PROFILE, SHAPES, STREAMING, write_as
from plangraf.views.describe import Description

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class JsonLdForm:
    """One form: the media type that it is sent as, and the profiles that it is told to have."""

    media_type: str
    profiles: tuple[str, ...]

    @property
    def name(self) -> str:
        return " ".join((self.media_type, *self.profiles))

    @property
    def content_type(self) -> str:
        if not self.profiles or self.media_type != JSON_LD.media_type:
            return self.media_type
        return f'{self.media_type}; profile="{" ".join(PROFILE + profile for profile in self.profiles)}"'


PLAIN = JsonLdForm(JSON_LD.media_type, ())


def form_of(request: Request) -> JsonLdForm:
    """The form that the Accept header of a request for JSON-LD asks for; profiles that there are not are left out."""
    media_type, asked = named_as(accept(request), JSON_LD)
    if media_type != JSON_LD.media_type:
        return JsonLdForm(media_type, ())
    shape = next((profile for profile in SHAPES if PROFILE + profile in asked), None)
    streaming = PROFILE + STREAMING in asked
    return JsonLdForm(media_type, (*([shape] if shape else []), *([STREAMING] if streaming else [])))


def links_of(service: Service, form: JsonLdForm) -> list[str]:
    """What a Link header says of the form: plain JSON becomes JSON-LD by it."""
    if form.media_type != _JSON:
        return []
    relation = "http://www.w3.org/ns/json-ld#context"
    return [f'<{service.context.address}>; rel="{relation}"; type="{JSON_LD.media_type}"']


def written_as(context: Context, description: Description, form: JsonLdForm) -> bytes:
    """The JSON-LD of a document in one form."""
    return write_as(form.profiles, context, description.thing, description.graph, description.frame)
