"""A collection: its things, their order, its columns and facets.

One file, `queries/collections/<name>.rq`, declares it: a head of `#+` lines, and a query `SELECT ?thing` whose pattern
selects the things. Columns are properties of the thing or of its values, because then table, CSV and graph of a page
hold the same data. Facets and orders are graph patterns from `?thing` to `?value`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Protocol, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from plangraf.rdf.namespaces import ID, PLAN
from plangraf.sparql.named.head import LAST, NAME, Parameter, Strict, Titled, Words

Curie = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9_-]*$")]
Steps = Annotated[list[Words], Field(min_length=2, max_length=2)]

RESERVED = ("page", "limit", "sort", "version", "format", "lang")
"""Parameters of every collection. A facet cannot have one of these names."""
# The same pattern by which the reader of a request recognises a code.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_OURS = re.compile(f"<({re.escape(PLAN)}[^>]*)>")


class ColumnForm(Titled):
    """One column. `path` is one property, or two that are followed one after the other.

    Without a path the column holds the last part of the thing's IRI. `else` is the fallback property; `links` marks a
    column of things. A page shows the things of a column with a `tag` by that property alone, such as a number.
    """

    path: Curie | Annotated[list[Curie], Field(min_length=2, max_length=2)] | None = None
    otherwise: Curie | None = Field(default=None, alias="else")
    links: bool = False
    tag: Curie | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.tag and not self.links:
            raise ValueError("`tag` is for a column of things, with `links: true`")
        return self


class StandsFor(Strict):
    """A text that stands for a thing: `property` holds the text, `key` is the path of the thing below /id/."""

    property: Curie
    key: Annotated[str, StringConstraints(pattern=r"\{value\}")]


class FacetForm(Titled):
    """One facet: the path from a thing to its values, and the form of a value in a request.

    `path` is a SPARQL property path, or two of them that two queries follow, when many things share few others. `graph:
    true` reads the municipality from the IRI of the graph instead. `is` restricts the values to one class. `values` are
    things, texts, or the years of dates. `codes` is the base of short names: `id`, `sdg`, `scheme/<name>` or a prefix;
    `only-codes` drops values outside the base. `property` is the facet's name in Hydra, by default the last property of
    the path. A page shows `tag`, such as the number of a thing, before its name.
    """

    path: Words | Steps | None = None
    graph: bool = False
    is_: Curie | None = Field(default=None, alias="is")
    values: Literal["things", "texts", "years"] = "things"
    codes: Annotated[str, StringConstraints(pattern=r"^(scheme/)?[a-z][a-z0-9-]*$")] = "id"
    only_codes: bool = Field(default=False, alias="only-codes")
    property: Curie | None = None
    stands_for: StandsFor | None = Field(default=None, alias="stands-for")
    pattern: str | None = None
    tag: Curie | None = None
    example: Words

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        return Parameter(type="code", pattern=value).pattern

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.path is None) == (not self.graph):
            raise ValueError("a facet has either a path or `graph: true`")
        if self.graph and (self.values != "texts" or self.property is None):
            raise ValueError("`graph: true` needs `values: texts` and a property")
        if self.values != "things" and (self.is_ or self.only_codes or self.codes != "id"):
            raise ValueError("`is`, `codes` and `only-codes` are for things")
        if self.values != "texts" and (self.pattern or self.stands_for):
            raise ValueError("`pattern` and `stands-for` are for texts")
        return self


class OrderForm(Strict):
    """An order with two steps: `path` leads to things of the class `is`, and `then` from these to the values."""

    path: Words
    is_: Curie = Field(alias="is")
    then: Words


class CollectionHead(Strict):
    """The head of a collection.

    `position` sorts the collections; one without it comes last. The values of the paths in `order` sort the things, in
    turn, then the IRI. `minor` things are absent from the sitemap. `when-empty` tells a reader why a version has no
    such thing and how to get some; a collection that the shipped data leave empty must have it. `search` ranks the
    things among equal hits of a search, from 0 to 1; 0 leaves them out, because they have no name that one looks for.
    """

    title: Titled
    summary: Words
    position: int = LAST
    order: tuple[Words | OrderForm, ...] = Field(default=(), strict=False)
    columns: dict[str, ColumnForm] = Field(min_length=1)
    facets: dict[str, FacetForm] = Field(default_factory=dict)
    minor: bool = False
    search: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.5
    when_empty: Titled | None = Field(default=None, alias="when-empty")

    @field_validator("columns", "facets")
    @classmethod
    def _names(cls, value: dict[str, Titled]) -> dict[str, Titled]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a name that CSV and a web address both allow")
        return value

    @field_validator("facets")
    @classmethod
    def _free(cls, value: dict[str, FacetForm]) -> dict[str, FacetForm]:
        if taken := [name for name in RESERVED if name in value]:
            raise ValueError(f"{taken[0]!r} is a parameter that every collection has")
        return value


class Shared(Strict):
    """Columns and facets that several collections share, by the names that their heads refer to."""

    columns: dict[str, ColumnForm] = Field(default_factory=dict)
    facets: dict[str, FacetForm] = Field(default_factory=dict)


Further = tuple[tuple[str, str], ...]
"""The titles in further languages, each with its tag."""


class _Named(Protocol):
    @property
    def nb(self) -> str: ...

    @property
    def en(self) -> str: ...

    @property
    def further(self) -> Further: ...


def _in_language(named: _Named, language: str) -> str:
    """The title in a language; in Bokmål where it has none in that language."""
    return named.en if language == "en" else dict(named.further).get(language, named.nb)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` holds one property, or two that are followed one after the other.

    An empty path shows the last part of the thing's IRI, for things without a name. `other` is the fallback property.
    `links` marks a column of things, and `tag` is the property that stands for them on a page.
    """

    name: str
    nb: str
    en: str
    path: tuple[str, ...]
    other: str | None = None
    links: bool = False
    tag: str | None = field(default=None, repr=False)
    further: Further = field(default=(), repr=False)

    def title(self, language: str) -> str:
        return _in_language(self, language)


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter. `pattern` binds ?value for ?thing; `property` is its name in hydra:search.

    Values are texts (`is_text`) or things. A request names a thing by its IRI or by the part after `base`. When many
    things share few others, as plans share perspectives, two queries are faster than one: `through` binds ?step for
    ?thing, and `pattern` binds ?value for ?step. A text may stand for a thing: `key_property` holds the text, and `key`
    is the path of the thing with {value} for the text. A page shows the property `tag` before a thing's name.
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
    tag: str | None = field(default=None, repr=False)
    further: Further = field(default=(), repr=False)

    def title(self, language: str) -> str:
        return _in_language(self, language)

    def short(self, value: str) -> str:
        """The short form of a value in links: its code, if it has one."""
        if self.is_text or not value.startswith(self.base):
            return value
        short = value.removeprefix(self.base)
        return short if _CODE.fullmatch(short) else value

    def full(self, short: str) -> str:
        """The value that a code or an IRI gives; see `short`."""
        return short if self.is_text or ":" in short else self.base + short

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
class Sort:
    """An order that a request asks for: by one column, from the least or from the greatest value."""

    column: Column
    descending: bool = False

    def __str__(self) -> str:
        """The value of the parameter `sort`."""
        return f"-{self.column.name}" if self.descending else self.column.name


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection at `/<path>`. The values of the patterns in `order` sort it, in turn, then the IRI.

    `narrowed` is the query when its pattern restricts more than the classes. `minor` things are absent from the
    sitemap, because the pages of other things show them. `when_empty` explains why a
    version may have none of the things. `search` is the rank of its things in a search, 0 for none.
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
    when_empty: Titled | None = field(default=None, repr=False)
    search: float = 0.5
    further: Further = field(default=(), repr=False)

    def title(self, language: str) -> str:
        return _in_language(self, language)

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
