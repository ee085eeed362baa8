"""The head of a collection's file as it is written: the forms of titles, columns, facets and orders.

First step of a collection: `queries/collections/<name>.rq` → head → columns, facets and order as graph patterns.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from plangraf.sparql.named.head import LAST, NAME, Parameter, Strict, Titled, Words

Curie = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[A-Za-z][A-Za-z0-9_-]*$")]
Steps = Annotated[list[Words], Field(min_length=2, max_length=2)]

RESERVED = ("page", "limit", "version", "format", "lang")
"""Parameters that every collection has, so that no facet can take their names."""


class ColumnForm(Titled):
    """One column. `path` is a property, or two where the second one is of what the first points to.

    Without a path the column holds the last part of the thing's IRI. `else` is a property that stands in where the
    first one is absent; `links` says that the values are things.
    """

    path: Curie | Annotated[list[Curie], Field(min_length=2, max_length=2)] | None = None
    otherwise: Curie | None = Field(default=None, alias="else")
    links: bool = False


class StandsFor(Strict):
    """A text that means a thing: the `property` that holds it, and the `key` of the thing's IRI below /id/."""

    property: Curie
    key: Annotated[str, StringConstraints(pattern=r"\{value\}")]


class FacetForm(Titled):
    """One facet: what leads from a thing to a value, and how a request writes the value.

    `path` is a SPARQL property path, or two of them that are asked for one after the other, where many things share
    few others. `graph: true` takes the municipality from the name of the graph that states the class instead.
    `is` is the class of the only values that count. `values` are things, texts, or the years of dates.
    `codes` is where the short names of things begin: `id`, `sdg`, `scheme/<name>` or a prefix; `only-codes` leaves
    other things out. `property` is what Hydra calls the facet, the last property of the path when absent.
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
    """What decides an order over a step: `then` is a path on from the values of `path` that are of the class `is`."""

    path: Words
    is_: Curie = Field(alias="is")
    then: Words


class CollectionHead(Strict):
    """What a head says of a collection.

    `position` is its place among the others, the last ones when absent. `order` are paths whose values decide one
    after the other, then the IRI. `minor` things have no address of their own in the sitemap.
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
    """Columns and facets that several collections have, by the names under which their heads refer to them."""

    columns: dict[str, ColumnForm] = Field(default_factory=dict)
    facets: dict[str, FacetForm] = Field(default_factory=dict)
