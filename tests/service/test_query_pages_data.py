"""The page of every named query over the whole data, in both languages, and that each has its words."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import httpx
import pytest

from page_tree import read_tree
from plangraf.settings import default_home
from plangraf.sparql.named.binding import LANGUAGES, load_queries
from plangraf.sparql.named.query_words import load_query_words

FOLDER = default_home() / "queries"
QUERIES = load_queries(FOLDER)
WORDS = load_query_words(FOLDER, QUERIES)
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
# Bytes of a page before compression, on a phone's connection half a second.
MOST = 250_000


def test_every_query_column_and_parameter_has_words_and_no_words_are_left_over() -> None:
    assert set(WORDS.queries) == set(QUERIES)
    columns = {(name, column) for name, query in QUERIES.items() for column in query.head.columns}
    parameters = {(name, one) for name, query in QUERIES.items() for one in query.parameters if one != "lang"}
    assert not {pair for pair in columns if WORDS.column(*pair) is None}
    assert not {pair for pair in parameters if WORDS.parameter(*pair) is None}
    assert set(WORDS.columns) <= {column for _, column in columns}
    assert set(WORDS.parameters) <= {one for _, one in parameters}
    assert set(WORDS.coded) <= {column for _, column in columns}
    assert {words.group for words in WORDS.queries.values()} == set(WORDS.groups)


# Queries of a second and more; the short set reads two of their pages.
LONG = {"gaps", "target-profile", "quality", "compare-municipalities", "edges"}
SHORT = {("target-profile", "nb"), ("quality", "en")}


def _longer(name: str, language: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if name in LONG and (name, language) not in SHORT else []


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("name", "language"),
    [pytest.param(name, language, marks=_longer(name, language)) for name, language in product(QUERIES, LANGUAGES)],
)
def test_every_query_has_a_page_whose_links_and_words_are_those_of_people(url: str, name: str, language: str) -> None:
    example = QUERIES[name].example
    response = httpx.get(f"{url}/queries/{name}", params={**example, "lang": language}, headers=BROWSER)
    assert response.status_code == 200
    assert len(response.content) < MOST
    tree = read_tree(response)
    assert tree.one("h1").text == WORDS.queries[name].question.in_language(language)
    assert not tree.all("div", role="alert")
    count = int("".join(filter(str.isdigit, tree.one("h2", id="rows").text)))
    csv = next(one for one in tree.all("a") if one.text == "CSV").attributes["href"]
    assert count == len(httpx.get(f"{url}{csv}").text.replace("\r\n", "\0").split("\0")) - 2
    if count:
        heads = [cell.text for cell in tree.one("thead").all("th")]
        known = [WORDS.column(name, column) for column in QUERIES[name].head.columns]
        assert set(heads) <= {words.in_language(language) for words in known if words}
        cells = [cell for row in tree.one("tbody").all("tr") for cell in row.all("td")]
        assert len(cells) % len(heads) == 0
        # No IRI and no CURIE stands in a cell; a link has its label.
        shown = [cell.text for cell in cells]
        assert not [text for text in shown if text.startswith(("https://w3id.org/", "plan:", "<"))]


@pytest.mark.sampled(9)
@pytest.mark.parametrize("name", ["plans-by-target", "figures", "promise-to-decision", "edges", "evidence"])
def test_links_of_a_page_lead_to_documents(url: str, name: str) -> None:
    tree = read_tree(httpx.get(f"{url}/queries/{name}", params=QUERIES[name].example, headers=BROWSER))
    links = dict.fromkeys(one.attributes["href"] for one in tree.one("tbody").all("a"))
    ours = [link for link in links if link.startswith("/")]
    assert ours
    for link in ours[:: max(1, len(ours) // 12)]:
        assert httpx.get(f"{url}{link}", follow_redirects=True).status_code == 200, link


def test_a_passage_is_named_by_its_place(url: str) -> None:
    tree = read_tree(httpx.get(f"{url}/queries/promise-to-decision", headers={**BROWSER, "Accept-Language": "nb"}))
    passages = [one.text for one in tree.one("tbody").all("a") if "/passage/" in one.attributes["href"]]
    assert passages
    assert all(text.startswith("Byrådsplattform for Trondheim, linje ") for text in passages if "plattform" in text)
    assert not [text for text in passages if text.startswith("passage ")]


def test_the_list_asks_every_question_once(url: str) -> None:
    for language in LANGUAGES:
        tree = read_tree(httpx.get(f"{url}/queries", params={"lang": language}, headers=BROWSER))
        asked = [one.text for one in tree.all("h3")]
        assert sorted(asked) == sorted(words.question.in_language(language) for words in WORDS.queries.values())
        assert [one.text for one in tree.all("h2")][:-1] == [
            words.in_language(language) for words in WORDS.groups.values()
        ]


def test_a_home_without_words_has_none(tmp_path: Path) -> None:
    assert not load_query_words(tmp_path, QUERIES).queries
