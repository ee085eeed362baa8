"""Canonical lexical forms: each value has one spelling, so that equal data give equal versions.

Follows the canonical mappings of XML Schema 1.1 Datatypes: https://www.w3.org/TR/xmlschema11-2/
(a decimal without a fraction is `7`, a double is `1.0E3`, a time zone of zero is `Z`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from plangraf.rdf.namespaces import PREFIXES

XSD = PREFIXES["xsd"]

_ZONE = r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
# No engine keeps a year of more digits.
_YEAR = r"(-?(?:[1-9][0-9]{3,17}|0[0-9]{3}))"
_G_YEAR = re.compile(_YEAR + _ZONE)
_G_YEAR_MONTH = re.compile(_YEAR + r"-(0[1-9]|1[0-2])" + _ZONE)
_DATE = re.compile(_YEAR + r"-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])" + _ZONE)
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]+))?" + _ZONE)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def canonical(lexical: str, datatype: str) -> str | None:
    """The canonical form of a literal; `lexical` unchanged for a datatype that is not checked.

    Returns:
        None when the text is not a value of the datatype, such as `2020-02-30` as xsd:date.
    """
    form = _FORMS.get(datatype)
    return form(lexical) if form else lexical


def _boolean(text: str) -> str | None:
    return {"true": "true", "1": "true", "false": "false", "0": "false"}.get(text)


def _integer(text: str) -> str | None:
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.lstrip("+-").lstrip("0") or "0"
    return f"-{digits}" if text.startswith("-") and digits != "0" else digits


def _decimal(text: str) -> str | None:
    if not _DECIMAL.fullmatch(text):
        return None
    whole, _, fraction = text.lstrip("+-").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    plain = f"{whole}.{fraction}" if fraction else whole
    return f"-{plain}" if text.startswith("-") and plain != "0" else plain


def _double(text: str) -> str | None:
    if text in ("INF", "-INF", "NaN"):
        return text
    if text == "+INF":
        return "INF"
    if not _DOUBLE.fullmatch(text):
        return None
    value = float(text)
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    if value == 0:
        return "-0.0E0" if math.copysign(1, value) < 0 else "0.0E0"
    # The mapping requires the shortest text that parses to the same value, which repr() returns.
    shortest = Decimal(repr(abs(value))).normalize()
    digits = "".join(map(str, shortest.as_tuple().digits))
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{shortest.adjusted()}"


def _zone(text: str | None) -> str:
    return "Z" if text in ("+00:00", "-00:00") else text or ""


def _g_year(text: str) -> str | None:
    match = _G_YEAR.fullmatch(text)
    return match[1] + _zone(match[2]) if match else None


def _g_year_month(text: str) -> str | None:
    match = _G_YEAR_MONTH.fullmatch(text)
    return f"{match[1]}-{match[2]}{_zone(match[3])}" if match else None


def _day(year: int, month: int, day: int) -> date | None:
    """The same day in a year that `date` can hold, because the calendar repeats every 400 years."""
    try:
        return date(2000 + year % 400, month, day)
    except ValueError:
        return None


def _date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if not match or _day(int(match[1]), int(match[2]), int(match[3])) is None:
        return None
    return f"{match[1]}-{match[2]}-{match[3]}{_zone(match[4])}"


def _date_time(text: str) -> str | None:
    before, separator, after = text.partition("T")
    time = _TIME.fullmatch(after)
    written = _DATE.fullmatch(before)
    if not separator or not time or not written or written[4]:
        return None
    day = _day(int(written[1]), int(written[2]), int(written[3]))
    hour, minute, second, fraction, zone = time.groups()
    fraction = (fraction or "").rstrip("0")
    if day is None or (hour == "24" and (minute != "00" or second != "00" or fraction)):
        return None
    if hour == "24":
        following = day + timedelta(days=1)
        year = int(written[1]) + following.year - day.year
        before = f"{'-' if year < 0 else ''}{abs(year):04d}-{following:%m-%d}"
        hour = "00"
    return f"{before}T{hour}:{minute}:{second}{'.' + fraction if fraction else ''}{_zone(zone)}"


_OF_INTEGERS = (
    "byte",
    "int",
    "long",
    "negativeInteger",
    "nonNegativeInteger",
    "nonPositiveInteger",
    "positiveInteger",
    "short",
    "unsignedByte",
    "unsignedInt",
    "unsignedLong",
    "unsignedShort",
)
WIDER: dict[str, str] = dict.fromkeys((XSD + name for name in _OF_INTEGERS), XSD + "integer")
WIDER[XSD + "dateTimeStamp"] = XSD + "dateTime"
"""Datatypes that the engine does not keep, and the one that it gives such a value instead."""

_FORMS: dict[str, Callable[[str], str | None]] = {
    XSD + "boolean": _boolean,
    XSD + "integer": _integer,
    XSD + "decimal": _decimal,
    XSD + "double": _double,
    XSD + "gYear": _g_year,
    XSD + "gYearMonth": _g_year_month,
    XSD + "date": _date,
    XSD + "dateTime": _date_time,
}
