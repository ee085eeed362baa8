"""Reads a CSV file by a mapping file, which says which column is what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from plangraf.rdf.literals import XSD, canonical
from plangraf.sources.statistics.findings import Findings
from plangraf.sources.statistics.read.csv_mapping import DimensionColumns, Mapping
from plangraf.sources.statistics.read.csv_rows import CsvRows
from plangraf.sources.statistics.read.downloads import text_of
from plangraf.sources.statistics.read.json_stat_values import NO_REASON
from plangraf.sources.statistics.read.numbers_as_text import number_of
from plangraf.sources.statistics.read.table_builder import TableBuilder
from plangraf.sources.statistics.statistical_table import Table, Unit

_LEFT_OUT = ("tom celle på tvers av kolonner er utelatt", "an empty cell across columns is left out")


def read_plain_csv(content: bytes, file: str, mapping: Mapping) -> tuple[Table, Findings]:
    """Reads one table.

    Args:
        content: the bytes of the file.
        file: its name in messages.
        mapping: which column is what, and what the file does not say.
    Raises:
        TableError: with every defect that was found.
    """
    findings = Findings(file)
    rows = CsvRows(text_of(content, findings, mapping.encoding), findings, mapping.delimiter)
    columns = _Columns(rows.header, mapping, findings)
    builder = TableBuilder(
        [(code, one.label or one.column or code, one.role) for code, one in mapping.dimensions.items()], findings
    )
    for line, cells in rows:
        for codes, text, name in columns.cells(cells):
            value, status = columns.value(text, cells, name, line)
            if value is None and status is None and not text:
                if columns.across:
                    findings.repaired(*_LEFT_OUT)
                    continue
                findings.repaired(*NO_REASON)
            builder.add(codes, columns.labels(cells), value, status, line, columns.unit(cells))
    built = builder.build(Unit(mapping.value.unit, mapping.value.decimals))
    updated = _updated(mapping.updated, findings)
    findings.stop()
    table = Table(
        name=mapping.table,
        label=mapping.label,
        language=mapping.language,
        dimensions=built.dimensions,
        positions=built.positions,
        values=built.values,
        statuses=built.statuses,
        unit=built.unit,
        source=mapping.source,
        updated=updated,
        licence=mapping.licence,
        address=mapping.address,
    )
    return table, findings


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the codes of a dimension are: a column, or a constant; `label` is the column of the names."""

    column: int | None
    constant: str | None
    label: int | None


class _Columns:
    """Finds in a row what the mapping file names."""

    def __init__(self, header: Sequence[str], mapping: Mapping, findings: Findings) -> None:
        """Raises TableError when a column is absent."""
        self._header, self._mapping, self._findings = header, mapping, findings
        self._places = [self._place(name, one) for name, one in mapping.dimensions.items()]
        self._value = self._find(mapping.value.column, "value.column")
        self._status = self._find(mapping.status, "status")
        self._unit = self._find(mapping.value.unit_column, "value.unit_column")
        self._across = next(
            (number for number, one in enumerate(mapping.dimensions.values()) if one.across is not None), None
        )
        pattern = next((one.across for one in mapping.dimensions.values() if one.across is not None), None)
        self._named = [
            number for number, name in enumerate(header) if pattern is not None and re.fullmatch(pattern, name)
        ]
        if pattern is not None and not self._named:
            findings.wrong(
                "header", ", ".join(header), f"kolonner som passer {pattern}", f"columns that match {pattern}", 1
            )
        findings.stop()

    def _place(self, name: str, one: DimensionColumns) -> _Place:
        return _Place(
            self._find(one.column, f"dimensions.{name}.column"),
            one.constant,
            self._find(one.labels, f"dimensions.{name}.labels"),
        )

    def _find(self, name: str | None, place: str) -> int | None:
        if name is None:
            return None
        if name not in self._header:
            there = ", ".join(self._header)
            self._findings.wrong(place, name, f"en av kolonnene: {there}", f"one of the columns: {there}", 1)
            return None
        return self._header.index(name)

    @property
    def across(self) -> bool:
        """Whether a dimension stands across columns, where a row need not have all its values."""
        return self._across is not None

    def cells(self, cells: Sequence[str]) -> Iterator[tuple[list[str], str, str]]:
        """Codes, value as text and its column, for each value of a row."""
        codes = [one.constant if one.column is None else cells[one.column] for one in self._places]
        if self._across is None:
            assert self._value is not None
            yield [code or "" for code in codes], cells[self._value], self._header[self._value]
            return
        for number in self._named:
            codes[self._across] = self._header[number]
            yield [code or "" for code in codes], cells[number], self._header[number]

    def labels(self, cells: Sequence[str]) -> list[str | None]:
        return [None if one.label is None else cells[one.label] for one in self._places]

    def unit(self, cells: Sequence[str]) -> str | None:
        return None if self._unit is None else cells[self._unit] or None

    def value(self, text: str, cells: Sequence[str], name: str, line: int) -> tuple[Decimal | None, str | None]:
        """The number of a cell and the status of the row; of a missing number the symbol that stands in its place."""
        status = None if self._status is None else cells[self._status] or None
        if not text:
            return None, status
        if text in self._mapping.missing:
            return None, status or text
        return number_of(text, self._mapping.value, self._findings, name, line), status


def _updated(stated: str | None, findings: Findings) -> str | None:
    if stated is None:
        return None
    found = canonical(stated, XSD + "dateTime") or canonical(stated, XSD + "date")
    if found is None:
        findings.wrong("updated", stated, "en dato som 2026-01-31", "a date such as 2026-01-31")
    return found
