"""Walks of readers through the site, by what they see: the names of links, buttons and fields."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect
from served_site import Site
from visits import Visiting

PLAN = "Kommunedelplan areal for Sluppen"
PERSPECTIVE = "Grønn mobilitet"


def search(page: Page, words: str) -> None:
    # With script the field is a combobox, without a search box.
    page.locator("input[name=q]").first.fill(words)
    page.get_by_role("button", name="Søk", exact=True).first.click()
    page.wait_for_url("**/search?**")


def parts_of(address: str) -> tuple[str, list[tuple[str, str]]]:
    """The path and the parameters that have a value."""
    return urlsplit(address).path, parse_qsl(urlsplit(address).query)


@pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["script", "no script"])
def test_a_reader_goes_from_home_over_search_plan_and_perspective_to_a_target_and_back_by_evidence(
    visit: Visiting, script: bool
) -> None:
    with visit(java_script_enabled=script) as tab:
        page = tab.page
        tab.open("/?lang=nb")
        search(page, "sluppen areal")
        page.get_by_role("main").get_by_role("link", name=re.compile(PLAN)).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(PLAN)
        page.get_by_role("main").get_by_role("link", name=re.compile(PERSPECTIVE)).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(PERSPECTIVE)
        page.get_by_role("main").locator("a[href*='/targets/11.2']").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("transport")
        page.get_by_role("main").get_by_role("link", name=re.compile(PERSPECTIVE)).first.click()
        mark = page.get_by_role("main").get_by_role("link", name=re.compile("^Belegg")).first
        named = mark.get_attribute("href") or ""
        mark.click()
        entry = page.locator(f"[id='{named.removeprefix('#')}']")
        expect(entry).to_be_in_viewport()
        entry.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert "/doc/5001/" in page.url
        assert not tab.faults


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_chosen_language_stays_over_the_next_pages(visit: Visiting, site: Site, script: bool) -> None:
    with visit(java_script_enabled=script) as tab:
        page, html = tab.page, tab.page.locator("html")
        tab.open("/plans?kind=temaplan")
        expect(html).to_have_attribute("lang", "nb")
        page.get_by_role("link", name="English", exact=True).click()
        expect(html).to_have_attribute("lang", "en")
        assert page.url.endswith("/plans?kind=temaplan")
        page.get_by_role("main").locator("a[href^='/doc/5001/plan/']").first.click()
        expect(html).to_have_attribute("lang", "en")
        tab.open("/")
        expect(html).to_have_attribute("lang", "en")
        page.get_by_role("link", name="Norsk bokmål", exact=True).click()
        expect(html).to_have_attribute("lang", "nb")
        kept = next(shown.path for name, shown in site.pages.items() if name == "list of a kept version")
        for language, other in (("nb", "English"), ("en", "Norsk bokmål"), ("nb", "English")):
            # The browser has kept the page in the other language.
            tab.open(kept)
            expect(html).to_have_attribute("lang", language)
            page.get_by_role("link", name=other, exact=True).click()
        assert not tab.faults


@pytest.mark.slow
def test_the_switch_of_every_kind_of_page_leads_to_the_same_page_in_the_other_language(
    visit: Visiting, site: Site
) -> None:
    with visit() as tab:
        for shown in site.pages.values():
            tab.page.context.clear_cookies()
            tab.open(shown.path, status=shown.kind.status)
            before = tab.page.url
            tab.page.get_by_role("banner").get_by_role("link", name="English", exact=True).click()
            expect(tab.page.locator("html")).to_have_attribute("lang", "en")
            assert parts_of(tab.page.url) == parts_of(before)


@pytest.mark.parametrize("language", ["nb", pytest.param("en", marks=pytest.mark.slow)])
def test_a_reader_filters_a_list_without_script_and_downloads_what_it_shows(visit: Visiting, language: str) -> None:
    with visit(java_script_enabled=False, accept_downloads=True, locale=language) as tab:
        page = tab.page
        tab.open("/plans")
        page.locator("select[name=kind]").select_option("temaplan")
        page.locator("form.filters button[type=submit]").click()
        page.wait_for_url("**/plans?*kind=temaplan*")
        shown = page.get_by_role("main").locator("tbody tr").count()
        assert shown > 3
        with page.expect_download() as download:
            page.get_by_role("main").locator("a[href*='csv']").first.click()
        text = Path(download.value.path()).read_text("utf-8")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert len(rows) == shown
        assert {row["kind"].rpartition("/")[2] for row in rows} == {"temaplan"}


@pytest.mark.slow
def test_a_picture_has_a_table_with_the_same_links_and_a_file(visit: Visiting) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        tab.open("/pictures/matrix")
        expect(page.locator("figure svg").first).to_be_visible()
        page.locator("details.picture-table summary").click()
        table = page.locator("details.picture-table table")
        expect(table).to_be_visible()
        rows = table.locator("tbody tr").count()
        assert rows > 100
        answer = page.request.get(tab.address("/pictures/matrix.csv"))
        assert len(list(csv.DictReader(io.StringIO(answer.text(), newline="")))) == rows
        table.locator("a[href*='/targets/']").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert not tab.faults


@pytest.mark.slow
def test_a_wrong_address_leads_on_by_search(visit: Visiting, site: Site) -> None:
    with visit(java_script_enabled=False) as tab:
        page = tab.page
        tab.open("/doc/5001/plan/sluppen", status=404)
        field = page.locator("main input[name=q]")
        assert field.input_value() == "sluppen"
        page.locator("main form button").click()
        page.wait_for_url("**/search?q=sluppen")
        expect(page.get_by_role("main").get_by_role("link", name=re.compile(PLAN)).first).to_be_visible()
        tab.open(site.path("removed thing"), status=410)
        page.get_by_role("main").get_by_role("link", name="Se det i den siste versjonen som hadde det").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Fjernet")
