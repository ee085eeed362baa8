"""Rows as Parquet: the type of a column, and what makes it text."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from plangraf.rdf import parquet_rows
from plangraf.rdf.parquet_rows import write_parquet

XSD = "http://www.w3.org/2001/XMLSchema#"


def written(*rows: str, columns: str = "?a") -> pa.Table:
    """The table that becomes of rows of a VALUES block."""
    values = " ".join(f"({row})" for row in rows)
    found = Store().query(f"PREFIX xsd: <{XSD}> SELECT {columns} {{ VALUES ({columns}) {{ {values} }} }}")
    assert isinstance(found, QuerySolutions)
    tsv = found.serialize(format=QueryResultsFormat.TSV)
    assert tsv is not None
    target = io.BytesIO()
    write_parquet(io.BytesIO(tsv), target)
    return pq.read_table(io.BytesIO(target.getvalue()))


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        (("1", "UNDEF", "-7"), pa.int64(), [1, None, -7]),
        (('"2"^^xsd:int', "3"), pa.int64(), [2, 3]),
        (("9223372036854775808",), pa.decimal128(38, 12), [Decimal(2**63)]),
        (("1", "2.5"), pa.decimal128(38, 12), [Decimal(1), Decimal("2.5")]),
        (("1.5e0", '"INF"^^xsd:double'), pa.float64(), [1.5, float("inf")]),
        (('"0.5"^^xsd:float',), pa.float32(), [0.5]),
        (("true", "false"), pa.bool_(), [True, False]),
        (('"2020-02-29"^^xsd:date',), pa.date32(), [date(2020, 2, 29)]),
        (('"2020"^^xsd:gYear', "UNDEF"), pa.int32(), [2020, None]),
        (('"2020-01-02T03:04:05"^^xsd:dateTime',), pa.timestamp("us"), [datetime(2020, 1, 2, 3, 4, 5)]),
        (
            ('"2020-01-02T03:04:05.5+01:00"^^xsd:dateTime', '"2020-01-02T03:04:05Z"^^xsd:dateTime'),
            pa.timestamp("us", tz="UTC"),
            [datetime(2020, 1, 2, 2, 4, 5, 500000, UTC), datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)],
        ),
        (('"norsk æøå\\n\\t"@nb', '"x"'), pa.string(), ["norsk æøå\n\t", "x"]),
        (("<http://example.org/å>", '"x"'), pa.string(), ["http://example.org/å", "x"]),
        (("UNDEF",), pa.string(), [None]),
        ((), pa.string(), []),
    ],
)
def test_a_column_of_one_datatype_is_typed(cells: tuple[str, ...], type_: pa.DataType, values: list[object]) -> None:
    table = written(*cells)
    assert table.schema.field("a").type == type_
    assert table.column("a").to_pylist() == values


@pytest.mark.parametrize(
    "cells",
    [
        ("1", '"1"'),
        ("1", "true"),
        ("1", "1e0"),
        ("1", "<http://example.org/1>"),
        ('"a"^^xsd:integer', "1"),
        ('"1_000"^^xsd:integer',),
        ("0.0000000000001",),
        ('"2020-02-29Z"^^xsd:date', '"2020-02-29"^^xsd:date'),
        ('"0999"^^xsd:gYear',),
        ('"2020Z"^^xsd:gYear',),
        ('"2020-01-02T03:04:05Z"^^xsd:dateTime', '"2020-01-02T03:04:05"^^xsd:dateTime'),
        ('"2020-01-02T03:04:05.1234567Z"^^xsd:dateTime',),
        ('"yes"^^xsd:boolean',),
        ('"x"^^<http://example.org/type>',),
    ],
)
def test_a_column_that_no_type_holds_unchanged_is_the_text_of_csv(cells: tuple[str, ...]) -> None:
    column = written(*cells).column("a")
    assert column.type == pa.string()
    found = Store().query(f"PREFIX xsd: <{XSD}> SELECT ?a {{ VALUES ?a {{ {' '.join(cells)} }} }}")
    assert isinstance(found, QuerySolutions)
    assert column.to_pylist() == [row["a"].value for row in found]


def test_rows_of_several_groups_keep_order_and_nulls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "_GROUP", 2)
    table = written("1 UNDEF", "2 <http://e.org/2>", "UNDEF <http://e.org/3>", "4 UNDEF", "5 UNDEF", columns="?a ?b")
    assert table.to_pydict() == {
        "a": [1, 2, None, 4, 5],
        "b": [None, "http://e.org/2", "http://e.org/3", None, None],
    }


def test_one_value_of_another_kind_in_a_later_group_makes_the_column_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "_GROUP", 2)
    assert written("1", "2", "3", '"four"').column("a").to_pylist() == ["1", "2", "3", "four"]
