"""What the tools of `/mcp` answer about a small version."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from assistant_client import answer, call, problem, talk
from jsonschema import Draft202012Validator
from mcp import Client
from small_server import HOME

from plangraf.diagnostics.diagnostic import DataError
from plangraf.http.app import create_app
from plangraf.http.assistants.rows import fit, read_rows
from plangraf.settings import Settings
from plangraf.sparql.named.binding import load_queries
from plangraf.views.answer_lines import LineWindow

ID = "https://w3id.org/plangraf/id/"
ONE = f"{ID}5001/plan/one"
PLAN = "https://w3id.org/plangraf/ontology#"


@pytest.fixture(scope="module")
def tools(small: str) -> dict[str, Any]:
    async def work(client: Client) -> Any:
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    found: dict[str, Any] = talk(small, work)
    return found


def test_every_tool_has_sound_schemas(tools: dict[str, Any]) -> None:
    for tool in tools.values():
        for schema in (tool.input_schema, tool.output_schema):
            Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        # Some models refuse a tool with these at the root.
        assert not {"anyOf", "oneOf", "allOf"} & set(tool.input_schema)


def test_a_named_query_is_a_tool_of_its_declared_parameters(tools: dict[str, Any]) -> None:
    tool = tools["perspectives-by-target"]
    head = load_queries(HOME / "queries")["perspectives-by-target"].head
    assert tool.title == head.summary
    assert head.description in tool.description
    assert '"target":"11.6"' in tool.description
    assert "perspective (iri), label (string)" in tool.description
    assert tool.input_schema["required"] == ["target"]
    assert tool.input_schema["properties"]["target"] == {
        "type": "string", "description": "A sdgo:Target.", "examples": ["11.6"]
    }  # fmt: skip
    assert tool.input_schema["properties"]["lang"] == {"type": "string", "enum": ["nb", "en"], "default": "nb"}
    assert tools["plans"].input_schema["properties"]["number"]["type"] == "integer"
    assert tools["plans"].input_schema["required"] == []


def test_a_query_gives_the_rows_of_http_with_types(client: httpx.Client, small: str) -> None:
    found = answer(small, "plans")
    rows = list(csv.DictReader(io.StringIO(client.get("/queries/plans.csv").text)))
    assert [{**row, "number": str(row["number"])} for row in found["rows"]] == rows
    assert [row["number"] for row in found["rows"]] == [1, 2]
    assert found["cut"] is None
    assert client.get(found["address"].removeprefix(small)).json()["results"]["bindings"]
    assert found["version"] in found["address"]


def test_a_number_and_its_text_are_the_same_argument(small: str) -> None:
    rows = answer(small, "plans", {"number": 2})["rows"]
    assert rows == answer(small, "plans", {"number": "2", "lang": None})["rows"]
    assert [row["plan"] for row in rows] == [f"{ID}5001/plan/two"]


def test_a_language_chooses_the_labels(small: str) -> None:
    labels = [
        answer(small, "perspectives-by-target", {"target": "11.6", **language})["rows"][0]["label"]
        for language in ({}, {"lang": "en"})
    ]
    assert labels == ["Grønn mobilitet", "Green mobility"]


def test_a_cut_answer_says_how_to_ask_for_the_rest(client: httpx.Client, small: str) -> None:
    first = answer(small, "plans", {"rows": 1})
    assert first["cut"]["shown"] == 1
    assert "offset=1" in first["cut"]["rest"]
    rest = answer(small, "plans", {"rows": 1, "offset": 1})
    assert rest["cut"] is None
    assert first["rows"] + rest["rows"] == answer(small, "plans")["rows"]
    everything = first["cut"]["rest"].rpartition(" ")[2].rstrip(".")
    assert client.get(everything.removeprefix(small)).text.count("\r\n") == 3
    beyond = answer(small, "plans", {"offset": 50})
    assert (beyond["rows"], beyond["cut"]) == ([], None)


@pytest.mark.parametrize(
    ("text", "iris"),
    [
        ("mobilitet", [f"{ID}5001/perspective/2020-7"]),
        ("MOBILITY", [f"{ID}5001/perspective/2020-7"]),
        ("11.6", ["http://metadata.un.org/sdg/11.6"]),
        ("  grønn   by ", [ONE]),
        ("Øya", ["http://example.org/bydel/Øya"]),
        ('"quoted" & more', [f"{ID}5001/plan/two"]),
        ('") } # \\ injected', []),
    ],
)
def test_search_finds_things_by_a_part_of_a_name(small: str, text: str, iris: list[str]) -> None:
    found = answer(small, "search", {"text": text})
    assert [thing["iri"] for thing in found["things"]] == iris
    assert found["cut"] is None


def test_a_hit_has_label_kind_and_document(client: httpx.Client, small: str) -> None:
    (thing,) = answer(small, "search", {"text": "mobilitet", "language": "en"})["things"]
    assert (thing["label"], thing["kind"], thing["class"]) == ("Green mobility", "Perspective", "plan:Perspective")
    assert client.get(thing["document"].removeprefix(small)).status_code == 200
    (target,) = answer(small, "search", {"text": "11.6"})["things"]
    assert (target["code"], target["kind"]) == ("11.6", "sdgo:Target")


def test_search_says_that_there_are_more(small: str) -> None:
    found = answer(small, "search", {"text": "e", "limit": 2})
    assert len(found["things"]) == found["cut"]["shown"] == 2


@pytest.mark.parametrize(
    "name", [ONE, f"<{ONE}>", "5001/plan/one", "{base}/doc/5001/plan/one", "{base}/id/5001/plan/one", " 5001/plan/one "]
)
def test_a_document_is_found_by_each_of_its_names(small: str, name: str) -> None:
    found = answer(small, "read_document", {"iri": name.format(base=small)})
    assert found["iri"] == ONE


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("11.A", "http://metadata.un.org/sdg/11.a"),
        ("11", "http://metadata.un.org/sdg/11"),
        ("plan:Plan", f"{PLAN}Plan"),
        ("{base}/targets/11.6", "http://metadata.un.org/sdg/11.6"),
    ],
)
def test_codes_and_names_of_terms_are_names_too(small: str, name: str, iri: str) -> None:
    assert answer(small, "read_document", {"iri": name.format(base=small)})["iri"] == iri


def test_a_versioned_address_is_a_name_too(small: str) -> None:
    there = answer(small, "read_document", {"iri": "5001/plan/one"})["address"]
    assert answer(small, "read_document", {"iri": there})["iri"] == ONE


def test_markdown_has_statements_with_iris_in_the_wanted_language(small: str) -> None:
    result = call(small, "read_document", {"iri": ONE, "language": "en"})
    text = result.content[0].text
    assert text == result.structured_content["markdown"]
    assert "# Plan for grønn by, æøå" in text
    assert f"IRI: <{ONE}>" in text
    assert f"- primary perspective (`plan:primaryPerspective`): Green mobility <{ID}5001/perspective/2020-7>" in text
    assert "- number (`plan:number`): 1" in text
    assert result.structured_content["version"] in text.splitlines()[0]
    assert f"http://example.org/bydel/Øya" in text.partition("## What links to it")[2]  # noqa: F541


def test_markdown_goes_on_from_a_line(small: str) -> None:
    whole = answer(small, "read_document", {"iri": ONE})["markdown"].splitlines()[1:]
    rest = answer(small, "read_document", {"iri": ONE, "from_line": 5})["markdown"].splitlines()[1:]
    assert rest == whole[4:]


def test_json_ld_is_the_document_of_http(client: httpx.Client, small: str) -> None:
    found = answer(small, "read_document", {"iri": ONE, "form": "json-ld"})
    assert found["document"] == client.get("/doc/5001/plan/one.jsonld").json()
    assert (found["cut"], found["passages"]) == (None, [])


def test_a_replaced_thing_leads_to_its_replacement(small: str) -> None:
    found = answer(small, "read_document", {"iri": "5001/plan/older"})
    assert (found["iri"], found["replaces"]) == (ONE, f"{ID}5001/plan/older")


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("5001/plan/given-up", "gone", 410),
        ("5001/plan/none", "not-found", 404),
        (f"{PLAN}Nothing", "not-found", 404),
        ("http://example.org/no", "not-found", 404),
    ],
)
def test_a_withdrawn_or_unknown_thing_is_the_problem_of_its_address(
    client: httpx.Client, small: str, name: str, code: str, status: int
) -> None:
    found = problem(small, "read_document", {"iri": name})
    assert (found["code"], found["status"]) == (code, status)
    iri = name if "://" in name else ID + name
    there = client.get("/doc", params={"iri": iri}, follow_redirects=True)
    assert (there.status_code, there.json()["code"]) == (status, code)


def test_sparql_answers_in_each_of_its_forms(small: str) -> None:
    select = answer(
        small, "sparql", {"query": f"SELECT ?plan ?number WHERE {{ ?plan <{PLAN}number> ?number }} ORDER BY ?number"}
    )
    assert (select["columns"], select["rows"][0]) == (["plan", "number"], {"plan": ONE, "number": 1})
    assert select["names"][ONE] == "Plan for grønn by, æøå"
    assert answer(small, "sparql", {"query": "ASK { ?a ?b ?c }"})["boolean"] is True
    assert answer(small, "sparql", {"query": "ASK { <a:b> <a:b> <a:b> }"})["boolean"] is False
    triples = answer(small, "sparql", {"query": f"CONSTRUCT WHERE {{ <{ONE}> <{PLAN}number> ?n }}"})["triples"]
    assert triples == [f'<{ONE}> <{PLAN}number> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .']
    assert answer(small, "sparql", {"query": f"DESCRIBE <{ONE}>"})["triples"]


def test_sparql_keeps_kinds_of_values(small: str) -> None:
    query = """SELECT * WHERE { VALUES (?i ?d ?b ?t ?l ?big ?u ?y) {
        (7 0.5 true "7" "sju"@nb 9007199254740993 UNDEF "2020"^^<http://www.w3.org/2001/XMLSchema#gYear>) } }"""
    (row,) = answer(small, "sparql", {"query": query})["rows"]
    assert row == {"i": 7, "d": 0.5, "b": True, "t": "7", "l": "sju", "big": "9007199254740993", "y": "2020"}
    assert type(row["i"]) is int


@pytest.mark.parametrize("form", ["SELECT *", "CONSTRUCT { ?s ?p ?o }"])
@pytest.mark.parametrize("rows", [1, 3])
def test_sparql_is_cut_at_the_wanted_rows(small: str, form: str, rows: int) -> None:
    found = answer(small, "sparql", {"query": f"{form} WHERE {{ ?s ?p ?o }}", "rows": rows})
    assert len(found.get("rows") or found["triples"]) == found["cut"]["shown"] == rows
    assert f"LIMIT {rows} OFFSET {rows}" in found["cut"]["rest"]


def test_an_empty_answer_says_why_it_is_empty(client: httpx.Client, small: str) -> None:
    query = f'SELECT ?plan WHERE {{ ?plan <{PLAN}number> 1 ; <{PLAN}startYear> "1999" }}'
    found = answer(small, "sparql", {"query": query})
    header = client.get("/sparql", params={"query": query, "explain": "true"}).headers["plangraf-explain"]
    assert found["empty"] == unquote(header)
    assert found["rows"] == []


def test_the_vocabulary_lists_classes_and_explains_terms(small: str) -> None:
    found = answer(small, "vocabulary", {"language": "nb"})
    classes = {one["name"]: one for one in found["classes"]}
    assert set(classes) == {"plan:Plan", "plan:Perspective"}
    assert (classes["plan:Perspective"]["label"], classes["plan:Plan"]["things"]) == ("Perspektiv", 6)
    assert found["prefixes"]["plan"] == PLAN
    for term in ("plan:Plan", f"{PLAN}Plan", f"<{PLAN}Plan>"):
        (card,) = answer(small, "vocabulary", {"term": term})["cards"]
        assert (card["iri"], card["kind"], card["things"]) == (f"{PLAN}Plan", "class", 6)
    rows = answer(small, "sparql", {"query": card["query"]})["rows"]
    assert {row["thing"] for row in rows} >= {ONE}
    assert {one["property"] for one in card["properties"]} >= {"plan:number"}


def test_a_word_of_a_label_finds_terms_in_both_languages(small: str) -> None:
    for word in ("oppstartsår", "start year", "START", "startYear"):
        cards = answer(small, "vocabulary", {"term": word})["cards"]
        assert cards[0]["name"] == "plan:startYear"
    found = problem(small, "vocabulary", {"term": "nonesuch"})
    assert (found["code"], found["status"]) == ("not-found", 404)


def test_a_query_cannot_have_the_name_of_another_tool(small_home_with: Any) -> None:
    home, versions = small_home_with("search.rq")
    with pytest.raises(DataError, match="The name search is that of another tool"):
        create_app(Settings(home=home, versions=versions, log_level="error"))


@pytest.fixture
def small_home_with(small_versions: Any, tmp_path: Any) -> Any:
    """A copy of the small home with one more named query."""

    def make(name: str) -> Any:
        for each in HOME.iterdir():
            (tmp_path / each.name).symlink_to(each)
        (tmp_path / "queries").unlink()
        (tmp_path / "queries").mkdir()
        for each in (HOME / "queries").iterdir():
            (tmp_path / "queries" / each.name).symlink_to(each)
        (tmp_path / "queries" / name).write_bytes((HOME / "queries" / "plans.rq").read_bytes())
        return tmp_path, small_versions

    return make


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_window_is_the_same_however_the_body_arrives(size: int) -> None:
    body = "?a\n" + "".join(f'"{number}æ"\n' for number in range(20))
    coded = body.encode()
    window = LineWindow(5, 3)
    for start in range(0, len(coded), size):
        if window.take(coded[start : start + size]):
            break
    assert [row["a"] for row in read_rows(window)] == ["5æ", "6æ", "7æ"]
    assert window.more


def test_a_window_at_the_end_has_no_more() -> None:
    window = LineWindow(1, 3)
    assert not window.take(b"?a\n1\n2\n3")
    window.finish()
    assert [row["a"] for row in read_rows(window)] == [2, 3]
    assert not window.more


def test_a_window_that_counts_takes_everything_and_keeps_little() -> None:
    window = LineWindow(2, 3, counting=True)
    assert not any(window.take(b"%d\n" % number) for number in range(-1, 1_000))
    assert ([row["0"] for row in read_rows_of(window)], window.number, window.more) == ([2, 3, 4], 1_000, True)


def read_rows_of(window: LineWindow) -> list[dict[str, Any]]:
    window.head = b"?0"
    return read_rows(window)


def test_at_least_one_row_fits() -> None:
    assert fit(["x" * 100, "y"], 10) == 1
    assert fit(["x", "y", "z"], 9) == 2
    assert fit([], 9) == 0
