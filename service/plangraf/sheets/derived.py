"""Derives several properties from one cell: the start `høst 2025` gives a year, a season and a printed form.

The printed form is kept beside the typed values, so that nothing is lost and the years can be queried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import PLAN, PREFIXES, SCHEME
from plangraf.sheets.cell_values import Cell, PartialDate

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
# The scheme of seasons has no third of a year, so only the year is typed.
_TERTIAL = r"(?:[123]\.?|første|andre|tredje)\s*tertial|T[123]"
_MONTH_OR_IN = (
    r"(?<!\w)(?:i|in|januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember|"
    r"january|february|march|may|june|july|october|december|jan|feb|mar|apr|jun|jul|aug|sept?|okt|oct|nov|des|dec)(?!\w)"
)
_ORDINALS = ("første", "andre", "tredje", "fjerde", "femte", "sjette", "sjuende", "åttende", "niende", "tiende")
_EVERY_N_YEARS = re.compile(
    rf"(?:hvert|kvart|every)\s+(?:([1-9][0-9]?)\.?\s+|({'|'.join(_ORDINALS)}|annet)\s+)?(?:år|years?)", re.IGNORECASE
)
_MAX_CHARS = 60
# A number in a list: `1.1`, `A2`, `3b`, `II`; not a word.
_LIST_NUMBER = re.compile(r"(?=[^\s]*[0-9]|[IVX]+$)[0-9A-Za-z]{1,6}(?:[.-][0-9A-Za-z]{1,6}){0,4}\.?|[A-Z]")


def derive_values(path: str, cell: Cell) -> dict[str, list[Value]] | None:
    """Values that a cell gives to several properties, by property; None for a plain value or an unreadable cell."""
    reading = _READERS.get(path)
    if reading is None:
        return None
    if isinstance(cell, PartialDate) and len(cell.text) == 7:
        return None  # the spreadsheet program made this date; no source prints `2025-08`
    return reading(" ".join(cell.split())) if isinstance(cell, str) else None


def _year_reader(name: str) -> Callable[[str], dict[str, list[Value]] | None]:
    def read(text: str) -> dict[str, list[Value]] | None:
        years = _ONE_YEAR.findall(text)
        if not re.search(r"[0-9]", text) and 2 < len(text) < _MAX_CHARS:
            return {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}  # `løpende`, `ikke fastsatt`
        if re.fullmatch(_YEAR, text) or not 1 <= len(years) <= 2 or len(text) >= _MAX_CHARS:
            return None
        printed: dict[str, list[Value]] = {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}
        span = _RANGE.search(text) or _RANGE.search(_strip_year_parts(text))
        if len(years) == 2 and not span:
            return None
        first = span[1] if span else years[0]
        rest = _strip_times(text)
        if re.search(r"[0-9]", rest):
            return None
        if rest:
            return printed  # in `før 2030` or `tidligst 2026` the year is not the start
        printed[f"{PLAN}{name}Year"] = [_year_literal(first)]
        if span:
            last = span[2] if len(span[2]) == 4 else first[:2] + span[2]
            if last <= first:
                return None
            printed[f"{PLAN}latest{name[0].upper()}{name[1:]}Year"] = [_year_literal(last)]
        seasons = [season for season, words in _SEASONS if re.search(rf"(?<!\w)(?:{words})(?!\w)", text, re.I)]
        if len(seasons) == 1 and not span:
            printed[f"{PLAN}{name}Season"] = [NamedNode(f"{SCHEME}season/{seasons[0]}")]
        return printed

    return read


def _strip_times(text: str) -> str:
    """The text without years, parts of the year and months: any word left may change the meaning."""
    return _ONE_YEAR.sub(" ", _RANGE.sub(" ", _strip_year_parts(text))).strip(" .,-/–()")


def _strip_year_parts(text: str) -> str:
    """The text without parts of the year and months: `høsten 2025 – våren 2026` keeps its years."""
    for words in (*(words for _, words in _SEASONS), _TERTIAL):
        text = re.sub(rf"(?<!\w)(?:{words})(?!\w)", " ", text, flags=re.IGNORECASE)
    return re.sub(_MONTH_OR_IN, " ", text, flags=re.IGNORECASE)


def _read_interval(text: str) -> dict[str, list[Value]] | None:
    """`hvert 4. år` gives P4Y and a printed form, `hver valgperiode` only the printed form; `4 år` is a plain value."""
    printed: dict[str, list[Value]] = {f"{PLAN}revisionIntervalAsPrinted": [Literal(text, language="nb")]}
    if match := _EVERY_N_YEARS.fullmatch(text):
        ordinal = "andre" if (match[2] or "").lower() == "annet" else (match[2] or "første").lower()
        count = match[1] or str(_ORDINALS.index(ordinal) + 1)
        typed = Literal(f"P{count}Y", datatype=NamedNode(f"{_XSD}duration"))
        return {**printed, f"{PLAN}revisionInterval": [typed]}
    return printed if re.fullmatch(r"(?=.{4})[^\W0-9][^0-9]*", text) and len(text) < _MAX_CHARS else None


def _read_number(text: str) -> dict[str, list[Value]] | None:
    if match := re.fullmatch(r"([1-9][0-9]*)\.", text):
        return {f"{PLAN}number": [Literal(match[1], datatype=NamedNode(f"{_XSD}integer"))]}
    if re.fullmatch(r"[0-9]+", text) or not _LIST_NUMBER.fullmatch(text):
        return None
    return {f"{PLAN}planNumberAsPrinted": [Literal(text)]}


def _year_literal(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(f"{_XSD}gYear"))


_READERS: Mapping[str, Callable[[str], dict[str, list[Value]] | None]] = {
    f"{PLAN}startYear": _year_reader("start"),
    f"{PLAN}completionYear": _year_reader("completion"),
    f"{PLAN}number": _read_number,
    f"{PLAN}revisionInterval": _read_interval,
}
DERIVING_PROPERTIES = frozenset(_READERS)
"""Properties whose cells may give values to other properties."""
