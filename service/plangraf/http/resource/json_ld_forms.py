"""Chooses the form of JSON-LD that a client gets: by profile, or as application/json with its context in a header.

The profiles are those of https://www.w3.org/TR/json-ld11/#application-ld-json and of
https://www.w3.org/TR/json-ld11-streaming/. The Content-Type names a profile only when the answer conforms to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from plangraf.http.resource.negotiation import match_media_type
from plangraf.http.resource.parameters import accept_header
from plangraf.http.service import Service
from plangraf.rdf.formats import JSON_LD
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.jsonld_documents import PROFILE, SHAPES, STREAMING, write_as
from plangraf.views.describe import Description

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class JsonLdForm:
    """One form: its media type and the profiles that its Content-Type names."""

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


def choose_form(request: Request) -> JsonLdForm:
    """Chooses the form that the Accept header of a request for JSON-LD names; ignores unknown profiles."""
    media_type, asked = match_media_type(accept_header(request), JSON_LD)
    if media_type != JSON_LD.media_type:
        return JsonLdForm(media_type, ())
    shape = next((profile for profile in SHAPES if PROFILE + profile in asked), None)
    streaming = PROFILE + STREAMING in asked
    return JsonLdForm(media_type, (*([shape] if shape else []), *([STREAMING] if streaming else [])))


def context_links(service: Service, form: JsonLdForm) -> list[str]:
    """The elements of the Link header for a form: plain JSON becomes JSON-LD by the link to its context."""
    if form.media_type != _JSON:
        return []
    relation = "http://www.w3.org/ns/json-ld#context"
    return [f'<{service.context.address}>; rel="{relation}"; type="{JSON_LD.media_type}"']


def write_form(context: Context, description: Description, form: JsonLdForm) -> bytes:
    """Writes the JSON-LD of a document in one form."""
    return write_as(form.profiles, context, description.thing, description.graph, description.frame)
