"""Writes rows of terms as Parquet, as a program: SPARQL TSV on its standard input, Parquet on its standard output.

It is a program of its own, because a serving process should neither hold pyarrow nor convert a million cells.

A column whose values all have one of the datatypes below has the Parquet type of that datatype, as in the tables of
`publish.class_tables`. Every other column is text: an IRI without angle brackets, a literal without its tag, as in CSV.
An unbound cell is null.
https://parquet.apache.org/docs/file-format/types/logicaltypes/ https://www.w3.org/TR/sparql11-results-csv-tsv/
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, QuerySolutions, Triple, parse_query_results

from plangraf.processes import die_with_parent
from plangraf.rdf.literals import XSD

# Rows of a row group. While the rows arrive, this number of cells of a column is held as Python objects.
_GROUP = 65_536
# Of the processor; other requests come first.
_NICENESS = 5
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"0|-?[1-9][0-9]*")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}

_INTEGERS = frozenset(
    XSD + name
    for name in (
        *("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger"),
        *("nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_Read = Callable[[str], object]


def _matching(pattern: re.Pattern[str], read: _Read) -> _Read:
    """A reader that refuses what Python reads and XML Schema does not, such as 1_000."""

    def read_matching(text: str) -> object:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return read(text)

    return read_matching


_DECIMAL = pa.decimal128(38, 12)
_READERS: Mapping[pa.DataType, _Read] = {
    pa.int64(): _matching(_INTEGER, int),
    _DECIMAL: _matching(_NUMBER, Decimal),
    pa.float64(): _matching(_NUMBER, float),
    pa.float32(): _matching(_NUMBER, float),
    pa.bool_(): _TRUTH.__getitem__,
    pa.date32(): _matching(_DATE, date.fromisoformat),
    pa.int32(): _matching(_YEAR, int),
    pa.timestamp("us"): _matching(_TIME, datetime.fromisoformat),
    pa.timestamp("us", tz="UTC"): _matching(_TIME, datetime.fromisoformat),
}
_TYPES: Sequence[tuple[frozenset[str], pa.DataType]] = (
    (_INTEGERS, pa.int64()),
    (_INTEGERS | {XSD + "decimal"}, _DECIMAL),
    (frozenset({XSD + "float"}), pa.float32()),
    (frozenset({XSD + "float", XSD + "double"}), pa.float64()),
    (frozenset({XSD + "boolean"}), pa.bool_()),
    (frozenset({XSD + "date"}), pa.date32()),
    (frozenset({XSD + "gYear"}), pa.int32()),
    (frozenset({XSD + "dateTime"}), pa.timestamp("us")),
    (frozenset({XSD + "dateTime"}), pa.timestamp("us", tz="UTC")),
)


class _Column:
    """The cells of one column: their texts, and the datatypes that occur ("" for what is not a typed literal)."""

    def __init__(self) -> None:
        self._datatypes: set[str] = set()
        self._groups: list[pa.Array] = []
        self._texts: list[str | None] = []

    def add(self, term: NamedNode | BlankNode | Literal | Triple | None) -> None:
        if isinstance(term, Literal):
            self._datatypes.add("" if term.language else term.datatype.value)
            self._texts.append(term.value)
        elif term is None:
            self._texts.append(None)
        else:
            self._datatypes.add("")
            self._texts.append(term.value if isinstance(term, NamedNode) else str(term))

    def close_group(self) -> None:
        self._groups.append(pa.array(self._texts, pa.string()))
        self._texts = []

    def typed(self) -> list[pa.Array]:
        """The groups in the first type that holds every value without a change, else as text."""
        for datatypes, type_ in _TYPES:
            if self._datatypes and self._datatypes <= datatypes:
                try:
                    return [_convert(group, type_) for group in self._groups]
                except (pa.ArrowException, ArithmeticError, ValueError, KeyError):
                    continue
        return self._groups


def _convert(group: pa.Array, type_: pa.DataType) -> pa.Array:
    """One group of texts in a type.

    Raises:
        ArrowException, ArithmeticError, ValueError, KeyError: the type does not hold one of them.
    """
    read = _READERS[type_]
    values = [None if text is None else read(text) for text in group.to_pylist()]
    if pa.types.is_timestamp(type_):
        zoned = type_.tz is not None
        if any(isinstance(value, datetime) and (value.tzinfo is not None) != zoned for value in values):
            raise ValueError("a time with, or without, a zone")
    return pa.array(values, type_)


def write_parquet(source: BinaryIO, target: BinaryIO) -> None:
    """Reads the whole of SPARQL TSV and writes it as one Parquet file.

    Memory grows with the text of the rows, because a column's type is known only when its last value is.

    Raises:
        SyntaxError: the text is not SPARQL TSV.
    """
    solutions = parse_query_results(source, QueryResultsFormat.TSV)
    assert isinstance(solutions, QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    columns = [_Column() for _ in names]
    for row, solution in enumerate(solutions, 1):
        for column, term in zip(columns, solution, strict=True):
            column.add(term)
        if row % _GROUP == 0:
            for column in columns:
                column.close_group()
    for column in columns:
        column.close_group()
    typed = [column.typed() for column in columns]
    schema = pa.schema([pa.field(name, groups[0].type) for name, groups in zip(names, typed, strict=True)])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for group in _row_groups(typed, schema):
            writer.write_batch(group)


def _row_groups(columns: Sequence[Sequence[pa.Array]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for arrays in zip(*columns, strict=True):
        yield pa.RecordBatch.from_arrays(list(arrays), schema=schema)


def main() -> None:
    die_with_parent()
    os.nice(_NICENESS)
    pa.set_cpu_count(1)
    write_parquet(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
