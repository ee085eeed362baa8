"""A collection: its things, their order, its columns and facets.

One file, `queries/collections/<name>.rq`, declares it: a head of `#+` lines, and a query `SELECT ?thing` whose pattern
selects the things. Columns are properties of the thing or of its values, because then table, CSV and graph of a page
hold the same data. Facets and orders are graph patterns from `?thing` to `?value`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from plangraf.rdf.namespaces import ID, PLAN
from plangraf.sparql.named.head import Parameter

# The same pattern by which the reader of a request recognises a code.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_OURS = re.compile(f"<({re.escape(PLAN)}[^>]*)>")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` holds one property, or two that are followed one after the other.

    An empty path shows the last part of the thing's IRI, for things without a name. `other` is the fallback property.
    `links` marks a column of things.
    """

    name: str
    nb: str
    en: str
    path: tuple[str, ...]
    other: str | None = None
    links: bool = False

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter. `pattern` binds ?value for ?thing; `property` is its name in hydra:search.

    Values are texts (`is_text`) or things. A request names a thing by its IRI or by the part after `base`. When many
    things share few others, as plans share perspectives, two queries are faster than one: `through` binds ?step for
    ?thing, and `pattern` binds ?value for ?step. A text may stand for a thing: `key_property` holds the text, and `key`
    is the path of the thing with {value} for the text.
    """

    name: str
    nb: str
    en: str
    pattern: str
    property: str
    parameter: Parameter
    base: str = ID
    is_text: bool = False
    through: str | None = None
    key_property: str | None = None
    key: str | None = None

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def short(self, value: str) -> str:
        """The short form of a value in links: its code, if it has one."""
        if self.is_text or not value.startswith(self.base):
            return value
        short = value.removeprefix(self.base)
        return short if _CODE.fullmatch(short) else value

    def exists(self, value: str) -> str | None:
        """The ASK query whether the data contain a value; None when every well-formed value is valid."""
        if self.is_text:
            return f'ASK {{ ?thing <{self.key_property}> "{value}" }}' if self.key_property else None
        return f"ASK {{ {{ <{value}> ?p ?o }} UNION {{ ?s ?p <{value}> }} }}"

    def thing(self, value: str) -> str | None:
        """The thing whose label explains a value; None for a value that needs no explanation."""
        if self.is_text:
            return ID + self.key.format(value=value) if self.key else None
        return value


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection at `/<path>`. The values of the patterns in `order` sort it, in turn, then the IRI.

    `narrowed` is the query when its pattern restricts more than the classes. `minor` things are absent from the
    sitemap, because the pages of other things show them.
    """

    path: str
    classes: tuple[str, ...]
    nb: str
    en: str
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    facets: tuple[Facet, ...]
    summary: str = ""
    narrowed: str | None = None
    minor: bool = False

    def title(self, language: str) -> str:
        return self.nb if language == "nb" else self.en

    def usable(self, terms: frozenset[str]) -> Collection:
        """The collection without the classes, orders and facets that need other terms of ours than these.

        All columns stay, because a table has the same columns in every version.
        """

        def known(*patterns: str | None) -> bool:
            return all(term in terms for pattern in patterns if pattern for term in _OURS.findall(pattern))

        return replace(
            self,
            classes=tuple(iri for iri in self.classes if known(f"<{iri}>", self.narrowed)),
            order=tuple(pattern for pattern in self.order if known(pattern)),
            facets=tuple(facet for facet in self.facets if known(facet.pattern, facet.through)),
        )

    @property
    def members(self) -> str:
        """The graph pattern of all things; it matches a thing once per class."""
        classes = " ".join(f"<{iri}>" for iri in self.classes)
        narrowed = f" {{ {self.narrowed} }}" if self.narrowed else ""
        return f"VALUES ?class {{ {classes} }} ?thing a ?class .{narrowed}"
