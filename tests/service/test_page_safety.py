"""No page has an inline script, style or handler, and none loads anything from another host.

The Content-Security-Policy would block it; this test says where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx
import pytest

# pyLODE generates the ontology's page, whose styles the policy allows by their hashes.
PAGES = (
    "/",
    "/catalog",
    "/collections",
    "/plans",
    "/perspectives?page=1&limit=2",
    "/doc/5001/plan/2020-2023-7",
    "/doc/5001/perspective/2020-7",
    "/targets/11.6",
    "/queries",
    "/shapes",
    "/version/",
    "/dump/",
    "/docs",
    "/nothing",
    "/sparql",
    "/sparql?query=SELECT%20%2A%20%7B%3Fs%20%3Fp%20%3Fo%7D",
    "/sparql?query=SELECT%20%2A%20%7B%3Fs%20plan%3Anumbr%20%22%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%7D",
    "/sparql?query=%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
)
# The attribute of each element that the browser loads or sends by itself.
LOADS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "object": "data", "form": "action"}


class Faults(HTMLParser):
    """Collects what the policy forbids."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host
        self.faults: list[str] = []
        self.elements = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements += 1
        given = {name: value or "" for name, value in attrs}
        self.faults += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given and not given.get("type", "").startswith("app")):
            self.faults.append(f"inline {tag}")
        if tag == "script" and "async" not in given and "defer" not in given and "module" not in given.get("type", ""):
            self.faults += ["a script that delays the page"] if "src" in given else []
        loaded = given.get(LOADS.get(tag, ""), "")
        if tag == "link" and given.get("rel") not in ("stylesheet", "icon", "preload", "modulepreload"):
            return  # a link for people and programs, which a browser does not load
        self.faults += [f"{tag} loads {loaded}"] if urlsplit(loaded).netloc not in ("", self.host) else []
        self.faults += [f"{tag} {name} is a script" for name, value in given.items() if "javascript:" in value.lower()]


def faults_of(html: str, host: str = "") -> Faults:
    found = Faults(host)
    found.feed(html)
    return found


@pytest.mark.sampled(3)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_free_of_what_its_policy_forbids(url: str, path: str) -> None:
    answer = httpx.get(url + path, headers={"Accept": "text/html", "Accept-Language": "nb"}, follow_redirects=True)
    assert answer.headers["content-type"].startswith("text/html"), answer.text[:300]
    found = faults_of(answer.text, urlsplit(url).netloc)
    assert found.elements > 5
    assert found.faults == []


def bad_pages() -> Iterator[str]:
    yield "<p style='color: red'>"
    yield "<style>p { color: red }</style>"
    yield "<script>alert(1)</script>"
    yield "<button onclick='alert(1)'>"
    yield "<script src='https://example.org/a.js' defer></script>"
    yield "<img src='//example.org/a.png'>"
    yield "<script src='/static/a.js'></script>"
    yield "<a href='javascript:alert(1)'>"
    yield "<link rel='stylesheet' href='https://example.org/a.css'>"


@pytest.mark.parametrize("html", [*bad_pages()])
def test_the_check_of_pages_finds_a_fault(html: str) -> None:
    assert len(faults_of(html).faults) == 1
