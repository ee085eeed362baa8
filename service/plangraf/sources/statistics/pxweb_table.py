"""A table of a PxWebApi 2 server: its address, and what its metadata say of its dimensions.

Source: https://github.com/PxTools/PxApiSpecs (PxAPI-2.yml); metadata are JSON-stat 2.0, https://json-stat.org/full/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from plangraf.errors import SourceAnswerError, SourceRequestError

_PATH = re.compile(r"(?P<base>.*)/tables/(?P<table>[^/]+)(?:/(?:data|metadata|defaultselection))?/?")
_PARAMETER = re.compile(r"(valuecodes|codelist|outputvalues)\[(.+)\]", re.IGNORECASE)
# These parameters decide how an answer is written, and this client always asks for the same form.
_IGNORED = frozenset({"outputformat", "outputformatparams", "heading", "stub"})


@dataclass(frozen=True, slots=True)
class TableAddress:
    """A table of a PxWebApi server, with the selection that its address has.

    Attributes:
        base: address of the interface, without a slash at its end (`https://data.ssb.no/api/pxwebapi/v2`).
        table: the table's id, decoded.
        language: `lang`, or None.
        values: expressions by dimension, as written.
        codelists: code list by dimension.
    """

    base: str
    table: str
    language: str | None
    values: Mapping[str, str]
    codelists: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"{self.base}/tables/{quote(self.table, safe='')}"


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension of a table, or what a code list makes of it.

    Attributes:
        labels: label of each code, in the table's order.
        optional: whether it can be left out of a selection.
        time: whether its codes are periods, oldest first.
        codelists: ids of the code lists that it takes.
    """

    code: str
    label: str
    labels: Mapping[str, str]
    optional: bool = False
    time: bool = False
    codelists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What a table's metadata say; `updated` is the time of publication as written, None when it is missing."""

    label: str
    updated: str | None
    dimensions: Mapping[str, Dimension]


def parse_address(address: str) -> TableAddress:
    """Reads the address of a table, or of its data with a selection.

    Raises:
        SourceRequestError: it is not the address of a table, or has a parameter that cannot be honoured.
    """
    try:
        parts = urlsplit(address.strip())
        parts.port  # noqa: B018  reading it checks it
    except ValueError as error:
        raise SourceRequestError(f"{address} is not an address: {error}.") from error
    path = _PATH.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or not parts.hostname or not path:
        raise SourceRequestError(
            f"{address} is not the address of a table. One looks like "
            "https://data.ssb.no/api/pxwebapi/v2/tables/07459, with /data?valuecodes[…]=… behind it for a selection."
        )
    if "@" in parts.netloc:
        raise SourceRequestError(
            f"The address at {parts.hostname} has a user name or password in it, which would be written into the "
            "provenance of the data. Leave it out."
        )
    language: str | None = None
    values: dict[str, str] = {}
    codelists: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        kind, dimension = _parameter(name)
        chosen = {"valuecodes": values, "codelist": codelists}.get(kind)
        if chosen is not None:
            _put(chosen, dimension, value, name)
        elif kind == "lang":
            language = value or None
        elif kind not in _IGNORED:
            raise SourceRequestError(
                f"The address has the parameter {name}, which cannot be honoured here. Known are lang, "
                "valuecodes[dimension] and codelist[dimension]."
            )
    base = f"{parts.scheme}://{parts.netloc}{path['base']}"
    return TableAddress(base, unquote(path["table"]), language, values, codelists)


def add_selection(address: TableAddress, selection: Mapping[str, str]) -> TableAddress:
    """Adds a selection to that of the address; its keys are `Region`, `valuecodes[Region]` or `codelist[Region]`.

    Raises:
        SourceRequestError: both select from the same dimension, differently.
    """
    values, codelists = dict(address.values), dict(address.codelists)
    for name, value in selection.items():
        kind, dimension = _parameter(name)
        if kind == "codelist":
            _put(codelists, dimension, value, name)
        elif kind == "valuecodes":
            _put(values, dimension, value, name)
        elif kind == "outputvalues":
            raise SourceRequestError(f"{name} cannot be honoured: a code list always gives the values of its groups.")
        else:
            _put(values, name, value, name)
    return replace(address, values=values, codelists=codelists)


def _parameter(name: str) -> tuple[str, str]:
    match = _PARAMETER.fullmatch(name)
    return (match[1].lower(), match[2]) if match else (name.lower(), "")


def _put(chosen: dict[str, str], dimension: str, value: str, name: str) -> None:
    if chosen.setdefault(dimension, value) != value:
        raise SourceRequestError(
            f"{name} is given twice, as {chosen[dimension]!r} and as {value!r}. Give it once, with commas "
            "between values."
        )


def read_table(document: Any, where: str) -> Table:
    """Reads the metadata of a table, a JSON-stat 2.0 dataset without values.

    Raises:
        SourceAnswerError: the document is not such metadata.
    """
    try:
        times = document.get("role", {}).get("time", [])
        dimensions = {}
        for code in document["id"]:
            found = document["dimension"][code]
            extension = found.get("extension") or {}
            dimensions[code] = Dimension(
                code,
                found.get("label") or code,
                category_labels(found["category"]),
                bool(extension.get("elimination")),
                code in times,
                tuple(one["id"] for one in extension.get("codelists") or ()),
            )
        if not dimensions:
            raise ValueError("it has no dimensions")
        return Table(document.get("label") or "", document.get("updated"), dimensions)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SourceAnswerError(
            f"{where} does not answer with the metadata of a table as JSON-stat 2.0: {_reason(error)}."
        ) from error


def category_labels(category: Mapping[str, Any]) -> dict[str, str]:
    """Label of each code of a JSON-stat category in its order; its `index` is an object, an array, or absent."""
    labels = category.get("label") or {}
    index = category.get("index") or list(labels)
    codes = sorted(index, key=index.__getitem__) if isinstance(index, dict) else list(index)
    return {str(code): str(labels.get(code, code)) for code in codes}


def read_codelist(document: Any, dimension: Dimension, where: str) -> Dimension:
    """The dimension with the values of a code list in place of its own.

    Raises:
        SourceAnswerError: the document is not a code list.
    """
    try:
        labels = {str(one["code"]): str(one["label"]) for one in document["values"]}
    except (KeyError, TypeError) as error:
        raise SourceAnswerError(f"{where} does not answer with a code list: {_reason(error)}.") from error
    return replace(dimension, labels=labels)


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
