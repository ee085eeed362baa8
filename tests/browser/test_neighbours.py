"""Walking in the picture of a thing's neighbours: by mouse, touch and keyboard, with back and forward."""

from __future__ import annotations

import re
import time
from itertools import combinations
from typing import Any
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Page, expect
from served_site import Site
from visits import NARROW, WIDE, Visit, Visiting

from plangraf.pages.built_scripts import walk_script

ID = "https://w3id.org/plangraf/id/5001/"
PLAN, PERSPECTIVE = ID + "plan/2020-2023-7", ID + "perspective/2020-7"
STRATEGY = ID + "planning-strategy/2020-2023"
PATH = f"/pictures/neighbourhood?iri={quote(PLAN, safe='')}&lang=nb"
BUILT = pytest.mark.skipif(walk_script() is None, reason="the scripts are not built; named at the end of the run")
# cytoscape keeps its graph at its element.
_CY = "document.querySelector('.walk-canvas')._cyreg.cy"
_PLACES = f"""() => Object.fromEntries({_CY}.nodes().map(one => [
  one.id(), [one.position('x') - one.width() / 2, one.position('y') - one.height() / 2, one.width(), one.height()],
]))"""
_POINT = f"""iri => {{
  const {{x, y}} = {_CY}.getElementById(iri).renderedPosition();
  const box = document.querySelector('.walk-canvas').getBoundingClientRect();
  return [box.x + x, box.y + y];
}}"""
_EDGES = f"""() => {_CY}.edges().map(one => [
  one.data('source'), one.data('target'), one.data('label'), one.style('line-style'),
  one.style('source-label') || one.style('target-label')])"""


def begin(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(Gå videre i figuren|Walk in the picture)$")).click()
    expect(page.locator(".walk-canvas")).to_have_attribute("aria-label", re.compile("graf|graph"))


def touch(page: Page, iri: str, *, finger: bool = False) -> None:
    """A click on a node of the canvas, or a tap."""
    page.locator(".walk-canvas").scroll_into_view_if_needed()
    # cytoscape learns of the scrolling by its event.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))")
    x, y = page.evaluate(_POINT, iri)
    (page.touchscreen.tap if finger else page.mouse.click)(x, y)


def opener(page: Page, iri: str) -> Any:
    return page.locator(f"table.neighbours button[data-iri='{iri}']").first


def open_by_table(page: Page, iri: str) -> None:
    opener(page, iri).click()
    expect(opener(page, iri)).to_have_attribute("aria-expanded", "true")


def wait_until(page: Page, condition: str, arg: object = None) -> None:
    """Asks until a condition holds; playwright's `wait_for_function` breaks the policy of a page when it asks again."""
    deadline = time.monotonic() + 60
    while not page.evaluate(condition, arg):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def places(page: Page) -> dict[str, list[float]]:
    """Where the nodes stand in the graph: left, top, width and height by id."""
    found: dict[str, list[float]] = page.evaluate(_PLACES)
    return found


def overlapping(found: dict[str, list[float]]) -> list[tuple[str, str]]:
    return [
        (one, other)
        for (one, (x, y, width, height)), (other, (x2, y2, width2, height2)) in combinations(found.items(), 2)
        if x + 1 < x2 + width2 and x2 + 1 < x + width and y + 1 < y2 + height2 and y2 + 1 < y + height
    ]


def shown(page: Page) -> set[str]:
    """The things of the graph."""
    return set(page.evaluate(f"{_CY}.nodes('[iri]').map(one => one.id())"))


def listed(page: Page) -> set[str]:
    """The things of the table, by the buttons that open their neighbours."""
    found = page.locator("table.neighbours button[data-iri]").evaluate_all("all => all.map(one => one.dataset.iri)")
    return set(found)


def assert_clean(tab: Visit) -> None:
    assert not tab.faults
    assert tab.recorded()["refused"] == []


@BUILT
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_touched_name_opens_its_neighbours_and_what_stands_keeps_its_place(
    visit: Visiting, site: Site, width: int
) -> None:
    with visit(width=width, reduced_motion="reduce", has_touch=width == NARROW) as tab:
        page = tab.page
        tab.open(PATH)
        begin(page)
        before = places(page)
        assert PERSPECTIVE in shown(page) <= listed(page) | {PLAN}
        touch(page, PERSPECTIVE, finger=width == NARROW)
        status = page.locator(".walk-tools [role=status]")
        expect(status).to_have_text(re.compile("^Åpnet: Grønn mobilitet. Nye navn i figuren: [1-9]"))
        assert not page.evaluate(f"{_CY}.elements().animated()")
        after = places(page)
        assert len(after) > len(before) + 10
        assert {one: after[one] for one in before} == before
        assert overlapping(after) == []
        assert shown(page) <= listed(page) | {PLAN}
        read = page.locator(".walk-chosen").get_by_role("link", name="Les om den")
        assert (read.get_attribute("href") or "").endswith("/doc/5001/perspective/2020-7")
        assert tab.sideways(width) == []
        open_by_table(page, STRATEGY)
        kept = places(page)
        assert {one: kept[one] for one in after} == after
        assert overlapping(kept) == []
        opener(page, PERSPECTIVE).click()
        expect(status).to_have_text("Lukket: Grønn mobilitet.")
        assert set(before) <= set(places(page)) < set(kept)
        open_by_table(page, PERSPECTIVE)
        assert places(page) == kept
        page.evaluate(f"id => {{ {_CY}.center({_CY}.getElementById(id)) }}", PERSPECTIVE)
        touch(page, PERSPECTIVE, finger=width == NARROW)
        expect(status).to_have_text("Lukket: Grønn mobilitet.")
        assert_clean(tab)


@BUILT
def test_back_and_forward_and_the_address_keep_what_is_open(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(PATH)
        begin(page)
        first = shown(page)
        open_by_table(page, PERSPECTIVE)
        one = shown(page)
        open_by_table(page, STRATEGY)
        both = shown(page)
        page.go_back()
        expect(opener(page, STRATEGY)).to_have_attribute("aria-expanded", "false")
        assert shown(page) == one
        page.go_back()
        expect(opener(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "false")
        assert shown(page) == first
        page.go_back()
        expect(page.locator("figure svg")).to_be_visible()
        expect(page.locator(".walk-canvas")).to_be_hidden()
        assert page.locator("table.neighbours tbody").count() == 1
        assert page.locator("table.neighbours button").count() == 0
        for _ in range(3):
            page.go_forward()
        expect(opener(page, STRATEGY)).to_have_attribute("aria-expanded", "true")
        assert shown(page) == both
        page.reload()
        expect(opener(page, STRATEGY)).to_have_attribute("aria-expanded", "true")
        assert shown(page) == both
        assert overlapping(places(page)) == []
        page.get_by_role("button", name="Lukk alle").click()
        expect(opener(page, STRATEGY)).to_have_attribute("aria-expanded", "false")
        assert shown(page) == first
        assert page.url.endswith("#open=")
        page.get_by_role("button", name="Lukk grafen").click()
        expect(page.locator("figure svg")).to_be_visible()
        assert "#" not in page.url
        assert_clean(tab)


@BUILT
def test_the_keyboard_walks_by_the_table(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(PATH)
        page.get_by_role("button", name="Gå videre i figuren").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Lukk grafen")).to_be_focused()
        zoom = page.evaluate(f"{_CY}.zoom()")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate(f"{_CY}.zoom()") > zoom
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.evaluate(f"{_CY}.zoom()") == pytest.approx(zoom)
        button = opener(page, PERSPECTIVE)
        while not button.evaluate("one => one === document.activeElement"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(button).to_have_text("Skjul naboene til Grønn mobilitet")
        expect(button).to_be_focused()
        assert button.evaluate("one => parseFloat(getComputedStyle(one).outlineWidth)") >= 2
        body = page.locator("table.neighbours tbody").last
        expect(body.get_by_role("rowheader")).to_contain_text("Rundt Grønn mobilitet")
        body.get_by_role("button", name="Lukk: Grønn mobilitet").focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(button).to_be_focused()
        assert_clean(tab)


@BUILT
def test_the_table_opens_what_the_graph_leaves_out(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(f"/pictures/neighbourhood?iri={quote(PERSPECTIVE, safe='')}&lang=en")
        begin(page)
        left = sorted(listed(page) - shown(page))
        assert left
        rest = f"{_CY}.nodes('[first]').map(one => [one.id(), one.data('text'), one.data('first')])"
        node, text, first = next(one for one in page.evaluate(rest) if re.fullmatch(r"and \d+ more", one[1]))
        page.evaluate(f"id => {{ {_CY}.center({_CY}.getElementById(id)) }}", node)
        touch(page, node)
        expect(opener(page, first)).to_be_focused()
        open_by_table(page, first)
        assert first in shown(page)
        now = page.evaluate(f"id => {_CY}.getElementById(id).data('text')", node)
        assert int(re.sub(r"\D", "", now)) < int(re.sub(r"\D", "", text))
        assert overlapping(places(page)) == []
        assert_clean(tab)


@BUILT
@pytest.mark.parametrize(("language", "words"), [("nb", "Svarer på"), ("en", "Responds to")])
def test_each_edge_says_its_link_and_an_interpreted_one_is_dashed(
    visit: Visiting, site: Site, language: str, words: str
) -> None:
    with visit(reduced_motion="reduce") as tab:
        tab.open(PATH.replace("lang=nb", f"lang={language}"))
        begin(tab.page)
        found = tab.page.evaluate(_EDGES)
        assert (PLAN, PERSPECTIVE, words, "solid", words) in map(tuple, found)
        assert all(label and label == said for _, _, label, _, said in found)
        assert all(label[0].isupper() for _, _, label, _, _ in found)
        dashed = {target for source, target, _, line, _ in found if line == "dashed" and source == PLAN}
        tags = tab.page.locator("table.neighbours tr:has(.interpreted) [data-iri]")
        assert dashed == set(tags.evaluate_all("all => all.map(one => one.dataset.iri)"))
        assert dashed
        assert_clean(tab)


@BUILT
def test_the_script_is_loaded_once_and_only_when_it_is_asked_for(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        page = tab.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        tab.open(PATH)
        assert not [one for one in asked if str(walk_script()) in one]
        assert sum(file.bytes for file in tab.loaded()) < 60_000
        page.route("**/static/walk-*.js*", lambda route: route.fulfill(status=503, body=""))
        page.get_by_role("button", name="Gå videre i figuren").click()
        status = page.locator(".walk-tools [role=status]")
        expect(status).to_have_text("Vi fikk ikke hentet grafen. Prøv igjen.")
        expect(page.locator("figure svg")).to_be_visible()
        assert "#" not in page.url
        page.unroute("**/static/walk-*.js*")
        asked.clear()
        for _ in range(2):
            begin(page)
            page.get_by_role("button", name="Lukk grafen").click()
        assert len([one for one in asked if str(walk_script()) in one]) == 1
        assert len([one for one in asked if "neighbourhood.json" in one]) == 1


@BUILT
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_graph_keeps_wcag_and_takes_the_colours_of_the_page(visit: Visiting, site: Site, scheme: str) -> None:
    with visit(width=NARROW, color_scheme=scheme) as tab:
        page = tab.page
        tab.open(PATH)
        begin(page)
        open_by_table(page, PERSPECTIVE)
        wait_until(page, f"!{_CY}.elements().animated()")
        assert tab.violations() == []
        expect(
            page.get_by_role("img", name=re.compile("^En graf med Kommunedelplan .* Tabellen under"))
        ).to_be_visible()
        # cytoscape tells colours in the form of the text on the page.
        ink = f"() => {_CY}.getElementById({PERSPECTIVE!r}).style('color')"
        assert page.evaluate(ink) == page.evaluate("getComputedStyle(document.body).color").replace(" ", "")
        before = page.evaluate(ink)
        page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
        wait_until(page, f"old => {_CY}.getElementById({PERSPECTIVE!r}).style('color') !== old", arg=before)
        assert page.evaluate(ink) == page.evaluate("getComputedStyle(document.body).color").replace(" ", "")
        assert_clean(tab)


@BUILT
def test_the_wheel_scrolls_the_page_and_with_ctrl_changes_the_size(visit: Visiting, site: Site) -> None:
    with visit(reduced_motion="reduce") as tab:
        page = tab.page
        tab.open(PATH)
        begin(page)
        zoom, from_top = page.evaluate(f"[{_CY}.zoom(), scrollY]")
        page.mouse.move(*page.evaluate(_POINT, PLAN))
        page.mouse.wheel(0, 200)
        wait_until(page, "before => scrollY > before", arg=from_top)
        assert page.evaluate(f"{_CY}.zoom()") == zoom
        deadline = time.monotonic() + 60
        # The graph ignores the wheel for a moment after the page has scrolled.
        while page.evaluate(f"{_CY}.zoom()") <= zoom:
            assert time.monotonic() < deadline
            page.mouse.move(*page.evaluate(_POINT, PLAN))
            page.keyboard.down("Control")
            page.mouse.wheel(0, -200)
            page.keyboard.up("Control")
        assert_clean(tab)


@BUILT
def test_what_cannot_be_fetched_is_said_and_nothing_opens(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        page = tab.page
        tab.open(PATH)
        begin(page)
        page.route("**/neighbourhood.json?**", lambda route: route.fulfill(status=503, body="{}"))
        opener(page, PERSPECTIVE).click()
        said = "Vi fikk ikke hentet naboene til Grønn mobilitet. Prøv igjen."
        expect(page.locator(".walk-tools [role=status]")).to_have_text(said)
        expect(opener(page, PERSPECTIVE)).to_have_attribute("aria-expanded", "false")
        assert page.url.endswith("#open=")
        page.unroute("**/neighbourhood.json?**")
        open_by_table(page, PERSPECTIVE)


@BUILT
def test_things_that_are_chosen_while_others_are_fetched_open_together(visit: Visiting, site: Site) -> None:
    with visit() as tab:
        page = tab.page
        tab.open(PATH)
        begin(page)
        held: list[Any] = []
        page.route("**/neighbourhood.json?**", lambda route: held.append(route))
        for iri in (PERSPECTIVE, STRATEGY):
            opener(page, iri).click()
        wait_until(page, "document.querySelector('figure').getAttribute('aria-busy') === 'true'")
        for route in held:
            route.continue_()
        for iri in (PERSPECTIVE, STRATEGY):
            expect(opener(page, iri)).to_have_attribute("aria-expanded", "true")
        assert [unquote(one) for one in page.url.partition("#open=")[2].split("&")] == [PERSPECTIVE, STRATEGY]
        assert_clean(tab)


def test_without_script_a_name_leads_to_the_page_of_its_neighbours(visit: Visiting, site: Site) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        tab.open(PATH)
        assert page.get_by_role("button", name="Gå videre i figuren").count() == 0
        page.locator(f"figure svg a[href*='{quote(PERSPECTIVE, safe='')}']").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Rundt Grønn mobilitet")
        assert not tab.faults
