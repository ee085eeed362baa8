"""A number with its unit in the same cell: `25 %`, `1 500 kr`, `5 km`, by the cell's format or as text.

It is a number only in a row whose unit is the same; elsewhere the sign would be lost, and with it what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from plangraf.rdf.namespaces import SCHEME

_QUDT = "http://qudt.org/vocab/unit/"
_OURS = f"{SCHEME}unit/"
_KRONER = frozenset(
    {f"{_QUDT}CCY_NOK", *(f"{_OURS}krone-per-{each}" for each in ("year", "person", "day"))}
)  # fmt: skip
# What stands beside a number → the units that it is a sign of.
_UNITS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("%", "prosent", "pst", "percent"), frozenset({f"{_QUDT}PERCENT"})),
    **dict.fromkeys(("‰", "promille"), frozenset({f"{_QUDT}PERMILLE"})),
    **dict.fromkeys(("kr", "nok", "kroner", ",-"), _KRONER),
    **dict.fromkeys(("stk", "antall"), frozenset({f"{_QUDT}NUM"})),
    **{
        word: frozenset({_QUDT + name})
        for word, name in {
            "år": "YR", "måneder": "MO", "uker": "WK", "dager": "DAY", "timer": "HR", "minutter": "MIN",
            "km": "KiloM", "m": "M", "mm": "MilliM", "km/t": "KiloM-PER-HR", "m²": "M2", "m2": "M2", "daa": "DecaARE",
            "dekar": "DecaARE", "km²": "KiloM2", "km2": "KiloM2", "kg": "KiloGM", "tonn": "TONNE", "°c": "DEG_C",
        }.items()
    },
    "kwh": frozenset({f"{_QUDT}KiloW-HR", f"{_OURS}kilowatt-hour-per-year"}),
    "gwh": frozenset({f"{_QUDT}GigaW-HR"}),
}  # fmt: skip
_SPACES = " \u00a0\u2007\u2009\u202f"
_NUMBER = rf"[+\-−]?[0-9][0-9{_SPACES}]*(?:[.,][0-9]+)?"
_AFTER = re.compile(rf"({_NUMBER})[{_SPACES}]*([^0-9{_SPACES}].*)")
_BEFORE = re.compile(rf"([^\W0-9]+\.?)[{_SPACES}]*({_NUMBER})")


@dataclass(frozen=True, slots=True)
class Marked:
    """A number that stands in the cell with a sign of its unit: 25 for `25 %`, though Excel stores 0.25."""

    number: Decimal
    mark: str


def known(mark: str) -> bool:
    """Whether it is a sign of a unit that a row can have."""
    return _plain(mark) in _UNITS


def without_mark(cell: object, unit: str | None) -> str | None:
    """The number of a cell, when the sign beside it is one of the row's unit; None for any other cell."""
    if isinstance(cell, Marked):
        return f"{cell.number:f}".replace(".", ",") if unit in _UNITS[_plain(cell.mark)] else None
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if match := _AFTER.fullmatch(text):
        number, mark = match.groups()
    elif match := _BEFORE.fullmatch(text):
        mark, number = match.groups()
    else:
        return None
    return number.strip(_SPACES) if unit in _UNITS.get(_plain(mark), ()) else None


def _plain(mark: str) -> str:
    return mark.strip().lower().removesuffix(".")
