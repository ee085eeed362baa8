"""Values and statuses of JSON-stat 2.0, each in all forms that the format allows.

https://json-stat.org/full/#value https://json-stat.org/full/#status
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import prod
from typing import Any

from plangraf.sources.statistics.findings import Described, Findings

# The engine keeps an xsd:decimal as a whole number of 10^-18 in 128 bits.
_LARGEST, _MOST_DECIMALS = Decimal(10) ** 20, 18
# The digits of a position in the largest table that fits into memory, and some more.
_MOST_DIGITS = 20
NO_REASON = (
    "null uten status er lest som en manglende verdi uten grunn",
    "null without a status is read as a missing value without a reason",
)
"""A repair in Bokmål and English."""
_NUMBER = ("et tall eller null", "a number or null")


@dataclass(frozen=True, slots=True)
class Read:
    """Values by position; a position without value and status is not among them when values are sparse."""

    positions: Sequence[int]
    values: Sequence[Decimal | None]
    statuses: Mapping[int, str]


def read_values(document: Mapping[str, Any], sizes: Sequence[int], findings: Findings) -> Read:
    """The values and statuses of a dataset.

    Args:
        document: the JSON-stat dataset.
        sizes: the number of codes of each dimension.
        findings: receives the defects.
    Raises:
        TableError: there are too many defects, or nothing to read.
    """
    statuses = _statuses(document.get("status"), prod(sizes), findings)
    positions, values = _values(document.get("value"), sizes, statuses, findings)
    if isinstance(symbol := document.get("status"), str) and symbol:
        statuses = dict.fromkeys(positions, symbol)
    if not positions or (not any(value is not None for value in values) and not statuses):
        findings.wrong(
            "value",
            Described("no value"),
            "minst ett tall: utvalget har ingen rader",
            "a number: the selection has no row",
        )
    bare = sum(value is None and place not in statuses for place, value in zip(positions, values, strict=False))
    if bare:
        findings.repaired(*NO_REASON, bare)
    return Read(positions, values, statuses)


def _values(
    stated: object, sizes: Sequence[int], statuses: Mapping[int, str], findings: Findings
) -> tuple[Sequence[int], list[Decimal | None]]:
    """The positions and their values; of an object, the positions that it or a status has.

    Raises:
        TableError: there are none, or another number than the sizes say.
    """
    capacity = prod(sizes)
    if stated in ([], {}) and capacity:
        stated = None
    if isinstance(stated, list):
        values = [exact(value, f"value[{place}]", findings) for place, value in enumerate(stated)]
        if len(values) != capacity:
            _wrong_number(len(values), sizes, findings)
        return range(capacity), values
    if isinstance(stated, dict):
        sparse = _by_position(stated, capacity, "value", findings)
        found = {place: exact(value, f"value.{place}", findings) for place, value in sparse.items()}
        positions = sorted({*found, *statuses})
        return positions, [found.get(place) for place in positions]
    findings.wrong(
        "value",
        stated,
        "en liste eller et objekt med tall; dette kan være metadata, hent tabellens data",
        "a list or an object of numbers; this may be metadata, fetch the table's data",
    )
    findings.stop()
    raise AssertionError("a defect stops the import")


def exact(value: object, place: str, findings: Findings) -> Decimal | None:
    """A number of the document as a Decimal; None for null, and after a defect."""
    kind = type(value)
    if value is None:
        return None
    if kind is int:
        number = Decimal(value)  # type: ignore[arg-type]  # an int, which mypy cannot tell from `type`
    elif kind is Decimal:
        number = value  # type: ignore[assignment]  # a Decimal
    else:
        findings.wrong(place, value, *_NUMBER)
        return None
    return number if fits(number, place, findings) else None


def fits(number: Decimal, place: str, findings: Findings, line: int | None = None) -> bool:
    """Whether the engine holds a number exactly; a defect otherwise."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= _MOST_DECIMALS and -_LARGEST < number < _LARGEST:
        return True
    findings.wrong(
        place,
        number,
        "et tall under 10^20 med høyst 18 desimaler",
        "a number below 10^20 with at most 18 decimals",
        line,
    )
    return False


def _wrong_number(found: int, sizes: Sequence[int], findings: Findings) -> None:
    wanted = f"{prod(sizes)} ({' × '.join(map(str, sizes))})"
    findings.wrong(
        "value", Described(f"{found} values"), f"{wanted}; hent tabellen på nytt", f"{wanted}; fetch the table again"
    )
    findings.stop()


def _statuses(stated: object, capacity: int, findings: Findings) -> dict[int, str]:
    """Status symbols by position, when `status` is an object or an array."""
    if stated is None:
        return {}
    if isinstance(stated, str):
        return {}  # one text for all values, see `read_values`
    if isinstance(stated, list):
        if len(stated) != capacity:
            findings.wrong(
                "status",
                Described(f"{len(stated)} statuses"),
                f"{capacity}, én for hver verdi",
                f"{capacity}, one a value",
            )
        pairs: dict[int, Any] = dict(enumerate(stated[:capacity]))
    elif isinstance(stated, dict):
        pairs = _by_position(stated, capacity, "status", findings)
    else:
        findings.wrong("status", stated, "et objekt, en liste eller en tekst", "an object, a list or a text")
        return {}
    found = {}
    for place, symbol in pairs.items():
        if isinstance(symbol, str) and symbol:
            found[place] = symbol
        elif symbol not in (None, ""):
            findings.wrong(f"status[{place}]", symbol, "et tegn som tekst", "a symbol as text")
    return found


def _by_position(stated: Mapping[str, Any], capacity: int, name: str, findings: Findings) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for key, value in stated.items():
        if not (key.isascii() and key.isdecimal() and len(key) <= _MOST_DIGITS) or int(key) >= capacity:
            findings.wrong(
                f"{name}.{key}", key, f"en plass fra 0 til {capacity - 1}", f"a position from 0 to {capacity - 1}"
            )
        elif int(key) in found:
            findings.wrong(f"{name}.{key}", key, "hver plass én gang", "each position once")
        else:
            found[int(key)] = value
    return found
