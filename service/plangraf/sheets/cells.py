"""One cell of one column and the terms that it holds: writing, and reading what was written or typed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from plangraf.rdf.graph import Value
from plangraf.rdf.names import compact
from plangraf.rdf.namespaces import ID, PREFIXES
from plangraf.sheets.cell_place import CellError
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Column
from plangraf.sheets.read.links import same_digits
from plangraf.sheets.values import STRING, Cell, as_text, lexical_of, spoiled, to_cell

_LANG_STRING = PREFIXES["rdf"] + "langString"
# Excel holds no more in one cell, and openpyxl would cut what is longer without a word.
LONGEST = 32_767
# What XML, Excel's own escapes or the trimming of cells would change.
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_")
_DECLARED = f"@base <{ID}> .\n" + "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
# Between several links in one line; a comma without a space may stand for the point of a code.
_BETWEEN = re.compile(r"\s*[;|]\s*|,\s+|,(?=[a-z])|\s+(?:og|and)\s+")
_ONE_A_LINE = (
    "Skriv hver verdi på en linje for seg (Alt+Enter).",
    "Write each value on a line of its own (Alt+Enter).",
)
_SHORT_DATATYPE = re.compile(r'(?<=")\^\^<([^<>"]+)>$')


def written(column: Column, values: Iterable[Value], keys: Keys, *, native: bool) -> tuple[Cell, set[Value]]:
    """The cell that holds as many of the values as it can without loss.

    Args:
        column: says how.
        values: of the column's property.
        keys: short names of things.
        native: whether a cell can be a number, a date or a truth value; else all is text.
    Returns:
        The cell, and the values that it holds: what `read` gives back for it.
    """
    fitting = sorted((value for value in values if _fits(column, value, keys)), key=str)
    if not column.kind.several:
        fitting = fitting[:1]
    if not fitting:
        return None, set()
    cells = [_one(column, value, keys) for value in fitting]
    cell: Cell = cells[0] if len(cells) == 1 and native else "\n".join(_ordered(map(as_text, cells)))
    # Each line reads back as its value, see `_fits`, so the cell does; only its length is new.
    return (None, set()) if isinstance(cell, str) and len(cell) > LONGEST else (cell, set(fitting))


def read(column: Column, cell: Cell, keys: Keys) -> list[Value]:
    """The terms that a cell holds; none for an empty one.

    Raises:
        CellError: the cell cannot be read; the message says what to write, in both languages.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return []
    if not isinstance(cell, str):
        return [_term(column, cell, keys)]
    if not column.kind.several:
        return [_term(column, cell.strip(), keys)]
    lines = [line.strip() for line in cell.split("\n")]
    found = [term for line in lines if line for term in _terms(column, line, keys)]
    return list(dict.fromkeys(found))


def natural(text: str) -> list[tuple[int, str]]:
    """A sorting key by which 2 comes before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", text) if part]


def safe(text: str) -> bool:
    """Whether a cell keeps this text as it is."""
    return text == text.strip() and bool(text) and not _UNSAFE.search(text)


def _ordered(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=natural)


def _fits(column: Column, value: Value, keys: Keys) -> bool:
    try:
        cell = _one(column, value, keys)
        if isinstance(cell, str) and not safe(cell):
            return False
        return read(column, cell, keys) == [value] and read(column, as_text(cell), keys) == [value]
    except CellError:
        return False


def _one(column: Column, value: Value, keys: Keys) -> Cell:
    if column.kind.turtle:
        return _turtle(value)
    if isinstance(value, NamedNode):
        shown = next((name for name, iri in column.kind.names.items() if iri == value.value), None)
        return shown or keys.short(value.value)
    if isinstance(value, Literal):
        return value.value if value.language else to_cell(value.value, value.datatype.value)
    raise CellError("En blank node har ikke noe navn.", "A blank node has no name.")


def _terms(column: Column, line: str, keys: Keys) -> list[Value]:
    """The terms of one line: one, or the links that stand in it with a semicolon or comma between."""
    try:
        return [_term(column, line, keys)]
    except CellError:
        parts = [part.strip() for part in _BETWEEN.split(line) if part.strip()]
        if not column.kind.link or len(parts) < 2:
            raise
        if any(_names_none(column, part, keys) for part in parts):
            wrong = next(part for part in parts if _names_none(column, part, keys))
            try:
                return [_term(column, wrong, keys)]
            except CellError as error:
                raise CellError(f"{error.nb} {_ONE_A_LINE[0]}", f"{error.en} {_ONE_A_LINE[1]}") from None
    return [_term(column, part, keys) for part in parts]


def _names_none(column: Column, part: str, keys: Keys) -> bool:
    try:
        _term(column, part, keys)
    except CellError:
        return True
    return False


def _term(column: Column, cell: Cell, keys: Keys) -> Value:
    kind = column.kind
    if kind.turtle:
        return _from_turtle(as_text(cell))
    if kind.link:
        return _thing(column, cell, keys)
    if column.language is not None:
        if isinstance(cell, str) and _shows_an_error(cell):
            raise spoiled(cell) or AssertionError(cell)
        return Literal(lexical_of(cell, STRING), language=column.language)
    if isinstance(cell, str) and (wrong := spoiled(cell, kind.datatypes)):
        raise wrong
    failed: CellError | None = None
    for datatype in kind.datatypes:
        try:
            lexical = lexical_of(cell, datatype)
        except CellError as error:
            failed = failed or error
            continue
        if kind.closed and lexical not in kind.names:
            break
        return Literal(lexical, datatype=NamedNode(datatype))
    raise failed if failed and not kind.closed else _not_listed(column, as_text(cell))


def _shows_an_error(text: str) -> bool:
    """Texts in a language may well begin with an apostrophe or name a month; an error value is no text of anybody's."""
    return text.startswith("#") and spoiled(text) is not None


def _thing(column: Column, cell: Cell, keys: Keys) -> NamedNode:
    text = lexical_of(cell, STRING)
    if isinstance(cell, str) and (wrong := spoiled(cell)):
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
            raise _not_listed(column, text) from None
        if kind.segment is None and not kind.classes:
            raise CellError(
                "Dette er ingen adresse. Skriv hele adressen, med https:// foran.",
                "This is no address. Write the whole address, with https:// before it.",
            ) from None
        raise


def _not_listed(column: Column, text: str) -> CellError:
    names = list(column.kind.names)
    lower = {name.lower(): name for name in (*column.kind.also, *names)}
    # A wrong digit is another thing: a code that is not listed is close to every code.
    cutoff = 0.6 if re.search(r"[0-9]", text) else 0.8
    near = [lower[name] for name in difflib.get_close_matches(text.lower(), lower, n=5, cutoff=cutoff)]
    near = [name for name in near if same_digits(name, text)][:1]
    shown = ", ".join(f"«{name}»" for name in names[:8]) + (" …" if len(names) > 8 else "")
    hint_nb = f" Mente du «{near[0]}»?" if near else f" Velg en av: {shown}."
    hint_en = f" Did you mean «{near[0]}»?" if near else f" Choose one of: {shown}."
    return CellError(f"«{text}» står ikke i listen.{hint_nb}", f"«{text}» is not in the list.{hint_en}")


def _turtle(value: Value) -> str:
    if isinstance(value, NamedNode):
        short = compact(value.value)
        if not short.startswith("<"):
            return short
        return f"<{value.value.removeprefix(ID)}>" if value.value.startswith(f"{ID}") else str(value)
    return _SHORT_DATATYPE.sub(lambda match: f"^^{compact(match[1])}", str(value))


def _from_turtle(text: str) -> Value:
    try:
        found = list(parse(f"{_DECLARED}<s:s> <s:p> {text} .", format=RdfFormat.TURTLE))
    except SyntaxError as error:
        raise _no_turtle(str(error.msg)) from None
    value = found[0].object if len(found) == 1 else None
    if not isinstance(value, NamedNode | Literal) or isinstance(value, Triple):
        raise _no_turtle("")
    return value


def _no_turtle(reason: str) -> CellError:
    said = f" ({reason})" if reason else ""
    return CellError(
        f'Skriv én verdi på hver linje, slik: "tekst"@nb, 25, "2021"^^xsd:gYear eller <5001/plan/1>.{said}',
        f'Write one value a line, such as "text"@nb, 25, "2021"^^xsd:gYear or <5001/plan/1>.{said}',
    )
