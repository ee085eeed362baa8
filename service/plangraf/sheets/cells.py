"""Writes RDF terms into one cell of a column, and reads the terms of a cell that was exported or typed.

A cell may give values to several properties: the start `høst 2025` gives a year, a season and a printed form. The
printed form is kept beside the typed values, so that nothing is lost and the years can be queried.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from plangraf.numbers_in_text import natural_key
from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import ID, PLAN, PREFIXES, SCHEME, compact
from plangraf.sheets.cell_values import (
    STRING,
    Cell,
    CellError,
    PartialDate,
    as_text,
    spoiling_error,
    to_cell,
    to_lexical,
)
from plangraf.sheets.keys import Keys, have_same_numbers
from plangraf.sheets.model import Column

_XSD = PREFIXES["xsd"]
_YEAR = r"(?:19|20)[0-9]{2}"
_RANGE = re.compile(rf"({_YEAR})\s*(?:[-–—/]|til|to)\s*({_YEAR}|[0-9]{{2}})")
_ONE_YEAR = re.compile(rf"(?<![0-9])({_YEAR})(?![0-9])")
_SEASONS = (
    ("spring", r"vår(?:en)?|vaar(?:en)?|spring"),
    ("summer", r"sommer(?:en)?|sumar(?:en)?|summer"),
    ("autumn", r"høst(?:en)?|haust(?:en)?|autumn|fall"),
    ("winter", r"vinter(?:en)?|winter"),
    ("first-half", r"(?:1\.?|første)\s*halvår|first half"),
    ("second-half", r"(?:2\.?|andre)\s*halvår|second half"),
    ("first-quarter", r"(?:1\.?|første)\s*kvartal|[QK]1|first quarter"),
    ("second-quarter", r"(?:2\.?|andre)\s*kvartal|[QK]2|second quarter"),
    ("third-quarter", r"(?:3\.?|tredje)\s*kvartal|[QK]3|third quarter"),
    ("fourth-quarter", r"(?:4\.?|fjerde)\s*kvartal|[QK]4|fourth quarter"),
)
# The scheme of seasons has no third of a year, so only the year is typed.
_TERTIAL = r"(?:[123]\.?|første|andre|tredje)\s*tertial|T[123]"
_MONTH_OR_IN = (
    r"(?<!\w)(?:i|in|januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember|"
    r"january|february|march|may|june|july|october|december|jan|feb|mar|apr|jun|jul|aug|sept?|okt|oct|nov|des|dec)(?!\w)"
)
_ORDINALS = ("første", "andre", "tredje", "fjerde", "femte", "sjette", "sjuende", "åttende", "niende", "tiende")
_EVERY_N_YEARS = re.compile(
    rf"(?:hvert|kvart|every)\s+(?:([1-9][0-9]?)\.?\s+|({'|'.join(_ORDINALS)}|annet)\s+)?(?:år|years?)", re.IGNORECASE
)
_MAX_CHARS = 60
# A number in a list: `1.1`, `A2`, `3b`, `II`; not a word.
_LIST_NUMBER = re.compile(r"(?=[^\s]*[0-9]|[IVX]+$)[0-9A-Za-z]{1,6}(?:[.-][0-9A-Za-z]{1,6}){0,4}\.?|[A-Z]")
# The limit of Excel; openpyxl silently truncates longer texts.
MAX_CELL_CHARS = 32_767
# Characters that XML, Excel's escapes or trimming would change.
_UNSAFE_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_")
_TURTLE_PROLOGUE = f"@base <{ID}> .\n" + "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
# Separates links in one line. A comma before a digit is not a separator, because `11,6` may stand for the code 11.6.
_LINK_SEPARATOR = re.compile(r"\s*[;|]\s*|,\s+|,(?=[a-z])|\s+(?:og|and)\s+")
_ONE_VALUE_PER_LINE = (
    "Skriv hver verdi på en linje for seg (Alt+Enter).",
    "Write each value on a line of its own (Alt+Enter).",
)
_SHORT_DATATYPE = re.compile(r'(?<=")\^\^<([^<>"]+)>$')


def derive_values(path: str, cell: Cell) -> dict[str, list[Value]] | None:
    """Values that a cell gives to several properties, by property; None for a plain value or an unreadable cell."""
    reading = _READERS.get(path)
    if reading is None:
        return None
    if isinstance(cell, PartialDate) and len(cell.text) == 7:
        return None  # the spreadsheet program made this date; no source prints `2025-08`
    return reading(" ".join(cell.split())) if isinstance(cell, str) else None


def _year_reader(name: str) -> Callable[[str], dict[str, list[Value]] | None]:
    def read(text: str) -> dict[str, list[Value]] | None:
        years = _ONE_YEAR.findall(text)
        if not re.search(r"[0-9]", text) and 2 < len(text) < _MAX_CHARS:
            return {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}  # `løpende`, `ikke fastsatt`
        if re.fullmatch(_YEAR, text) or not 1 <= len(years) <= 2 or len(text) >= _MAX_CHARS:
            return None
        printed: dict[str, list[Value]] = {f"{PLAN}{name}AsPrinted": [Literal(text, language="nb")]}
        span = _RANGE.search(text) or _RANGE.search(_strip_year_parts(text))
        if len(years) == 2 and not span:
            return None
        first = span[1] if span else years[0]
        rest = _strip_times(text)
        if re.search(r"[0-9]", rest):
            return None
        if rest:
            return printed  # in `før 2030` or `tidligst 2026` the year is not the start
        printed[f"{PLAN}{name}Year"] = [_year_literal(first)]
        if span:
            last = span[2] if len(span[2]) == 4 else first[:2] + span[2]
            if last <= first:
                return None
            printed[f"{PLAN}latest{name[0].upper()}{name[1:]}Year"] = [_year_literal(last)]
        seasons = [season for season, words in _SEASONS if re.search(rf"(?<!\w)(?:{words})(?!\w)", text, re.I)]
        if len(seasons) == 1 and not span:
            printed[f"{PLAN}{name}Season"] = [NamedNode(f"{SCHEME}season/{seasons[0]}")]
        return printed

    return read


def _strip_times(text: str) -> str:
    """The text without years, parts of the year and months: any word left may change the meaning."""
    return _ONE_YEAR.sub(" ", _RANGE.sub(" ", _strip_year_parts(text))).strip(" .,-/–()")


def _strip_year_parts(text: str) -> str:
    """The text without parts of the year and months: `høsten 2025 – våren 2026` keeps its years."""
    for words in (*(words for _, words in _SEASONS), _TERTIAL):
        text = re.sub(rf"(?<!\w)(?:{words})(?!\w)", " ", text, flags=re.IGNORECASE)
    return re.sub(_MONTH_OR_IN, " ", text, flags=re.IGNORECASE)


def _read_interval(text: str) -> dict[str, list[Value]] | None:
    """`hvert 4. år` gives P4Y and a printed form, `hver valgperiode` only the printed form; `4 år` is a plain value."""
    printed: dict[str, list[Value]] = {f"{PLAN}revisionIntervalAsPrinted": [Literal(text, language="nb")]}
    if match := _EVERY_N_YEARS.fullmatch(text):
        ordinal = "andre" if (match[2] or "").lower() == "annet" else (match[2] or "første").lower()
        count = match[1] or str(_ORDINALS.index(ordinal) + 1)
        typed = Literal(f"P{count}Y", datatype=NamedNode(f"{_XSD}duration"))
        return {**printed, f"{PLAN}revisionInterval": [typed]}
    return printed if re.fullmatch(r"(?=.{4})[^\W0-9][^0-9]*", text) and len(text) < _MAX_CHARS else None


def _read_number(text: str) -> dict[str, list[Value]] | None:
    if match := re.fullmatch(r"([1-9][0-9]*)\.", text):
        return {f"{PLAN}number": [Literal(match[1], datatype=NamedNode(f"{_XSD}integer"))]}
    if re.fullmatch(r"[0-9]+", text) or not _LIST_NUMBER.fullmatch(text):
        return None
    return {f"{PLAN}planNumberAsPrinted": [Literal(text)]}


def _year_literal(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(f"{_XSD}gYear"))


_READERS: Mapping[str, Callable[[str], dict[str, list[Value]] | None]] = {
    f"{PLAN}startYear": _year_reader("start"),
    f"{PLAN}completionYear": _year_reader("completion"),
    f"{PLAN}number": _read_number,
    f"{PLAN}revisionInterval": _read_interval,
}
DERIVING_PROPERTIES = frozenset(_READERS)
"""Properties whose cells may give values to other properties."""


def write_cell(column: Column, values: Iterable[Value], keys: Keys, *, native: bool) -> tuple[Cell, set[Value]]:
    """Writes as many of the values as one cell can hold without loss.

    Args:
        column: the column of the cell.
        values: of the column's property.
        keys: short names of things.
        native: whether the cell may be a number, a date or a boolean; else it is text.
    Returns:
        The cell, and the values that `read_cell` gives back for it.
    """
    fitting = sorted((value for value in values if _round_trips(column, value, keys)), key=str)
    if not column.kind.several:
        fitting = fitting[:1]
    if not fitting:
        return None, set()
    cells = [_to_cell(column, value, keys) for value in fitting]
    cell: Cell = cells[0] if len(cells) == 1 and native else "\n".join(sorted(map(as_text, cells), key=natural_key))
    # Each line round-trips, so only the length of the whole cell needs a check.
    return (None, set()) if isinstance(cell, str) and len(cell) > MAX_CELL_CHARS else (cell, set(fitting))


def read_cell(column: Column, cell: Cell, keys: Keys) -> list[Value]:
    """Reads the terms of a cell; none when it is empty.

    Raises:
        CellError: the cell cannot be read; the message says what to write, in both languages.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return []
    if not isinstance(cell, str):
        return [_read_term(column, cell, keys)]
    if not column.kind.several:
        return [_read_term(column, cell.strip(), keys)]
    lines = [line.strip() for line in cell.split("\n")]
    found = [term for line in lines if line for term in _read_line(column, line, keys)]
    return list(dict.fromkeys(found))


def is_safe(text: str) -> bool:
    """Whether a cell keeps the text unchanged."""
    return text == text.strip() and bool(text) and not _UNSAFE_TEXT.search(text)


def _round_trips(column: Column, value: Value, keys: Keys) -> bool:
    try:
        cell = _to_cell(column, value, keys)
        if isinstance(cell, str) and not is_safe(cell):
            return False
        return read_cell(column, cell, keys) == [value] and read_cell(column, as_text(cell), keys) == [value]
    except CellError:
        return False


def _to_cell(column: Column, value: Value, keys: Keys) -> Cell:
    if column.kind.turtle:
        return _write_turtle(value)
    if isinstance(value, NamedNode):
        shown = next((name for name, iri in column.kind.names.items() if iri == value.value), None)
        return shown or keys.short(value.value)
    if isinstance(value, Literal):
        return value.value if value.language else to_cell(value.value, value.datatype.value)
    raise CellError("En blank node har ikke noe navn.", "A blank node has no name.")


def _read_line(column: Column, line: str, keys: Keys) -> list[Value]:
    """Reads one line: one term, or several links separated by semicolon or comma."""
    try:
        return [_read_term(column, line, keys)]
    except CellError:
        parts = [part.strip() for part in _LINK_SEPARATOR.split(line) if part.strip()]
        if not column.kind.link or len(parts) < 2:
            raise
        if any(_is_unreadable(column, part, keys) for part in parts):
            wrong = next(part for part in parts if _is_unreadable(column, part, keys))
            try:
                return [_read_term(column, wrong, keys)]
            except CellError as error:
                raise CellError(
                    f"{error.nb} {_ONE_VALUE_PER_LINE[0]}", f"{error.en} {_ONE_VALUE_PER_LINE[1]}"
                ) from None
    return [_read_term(column, part, keys) for part in parts]


def _is_unreadable(column: Column, part: str, keys: Keys) -> bool:
    try:
        _read_term(column, part, keys)
    except CellError:
        return True
    return False


def _read_term(column: Column, cell: Cell, keys: Keys) -> Value:
    kind = column.kind
    if kind.turtle:
        return _read_turtle(as_text(cell))
    if kind.link:
        return _read_link(column, cell, keys)
    if column.language is not None:
        if isinstance(cell, str) and _is_error_value(cell):
            raise spoiling_error(cell) or AssertionError(cell)
        return Literal(to_lexical(cell, STRING), language=column.language)
    if isinstance(cell, str) and (wrong := spoiling_error(cell, kind.datatypes)):
        raise wrong
    failed: CellError | None = None
    for datatype in kind.datatypes:
        try:
            lexical = to_lexical(cell, datatype)
        except CellError as error:
            failed = failed or error
            continue
        if kind.closed and lexical not in kind.names:
            break
        return Literal(lexical, datatype=NamedNode(datatype))
    raise failed if failed and not kind.closed else _not_listed_error(column, as_text(cell))


def _is_error_value(text: str) -> bool:
    """Whether a text in a language is an error value of a spreadsheet; months and apostrophes are allowed in texts."""
    return text.startswith("#") and spoiling_error(text) is not None


def _read_link(column: Column, cell: Cell, keys: Keys) -> NamedNode:
    text = to_lexical(cell, STRING)
    if isinstance(cell, str) and (wrong := spoiling_error(cell)):
        raise wrong
    kind = column.kind
    found = kind.names.get(text) or kind.also.get(text)
    if found is None:
        alike = {iri for name, iri in (*kind.names.items(), *kind.also.items()) if name.lower() == text.lower()}
        found = alike.pop() if len(alike) == 1 else None
    if found:
        return NamedNode(found)
    try:
        return keys.iri(text, None if kind.closed else kind.segment)
    except CellError:
        if kind.names:
            raise _not_listed_error(column, text) from None
        if kind.segment is None and not kind.classes:
            raise CellError(
                "Dette er ingen adresse. Skriv hele adressen, med https:// foran.",
                "This is not an address. Write the whole address, with https:// before it.",
            ) from None
        raise


def _not_listed_error(column: Column, text: str) -> CellError:
    names = list(column.kind.names)
    lower = {name.lower(): name for name in (*column.kind.also, *names)}
    # Codes need a closer match, because one digit makes another code.
    cutoff = 0.6 if re.search(r"[0-9]", text) else 0.8
    near = [lower[name] for name in difflib.get_close_matches(text.lower(), lower, n=5, cutoff=cutoff)]
    near = [name for name in near if have_same_numbers(name, text)][:1]
    shown = ", ".join(f"«{name}»" for name in names[:8]) + (" …" if len(names) > 8 else "")
    hint_nb = f" Mente du «{near[0]}»?" if near else f" Velg en av: {shown}."
    hint_en = f" Did you mean «{near[0]}»?" if near else f" Choose one of: {shown}."
    return CellError(f"«{text}» står ikke i listen.{hint_nb}", f"«{text}» is not in the list.{hint_en}")


def _write_turtle(value: Value) -> str:
    if isinstance(value, NamedNode):
        short = compact(value.value)
        if not short.startswith("<"):
            return short
        return f"<{value.value.removeprefix(ID)}>" if value.value.startswith(f"{ID}") else str(value)
    return _SHORT_DATATYPE.sub(lambda match: f"^^{compact(match[1])}", str(value))


def _read_turtle(text: str) -> Value:
    try:
        found = list(parse(f"{_TURTLE_PROLOGUE}<s:s> <s:p> {text} .", format=RdfFormat.TURTLE))
    except SyntaxError as error:
        raise _turtle_error(str(error.msg)) from None
    value = found[0].object if len(found) == 1 else None
    if not isinstance(value, NamedNode | Literal) or isinstance(value, Triple):
        raise _turtle_error("")
    return value


def _turtle_error(reason: str) -> CellError:
    suffix = f" ({reason})" if reason else ""
    return CellError(
        f'Skriv én verdi på hver linje, slik: "tekst"@nb, 25, "2021"^^xsd:gYear eller <5001/plan/1>.{suffix}',
        f'Write one value a line, such as "text"@nb, 25, "2021"^^xsd:gYear or <5001/plan/1>.{suffix}',
    )
