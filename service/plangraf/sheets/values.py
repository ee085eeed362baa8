"""One cell and one literal, losslessly: native Excel values where they keep the value, else its text.

Lexical forms are those of XML Schema, canonical as the build wants them: https://www.w3.org/TR/xmlschema11-2/
What people type is read safely or refused: `1 234` is a number, `12,5` a decimal, `2.2.2021` a date, and
`1.234` is refused since it may be either of two numbers.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

from plangraf.build.literals import canonical
from plangraf.build.parsing import compact
from plangraf.namespaces import PREFIXES
from plangraf.sheets.problems import CellError

XSD = PREFIXES["xsd"]
STRING = XSD + "string"

Cell = str | bool | int | float | date | datetime | time | None
"""What a cell holds: a native value, its text, or None when it is empty."""

_INTEGERS = {XSD + name for name in (
    "integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger", "unsignedInt",
)}  # fmt: skip
_DECIMAL, _DOUBLE, _BOOLEAN = XSD + "decimal", XSD + "double", XSD + "boolean"
_DATE, _DATE_TIME, _YEAR = XSD + "date", XSD + "dateTime", XSD + "gYear"
# A number in Excel has 15 significant digits; its calendar counts a day that never was before March 1900.
_MOST_DIGITS = 15
_FIRST_YEAR = 1901
_TRUTHS = {"true": "true", "sann": "true", "ja": "true", "yes": "true",
           "false": "false", "usann": "false", "nei": "false", "no": "false"}  # fmt: skip
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?")
_NORWEGIAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_EITHER_NUMBER = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")


def to_cell(lexical: str, datatype: str) -> Cell:
    """A literal as a cell: native when that keeps the value, else text that `lexical_of` reads back."""
    if datatype in _INTEGERS and re.fullmatch(r"-?[0-9]{1,15}", lexical):
        return int(lexical)
    if datatype == _YEAR and re.fullmatch(r"[1-9][0-9]{3}", lexical):
        return int(lexical)
    if datatype == _BOOLEAN and lexical in ("true", "false"):
        return lexical == "true"
    if datatype == _DATE and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", lexical):
        day = date.fromisoformat(lexical)
        return day if day.year >= _FIRST_YEAR else lexical
    if datatype == _DECIMAL:
        digits = len(lexical.strip("-").replace(".", ""))
        return float(lexical) if digits <= _MOST_DIGITS else lexical.replace(".", ",")
    return lexical


def as_text(cell: Cell) -> str:
    """A cell as text: what CSV holds, and what messages quote. Decimals have a comma, as Norwegian Excel has."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}".removesuffix(".0").replace(".", ",")
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def lexical_of(cell: Cell, datatype: str) -> str:
    """The canonical lexical form of what stands in a cell.

    Args:
        cell: not empty; text without white space around it.
        datatype: IRI of the datatype that the column has.
    Raises:
        CellError: the cell holds no value of the datatype, or one that could mean two things.
    """
    if isinstance(cell, bool):
        if datatype == _BOOLEAN:
            return "true" if cell else "false"
        raise _unfit(datatype, "en sann/usann-verdi", "a true/false value")
    if isinstance(cell, datetime | date):
        return _of_day(cell, datatype)
    if isinstance(cell, time):
        raise _unfit(datatype, "et klokkeslett", "a time of day")
    if isinstance(cell, int | float):
        return _of_number(cell, datatype)
    return _of_text(str(cell), datatype)


def _of_day(cell: date, datatype: str) -> str:
    if datatype == _DATE and (not isinstance(cell, datetime) or cell.time() == time()):
        return f"{cell.year:04d}-{cell.month:02d}-{cell.day:02d}"
    if datatype == _DATE_TIME and isinstance(cell, datetime):
        return canonical(cell.isoformat(), datatype) or cell.isoformat()
    raise _unfit(datatype, "en dato", "a date")


def _of_number(cell: float, datatype: str) -> str:
    whole = isinstance(cell, int) or cell.is_integer()
    plain = f"{Decimal(repr(cell)):f}"
    if whole and len(str(int(cell)).lstrip("-")) > _MOST_DIGITS:
        raise CellError(
            "Excel runder av tall med mer enn 15 sifre. Formater cellen som tekst og skriv tallet på nytt.",
            "Excel rounds numbers of more than 15 digits. Format the cell as text and write the number again.",
        )
    if datatype in _INTEGERS and whole:
        return str(int(cell))
    if datatype == _DECIMAL:
        return canonical(plain, datatype) or plain
    if datatype == _DOUBLE:
        return canonical(repr(float(cell)), datatype) or plain
    if datatype == _YEAR and whole and 1000 <= cell <= 9999:
        return str(int(cell))
    if datatype in (_BOOLEAN, _DATE, _DATE_TIME, _YEAR) or datatype in _INTEGERS:
        raise _unfit(datatype, "et tall", "a number")
    if whole:
        return _of_text(str(int(cell)), datatype)
    raise CellError(
        "Cellen er et tall, så 8.1 og 8.10 er det samme. Formater cellen som tekst og skriv den på nytt.",
        "The cell is a number, so 8.1 and 8.10 are the same. Format the cell as text and write it again.",
    )


def _of_text(text: str, datatype: str) -> str:
    written = text
    if datatype in _INTEGERS or datatype in (_DECIMAL, _DOUBLE):
        written = text.replace("−", "-")
        if _GROUPED.fullmatch(written):
            written = re.sub(r"[ \u00a0\u202f]", "", written)
        if datatype == _DECIMAL:
            if _EITHER_NUMBER.fullmatch(written):
                plain, comma = written.replace(".", ""), written.replace(".", ",")
                raise CellError(
                    f"«{text}» kan være to tall. Skriv {plain} eller {comma}.",
                    f'"{text}" may be either of two numbers. Write {plain} or {comma}.',
                )
            if written.count(",") == 1 and "." not in written:
                written = written.replace(",", ".")
        if datatype in _INTEGERS:
            datatype, kind = XSD + "integer", datatype
        else:
            kind = datatype
    elif datatype == _BOOLEAN:
        written, kind = _TRUTHS.get(text.lower(), text), datatype
    elif datatype == _DATE and (match := _NORWEGIAN_DATE.fullmatch(text)):
        written, kind = f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}", datatype
    else:
        kind = datatype
    found = canonical(written, datatype)
    if found is None or (datatype == _BOOLEAN and written not in ("true", "false")):
        raise _unfit(kind, "teksten", "the text")
    return found


def _unfit(datatype: str, nb: str, en: str) -> CellError:
    wanted = _WANTED.get(datatype)
    if wanted is None:
        name = compact(datatype)
        return CellError(
            f"Her står {nb}, som ikke er {name}. Formater cellen som tekst.",
            f"Here stands {en}, which is no {name}. Format the cell as text.",
        )
    return CellError(f"Her står {nb}. Skriv {wanted[0]}.", f"Here stands {en}. Write {wanted[1]}.")


_WANTED = {
    **dict.fromkeys(_INTEGERS, ("et heltall, bare sifre, som 25", "a whole number, digits only, such as 25")),
    _DECIMAL: ("et tall, som 12,5", "a number, such as 12,5"),
    _DOUBLE: ("et tall, som 1.5E3", "a number, such as 1.5E3"),
    _BOOLEAN: ("ja eller nei", "yes or no (or true or false)"),
    _DATE: ("en dato, som 2021-02-02 eller 2.2.2021", "a date, such as 2021-02-02 or 2.2.2021"),
    _DATE_TIME: ("dag og klokkeslett, som 2021-02-02T10:00:00", "day and time, such as 2021-02-02T10:00:00"),
    _YEAR: ("et årstall med fire sifre, som 2021", "a year of four digits, such as 2021"),
    XSD + "gYearMonth": (
        "år og måned som tekst, 2021-02 (formater cellen som tekst først)",
        "year and month as text, 2021-02 (format the cell as text first)",
    ),
}  # fmt: skip
