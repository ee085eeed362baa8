"""Numbers with a unit mark in the same cell, from its format or its text: `25 %`, `1 500 kr`, `5 km`.

Such a cell is read as a number only when the row has the same unit, because otherwise the unit would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from plangraf.rdf.namespaces import SCHEME

_QUDT = "http://qudt.org/vocab/unit/"
_OWN_UNIT = f"{SCHEME}unit/"
_KRONER = frozenset({f"{_QUDT}CCY_NOK", *(f"{_OWN_UNIT}krone-per-{each}" for each in ("year", "person", "day"))})
# Mark beside a number → IRIs of the units that it stands for.
_UNITS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("%", "prosent", "pst", "percent"), frozenset({f"{_QUDT}PERCENT"})),
    **dict.fromkeys(("‰", "promille"), frozenset({f"{_QUDT}PERMILLE"})),
    **dict.fromkeys(("kr", "nok", "kroner", ",-"), _KRONER),
    **dict.fromkeys(("stk", "antall"), frozenset({f"{_QUDT}NUM"})),
    **{
        word: frozenset({_QUDT + name})
        for word, name in {
            "år": "YR",
            "måneder": "MO",
            "uker": "WK",
            "dager": "DAY",
            "timer": "HR",
            "minutter": "MIN",
            "km": "KiloM",
            "m": "M",
            "mm": "MilliM",
            "km/t": "KiloM-PER-HR",
            "m²": "M2",
            "m2": "M2",
            "daa": "DecaARE",
            "dekar": "DecaARE",
            "km²": "KiloM2",
            "km2": "KiloM2",
            "kg": "KiloGM",
            "tonn": "TONNE",
            "°c": "DEG_C",
        }.items()
    },
    "kwh": frozenset({f"{_QUDT}KiloW-HR", f"{_OWN_UNIT}kilowatt-hour-per-year"}),
    "gwh": frozenset({f"{_QUDT}GigaW-HR"}),
}
_SPACES = " \u00a0\u2007\u2009\u202f"
_NUMBER = rf"[+\-−]?[0-9][0-9{_SPACES}]*(?:[.,][0-9]+)?"
_AFTER = re.compile(rf"({_NUMBER})[{_SPACES}]*([^0-9{_SPACES}].*)")
_BEFORE = re.compile(rf"([^\W0-9]+\.?)[{_SPACES}]*({_NUMBER})")


@dataclass(frozen=True, slots=True)
class MarkedNumber:
    """A number that the cell shows with a unit mark: 25 and `%` for `25 %`, although Excel stores 0.25."""

    number: Decimal
    mark: str


def known(mark: str) -> bool:
    """Whether the mark stands for a known unit."""
    return _normalize(mark) in _UNITS


def strip_mark(cell: object, unit: str | None) -> str | None:
    """The number of a cell whose mark stands for the unit of the row; None for any other cell."""
    if isinstance(cell, MarkedNumber):
        return f"{cell.number:f}".replace(".", ",") if unit in _UNITS[_normalize(cell.mark)] else None
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if match := _AFTER.fullmatch(text):
        number, mark = match.groups()
    elif match := _BEFORE.fullmatch(text):
        mark, number = match.groups()
    else:
        return None
    return number.strip(_SPACES) if unit in _UNITS.get(_normalize(mark), ()) else None


def _normalize(mark: str) -> str:
    return mark.strip().lower().removesuffix(".")
