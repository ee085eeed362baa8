"""The search over HTTP: page, JSON, JSON-LD and suggestions of a real server, and what it answers to bad requests."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import quote, unquote

import httpx
import pytest

from running_server import Server

PERSPECTIVE = "https://w3id.org/plangraf/id/5001/perspective/2020-7"
BROWSER = {"Accept": "text/html", "Accept-Language": "nb"}


def get(url: str, query: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{url}/search?{query}", headers={"Accept": "*/*", **headers})


def test_json_is_the_default_and_names_hits_with_reason_and_marks(url: str) -> None:
    answer = get(url, "q=gr%C3%B8nn+mobilitet")
    assert answer.headers["content-type"] == "application/json"
    first = answer.json()["hits"][0]
    assert first["id"] == PERSPECTIVE
    assert first["address"] == f"{url}/doc/5001/perspective/2020-7"
    assert first["title"] == {"text": "Grønn mobilitet", "lang": "nb", "marks": [[0, 15]]}
    assert first["kind"] == {"value": "perspectives", "title": "Perspektiv"}
    assert first["matched"] == "title"


def test_lang_names_the_language_of_titles_for_programs(url: str) -> None:
    english = get(url, "q=gr%C3%B8nn+mobilitet&lang=en")
    assert english.json()["hits"][0]["title"]["text"] == "Green mobility"
    assert english.json()["facets"]["kind"][0]["title"] == "Perspectives"
    header = get(url, "q=gr%C3%B8nn+mobilitet", **{"Accept-Language": "en"})
    assert header.json() == get(url, "q=gr%C3%B8nn+mobilitet").json()
    assert "Accept-Language" not in header.headers["vary"]


@pytest.mark.slow
def test_every_hit_leads_to_a_page(url: str) -> None:
    for query in ("q=klima&limit=30", "q=plan&kind=queries", "q=Saker&kind=lists", "q=saksnummer&kind=terms"):
        for hit in get(url, query).json()["hits"]:
            answer = httpx.get(hit["address"], headers={"Accept": "*/*"}, follow_redirects=True)
            assert answer.status_code in (200, 400), hit  # a query with a needed parameter explains itself


def test_a_section_leads_to_its_row_on_the_page_of_its_document(url: str) -> None:
    pages: dict[str, set[str]] = {}
    answer = get(url, "q=&kind=sections&limit=100").json()
    assert answer["total"] > 50
    for hit in answer["hits"]:
        address, _, anchor = hit["address"].partition("#")
        if address not in pages:
            page = httpx.get(address, headers=BROWSER).text
            pages[address] = set(map(html.unescape, re.findall(r'<tr id="([^"]+)"', page)))
        assert unquote(anchor) in pages[address], hit
    assert len(pages) > 3


def test_json_ld_names_a_section_by_its_place_and_no_document_by_the_title_of_a_section(url: str) -> None:
    asked = "q=&kind=sections&limit=100"
    members = get(url, asked, Accept="application/ld+json").json()["member"]
    hits = get(url, asked).json()["hits"]
    assert [member["id"] for member in members] == [hit["address"] for hit in hits]


def test_the_page_says_what_the_goals_count(url: str) -> None:
    for language, words in (("nb", "våre egne tolkninger"), ("en", "our own readings")):
        assert words in get(url, f"q=klima&lang={language}", **BROWSER).text


def test_the_page_works_without_script_and_shows_marked_hits(url: str) -> None:
    answer = get(url, "q=parkeringspolitikk", **BROWSER)
    page = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept-Language" in answer.headers["vary"]
    assert '<html lang="nb">' in page
    assert page.count('role="search"') == 1
    assert re.search(r'<form class="find" role="search" method="get" action="/search"', page)
    assert 'value="parkeringspolitikk"' in page
    assert re.search(r'<h2><a href="/doc/5001/plan/2020-2023-8">.*<mark>parkeringspolitikk</mark>', page)
    assert "style=" not in page


def test_every_page_has_the_form_of_the_search(url: str) -> None:
    for path in ("/", "/plans", "/doc/5001/plan/2020-2023-8", "/queries"):
        page = httpx.get(url + path, headers=BROWSER).text
        assert page.count('role="search"') == 1, path
        assert 'src="/static/search.js"' in page, path
    script = httpx.get(f"{url}/static/search.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


def test_text_that_was_typed_is_escaped(url: str) -> None:
    page = get(url, "q=" + quote('"><script>alert(1)</script> plan'), **BROWSER).text
    assert "<script>alert" not in page
    assert "&#34;&gt;&lt;script&gt;" in page


def test_an_empty_answer_helps(url: str) -> None:
    page = get(url, "q=xqzvwk", **BROWSER).text
    assert "Ingen treff." in page
    assert "xqzvwk" in page
    assert 'href="/plans"' in page
    signs = get(url, "q=%21%21", **BROWSER).text
    assert "verken bokstaver eller tall" in signs
    mended = get(url, "q=parkerinspolitikk", **BROWSER).text
    assert '<a href="?q=parkeringspolitikk">parkeringspolitikk</a>' in mended


def test_json_ld_is_a_hydra_collection_with_the_hits_in_order(url: str) -> None:
    answer = httpx.get(f"{url}/search.jsonld?q=klima&limit=3")
    document = answer.json()
    plain = get(url, "q=klima&limit=3").json()
    assert answer.headers["content-type"] == "application/ld+json"
    assert [member["id"] for member in document["member"]] == [hit["id"] for hit in plain["hits"]]
    assert document["totalItems"] == plain["total"]
    assert httpx.get(document["next"], headers={"Accept": "application/json"}).json()["page"] == 2


def test_pages_follow_next_and_end(url: str) -> None:
    address, seen = f"{url}/search.json?q=klima&limit=40", []
    while address:
        answer = httpx.get(address).json()
        seen += [hit["address"] for hit in answer["hits"]]
        address = answer.get("next", "")
    assert len(seen) == answer["total"]
    beyond = get(url, "q=klima&page=99")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "not-found")


def test_facets_of_the_page_narrow_and_are_removed(url: str) -> None:
    page = get(url, "q=klima", **BROWSER).text
    narrowed = re.search(r'href="(/search\?q=klima&amp;kind=plans)"', page)
    assert narrowed is not None
    plans = httpx.get(url + narrowed[1].replace("&amp;", "&"), headers=BROWSER).text
    assert 'href="/search?q=klima" aria-label="Fjern: Planer"' in plans


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("q=plan&kind=nothing", "bad-parameter", "There are"),
        ("q=plan&goal=99", "bad-parameter", "goal"),
        ("q=plan&municipality=0301", "bad-parameter", "5001"),
        ("q=plan&page=0", "bad-parameter", "whole number"),
        ("q=plan&limit=101", "bad-parameter", "1 to 100"),
        ("q=plan&lang=sv", "bad-parameter", "nb, en"),
        ("q=plan&colour=red", "bad-parameter", "q"),
        ("q=a&q=b", "bad-parameter", "2 times"),
        ("q=" + "a" * 1001, "bad-parameter", "1001 characters"),
        ("q=%ff", "bad-request", "UTF-8"),
    ],
)
def test_a_bad_parameter_is_a_clear_error(url: str, query: str, code: str, words: str) -> None:
    answer = get(url, query)
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["code"] == code
    assert words in problem["detail"]
    assert len(problem["detail"]) < 500


@pytest.mark.parametrize(
    "text",
    [
        'plan AND (NOT "x', "+-&&||!(){}[]^\"~*?:\\/", "'; DROP TABLE plans; --", "((((", "\x00\x01\x7f", "…", "🌍🚲",
        "*", "план 计划", "a" * 1000, "plan " * 200, "[* TO *]", "/(a+)+/", "%", "11.6.7/3", "\u202e\u0301", "<b>",
        "{{ 7*7 }}",
    ],
)  # fmt: skip
def test_hostile_text_is_answered_in_every_form(url: str, text: str) -> None:
    query = f"q={quote(text, safe='')}"
    answer = get(url, query)
    assert answer.status_code == 200
    found = answer.json()
    page = get(url, query, **BROWSER)
    assert page.status_code == 200
    if not found["total"]:
        assert "Ingen treff." in page.text
        assert found["unknown"] or "verken bokstaver eller tall" in page.text
    assert httpx.get(f"{url}/search.jsonld?{query}").status_code == 200
    assert httpx.get(f"{url}/search/suggestions?{query}").status_code == 200


def test_an_unchanged_answer_is_304_and_head_has_no_body(url: str) -> None:
    for path in ("/search?q=klima", "/search/suggestions?q=klima", "/search.html?q=klima"):
        first = httpx.get(url + path)
        assert first.headers["plangraf-version"]
        again = httpx.get(url + path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = httpx.head(url + path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == first.headers["etag"]
    other = httpx.get(f"{url}/search?q=klimaplan")
    assert other.headers["etag"] != httpx.get(f"{url}/search?q=klima").headers["etag"]


def test_a_pinned_version_is_searched_with_its_own_addresses(url: str) -> None:
    version = httpx.get(f"{url}/search?q=klima").headers["plangraf-version"]
    pinned = httpx.get(f"{url}/version/{version}/search.json?q=klima").json()
    assert pinned["hits"][0]["address"].startswith(f"{url}/version/{version}/doc/")
    page = httpx.get(f"{url}/version/{version}/search.html?q=klima").text
    assert f'action="/version/{version}/search"' in page
    assert re.search(rf'<h2><a href="/version/{version}/', page)
    suggested = httpx.get(f"{url}/version/{version}/search/suggestions?q=klima").json()["suggestions"]
    assert suggested[0]["href"].startswith(f"/version/{version}/")


def test_suggestions_follow_what_is_typed(url: str) -> None:
    def titles(text: str) -> list[str]:
        answer = httpx.get(f"{url}/search/suggestions", params={"q": text})
        return [suggestion["title"] for suggestion in answer.json()["suggestions"]]

    assert "Plan for helhetlig parkeringspolitikk i Trondheim" in titles("parkeringspol")[:3]
    assert titles("grønn mob")[0] == "Grønn mobilitet"
    assert titles("") == titles("   ") == []
    assert len(titles("plan")) == 8
    english = httpx.get(f"{url}/search/suggestions", params={"q": "green mob", "lang": "en"}).json()["suggestions"][0]
    assert (english["title"], english["kind"]) == ("Green mobility", "Perspective")


def test_the_search_is_documented(url: str) -> None:
    paths = httpx.get(f"{url}/openapi.json").json()["paths"]
    names = {parameter["name"] for parameter in paths["/search"]["get"]["parameters"]}
    assert {"q", "kind", "municipality", "goal", "period", "status", "page", "limit", "format", "lang"} == names
    assert list(paths["/search"]["get"]["responses"]["200"]["content"]) == [
        *("application/json", "application/ld+json", "text/html"),
    ]
    assert "/search/suggestions" in paths


@pytest.mark.slow
def test_a_version_without_an_index_says_so(
    start_light_server: Callable[..., AbstractContextManager[Server]],
) -> None:
    with start_light_server() as server:
        for path in ("/search?q=plan", "/search/suggestions?q=plan"):
            answer = httpx.get(server.url + path)
            assert answer.status_code == 404
            problem = json.loads(answer.content)
            assert problem["code"] == "search-unavailable"
            assert "plangraf build --force" in problem["detail"]
