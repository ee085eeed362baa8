"""Parses JSON with exact numbers, and reports what the parser of the standard library lets pass.

RFC 8259: a name twice in one object, NaN and Infinity are not interoperable; both occur in files of statistics.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from plangraf.sources.statistics.findings import Described, Findings
from plangraf.sources.statistics.read.downloads import CONTROL, CONTROL_REPAIRED, text_of

_ESCAPE = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def parse(content: bytes, findings: Findings) -> dict[str, Any]:
    """The JSON object of a file: whole numbers as int, others as Decimal with their digits as written.

    Raises:
        TableError: the file is not one JSON object.
    """
    text = text_of(content, findings)
    if half := _half_character(text):
        findings.wrong(
            f"character {half.start() + 1}",
            half[0],
            "hele tegn: en halv surrogat kan ikke lagres; hent filen på nytt",
            "whole characters: half a surrogate cannot be stored; fetch the file again",
        )
        findings.stop()
    found = _parse(text, findings)
    findings.stop()
    if not isinstance(found, dict):
        findings.wrong("file", Described(type(found).__name__), "ett JSON-objekt", "one JSON object")
        findings.stop()
    assert isinstance(found, dict)
    return found


def as_object(value: object) -> Mapping[str, Any]:
    """A value of the document when it is an object; an empty one otherwise."""
    return value if isinstance(value, dict) else {}


def _parse(text: str, findings: Findings) -> object:
    """The value of a JSON text; None after a defect of the whole text."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, times in Counter(name for name, _ in pairs).items() if len(dict(pairs)) < len(pairs) else ():
            if times > 1:
                twice = Described("the same name twice in one object")
                findings.wrong(f'"{name}"', twice, "hvert navn én gang", "each name once")
        made = dict(pairs)
        for name, value in pairs:
            if isinstance(value, str) and CONTROL.search(value):
                made[name] = CONTROL.sub(" ", value)
                findings.repaired(*CONTROL_REPAIRED)
        return made

    def refuse_constant(name: str) -> None:
        findings.wrong("value", name, "et tall eller null", "a number or null")

    try:
        return json.loads(text, parse_float=Decimal, parse_constant=refuse_constant, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        _tell_syntax(text, error, findings)
    except (ValueError, InvalidOperation):  # more digits than Python reads, or an exponent of more
        found = Described("a number of thousands of digits")
        findings.wrong("file", found, "tall med færre sifre", "numbers with fewer digits")
    except RecursionError:
        findings.wrong("file", Described("very deep nesting"), "et JSON-stat-dokument", "a JSON-stat document")
    return None


def _half_character(text: str) -> re.Match[str] | None:
    """The escape of half a surrogate pair, which is no character: RFC 8259, section 8.2."""
    for match in _ESCAPE.finditer(text):
        if match[1]:
            return match
    return None


def _tell_syntax(text: str, error: json.JSONDecodeError, findings: Findings) -> None:
    place = f"line {error.lineno}, column {error.colno}"
    if not text[error.pos :].strip() or "Unterminated" in error.msg:
        findings.wrong(
            place,
            Described("the end of the file"),
            "resten av JSON-dokumentet; nedlastingen ble trolig avbrutt, hent filen på nytt",
            "the rest of the JSON document; the download probably broke off, fetch the file again",
        )
    else:
        found = text[error.pos : error.pos + 40]
        findings.wrong(place, found, "gyldig JSON; hent filen på nytt", "valid JSON; fetch the file again")
