"""The rows of a picture: the answer of its query, and what its drawing and its sentence make of them."""

from __future__ import annotations

import csv
import io
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from plangraf.errors import RequestError
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.head import problem
from plangraf.sparql.named.picture_files import Picture, ReadingValue, fill_reading
from plangraf.sparql.safety import Limits, check

Cell = str | int | float | bool
Row = Mapping[str, Cell]
MARK = "mark"
"""The column of a drawing with the text of each mark; `row` is the number of the row from 0."""
_NUMBERS = frozenset({"xsd:integer", "xsd:decimal"})
_DECIMAL_COMMA = {"nb": ",", "en": "."}
_THOUSANDS = {"nb": "\u00a0", "en": ","}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a picture's query: the text of each bound cell by column, in the order of the query.

    `query` is the text with its parameters bound, as anybody can send it.
    """

    query: str
    columns: tuple[str, ...]
    cells: Sequence[Mapping[str, str]]


def ask(store: Store, picture: Picture, language: str, municipality: str | None) -> Answer:
    """Evaluates the query of a picture over a version's store, whose default graph is the union of its graphs.

    Raises:
        DataError: the engine cannot evaluate the query.
    """
    terms = {"?lang": Literal(language)}
    if municipality is not None:
        terms["?municipality"] = Literal(municipality)
    bound = picture.query.bind_terms(terms)
    try:
        found = store.query(check(bound, Limits()).text)
    except (RequestError, SyntaxError, RuntimeError, ValueError) as error:
        file = f"queries/pictures/{picture.name}/query.rq"
        raise problem(
            file, 1, f"The query cannot be evaluated: {error}", f"Spørringen kan ikke kjøres: {error}"
        ) from error
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    cells = [
        {name: _text(term) for name, term in zip(names, solution, strict=True) if term is not None}
        for solution in found
    ]
    return Answer(bound, tuple(names), cells)


def reaches_bulk(picture: Picture, terms: BulkTerms) -> bool:
    """Whether the query of a picture can match a bulk triple, see plangraf.sparql.bulk_reach."""
    bound = picture.query.bind_terms({"?lang": Literal(LANGUAGES[0])})
    return check(bound, Limits(), bulk=terms).reaches_bulk


def _text(term: object) -> str:
    assert isinstance(term, NamedNode | Literal)  # a named query gives no blank nodes
    return term.value


def as_csv(answer: Answer) -> bytes:
    """The rows as CSV of SPARQL 1.1: all columns, lines that end in CR LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(answer.columns)
    writer.writerows([row.get(column, "") for column in answer.columns] for row in answer.cells)
    return text.getvalue().encode()


def typed(answer: Answer, picture: Picture) -> list[Row]:
    """The rows with numbers and booleans as such; an unbound cell is absent."""
    types = picture.query.head.columns
    return [{name: _typed(text, types[name]) for name, text in row.items()} for row in answer.cells]


def _typed(text: str, type_: str) -> Cell:
    if type_ == "xsd:boolean":
        return text in ("true", "1")
    if type_ not in _NUMBERS:
        return text
    return int(text) if type_ == "xsd:integer" else float(text)


def shown(value: Cell | None, column: str, picture: Picture, language: str) -> str:
    """A cell as a reader sees it: words for codes, numbers as the language writes them."""
    if value is None:
        return ""
    declared = picture.head.columns.get(column)
    key = str(value).lower() if isinstance(value, bool) else str(value)
    if declared is not None and key in declared.values:
        return declared.values[key].in_language(language)
    return key if isinstance(value, bool | str) else number_text(value, language)


def number_text(value: float, language: str) -> str:
    """A number as the language writes it. Four digits stay together, because most are years."""
    text = f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    whole, point, rest = text.partition(".")
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    if len(digits) > 4:
        groups = [digits[max(0, at - 3) : at] for at in range(len(digits), 0, -3)][::-1]
        digits = _THOUSANDS.get(language, "\u00a0").join(groups)
    return sign + digits + (_DECIMAL_COMMA.get(language, ",") + rest if point else "")


def table(rows: Iterable[Row], picture: Picture, language: str) -> list[list[dict[str, str]]]:
    """The cells of the equal table, each `text` and, where it leads to a thing, `link` with its IRI."""
    found = []
    for row in rows:
        cells = []
        for name, column in picture.head.columns.items():
            cell = {"text": shown(row.get(name), name, picture, language)}
            if column.link is not None and column.link in row:
                cell["link"] = str(row[column.link])
            cells.append(cell)
        found.append(cells)
    return found


def drawn(rows: Sequence[Row], picture: Picture, language: str) -> list[dict[str, object]]:
    """The rows of the drawing: with the number of each row, the text of its mark, words for codes, wrapped texts."""
    found = []
    for number, row in enumerate(rows):
        values: dict[str, object] = {"row": number, **row}
        for name, column in picture.head.columns.items():
            if column.values:
                values[f"{name}Word"] = shown(row.get(name), name, picture, language)
        for name, wrap in picture.head.wrap.items():
            text = shown(row.get(name), name, picture, language)
            values[f"{name}Lines"] = wrapped(text, wrap.width, wrap.lines)
            values[f"{name}Line"] = wrapped(text, wrap.width, 1)
        words = [shown(row.get(name), name, picture, language) for name in picture.head.columns]
        values[MARK] = " · ".join(word for word in words if word)
        found.append(values)
    return found


def wrapped(text: str, width: int, most: int) -> str:
    """A text broken into at most `most` lines; what does not fit ends in an ellipsis."""
    if most == 1:
        return text if len(text) <= width else text[: width - 1].rstrip() + "…"
    return "\n".join(textwrap.wrap(text, width, max_lines=most, placeholder=" …", break_on_hyphens=True))


def reading(rows: Sequence[Row], picture: Picture, language: str) -> str:
    """The sentence about the picture, with values of its rows; the reason when there are none."""
    if not rows:
        return picture.head.empty.in_language(language)
    values: dict[str, str | float] = {}
    for name, value in picture.head.values.items():
        values[name] = _value(value, [row for row in rows if _fits(row, value)], picture, language)
    text = picture.head.reading.in_language(language)
    return fill_reading(text, values, lambda number: number_text(number, language))


def further_readings(rows: Sequence[Row], picture: Picture) -> dict[str, str]:
    """The sentence in each language beside Bokmål and English that the declaration has it in."""
    declared = picture.head.reading if rows else picture.head.empty
    return {language: reading(rows, picture, language) for language in declared.further}


def _fits(row: Row, value: ReadingValue) -> bool:
    return all(row.get(name) == wanted for name, wanted in value.where.items())


def _value(value: ReadingValue, rows: Sequence[Row], picture: Picture, language: str) -> str | float:
    if value.rows:
        return len(rows)
    column = value.named[0]
    cells = [row[column] for row in rows if column in row]
    if value.distinct is not None:
        return len(set(cells))
    if value.most is not None or value.times is not None:
        found, times = Counter(cells).most_common(1)[0] if cells else (None, 0)
        return times if value.times is not None else shown(found, column, picture, language)
    numbers = [cell for cell in cells if not isinstance(cell, str)]
    if value.sum is not None:
        return sum(numbers)
    if not numbers:
        return ""
    return min(numbers) if value.least is not None else max(numbers)
