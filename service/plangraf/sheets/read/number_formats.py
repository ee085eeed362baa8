"""What Excel shows for a number: the format decides whether a stored 0.25 stands there as 25 %.

An import takes what a reader of the sheet sees. Where the shown number is another one than the stored, and not
only written in another way, the cell is refused.
Number formats: ECMA-376 Part 1, 18.8.31
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from plangraf.sheets.cell_place import CellError
from plangraf.sheets.read.raw import Refused
from plangraf.sheets.unit_marks import Marked, known
from plangraf.sheets.values import Cell, PartOfDate, exact

# Quoted text, an escaped sign, a sign as wide as a space, a repeated sign.
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)')
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_CONDITION = re.compile(r"[<>=]")
_DIGITS = re.compile(r"[0#?]")
# Signs that change nothing; a minus and parentheses are looked at for themselves.
_HARMLESS = {"", "-", "−", "+", "(", ")", "/", ":", "."}
# What of a code is no text that Excel would show as it stands.
_OF_A_CODE = re.compile(r"General|E[+-]?|[0#?.,%@+\-/(): ]", re.IGNORECASE)
_MINUS = re.compile(r"[-−(]")
_COLOUR = re.compile(r"\[(?:black|white|red|green|blue|yellow|magenta|cyan|color ?[0-9]+)\]", re.IGNORECASE)


def shown(value: float, number_format: str) -> Cell | Refused:
    """A number as a cell of its format.

    Args:
        value: as it is stored.
        number_format: the cell's format code, with its sections.
    Returns:
        The number; with a unit's sign `Marked`; a text of digits when the format adds zeros in front; or a refusal.
    """
    number = exact(value)
    section = _section(number, number_format)
    if section is None:
        return _refused(value, "", "Tallformatet har vilkår.", "The number format has conditions.")
    words = [(match[1] or match[2] or "").strip() for match in _LITERAL.finditer(section)]
    words += [text.split("-")[0].strip() for text in _currencies(section)]
    code = _BRACKETS.sub("", _LITERAL.sub("", section))
    words += [_OF_A_CODE.sub("", code).strip()]
    general = "general" in code.lower() or code.strip() in ("", "@")
    if not code.strip() and number_format.strip() not in ("", "General"):
        return _refused(value, "", "Tallformatet skjuler verdien.", "The number format hides the value.")
    if (sign := _sign(number, number_format, section)) is not None:
        return _refused(value, "", *sign)
    marks = [word for word in words if word.lower() not in _HARMLESS]
    if len(marks) > 1 or not all(map(known, marks)) or (marks and "%" in code):
        text = f"{_plain(number)} {' '.join(marks)}"
        return _refused(value, text, f"Cellen viser «{text}».", f"The cell shows «{text}».")
    percent = "%" in code
    mark = "%" if percent else next(iter(marks), "")
    if general:
        return Marked(number, mark) if mark else value
    return _coded(value, number * 100 if percent else number, code, mark)


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
    return day.date() if isinstance(day, datetime) and "h" not in code and day.time() != time() else day


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


def _sign(number: Decimal, number_format: str, section: str) -> tuple[str, str] | None:
    """What is wrong when the format shows the other sign, or hides a minus; a colour may stand for it."""
    text = _LITERAL.sub(lambda match: match[1] or match[2] or "", _COLOUR.sub("", section))
    if number < 0 and ";" in number_format and section != number_format:
        if _MINUS.search(_BRACKETS.sub("", text)) or _COLOUR.search(section):
            return None
        return "Tallformatet skjuler minustegnet.", "The number format hides the minus sign."
    lead = re.split(r"[0#?]|General", _BRACKETS.sub("", text), maxsplit=1)[0]
    if number > 0 and _MINUS.search(lead):
        return "Tallformatet viser tallet som negativt.", "The number format shows the number as negative."
    return None


def _coded(value: float, number: Decimal, code: str, mark: str) -> Cell | Refused:
    if "/" in code:
        if number == number.to_integral_value():
            return Marked(number, mark) if mark else value
        return _refused(value, "", "Cellen viser en brøk.", "The cell shows a fraction.")
    if re.search(r"[0#?.],+(?![0#?,])", code.upper().partition("E")[0]):
        return _refused(value, "", "Tallformatet viser tusener eller millioner.",
                        "The number format shows thousands or millions.")  # fmt: skip
    mantissa, scientific, _ = code.upper().partition("E")
    decimals = len(_DIGITS.findall(mantissa.partition(".")[2]))
    places = decimals - (number.adjusted() if scientific and number else 0)
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP) if abs(places) < 30 else number
    if rounded != number:
        text = f"{_plain(rounded)} {mark}".strip()
        return _refused(value, text, f"Cellen viser {text}, men inneholder {_plain(number)}.",
                        f"The cell shows {text} but holds {_plain(number)}.")  # fmt: skip
    if mark:
        return Marked(number, mark)
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
