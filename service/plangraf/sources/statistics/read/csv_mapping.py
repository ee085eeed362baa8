"""The mapping file of a CSV table: which column is which dimension, and how its numbers are written.

YAML, checked by pydantic; docs/researchers.md shows one.
"""

from __future__ import annotations

import re
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.statistical_table import Role


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DimensionColumns(_Strict):
    """One dimension: the column of its codes, or columns named by its codes (`across`), or one code for all rows."""

    column: str | None = None
    labels: str | None = None
    across: str | None = None
    constant: str | None = None
    label: str | None = None
    role: Role | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> DimensionColumns:
        if sum(one is not None for one in (self.column, self.across, self.constant)) != 1:
            raise ValueError("give one of column, across and constant")
        if self.across is not None:
            try:
                re.compile(self.across)
            except re.error as error:
                raise ValueError(f"across is not a regular expression: {error}") from None
        return self


class ValueColumn(_Strict):
    """The column of the numbers and their unit. A dimension across columns has no column of numbers."""

    column: str | None = None
    unit: str | None = None
    unit_column: str | None = None
    decimals: int | None = Field(default=None, ge=0, le=18, strict=False)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ".", ",", "'"] = ""


class Mapping(_Strict):
    """A mapping file."""

    table: str
    label: str
    language: str = Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")
    dimensions: dict[str, DimensionColumns] = Field(min_length=1)
    value: ValueColumn = ValueColumn()
    status: str | None = None
    missing: tuple[str, ...] = Field(default=(".", "..", "...", ":"), strict=False)
    source: str | None = None
    licence: str | None = None
    address: str | None = None
    updated: str | None = None
    encoding: str = "utf-8"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)

    @model_validator(mode="after")
    def _values_somewhere(self) -> Mapping:
        across = [name for name, one in self.dimensions.items() if one.across is not None]
        if len(across) > 1:
            raise ValueError("only one dimension can stand across columns")
        if bool(across) == (self.value.column is not None):
            raise ValueError("give value.column, or one dimension across columns, not both")
        if self.value.decimal == self.value.thousands:
            raise ValueError("decimal and thousands cannot be the same sign")
        return self


def read_mapping(text: str, findings: Findings) -> Mapping:
    """Reads a mapping file.

    Args:
        text: the YAML text.
        findings: receives the defects; its `file` is the mapping file.
    Raises:
        TableError: it is not a mapping file.
    """
    try:
        found = yaml.load(text, Loader=_TextLoader)  # noqa: S506  # a SafeLoader that reads numbers as text
        return Mapping.model_validate(found)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        findings.wrong(
            "file",
            getattr(error, "problem", None) or str(error),
            "gyldig YAML",
            "valid YAML",
            mark.line + 1 if mark is not None else None,
        )
    except ValidationError as error:
        for one in error.errors():
            place = ".".join(map(str, one["loc"])) or "file"
            shown = one["input"] if not isinstance(one["input"], dict) else f"{', '.join(one['input'])}"
            findings.wrong(place, shown, f"noe annet: {one['msg']}", f"something else: {one['msg']}")
    findings.stop()
    raise AssertionError("a defect stops the import")


class _TextLoader(yaml.SafeLoader):
    """Keeps `07459` and `2026-01-01` as text, because codes are text."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("null", "merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
