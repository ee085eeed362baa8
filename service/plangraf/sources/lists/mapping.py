"""What a mapping file says: which list it is, how it is read, and what our dataset says of it.

A mapping is YAML, `list.yaml` beside the dataset that it makes, so that a further list needs a file and no code.
docs/researchers.md has an example.
"""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pyoxigraph import NamedNode

from plangraf.errors import ListError, QueryLimitError, RequestError
from plangraf.sparql.safety import Limits, check

FILE = "list.yaml"
# The name of a file in the same folder.
_BESIDE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

Kind = Literal["un-indicators", "indicators", "areas"]
Format = Literal["turtle", "csv", "tsv", "klass"]

INDICATOR_FIELDS = frozenset({"thing", "target", "goal", "indicator", "number", "code", "source"})
"""What a query or the columns of a list of indicators may give. `number` is the UN's printed number, such as 11.6.1."""
UN_FIELDS = frozenset({"thing", "target", "code", "deprecated", "replacement"})
"""`code` is a literal with one of the UN's datatypes; `replacement` the indicator that took the place."""
AREA_FIELDS = frozenset({"code", "name", "validFrom", "validTo", "oldCode", "oldName", "newCode", "changeOccurred"})
"""The names that Statistics Norway's Klass gives its members and columns."""
LABEL_NAMES = frozenset({"key", "code", "number", "target", "goal", "n"})
"""What the pattern of a label may name; `n` numbers the entries of a target."""
FIELDS = {"un-indicators": UN_FIELDS, "indicators": INDICATOR_FIELDS, "areas": AREA_FIELDS}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """A text of ours in both languages."""

    nb: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Publisher(_Strict):
    """Who publishes the list: an IRI of the national organisation catalogue, or one of ours."""

    iri: str
    nb: str
    en: str


class Reading(_Strict):
    """How the list is read: a SPARQL query whose variables are the fields, or the column of each field."""

    format: Format
    query: str | None = None
    columns: dict[str, str] | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    separator: str | None = Field(default=None, min_length=1)
    """Between several values of one cell."""
    encoding: str = "utf-8"


class Mapping(_Strict):
    """One mapping file."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    kind: Kind
    list: str
    """IRI of the list, as its publisher writes it."""
    name: Text
    title: Text
    description: Text
    publisher: Publisher
    license: str | None = None
    address: str
    """Where the list is published."""
    edition: str | None = None
    retrieved: date | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Of the only content that is accepted, when the list is pinned."""
    read: Reading
    iri: str | None = None
    """IRI of an entry with `{key}` in it, for a list whose entries have none."""
    labels: str | None = Field(default=None, pattern=_BESIDE)
    """A TSV of labels of ours beside the mapping: code, nb, en."""
    matches: str | None = Field(default=None, pattern=_BESIDE)
    """A TSV beside the mapping: the number of an area, and the IRI of the same area elsewhere."""
    label: tuple[Text, ...] = ()
    """Patterns of mechanical labels; the first whose names all have a value is used."""
    described: str | None = None
    """A SPARQL query for ?thing: what the list has that our data describe already."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Mapping:
        for name in ("list", "address", "license"):
            _require_address(name, getattr(self, name))
        _require_address("publisher.iri", self.publisher.iri)
        wanted, given = FIELDS[self.kind], set(self.read.columns or ())
        if given - wanted:
            raise ValueError(
                f"read.columns names {', '.join(sorted(given - wanted))}; known: {', '.join(sorted(wanted))}"
            )
        if self.read.format == "turtle" and not self.read.query:
            raise ValueError("read.query is needed for Turtle: a SELECT query whose variables are the fields")
        if self.read.format in ("csv", "tsv") and not given:
            raise ValueError("read.columns is needed for a table: the column of each field")
        if self.kind != "areas" and given and "thing" not in given:
            raise ValueError("read.columns needs `thing`, the column with the key or IRI of an entry")
        if self.kind == "areas" and self.read.format == "turtle":
            raise ValueError("areas are read from Klass (JSON) or a table, not from Turtle")
        if self.iri is not None and "{key}" not in self.iri:
            raise ValueError("iri is to hold {key}, in whose place the key of an entry comes")
        if self.kind == "indicators" and not self.label:
            raise ValueError("label is needed: the texts of a list stay with its publisher")
        for pattern in self.label:
            _require_names(pattern)
        return self


def read_mapping(path: Path) -> Mapping:
    """The mapping of a file.

    Raises:
        ListError: it cannot be read, a field is wrong, or a query is not allowed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ListError(f"The mapping {path} cannot be read ({error.strerror}). Check its name.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise ListError(f"The mapping {path} is not YAML: {said}. Correct it there.") from error
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'mapping'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise ListError(f"The mapping {path} cannot be used: {wrong}.") from error
    for name, query in (("read.query", mapping.read.query), ("described", mapping.described)):
        if query is not None:
            _check_query(path, name, query)
    return mapping


def _check_query(path: Path, name: str, query: str) -> None:
    """Refuses a query that is malformed or calls another service."""
    try:
        checked = check(query, Limits())
    except (RequestError, QueryLimitError) as error:
        raise ListError(f"The mapping {path} cannot be used: {name}: {error}") from error
    if checked.form != "SELECT":
        raise ListError(f"The mapping {path} cannot be used: {name} is {checked.form}. Write a SELECT query.")


def _require_names(pattern: Text) -> None:
    """Refuses a pattern that is malformed, names what there is not, or gives all entries one label."""
    for text in (pattern.nb, pattern.en):
        try:
            names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        except ValueError as error:
            raise ValueError(f'label "{text}" is malformed ({error}); a brace is written twice') from None
        if unknown := [name for name in names if name not in LABEL_NAMES]:
            raise ValueError(f'label "{text}" names {{{unknown[0]}}}; known: {", ".join(sorted(LABEL_NAMES))}')
        if not names:
            raise ValueError(f'label "{text}" names nothing of an entry, such as {{key}}')


def _require_address(name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        NamedNode(value)
    except ValueError:
        raise ValueError(f'{name} "{value}" is not an IRI') from None
    if not value.startswith(("http://", "https://")):
        raise ValueError(f'{name} "{value}" does not begin with http:// or https://')
