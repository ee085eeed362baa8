"""With JavaScript off: text, links, facets and forms work; the editor and the live parts of pictures are excepted."""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from kinds_of_pages import PAGES, THINGS, Kind
from served_site import Site
from visits import Visiting

KINDS = (*PAGES, *THINGS)
SHORT = ("home", "list", "plan", "unknown address")
_BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
# What a browser sends when a form is submitted as it stands.
_FORMS = """() => Array.from(document.forms, form => {
  const data = new FormData(form), button = form.querySelector('button:not([type]), [type=submit]');
  if (button && button.name) data.append(button.name, button.value);
  const empty = Array.from(form.elements).some(one => one.required && !one.value);
  return {empty, method: form.method, action: form.getAttribute('action') || '', fields: Array.from(data.entries())};
})"""


def page_cases() -> list[object]:
    return [pytest.param(kind, marks=[] if kind.name in SHORT else pytest.mark.slow, id=kind.name) for kind in KINDS]


@pytest.mark.parametrize("kind", page_cases())
def test_text_links_and_forms_of_each_kind_of_page_work_without_script(visit: Visiting, site: Site, kind: Kind) -> None:
    with visit(java_script_enabled=False) as tab:
        tab.open(site.path(kind.name), status=kind.status)
        assert tab.page.locator("h1").is_visible()
        assert len(tab.page.locator("main").inner_text()) > 40
        links = tab.page.evaluate("Array.from(document.querySelectorAll('a[href]'), link => link.getAttribute('href'))")
        forms = tab.page.evaluate(_FORMS)
        anchors = {f"#{name}" for name in tab.page.evaluate("Array.from(document.querySelectorAll('[id]'), e => e.id)")}
        assert not tab.faults
    own = urljoin(site.url, site.path(kind.name))
    assert links
    # `#-` closes what `:target` opened; it names nothing, so that the page does not move.
    assert {link for link in links if link.startswith("#")} <= anchors | {"#-"}
    with httpx.Client(timeout=60, headers=_BROWSER) as client:
        for link in sorted({urldefrag(urljoin(own, link))[0] for link in links if not link.startswith("#")}):
            if urlsplit(link).netloc == urlsplit(site.url).netloc:
                answer = client.head(link)
                # A comparison names what the current version has no more.
                assert answer.status_code < 400 or (kind.name, answer.status_code) == ("compare", 410), link
        for form in forms:
            if form["empty"]:  # the browser asks for the field and sends nothing
                continue
            address = urljoin(own, form["action"])
            assert urlsplit(address).netloc == urlsplit(site.url).netloc
            sent = {"params": form["fields"]} if form["method"] == "get" else {"data": dict(form["fields"])}
            answer = client.request(form["method"], address, **sent, follow_redirects=True)
            assert answer.status_code == (kind.status if form["action"] == "/sparql" else 200), (
                form,
                answer.status_code,
                answer.text[:300],
            )
