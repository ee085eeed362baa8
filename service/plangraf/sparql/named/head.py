"""The head of a query file: the `#+` lines that document it, as one frozen typed value.

First step of a named query: `queries/<name>.rq` → head → parameters, columns, OpenAPI. After grlc, whose
heads are YAML too; unlike there, a head that does not parse is an error that names file and line.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from plangraf.diagnostics.diagnostic import DataError, in_file

ParameterType = Literal["iri", "iri-or-code", "integer", "code", "lang", "string"]
ColumnType = Literal[
    "iri", "string", "code", "lang-string", "xsd:integer", "xsd:decimal", "xsd:boolean",
    "xsd:gYear", "xsd:gYearMonth", "xsd:date", "xsd:dateTime",
]  # fmt: skip

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_LINE = re.compile(r"#\+(?: (.*)|)")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)


class Parameter(_Strict):
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


class QueryHead(_Strict):
    """What a head says: one sentence, more about rows and their order, what goes in and what comes out.

    `summary-nb` is for the checks of a build, whose report is in Bokmål and English.
    """

    summary: str = Field(min_length=1)
    summary_nb: str | None = Field(default=None, alias="summary-nb", min_length=1)
    description: str = ""
    tags: tuple[str, ...] = Field(default=(), strict=False)
    parameters: dict[str, Parameter] = {}
    columns: dict[str, ColumnType] = Field(min_length=1)

    @field_validator("parameters", "columns")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a name that SPARQL, CSV and a web address all allow")
        return value


def _problem(file: str, line: int, what_en: str, what_nb: str) -> DataError:
    return DataError([in_file(file, line, what_nb, what_en)])


def parse_head(text: str, file: str) -> QueryHead:
    """The head of one query file.

    Args:
        text: the whole file.
        file: how messages call it, such as `queries/plans.rq`.
    Raises:
        DataError: no head, malformed YAML, an unknown or missing key or type; with the line of the culprit.
    """
    numbered = [
        (number, match[1] or "")
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := _LINE.fullmatch(line.rstrip()))
    ]
    if not numbered:
        raise _problem(
            file, 1,
            "There is no head. Begin the file with `#+ summary: …` and `#+ columns: {…}`.",
            "Filen har ikke noe hode. Begynn den med `#+ summary: …` og `#+ columns: {…}`.",
        )  # fmt: skip
    lines = [number for number, _ in numbered]
    source = "\n".join(line for _, line in numbered)
    try:
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        head = yaml.safe_load(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = lines[min(mark.line, len(lines) - 1)] if mark else lines[0]
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise _problem(
            file, line,
            f"The head is not YAML: {reason}.", f"Hodet er ikke YAML: {reason}.",
        ) from error  # fmt: skip
    if not isinstance(head, dict):
        raise _problem(
            file,
            lines[0],
            "The head must be `key: value` lines.",
            "Hodet må være linjer med `nøkkel: verdi`.",
        )
    try:
        return QueryHead.model_validate(head)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        line = lines[min(_line_of(node, first["loc"]), len(lines) - 1)]
        reason = f"{path}: {first['msg']}"
        raise _problem(
            file, line, f"The head cannot be used: {reason}.", f"Hodet kan ikke brukes: {reason}."
        ) from error


def _line_of(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """The line, from 0, of the deepest node on `path` that exists."""
    line = 0
    for part in path:
        if not isinstance(node, yaml.MappingNode):
            break
        found = next((pair for pair in node.value if pair[0].value == part), None)
        if found is None:
            break
        line, node = found[0].start_mark.line, found[1]
    return line
