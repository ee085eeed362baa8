"""Whatever is changed in a file, a reader gives a consistent table or tells defects; nothing else ever happens."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_stat_tables import table, written

from example_counts import examples
from plangraf.sources.statistics.findings import Findings, TableError
from plangraf.sources.statistics.read.csv_mapping import read_mapping
from plangraf.sources.statistics.read.json_stat import read_json_stat
from plangraf.sources.statistics.read.plain_csv import read_plain_csv
from plangraf.sources.statistics.read.sdmx_csv import read_sdmx_csv
from plangraf.sources.statistics.statistical_table import Table

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
MAPPING = read_mapping(
    "table: t\nlabel: T\nlanguage: nb\nvalue: {column: V}\n"
    "dimensions:\n  R: {column: R}\n  T: {column: T, role: time}\n",
    Findings("t.yaml"),
)
CELLS = st.sampled_from(["R", "T", "V", ";", ",", "\n", '"', "2020", "5001", "1,5", "..", "", " ", "\r\n", "x"])


def places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside a document."""
    if way:
        yield way
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(inner, (*way, name))


WAYS = sorted(places(table()), key=str)


def check(found: Table) -> None:
    assert len(found.positions) == len(found.values) > 0
    assert list(found.positions) == sorted(set(found.positions))
    assert found.positions[-1] < found.capacity
    assert set(found.statuses) <= set(found.positions)
    for dimension in found.dimensions:
        codes = [code.code for code in dimension.codes]
        assert len(codes) == len(set(codes)) > 0
        assert all(codes)


def read_or_tell(read: Callable[[], tuple[Table, Findings]]) -> None:
    with suppress(TableError):
        check(read()[0])


@examples(300)
@given(st.lists(st.tuples(st.sampled_from(WAYS), VALUES), min_size=1, max_size=2))
def test_any_value_in_a_json_stat_document_gives_a_table_or_defects(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = copy.deepcopy(table())
    for way, value in changes:
        node: Any = document
        with suppress(KeyError, IndexError, TypeError):  # an earlier change removed the place
            for name in way[:-1]:
                node = node[name]
            node[way[-1]] = value
    read_or_tell(lambda: read_json_stat(written(document), "t.json"))


@examples(200)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_any_bytes_in_a_file_give_a_table_or_defects(noise: bytes, at: int) -> None:
    content = written(table())
    read_or_tell(lambda: read_json_stat(content[:at] + noise + content[at + len(noise) :], "t.json"))


@examples(200)
@given(st.lists(CELLS, max_size=30))
def test_any_csv_text_gives_a_table_or_defects(cells: list[str]) -> None:
    text = "".join(cells)
    for start in ("R;T;V\n5001;2020;1\n", ""):
        read_or_tell(lambda start=start: read_plain_csv((start + text).encode(), "t.csv", MAPPING))
    start = "DATAFLOW,R,TIME_PERIOD,OBS_VALUE\nA:B(1.0),1,2020,1\n"
    read_or_tell(lambda: read_sdmx_csv((start + text).encode(), "t.csv", language="en"))


def test_a_number_with_more_digits_than_python_reads_is_a_defect() -> None:
    content = written(table()).replace(b"1500", b"1" * 5000)
    with pytest.raises(TableError, match="Wanted numbers with fewer digits"):
        read_json_stat(content, "t.json")


@pytest.mark.parametrize("number", ["1" * 5000, "1e" + "9" * 20, "-1E-" + "9" * 20, "1e999999", "NaN", "Infinity"])
def test_a_number_that_nobody_can_hold_is_told(number: str) -> None:
    text = written(table()).decode()
    assert '"value": [1500,' in text
    with pytest.raises(TableError):
        read_json_stat(text.replace('"value": [1500', f'"value": [{number}').encode(), "t.json")


@pytest.mark.parametrize("number", ["1" * 5000, "1e99999", "NaN", "٣", "²", "1_000", "１２", "0x10"])
def test_a_cell_that_is_not_a_number_is_told(number: str) -> None:
    with pytest.raises(TableError):
        read_plain_csv(f"R;T;V\n5001;2020;{number}\n".encode(), "t.csv", MAPPING)
    if number != "NaN":  # SDMX-CSV writes it for a missing value
        content = f"DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE\nX:Y(1.0),5001,2020,{number}\n"
        with pytest.raises(TableError):
            read_sdmx_csv(content.encode(), "t.csv", language="en")
