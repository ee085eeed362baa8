"""Cells that say more than one thing: a start printed as `høst 2025` is a year, a season and a printed form.

The printed form is kept, and what it says is typed beside it; so nothing is lost, and the years can be queried.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pyoxigraph import Literal, NamedNode

from plangraf.namespaces import PLAN, PREFIXES, SCHEME
from plangraf.sheets.facts import Term
from plangraf.sheets.values import Cell, PartOfDate

_XSD = PREFIXES["xsd"]
_YEAR = r"(?:19|20)[0-9]{2}"
_RANGE = re.compile(rf"({_YEAR})\s*(?:[-–—/]|til|to)\s*({_YEAR}|[0-9]{{2}})")
_ONE_YEAR = re.compile(rf"(?<![0-9])({_YEAR})(?![0-9])")
_SEASONS = (
    ("spring", r"vår(?:en)?|vaar(?:en)?|spring"),
    ("summer", r"sommer(?:en)?|sumar(?:en)?|summer"),
    ("autumn", r"høst(?:en)?|haust(?:en)?|autumn|fall"),
    ("winter", r"vinter(?:en)?|winter"),
    ("first-half", r"(?:1\.?|første)\s*halvår|first half"),
    ("second-half", r"(?:2\.?|andre)\s*halvår|second half"),
    ("first-quarter", r"(?:1\.?|første)\s*kvartal|[QK]1|first quarter"),
    ("second-quarter", r"(?:2\.?|andre)\s*kvartal|[QK]2|second quarter"),
    ("third-quarter", r"(?:3\.?|tredje)\s*kvartal|[QK]3|third quarter"),
    ("fourth-quarter", r"(?:4\.?|fjerde)\s*kvartal|[QK]4|fourth quarter"),
)
# A number in a list: `1.1`, `A2`, `3b`, `II`. Words are no number.
_NUMBER = re.compile(r"(?=[^\s]*[0-9]|[IVX]+$)[0-9A-Za-z]{1,6}(?:[.-][0-9A-Za-z]{1,6}){0,4}\.?|[A-Z]")


def derived(path: str, cell: Cell) -> dict[str, list[Term]] | None:
    """What a cell says of several properties, by property; None when it says one plain thing, or cannot be read."""
    reading = _READINGS.get(path)
    if reading is None:
        return None
    if isinstance(cell, PartOfDate) and len(cell.text) == 7:
        return None  # the program's own date: nobody printed `2025-08`
    return reading(" ".join(cell.split())) if isinstance(cell, str) else None


def _time(name: str) -> Callable[[str], dict[str, list[Term]] | None]:
    def read(text: str) -> dict[str, list[Term]] | None:
        years = _ONE_YEAR.findall(text)
        if re.fullmatch(_YEAR, text) or not 1 <= len(years) <= 2 or len(text) > 60:
            return None
        printed: dict[str, list[Term]] = {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}
        span = _RANGE.search(text)
        if len(years) == 2 and not span:
            return None
        first = span[1] if span else years[0]
        printed[f"{PLAN}{name}Year"] = [_year(first)]
        if span:
            last = span[2] if len(span[2]) == 4 else first[:2] + span[2]
            if last <= first:
                return None
            printed[f"{PLAN}latest{name[0].upper()}{name[1:]}Year"] = [_year(last)]
        seasons = [season for season, words in _SEASONS if re.search(rf"(?<!\w)(?:{words})(?!\w)", text, re.I)]
        if len(seasons) == 1 and not span:
            printed[f"{PLAN}{name}Season"] = [NamedNode(f"{SCHEME}season/{seasons[0]}")]
        return printed

    return read


def _number(text: str) -> dict[str, list[Term]] | None:
    if re.fullmatch(r"[0-9]+", text) or not _NUMBER.fullmatch(text):
        return None
    return {f"{PLAN}planNumberAsPrinted": [Literal(text)]}


def _year(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(f"{_XSD}gYear"))


_READINGS = {
    f"{PLAN}startYear": _time("start"),
    f"{PLAN}completionYear": _time("completion"),
    f"{PLAN}number": _number,
}
