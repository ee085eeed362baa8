"""Cells that say more than one thing: a start printed as `høst 2025` is a year, a season and a printed form.

The printed form is kept, and what it says is typed beside it; so nothing is lost, and the years can be queried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import PLAN, PREFIXES, SCHEME
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
# A third of a year, which the scheme of seasons has not: the year is typed, the rest is in the printed form.
_THIRD = r"(?:[123]\.?|første|andre|tredje)\s*tertial|T[123]"
_BESIDE_A_YEAR = (
    r"(?<!\w)(?:i|in|januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember|"
    r"january|february|march|may|june|july|october|december|jan|feb|mar|apr|jun|jul|aug|sept?|okt|oct|nov|des|dec)(?!\w)"
)
_ORDINALS = ("første", "andre", "tredje", "fjerde", "femte", "sjette", "sjuende", "åttende", "niende", "tiende")
_EACH = re.compile(
    rf"(?:hvert|kvart|every)\s+(?:([1-9][0-9]?)\.?\s+|({'|'.join(_ORDINALS)}|annet)\s+)?(?:år|years?)", re.IGNORECASE
)
_LONGEST = 60
# A number in a list: `1.1`, `A2`, `3b`, `II`. Words are no number.
_NUMBER = re.compile(r"(?=[^\s]*[0-9]|[IVX]+$)[0-9A-Za-z]{1,6}(?:[.-][0-9A-Za-z]{1,6}){0,4}\.?|[A-Z]")


def derived(path: str, cell: Cell) -> dict[str, list[Value]] | None:
    """What a cell says of several properties, by property; None when it says one plain thing, or cannot be read."""
    reading = _READINGS.get(path)
    if reading is None:
        return None
    if isinstance(cell, PartOfDate) and len(cell.text) == 7:
        return None  # the program's own date: nobody printed `2025-08`
    return reading(" ".join(cell.split())) if isinstance(cell, str) else None


def _time(name: str) -> Callable[[str], dict[str, list[Value]] | None]:
    def read(text: str) -> dict[str, list[Value]] | None:
        years = _ONE_YEAR.findall(text)
        if not re.search(r"[0-9]", text) and 2 < len(text) < _LONGEST:
            return {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}  # `løpende`, `ikke fastsatt`
        if re.fullmatch(_YEAR, text) or not 1 <= len(years) <= 2 or len(text) >= _LONGEST:
            return None
        printed: dict[str, list[Value]] = {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}
        span = _RANGE.search(text) or _RANGE.search(_without_parts(text))
        if len(years) == 2 and not span:
            return None
        first = span[1] if span else years[0]
        rest = _beside_the_time(text)
        if re.search(r"[0-9]", rest):
            return None
        if rest:
            return printed  # `før 2030`, `tidligst 2026`: the year stands there and is not that of the start
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


def _beside_the_time(text: str) -> str:
    """What stands beside years, parts of the year and months: any other word may change the sense."""
    return _ONE_YEAR.sub(" ", _RANGE.sub(" ", _without_parts(text))).strip(" .,-/–()")


def _without_parts(text: str) -> str:
    """The text without parts of the year and months: of `høsten 2025 – våren 2026` the years are left."""
    for words in (*(words for _, words in _SEASONS), _THIRD):
        text = re.sub(rf"(?<!\w)(?:{words})(?!\w)", " ", text, flags=re.IGNORECASE)
    return re.sub(_BESIDE_A_YEAR, " ", text, flags=re.IGNORECASE)


def _interval(text: str) -> dict[str, list[Value]] | None:
    """`hvert 4. år` is P4Y and a printed form, `hver valgperiode` only the latter; `4 år` and `P4Y` are plain."""
    printed: dict[str, list[Value]] = {f"{PLAN}revisionIntervalAsPrinted": [Literal(text, language="nb")]}
    if match := _EACH.fullmatch(text):
        ordinal = "andre" if (match[2] or "").lower() == "annet" else (match[2] or "første").lower()
        count = match[1] or str(_ORDINALS.index(ordinal) + 1)
        typed = Literal(f"P{count}Y", datatype=NamedNode(f"{_XSD}duration"))
        return {**printed, f"{PLAN}revisionInterval": [typed]}
    return printed if re.fullmatch(r"(?=.{4})[^\W0-9][^0-9]*", text) and len(text) < _LONGEST else None


def _number(text: str) -> dict[str, list[Value]] | None:
    if match := re.fullmatch(r"([1-9][0-9]*)\.", text):
        return {f"{PLAN}number": [Literal(match[1], datatype=NamedNode(f"{_XSD}integer"))]}
    if re.fullmatch(r"[0-9]+", text) or not _NUMBER.fullmatch(text):
        return None
    return {f"{PLAN}planNumberAsPrinted": [Literal(text)]}


def _year(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(f"{_XSD}gYear"))


_READINGS: Mapping[str, Callable[[str], dict[str, list[Value]] | None]] = {
    f"{PLAN}startYear": _time("start"),
    f"{PLAN}completionYear": _time("completion"),
    f"{PLAN}number": _number,
    f"{PLAN}revisionInterval": _interval,
}
SEVERAL_WAYS = frozenset(_READINGS)
"""Properties of which a cell may say more than a value of their datatype."""
