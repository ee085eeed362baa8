"""The head of a collection's file: the forms of titles, columns, facets and orders.

It is the first step of a collection: `queries/collections/<name>.rq` → head → columns, facets and order as patterns.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from plangraf.sparql.named.head import LAST, NAME, Parameter, Strict, Titled, Words

Curie = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9_-]*$")]
Steps = Annotated[list[Words], Field(min_length=2, max_length=2)]

RESERVED = ("page", "limit", "version", "format", "lang")
"""Parameters of every collection. A facet cannot have one of these names."""


class ColumnForm(Titled):
    """One column. `path` is one property, or two that are followed one after the other.

    Without a path the column holds the last part of the thing's IRI. `else` is the fallback property; `links` marks a
    column of things.
    """

    path: Curie | Annotated[list[Curie], Field(min_length=2, max_length=2)] | None = None
    otherwise: Curie | None = Field(default=None, alias="else")
    links: bool = False


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
    the path.
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
    turn, then the IRI. `minor` things are absent from the sitemap.
    """

    title: Titled
    summary: Words
    position: int = LAST
    order: tuple[Words | OrderForm, ...] = Field(default=(), strict=False)
    columns: dict[str, ColumnForm] = Field(min_length=1)
    facets: dict[str, FacetForm] = Field(default_factory=dict)
    minor: bool = False

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
