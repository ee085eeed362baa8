"""Reads which part of a collection a request selects, checks each parameter, and links to other selections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plangraf.errors import ParameterError
from plangraf.http.resource.parameters import read_single
from plangraf.http.resource.resource import Asked
from plangraf.rdf.formats import CSV, GRAPH_FORMATS, HTML
from plangraf.sparql.named.binding import LANGUAGES, read_term
from plangraf.sparql.named.collection import RESERVED, Collection, Facet
from plangraf.sparql.named.head import Parameter

FORMATS = (*GRAPH_FORMATS, CSV, HTML)
USUAL_LIMIT = 100
MOST = 1_000

_VERSION = re.compile(r"[0-9a-f]{16}")
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of the things that have all values of `filters`.

    Links to other pages in the same form repeat the parameters `kept` and the address's `ending`.
    """

    collection: Collection
    filters: dict[Facet, str]
    page: int
    limit: int
    version: str | None
    kept: dict[str, str]
    ending: str

    @property
    def shown_limit(self) -> int | None:
        return self.limit if self.limit != USUAL_LIMIT else None

    def link(self, filters: Mapping[Facet, str], *, page: int = 1, but: str = "") -> str:
        """The query string of a link to a selection in the same version, without the parameter `but`."""
        chosen = {facet.name: facet.short(filters[facet]) for facet in self.collection.facets if facet in filters}
        if self.shown_limit is not None:
            chosen["limit"] = str(self.limit)
        if self.version is not None:
            chosen["version"] = self.version
        if page > 1:
            chosen["page"] = str(page)
        chosen |= {name: value for name, value in self.kept.items() if name != but}
        return f"?{urlencode(chosen, safe='/')}" if chosen else ""


def check_names(collection: Collection, given: Mapping[str, list[str]]) -> None:
    """Checks that the collection knows every parameter.

    Raises:
        ParameterError: one is unknown.
    """
    known = [*RESERVED, *(facet.name for facet in collection.facets)]
    for name in given:
        if name not in known:
            raise ParameterError(name, f"is not known to /{collection.path}. It takes: {', '.join(sorted(known))}.")


def read_selection(collection: Collection, asked: Asked) -> Selection:
    """Reads the selection from the request's parameters and checks each.

    Raises:
        ParameterError: one is malformed or repeated.
    """
    given = asked.given
    version = read_single(given, "version")
    if version is not None and not _VERSION.fullmatch(version):
        raise ParameterError("version", f"{version!r} is not the id of a version, 16 characters of 0-9 and a-f.")
    filters = {}
    for facet in collection.facets:
        if (value := read_single(given, facet.name)) is not None:
            filters[facet] = _resolve_value(facet, value)
    return Selection(
        collection,
        filters,
        _read_number(given, "page", 1),
        _read_number(given, "limit", USUAL_LIMIT, MOST),
        version,
        {name: given[name][-1] for name in ("format", "lang") if name in given},
        f".{asked.place.fixed.suffix}" if asked.place.fixed else "",
    )


def _read_number(given: dict[str, list[str]], name: str, usual: int, most: int | None = None) -> int:
    text = read_single(given, name)
    if text is None:
        return usual
    if not _WHOLE.fullmatch(text) or (most is not None and int(text) > most):
        raise ParameterError(name, f"{text!r} is not a whole number from 1{f' to {most}' if most else ''}.")
    return int(text)


def _resolve_value(facet: Facet, value: str) -> str:
    """Resolves the value of a filter: its text, or the IRI that it gives in full or in short.

    Raises:
        ParameterError: the value is malformed.
    """
    if facet.is_text or facet.parameter.type == "iri-or-code":
        return str(read_term(facet.name, facet.parameter, value).value)
    if ":" in value:
        return str(read_term(facet.name, Parameter(type="iri"), value).value)
    return facet.base + str(read_term(facet.name, facet.parameter, value).value)


def document_parameters(collection: Collection) -> list[dict[str, Any]]:
    """Documents the parameters for /openapi.json."""
    whole = {"type": "integer", "minimum": 1}
    found: list[dict[str, Any]] = [
        {"name": "page", "schema": {**whole, "default": 1}, "description": "Number of the page."},
        {
            "name": "limit",
            "schema": {**whole, "maximum": MOST, "default": USUAL_LIMIT},
            "description": "Things a page.",
        },
        {
            "name": "version",
            "schema": {"type": "string", "pattern": f"^{_VERSION.pattern}$"},
            "description": "The version whose page is meant, as the links of a page name it.",
        },
        {"name": "lang", "schema": {"type": "string", "enum": list(LANGUAGES)}, "description": "Language of names."},
        {"name": "format", "schema": {"type": "string", "enum": [format_.name for format_ in FORMATS]}},
    ]
    for facet in collection.facets:
        schema = {"type": "string"} | ({"pattern": facet.parameter.pattern} if facet.parameter.pattern else {})
        found.append(
            {
                "name": facet.name,
                "schema": schema,
                "description": f"{facet.en}: only things with this value.",
                "example": facet.parameter.example,
            }
        )
    return [{"in": "query", "required": False, **parameter} for parameter in found]
