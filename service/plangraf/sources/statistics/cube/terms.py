"""Units, status symbols and numbers of statistics as RDF terms."""

from __future__ import annotations

from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.namespaces import PREFIXES, SCHEME

_XSD = PREFIXES["xsd"]
_UNIT = PREFIXES["unit"]
# Only wordings that certainly mean the unit of the figures; any other one becomes a code of the table.
_UNITS = {
    "prosent": "PERCENT",
    "per cent": "PERCENT",
    "percent": "PERCENT",
    "procent": "PERCENT",
    "%": "PERCENT",
    "pct": "PERCENT",
    "antall": "NUM",
    "antal": "NUM",
    "number": "NUM",
    "promille": "PERMILLE",
    "per mille": "PERMILLE",
    "kr": "CCY_NOK",
    "kroner": "CCY_NOK",
    "nok": "CCY_NOK",
    "år": "YR",
    "years": "YR",
    "tonn": "TONNE",
    "tonnes": "TONNE",
    "km": "KiloM",
    "km²": "KiloM2",
    "dekar": "DecaARE",
    "gwh": "GigaW-HR",
    "kwh": "KiloW-HR",
}
_STATUS = f"{SCHEME}observation-status/"
# The signs of the Nordic offices, and SDMX's code list CL_OBS_STATUS.
_STATUSES = {
    ".": "not-applicable",
    "..": "not-available",
    "...": "not-yet-available",
    ":": "confidential",
    "*": "provisional",
    "M": "not-applicable",
    "L": "not-available",
    "O": "not-available",
    "H": "not-available",
    "Q": "confidential",
    "P": "provisional",
    "E": "estimated",
}
NO_REASON = NamedNode(_STATUS + "no-reason-given")
"""The status of a missing value whose source gives no symbol."""


def unit_of(base: str) -> NamedNode | None:
    """The QUDT unit that the wording of a source certainly means; None for any other wording."""
    name = _UNITS.get(base.strip().lower())
    return NamedNode(_UNIT + name) if name else None


def status_of(symbol: str) -> NamedNode:
    """The concept of a status symbol; `as-marked` when only the source explains the symbol."""
    return NamedNode(_STATUS + _STATUSES.get(symbol.strip(), "as-marked"))


def decimal_text(number: Decimal) -> str:
    """The canonical lexical form of an xsd:decimal: exact, without exponent and without zeros at the end."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def decimal(number: Decimal | int) -> Literal:
    return Literal(decimal_text(Decimal(number)), datatype=NamedNode(_XSD + "decimal"))


def integer(number: int) -> Literal:
    return Literal(str(number), datatype=NamedNode(_XSD + "integer"))


def text(value: str) -> Literal:
    return Literal(value)


def tagged(value: str, language: str) -> Literal:
    return Literal(value, language=language)


def typed(value: str, datatype: str) -> Literal:
    return Literal(value, datatype=NamedNode(_XSD + datatype))
