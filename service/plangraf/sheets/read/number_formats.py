"""Reads numbers and dates as Excel shows them: the format decides whether a stored 0.25 shows as 25 %.

An import takes what a reader sees. A cell that shows another number than it stores, such as a rounded one, is refused.
Number formats: ECMA-376 Part 1, 18.8.31

A unit mark comes from the format or from the text: `25 %`, `1 500 kr`, `5 km`. Such a cell is read as a number only
when the row has the same unit, because otherwise the unit would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from plangraf.rdf.namespaces import SCHEME
from plangraf.sheets.cell_values import Cell, CellError, MarkedNumber, PartialDate, round_as_excel
from plangraf.sheets.read.raw import Refused

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
# Quoted text, an escaped character, a space as wide as a character, a repeated character.
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)')
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_CONDITION = re.compile(r"[<>=]")
_DIGITS = re.compile(r"[0#?]")
# Signs that do not change the number; `_check_sign` handles minus and parentheses.
_HARMLESS = {"", "-", "−", "+", "(", ")", "/", ":", "."}
# Parts of a code that are not literal text.
_CODE_SIGNS = re.compile(r"General|E[+-]?|[0#?.,%@+\-/(): ]", re.IGNORECASE)
_MINUS = re.compile(r"[-−(]")
_COLOUR = re.compile(r"\[(?:black|white|red|green|blue|yellow|magenta|cyan|color ?[0-9]+)\]", re.IGNORECASE)


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


def read_number(value: float, number_format: str) -> Cell | Refused:
    """Reads a number as its format shows it.

    Args:
        value: the stored number.
        number_format: format code of the cell, with its sections.
    Returns:
        The number, or a `MarkedNumber` when the cell shows a unit; its digits as text when the format adds leading
        zeros; `Refused` when the cell shows another number than it stores.
    """
    number = round_as_excel(value)
    if not number.is_finite():
        return _refuse(
            value,
            "",
            "Tallet er større enn noe regneark viser.",
            "The number is larger than any that a spreadsheet shows.",
        )
    section = _choose_section(number, number_format)
    if section is None:
        return _refuse(value, "", "Tallformatet har vilkår.", "The number format has conditions.")
    words = [(match[1] or match[2] or "").strip() for match in _LITERAL.finditer(section)]
    words += [text.split("-")[0].strip() for text in _list_currencies(section)]
    code = _BRACKETS.sub("", _LITERAL.sub("", section))
    words += [_CODE_SIGNS.sub("", code).strip()]
    general = "general" in code.lower() or code.strip() in ("", "@")
    if not code.strip() and number_format.strip() not in ("", "General"):
        return _refuse(value, "", "Tallformatet skjuler verdien.", "The number format hides the value.")
    if (sign := _check_sign(number, number_format, section)) is not None:
        return _refuse(value, "", *sign)
    marks = [word for word in words if word.lower() not in _HARMLESS]
    if len(marks) > 1 or not all(map(known, marks)) or (marks and "%" in code):
        text = f"{_format_plain(number)} {' '.join(marks)}"
        return _refuse(value, text, f"Cellen viser «{text}».", f"The cell shows «{text}».")
    percent = "%" in code
    mark = "%" if percent else next(iter(marks), "")
    if general:
        return MarkedNumber(number, mark) if mark else value
    return _apply_format(value, number * 100 if percent else number, code, mark)


def read_day(day: datetime | date, number_format: str) -> Cell:
    """Reads a date as its format shows it: `mmm yy` shows a month and `yyyy` a year of the stored day."""
    code = _BRACKETS.sub("", _LITERAL.sub("", number_format)).lower().partition(";")[0]
    has_day, has_month, has_year = "d" in code, "m" in re.sub(r"h+[^a-z]*m+|m+[^a-z]*s+", "", code), "y" in code
    if has_day and has_month and not has_year:
        return PartialDate(f"--{day.month:02d}-{day.day:02d}")
    if has_year and has_month and not has_day:
        return PartialDate(f"{day.year:04d}-{day.month:02d}")
    if has_year and not has_month and not has_day:
        return PartialDate(f"{day.year:04d}")
    return day.date() if isinstance(day, datetime) and "h" not in code and day.time() != time() else day


def _choose_section(number: Decimal, number_format: str) -> str | None:
    """The section of the format for the sign of the number; None when the format has conditions."""
    sections = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', number_format)
    if any(_CONDITION.search(text) for text in _BRACKETS.findall(number_format) if not text.startswith("$")):
        return None
    if number < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if number == 0 and len(sections) > 2 else sections[0]


def _list_currencies(section: str) -> list[str]:
    return [text[1:] for text in _BRACKETS.findall(section) if text.startswith("$")]


def _check_sign(number: Decimal, number_format: str, section: str) -> tuple[str, str] | None:
    """The error of a format that shows the wrong sign or hides a minus; a colour may replace the minus."""
    text = _LITERAL.sub(lambda match: match[1] or match[2] or "", _COLOUR.sub("", section))
    if number < 0 and ";" in number_format and section != number_format:
        if _MINUS.search(_BRACKETS.sub("", text)) or _COLOUR.search(section):
            return None
        return "Tallformatet skjuler minustegnet.", "The number format hides the minus sign."
    lead = re.split(r"[0#?]|General", _BRACKETS.sub("", text), maxsplit=1)[0]
    if number > 0 and _MINUS.search(lead):
        return "Tallformatet viser tallet som negativt.", "The number format shows the number as negative."
    return None


def _apply_format(value: float, number: Decimal, code: str, mark: str) -> Cell | Refused:
    if "/" in code:
        if number == number.to_integral_value():
            return MarkedNumber(number, mark) if mark else value
        return _refuse(value, "", "Cellen viser en brøk.", "The cell shows a fraction.")
    if re.search(r"[0#?.],+(?![0#?,])", code.upper().partition("E")[0]):
        return _refuse(
            value, "", "Tallformatet viser tusener eller millioner.", "The number format shows thousands or millions."
        )
    mantissa, scientific, _ = code.upper().partition("E")
    decimals = len(_DIGITS.findall(mantissa.partition(".")[2]))
    places = decimals - (number.adjusted() if scientific and number else 0)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # it is finite
    # Rounded only where the cell shows fewer digits, because the context bounds the digits of a result.
    rounded = number if -exponent <= places else number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if rounded != number:
        text = f"{_format_plain(rounded)} {mark}".strip()
        return _refuse(
            value,
            text,
            f"Cellen viser {text}, men inneholder {_format_plain(number)}.",
            f"The cell shows {text} but holds {_format_plain(number)}.",
        )
    if mark:
        return MarkedNumber(number, mark)
    zeros = len(re.findall("0", mantissa.partition(".")[0]))
    if not decimals and not scientific and zeros > 1 and number >= 0 and len(_format_plain(number)) < zeros:
        return _format_plain(number).zfill(zeros)
    return value


def _format_plain(number: Decimal) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def _refuse(value: float, text: str, nb: str, en: str) -> Refused:
    return Refused(
        text or _format_plain(round_as_excel(value)),
        CellError(
            f"{nb} Skriv tallet som gjelder, og formater cellen som Standard.",
            f"{en} Write the number that is meant, and format the cell as General.",
        ),
    )
