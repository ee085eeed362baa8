"""Prepares the table of a list for people: dates, numbers and yes or no in words, things by name, number or code.

A cell never shows a key or an IRI. A thing without a name shows its years, its lines or the name of its class, and an
address shows the name of its host. The formats for programs come from `views.collections.listing` and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.units import format_unit
from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.numbers_in_text import natural_key
from plangraf.pages.column_widths import ColumnWidths, Extent, column_widths, extent, word_width
from plangraf.pages.words import Words
from plangraf.rdf.graph import RDF_TYPE, Graph, Statements, Value
from plangraf.rdf.namespaces import PLAN, PREFIXES
from plangraf.sparql.named.collection import Column, Sort
from plangraf.views.collections.listing import Page, Table, fetch_statements
from plangraf.views.declarations import LABELS, TermLabels
from plangraf.views.describe import Labels
from plangraf.views.document_parts import document_path, sdg_code

Kind = Literal["text", "tag", "number", "date", "sum"]

_XSD: Final = PREFIXES["xsd"]
_NAMES = frozenset(label.value for label in LABELS)
_NUMBERS = frozenset(_XSD + name for name in ("integer", "decimal", "double", "float", "nonNegativeInteger"))
_DATES = frozenset(_XSD + name for name in ("date", "gYear", "gYearMonth"))
_START, _END = (NamedNode(PREFIXES["dcat"] + name) for name in ("startDate", "endDate"))
_FIRST, _LAST = (NamedNode(PLAN + name) for name in ("firstLine", "lastLine"))
NAMING = frozenset(name.value for name in (_START, _END, _FIRST, _LAST))
"""The properties from which `compose_name` makes a name."""
_SUM = re.compile(r"[0-9a-f]{40,64}")
_ADDRESS = re.compile(r"https?://\S+")
_DURATION = re.compile(r"P([0-9]+)([YMWD])")
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_SUM_SHOWN = 12
_FEW = 4
# The frame around a tag, and the least width of the column that names the things, in characters; its words are bold.
_TAG = 3
_NAME = 16
_BOLD = 1.17
# Digits of a number that is long.
_LONG = 18


@dataclass(frozen=True, slots=True)
class ListValue:
    """One value in a cell; `full` is the name behind a short form, `lang` the language of both."""

    text: str
    href: str | None = None
    lang: str | None = None
    full: str | None = None
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column with values on this page. `heading` marks the column that names the thing of a row.

    `form` is what all of its values are, if not texts; `ordered` is how the column decides the order of the page.
    """

    name: str
    title: str
    heading: bool
    form: Literal["number", "date", ""]
    ordered: Literal["ascending", "descending"] | None


@dataclass(frozen=True, slots=True)
class ListRow:
    """One thing: its cells, each with its column, its name, and its address when no cell leads there."""

    cells: list[tuple[ListColumn, list[ListValue]]]
    name: str
    href: str | None


@dataclass(frozen=True, slots=True)
class ListTable:
    """The table of a page, without the columns that have no value there, and those whose value all rows share.

    `widths` has one column more than `columns` when the rows have an address.
    """

    columns: list[ListColumn]
    widths: ColumnWidths
    rows: list[ListRow]
    empty: list[str]
    shared: list[tuple[str, ListValue]]


async def fetch_names(snapshot: Snapshot, page: Page) -> Statements:
    """What only a page shows of the things in the cells: tags, and what stands for a missing name.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    facts = Graph(page.graph)
    labels = Labels(facts)
    tags = {column.tag for column in page.collection.columns if column.tag}
    listed = set(page.things)
    types = any(column.path[:1] == (RDF_TYPE.value,) for column in page.collection.columns)
    named = {value for _, p, value in page.graph if isinstance(value, NamedNode) and (types or p != RDF_TYPE)} - listed
    unnamed = {thing for thing in named if labels.best(thing, "nb") is None}
    wanted = named if tags else unnamed
    if not wanted:
        return []
    found = await fetch_statements(snapshot, sorted(wanted, key=str), tags | (NAMING if unnamed else set()))
    classes = {type_ for thing in unnamed for type_ in facts.named(thing, RDF_TYPE)}
    return found + (await fetch_statements(snapshot, sorted(classes, key=str), ()) if classes else [])


def list_table(
    page: Page, names: Statements, words: Words, prefix: str, known: TermLabels, sort: Sort | None
) -> ListTable:
    """The table of one page in one language.

    Args:
        page: the page, with its graph.
        names: the result of `fetch_names`.
        words: the language.
        prefix: the path that links begin with.
        known: labels of terms that the data do not name.
        sort: how the page is sorted, if not in the list's own order.
    """
    cells = _Cells(page, names, words, prefix, known)
    columns = [column for column in page.collection.columns if column.path]
    by_column = [[cells.of(thing, column) for thing in page.things] for column in columns]
    titles = [column.title(words.code) for column in columns]
    used = [number for number, values in enumerate(by_column) if any(values)]
    heading = next((number for number in used if columns[number].path[-1] in _NAMES), used[0] if used else 0)
    shared = {number for number in used if number != heading and _is_shared(by_column[number])}
    unnamed = len(columns) < len(page.collection.columns)
    shown = [
        (
            number,
            ListColumn(
                columns[number].name,
                titles[number],
                number == heading,
                *_form(columns[number], by_column[number], sort),
            ),
        )
        for number in used
        if number not in shared
    ]

    def row(place: int, thing: NamedNode) -> ListRow:
        name = next((value.text for value in by_column[heading][place]), "") if used else ""
        href = prefix + document_path(thing.value) if unnamed else None
        return ListRow([(column, by_column[number][place]) for number, column in shown], name, href)

    rows = [row(place, thing) for place, thing in enumerate(page.things)]
    return ListTable(
        [column for _, column in shown],
        _widths([column for _, column in shown], rows, words.gettext("Open") if unnamed else None),
        rows,
        [title for number, title in enumerate(titles) if number not in used],
        [(titles[number], by_column[number][0][0]) for number in sorted(shared)],
    )


def _widths(columns: Sequence[ListColumn], rows: Sequence[ListRow], last: str | None) -> ColumnWidths:
    """The widths of the columns, and of the one with the word `last` in each row."""
    titles = [column.title for column in columns]
    cells = ([_extent(column, values) for column, values in row.cells] for row in rows)
    if last is None:
        return column_widths(titles, cells)
    return column_widths([*titles, ""], ([*row, extent([last])] for row in cells))


def _extent(column: ListColumn, values: Sequence[ListValue]) -> Extent:
    if values and values[0].kind == "tag":
        longest = max(word_width(value.text) for value in values) + _TAG
        return Extent(longest, longest * min(len(values), _FEW))
    found = extent(value.text for value in values)
    # Dates and numbers do not break; the name of a thing has room for a few words.
    narrow = found.line if column.form else max(found.word * _BOLD, _NAME) if column.heading else found.word
    return Extent(narrow, found.line)


def _is_shared(values: list[list[ListValue]]) -> bool:
    """Whether all rows have the same single thing; a few rows may share one by chance."""
    first = values[0]
    return len(values) >= _FEW and len(first) == 1 and first[0].href is not None and all(one == first for one in values)


def _form(
    column: Column, values: list[list[ListValue]], sort: Sort | None
) -> tuple[Literal["number", "date", ""], Literal["ascending", "descending"] | None]:
    """What all values of a column are, and how it decides the order."""
    kinds = {value.kind for row in values for value in row}
    form: Literal["number", "date", ""] = "number" if kinds == {"number"} else "date" if kinds == {"date"} else ""
    if sort is None or sort.column != column:
        return form, None
    return form, "descending" if sort.descending else "ascending"


class _Cells:
    """The values of the cells of one page."""

    def __init__(self, page: Page, names: Statements, words: Words, prefix: str, known: TermLabels) -> None:
        self._table = Table(page, words.language, prefix)
        self._facts = Graph(page.graph)
        self._names = Graph([*page.graph, *names])
        self._labels = Labels(self._names)
        self._words = words
        self._prefix = prefix
        self._known = known
        # Memoised, because the things in a column repeat from row to row.
        self._things: dict[tuple[NamedNode, str | None], ListValue] = {}

    def of(self, thing: NamedNode, column: Column) -> list[ListValue]:
        """The values of one column of one thing, in natural order."""
        href = self._prefix + document_path(thing.value) if column.path[-1] in _NAMES else None
        shown = [self._value(value, column, href) for value in self._table.values(thing, column)]
        if len(shown) > 1 and shown[0].kind == "tag":
            shown.sort(key=lambda value: natural_key(value.text))
        return shown

    def _value(self, value: Value, column: Column, href: str | None) -> ListValue:
        if isinstance(value, RdfLiteral):
            return self._literal(value, href)
        if isinstance(value, NamedNode):
            if (shown := self._things.get((value, column.tag))) is None:
                shown = self._things[value, column.tag] = self._thing(value, column)
            return shown
        return ListValue(self._words.gettext("without a name"))

    def _literal(self, value: RdfLiteral, href: str | None) -> ListValue:
        text, datatype = value.value, value.datatype.value
        if value.language:
            return ListValue(text, href, value.language)
        if datatype in _NUMBERS:
            return self._number(text)
        if datatype == _XSD + "boolean":
            return ListValue(self._words.gettext("yes") if text in ("true", "1") else self._words.gettext("no"))
        if _SUM.fullmatch(text):
            return ListValue(f"{text[:_SUM_SHOWN]}…", full=text, kind="sum")
        if _ADDRESS.fullmatch(text):
            return ListValue(_host(text), text, full=text)
        return ListValue(_in_words(text, datatype, self._words), href, kind="date" if datatype in _DATES else "text")

    def _number(self, text: str) -> ListValue:
        try:
            number = int(text) if text.isdecimal() and len(text) < _LONG else Decimal(text)
            return ListValue(self._words.number(number), kind="number")
        except InvalidOperation:
            return ListValue(text)

    def _thing(self, thing: NamedNode, column: Column) -> ListValue:
        href = thing.value if _ADDRESS.fullmatch(thing.value) else None
        if thing in self._facts:
            href = self._prefix + document_path(thing.value)
        code, found = sdg_code(thing.value), self._labels.best(thing, self._words.language)
        tag = self._names.text(thing, NamedNode(column.tag)) if column.tag else code
        language = found.language if found else None
        if tag and found:
            return ListValue(tag, href, language, f"{tag} {found.value}", "tag")
        if found:
            return ListValue(found.value, href, language)
        term = self._known.get(thing.value, {}).get(self._words.language)
        return ListValue(term or compose_name(self._names, thing, self._words), href)


def compose_name(graph: Graph, thing: NamedNode, words: Words) -> str:
    """What stands for the missing name of a thing: its years, its lines, the name of its class, or the host of its IRI.

    Args:
        graph: the NAMING properties and the type of the thing, and the labels of its classes.
        thing: the thing.
        words: the language.
    """
    start, end = graph.text(thing, _START), graph.text(thing, _END)
    if start or end:
        return "–".join(_year(text) for text in (start or "", end or ""))
    first, last = graph.text(thing, _FIRST), graph.text(thing, _LAST)
    if first and last:
        if first == last:
            return words.gettext("line %(line)s", line=first)
        return words.gettext("lines %(first)s–%(last)s", first=first, last=last)
    labels = Labels(graph)
    for class_ in graph.named(thing, RDF_TYPE):
        if name := labels.best(class_, words.language):
            return name.value[:1].upper() + name.value[1:]
    return _host(thing.value) or words.gettext("without a name")


def _in_words(text: str, datatype: str, words: Words) -> str:
    """A date, a month or a duration as the language writes it; any other text as it is."""
    try:
        if datatype == _XSD + "date":
            return words.date(date.fromisoformat(text[:10]))
        if datatype == _XSD + "gYearMonth" and (match := _MONTH.match(text)):
            return format_date(date(int(match[1]), int(match[2]), 1), "MMMM y", locale=words.language)
        if datatype == _XSD + "duration" and (match := _DURATION.fullmatch(text)):
            number, unit = int(match[1]), match[2]
            if unit == "D" and number % 7 == 0:
                number, unit = number // 7, "W"
            return format_unit(number, f"duration-{_UNITS[unit]}", length="long", locale=words.language)
    except ValueError:
        return text
    return text


def _year(text: str) -> str:
    return text[:4] if text[4:5] == "-" else text


def _host(address: str) -> str:
    host = urlsplit(address).hostname or ""
    return host.removeprefix("www.")
