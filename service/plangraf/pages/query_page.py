"""The page of a named query: the form of its parameters, its rows as a table, and links to the same rows elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote, urlencode

from pyoxigraph import BlankNode, Literal, NamedNode

from plangraf.errors import ParameterError
from plangraf.numbers_in_text import whole_number
from plangraf.pages.column_widths import ColumnWidths, column_widths, extent
from plangraf.pages.words import Words
from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.namespaces import GRAPH, ID, PREFIXES, SDG, local_name, short_name
from plangraf.sparql.named.binding import NamedQuery, read_term
from plangraf.sparql.named.head import Parameter
from plangraf.sparql.named.parameter_model import Given
from plangraf.sparql.named.query_words import QueryWords
from plangraf.views.answer_lines import Cell
from plangraf.views.describe import PLACE_IN_SOURCE, Labels
from plangraf.views.document_parts import document_path, sdg_code
from plangraf.views.page_value import PageValue
from plangraf.views.query_rows import RowsOfPage

_XSD: Final = PREFIXES["xsd"]
_NUMBERS: Final = frozenset(("xsd:integer", "xsd:decimal"))
_TEXTS: Final = frozenset(("string", "lang-string"))
_DATATYPES: Final = frozenset(_XSD + name for name in ("integer", "decimal", "double"))
# As GROUP_CONCAT writes the numbers of things.
_NUMBERS_IN_A_ROW: Final = re.compile(r"[0-9]+(,[0-9]+)+")
# Characters of one cell.
_LONGEST_TEXT = 600


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form. `lang` is the language of label and hint when they are not in that of the page."""

    name: str
    label: str
    hint: str
    example: str
    value: str
    required: bool
    mode: str
    error: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class TableColumn:
    title: str
    lang: str | None
    number: bool


@dataclass(frozen=True, slots=True)
class RowTable:
    columns: Sequence[TableColumn]
    rows: Sequence[Sequence[PageValue | None]]
    widths: ColumnWidths


@dataclass(frozen=True, slots=True)
class Named:
    """Title and lead of a query in the language of the page, or in the language of its head."""

    title: str
    lead: str
    lang: str | None


def name_query(query: NamedQuery, known: QueryWords, language: str) -> Named:
    """The question and what its rows are; without words for people the texts of the head, which are English."""
    own = known.queries.get(query.name)
    foreign = None if language == "en" else "en"
    if own is None:
        return Named(query.head.summary, query.head.description.replace("`", ""), foreign)
    return Named(own.question.in_language(language), own.rows.in_language(language), None)


@dataclass(frozen=True, slots=True)
class QueryGroup:
    """Queries under one heading; None for those without a group."""

    title: str | None
    queries: Sequence[tuple[str, Named]]


def group_queries(queries: Mapping[str, NamedQuery], known: QueryWords, language: str) -> list[QueryGroup]:
    """All queries by group, in the order of the groups and of the words; those without words stand last."""
    groups = []
    for group, title in known.groups.items():
        names = [name for name, own in known.queries.items() if own.group == group and name in queries]
        if names:
            listed = [(name, name_query(queries[name], known, language)) for name in names]
            groups.append(QueryGroup(title.in_language(language), listed))
    others = [
        (name, name_query(query, known, language)) for name, query in queries.items() if name not in known.queries
    ]
    return [*groups, QueryGroup(None, others)] if others else groups


def filled(given: Given) -> dict[str, str | list[str]]:
    """What a form sends, without the fields that were left empty."""
    return {name: value for name, value in given.items() if value not in ("", [])}


def single(given: Given) -> dict[str, str]:
    """The last text of each parameter."""
    return {name: value if isinstance(value, str) else value[-1] for name, value in given.items()}


def lacks_choice(query: NamedQuery, given: Mapping[str, str]) -> bool:
    """Whether none of the parameters is given of which a query needs one."""
    return bool(query.head.either) and not any(given.get(name) for name in query.head.either)


def refused_values(query: NamedQuery, given: Mapping[str, str]) -> dict[str, str | None]:
    """The parameters that cannot be used, each with its value, None when it is missing.

    All of them are found, so that a form tells them at once.
    """
    refused: dict[str, str | None] = {}
    for name, parameter in query.parameters.items():
        value = given.get(name)
        if value is None:
            if not parameter.optional:
                refused[name] = None
            continue
        try:
            read_term(name, parameter, value)
        except ParameterError:
            refused[name] = value
    return refused


def form_fields(
    query: NamedQuery,
    known: QueryWords,
    words: Words,
    given: Mapping[str, str],
    refused: Mapping[str, str | None],
) -> list[FormField]:
    """The fields of a form in the order of the head.

    Args:
        query: whose parameters are asked for; the language of its labels is that of the page.
        known: the words for people.
        words: of the interface.
        given: what the client sent.
        refused: the parameters that cannot be used, each with the value, None when it is missing.
    """
    fields = []
    for name, parameter in query.parameters.items():
        if name == "lang":
            continue
        own = known.parameter(query.name, name)
        foreign = None if own or words.language == "en" else "en"
        fields.append(
            FormField(
                name,
                own.in_language(words.code) if own else name,
                own.hint(words.code) if own else parameter.description,
                parameter.example or "",
                given.get(name, ""),
                not parameter.optional,
                "numeric" if parameter.type == "integer" else "text",
                _explain(parameter, words, refused[name]) if name in refused else None,
                foreign,
            )
        )
    return fields


def _explain(parameter: Parameter, words: Words, value: str | None) -> str:
    """What is wrong with a value, and what to write."""
    example = parameter.example or ""
    if value is None:
        return words.gettext("This field must be filled in, for example with %(example)s.", example=example)
    match parameter.type:
        case "integer":
            return words.gettext("Write a whole number, such as %(example)s.", example=example or "7")
        case "iri":
            example = example or ID
            return words.gettext(
                "Write the address of a page about a thing, or an IRI such as %(example)s.", example=example
            )
        case "iri-or-code":
            return words.gettext("Write a code such as %(example)s, or a whole IRI.", example=example or "11.6")
    if example:
        return words.gettext(
            "“%(value)s” cannot be used here. Write it as in %(example)s.", value=value, example=example
        )
    return words.gettext("“%(value)s” cannot be used here.", value=value)


def row_table(query: NamedQuery, known: QueryWords, words: Words, found: RowsOfPage, prefix: str) -> RowTable:
    """The rows as a table: things as links with their labels, numbers and days as the language writes them.

    A column is left out when it is empty, or when each of its texts is the label of a thing in the same row.
    """
    labels, graph = Labels(found.labels), Graph.of(found.labels)
    types = query.head.columns

    def show(name: str, term: Cell) -> PageValue | None:
        if term is None:
            return None
        if isinstance(term, Literal) and (types.get(name) == "code" or name in known.coded):
            return PageValue(known.decode(term.value, words.code))
        if isinstance(term, NamedNode):
            return _thing(term, labels, graph, words, prefix)
        if isinstance(term, Literal):
            return _literal(term, words)
        return PageValue("…" if isinstance(term, BlankNode) else str(term))

    shown = [[show(name, term) for name, term in zip(found.columns, row, strict=True)] for row in found.rows]
    kept = [
        place
        for place, name in enumerate(found.columns)
        if any(row[place] for row in shown) and not _repeats(place, types.get(name, ""), shown)
    ]
    columns = []
    for place in kept:
        name = found.columns[place]
        own = known.column(query.name, name)
        foreign = None if own or words.language == "en" else "en"
        columns.append(TableColumn(own.in_language(words.code) if own else name, foreign, types.get(name) in _NUMBERS))
    rows = [[row[place] for place in kept] for row in shown]
    cells = ([extent([cell.text] if cell else []) for cell in row] for row in rows)
    return RowTable(columns, rows, column_widths([column.title for column in columns], cells))


def _repeats(place: int, type_: str, rows: Sequence[Sequence[PageValue | None]]) -> bool:
    """Whether each text of a column is the label of a thing in its row."""
    if type_ not in _TEXTS:
        return False
    filled = [(cell, row) for row in rows if (cell := row[place]) is not None]
    return bool(filled) and all(
        any(other is not None and other.about and _without_code(other) == cell.text for other in row)
        for cell, row in filled
    )


def _without_code(thing: PageValue) -> str:
    """The label of a thing without the code of a UN target before it."""
    code = sdg_code(thing.about or "")
    return thing.text.removeprefix(f"{code} ") if code else thing.text


def _thing(thing: NamedNode, labels: Labels, graph: Graph, words: Words, prefix: str) -> PageValue:
    label, code = labels.best(thing, words.language), sdg_code(thing.value)
    text = label.value if label else _unnamed(thing, labels, graph, words)
    lang = label.language if label and label.language != words.language else None
    if thing in graph or thing.value.startswith((ID, SDG)):
        href: str | None = prefix + document_path(thing.value)
    else:
        href = thing.value if thing.value.startswith(("http://", "https://")) else None
    return PageValue(f"{code} {text}" if code and label else text, href, lang, thing.value)


def _unnamed(thing: NamedNode, labels: Labels, graph: Graph, words: Words) -> str:
    """A passage by its place in the source, another thing without a label by its class."""
    source, first, last = PLACE_IN_SOURCE
    for document in graph.named(thing, source):
        title = labels.best(document, words.language)
        return words.gettext(
            "%(document)s, lines %(first)s–%(last)s",
            document=title.value if title else short_name(document.value),
            first=graph.text(thing, first) or "…",
            last=graph.text(thing, last) or "…",
        )
    if thing.value.startswith(GRAPH):
        return local_name(thing.value)
    kinds = [label for kind in graph.named(thing, RDF_TYPE) if (label := labels.best(kind, words.language))]
    return kinds[0].value if kinds else short_name(thing.value)


def _literal(term: Literal, words: Words) -> PageValue:
    text, datatype = term.value, term.datatype.value
    if datatype == _XSD + "boolean":
        return PageValue(words.gettext("yes") if text in ("true", "1") else words.gettext("no"))
    if datatype in _DATATYPES:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return PageValue(text)
        return PageValue(words.number(number) if number.is_finite() and len(text) < 30 else text)
    if datatype == _XSD + "date" and (day := _day(text)):
        return PageValue(words.date(day))
    if _NUMBERS_IN_A_ROW.fullmatch(text):
        text = text.replace(",", ", ")
    lang = term.language if term.language != words.language else None
    return PageValue(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…", lang=lang)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def link(path: str, given: Mapping[str, str], **more: str | None) -> str:
    """An address with the parameters that a client gave and others."""
    parameters = {**given, **{name: value for name, value in more.items() if value is not None}}
    return path + (f"?{urlencode(parameters)}" if parameters else "")


def sparql_link(prefix: str, text: str) -> str:
    return f"{prefix}/sparql?query={quote(text, safe='')}"


def without_head(text: str) -> str:
    """The text of a query without the lines that document it."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(("#+", "#@"))]
    return "\n".join(lines).strip() + "\n"


def pager(found: RowsOfPage, page: int, path: str, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The links to the other pages: first, previous, next and last."""

    def to(number: int) -> str:
        return link(path, given, page=str(number) if number > 1 else None)

    last = found.last_page
    links: list[dict[str, Any]] = []
    if page > 1:
        links += [{"rel": "first", "href": to(1)}, {"rel": "previous", "href": to(page - 1)}]
    if last is None or page < last:
        links.append({"rel": "next", "href": to(page + 1)})
    if last is not None and page < last:
        links.append({"rel": "last", "href": to(last)})
    return links


def read_page_number(text: object) -> int:
    """The number of a page; raises ValueError for anything but a whole number from 1."""
    number = whole_number(text) if isinstance(text, str) and len(text) <= 6 else None
    if not number:
        raise ValueError
    return number
