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
from babel.units import format_unit
from pyoxigraph import Literal

from plangraf.pages.words import Words
from plangraf.rdf.namespaces import PREFIXES

_XSD: Final = PREFIXES["xsd"]
_DURATION: Final = re.compile(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?")
_MONTH_DAY: Final = re.compile(r"--([0-9]{2})(?:-([0-9]{2}))?")
_WEEK: Final = 7
_FIVE_DIGITS: Final = 5
# Any leap year: a month or a day of a month has none of its own.
_SOME_YEAR: Final = 2024


def literal_text(value: Literal, words: Words) -> str:
    """The text of a literal in a language, such as `2. februar 2021`, `1 234,5`, `6 uker` or `ja`."""
    write = _WRITERS.get(value.datatype.value.removeprefix(_XSD))
    if write is None:
        return value.value
    try:
        return write(value.value, words)
    except (ValueError, InvalidOperation, OverflowError):
        return value.value


def _date(text: str, words: Words) -> str:
    return words.date(datetime.date.fromisoformat(text[:10]))


def _month(text: str, words: Words) -> str:
    return format_date(datetime.date.fromisoformat(f"{text[:7]}-01"), "LLLL y", locale=words.language)


def _month_day(text: str, words: Words) -> str:
    match = _MONTH_DAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day = datetime.date(_SOME_YEAR, int(match[1]), int(match[2] or 1))
    if match[2] is None:
        return format_date(day, "LLLL", locale=words.language)
    return words.date(day).removesuffix(f" {_SOME_YEAR}")


def _number(text: str, words: Words) -> str:
    return words.number(Decimal(text))


def _whole(text: str, words: Words) -> str:
    # A number of a line, an item or a year is read as a name: grouping begins at five digits.
    return text if len(text) < _FIVE_DIGITS else _number(text, words)


def _boolean(text: str, words: Words) -> str:
    return words.gettext("yes") if text in ("true", "1") else words.gettext("no")


def _duration(text: str, words: Words) -> str:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(text)
    years, months, days = (int(part or 0) for part in match.groups())
    units = [("duration-year", years), ("duration-month", months)]
    units.append(("duration-week", days // _WEEK) if days % _WEEK == 0 else ("duration-day", days))
    return " ".join(format_unit(number, unit, locale=words.language) for unit, number in units if number)


_WRITERS: Final[dict[str, Callable[[str, Words], str]]] = {
    "date": _date,
    "dateTime": _date,
    "gYearMonth": _month,
    "gMonth": _month_day,
    "gMonthDay": _month_day,
    "decimal": _number,
    "integer": _whole,
    "double": _number,
    "boolean": _boolean,
    "duration": _duration,
}
