"""Periods of statistics as RDF terms, written as the figures of the plan documents write theirs.

A year, month or day is a literal (xsd:gYear, xsd:gYearMonth, xsd:date); any longer or other period is a
dcterms:PeriodOfTime with dcat:startDate and dcat:endDate. Equal periods have one IRI in all tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from plangraf.rdf.namespaces import ID, PREFIXES

Kind = Literal["year", "half-year", "third", "quarter", "month", "week", "day", "school-year", "years"]

_XSD = PREFIXES["xsd"]
_Y = r"(?P<y>(?:1[6-9]|20|21)[0-9]{2})"
# Statistical offices write K or Q for a quarter, M for a month, U, V or W for a week, T for a third of a year, H or S
# for a half; SDMX puts a hyphen before the letter, and has A1 for a year and D for a day of it.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(_Y), "year"),
    (re.compile(_Y + r"-?[HS](?P<n>[12])"), "half-year"),
    (re.compile(_Y + r"-?T(?P<n>[1-3])"), "third"),
    (re.compile(_Y + r"-?[KQ](?P<n>[1-4])"), "quarter"),
    (re.compile(_Y + r"(?:-?M|-)(?P<n>0[1-9]|1[0-2])"), "month"),
    (re.compile(_Y + r"-?[UVW](?P<n>0[1-9]|[1-4][0-9]|5[0-3])"), "week"),
    (re.compile(_Y + r"(?:-(?P<n>0[1-9]|1[0-2])-(?P<d>[0-3][0-9])|M(?P<n2>0[1-9]|1[0-2])D(?P<d2>[0-3][0-9]))"), "day"),
    (re.compile(_Y + r"-A1"), "year"),
    (re.compile(_Y + r"-D(?P<n>[0-3][0-9]{2})"), "day-of-year"),
    (re.compile(_Y + r"-(?P<n>0[1-9]|1[0-2])-(?P<d>[0-3][0-9])T00:00:00"), "day"),
    (re.compile(_Y + r"[-/–](?P<z>[0-9]{4}|[0-9]{2})"), "years"),
)
# Normal periods such as 1961-90 have 30 years.
_LONGEST_SHORT_SPAN = 30
_SCHOOL = re.compile(r"skole|skule|studie|school|study|academic|läsår", re.IGNORECASE)
_MONTHS = {"half-year": 6, "third": 4, "quarter": 3}
_LETTER = {"half-year": "h", "third": "t", "quarter": "q", "week": "w"}


@dataclass(frozen=True, slots=True)
class Period:
    """A period and the term that stands for it.

    Attributes:
        kind: its kind.
        term: a literal for a year, month or day, else the IRI of a period.
        start: the first year or day, None when `term` is a literal.
        end: the last year or day, None when `term` is a literal.
    """

    kind: Kind
    term: RdfLiteral | NamedNode
    start: RdfLiteral | None = None
    end: RdfLiteral | None = None


def parse_period(code: str, label: str = "") -> Period | None:
    """The period that a code of a time dimension stands for.

    Args:
        code: such as `2020`, `2020K1`, `2020-Q1`, `2020M01`, `2020U05`, `2019-2020`.
        label: the name of the dimension; one of school years tells `2019-2020` from a span of calendar years.
    Returns:
        None when the code is not a period.
    """
    # `2001-02` is a month, or in a dimension of school years the school year 2001/02.
    for pattern, kind in (_PATTERNS[-1], *_PATTERNS) if _SCHOOL.search(label) else _PATTERNS:
        if match := pattern.fullmatch(code):
            found = _MAKERS[kind](match, label)
            if found is not None:
                return found
    return None


def _year(match: re.Match[str], _: str) -> Period:
    return Period("year", _literal(match["y"], "gYear"))


def _month(match: re.Match[str], _: str) -> Period:
    return Period("month", _literal(f"{match['y']}-{match['n']}", "gYearMonth"))


def _day(match: re.Match[str], _: str) -> Period | None:
    found_in = match.groupdict()
    month, day = found_in["n"] or found_in.get("n2"), found_in["d"] or found_in.get("d2")
    try:
        found = date(int(match["y"]), int(month or 0), int(day or 0))
    except ValueError:
        return None
    return Period("day", _literal(found.isoformat(), "date"))


def _day_of_year(match: re.Match[str], _: str) -> Period | None:
    found = date(int(match["y"]), 1, 1) + timedelta(days=int(match["n"]) - 1)
    return Period("day", _literal(found.isoformat(), "date")) if found.year == int(match["y"]) else None


def _part_of_year(kind: Literal["half-year", "third", "quarter"]) -> Callable[[re.Match[str], str], Period]:
    def make(match: re.Match[str], _: str) -> Period:
        year, number, months = int(match["y"]), int(match["n"]), _MONTHS[kind]
        after = number * months
        end = date(year + after // 12, after % 12 + 1, 1) - timedelta(days=1)
        return _span(kind, f"{year}-{_LETTER[kind]}{number}", date(year, after - months + 1, 1), end)

    return make


def _week(match: re.Match[str], _: str) -> Period | None:
    try:
        monday = date.fromisocalendar(int(match["y"]), int(match["n"]), 1)
    except ValueError:  # week 53 of a year that has 52
        return None
    return _span("week", f"{match['y']}-w{match['n']}", monday, monday + timedelta(days=6))


def _years(match: re.Match[str], label: str) -> Period | None:
    first, last = int(match["y"]), match["z"]
    if len(last) == 2:
        # `2020-21` is a school year; `2020-05` was a month already, and `2020-13` is nothing.
        last = f"{first // 100 + (int(last) < first % 100)}{last}"
        if int(last) - first > _LONGEST_SHORT_SPAN:
            return None
    if int(last) <= first:
        return None
    if _SCHOOL.search(label) and int(last) == first + 1:
        return _span("school-year", f"school-year-{first}-{last}", date(first, 8, 1), date(int(last), 7, 31))
    return Period("years", _iri(f"{first}-{last}"), _literal(str(first), "gYear"), _literal(last, "gYear"))


_MAKERS: dict[str, Callable[[re.Match[str], str], Period | None]] = {
    "year": _year,
    "month": _month,
    "day": _day,
    "day-of-year": _day_of_year,
    "week": _week,
    "years": _years,
    "half-year": _part_of_year("half-year"),
    "third": _part_of_year("third"),
    "quarter": _part_of_year("quarter"),
}


def _span(kind: Kind, key: str, start: date, end: date) -> Period:
    return Period(kind, _iri(key), _literal(start.isoformat(), "date"), _literal(end.isoformat(), "date"))


def _iri(key: str) -> NamedNode:
    return NamedNode(f"{ID}no/period/{key}")


def _literal(lexical: str, datatype: str) -> RdfLiteral:
    return RdfLiteral(lexical, datatype=NamedNode(_XSD + datatype))
