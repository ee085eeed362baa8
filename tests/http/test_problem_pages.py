"""A failed request of a reader gets a page that helps on, in the reader's language; a program gets a problem."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
from small_server import LIMIT_BYTES, Script

from plangraf.errors import NotReadyError, OverloadedError, PlangrafError, QueryMemoryError, QueryTimeoutError
from plangraf.http.resource import problem_pages, problems
from plangraf.pages.problem_words import problem_words
from plangraf.pages.words import LANGUAGE_NAMES, words

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "nb"}
SENT = {"Content-Type": "application/sparql-query"}
FAILURES: dict[str, tuple[str, str, dict[str, str], str, int]] = {
    "unknown address": ("GET", "/nothing", {}, "", 404),
    "unknown thing": ("GET", "/doc/5001/plan/none", {}, "", 404),
    "unknown thing with an ending": ("GET", "/doc/5001/plan/none.html", {}, "", 404),
    "unknown file": ("GET", "/static/none", {}, "", 404),
    "unknown version": ("GET", "/version/00000000000000aa/plans", {}, "", 404),
    "unknown version of a list": ("GET", "/plans?version=00000000000000aa", {}, "", 404),
    "bad value": ("GET", "/plans?page=0", {}, "", 400),
    "bad language": ("GET", "/plans?lang=sv", {}, "", 400),
    "bad encoding": ("GET", "/plans?page=%ff", {}, "", 400),
    "method": ("POST", "/plans", {}, "", 405),
    "coding": ("GET", "/plans", {"Accept-Encoding": "identity;q=0, br;q=0, *;q=0"}, "", 406),
    "precondition": ("GET", "/plans", {"If-Match": '"x"'}, "", 412),
    "large body": ("POST", "/sparql", SENT, "x" * (LIMIT_BYTES + 1), 413),
    "type": ("POST", "/sparql", {"Content-Type": "text/plain"}, "ASK {}", 415),
}


def links(page: str) -> list[str]:
    """The links of the page's main part."""
    return [
        unescape(href) for href in re.findall(r'<a href="([^"]*)"', page.partition("<main")[2].partition("</main")[0])
    ]


def heading(page: str) -> str:
    return unescape(page.partition("<h1>")[2].partition("</h1>")[0])


@pytest.mark.parametrize("name", FAILURES)
def test_a_reader_gets_a_page_and_a_program_a_problem_with_the_same_status(direct: httpx.Client, name: str) -> None:
    method, path, headers, body, status = FAILURES[name]
    problem = direct.request(method, path, headers={"Accept": "*/*", **headers}, content=body)
    page = direct.request(method, path, headers={**BROWSER, **headers}, content=body)
    english = direct.request(method, path, headers={**BROWSER, **headers, "Accept-Language": "en"}, content=body)
    assert problem.headers["content-type"] == "application/problem+json"
    told = problem.json()
    assert [one.status_code for one in (problem, page, english)] == [status] * 3
    for one, language in ((page, "nb"), (english, "en")):
        assert one.headers["content-type"] == "text/html; charset=utf-8"
        assert one.headers["cache-control"] == "no-store"
        assert one.headers["vary"].removesuffix(", Accept-Encoding") == "Accept, Accept-Language, Cookie"
        said = problem_words(words(language), status, told["code"])
        assert f'<html lang="{language}">' in one.text
        if path.startswith("/sparql"):  # its page is the editor with the message
            continue
        assert heading(one.text) == said.title
        assert told["code"] in one.text
        assert one.headers["x-request-id"] in one.text
        if status != 412:  # names the tag of the answer, which has another one in each form
            detail = unescape(one.text.partition("<summary>")[2].partition("<p>")[2].partition("</p>")[0])
            assert (detail == told["detail"]) is (language == "en")
    assert heading(page.text) != heading(english.text)
    for header in ("allow", "retry-after", "accept-encoding"):
        assert page.headers.get(header) == problem.headers.get(header)


@pytest.mark.parametrize("name", FAILURES)
def test_every_way_on_leads_to_an_answer(direct: httpx.Client, name: str) -> None:
    method, path, headers, body, _ = FAILURES[name]
    page = direct.request(method, path, headers={**BROWSER, **headers}, content=body)
    ways = links(page.text)
    assert ({"/queries"} if path.startswith("/sparql") else {"/", "/collections"}) <= set(ways)
    for way in ways:
        assert direct.get(urljoin(str(page.url), way), headers={"Accept": "*/*"}).status_code == 200, way


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/plan", "/plans"),
        ("/planz", "/plans"),
        ("/doc/5001/plan/none", "/plans"),
        ("/querys", "/queries"),
        ("/queries/plnas", "/queries/plans"),
        ("/plans?page=0&kind=temaplan", "/plans?kind=temaplan"),
        ("/plans?lang=sv", "/plans"),
        ("/version/00000000000000aa/plans", "/version/"),
    ],
)
def test_the_page_offers_the_address_that_was_most_likely_meant(direct: httpx.Client, path: str, way: str) -> None:
    assert way in links(direct.get(path, headers=BROWSER).text)


def test_what_is_no_page_is_offered_in_its_forms(direct: httpx.Client) -> None:
    page = direct.get("/.well-known/void", headers={**BROWSER, "Accept": "text/html"})
    assert page.status_code == 406
    way = "/.well-known/void?format=text/turtle"
    assert way in links(page.text)
    assert direct.get(way, headers=BROWSER).headers["content-type"] == "text/turtle; charset=utf-8"
    problem = direct.get("/.well-known/void", headers={"Accept": "image/png"})
    assert (problem.status_code, problem.headers["content-type"]) == (406, "application/problem+json")


def test_lang_and_the_remembered_choice_decide_the_language_of_the_page(direct: httpx.Client) -> None:
    choice = {**BROWSER, "Cookie": "plangraf-language=en"}
    for path, headers, language in (
        ("/nothing?lang=en", BROWSER, "en"),
        ("/nothing", choice, "en"),
        ("/nothing?lang=nb", choice, "nb"),
        ("/nothing?lang=sv", choice, "en"),
        ("/nothing?lang=%ff", BROWSER, "nb"),
    ):
        assert f'<html lang="{language}">' in direct.get(path, headers=headers).text


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "text/turtle", "image/png", "text/html;q=0.4, */*;q=0.5"]
)
def test_a_client_that_does_not_prefer_pages_gets_a_problem(direct: httpx.Client, accept: str) -> None:
    for path in ("/nothing", "/plans?page=0"):
        assert direct.get(path, headers={"Accept": accept}).headers["content-type"] == "application/problem+json"


def test_text_of_the_address_is_escaped(direct: httpx.Client) -> None:
    for path in ("/<script>alert(1)</script>", '/plans?page="><script>alert(1)</script>', "/plans?<script>=1&page=0"):
        page = direct.get(path, headers=BROWSER).text
        assert "<script" not in page.replace('<script type="module" src="/static/search.js"', "")
        assert "<h1>" in page


@pytest.mark.parametrize(
    ("failure", "status", "retry"),
    [
        (OverloadedError(64), 429, True),
        (NotReadyError(), 503, True),
        (QueryTimeoutError(10), 503, True),
        (QueryMemoryError(256), 503, True),
        (PlangrafError("the disk is full"), 500, True),
        (RuntimeError("the secret inside"), 500, True),
    ],
)
def test_a_failure_of_the_service_is_a_page_with_a_way_to_try_again(
    script: Script, scripted: str, failure: Exception, status: int, retry: bool
) -> None:
    script.failure = failure
    address = "/doc/5001/plan/one?lang=nb"
    page = httpx.get(scripted + address, headers=BROWSER)
    assert page.status_code == status
    assert heading(page.text) == problem_words(words("nb"), status, getattr(failure, "code", "")).title
    assert "the secret inside" not in page.text
    assert page.headers["x-request-id"] in page.text
    assert (address in links(page.text)) is retry
    assert httpx.get(scripted + address).headers["content-type"] == "application/problem+json"


def test_a_page_that_cannot_be_rendered_becomes_a_problem(
    direct: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no words")

    monkeypatch.setattr(problem_pages, "problem_words", fail)
    response = direct.get("/nothing", headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "no words" not in response.text


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
def test_each_status_has_words_of_its_own(language: str) -> None:
    said = {status: problem_words(words(language), status, "") for status in set(problems._STATUSES.values())}
    general = {status for status in said if status not in (400, 500) and said[status] in (said[400], said[500])}
    assert general == {403, 421}  # their errors have words by their codes, or are only met by programs
    assert problem_words(words(language), 403, "service-forbidden") not in said.values()
