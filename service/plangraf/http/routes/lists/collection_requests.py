"""Reads which part of a collection a request selects, checks each parameter, and links to other selections."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from pydantic import BeforeValidator, ConfigDict, Field

from plangraf.errors.message import N_, Listed, Quoted
from plangraf.http.resource.parameters import Negotiated
from plangraf.http.resource.resource import Place
from plangraf.rdf.formats import CSV, GRAPH_FORMATS, HTML, PARQUET, RESULT_FORMATS
from plangraf.sparql.named.binding import read_iri, read_value
from plangraf.sparql.named.collection import Collection, Facet, Sort
from plangraf.sparql.named.parameter_model import DeclaredField, Refusal, declare, field_name, make_model

INDEX_FORMATS = (*GRAPH_FORMATS, CSV, HTML)
FORMATS = (*INDEX_FORMATS[:-1], *(one for one in RESULT_FORMATS if one == PARQUET), HTML)
USUAL_LIMIT = 100
MOST = 1_000
SORT = "sort"
NONE = "*"
"""The value of a filter or of `sort` that chooses nothing, because the control of a form always has a value."""

_WHOLE = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Selection:
    """One page of the things that have all values of `filters`, in the collection's own order unless `sort` is given.

    Links to other pages in the same form repeat the parameters `kept` and the address's `ending`. `open` tells that the
    request named a filter or an order with the value that stands for none, as the form of a page does.
    """

    collection: Collection
    filters: dict[Facet, str]
    sort: Sort | None
    page: int
    limit: int
    version: str | None
    kept: dict[str, str]
    ending: str
    open: bool

    @property
    def shown_limit(self) -> int | None:
        return self.limit if self.limit != USUAL_LIMIT else None

    @property
    def carried(self) -> dict[str, str]:
        """The parameters beside filters, order and page, which a form repeats."""
        limit = {"limit": str(self.limit)} if self.shown_limit is not None else {}
        return limit | ({"version": self.version} if self.version is not None else {}) | self.kept

    def link(self, filters: Mapping[Facet, str], *, sort: Sort | None = None, page: int = 1, but: str = "") -> str:
        """The query string of a link to a selection in the same version, without the parameter `but`."""
        chosen = {facet.name: facet.short(filters[facet]) for facet in self.collection.facets if facet in filters}
        if sort is not None:
            chosen[SORT] = str(sort)
        chosen |= {name: value for name, value in self.carried.items() if name != but}
        if page > 1:
            chosen["page"] = str(page)
        return f"?{urlencode(chosen, safe='/')}" if chosen else ""


def _read_whole(text: object) -> int:
    if isinstance(text, str) and _WHOLE.fullmatch(text):
        return int(text)
    raise ValueError


_Whole = Annotated[int, BeforeValidator(_read_whole)]


class CollectionParameters(Negotiated):
    """The parameters of every collection; a facet adds one."""

    model_config = ConfigDict(extra="forbid")

    page: Annotated[_Whole, Refusal(N_("is not a whole number from 1."))] = Field(
        default=1, ge=1, description="Number of the page."
    )
    limit: Annotated[_Whole, Refusal(N_("is not a whole number from 1 to %(limit)s.", limit=MOST))] = Field(
        default=USUAL_LIMIT, ge=1, le=MOST, description="Things a page."
    )
    version: Annotated[str | None, Refusal(N_("is not the id of a version, 16 characters of 0-9 and a-f."))] = Field(
        default=None,
        pattern="^[0-9a-f]{16}$",
        description="The version whose page is meant, as the links of a page name it.",
    )


def collection_parameters(collection: Collection) -> type[CollectionParameters]:
    """Makes the model of a collection's parameters; the value of a facet is its text, or the IRI of its thing."""
    fields = {facet.name: _declare(facet) for facet in collection.facets}
    return make_model(f"/{collection.path}", CollectionParameters, {SORT: _declare_sort(collection), **fields})


def _declare_sort(collection: Collection) -> DeclaredField:
    names = [column.name for column in collection.columns]
    return declare(
        SORT,
        partial(_read_sort, names),
        {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]},
        "Column that decides the order, with - before it for the greatest first; things without a value stand last, "
        "and equal ones in the list's own order.",
        names[0],
        optional=True,
    )


def _read_sort(names: Sequence[str], value: str) -> str:
    if value != NONE and value.removeprefix("-") not in names:
        raise ValueError(
            N_(
                "%(value)s is not a column to sort by. Use one of: %(choices)s; with - before it for the "
                "greatest first.",
                value=Quoted(value),
                choices=Listed(names),
            )
        )
    return value


def _declare(facet: Facet) -> DeclaredField:
    pattern = facet.parameter.pattern
    return declare(
        facet.name,
        partial(_resolve_value, facet),
        {"type": "string"} | ({"pattern": pattern} if pattern else {}),
        f"{facet.en}: only things with this value.",
        facet.parameter.example,
        optional=True,
    )


def read_selection(collection: Collection, place: Place) -> Selection:
    """The selection that a request asks for."""
    given: CollectionParameters = place.parameters
    values = {facet: getattr(given, field_name(facet.name)) for facet in collection.facets}
    sort = getattr(given, field_name(SORT))
    return Selection(
        collection,
        {facet: value for facet, value in values.items() if value not in (None, NONE)},
        _sort_of(collection, sort),
        given.page,
        given.limit,
        given.version,
        ({"format": given.format[-1]} if given.format else {}) | ({"lang": given.lang} if given.lang else {}),
        f".{place.fixed.suffix}" if place.fixed else "",
        NONE in (sort, *values.values()),
    )


def _sort_of(collection: Collection, value: str | None) -> Sort | None:
    if value in (None, NONE):
        return None
    name = value.removeprefix("-")
    return Sort(next(column for column in collection.columns if column.name == name), value != name)


def _resolve_value(facet: Facet, value: str) -> str:
    """Resolves the value of a filter: its text, or the IRI that it gives in full or in short.

    Raises:
        ValueError: the value is malformed.
    """
    if value == NONE:
        return NONE
    if facet.is_text or facet.parameter.type == "iri-or-code":
        return str(read_value(facet.parameter, value).value)
    if ":" in value:
        return read_iri(value).value
    return facet.base + str(read_value(facet.parameter, value).value)
