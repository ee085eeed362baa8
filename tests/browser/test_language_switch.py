"""The language switch of every kind of page: it keeps address and parameters, and leads back to the same page."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import httpx
import pytest
from kinds_of_pages import PAGES, THINGS
from served_site import Site

from page_tree import Element, read_tree

# Pages with parameters, with an ending, and under a kept version, by the kind whose page has the placeholders.
MORE = (
    "/plans?kind=temaplan&sort=-title&limit=5&page=2",
    "/plans.html?target=11.6&limit=3",
    "/search?q=klima+og+milj%C3%B8&kind=plans",
    "/search?q=plan&limit=5&page=2",
    "/search.html?q=11.6",
    "/queries/plans-by-target?target=11.6&municipality=5001",
    "/queries/edges.html?page=2",
    "/queries/evidence?about=nothing",
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D&page=2&timeout=20",
    "/pictures/matrix?municipality=5001",
    "/pictures/coverage.html",
    "/doc?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F11.6",
    "/doc/5001/plan/2020-2023-7.html",
    "/targets/11.6",
    "/goals/11.html",
    "/nothing%20here?a=1&b=%C3%A6",
    "/version/{earlier}/doc/5001/plan/2020-2023-7",
    "/version/{earlier}/plans?target=11.6&sort=title",
    "/version/{earlier}/queries/plans-by-target?target=11.6",
    "/version/{earlier}/search?q=klimaplan",
    "/version/{earlier}/sparql?query=ASK%20%7B%7D",
    "/version/{earlier}/nothing",
    "/version/{current}/collections",
    "/version/{current}/pictures/matrix?municipality=5001",
)
READER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"}
KINDS = [kind.name for kind in (*PAGES, *THINGS)]


@pytest.fixture(scope="module")
def ids(served: Site) -> dict[str, str]:
    kept = served.path("home of a kept version")
    return {
        "earlier": kept.split("/")[2],
        "current": served.path("downloads").split("/")[2],
    }


def visited(served: Site, path: str, language: str) -> httpx.Response:
    """The page of a reader who chose a language earlier."""
    return httpx.get(f"{served.url}{path}", headers={**READER, "Cookie": f"plangraf-language={language}"})


def bytes_of(response: httpx.Response) -> bytes:
    """The page without the id of its request, which an error tells."""
    return response.content.replace(response.headers["x-request-id"].encode(), b"")


def switch(page: Element, to: str) -> str:
    """The link of the switch; the language of the page itself is marked and no link."""
    languages = page.one("ul", "languages")
    (link,) = [one for one in languages.all("a") if one.attributes["hreflang"] == to]
    (here,) = languages.all("span", **{"aria-current": "true"})
    assert here.attributes["lang"] == page.one("html").attributes["lang"] != to
    return link.attributes["href"]


def switched(served: Site, path: str, href: str, to: str) -> httpx.Response:
    """Follows the switch of the page at `path`; the address stays, or has the language as one parameter more."""
    assert urlsplit(href).netloc == ""
    if "/language?" not in href:
        there = urlsplit(urljoin(path, href))
        assert there.path == urlsplit(path).path
        wanted = [pair for pair in parse_qsl(urlsplit(path).query, keep_blank_values=True) if pair[0] != "lang"]
        assert sorted(parse_qsl(there.query, keep_blank_values=True)) == sorted([*wanted, ("lang", to)])
        return httpx.get(f"{served.url}{there.path}?{there.query}", headers=READER)
    chosen = httpx.get(f"{served.url}{href}", headers=READER)
    assert chosen.status_code == 303
    there = chosen.headers["location"]
    assert asked_for(there) == asked_for(path), href
    return visited(served, there, chosen.cookies["plangraf-language"])


def asked_for(address: str) -> tuple[str, list[tuple[str, str]]]:
    """What an address asks for: its path without an ending, which a browser does not need, and its parameters.

    An empty text for the search is none.
    """
    parts = urlsplit(address)
    return unquote(parts.path).removesuffix(".html"), sorted(parse_qsl(parts.query))


def check(served: Site, path: str, status: int) -> None:
    first = visited(served, path, "nb")
    assert first.status_code == status
    norwegian = read_tree(first)
    assert norwegian.one("html").attributes["lang"] == "nb"
    second = switched(served, path, switch(norwegian, "en"), "en")
    assert second.status_code == status
    english = read_tree(second)
    assert english.one("html").attributes["lang"] == "en"
    assert bytes_of(second) != bytes_of(first)
    again = switched(served, path, switch(english, "nb"), "nb")
    assert (again.status_code, bytes_of(again)) == (status, bytes_of(first))
    # With its language in the address, a page leads to the same one.
    named = f"{path}{'&' if '?' in path else '?'}lang=en"
    page = read_tree(visited(served, named, "nb"))
    assert page.one("html").attributes["lang"] == "en"
    assert bytes_of(switched(served, path, switch(page, "nb"), "nb")) == bytes_of(first)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page(served: Site, kind: str) -> None:
    check(served, served.path(kind).partition("#")[0], served.pages[kind].kind.status)


@pytest.mark.slow
@pytest.mark.parametrize("path", MORE)
def test_pages_with_parameters_and_of_kept_versions(served: Site, ids: dict[str, str], path: str) -> None:
    path = path.format(**ids)
    status = 404 if "nothing" in path and "evidence" not in path else 400 if "nothing" in path else 200
    check(served, path, status)
