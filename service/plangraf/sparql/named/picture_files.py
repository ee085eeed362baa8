"""Reads the pictures of `queries/pictures/`: a folder each, with what it says, the query of its rows, and its drawing.

    queries/pictures/<name>/picture.yaml   titles, the sentence about it, columns of the equal table
    queries/pictures/<name>/query.rq       the query of its rows, unless picture.yaml names a named query
    queries/pictures/<name>/spec.vl.json   the drawing in Vega-Lite, or spec.vg.json in Vega

In a drawing an object `{"nb": …, "en": …}` stands for the text in one language, and `"@blue"` for a colour of
plangraf.views.pictures.palette. The rows are its data set `rows`. https://vega.github.io/vega-lite/docs/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic
from plangraf.sparql.named.binding import NamedQuery, load_query
from plangraf.sparql.named.head import LAST, Head, Strict, Titled, problem, read_yaml

FOLDER = "pictures"
DECLARATION = "picture.yaml"
QUERY = "query.rq"
SPECS: Mapping[str, Literal["vega-lite", "vega"]] = {"spec.vl.json": "vega-lite", "spec.vg.json": "vega"}
ROWS = "rows"
"""The name of the data set with the rows in a drawing."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_CURIE = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[A-Za-z]+$")]
_PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)(?:\|([^|{}]*)\|([^|{}]*))?\}")
_Plain = str | int | bool


class PictureColumn(Strict):
    """A column of the equal table: `link` is the column with the IRI that a cell leads to, `values` words for codes."""

    title: Titled
    link: str | None = None
    values: dict[str, Titled] = Field(default={})


class ReadingValue(Strict):
    """A value of the sentence, computed from the rows that have the values of `where`.

    `rows` counts them and `distinct` the different values of a column. `sum`, `least` and `greatest` are those of a
    column of numbers. `most` is the value that most rows have in a column, the first of several, and `times` how many
    rows have it.
    """

    rows: Literal[True] | None = None
    distinct: str | None = None
    sum: str | None = None
    least: str | None = None
    greatest: str | None = None
    most: str | None = None
    times: str | None = None
    where: dict[str, _Plain] = Field(default={})

    @model_validator(mode="after")
    def _one(self) -> ReadingValue:
        if len(self.model_fields_set - {"where"}) != 1:
            raise ValueError("a value has exactly one of rows, distinct, sum, least, greatest, most, times")
        return self

    @property
    def named(self) -> list[str]:
        """The columns that it names."""
        own = (self.distinct, self.sum, self.least, self.greatest, self.most, self.times)
        return [*(name for name in own if name is not None), *self.where]


class Wrap(Strict):
    """The most characters of a line, and the most lines; what does not fit ends in an ellipsis."""

    width: int = Field(ge=8, le=200)
    lines: int = Field(ge=1, le=12)


class PictureHead(Strict):
    """The content of a picture.yaml.

    `reading` is the sentence; `{name}` in it is a value and `{name|one|many}` the word for one or several. `empty` says
    why there may be nothing to draw. `kinds` are the classes whose documents show the picture. With
    `each-municipality` there is a drawing for each municipality. `query` names a named query in place of an own file.
    `wrap` breaks the text of a column into lines, in a column with `Lines` behind its name, and cuts it to one in a
    column with `Line` behind it.
    `most` is the greatest number of rows that a drawing can show.
    """

    title: Titled
    reading: Titled
    empty: Titled
    position: int = LAST
    kinds: tuple[_CURIE, ...] = Field(default=(), strict=False)
    each_municipality: bool = Field(default=True, alias="each-municipality")
    query: str | None = None
    values: dict[str, ReadingValue] = Field(default={})
    columns: dict[str, PictureColumn] = Field(min_length=1)
    wrap: dict[str, Wrap] = Field(default={})
    most: int = Field(default=500, ge=1, le=2_000)

    @model_validator(mode="after")
    def _reading_names_values(self) -> PictureHead:
        for text in self.reading.texts.values():
            for name, _, _ in _PLACEHOLDER.findall(text):
                if name not in self.values:
                    raise ValueError(f"reading: {name!r} is not among the values")
        return self


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its declaration, the query of its rows, and its drawing.

    `file` is the name of the drawing in messages, `texts` the files that decide it, by which a drawing is recognised.
    """

    name: str
    head: PictureHead
    query: NamedQuery
    spec: Mapping[str, Any]
    language: Literal["vega-lite", "vega"]
    file: str
    texts: tuple[str, ...]


def picture_files(queries: Path) -> list[Path]:
    """The files that declare pictures."""
    return sorted(path for path in (queries / FOLDER).glob("*/*") if path.name in (DECLARATION, QUERY, *SPECS))


def load_pictures(queries: Path, known: Callable[[], Mapping[str, NamedQuery]]) -> list[Picture]:
    """Reads the pictures below a folder of queries, in the order of their positions; none without their folder.

    Args:
        queries: the folder `queries/`.
        known: gives the named queries, for a picture that has none of its own.
    Raises:
        DataError: files are invalid; each problem names file and line.
    """
    found: list[Picture] = []
    problems: list[FileDiagnostic] = []
    for folder in sorted((queries / FOLDER).glob("*")):
        if not folder.is_dir():
            continue
        try:
            found.append(_load(folder, f"{queries.name}/{FOLDER}/{folder.name}", known))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return sorted(found, key=lambda picture: (picture.head.position, picture.name))


def _load(folder: Path, where: str, known: Callable[[], Mapping[str, NamedQuery]]) -> Picture:
    file = f"{where}/{DECLARATION}"
    if not _NAME.fullmatch(folder.name):
        raise problem(
            where,
            1,
            "The name of a picture has lower-case letters a to z, digits and hyphens, such as plans-by-year.",
            "Navnet på en figur har små bokstaver fra a til z, sifre og bindestreker, for eksempel planer-etter-aar.",
        )
    text = _read(folder / DECLARATION, file)
    head = read_yaml(list(enumerate(text.splitlines(), 1)), file)
    declared = head.as_model(PictureHead)
    query, query_text = _query(folder, where, declared, head, known)
    _check_columns(declared, query, head)
    specs = [name for name in SPECS if (folder / name).is_file()]
    if len(specs) != 1:
        raise problem(
            where,
            1,
            f"A picture has one drawing, {' or '.join(SPECS)}; found: {', '.join(specs) or 'none'}.",
            f"En figur har én tegning, {' eller '.join(SPECS)}; fant: {', '.join(specs) or 'ingen'}.",
        )
    drawing = f"{where}/{specs[0]}"
    spec_text = _read(folder / specs[0], drawing)
    spec = _read_spec(spec_text, drawing)
    return Picture(folder.name, declared, query, spec, SPECS[specs[0]], drawing, (text, query_text, spec_text))


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise problem(name, 1, f"The file cannot be read: {reason}.", f"Filen kan ikke leses: {reason}.") from error


def _query(
    folder: Path, where: str, declared: PictureHead, head: Head, known: Callable[[], Mapping[str, NamedQuery]]
) -> tuple[NamedQuery, str]:
    """The query of the rows and its text."""
    own = folder / QUERY
    if (declared.query is None) != own.is_file():
        raise head.problem(
            ("query",),
            f"A picture has either a file {QUERY} or `query:` with the name of a named query.",
            f"En figur har enten en fil {QUERY} eller `query:` med navnet på en navngitt spørring.",
        )
    if declared.query is None:
        query = load_query(own, f"{where}/{QUERY}")
    else:
        found = known().get(declared.query)
        if found is None:
            raise head.problem(
                ("query",),
                f"There is no named query {declared.query}.",
                f"Det finnes ingen navngitt spørring {declared.query}.",
            )
        query = found
    if needed := [name for name, one in query.head.parameters.items() if not one.optional] or query.head.either:
        raise head.problem(
            ("query",),
            f"The query needs the parameter {needed[0]}; a picture gives lang and municipality only.",
            f"Spørringen trenger parameteren {needed[0]}; en figur gir bare lang og municipality.",
        )
    return query, query.text


def _check_columns(declared: PictureHead, query: NamedQuery, head: Head) -> None:
    """Each column that the declaration names is one of the query."""
    named: Iterator[tuple[tuple[str, ...], str]] = (
        *((("columns", name), name) for name in declared.columns),
        *((("columns", name, "link"), column.link) for name, column in declared.columns.items() if column.link),
        *((("values", name), column) for name, value in declared.values.items() for column in value.named),
        *((("wrap", name), name) for name in declared.wrap),
    )  # type: ignore[assignment]  # a tuple is iterable
    for path, column in named:
        if column not in query.head.columns:
            raise head.problem(
                path,
                f"{'.'.join(path)}: the query has no column {column!r}; its columns are "
                f"{', '.join(query.head.columns)}.",
                f"{'.'.join(path)}: spørringen har ingen kolonne {column!r}; kolonnene er "
                f"{', '.join(query.head.columns)}.",
            )


def _read_spec(text: str, file: str) -> Mapping[str, Any]:
    """The drawing as JSON that loads nothing.

    Raises:
        DataError: it is not a JSON object, or names an address to load from.
    """
    try:
        spec = json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} (column {error.colno})"
        raise problem(
            file, error.lineno, f"The drawing is not JSON: {reason}.", f"Tegningen er ikke JSON: {reason}."
        ) from error
    if not isinstance(spec, dict):
        raise problem(file, 1, "The drawing must be a JSON object.", "Tegningen må være et JSON-objekt.")
    refuse = partial(_line, text)
    for key, value in _pairs(spec):
        if key in ("url", "image") or (key == "type" and value == "image") or value == "image":
            raise problem(
                file,
                refuse(key),
                f"A drawing loads nothing: take {key!r} away; its data are the data set {ROWS!r}.",
                f"En tegning henter ingenting: fjern {key!r}; dataene er datasettet {ROWS!r}.",
            )
    return spec


def _line(text: str, key: str) -> int:
    """The first line with a key."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if f'"{key}"' in line), 1)


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner)


def fill_reading(text: str, values: Mapping[str, str | float], write: Callable[[float], str]) -> str:
    """The sentence with its values; `write` writes a number in the language of the sentence."""

    def one(match: re.Match[str]) -> str:
        value = values[match[1]]
        if match[2] is not None:
            return match[2] if value == 1 else match[3]
        return value if isinstance(value, str) else write(value)

    return _PLACEHOLDER.sub(one, text)
