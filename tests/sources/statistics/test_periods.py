"""Periods of each kind as the offices write them: a term, and for longer ones the first and the last day."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal

from plangraf.sources.statistics.cube.periods import parse_period


@pytest.mark.parametrize(
    ("code", "kind", "datatype", "value"),
    [
        ("2020", "year", "gYear", "2020"),
        ("2020M12", "month", "gYearMonth", "2020-12"),
        ("2020-01", "month", "gYearMonth", "2020-01"),
        ("2020-M01", "month", "gYearMonth", "2020-01"),
        ("2020-12-31", "day", "date", "2020-12-31"),
        ("2020M02D29", "day", "date", "2020-02-29"),
        ("2020-A1", "year", "gYear", "2020"),
        ("2020-D366", "day", "date", "2020-12-31"),
        ("2020-02-29T00:00:00", "day", "date", "2020-02-29"),
    ],
)
def test_a_year_month_or_day_is_a_literal(code: str, kind: str, datatype: str, value: str) -> None:
    found = parse_period(code)
    assert found is not None
    assert isinstance(found.term, Literal)
    assert (found.kind, found.term.datatype.value.rpartition("#")[2], found.term.value) == (kind, datatype, value)
    assert found.start is found.end is None


@pytest.mark.parametrize(
    ("code", "kind", "key", "start", "end"),
    [
        ("2020K1", "quarter", "2020-q1", "2020-01-01", "2020-03-31"),
        ("2020-Q4", "quarter", "2020-q4", "2020-10-01", "2020-12-31"),
        ("2020T2", "third", "2020-t2", "2020-05-01", "2020-08-31"),
        ("2020-S2", "half-year", "2020-h2", "2020-07-01", "2020-12-31"),
        ("2020U53", "week", "2020-w53", "2020-12-28", "2021-01-03"),
        ("2021-W01", "week", "2021-w01", "2021-01-04", "2021-01-10"),
        ("2017-2019", "years", "2017-2019", "2017", "2019"),
        ("2017–2019", "years", "2017-2019", "2017", "2019"),
    ],
)
def test_a_longer_period_has_an_iri_with_start_and_end(code: str, kind: str, key: str, start: str, end: str) -> None:
    found = parse_period(code)
    assert found is not None
    assert found.start is not None
    assert found.end is not None
    assert found.kind == kind
    assert found.term.value == f"https://w3id.org/plangraf/id/no/period/{key}"
    assert (found.start.value, found.end.value) == (start, end)


@pytest.mark.parametrize("code", ["2019-2020", "2019/2020", "2019/20", "2019-20"])
def test_two_years_of_a_dimension_of_school_years_are_a_school_year(code: str) -> None:
    found = parse_period(code, "skoleår")
    assert found is not None
    assert (found.kind, found.term.value.rpartition("/")[2]) == ("school-year", "school-year-2019-2020")
    assert found.start is not None
    assert found.end is not None
    assert (found.start.value, found.end.value) == ("2019-08-01", "2020-07-31")


def test_a_year_and_two_digits_are_a_month_unless_the_dimension_has_school_years() -> None:
    month, year = parse_period("2001-02", "måned"), parse_period("2001-02", "skoleår")
    assert month is not None
    assert year is not None
    assert (month.kind, year.kind) == ("month", "school-year")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "5001",
        "2020K5",
        "2020M13",
        "2021U53",
        "2020-02-30",
        "2020-2019",
        "2020-13",
        "2020-00",
        "2021-13",
        "alle år",
        "20",
    ],
)
def test_a_code_that_is_not_a_period_gives_none(code: str) -> None:
    assert parse_period(code) is None
