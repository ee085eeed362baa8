"""`/mcp` of a running service over the whole data: every named query answers as a tool, and answers carry passages."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from plangraf.settings import default_home
from plangraf.sparql.named.binding import load_queries

sys.path.append(str(Path(__file__).resolve().parents[1] / "http"))
from assistant_client import MODES, answer, call, talk

QUERIES = load_queries(default_home() / "queries")
ID = "https://w3id.org/plangraf/id/"
MOST = 45_000


# Queries of a second and more; each is asked over HTTP elsewhere.
LONG = {"gaps", "target-profile", "quality", "compare-municipalities"}


@pytest.mark.sampled(9)
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in QUERIES])
def test_every_named_query_answers_its_example_as_over_http(url: str, name: str) -> None:
    """The client checks the answer against the schema of the tool."""
    example = QUERIES[name].example
    result = call(url, name, example)
    assert not result.is_error, result.content
    found = result.structured_content
    assert len(result.content[0].text) < MOST
    table = list(csv.DictReader(io.StringIO(httpx.get(f"{url}/queries/{name}.csv", params=example).text)))
    assert len(found["rows"]) == (found["cut"]["shown"] if found["cut"] else len(table))
    assert (found["cut"] is None) == (len(found["rows"]) == len(table))
    declared = QUERIES[name].head.columns
    for row, line in zip(found["rows"], table, strict=False):
        assert set(row) <= set(declared)
        assert {column for column, text in line.items() if text} <= set(row)
        for column, value in row.items():
            if declared[column] == "xsd:integer":
                assert (type(value), str(value)) == (int, line[column])
            elif declared[column] in ("iri", "string", "code", "lang-string"):
                assert value == line[column] or value.endswith("…")


def test_the_list_of_tools_is_short_enough_to_be_read(url: str) -> None:
    response = httpx.post(f"{url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert len(response.json()["result"]["tools"]) == len(QUERIES) + 5
    assert len(response.content) < 90_000


@pytest.mark.parametrize("mode", MODES)
def test_an_assistant_goes_from_a_word_to_the_passage_that_proves_the_answer(url: str, mode: str) -> None:
    async def work(client: Any) -> Any:
        found = (await client.call_tool("search", {"text": "grønn mobilitet", "limit": 5})).structured_content
        perspective = next(thing["iri"] for thing in found["things"] if "/perspective/" in thing["iri"])
        read = (await client.call_tool("read_document", {"iri": perspective})).structured_content
        plans = (await client.call_tool("plans-by-target", {"target": "11.6"})).structured_content
        return found, read, plans

    found, read, plans = talk(url, work, mode=mode)
    assert read["iri"] == f"{ID}5001/perspective/2020-7"
    for line in read["markdown"].partition("## Passages")[0].splitlines():
        if "plan:relatesToTarget" in line:
            assert line.endswith(":")
        elif "http://metadata.un.org/sdg/11.2>" in line:
            assert "[" in line.rpartition(">")[2]
            break
    else:
        raise AssertionError(read["markdown"])
    assert plans["rows"][0]["plan"].startswith(ID)
    assert {one["about"] for one in plans["evidence"]} == {row["plan"] for row in plans["rows"]}
    assert len({one["version"] for one in (found, read, plans)}) == 1
    for one in (*found["evidence"], *plans["evidence"])[:5]:
        assert one["lines"]
        assert one["properties"]
        for iri in (one["passage"], one["source"]):
            assert httpx.get(f"{url}/doc/{iri.removeprefix(ID)}.ttl").status_code == 200


def test_a_long_document_is_read_in_parts_without_a_gap(url: str) -> None:
    lines: list[str] = []
    start: int | None = 1
    parts = 0
    while start is not None:
        result = call(url, "read_document", {"iri": f"{ID}5001/municipality/5001", "from_line": start})
        found = result.structured_content
        assert len(result.content[0].text.encode()) < MOST
        part = found["markdown"].splitlines()[1:]
        shown = found["cut"]["shown"] if found["cut"] else len(part)
        lines += part[:shown]
        parts += 1
        start = start + shown if found["cut"] else None
    assert parts > 1
    assert lines[0].startswith("# ")
    assert sum(line.startswith("## ") for line in lines) == 3
    assert len(lines) == len(set(range(len(lines))))


def test_a_large_document_as_json_ld_names_what_it_leaves_out(url: str) -> None:
    result = call(url, "read_document", {"iri": f"{ID}5001/municipality/5001", "form": "json-ld"})
    found = result.structured_content
    assert len(result.content[0].text) < MOST
    assert found["document"]["id"] == f"{ID}5001/municipality/5001"
    assert found["cut"]["left_out"]
    assert found["address"] in found["cut"]["rest"]


def test_a_thing_as_json_ld_comes_with_its_passages(url: str) -> None:
    found = answer(url, "read_document", {"iri": f"{ID}5001/plan/2020-2023-7", "form": "json-ld"})
    assert found["cut"] is None
    assert "dcterms:title" in {name for one in found["passages"] for name in one["properties"]}
    assert found["document"]["@reverse"]
    assert "about" not in found["document"]["@reverse"]
    assert not [node for node in found["document"].get("@included", ()) if node.get("type") == "Evidence"]


def test_the_vocabulary_has_properties_of_the_shapes(url: str) -> None:
    (card,) = answer(url, "vocabulary", {"term": "plan:Plan", "language": "nb"})["cards"]
    properties = {one["property"]: one for one in card["properties"]}
    assert properties["plan:respondsTo"]["values"] == ["plan:Perspective"]
    assert properties["dcterms:title"]["label"]
    assert answer(url, "sparql", {"query": card["query"]})["rows"]
    classes = answer(url, "vocabulary")
    assert (classes["cut"], len(classes["classes"]) > 40) == (None, True)


def test_the_service_names_the_protocol_where_programs_look(url: str) -> None:
    assert f"({url}/mcp)" in httpx.get(f"{url}/llms.txt").text
    current = httpx.get(f"{url}/openapi.json").json()
    assert set(current["paths"]["/mcp"]) == {"post"}
    version = httpx.get(f"{url}/health/ready").json()["version"]
    assert "/mcp" in httpx.get(f"{url}/version/{version}/openapi.json").json()["paths"]


@pytest.mark.slow
def test_processes_of_a_service_share_no_state_that_a_client_would_miss(start_light_server: Any) -> None:
    """Each message may reach another process, and a client with a handshake sends several."""
    with start_light_server(PLANGRAF_PROCESSES="2") as server:
        found = set()
        for mode in MODES * 4:
            thing = answer(server.url, "read_document", {"iri": "5001/perspective/2020-7"}, mode=mode)
            found.add((thing["iri"], thing["version"]))
    assert len(found) == 1
