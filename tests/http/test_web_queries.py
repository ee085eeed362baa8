"""Named queries over HTTP, and their documentation in `/openapi.json` and `/docs`."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import httpx
import pytest

SDG = "http://metadata.un.org/sdg/"
PERSPECTIVE = "https://w3id.org/plangraf/id/5001/perspective/2020-7"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def column(response: httpx.Response, name: str) -> list[str]:
    assert response.status_code == 200, response.text
    return [row[name]["value"] for row in response.json()["results"]["bindings"]]


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/queries/plans", "*/*", "application/sparql-results+json"),
        ("/queries/plans?format=json", BROWSER, "application/sparql-results+json"),
        ("/queries/plans", "application/json", "application/sparql-results+json"),
        ("/queries/plans", "text/csv", "text/csv; charset=utf-8"),
        ("/queries/plans.json", "image/png", "application/sparql-results+json"),
        ("/queries/plans.csv", "image/png", "text/csv; charset=utf-8"),
        ("/queries/plans.xml", "*/*", "application/sparql-results+xml"),
        ("/queries/plans.tsv", "*/*", "text/tab-separated-values; charset=utf-8"),
        ("/queries/plans?format=csv", "*/*", "text/csv; charset=utf-8"),
    ],
)
def test_a_named_query_answers_in_each_result_format(
    client: httpx.Client, path: str, accept: str, content_type: str
) -> None:
    response = client.get(path, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == content_type
    chosen = "Accept, " if path == "/queries/plans" else ""
    assert response.headers["vary"] == f"{chosen}Accept-Encoding"
    assert "Plan for grønn by, æøå" in response.text


def test_a_table_has_the_columns_of_the_head_in_their_order(client: httpx.Client) -> None:
    text = client.get("/queries/plans.csv").text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["plan", "number", "title"]
    assert [row[1] for row in rows[1:]] == ["1", "2"]
    assert text.endswith("\r\n")


@pytest.mark.parametrize("target", ["11.6", "11.a", "11.A", SDG + "11.6"])
def test_a_parameter_is_a_code_or_an_iri(client: httpx.Client, target: str) -> None:
    response = client.get("/queries/perspectives-by-target", params={"target": target})
    assert column(response, "perspective") == [PERSPECTIVE]
    assert column(response, "label") == ["Grønn mobilitet"]
    english = client.get("/queries/perspectives-by-target", params={"target": target, "lang": "en"})
    assert column(english, "label") == ["Green mobility"]


@pytest.mark.parametrize(
    "path",
    [
        "/queries/plans?number=99",
        "/queries/plans?number=-1",
        "/queries/perspectives-by-target?target=17.19",
        "/queries/perspectives-by-target?target=http://example.org/none",
    ],
)
def test_a_well_formed_but_unknown_value_gives_no_row(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.json()["results"]["bindings"] == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("plans?number=seven", "number"),
        ("plans?number=1&number=1", "number"),
        ("plans?numbr=1", "numbr"),
        ("plans?lang=sv", "lang"),
        ("plans?municipality=x", "municipality"),
        ("plans?number=", "number"),
        ("plans?format=xls", "format"),
        ("perspectives-by-target", "target"),
        ("perspectives-by-target?target=eleven", "target"),
        ("plans.csv?number=1%20OR%201", "number"),
        ("plans?NUMBER=1", "NUMBER"),
    ],
)
def test_an_invalid_parameter_is_400_and_named(client: httpx.Client, query: str, name: str) -> None:
    response = client.get(f"/queries/{query}")
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["code"], problem["parameter"]) == (400, "bad-parameter", name)


@pytest.mark.parametrize("accept", ["text/turtle", "image/png"])
def test_an_unacceptable_request_is_406(client: httpx.Client, accept: str) -> None:
    response = client.get("/queries/plans", headers={"Accept": accept})
    assert (response.status_code, response.json()["choices"][2]) == (406, "text/csv")


def test_the_list_of_queries_is_json_for_programs_and_a_page_for_people(client: httpx.Client) -> None:
    listed = client.get("/queries").json()["queries"]
    assert [query["name"] for query in listed] == ["now", "perspectives-by-target", "plans"]
    plans = listed[2]
    assert plans["columns"][1] == {"name": "number", "type": "xsd:integer"}
    assert plans["parameters"][0]["name"] == "number"
    assert {parameter["name"] for parameter in plans["parameters"]} == {"number", "lang", "municipality"}
    page = client.get("/queries", headers={"Accept": "text/html"}).text
    assert "/queries/perspectives-by-target.csv?target=11.6" in page


# The description of the API


@pytest.fixture(scope="module")
def api(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_each_named_query_is_described_with_its_parameters_columns_and_formats(api: dict[str, Any]) -> None:
    operation = api["paths"]["/queries/plans"]["get"]
    assert operation["summary"] == "The plans of the example"
    assert "| `number` | xsd:integer |" in operation["description"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert list(parameters) == ["number", "lang", "municipality", "format", "page"]
    assert parameters["number"]["schema"] == {"type": "integer"}
    assert parameters["number"]["example"] == 1
    assert not any(parameter.get("required") for parameter in parameters.values())
    assert parameters["lang"]["schema"]["enum"] == ["nb", "en"]
    assert set(operation["responses"]["200"]["content"]) == {
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
        "application/vnd.apache.parquet",
        "text/html",
    }
    assert {"400", "406", "429", "503"} <= set(operation["responses"])
    target = api["paths"]["/queries/perspectives-by-target"]["get"]["parameters"][0]
    assert (target["name"], target["required"], target["example"]) == ("target", True, "11.6")


def test_every_path_is_described_once_and_every_problem_has_its_schema(api: dict[str, Any]) -> None:
    assert api["openapi"].startswith("3.1")
    paths = api["paths"]
    expected = "/ /sparql /id/{path} /doc/{path} /doc /targets/{code} /goals/{code} /queries /ontology /shapes"
    assert {*expected.split(), "/context/v1.jsonld", "/health/live", "/health/ready"} <= set(paths)
    operations = [operation for methods in paths.values() for operation in methods.values()]
    identifiers = [operation["operationId"] for operation in operations]
    assert len(identifiers) == len(set(identifiers))
    assert all(operation["summary"] and operation["tags"] for operation in operations)
    assert not any("422" in operation["responses"] for operation in operations)
    assert set(paths["/sparql"]) == {"get", "post"}
    bodies = paths["/sparql"]["post"]["requestBody"]["content"]
    assert set(bodies) == {"application/sparql-query", "application/x-www-form-urlencoded"}
    used = {
        content["schema"]["$ref"]
        for operation in operations
        for response in operation["responses"].values()
        for type_, content in response.get("content", {}).items()
        if type_ == "application/problem+json"
    }
    assert used == {"#/components/schemas/Problem"}
    assert set(api["components"]["schemas"]) == {"Problem"}


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_page_of_the_api_has_every_operation_with_its_parameters_and_statuses(
    client: httpx.Client, language: str
) -> None:
    text = client.get("/docs", params={"lang": language}).text
    entries = dict(re.findall(r'<div id="([^"]+)-address">(.*?)</details>', text, re.DOTALL))
    operations = [one for path in client.get("/openapi.json").json()["paths"].values() for one in path.values()]
    assert {one["operationId"] for one in operations} == set(entries)
    for operation in operations:
        named = set(re.findall("<code>([^<]*)</code>", entries[operation["operationId"]]))
        assert {parameter["name"] for parameter in operation.get("parameters", ())} <= named
        assert set(operation["responses"]) <= named
        # What an entry only names stands where its links lead.
        for target in re.findall('href="#([^"]+)"', entries[operation["operationId"]]):
            assert f'id="{target}"' in text


def test_styles_and_scripts_are_files_of_this_host(client: httpx.Client) -> None:
    style = client.get("/static/style.css")
    again = client.get("/static/style.css", headers={"If-None-Match": style.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/static/..%2Fapp.py").status_code == 404
