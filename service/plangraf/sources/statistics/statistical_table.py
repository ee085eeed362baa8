"""A statistical table as read: dimensions with codes, and the values by position in row-major order.

The model is that of JSON-stat 2.0 (https://json-stat.org/full/); the readers of other formats fill the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import prod
from typing import Literal

Role = Literal["time", "geo", "metric"]
"""What a dimension is: periods, areas, or the contents of the table (what is counted)."""

ROLES: tuple[Role, ...] = ("time", "geo", "metric")


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of values as the source words it, and the number of decimals that it publishes."""

    base: str | None
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a dimension. The fields after `label` are only given for contents codes.

    Attributes:
        code: the code as text, never a number: `0301` is not `301`.
        label: its name in the source.
        unit: the unit of its values.
        reference_time: the time within a period that its values are about, such as `31.12.`.
        measuring_type: `Stock`, `Flow` or `Average`, as the source says.
        price_type: `Current` or `Fixed`, as the source says.
    """

    code: str
    label: str | None = None
    unit: Unit | None = None
    reference_time: str | None = None
    measuring_type: str | None = None
    price_type: str | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension with its codes in the order of the source."""

    code: str
    label: str
    codes: tuple[Code, ...]
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the source: on the table, on a dimension, or on one of its codes."""

    text: str
    mandatory: bool = False
    dimension: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table, complete and consistent as far as its reader checked.

    Attributes:
        name: the identifier of the table at its source, such as `07459`.
        label: its title in `language`.
        language: a language tag, such as `nb`.
        dimensions: in the order that gives the positions.
        positions: positions of the observations in row-major order, each once, ascending.
        values: the value at each position; None for a missing one.
        statuses: the status symbol by position, as printed; most positions have none.
        unit: the unit of all values whose contents code has none of its own.
        source: the office, as the table names it.
        updated: when the source last changed the table, an xsd:dateTime or xsd:date.
        licence: IRI of the licence.
        address: where the table is published.
    """

    name: str
    label: str
    language: str
    dimensions: tuple[Dimension, ...]
    positions: Sequence[int]
    values: Sequence[Decimal | None]
    statuses: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    unit: Unit | None = None
    source: str | None = None
    updated: str | None = None
    licence: str | None = None
    address: str | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(dimension.codes) for dimension in self.dimensions)

    @property
    def capacity(self) -> int:
        """The number of positions, most or all of which have an observation."""
        return prod(self.sizes)

    @property
    def strides(self) -> tuple[int, ...]:
        """How far apart two positions are whose codes differ by one place in a dimension, for each dimension."""
        return strides(self.sizes)

    def dimension(self, role: Role) -> Dimension | None:
        """The dimension of a role."""
        return next((dimension for dimension in self.dimensions if dimension.role == role), None)

    def codes_at(self, position: int) -> tuple[str, ...]:
        """The code of each dimension at a position."""
        found = []
        for dimension, stride in zip(self.dimensions, self.strides, strict=True):
            place, position = divmod(position, stride)
            found.append(dimension.codes[place].code)
        return tuple(found)


def strides(sizes: Sequence[int]) -> tuple[int, ...]:
    """The row-major strides of an array of these sizes."""
    return tuple(prod(sizes[number + 1 :]) for number in range(len(sizes)))
