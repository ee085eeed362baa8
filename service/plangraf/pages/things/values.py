"""Literals as a language writes them: dates, periods, numbers, durations, yes and no.

A literal that its datatype does not allow stays as it is, because a page must show what the data have.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal
from babel.units import format_unit
from pyoxigraph import Literal

from plangraf.rdf.namespaces import PREFIXES

_XSD: Final = PREFIXES["xsd"]
_LOCALES: Final = {"nb": "nb", "en": "en_GB"}
_YES_NO: Final = {"nb": ("ja", "nei"), "en": ("yes", "no")}
_DURATION: Final = re.compile(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?")
_MONTH_DAY: Final = re.compile(r"--([0-9]{2})(?:-([0-9]{2}))?")
_WEEK: Final = 7
# Any leap year: a month or a day of a month has none of its own.
_SOME_YEAR: Final = 2024


def literal_text(value: Literal, language: str) -> str:
    """The text of a literal in a language, such as `2. februar 2021`, `1 234,5`, `6 uker` or `ja`."""
    datatype = value.datatype.value.removeprefix(_XSD)
    write = _WRITERS.get(datatype)
    if write is None:
        return value.value
    try:
        return write(value.value, _LOCALES.get(language, language))
    except (ValueError, InvalidOperation, OverflowError):
        return value.value


def count_text(number: int, language: str) -> str:
    """A count as the language writes it: `1 022`."""
    return str(format_decimal(number, locale=_LOCALES.get(language, language)))


def _date(text: str, locale: str) -> str:
    return str(format_date(datetime.date.fromisoformat(text[:10]), "long", locale=locale))


def _month(text: str, locale: str) -> str:
    return str(format_date(datetime.date.fromisoformat(f"{text[:7]}-01"), "LLLL y", locale=locale))


def _month_day(text: str, locale: str) -> str:
    match = _MONTH_DAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day = datetime.date(_SOME_YEAR, int(match[1]), int(match[2] or 1))
    if match[2] is None:
        return str(format_date(day, "LLLL", locale=locale))
    return str(format_date(day, "d. MMMM" if locale == "nb" else "d MMMM", locale=locale))


def _number(text: str, locale: str) -> str:
    return str(format_decimal(Decimal(text), locale=locale, decimal_quantization=False))


def _boolean(text: str, locale: str) -> str:
    yes, no = _YES_NO[locale[:2]]
    return yes if text in ("true", "1") else no


def _duration(text: str, locale: str) -> str:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(text)
    years, months, days = (int(part or 0) for part in match.groups())
    units = [("duration-year", years), ("duration-month", months)]
    units.append(("duration-week", days // _WEEK) if days % _WEEK == 0 else ("duration-day", days))
    return " ".join(str(format_unit(number, unit, locale=locale)) for unit, number in units if number)


_WRITERS: Final[dict[str, Callable[[str, str], str]]] = {
    "date": _date,
    "dateTime": _date,
    "gYearMonth": _month,
    "gMonth": _month_day,
    "gMonthDay": _month_day,
    "decimal": _number,
    "integer": _number,
    "double": _number,
    "boolean": _boolean,
    "duration": _duration,
}
