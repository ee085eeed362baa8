"""Suggestions while somebody types in the search form, by keyboard and by mouse, as a screen reader is told of them."""

from __future__ import annotations

from playwright.sync_api import expect
from visits import Visiting


def test_a_suggestion_is_chosen_by_keyboard(visit: Visiting) -> None:
    with visit(locale="nb") as tab:
        tab.open("/search")
        box = tab.page.get_by_role("combobox", name="Søk")
        expect(box).to_have_attribute("aria-expanded", "false")
        box.press_sequentially("parkeringspol")
        options = tab.page.get_by_role("option")
        expect(options.first).to_contain_text("parkeringspolitikk")
        expect(box).to_have_attribute("aria-expanded", "true")
        expect(options.first.locator("mark")).to_have_text("parkeringspolitikk")
        box.press("ArrowDown")
        chosen = tab.page.get_by_role("option", selected=True)
        expect(chosen).to_have_count(1)
        assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        box.press("ArrowUp")
        expect(chosen).to_have_count(0)
        box.press("ArrowDown")
        box.press("Enter")
        tab.page.wait_for_url("**/doc/5001/plan/2020-2023-8")


def test_escape_closes_the_suggestions_and_keeps_the_text(visit: Visiting) -> None:
    with visit(locale="nb") as tab:
        tab.open("/plans")
        box = tab.page.get_by_role("combobox", name="Søk")
        box.press_sequentially("klima")
        expect(tab.page.get_by_role("listbox")).to_be_visible()
        box.press("Escape")
        expect(tab.page.get_by_role("listbox")).to_be_hidden()
        expect(box).to_have_value("klima")
        expect(box).to_have_attribute("aria-expanded", "false")
        box.press("Enter")
        tab.page.wait_for_url("**/search?q=klima")
        expect(tab.page.get_by_role("status")).to_contain_text("«klima»")


def test_a_suggestion_is_chosen_by_mouse_in_english(visit: Visiting) -> None:
    with visit(locale="en") as tab:
        tab.open("/search?lang=en")
        tab.page.get_by_role("combobox", name="Search").press_sequentially("green mobil")
        tab.page.get_by_role("option", name="Green mobility Perspective").click()
        tab.page.wait_for_url("**/doc/5001/perspective/2020-7")


def test_the_search_works_without_script(visit: Visiting) -> None:
    with visit(java_script_enabled=False, locale="nb") as tab:
        tab.open("/")
        tab.page.locator("input[type=search]").first.fill("sak 8/21")
        tab.page.locator("form[role=search] button").first.click()
        tab.page.wait_for_url("**/search?q=sak+8%2F21")
        tab.page.get_by_role("link", name="Sak 8/21").click()
        tab.page.wait_for_url("**/doc/5001/case/8-21")
        assert not tab.faults
