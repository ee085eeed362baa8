"""Rows as pandas, polars and Arrow columns."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars
import pyarrow
import pytest

from plangraf.client import Iri, LibraryMissingError, Rows, UsageError

COLUMNS: dict[str, tuple[Any, Any]] = {
    "year": (2020, None),
    "value": (Decimal("6.9"), Decimal("12.25")),
    "mixed": (7, Decimal("0.5")),
    "ratio": (0.25, 1),
    "primary": (True, None),
    "day": (date(2020, 10, 27), None),
    "time": (datetime(2020, 10, 27, 12, tzinfo=UTC), None),
    "thing": (Iri("https://example.org/1"), None),
    "title": ("Miljø", "Areal"),
    "several": ((Iri("https://example.org/a"), Iri("https://example.org/b")), Iri("https://example.org/a")),
    "anything": ("text", Decimal("1.50")),
    "large": (2**63, None),
    "unbound": (None, None),
}
ROWS = Rows(
    tuple(COLUMNS),
    tuple({name: values[place] for name, values in COLUMNS.items()} for place in (0, 1)),
    "0123456789abcdef",
    "http://127.0.0.1/queries/made",
)
TEXTS = {
    "thing": ["https://example.org/1", None],
    "title": ["Miljø", "Areal"],
    "anything": ["text", "1.50"],
}


def test_rows_are_a_sequence_of_mappings_in_the_order_of_the_answer() -> None:
    assert (len(ROWS), ROWS[1]["title"], [row["title"] for row in ROWS]) == (2, "Areal", ["Miljø", "Areal"])
    assert ROWS.column("year") == [2020, None]
    with pytest.raises(UsageError, match=r"no column 'yaer'\. It has: year, value"):
        ROWS.column("yaer")


def test_pandas_columns_are_typed() -> None:
    frame = ROWS.pandas()
    assert list(frame.columns) == list(COLUMNS)
    types = {name: str(type_) for name, type_ in frame.dtypes.items()}
    assert (types["year"], types["primary"], types["ratio"]) == ("Int64", "boolean", "Float64")
    assert types["day"].startswith("datetime64[")
    assert types["time"].endswith("UTC]")
    assert frame["year"].isna().tolist() == [False, True]
    assert frame["day"][0].date() == date(2020, 10, 27)
    assert frame["value"].tolist() == [Decimal("6.9"), Decimal("12.25")]
    assert frame["mixed"].tolist() == [Decimal(7), Decimal("0.5")]
    assert frame["large"][0] == 2**63
    assert [frame[name][0] for name in TEXTS] == [values[0] for values in TEXTS.values()]
    assert frame["several"][1] == ("https://example.org/a",)
    assert frame["unbound"].isna().all()


def test_polars_columns_are_typed() -> None:
    frame = ROWS.polars()
    assert dict(frame.schema) == {
        "year": polars.Int64,
        "value": polars.Decimal(38, 2),
        "mixed": polars.Decimal(38, 1),
        "ratio": polars.Float64,
        "primary": polars.Boolean,
        "day": polars.Date,
        "time": polars.Datetime("us", "UTC"),
        "thing": polars.String,
        "title": polars.String,
        "several": polars.List(polars.String),
        "anything": polars.String,
        "large": polars.Decimal(38, 0),
        "unbound": polars.Null,
    }
    check_values({name: frame[name].to_list() for name in COLUMNS})


def test_arrow_columns_are_typed() -> None:
    found = ROWS.arrow()
    types = {field.name: str(field.type) for field in found.schema}
    assert types == {
        "year": "int64",
        "value": "decimal128(4, 2)",
        "mixed": "decimal128(2, 1)",
        "ratio": "double",
        "primary": "bool",
        "day": "date32[day]",
        "time": "timestamp[us, tz=UTC]",
        "thing": "string",
        "title": "string",
        "several": str(pyarrow.list_(pyarrow.string())),
        "anything": "string",
        "large": "decimal128(19, 0)",
        "unbound": "null",
    }
    check_values(found.to_pydict())


def check_values(found: dict[str, list[Any]]) -> None:
    plain = ("year", "value", "mixed", "ratio", "primary", "day", "time", "large", "unbound")
    assert {name: found[name] for name in plain} == {name: list(COLUMNS[name]) for name in plain}
    assert {name: found[name] for name in TEXTS} == TEXTS
    assert found["several"] == [["https://example.org/a", "https://example.org/b"], ["https://example.org/a"]]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_frame_of_a_library_that_is_not_installed_says_what_to_install(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(LibraryMissingError, match=f"pip install {library}"):
        getattr(ROWS, {"pyarrow": "arrow"}.get(library, library))()


def test_no_rows_give_frames_with_the_columns() -> None:
    empty = Rows(("a", "b"), (), "", "")
    assert list(empty.pandas().columns) == empty.polars().columns == empty.arrow().column_names == ["a", "b"]


LONG = {
    "beyond a double": ([10**400, 0.5], ["1" + "0" * 400, "0.5"]),
    "a decimal beyond a double": ([Decimal(10) ** 400, 0.5], ["1" + "0" * 400, "0.5"]),
    "beyond any decimal": ([10**80], ["1" + "0" * 80]),
    "beyond any decimal together": ([Decimal(10) ** 60, Decimal("0." + "0" * 39 + "1")], None),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_numbers_that_no_column_of_numbers_holds_lose_nothing(library: str, name: str) -> None:
    values, texts = LONG[name]
    frame = getattr(Rows(("n",), tuple({"n": value} for value in values), "", ""), library)()
    found = frame["n"].to_pylist() if library == "arrow" else list(frame["n"])
    if texts is not None and not (library == "pandas" and "decimal" in name and "double" not in name):
        assert found == texts
    assert [Decimal(value) for value in found] == [Decimal(value) for value in values]
