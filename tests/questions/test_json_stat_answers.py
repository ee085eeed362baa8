"""JSON-stat over HTTP: chosen by ending or name, valid for a reader of others, and 406 with the reason elsewhere."""

from __future__ import annotations

import httpx
import pytest
from jsonstat_validator import validate_jsonstat

QUERY = "/queries/observations"
TABLE = {"table": "99001", "area": "5001", "lang": "en"}


@pytest.mark.slow
def test_observations_are_a_data_set_that_a_validator_accepts(made_url: str) -> None:
    response = httpx.get(f"{made_url}{QUERY}.json-stat", params=TABLE)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == 'application/json; profile="https://json-stat.org/full/"'
    found = response.json()
    assert validate_jsonstat(found)
    assert found["label"] == "Svevestøv, etter region, mål og år"
    assert found["id"] == ["table", "area", "period", "ContentsCode", "Kilde"]
    assert found["size"] == [1, 4, 4, 2, 1]
    assert found["role"] == {"geo": ["area"], "time": ["period"], "metric": ["ContentsCode"]}
    contents = found["dimension"]["ContentsCode"]["category"]
    assert contents["unit"] == {
        "Dager": {"base": "number", "decimals": 0},
        "Andel": {"base": "per cent", "decimals": 1},
    }
    assert found["dimension"]["table"]["category"]["label"] == {"99001": "Svevestøv, etter region, mål og år"}

    def value(area: str, period: str, code: str) -> float | None:
        place = 0
        for name, category in (("area", area), ("period", period), ("ContentsCode", code)):
            index = found["dimension"][name]["category"]["index"]
            place = place * len(index) + index[category]
        values = found["value"]
        cell = values[place] if isinstance(values, list) else values.get(str(place))
        assert cell is None or isinstance(cell, int | float)
        return cell

    assert value("1601", "2016", "Dager") == 31
    assert value("5001", "2020", "Andel") == 6.5
    assert value("1662", "2017", "Dager") is None
    assert list(found["status"].values()) == [":"]


def test_the_name_of_the_format_gives_the_same_answer_and_a_tag_its_304(made_url: str) -> None:
    by_ending = httpx.get(f"{made_url}{QUERY}.json-stat", params=TABLE)
    for name in ("json-stat", "json-stat2"):
        by_name = httpx.get(f"{made_url}{QUERY}", params={**TABLE, "format": name})
        assert by_name.content == by_ending.content
    tag = by_ending.headers["etag"]
    again = httpx.get(f"{made_url}{QUERY}.json-stat", params=TABLE, headers={"If-None-Match": tag})
    assert again.status_code == 304


@pytest.mark.parametrize("accept", ["application/json", "application/json;q=0.5, */*;q=0.1", "*/*"])
def test_accept_goes_on_meaning_sparql_json(made_url: str, accept: str) -> None:
    response = httpx.get(f"{made_url}{QUERY}", params=TABLE, headers={"Accept": accept})
    assert response.headers["content-type"] == "application/sparql-results+json"


def test_a_query_without_value_and_dimensions_says_that_it_has_no_json_stat(made_url: str) -> None:
    named = httpx.get(f"{made_url}/queries/plans?format=json-stat")
    assert (named.status_code, named.json()["parameter"]) == (400, "format")
    response = httpx.get(f"{made_url}/queries/plans.json-stat")
    assert response.status_code == 406
    problem = response.json()
    assert problem["code"] == "not-statistical"
    assert "plans has no value with dimensions" in problem["detail"]
    assert "csv" in problem["detail"]


def test_a_statistical_query_still_says_what_is_missing(made_url: str) -> None:
    response = httpx.get(f"{made_url}{QUERY}.json-stat")
    assert (response.status_code, response.json()["code"]) == (400, "bad-parameter")


def test_the_description_offers_json_stat_where_it_is(made_url: str) -> None:
    paths = httpx.get(f"{made_url}/openapi.json").json()["paths"]

    def formats(name: str) -> list[str]:
        parameters = paths[f"/queries/{name}"]["get"]["parameters"]
        (found,) = [one["schema"]["enum"] for one in parameters if one["name"] == "format"]
        return list(found)

    assert "json-stat" in formats("observations")
    assert "json-stat" not in formats("plans")
    assert "application/json" in paths["/queries/observations"]["get"]["responses"]["200"]["content"]
