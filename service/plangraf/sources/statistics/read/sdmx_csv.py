"""Reads SDMX-CSV 1.0 and 2.x.

Not by pysdmx, because its reader infers types with pandas: the code 0301 becomes the number 301, and 6.90 a double.
Without the data structure definition a CSV file does not say which columns are dimensions: those before OBS_VALUE
are, and TIME_PERIOD, except the attributes that SDMX itself names.
https://github.com/sdmx-twg/sdmx-csv
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.read.csv_mapping import ValueColumn
from plangraf.sources.statistics.read.csv_rows import CsvRows
from plangraf.sources.statistics.read.downloads import text_of
from plangraf.sources.statistics.read.json_stat_values import NO_REASON
from plangraf.sources.statistics.read.numbers_as_text import number_of
from plangraf.sources.statistics.read.table_builder import TableBuilder
from plangraf.sources.statistics.statistical_table import Role, Table

VERSION_1, VERSION_2 = "DATAFLOW", "STRUCTURE"
_NAMED = "STRUCTURE_NAME"
_HEAD = {VERSION_1, VERSION_2, "STRUCTURE_ID", _NAMED, "ACTION", "SERIES_KEY", "OBS_KEY"}
_VALUE, _TIME, _UNIT, _MULTIPLIER = "OBS_VALUE", "TIME_PERIOD", "UNIT_MEASURE", "UNIT_MULT"
# The cross-domain concepts that are attributes wherever their column stands, and those of Eurostat.
_STATUS = ("OBS_STATUS", "OBS_FLAG")
_ATTRIBUTES = {
    *_STATUS, "LAST UPDATE",
    "CONF_STATUS", "OBS_CONF", "DECIMALS", "UNIT_MULT", "TIME_FORMAT", "COMMENT_OBS", "COMMENT_TS",
    "PRE_BREAK_VALUE", "TITLE", "TITLE_COMPL", "COLLECTION", "LAST_UPDATE",
}  # fmt: skip
# The status A, normal, says nothing. An empty cell and NaN are missing values.
_NORMAL, _MISSING = "A", ("", "NaN")
_ROLES: dict[str, Role] = {_TIME: "time", "REF_AREA": "geo", "GEO": "geo", "INDICATOR": "metric", "SERIES": "metric"}
_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9_]*")
_STRUCTURE = re.compile(r"(?:(?P<agency>[\w.-]+):)?(?P<id>[\w-]+)(?:\((?P<version>[\w.+]+)\))?")
# Information, append, replace and merge give values; a deletion takes some away.
_ACTIONS = {"", "I", "A", "R", "M"}


def is_sdmx_csv(content: bytes) -> bool:
    """Whether the first column of a file is that of SDMX-CSV."""
    first = re.split(rb'[",;\t|:\r\n]', content.removeprefix(b"\xef\xbb\xbf").lstrip(b'"')[:64])[0]
    return first.split(b"[")[0].decode("ascii", "replace") in (VERSION_1, VERSION_2)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its identifier, its name when the file has labels, its place, and that of the names of its codes."""

    id: str
    label: str
    place: int
    names: int | None = None


def read_sdmx_csv(
    content: bytes, file: str, *, language: str, name: str | None = None, label: str | None = None
) -> tuple[Table, Findings]:
    """Reads one data set.

    Args:
        content: the bytes of the file.
        file: its name in messages.
        language: language of the labels, which the format does not say.
        name: identifier of the table; the structure's when None.
        label: title of the table; the structure's name or identifier when None.
    Raises:
        TableError: with every defect that was found.
    """
    findings = Findings(file)
    rows = CsvRows(text_of(content, findings), findings)
    columns = _columns(rows.header, findings)
    by_id = {column.id: column for column in columns}
    dimensions = _dimension_columns(columns, by_id[_VALUE].place)
    builder = TableBuilder([(one.id, one.label, _ROLES.get(one.id.upper())) for one in dimensions], findings)
    structures: dict[str, int] = {}
    title = None
    for line, cells in rows:
        structures.setdefault(_cell(cells, by_id.get("STRUCTURE_ID") or columns[0])[0], line)
        title = title or _title(cells, by_id)
        if _gives_values(cells, by_id, line, findings):
            _add_row(builder, cells, dimensions, by_id, line, findings)
    if len(structures) > 1:
        findings.wrong(
            "STRUCTURE_ID", ", ".join(structures), "én struktur", "one structure", list(structures.values())[1]
        )
    built = builder.build()
    structure = next(iter(structures), "")
    match = _STRUCTURE.fullmatch(structure)
    found = name or (match["id"] if match else "")
    if not found:
        findings.wrong(rows.header[0], structure, "AGENCY:ID(VERSION)", "AGENCY:ID(VERSION)", 2)
        findings.stop()
    table = Table(
        name=found,
        label=label or title or found,
        language=language,
        dimensions=built.dimensions,
        positions=built.positions,
        values=built.values,
        statuses=built.statuses,
        unit=built.unit,
        source=match["agency"] if match else None,
    )
    return table, findings


def _gives_values(cells: Sequence[str], by_id: Mapping[str, _Column], line: int, findings: Findings) -> bool:
    action = _cell(cells, by_id.get("ACTION"))[0]
    if action not in _ACTIONS:
        wanted = "I, A, R eller M: en sletting er ingen tabell", "I, A, R or M: a deletion is not a table"
        findings.wrong("ACTION", action, *wanted, line)
    return action in _ACTIONS


def _add_row(
    builder: TableBuilder,
    cells: Sequence[str],
    dimensions: Sequence[_Column],
    by_id: Mapping[str, _Column],
    line: int,
    findings: Findings,
) -> None:
    """Adds the observation of one row."""
    pairs = [_cell(cells, one) for one in dimensions]
    text = _cell(cells, by_id[_VALUE])[0]
    value = None if text in _MISSING else number_of(text, ValueColumn(), findings, _VALUE, line)
    status = next((found for name in _STATUS if (found := _cell(cells, by_id.get(name))[0])), "")
    shown = None if status == _NORMAL and value is not None else status or None
    if value is None and shown is None:
        findings.repaired(*NO_REASON)
    builder.add([code for code, _ in pairs], [name for _, name in pairs], value, shown, line, _unit(cells, by_id))


def _columns(header: Sequence[str], findings: Findings) -> list[_Column]:
    """The columns; a header `FREQ: Frequency` has the labels, `GEO[]` several values in a cell.

    In a file with `labels=name`, which has STRUCTURE_NAME, a column with names stands after each with codes.
    """
    made = []
    for place, written in enumerate(header):
        id_, _, label = written.partition(":")
        id_ = id_.split("[")[0].strip()
        made.append(_Column(id_, label.strip() or id_, place))
    if all(column.id != _VALUE for column in made):
        findings.wrong("header", ", ".join(header), f"en kolonne {_VALUE}", f"a column {_VALUE}", 1)
        findings.stop()
    head = [column for column in made if column.id in _HEAD]
    rest = [column for column in made if column.id not in _HEAD]
    codes, names = rest[::2], rest[1::2]
    together = any(column.label != column.id for column in made) or any(_IDENTIFIER.fullmatch(one.id) for one in names)
    if _NAMED not in header or len(codes) != len(names) or together:
        return made
    return [*head, *(_Column(one.id, name.id, one.place, name.place) for one, name in zip(codes, names, strict=True))]


def _dimension_columns(columns: Sequence[_Column], value: int) -> list[_Column]:
    return [
        column
        for column in columns
        if column.id not in _HEAD
        and column.id not in _ATTRIBUTES
        and (column.place < value or column.id == _TIME)
        and column.place != value
    ]


def _cell(cells: Sequence[str], column: _Column | None) -> tuple[str, str | None]:
    """Code and label of a cell, which is `A: Annual` in a file with labels."""
    if column is None:
        return "", None
    if column.names is not None:
        return cells[column.place], cells[column.names] or None
    if column.label == column.id:
        return cells[column.place], None
    code, _, label = cells[column.place].partition(":")
    return code.strip(), label.strip() or None


def _title(cells: Sequence[str], by_id: Mapping[str, _Column]) -> str | None:
    return _cell(cells, by_id.get("STRUCTURE_NAME"))[0] or _cell(cells, by_id.get(VERSION_1))[1]


def _unit(cells: Sequence[str], by_id: Mapping[str, _Column]) -> str | None:
    """The unit of a row, with its power of ten, because values stay as published."""
    code, label = _cell(cells, by_id.get(_UNIT))
    power = _cell(cells, by_id.get(_MULTIPLIER))[0]
    unit = label or code
    if unit and power not in ("", "0"):
        return f"{unit} × 10^{power}"
    return unit or None
