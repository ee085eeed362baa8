"""Numbers as people write them in CSV files: with spaces, a decimal comma, a typographic minus.

What the mapping file allows is repaired and counted; anything else is a defect, because `1.234` may be one or a
thousand.
"""

from __future__ import annotations

import re
from decimal import Decimal

from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.read.json_stat_values import fits
from plangraf.sources.statistics.read.mapping import ValueColumn

_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")
_SPACES = "\u0020\u00a0\u2009\u202f"
_MINUS = "\u2212\u2013"


def number_of(text: str, column: ValueColumn, findings: Findings, place: str, line: int) -> Decimal | None:
    """The number that a cell holds; None after a defect.

    Args:
        text: the cell, not empty.
        column: how the mapping file says numbers are written.
        findings: receives repairs and defects.
        place: the column, for messages.
        line: the line in the file, counted from 1.
    """
    if column == _AS_IS and _PLAIN.fullmatch(text):
        number = Decimal(text)
        return number if fits(number, place, findings, line) else None
    repairs: list[tuple[str, str]] = []
    plain = text
    if plain[:1] in _MINUS:
        plain = "-" + plain[1:]
        repairs.append(("typografisk minus er lest som minus", "a typographic minus is read as a minus"))
    if column.thousands and (joined := _joined(plain, column)) != plain:
        plain = joined
        repairs.append(("skilletegn mellom tusener er fjernet", "separators between thousands are removed"))
    if column.decimal == "," and "," in plain:
        plain = plain.replace(",", ".") if "." not in plain else text
        repairs.append(("desimalkomma er lest som punktum", "a decimal comma is read as a point"))
    if not _PLAIN.fullmatch(plain):
        findings.wrong(
            place,
            text,
            "et tall; si i avbildningsfilen hvilket desimaltegn og tusenskille tallene har",
            "a number; name the decimal sign and the thousands separator of the numbers in the mapping file",
            line,
        )
        return None
    for nb, en in repairs:
        findings.repaired(nb, en)
    number = Decimal(plain)
    return number if fits(number, place, findings, line) else None


_AS_IS = ValueColumn()


def _joined(text: str, column: ValueColumn) -> str:
    """The text without separators, when these stand between groups of three digits; else unchanged."""
    signs = _SPACES if column.thousands == " " else column.thousands
    whole, point, fraction = text.partition(column.decimal)
    groups = re.split(f"[{re.escape(signs)}]", whole)
    right = re.fullmatch("[+-]?[0-9]{1,3}", groups[0]) and all(re.fullmatch("[0-9]{3}", group) for group in groups[1:])
    return "".join(groups) + point + fraction if right else text
