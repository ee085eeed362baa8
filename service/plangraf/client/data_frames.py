"""Columns of rows as pandas, polars and Arrow columns; each library is imported when it is asked for.

A column has one kind. Integers beside decimals are decimals, numbers beside doubles are doubles, and any other mixture
is text, so that no value is lost or read as something else.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from plangraf.client.failures import LibraryMissingError

Columns = Mapping[str, list[Any]]
_INT64 = range(-(2**63), 2**63)
_LARGEST_DOUBLE = Decimal(sys.float_info.max)
# Most digits of a decimal of these libraries.
_POLARS_DIGITS, _ARROW_DIGITS = 38, 76


def to_pandas(columns: Columns) -> Any:
    """A pandas DataFrame of columns of equal length."""
    pandas = _library("pandas", "A pandas DataFrame")
    types = {int: "Int64", bool: "boolean", float: "Float64", str: "string", datetime: None, date: None}

    def series(values: list[Any]) -> Any:
        kind, same = _uniform(values)
        if kind in (date, datetime):
            return pandas.Series(pandas.to_datetime(pandas.Series(same, dtype="object"), utc=_zoned(same)))
        return pandas.Series(same, dtype=types.get(kind, "object") if kind else "object")

    return pandas.DataFrame({name: series(values) for name, values in columns.items()}, columns=list(columns))


def to_polars(columns: Columns) -> Any:
    """A polars DataFrame of columns of equal length."""
    polars = _library("polars", "A polars DataFrame")
    types = {int: polars.Int64, bool: polars.Boolean, float: polars.Float64, str: polars.String, date: polars.Date}

    def series(name: str, values: list[Any]) -> Any:
        kind, same = _uniform(values, _POLARS_DIGITS)
        if kind is None:
            return polars.Series(name, same, dtype=polars.Null)
        if kind is Decimal:
            return polars.Series(name, same, dtype=polars.Decimal(38, _scale(same)))
        if kind is datetime:
            return polars.Series(name, same, dtype=polars.Datetime("us", "UTC" if _zoned(same) else None))
        if kind is tuple:
            return polars.Series(name, [_texts(each) for each in same], dtype=polars.List(polars.String))
        return polars.Series(name, same, dtype=types[kind])

    return polars.DataFrame([series(name, values) for name, values in columns.items()])


def to_arrow(columns: Columns) -> Any:
    """An Arrow table of columns of equal length."""
    arrow = _library("pyarrow", "An Arrow table")
    types = {int: arrow.int64(), bool: arrow.bool_(), float: arrow.float64(), str: arrow.string(), date: arrow.date32()}

    def array(values: list[Any]) -> Any:
        kind, same = _uniform(values, _ARROW_DIGITS)
        if kind is None:
            return arrow.nulls(len(same))
        if kind is datetime:
            return arrow.array(same, arrow.timestamp("us", tz="UTC" if _zoned(same) else None))
        if kind is tuple:
            return arrow.array([_texts(each) for each in same], arrow.list_(arrow.string()))
        # The digits of decimals are inferred.
        return arrow.array(same, types.get(kind))

    return arrow.table({name: array(values) for name, values in columns.items()})


def _library(name: str, kind: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise LibraryMissingError(name, kind) from error


def _uniform(values: Sequence[Any], most_digits: float = math.inf) -> tuple[type | None, list[Any]]:
    """The kind of a column, and its values as that kind; None when no value is bound.

    Decimals are text where the column needs more than `most_digits` digits.
    """
    kinds = {str if isinstance(value, str) else type(value) for value in values if value is not None}
    if not kinds:
        return None, list(values)
    if tuple in kinds:
        return tuple, [value if value is None or isinstance(value, tuple) else (value,) for value in values]
    if kinds == {int} and all(value in _INT64 for value in values if value is not None):
        return int, list(values)
    if kinds <= {int, Decimal}:
        decimals = [None if value is None else Decimal(value) for value in values]
        return (Decimal, decimals) if _digits(decimals) <= most_digits else (str, [_text(value) for value in values])
    if kinds <= {int, Decimal, float}:
        if all(_is_double(value) for value in values if value is not None):
            return float, [None if value is None else float(value) for value in values]
        return str, [_text(value) for value in values]
    if kinds == {datetime} and len({value.tzinfo is None for value in values if value is not None}) > 1:
        return str, [_text(value) for value in values]
    if len(kinds) == 1:
        (kind,) = kinds
        return kind, [str(value) if isinstance(value, str) else value for value in values]
    return str, [_text(value) for value in values]


def _is_double(value: float | Decimal) -> bool:
    """Whether a number is in the range of a double."""
    if isinstance(value, float):
        return True
    return abs(Decimal(value)) <= _LARGEST_DOUBLE


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else format(value, "f" if isinstance(value, Decimal) else "")


def _texts(values: tuple[Any, ...] | None) -> list[str | None] | None:
    return None if values is None else [_text(value) for value in values]


def _zoned(values: Sequence[Any]) -> bool:
    return any(isinstance(value, datetime) and value.tzinfo is not None for value in values)


def _digits(values: Sequence[Decimal | None]) -> int:
    """The digits that a column of decimals needs, before the point and behind it."""
    return _scale(values) + max((value.adjusted() + 1 for value in values if value), default=0)


def _scale(values: Sequence[Decimal | None]) -> int:
    """The most digits behind the point."""
    exponents = [value.as_tuple().exponent for value in values if value is not None]
    return max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0) if exponents else 0
