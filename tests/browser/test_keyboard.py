"""By keyboard alone: the skip link, the order of the stops, and a focus that is seen."""

from __future__ import annotations

from typing import Any

import pytest
from kinds_of_pages import PAGES, THINGS, Kind
from served_site import Site
from visits import Visiting

KINDS = (*PAGES, *THINGS)
SHORT = ("home", "list", "plan")
# Stops on a page that are looked at; a list has hundreds of equal ones.
MOST_STOPS = 60
_STOP = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  // Of the first line, because the box of a link on two lines has corners without it.
  const line = one.getClientRects()[0] || box;
  const x = line.left + Math.min(line.width / 2, 20), y = line.top + Math.min(line.height / 2, 8);
  const middle = document.elementFromPoint(x, y);
  const all = Array.from(document.querySelectorAll('*'));
  return {
    name: `${one.tagName.toLowerCase()} ${(one.innerText || one.name || '').trim().slice(0, 40)}`,
    order: all.indexOf(one),
    outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inside: box.width > 0 && box.top < innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0,
    covered: !middle || !(one.contains(middle) || middle.contains(one)),
    body: one === document.body,
    plain: one === document.body || one.tagName === 'HTML',
  };
}"""


def key_stops(page: Any) -> list[dict[str, Any]]:
    """The elements that Tab stops at from the start of the page, in order."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop["plain"]:
            break
        found.append(stop)
    return found


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind.name in SHORT else pytest.mark.slow, id=kind.name) for kind in KINDS]
)
def test_each_stop_of_the_keyboard_is_seen_and_in_the_order_of_the_text(
    visit: Visiting, site: Site, kind: Kind
) -> None:
    with visit() as tab:
        tab.open(site.path(kind.name), status=kind.status)
        stops = key_stops(tab.page)
    assert len(stops) > 3
    assert [stop["name"] for stop in stops if not stop["outline"]] == []
    assert [stop["name"] for stop in stops if not stop["inside"]] == []
    assert [stop["name"] for stop in stops if stop["covered"]] == []
    assert [stop["order"] for stop in stops] == sorted(stop["order"] for stop in stops)


def test_the_first_stop_skips_to_the_content(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        tab.open(site.path("plan"))
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate("document.activeElement.matches('a[href^=\"#\"]')")
        assert tab.page.evaluate(_STOP)["inside"]
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_page_opens_from_a_list_by_keyboard(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        tab.open(site.path("list"))
        title = tab.page.locator("main a[href*='/doc/5001/plan/']").first
        title.focus()
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_url("**/doc/5001/plan/*")
        assert tab.page.locator("h1").is_visible()
        assert not tab.faults
