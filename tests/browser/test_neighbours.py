"""The picture of a thing's neighbours opens them in place: by mouse, touch and keyboard, with back and forward."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Page, expect
from served_site import Site
from visits import NARROW, WIDE, Visit, Visiting

ID = "https://w3id.org/plangraf/id/5001/"
PLAN, PERSPECTIVE = ID + "plan/2020-2023-7", ID + "perspective/2020-7"
STRATEGY = ID + "planning-strategy/2020-2023"
PATH = f"/pictures/neighbourhood?iri={quote(PLAN, safe='')}&lang=nb"
# Where the areas of the names that are seen stand: in the drawing, and on the screen.
_PLACES = """() => Object.fromEntries(Array.from(document.querySelectorAll('figure svg a[data-iri]'), one => {
  const area = one.querySelector('rect'), screen = area.getBoundingClientRect();
  const drawn = ['x', 'y', 'width', 'height'].map(name => Number(area.getAttribute(name)));
  return [`${one.dataset.iri} ${drawn[1]}`, screen.width && [...drawn, screen.x, screen.y + scrollY]];
}).filter(([, place]) => place))"""
_SMALL = """() => Array.from(document.querySelectorAll('figure svg text'), one => {
  const scale = one.ownerSVGElement.getBoundingClientRect().width / one.ownerSVGElement.viewBox.baseVal.width;
  return parseFloat(getComputedStyle(one).fontSize) * scale;
}).filter(size => size < 11)"""


def name(page: Page, iri: str) -> Any:
    return page.locator(f"figure svg a[data-iri='{iri}']").first


def places(page: Page) -> dict[str, list[float]]:
    found: dict[str, list[float]] = page.evaluate(_PLACES)
    return found


def overlapping(found: dict[str, list[float]]) -> list[tuple[str, str]]:
    """Pairs of names whose areas share a part."""
    return [
        (one, other)
        for (one, (x, y, width, height, *_)), (other, (x2, y2, width2, height2, *_)) in combinations(found.items(), 2)
        if x < x2 + width2 and x2 < x + width and y + 1 < y2 + height2 and y2 + 1 < y + height
    ]


def drawn(page: Page) -> set[str]:
    """The names in the picture."""
    return set(page.locator("figure svg a[data-iri]:visible").evaluate_all("all => all.map(one => one.dataset.iri)"))


def listed(page: Page) -> set[str]:
    """The names of the table, by the links that open their neighbours."""
    return set(page.locator("table.neighbours a[data-iri]").evaluate_all("all => all.map(one => one.dataset.iri)"))


def assert_clean(tab: Visit) -> None:
    assert not tab.faults
    assert tab.recorded()["refused"] == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_names_open_in_place_and_what_stands_keeps_its_place(visit: Visiting, site: Site, width: int) -> None:
    with visit(width=width, reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(PATH)
        before = places(page)
        assert PERSPECTIVE in drawn(page)
        name(page, PERSPECTIVE).click()
        status = page.locator(".walk-tools [role=status]")
        expect(status).to_have_text(re.compile("^Åpnet: Grønn mobilitet. Nye navn i figuren: [1-9]"))
        after = places(page)
        scrolled = page.locator(".picture-drawing").first.evaluate("one => one.scrollLeft")
        for one, (*place, x, y) in before.items():
            assert after[one][:4] == place
            assert after[one][4:] == pytest.approx([x - scrolled, y], abs=2)  # whole px
        assert len(after) > len(before) + 10
        assert drawn(page) <= listed(page)
        assert tab.sideways(width) == []
        assert page.evaluate(_SMALL) == []
        second = name(page, STRATEGY)
        second.click()
        expect(second).to_have_attribute("aria-expanded", "true")
        kept = places(page)
        assert overlapping(kept) == []
        for one, place in after.items():
            assert kept[one][:4] == place[:4]
            assert width == NARROW or abs(kept[one][4] - place[4]) < 100  # what the frame scrolls to show the new names
        name(page, PERSPECTIVE).click()
        expect(status).to_have_text("Lukket: Grønn mobilitet.")
        left = places(page)
        assert set(before) <= set(left) < set(kept)
        assert all(kept[one][:4] == place[:4] for one, place in left.items())
        assert_clean(tab)


def test_back_and_forward_and_the_address_keep_what_is_open(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(PATH)
        first = drawn(page)
        name(page, PERSPECTIVE).click()
        expect(name(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "true")
        one = drawn(page)
        name(page, STRATEGY).click()
        expect(name(page, STRATEGY)).to_have_attribute("aria-expanded", "true")
        both, stood = drawn(page), places(page)
        page.go_back()
        expect(name(page, STRATEGY)).to_have_attribute("aria-expanded", "false")
        assert drawn(page) == one
        page.go_back()
        expect(name(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "false")
        assert drawn(page) == first
        assert page.locator("table.neighbours tbody").count() == 1
        page.go_forward()
        page.go_forward()
        expect(name(page, STRATEGY)).to_have_attribute("aria-expanded", "true")
        assert drawn(page) == both
        page.reload()
        expect(name(page, STRATEGY)).to_have_attribute("aria-expanded", "true")
        assert drawn(page) == both
        assert set(places(page)) == set(stood)
        page.get_by_role("button", name="Lukk alle").click()
        expect(name(page, STRATEGY)).to_have_attribute("aria-expanded", "false")
        assert drawn(page) == first
        assert "#" not in page.url
        assert_clean(tab)


def test_the_keyboard_walks_the_picture(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(PATH)
        name(page, PERSPECTIVE).focus()
        page.keyboard.press("Enter")
        expect(name(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "true")
        assert page.evaluate("document.activeElement.dataset.iri") == PERSPECTIVE
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Les om den"
        page.keyboard.press("ArrowDown")
        opened = page.evaluate("document.activeElement.dataset.iri")
        assert opened not in (None, PERSPECTIVE)
        page.keyboard.press("Enter")
        expect(name(page, opened)).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Escape")
        expect(name(page, opened)).to_have_attribute("aria-expanded", "false")
        assert page.evaluate("document.activeElement.dataset.iri") == opened
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.activeElement.dataset.column") is None
        assert_clean(tab)


def test_the_table_opens_what_the_picture_leaves_out(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(f"/pictures/neighbourhood?iri={quote(PERSPECTIVE, safe='')}&lang=en")
        left = sorted(listed(page) - drawn(page))
        assert left
        link = page.locator(f"table.neighbours a[data-iri='{left[0]}']").first
        link.click()
        expect(name(page, left[0])).to_have_attribute("aria-expanded", "true")
        expect(link).to_have_text(re.compile("^Hide"))
        assert left[0] in drawn(page)
        body = page.locator("table.neighbours tbody").last
        expect(body.get_by_role("rowheader")).to_contain_text("Around")
        body.get_by_role("button").click()
        expect(link).to_have_text(re.compile("^Show"))
        assert left[0] not in drawn(page)
        expect(link).to_be_focused()
        assert_clean(tab)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_opened_picture_keeps_wcag_and_the_weight_of_a_page(visit: Visiting, site: Site, scheme: str) -> None:
    with visit(width=NARROW, has_touch=True, color_scheme=scheme) as tab:
        tab.open(PATH)
        name(tab.page, PERSPECTIVE).tap()
        expect(name(tab.page, PERSPECTIVE)).to_have_attribute("aria-expanded", "true")
        tab.page.wait_for_timeout(400)  # names have come in
        assert tab.violations() == []
        assert sum(file.bytes for file in tab.loaded()) < 60_000
        assert_clean(tab)


def test_what_cannot_be_fetched_is_said_and_nothing_opens(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        page = tab.page
        tab.open(PATH)
        page.route("**/neighbourhood.json?**", lambda route: route.fulfill(status=503, body="{}"))
        name(page, PERSPECTIVE).click()
        said = "Vi fikk ikke hentet naboene til Grønn mobilitet. Prøv igjen."
        expect(page.locator(".walk-tools [role=status]")).to_have_text(said)
        expect(name(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "false")
        assert "#" not in page.url
        page.unroute("**/neighbourhood.json?**")
        name(page, PERSPECTIVE).click()
        expect(name(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "true")


def test_names_that_are_chosen_while_others_are_fetched_open_together(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        page = tab.page
        tab.open(PATH)
        held: list[Any] = []
        page.route("**/neighbourhood.json?**", lambda route: held.append(route))
        for iri in (PERSPECTIVE, STRATEGY):
            name(page, iri).click()
        page.wait_for_function("document.querySelector('figure').getAttribute('aria-busy') === 'true'")
        for route in held:
            route.continue_()
        for iri in (PERSPECTIVE, STRATEGY):
            expect(name(page, iri)).to_have_attribute("aria-expanded", "true")
        assert [unquote(one) for one in page.url.partition("#open=")[2].split("&")] == [PERSPECTIVE, STRATEGY]
        assert_clean(tab)


def test_without_script_a_name_leads_to_the_page_of_its_neighbours(visit: Visiting, site: Site) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        tab.open(PATH)
        expect(page.locator(".walk-tools")).to_be_hidden()
        name(page, PERSPECTIVE).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Rundt Grønn mobilitet")
        assert not tab.faults
