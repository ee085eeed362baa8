"""A comma in an IRI is part of the field in the CSV of an answer."""

from __future__ import annotations

import csv
import io
from itertools import product

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, Store

from plangraf.engines.embedded.csv_rows import last_row_end, quote_iris

IRIS = ["http://a.example/x,y", "http://a.example/x", "urn:x:,", "http://a.example/,http://b.example/", "urn:a"]
TEXTS = ["", ",", 'q,"', "a\r\nb", "http://a.example/x,y", "word", "ø,å", '"']
TERMS: list[NamedNode | Literal | None] = [None, *map(NamedNode, IRIS), *map(Literal, TEXTS)]


def engine_csv(rows: list[tuple[NamedNode | Literal | None, ...]], width: int) -> bytes:
    names = " ".join(f"?v{n}" for n in range(width))
    values = " ".join(f"({' '.join('UNDEF' if term is None else str(term) for term in row)})" for row in rows)
    found = Store().query(f"SELECT {names} WHERE {{ VALUES ({names}) {{ {values} }} }}")
    assert isinstance(found, QuerySolutions)
    return found.serialize(format=QueryResultsFormat.CSV) or b""


def mended(rows: list[tuple[NamedNode | Literal | None, ...]], width: int, known: set[str]) -> list[list[str]]:
    text = quote_iris(engine_csv(rows, width), width, known.__contains__).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[st.sampled_from(TERMS)] * n), min_size=1, max_size=5)))
def test_each_row_has_its_terms(rows: list[tuple[NamedNode | Literal | None, ...]]) -> None:
    """Where a row can be read in several ways, the IRIs of the data decide; here two neighbours can be one."""
    width = len(rows[0])
    known = {term.value for row in rows for term in row if isinstance(term, NamedNode)}
    for found, row in zip(mended(rows, width, known), rows, strict=True):
        wanted = ["" if term is None else term.value for term in row]
        assert len(found or [""]) == width
        assert ",".join(found) == ",".join(wanted)


def test_the_iris_of_the_data_decide_where_a_row_can_be_read_in_two_ways() -> None:
    one, other = NamedNode("http://a.example/x,y:z"), NamedNode("y:z")
    rows: list[tuple[NamedNode | Literal | None, ...]] = [(one, other)]
    assert mended(rows, 2, {one.value, other.value}) == [[one.value, other.value]]


def test_rows_without_such_an_iri_stay_as_they_are() -> None:
    rows: list[tuple[NamedNode | Literal | None, ...]] = list(product(map(Literal, TEXTS), [NamedNode("urn:a"), None]))
    text = engine_csv(rows, 2)
    assert quote_iris(text, 2, lambda _: False) is text


def test_an_end_of_line_in_quotation_marks_ends_no_row() -> None:
    assert last_row_end(b'a\r\n"b\r\n') == 3
    assert last_row_end(b'a\r\n"b\r\n"\r\nc') == 10
    assert last_row_end(b"abc") == 0


@pytest.mark.parametrize("format_", ["csv", "tsv"])
def test_each_indicator_of_a_target_has_all_columns(url: str, format_: str) -> None:
    """A list gives an address with a comma in it as the source of measuring point 11.6-6."""
    response = httpx.get(f"{url}/queries/indicators-by-target.{format_}", params={"target": "11.6"})
    lines = list(csv.reader(io.StringIO(response.text, newline=""), delimiter="," if format_ == "csv" else "\t"))
    assert {len(line) for line in lines} == {10}
    assert any("95%20915,sett" in line[-1] for line in lines)
