"""The head of a query file: the `#+` lines that document it, as one frozen typed value.

First step of a named query: `queries/<name>.rq` → head → parameters, columns, OpenAPI. After grlc, whose
heads are YAML too; unlike there, a head that does not parse is an error that names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from plangraf.diagnostics.diagnostic import DataError, in_file

ParameterType = Literal["iri", "iri-or-code", "integer", "code", "lang", "string"]
ColumnType = Literal[
    "iri", "string", "code", "lang-string", "xsd:integer", "xsd:decimal", "xsd:boolean",
    "xsd:gYear", "xsd:gYearMonth", "xsd:date", "xsd:dateTime",
]  # fmt: skip

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_LINE = re.compile(r"#\+(?: (.*)|)")
# The parser in C, where PyYAML was built with it, reads ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LAST = 1_000_000
"""The position of what a head gives none."""

Words = Annotated[str, StringConstraints(min_length=1)]
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)


class Parameter(Strict):
    """One parameter.

    `is_` names the class of the thing that an `iri` or `iri-or-code` means, as a CURIE. `variable` is what the
    query calls the value where the parameter's own name is one of its columns.
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


class Titled(Strict):
    """What something is called in both languages."""

    nb: Words
    en: Words

    @property
    def text(self) -> tuple[str, str]:
        return self.nb, self.en

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.nb


class QueryHead(Strict):
    """What a head says: one sentence, more about rows and their order, what goes in and what comes out.

    `summary-nb` is for the checks of a build, whose report is in Bokmål and English. `title` is the heading over its
    things on the home page, the summary when absent, `position` its place there, the last ones when absent.
    """

    summary: str = Field(min_length=1)
    summary_nb: str | None = Field(default=None, alias="summary-nb", min_length=1)
    title: Titled | None = None
    position: int = LAST
    description: str = ""
    tags: tuple[str, ...] = Field(default=(), strict=False)
    parameters: dict[str, Parameter] = {}
    columns: dict[str, ColumnType] = Field(min_length=1)

    @field_validator("parameters", "columns")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a name that SPARQL, CSV and a web address all allow")
        return value


@dataclass(frozen=True, slots=True)
class Head:
    """The YAML of one head as it was read: what it says, and on which line of the file each part of it stands."""

    file: str
    said: dict[str, Any]
    source: str
    lines: tuple[int, ...]

    def problem(self, path: Sequence[int | str], en: str, nb: str) -> DataError:
        """An error at the line of the part at `path`, or of the deepest part of it that there is."""
        node = yaml.compose(self.source, Loader=yaml.SafeLoader)
        return problem(self.file, self.lines[min(_line_of(node, path), len(self.lines) - 1)], en, nb)

    def as_model(self, model: type[Model], said: object = None, at: tuple[int | str, ...] = ()) -> Model:
        """The head, or what it `said` under the path `at`, as a typed value.

        Raises:
            DataError: a key is missing, unknown or of the wrong type; with its line.
        """
        try:
            return model.model_validate(self.said if said is None else said)
        except ValidationError as error:
            first = error.errors()[0]
            path = (*at, *first["loc"])
            reason = f"{'.'.join(map(str, path))}: {first['msg']}"
            raise self.problem(
                path, f"The head cannot be used: {reason}.", f"Hodet kan ikke brukes: {reason}."
            ) from error  # fmt: skip


def problem(file: str, line: int, en: str, nb: str) -> DataError:
    return DataError([in_file(file, line, nb, en)])


def parse_head(text: str, file: str) -> QueryHead:
    """The head of one query file.

    Args:
        text: the whole file.
        file: how messages call it, such as `queries/plans.rq`.
    Raises:
        DataError: no head, malformed YAML, an unknown or missing key or type; with the line of the culprit.
    """
    return read_head(
        text, file, "`#+ summary: …` and `#+ columns: {…}`", "`#+ summary: …` og `#+ columns: {…}`"
    ).as_model(QueryHead)


def read_head(text: str, file: str, beginning_en: str, beginning_nb: str) -> Head:
    """The `#+` lines of a file.

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
            file, 1, f"There is no head. Begin the file with {beginning_en}.",
            f"Filen har ikke noe hode. Begynn den med {beginning_nb}.",
        )  # fmt: skip
    return read_yaml(numbered, file)


def read_yaml(numbered: Sequence[tuple[int, str]], file: str) -> Head:
    """Lines of YAML with their numbers in the file.

    Raises:
        DataError: they are not `key: value` lines.
    """
    lines = tuple(number for number, _ in numbered) or (1,)
    source = "\n".join(line for _, line in numbered)
    try:
        said = yaml.load(source, Loader=_LOADER)  # noqa: S506  # both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = lines[min(mark.line, len(lines) - 1)] if mark else lines[0]
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise problem(file, line, f"The head is not YAML: {reason}.", f"Hodet er ikke YAML: {reason}.") from error
    if not isinstance(said, dict):
        raise problem(
            file, lines[0], "The head must be `key: value` lines.", "Hodet må være linjer med `nøkkel: verdi`."
        )  # fmt: skip
    return Head(file, said, source, lines)


def _line_of(node: yaml.Node | None, path: Sequence[int | str]) -> int:
    """The line, from 0, of the deepest node on `path` that exists."""
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
