"""The head of a query file: the `#+` lines that document it, as one frozen typed value.

It is the first step of a named query: `queries/<name>.rq` → head → parameters, columns, OpenAPI. The form follows grlc,
whose heads are YAML too. Unlike in grlc, a malformed head is an error that names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import yaml
from babel.localedata import exists
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from plangraf.diagnostics.diagnostic import DataError, in_file

ParameterType = Literal["iri", "iri-or-code", "integer", "code", "lang", "string"]
ColumnType = Literal[
    "iri",
    "string",
    "code",
    "lang-string",
    "xsd:integer",
    "xsd:decimal",
    "xsd:boolean",
    "xsd:gYear",
    "xsd:gYearMonth",
    "xsd:date",
    "xsd:dateTime",
]

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_LINE = re.compile(r"#\+(?: (.*)|)")
# PyYAML's C parser is ten times as fast, but not every build of PyYAML includes it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LAST = 1_000_000
"""The position when a head states none."""

_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
Words = Annotated[str, StringConstraints(min_length=1)]
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)


class Parameter(Strict):
    """One parameter.

    `is_` is the class of the thing that an `iri` or `iri-or-code` names, as a CURIE. `variable` is the name in the
    query when a column already has the name of the parameter.
    """

    type: ParameterType
    variable: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9]*$")
    is_: str | None = Field(default=None, alias="is", pattern=r"^[a-z][a-z0-9-]*:[A-Za-z]+$")
    optional: bool = False
    example: str | None = None
    description: str = ""
    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"is not a regular expression: {error}") from error
        return value


def read_tag(text: str) -> str:
    """Reads the tag of a language; raises ValueError with the message about it."""
    if not _LANGUAGE_TAG.fullmatch(text) or not exists(text.replace("-", "_")):
        raise ValueError(f"`{text}` is not the tag of a language, such as nn or se")
    return text


LanguageTag = Annotated[str, AfterValidator(read_tag)]


class Titled(Strict):
    """A text in Bokmål and English, and in each further language that has it, by its tag."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[LanguageTag, Words] = Field(init=False)

    nb: Words
    en: Words

    @property
    def further(self) -> dict[str, str]:
        """The text by language, without Bokmål and English."""
        return dict(self.__pydantic_extra__)

    @property
    def text(self) -> tuple[str, str]:
        """The text in Bokmål and English."""
        return self.nb, self.en

    @property
    def texts(self) -> dict[str, str]:
        """The text by language."""
        return {"nb": self.nb, "en": self.en, **self.further}

    def in_language(self, language: str) -> str:
        """The text in a language; in Bokmål where it has none in that language."""
        return self.texts.get(language, self.nb)


class CubeDimension(Strict):
    """A dimension of a statistical answer, named after its column.

    `label` and `code` are the columns with label and code of a category, by default the dimension's own. `split`: the
    column holds several codes such as `Kjonn=1;Alder=20`, each a dimension of its own.
    """

    label: str | None = None
    code: str | None = None
    role: Literal["time", "geo"] | None = None
    split: bool = False


class CubeHead(Strict):
    """What makes a statistical answer of the rows: the columns with value, status, unit and dimensions."""

    value: str
    status: str | None = None
    unit: str | None = None
    dimensions: dict[str, CubeDimension] = Field(min_length=1)

    @property
    def columns(self) -> list[str]:
        """All columns that it names."""
        of_dimensions = [name for key, one in self.dimensions.items() for name in (key, one.label, one.code)]
        return [name for name in (self.value, self.status, self.unit, *of_dimensions) if name is not None]


WALK_PARAMETERS = ("from", "to", "steps")
WALK_COLUMNS = (
    "path",
    "length",
    "step",
    "thing",
    "thingLabel",
    "direction",
    "property",
    "next",
    "nextLabel",
    "how",
    "confidence",
    "statement",
)
LINK_COLUMNS = ("thing", "property", "next", "how", "confidence", "statement", "kind", "label", "municipality")


class WalkHead(Strict):
    """What makes paths of the rows, which are links and the kinds of their things; plangraf.views.paths walks them.

    Such a query has the parameters WALK_PARAMETERS and the columns WALK_COLUMNS, and its SELECT gives LINK_COLUMNS.
    `links` says what the SELECT itself answers, `steps` is the longest path when the parameter is absent, `most` how
    many paths an answer may have.
    """

    links: Titled
    steps: int = Field(ge=1)
    most: int = Field(ge=1)


class QueryHead(Strict):
    """The head of a named query: summary, description of rows and order, parameters, and columns.

    `either` are parameters of which a request must contain one or more. `json-stat` says which columns make a
    statistical answer; without it the query has none. `walk` makes the answer of paths over the rows.

    A check of the build needs `summary-nb`, because its report is in Bokmål and English. `title` is the heading on the
    home page, by default the summary. `position` is the place there; a query without it comes last.
    """

    summary: str = Field(min_length=1)
    summary_nb: str | None = Field(default=None, alias="summary-nb", min_length=1)
    title: Titled | None = None
    position: int = LAST
    description: str = ""
    tags: tuple[str, ...] = Field(default=(), strict=False)
    parameters: dict[str, Parameter] = {}
    either: tuple[str, ...] = Field(default=(), strict=False)
    columns: dict[str, ColumnType] = Field(min_length=1)
    json_stat: CubeHead | None = Field(default=None, alias="json-stat")
    walk: WalkHead | None = None

    @field_validator("parameters", "columns")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a name that SPARQL, CSV and a web address all allow")
        return value

    @model_validator(mode="after")
    def _refers_to_what_it_declares(self) -> QueryHead:
        for name in self.either:
            if not (name in self.parameters and self.parameters[name].optional and self.parameters[name].example):
                raise ValueError(f"either: {name!r} is not an optional parameter with an example")
        for name in self.json_stat.columns if self.json_stat else ():
            if name not in self.columns:
                raise ValueError(f"json-stat: {name!r} is not a column")
        if self.walk is not None and not (
            tuple(self.columns) == WALK_COLUMNS and set(WALK_PARAMETERS) <= self.parameters.keys()
        ):
            raise ValueError(
                f"walk: the parameters are {', '.join(WALK_PARAMETERS)}, the columns {', '.join(WALK_COLUMNS)}"
            )
        return self

    @property
    def selected(self) -> tuple[str, ...]:
        """The names that the SELECT of the file gives, which are the columns unless the rows are walked."""
        return tuple(self.columns) if self.walk is None else LINK_COLUMNS


@dataclass(frozen=True, slots=True)
class Head:
    """The YAML of one head: its content, and the line of each part in the file."""

    file: str
    content: dict[str, Any]
    source: str
    lines: tuple[int, ...]

    def problem(self, path: Sequence[int | str], en: str, nb: str) -> DataError:
        """An error at the line of the part at `path`, or of its deepest existing parent."""
        node = yaml.compose(self.source, Loader=yaml.SafeLoader)
        return problem(self.file, self.lines[min(_line_of(node, path), len(self.lines) - 1)], en, nb)

    def as_model(self, model: type[Model], content: object = None, at: tuple[int | str, ...] = ()) -> Model:
        """Validates the head, or the `content` at the path `at`, as a typed value.

        Raises:
            DataError: a key is missing, unknown or of the wrong type; the message names its line.
        """
        try:
            return model.model_validate(self.content if content is None else content)
        except ValidationError as error:
            first = error.errors()[0]
            path = (*at, *first["loc"])
            reason = f"{'.'.join(map(str, path))}: {first['msg']}"
            raise self.problem(
                path, f"The head cannot be used: {reason}.", f"Hodet kan ikke brukes: {reason}."
            ) from error


def problem(file: str, line: int, en: str, nb: str) -> DataError:
    return DataError([in_file(file, line, nb, en)])


def parse_head(text: str, file: str) -> QueryHead:
    """Reads the head of one query file.

    Args:
        text: the whole file.
        file: the name of the file in messages, such as `queries/plans.rq`.
    Raises:
        DataError: no head, malformed YAML, an unknown or missing key or type; the message names the line.
    """
    return read_head(
        text, file, "`#+ summary: …` and `#+ columns: {…}`", "`#+ summary: …` og `#+ columns: {…}`"
    ).as_model(QueryHead)


def read_head(text: str, file: str, beginning_en: str, beginning_nb: str) -> Head:
    """Reads the `#+` lines of a file.

    Raises:
        DataError: there are none, or they are not YAML of `key: value` lines.
    """
    numbered = [
        (number, match[1] or "")
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := _LINE.fullmatch(line.rstrip()))
    ]
    if not numbered:
        raise problem(
            file,
            1,
            f"There is no head. Begin the file with {beginning_en}.",
            f"Filen har ikke noe hode. Begynn den med {beginning_nb}.",
        )
    return read_yaml(numbered, file)


def read_yaml(numbered: Sequence[tuple[int, str]], file: str) -> Head:
    """Reads lines of YAML, each with its number in the file.

    Raises:
        DataError: they are not `key: value` lines.
    """
    lines = tuple(number for number, _ in numbered) or (1,)
    source = "".join(f"{line}\n" for _, line in numbered)
    try:
        content = yaml.load(source, Loader=_LOADER)  # noqa: S506  # both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = lines[min(mark.line, len(lines) - 1)] if mark else lines[0]
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise problem(file, line, f"The head is not YAML: {reason}.", f"Hodet er ikke YAML: {reason}.") from error
    if not isinstance(content, dict):
        raise problem(
            file, lines[0], "The head must be `key: value` lines.", "Hodet må være linjer med `nøkkel: verdi`."
        )
    return Head(file, content, source, lines)


def _line_of(node: yaml.Node | None, path: Sequence[int | str]) -> int:
    """The line, from 0, of the deepest existing node on `path`."""
    line = 0
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
            continue
        if not isinstance(node, yaml.MappingNode):
            break
        found = next((pair for pair in node.value if pair[0].value == part), None)
        if found is None:
            break
        line, node = found[0].start_mark.line, found[1]
    return line
