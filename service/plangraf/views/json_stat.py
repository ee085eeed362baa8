"""Rows of a named query as a JSON-stat 2.0 dataset, which R and the tools of statistical offices read.

The head of the query names value, status, unit and dimensions; a category is the code that stands in the column.
https://json-stat.org/full/
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plangraf.errors import NotStatisticalError
from plangraf.errors.message import N_
from plangraf.numbers_in_text import LARGEST
from plangraf.sparql.named.head import CubeDimension, CubeHead

NOT_APPLICABLE = "_Z"
"""The category of a row without a code for a dimension that other rows have; SDMX's code for not applicable."""
_UNIT = "unit"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MOST_SHOWN = 40

Row = Mapping[str, Mapping[str, str]]
Number = int | float


@dataclass(slots=True)
class _Dimension:
    """A dimension while rows are read: the label of each category in the order of the rows, at last in that of time.

    `units` has the unit of each category, `decimals` the most decimals of its values; empty where other dimensions
    decide the unit.
    """

    name: str
    role: str | None = None
    categories: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One row: its code and label in each dimension, its value, status and unit."""

    codes: Mapping[str, tuple[str, str]]
    value: str | None
    status: str | None
    unit: str | None


def json_stat(rows: Sequence[Row], head: CubeHead, name: str, label: str) -> dict[str, Any]:
    """The rows as one dataset.

    Args:
        rows: as in SPARQL JSON; their order is that of the categories, except those of time.
        head: which columns are value, status, unit and dimensions.
        name: the query, for messages.
        label: the title of the dataset, unless the first dimension has one category only, such as one table, whose
            label it then is.
    Raises:
        NotStatisticalError: two rows have the same codes, or a value is not a number.
    """
    cells = [_cell(row, head) for row in rows]
    dimensions = _dimensions(cells, head)
    if head.unit is not None:
        _add_units(cells, dimensions)
    values, statuses = _positions(cells, dimensions, name)
    size = [len(dimension.categories) for dimension in dimensions]
    if dimensions and dimensions[0].name == next(iter(head.dimensions)) and size[0] == 1:
        (label,) = dimensions[0].categories.values()
    dataset: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": label,
        "id": [dimension.name for dimension in dimensions],
        "size": size,
        "role": _roles(dimensions),
        "dimension": {dimension.name: _described(dimension) for dimension in dimensions},
        "value": _dense_or_sparse(values, size),
    }
    if statuses:
        dataset["status"] = {str(place): status for place, status in sorted(statuses.items())}
    return dataset


def _cell(row: Row, head: CubeHead) -> _Cell:
    codes: dict[str, tuple[str, str]] = {}
    for name, dimension in head.dimensions.items():
        codes.update(_codes(row, name, dimension))
    unit = _text(row, head.unit)
    return _Cell(codes, _text(row, head.value), _text(row, head.status), unit)


def _codes(row: Row, name: str, dimension: CubeDimension) -> Iterable[tuple[str, tuple[str, str]]]:
    text, label = _text(row, name), _text(row, dimension.label)
    if not text:
        return
    if not dimension.split:
        code = _text(row, dimension.code) or text
        yield name, (code, label or code)
        return
    parts = text.split(";")
    labels = (label or "").split("; ")
    for number, part in enumerate(parts):
        key, _, code = part.partition("=")
        yield key, (code, labels[number] if len(labels) == len(parts) else code)


def _text(row: Row, column: str | None) -> str | None:
    return row[column]["value"] if column is not None and column in row else None


def _dimensions(cells: Sequence[_Cell], head: CubeHead) -> list[_Dimension]:
    """The dimensions that some row has a code for: those of the head in its order, split ones in place."""
    named: dict[str, _Dimension] = {}
    for cell in cells:
        for name in cell.codes:
            named.setdefault(name, _Dimension(name, head.dimensions[name].role if name in head.dimensions else None))
    for cell in cells:
        for name, dimension in named.items():
            code, label = cell.codes.get(name, (NOT_APPLICABLE, NOT_APPLICABLE))
            dimension.categories.setdefault(code, label)
    for dimension in named.values():
        dimension.categories = _arranged(dimension)
    order = list(head.dimensions)
    return sorted(named.values(), key=lambda one: order.index(one.name) if one.name in order else len(order))


def _arranged(dimension: _Dimension) -> dict[str, str]:
    """The categories with labels that differ, those of time in its order.

    Tools draw a series in the order of the categories, and name these by their labels: a municipality that got another
    number kept its name.
    """
    found = dimension.categories
    uses = Counter(found.values())
    told = {code: label if uses[label] == 1 else f"{label} ({code})" for code, label in found.items()}
    return dict(sorted(told.items())) if dimension.role == "time" else told


def _add_units(cells: Sequence[_Cell], dimensions: list[_Dimension]) -> None:
    """Gives the units to the dimension whose category decides them, else a dimension of their own."""
    candidates = [dimension for dimension in dimensions if dimension.role is None]
    for dimension in reversed(candidates):
        units: dict[str, set[str | None]] = {}
        for cell in cells:
            units.setdefault(_code(cell, dimension), set()).add(cell.unit)
        if all(len(found) == 1 for found in units.values()):
            dimension.role = "metric"
            dimension.units = {code: unit for code, found in units.items() for unit in found if unit is not None}
            _add_decimals(cells, dimension)
            return
    if cells:
        own = _Dimension(_UNIT, "metric")
        for cell in cells:
            code = _code(cell, own)
            own.categories.setdefault(code, code)
            own.units[code] = code
        _add_decimals(cells, own)
        dimensions.append(own)


def _add_decimals(cells: Sequence[_Cell], dimension: _Dimension) -> None:
    for cell in cells:
        code = _code(cell, dimension)
        given = len((cell.value or "").partition(".")[2])
        dimension.decimals[code] = max(given, dimension.decimals.get(code, 0))


def _positions(
    cells: Sequence[_Cell], dimensions: Sequence[_Dimension], name: str
) -> tuple[dict[int, Number | None], dict[int, str]]:
    """The values and statuses by their place in the cube, the last dimension the fastest."""
    values: dict[int, Number | None] = {}
    statuses: dict[int, str] = {}
    places = [{code: number for number, code in enumerate(one.categories)} for one in dimensions]
    for cell in cells:
        place = 0
        key = [_code(cell, dimension) for dimension in dimensions]
        for code, of_dimension in zip(key, places, strict=True):
            place = place * len(of_dimension) + of_dimension[code]
        if place in values:
            named = ", ".join(f"{one.name}={code}" for one, code in zip(dimensions, key, strict=True))
            raise NotStatisticalError(
                N_(
                    "Two rows of %(name)s have the same dimensions (%(named)s), so that they are not one "
                    "data set. Narrow the query, or take the rows as CSV.",
                    name=name,
                    named=named,
                )
            )
        values[place] = None if cell.value is None else _number(cell.value, name)
        if cell.status is not None:
            statuses[place] = cell.status
    return values, statuses


def _code(cell: _Cell, dimension: _Dimension) -> str:
    if dimension.name == _UNIT and _UNIT not in cell.codes:
        return cell.unit or NOT_APPLICABLE
    return cell.codes.get(dimension.name, (NOT_APPLICABLE, ""))[0]


def _number(text: str, name: str) -> Number:
    """A number of JSON: whole where the decimal is, and a double where it has more than 18 digits.

    Raises:
        NotStatisticalError: the text is not a number, or larger than any double.
    """
    try:
        number = Decimal(text) if _NUMBER.fullmatch(text) else Decimal("NaN")
        if number.is_finite() and abs(number) < LARGEST and number == number.to_integral_value():
            return int(number)
        found = float(number)
    except ArithmeticError:
        found = math.nan
    if not math.isfinite(found):
        raise NotStatisticalError(
            N_(
                "%(text)s in %(name)s is not a number that JSON has. Narrow the query, or take the rows as CSV.",
                text=text[:_MOST_SHOWN],
                name=name,
            )
        )
    return found


def _dense_or_sparse(values: Mapping[int, Number | None], size: Sequence[int]) -> list[Number | None] | dict[str, Any]:
    """An array when half of the cube or more has a row, else an object, as JSON-stat recommends for sparse cubes."""
    cells = 1
    for number in size:
        cells *= number
    if not size:
        return []
    if len(values) * 2 >= cells:
        return [values.get(place) for place in range(cells)]
    return {str(place): value for place, value in sorted(values.items()) if value is not None}


def _roles(dimensions: Sequence[_Dimension]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for dimension in dimensions:
        if dimension.role is not None:
            roles.setdefault(dimension.role, []).append(dimension.name)
    return roles


def _described(dimension: _Dimension) -> dict[str, Any]:
    category: dict[str, Any] = {
        "index": {code: number for number, code in enumerate(dimension.categories)},
        "label": dict(dimension.categories),
    }
    if dimension.units:
        category["unit"] = {
            code: {"base": unit, "decimals": dimension.decimals[code]} for code, unit in dimension.units.items()
        }
    return {"label": dimension.name, "category": category}
