"""`/sparql` in a browser without script: the query with its answer, page by page, or with what is wrong with it."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from plangraf.pages.built_scripts import BUILT
from plangraf.pages.editor_page import editor_settings

EDITOR = BUILT.parent / "editor"

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"}
MANY = "SELECT ?a ?b {{ VALUES ?a {{ {} }} VALUES ?b {{ 1 2 3 4 5 6 7 8 9 10 }} }} ORDER BY ?a ?b".format(
    " ".join(map(str, range(1, 26)))
)


def page(client: httpx.Client, query: str, status: int = 200, **more: str) -> str:
    answer = client.get("/sparql", params={"query": query, **more}, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    return answer.text


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2].partition("</tbody>")[0], re.DOTALL)
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in rows
    ]


def test_an_answer_is_a_table_in_pages(client: httpx.Client) -> None:
    first = page(client, MANY)
    assert cells(first)[:2] == [["1", "1"], ["1", "2"]]
    assert len(cells(first)) == 100
    assert "250 rows." in first
    (to,) = re.findall(r'rel="next" href="([^"]+)"', first)
    assert parse_qs(urlsplit(unescape(to)).query)["query"] == [MANY]
    third = client.get(unescape(to).replace("page=2", "page=3"), headers=BROWSER).text
    assert cells(third)[-1] == ["25", "10"]
    assert "Rows 201–250 of 250" in third
    assert 'rel="next"' not in third


def test_a_long_answer_is_counted_up_to_a_bound(client: httpx.Client) -> None:
    long = MANY.replace("VALUES ?b", f"VALUES ?c {{ {' '.join(map(str, range(50)))} }} VALUES ?b").replace(
        "?a ?b {", "* {"
    )
    assert "More than 10,000 rows" in page(client, long)
    assert "Rows 9,901–10,000 of 10,000" in page(client, long, page="100")


def test_each_kind_of_term_and_an_unbound_cell_are_shown(client: httpx.Client) -> None:
    html = page(
        client,
        'SELECT * { VALUES (?a ?b ?c ?d) { (<http://example.org/x> "a\\tb\\n<i>"@nb 1.5 UNDEF) } }',
    )
    assert cells(html) == [["<http://example.org/x>", "a\tb\n<i> nb", "1.5", ""]]
    assert 'href="http://example.org/x"' in html
    assert '<td class="number">' in html
    assert "<i>" not in html.partition("<tbody>")[2]


def test_triples_and_a_boolean_are_tables_too(client: httpx.Client) -> None:
    html = page(client, "CONSTRUCT { <http://example.org/s> <http://example.org/p> 1 } {}")
    assert cells(html) == [["<http://example.org/s>", "<http://example.org/p>", "1"]]
    assert cells(page(client, "ASK {}")) == [["true"]]


def test_an_empty_answer_says_why(client: httpx.Client) -> None:
    html = page(client, "SELECT * { ?s a ?c . ?s <http://example.org/nothing> ?o }")
    assert "No row" in html
    assert "Nothing matches <code>?s &lt;http://example.org/nothing&gt; ?o</code>" in html


def test_an_error_is_a_page_with_its_status_the_line_and_the_token(client: httpx.Client) -> None:
    query = "PREFIX plan: <https://w3id.org/plangraf/ontology#>\nSELECT * {\n  ?s plan:startYaer ?o\n}"
    html = page(client, query, 400)
    assert '<li value="3" class="marked"><code>  ?s <mark>plan:startYaer</mark> ?o</code></li>' in html
    assert "plan:startYear" in html
    (text,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    assert unescape(text) == query


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"query": "SELECT * {}", "page": "0"}, "page"),
        ({"query": "SELECT * {}", "page": "x"}, "page"),
        ({"query": "SELECT * {}", "page": "101"}, "1 to 100"),
        ({"query": "SELECT * {}", "page": "2"}, "the last page of this answer is 1"),
        ({"query": "SELECT * {}", "lang": "sv"}, "lang"),
        ({"query": "SELECT * {}", "timeout": "x"}, "timeout"),
        ({"update": "CLEAR ALL"}, "read-only"),
    ],
)
def test_a_bad_parameter_is_a_page_that_says_so(client: httpx.Client, parameters: dict[str, str], said: str) -> None:
    answer = client.get("/sparql", params=parameters, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert said in answer.text.partition('role="alert"')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "text/*", "application/sparql-results+json, text/html;q=0.9", "text/csv,*/*;q=0.1"],
)
def test_a_program_gets_data_and_problem_documents(client: httpx.Client, accept: str) -> None:
    answer = client.get("/sparql", params={"query": "SELECT * {}"}, headers={"Accept": accept})
    assert "html" not in answer.headers["content-type"]
    refused = client.get("/sparql", params={"query": "SELECT"}, headers={"Accept": accept})
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_posted_query_is_a_page_that_no_other_query_gets(client: httpx.Client) -> None:
    for number in ("1", "2"):
        query = f"SELECT ?a {{ VALUES ?a {{ {number} }} }}"
        answer = client.post("/sparql", data={"query": query}, headers=BROWSER)
        assert cells(answer.text) == [[number]]
    assert client.get("/sparql", headers=BROWSER).text.count("<td") == 0


def test_the_page_has_the_language_of_the_reader_and_keeps_the_query_when_it_changes(client: httpx.Client) -> None:
    html = client.get("/sparql", params={"query": MANY}, headers={**BROWSER, "Accept-Language": "nb"}).text
    assert "250 rader." in html
    (other,) = re.findall(r'<a href="([^"]+)" lang="en"', html)
    with httpx.Client(base_url=client.base_url, headers=BROWSER, follow_redirects=True) as reader:
        assert "250 rows." in reader.get(unescape(other)).text


def test_the_settings_of_the_editor_cannot_end_their_script(client: httpx.Client) -> None:
    html = page(client, "SELECT * { ?s ?p </script><script>alert(1)</script> }", 400)
    (settings,) = re.findall(r'<script type="application/json" id="editor-settings">(.*?)</script>', html)
    assert "<script>" in json.loads(settings)["problem"]["detail"]


def test_the_words_of_the_editor_differ_by_language_and_are_all_there() -> None:
    nb, en = (editor_settings(language, "", "", 30, {})["words"] for language in ("nb", "en"))
    assert nb.keys() == en.keys()
    assert all(nb.values())
    assert {key for key in nb if nb[key] == en[key]} == set()


def test_the_vocabulary_names_classes_properties_and_examples(client: httpx.Client) -> None:
    found = client.get("/sparql/vocabulary").json()
    assert found["prefixes"]["plan"] == "https://w3id.org/plangraf/ontology#"
    classes = {one["name"]: one for one in found["classes"]}
    properties = {one["name"]: one for one in found["properties"]}
    assert classes["plan:Plan"]["count"] > 0
    assert properties["dcterms:title"]["of"]["plan:Plan"] > 0


def test_the_script_of_the_editor_uses_exactly_the_words_that_it_is_given() -> None:
    """A word that is missing stops the script; one that is not used is work for translators."""
    scripts = (EDITOR / "src").glob("*.js")
    used = {word for path in scripts for word in re.findall(r'(?<![\w.])t\("(\w+)"', path.read_text("utf-8"))}
    views = set(re.findall(r'^  \["(\w+)",', (EDITOR / "src" / "results.js").read_text("utf-8"), re.MULTILINE))
    assert used | views == editor_settings("en", "", "", 30, {})["words"].keys()
