"""What Excel shows for a number: the format decides whether a stored 0.25 stands there as 25 %.

An import takes what a reader of the sheet sees. Where the shown number is another one than the stored, and not
only written in another way, the cell is refused.
Number formats: ECMA-376 Part 1, 18.8.31
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from plangraf.sheets.problems import CellError
from plangraf.sheets.raw import Refused
from plangraf.sheets.values import Cell, PartOfDate, Percent, exact

# Quoted text, an escaped sign, a sign as wide as a space, a repeated sign.
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)')
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_CONDITION = re.compile(r"[<>=]")
_DIGITS = re.compile(r"[0#?]")
# Words that name the money that a number is, and do not scale it.
_HARMLESS = {"", "kr", "kr.", "nok", "eur", "€", "$", "£", ",-", "-", "+", "(", ")", "stk", "stk.", "år", "m²", "m2",
             "km", "m", "kg", "tonn", "kwh", "gwh", "°c", "/", ":", "."}  # fmt: skip


def shown(value: float, number_format: str) -> Cell | Refused:
    """A number as a cell of its format.

    Args:
        value: as it is stored.
        number_format: the cell's format code, with its sections.
    Returns:
        The number; a `Percent`; a text of digits when the format adds zeros in front; or a refusal.
    """
    number = exact(value)
    section = _section(number, number_format)
    if section is None:
        return _refused(value, "", "Tallformatet har vilkår.", "The number format has conditions.")
    words = [(match[1] or match[2] or "").strip() for match in _LITERAL.finditer(section)]
    words += [text.split("-")[0].strip() for text in _currencies(section)]
    code = _BRACKETS.sub("", _LITERAL.sub("", section))
    general = "general" in code.lower() or code.strip() in ("", "@")
    if not code.strip() and number_format.strip() not in ("", "General"):
        return _refused(value, "", "Tallformatet skjuler verdien.", "The number format hides the value.")
    percent = "%" in code
    literal_percent = "%" in words
    others = [word for word in words if word.lower() not in _HARMLESS and word != "%"]
    if others:
        text = f"{_plain(number)} {' '.join(others)}"
        return _refused(value, text, f"Cellen viser «{text}».", f"The cell shows «{text}».")
    if general:
        return Percent(number) if literal_percent else value
    return _coded(value, number * 100 if percent else number, code, percent=percent or literal_percent)


def shown_day(day: datetime | date, number_format: str) -> Cell:
    """A date as its format shows it: `mmm yy` shows a month and `yyyy` a year, whatever day is stored."""
    code = _BRACKETS.sub("", _LITERAL.sub("", number_format)).lower().partition(";")[0]
    has_day, has_month, has_year = "d" in code, "m" in re.sub(r"h+[^a-z]*m+|m+[^a-z]*s+", "", code), "y" in code
    if has_day and has_month and not has_year:
        return PartOfDate(f"--{day.month:02d}-{day.day:02d}")
    if has_year and has_month and not has_day:
        return PartOfDate(f"{day.year:04d}-{day.month:02d}")
    if has_year and not has_month and not has_day:
        return PartOfDate(f"{day.year:04d}")
    return day


def _section(number: Decimal, number_format: str) -> str | None:
    """The section of the format that the number's sign chooses; None when conditions choose."""
    sections = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', number_format)
    if any(_CONDITION.search(text) for text in _BRACKETS.findall(number_format) if not text.startswith("$")):
        return None
    if number < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if number == 0 and len(sections) > 2 else sections[0]


def _currencies(section: str) -> list[str]:
    return [text[1:] for text in _BRACKETS.findall(section) if text.startswith("$")]


def _coded(value: float, number: Decimal, code: str, *, percent: bool) -> Cell | Refused:
    if "/" in code:
        if number == number.to_integral_value():
            return Percent(number) if percent else value
        return _refused(value, "", "Cellen viser en brøk.", "The cell shows a fraction.")
    if re.search(r"[0#?],+(?![0#?])", code.partition(".")[0].partition("E")[0]):
        return _refused(value, "", "Tallformatet viser tusener eller millioner.",
                        "The number format shows thousands or millions.")  # fmt: skip
    mantissa, scientific, _ = code.upper().partition("E")
    decimals = len(_DIGITS.findall(mantissa.partition(".")[2]))
    places = decimals - (number.adjusted() if scientific and number else 0)
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP) if abs(places) < 30 else number
    if rounded != number:
        text = f"{_plain(rounded)}{' %' if percent else ''}"
        return _refused(value, text, f"Cellen viser {text}, men inneholder {_plain(number)}.",
                        f"The cell shows {text} but holds {_plain(number)}.")  # fmt: skip
    if percent:
        return Percent(number)
    zeros = len(re.findall("0", mantissa.partition(".")[0]))
    if not decimals and not scientific and zeros > 1 and number >= 0 and len(_plain(number)) < zeros:
        return _plain(number).zfill(zeros)
    return value


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def _refused(value: float, text: str, nb: str, en: str) -> Refused:
    return Refused(
        text or _plain(exact(value)),
        CellError(
            f"{nb} Skriv tallet som gjelder, og formater cellen som Standard.",
            f"{en} Write the number that is meant, and format the cell as General.",
        ),
    )
