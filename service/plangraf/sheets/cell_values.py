"""Converts between a cell and a literal without loss: a native Excel value where it is exact, else text.

`1 234` is read as a number, `12,5` as a decimal and `2.2.2021` as a date. `1.234` is refused, because it may be either
of two numbers. Lexical forms are the canonical ones of XML Schema: https://www.w3.org/TR/xmlschema11-2/

A finding names the place of its cell as the spreadsheet program shows it: sheet, row and column.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from plangraf.diagnostics.diagnostic import Diagnostic
from plangraf.rdf.literals import canonical
from plangraf.rdf.namespaces import PREFIXES, compact

# Messages quote only the beginning of a long cell.
_MAX_CHARS = 120
XSD = PREFIXES["xsd"]
STRING = XSD + "string"
_INTEGERS = {
    XSD + name for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger", "unsignedInt")
}
_DECIMAL, _DOUBLE, _BOOLEAN = XSD + "decimal", XSD + "double", XSD + "boolean"
_DATE, _DATE_TIME, _YEAR = XSD + "date", XSD + "dateTime", XSD + "gYear"
_DURATION = XSD + "duration"
_DATE_DATATYPES = frozenset({_DATE, _DATE_TIME, _YEAR, XSD + "gYearMonth"})
# Excel keeps 15 significant digits, and its calendar is wrong before March 1900.
_MAX_DIGITS = 15
_FIRST_YEAR = 1901
_BOOLEAN_WORDS = {
    "true": "true",
    "sann": "true",
    "ja": "true",
    "yes": "true",
    "false": "false",
    "usann": "false",
    "nei": "false",
    "no": "false",
}
_SPACES = " \u00a0\u2007\u2009\u202f"
_GROUPED_NUMBER = re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+(?:[.,][0-9]+)?")
_MONTHS = "jan|feb|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|des|dec"
# Texts that a spreadsheet program puts in place of the typed value: `21.aug` for `8/21`, `1,9E+10` for a long number,
# `####` in a narrow column.
_EXCEL_DATE = re.compile(rf"(?:[0-9]{{1,4}}[. -]+(?:{_MONTHS})[a-z]*\.?|(?:{_MONTHS})[a-z]*[. -]+[0-9]{{2,4}})", re.I)
_EXCEL_SHORTENED_NUMBER = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
_EXCEL_ERROR = re.compile(
    r"#+|#(?:N/A|I/T|REF!|VALUE!|VERDI!|NAME\?|NAVN\?|NUM!|NULL!|DIV/0!|SPILL!|OVERFLYT!|CALC!|BEREGN!)", re.IGNORECASE
)
_DURATION_TEXT = re.compile(r"([1-9][0-9]*) ?(år|aar|years?|måned(?:er)?|months?|dag(?:er)?|days?)", re.IGNORECASE)
_TIME_UNITS = {"å": "Y", "a": "Y", "y": "Y", "m": "M", "d": "D"}
# Day 1 is 1 January 1900, and Excel counts 29 February 1900, which did not exist; this zero is right from March 1900.
_DAY_ZERO = date(1899, 12, 30)
_NORWEGIAN_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_AMBIGUOUS_NUMBER = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_EXPECTED_FORMS = {
    **dict.fromkeys(_INTEGERS, ("et heltall, bare sifre, som 25", "a whole number, digits only, such as 25")),
    _DECIMAL: ("et tall, som 12,5", "a number, such as 12,5"),
    _DOUBLE: ("et tall, som 1.5E3", "a number, such as 1.5E3"),
    _BOOLEAN: ("ja eller nei", "yes or no (or true or false)"),
    _DATE: ("en dato, som 2021-02-02 eller 2.2.2021", "a date, such as 2021-02-02 or 2.2.2021"),
    _DATE_TIME: ("dag og klokkeslett, som 2021-02-02T10:00:00", "day and time, such as 2021-02-02T10:00:00"),
    _DURATION: ("et tidsrom, som 4 år eller P4Y", "a length of time, such as 4 years or P4Y"),
    _YEAR: ("et årstall med fire sifre, som 2021", "a year of four digits, such as 2021"),
    XSD + "gYearMonth": (
        "år og måned som tekst, 2021-02 (formater cellen som tekst først)",
        "year and month as text, 2021-02 (format the cell as text first)",
    ),
}


class CellError(Exception):
    """A cell cannot be read; the message says in Bokmål and English what to write instead."""

    def __init__(self, nb: str, en: str) -> None:
        super().__init__(en)
        self.nb, self.en = nb, en


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A sheet, a row or a cell.

    Attributes:
        table: the sheet or file, as messages name it.
        row: row number, from 1.
        column: letter of the column.
        header: heading of the column.
        content: text of the cell.
    """

    table: str
    row: int | None = None
    column: str | None = None
    header: str | None = None
    content: str | None = None

    @property
    def heading(self) -> str:
        return self.table

    @property
    def subject(self) -> str | None:
        return _describe(self) if self.row is not None or self.column is not None else None

    @property
    def number(self) -> int | None:
        return self.row

    @property
    def unit(self) -> tuple[str, str]:
        return "rad", "row"

    @property
    def numbered(self) -> bool:
        return False

    @property
    def example(self) -> str:
        return f"{self.table}: {self.subject}" if self.subject else self.table

    @property
    def order(self) -> tuple[str | int, ...]:
        column = self.column or ""
        return self.table, self.row or 0, len(column), column, self.content or ""

    @property
    def members(self) -> Mapping[str, str | int | None]:
        return {"table": self.table, "row": self.row, "column": self.column}


SheetDiagnostic = Diagnostic[CellPlace]


def _describe(place: CellPlace) -> str:
    parts_nb = [f"rad {place.row}"] if place.row else []
    parts_en = [f"row {place.row}"] if place.row else []
    if place.column:
        parts_nb.append(f"kolonne {place.column}")
        parts_en.append(f"column {place.column}")
    where = f"{', '.join(parts_nb)} · {', '.join(parts_en)}"
    if place.header:
        where += f" ({place.header})"
    if place.content is not None:
        text = place.content if len(place.content) <= _MAX_CHARS else f"{place.content[: _MAX_CHARS - 1]}…"
        where += ": «" + text.replace("\n", "⏎") + "»"
    return where


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which the cell shows a part: `2021-03`, `2021`, or `--08-21` without the year."""

    text: str


@dataclass(frozen=True, slots=True)
class MarkedNumber:
    """A number that the cell shows with a unit mark: 25 and `%` for `25 %`, although Excel stores 0.25."""

    number: Decimal
    mark: str


Cell = str | bool | int | float | date | datetime | time | MarkedNumber | PartialDate | None
"""The content of a cell: a native value, text, or None when it is empty."""


def to_cell(lexical: str, datatype: str) -> Cell:
    """Converts a literal to a cell: native when that is exact, else text that `to_lexical` reads back."""
    if datatype in _INTEGERS and re.fullmatch(r"-?[0-9]{1,15}", lexical):
        return int(lexical)
    if datatype == _YEAR and re.fullmatch(r"[1-9][0-9]{3}", lexical):
        return int(lexical)
    if datatype == _BOOLEAN and lexical in ("true", "false"):
        return lexical == "true"
    if datatype == _DATE and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", lexical) and canonical(lexical, datatype):
        return date.fromisoformat(lexical) if int(lexical[:4]) >= _FIRST_YEAR else lexical
    if datatype == _DECIMAL and canonical(lexical, datatype):
        digits = len(lexical.strip("-").replace(".", ""))
        return float(lexical) if digits <= _MAX_DIGITS else lexical.replace(".", ",")
    return lexical


def as_text(cell: Cell) -> str:
    """The cell as text, for CSV and messages. Decimals have a comma, as in Norwegian Excel."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{round_as_excel(cell):f}".removesuffix(".0").replace(".", ",")
    if isinstance(cell, MarkedNumber):
        return f"{cell.number.normalize():f} {cell.mark}".replace(".", ",", 1)
    if isinstance(cell, PartialDate):
        return cell.text
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def round_as_excel(number: float) -> Decimal:
    """Rounds to 15 significant digits, as Excel shows a number: 0.3 for a stored 0.30000000000000004."""
    return Decimal(number) if isinstance(number, int) else Decimal(f"{number:.{_MAX_DIGITS}g}")


def spoiling_error(text: str, datatypes: Collection[str] = ()) -> CellError | None:
    """The error of a text that a spreadsheet program put in place of the typed value; None for any other text.

    Args:
        text: the text of the cell.
        datatypes: those of the column; a column of dates accepts `mars 2024`, because somebody may have typed it.
    """
    if _EXCEL_ERROR.fullmatch(text):
        return CellError(
            "Regnearket viser en feil her. Skriv verdien.", "The spreadsheet shows an error here. Write the value."
        )
    if _EXCEL_SHORTENED_NUMBER.fullmatch(text):
        return CellError(
            "Regnearket har kortet ned et langt tall. Formater cellen som tekst og skriv tallet på nytt.",
            "The spreadsheet has shortened a long number. Format the cell as text and write the number again.",
        )
    if _EXCEL_DATE.fullmatch(text) and _DATE_DATATYPES.isdisjoint(datatypes):
        return _turned_into_date_error(text)
    if re.fullmatch(r"'+[0-9+\-−].*", text):
        return CellError(
            "Det står en apostrof foran verdien. Fjern den, og formater cellen som tekst.",
            "An apostrophe stands before the value. Remove it, and format the cell as text.",
        )
    return None


def to_lexical(cell: Cell, datatype: str) -> str:
    """Converts a cell to the canonical lexical form of a datatype.

    Args:
        cell: not empty; text without white space around it.
        datatype: IRI of the datatype that the column has.
    Raises:
        CellError: the cell does not hold a value of the datatype, or it is ambiguous.
    """
    if isinstance(cell, bool):
        if datatype == _BOOLEAN:
            return "true" if cell else "false"
        raise _mismatch_error(datatype, "en sann/usann-verdi", "a true/false value")
    if isinstance(cell, datetime | date):
        return _date_to_lexical(cell, datatype)
    if isinstance(cell, time):
        raise _mismatch_error(datatype, "et klokkeslett", "a time of day")
    if isinstance(cell, PartialDate):
        return _partial_date_to_lexical(cell.text, datatype)
    if isinstance(cell, MarkedNumber):
        if datatype == _DURATION:
            return _duration_to_lexical(as_text(cell))
        nb, en = ("prosenttegn", "a per cent sign") if cell.mark == "%" else ("enhet", "a unit")
        raise _mismatch_error(datatype, f"{as_text(cell)}, med {nb}", f"{as_text(cell)}, with {en}")
    if isinstance(cell, int | float):
        return _number_to_lexical(cell, datatype)
    return _text_to_lexical(str(cell), datatype)


def _date_to_lexical(cell: date, datatype: str) -> str:
    if datatype == _DATE and (not isinstance(cell, datetime) or cell.time() == time()):
        return f"{cell.year:04d}-{cell.month:02d}-{cell.day:02d}"
    if datatype == _DATE_TIME and isinstance(cell, datetime):
        return canonical(cell.isoformat(), datatype) or cell.isoformat()
    if datatype not in _EXPECTED_FORMS:
        raise _turned_into_date_error(cell.date().isoformat() if isinstance(cell, datetime) else cell.isoformat())
    if isinstance(cell, datetime) and cell.time() != time():
        raise _mismatch_error(datatype, "en dato med klokkeslett", "a date with a time of day")
    raise _mismatch_error(datatype, "en dato", "a date")


def _partial_date_to_lexical(text: str, datatype: str) -> str:
    fits = {7: XSD + "gYearMonth", 4: _YEAR}
    if fits.get(len(text)) == datatype:
        return text
    if datatype not in _EXPECTED_FORMS:
        raise _turned_into_date_error(text)
    raise _mismatch_error(datatype, f"en del av en dato, {text}", f"a part of a date, {text}")


def _turned_into_date_error(text: str) -> CellError:
    return CellError(
        f"Regnearket har gjort om det som ble skrevet, til en dato ({text}). Formater cellen som tekst og skriv det "
        "på nytt.",
        f"The spreadsheet has made a date of what was written ({text}). Format the cell as text and write it again.",
    )


def _number_to_lexical(cell: float, datatype: str) -> str:
    number = round_as_excel(cell)
    whole = number == number.to_integral_value()
    plain = f"{number:f}"
    if whole and len(str(int(number)).lstrip("-")) > _MAX_DIGITS:
        raise CellError(
            "Excel runder av tall med mer enn 15 sifre. Formater cellen som tekst og skriv tallet på nytt.",
            "Excel rounds numbers of more than 15 digits. Format the cell as text and write the number again.",
        )
    if datatype in _INTEGERS and whole:
        return str(int(number))
    if datatype == _DECIMAL:
        return canonical(plain, datatype) or plain
    if datatype == _DOUBLE:
        return canonical(repr(float(cell)), datatype) or plain
    if datatype == _YEAR and whole and 1000 <= cell <= 9999:
        return str(int(number))
    if datatype == _DATE and whole and 20_000 < cell < 80_000:
        day = _DAY_ZERO + timedelta(days=int(number))
        raise CellError(
            f"Her står tallet {int(number)}. Mente du datoen {day.isoformat()}, så skriv den.",
            f"Here stands the number {int(number)}. If you mean the date {day.isoformat()}, write it.",
        )
    if datatype in _EXPECTED_FORMS:
        raise _mismatch_error(datatype, "et tall", "a number")
    if whole:
        return _text_to_lexical(str(int(number)), datatype)
    raise CellError(
        "Cellen er et tall, så 8.1 og 8.10 er det samme. Formater cellen som tekst og skriv den på nytt.",
        "The cell is a number, so 8.1 and 8.10 are the same. Format the cell as text and write it again.",
    )


def _text_to_lexical(text: str, datatype: str) -> str:
    written = text
    if datatype in _INTEGERS or datatype in (_DECIMAL, _DOUBLE):
        written = text.replace("−", "-")
        if _GROUPED_NUMBER.fullmatch(written):
            written = re.sub(f"[{_SPACES}]", "", written)
        if datatype == _DECIMAL:
            if _AMBIGUOUS_NUMBER.fullmatch(written):
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
        written, kind = _BOOLEAN_WORDS.get(text.lower(), text), datatype
    elif datatype == _DATE and (match := _NORWEGIAN_DATE.fullmatch(text)):
        written, kind = f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}", datatype
    elif datatype == _DURATION:
        written, kind = _duration_to_lexical(text), datatype
    else:
        kind = datatype
    found = canonical(written, datatype)
    if found is None or (datatype == _BOOLEAN and written not in ("true", "false")):
        raise _mismatch_error(kind, "teksten", "the text")
    return found


def _duration_to_lexical(text: str) -> str:
    match = _DURATION_TEXT.fullmatch(text)
    if match:
        return f"P{match[1]}{_TIME_UNITS[match[2][0].lower()]}"
    if not re.fullmatch(r"-?P(?=[0-9T])(?:[0-9]+[YMDW])*(?:T[0-9HMS.]+)?", text):
        raise _mismatch_error(_DURATION, "teksten", "the text")
    return text


def _mismatch_error(datatype: str, nb: str, en: str) -> CellError:
    wanted = _EXPECTED_FORMS.get(datatype)
    if wanted is None:
        name = compact(datatype)
        return CellError(
            f"Her står {nb}, som ikke er {name}. Formater cellen som tekst.",
            f"Here stands {en}, which is not {name}. Format the cell as text.",
        )
    return CellError(f"Her står {nb}. Skriv {wanted[0]}.", f"Here stands {en}. Write {wanted[1]}.")
