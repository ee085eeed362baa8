"""Rows as JSON-stat 2.0: dimensions, roles, units, missing values, and rows that are not one data set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonstat_validator import validate_jsonstat

from plangraf.errors import NotStatisticalError
from plangraf.sparql.named.head import CubeHead
from plangraf.views.json_stat import json_stat

HEAD = CubeHead.model_validate(
    {
        "value": "value",
        "status": "symbol",
        "unit": "unit",
        "dimensions": {
            "area": {"label": "areaLabel", "code": "number", "role": "geo"},
            "period": {"role": "time"},
            "series": {"label": "seriesLabel", "split": True},
        },
    }
)


def row(**cells: str) -> dict[str, dict[str, str]]:
    return {name: {"type": "literal", "value": value} for name, value in cells.items()}


def cube(*rows: dict[str, dict[str, str]]) -> dict[str, Any]:
    found = json_stat(rows, HEAD, "things", "Things")
    assert validate_jsonstat(found)
    return found


TRONDHEIM = {"area": "http://a/5001", "areaLabel": "Trondheim", "number": "5001"}
KLAEBU = {"area": "http://a/5030", "areaLabel": "Klæbu", "number": "5030"}


def test_each_dimension_but_time_has_its_categories_in_the_order_of_the_rows() -> None:
    found = cube(
        row(**TRONDHEIM, period="2019", value="1"),
        row(**KLAEBU, period="2018", value="2.5"),
        row(**TRONDHEIM, period="2018", value="-3"),
    )
    assert found["id"] == ["area", "period", "unit"]
    assert found["size"] == [2, 2, 1]
    assert found["role"] == {"geo": ["area"], "time": ["period"], "metric": ["unit"]}
    assert found["dimension"]["area"] == {
        "label": "area",
        "category": {"index": {"5001": 0, "5030": 1}, "label": {"5001": "Trondheim", "5030": "Klæbu"}},
    }
    assert list(found["dimension"]["period"]["category"]["index"]) == ["2018", "2019"]
    assert found["value"] == [-3, 1, 2.5, None]


def test_time_is_in_its_own_order_and_labels_that_repeat_have_their_codes() -> None:
    """Klæbu had the number 1662 before 5030; its row of 2017 comes after that of 2020 of another municipality."""
    found = cube(
        row(**TRONDHEIM, period="2020", value="1"),
        row(area="http://a/1662", areaLabel="Klæbu", number="1662", period="2017", value="2"),
        row(area="http://a/5030", areaLabel="Klæbu", number="5030", period="2018", value="3"),
    )
    assert found["dimension"]["period"]["category"]["index"] == {"2017": 0, "2018": 1, "2020": 2}
    assert found["dimension"]["area"]["category"]["label"] == {
        "5001": "Trondheim",
        "1662": "Klæbu (1662)",
        "5030": "Klæbu (5030)",
    }
    assert found["value"] == {"2": 1, "3": 2, "7": 3}


def test_a_composite_column_becomes_dimensions_and_takes_the_units() -> None:
    found = cube(
        row(
            **TRONDHEIM,
            period="2019",
            series="Mål=Antall;Kjonn=1",
            seriesLabel="Antall; Menn",
            unit="personer",
            value="7",
        ),
        row(
            **TRONDHEIM,
            period="2019",
            series="Mål=Andel;Kjonn=1",
            seriesLabel="Andel; Menn",
            unit="prosent",
            value="0.5",
        ),
    )
    assert found["id"] == ["area", "period", "Mål", "Kjonn"]
    assert found["role"]["metric"] == ["Mål"]
    assert found["dimension"]["Mål"]["category"] == {
        "index": {"Antall": 0, "Andel": 1},
        "label": {"Antall": "Antall", "Andel": "Andel"},
        "unit": {"Antall": {"base": "personer", "decimals": 0}, "Andel": {"base": "prosent", "decimals": 1}},
    }
    assert found["dimension"]["Kjonn"]["category"]["label"] == {"1": "Menn"}
    assert found["value"] == [7, 0.5]


def test_the_only_category_of_the_first_dimension_names_the_data_set() -> None:
    assert cube(row(**TRONDHEIM, period="2019", value="1"))["label"] == "Trondheim"
    assert cube(row(**TRONDHEIM, value="1"), row(**KLAEBU, value="1"))["label"] == "Things"
    assert cube(row(period="2019", value="1"))["label"] == "Things"


def test_labels_that_do_not_fit_their_codes_give_way_to_the_codes() -> None:
    found = cube(row(**TRONDHEIM, period="2019", series="A=1;B=2", seriesLabel="one; two; three", value="7"))
    assert found["dimension"]["A"]["category"]["label"] == {"1": "1"}


def test_a_missing_value_is_null_with_its_symbol() -> None:
    found = cube(row(**TRONDHEIM, period="2018", symbol=":"), row(**TRONDHEIM, period="2019", value="0", symbol="*"))
    assert found["value"] == [None, 0]
    assert found["status"] == {"0": ":", "1": "*"}


def test_a_row_without_a_code_that_others_have_is_not_applicable_there() -> None:
    found = cube(row(period="2018", value="1"), row(**TRONDHEIM, period="2018", value="2"))
    assert found["dimension"]["area"]["category"]["index"] == {"_Z": 0, "5001": 1}
    assert cube(row(period="2018", value="1"))["id"] == ["period", "unit"]


def test_a_sparse_cube_is_an_object() -> None:
    found = cube(*(row(**TRONDHEIM, period=str(1900 + n), series=f"A={n}", value=str(n)) for n in range(9)))
    assert found["size"] == [1, 9, 9]
    assert found["value"] == {str(n * 10): n for n in range(9)}


def test_no_rows_are_an_empty_data_set() -> None:
    found = json_stat([], HEAD, "things", "Things")
    assert (found["id"], found["size"], found["value"]) == ([], [], [])


def test_two_rows_with_one_key_are_not_one_data_set() -> None:
    twice = [row(**TRONDHEIM, period="2018", value="1"), row(**TRONDHEIM, period="2018", value="2")]
    with pytest.raises(NotStatisticalError, match=r"Two rows of things .*area=5001, period=2018"):
        json_stat(twice, HEAD, "things", "Things")


@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(2000, 2004)), st.integers(-99, 99), min_size=1))
def test_each_row_is_found_at_its_place(values: dict[tuple[int, int], int]) -> None:
    found = cube(
        *(row(area=f"http://a/{a}", number=str(a), period=str(p), value=str(v)) for (a, p), v in values.items())
    )
    areas, periods = (found["dimension"][name]["category"]["index"] for name in ("area", "period"))
    for (area, period), value in values.items():
        place = areas[str(area)] * len(periods) + periods[str(period)]
        cells = found["value"]
        assert (cells[place] if isinstance(cells, list) else cells[str(place)]) == value


@pytest.mark.parametrize(
    ("text", "number"),
    [("007", 7), ("1.50", 1.5), ("1E3", 1000), ("9" * 18, 10**18 - 1), ("1" + "0" * 20, 1e20), ("0.0", 0)],
)
def test_a_value_is_whole_where_it_can_be_and_a_double_where_it_is_long(text: str, number: float) -> None:
    (value,) = cube(row(**TRONDHEIM, period="2020", series="a=1", value=text))["value"]
    assert (value, type(value)) == (number, type(number))


@pytest.mark.parametrize(
    "text", ["x", "", "٣", "1_0", "NaN", "INF", "1e999999999", "1" * 5000, "1e99999999999999999999", "1 2"]
)
def test_a_value_that_json_cannot_hold_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(NotStatisticalError, match=f"^{text[:40]} in things is not a number that JSON has"):
        cube(row(**TRONDHEIM, period="2020", series="a=1", value=text))
