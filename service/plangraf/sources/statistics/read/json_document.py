"""Parses JSON with exact numbers, and reports what the parser of the standard library lets pass.

RFC 8259: a name twice in one object, NaN and Infinity are not interoperable; both occur in files of statistics.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
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

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    findings.wrong(
                        f'"{name}"',
                        Described("the same name twice in one object"),
                        "hvert navn én gang",
                        "each name once",
                    )
                seen.add(name)
        for name, value in pairs:
            if isinstance(value, str) and CONTROL.search(value):
                made[name] = CONTROL.sub(" ", value)
                findings.repaired(*CONTROL_REPAIRED)
        return made

    def refuse_constant(name: str) -> None:
        findings.wrong("value", name, "et tall eller null", "a number or null")

    text = text_of(content, findings)
    if half := _half_character(text):
        findings.wrong(
            f"character {half.start() + 1}",
            half[0],
            "hele tegn: en halv surrogat kan ikke lagres; hent filen på nytt",
            "whole characters: half a surrogate cannot be stored; fetch the file again",
        )
        findings.stop()
    found: object = None
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=refuse_constant, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        cut = not text[error.pos :].strip() or "Unterminated" in error.msg
        findings.wrong(
            f"line {error.lineno}, column {error.colno}",
            Described("the end of the file") if cut else text[error.pos : error.pos + 40],
            "resten av JSON-dokumentet; nedlastingen ble trolig avbrutt, hent filen på nytt"
            if cut
            else "gyldig JSON; hent filen på nytt",
            "the rest of the JSON document; the download probably broke off, fetch the file again"
            if cut
            else "valid JSON; fetch the file again",
        )
    except ValueError as error:  # more digits than Python reads
        findings.wrong("file", Described(str(error)), "tall med færre sifre", "numbers with fewer digits")
    except RecursionError:
        findings.wrong("file", Described("very deep nesting"), "et JSON-stat-dokument", "a JSON-stat document")
    findings.stop()
    if not isinstance(found, dict):
        findings.wrong("file", Described(type(found).__name__), "ett JSON-objekt", "one JSON object")
        findings.stop()
    assert isinstance(found, dict)
    return found


def _half_character(text: str) -> re.Match[str] | None:
    """The escape of half a surrogate pair, which is no character: RFC 8259, section 8.2."""
    for match in _ESCAPE.finditer(text):
        if match[1]:
            return match
    return None
