"""Python values of RDF terms: years as integers, decimals as Decimal, IRIs as Iri.

Lexical forms: XML Schema 1.1 part 2. A literal whose text does not fit its datatype stays text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = (
    "integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
    "unsignedInt unsignedLong unsignedShort unsignedByte"
)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_DOUBLE = re.compile(rf"(?:{_DECIMAL.pattern})(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(_DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_YEAR = re.compile(r"-?[0-9]{4,}")


class Iri(str):
    """An IRI, so that it differs from a text with the same characters."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Iri({str(self)!r})"


Value: TypeAlias = "Iri | str | bool | int | float | Decimal | date | datetime | tuple[Value, ...] | None"
"""A cell of a row: None where a variable is unbound, a tuple where a thing has several values."""


def literal(text: str, datatype: str | None) -> Value:
    """The value of a literal.

    Args:
        text: its lexical form.
        datatype: its IRI; None for a text with or without a language.
    Returns:
        int for integers and years, date for a day without a time zone. Text for every other datatype, such as months
        and durations, and for a text that does not fit its datatype.
    """
    read = _READERS.get(datatype or "")
    if read is None:
        return text
    try:
        return read(text.strip())
    except (ValueError, InvalidOperation):
        return text


def term(binding: Mapping[str, Any]) -> Value:
    """The value of a term in SPARQL 1.1 Query Results JSON; a blank node is text that begins with `_:`."""
    kind, text = binding["type"], str(binding["value"])
    if kind == "uri":
        return Iri(text)
    return f"_:{text}" if kind == "bnode" else literal(text, binding.get("datatype"))


def _boolean(text: str) -> bool:
    if text not in ("true", "1", "false", "0"):
        raise ValueError(text)
    return text in ("true", "1")


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(text)  # int() takes 1_000
    return int(text)


def _decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)  # Decimal() takes NaN and 1e3
    return Decimal(text)


def _double(text: str) -> float:
    if not _DOUBLE.fullmatch(text):
        raise ValueError(text)  # float() takes 1_000 and infinity
    return float(text)


def _year(text: str) -> int:
    if not _YEAR.fullmatch(text):
        raise ValueError(text)  # with a time zone
    return int(text)


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)  # fromisoformat() takes 20200101 and 2020-W01-1
    return date.fromisoformat(text)


def _date_time(text: str) -> datetime:
    if not _DATE_TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


_READERS: dict[str, Callable[[str], Value]] = {
    **{XSD + name: _integer for name in _INTEGERS.split()},
    XSD + "decimal": _decimal,
    XSD + "double": _double,
    XSD + "float": _double,
    XSD + "boolean": _boolean,
    XSD + "gYear": _year,
    XSD + "date": _date,
    XSD + "dateTime": _date_time,
}
