"""Tasks of four people who know no address: from the home page by what they see, in as few clicks as were counted."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from visits import Visit, Visiting

from plangraf.pages.built_scripts import editor_script


@dataclass(slots=True)
class Walker:
    """Somebody who clicks what is in sight, and whose clicks are counted."""

    tab: Visit
    clicks: int = 0

    @property
    def page(self) -> Page:
        return self.tab.page

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def click(self, target: Locator) -> None:
        target.first.click()
        self.clicks += 1

    def search(self, words: str, button: str) -> None:
        self.main.get_by_role("combobox").fill(words)
        self.click(self.main.get_by_role("button", name=button, exact=True))
        self.page.wait_for_url("**/search?**")


@contextmanager
def walking(visit: Visiting, language: str, most_clicks: int) -> Iterator[Walker]:
    """Starts at the home page; at the end no script has failed and no more clicks were needed."""
    with visit(locale=language, accept_downloads=True, reduced_motion="reduce") as tab:
        tab.open("/")
        walker = Walker(tab)
        yield walker
        assert not tab.faults
        assert walker.clicks <= most_clicks


def test_a_planner_finds_the_plans_for_a_target_and_the_document_that_says_so(visit: Visiting) -> None:
    with walking(visit, "nb-NO", 3) as walker:
        walker.search("11.6", "Søk")
        walker.click(walker.main.get_by_role("heading", level=2).get_by_role("link"))
        expect(walker.page.get_by_role("heading", level=1)).to_contain_text("11.6")
        plans = walker.page.get_by_role("region", name=re.compile("^Planer"))
        assert plans.get_by_role("listitem").count() >= 12
        walker.click(plans.get_by_role("link", name=re.compile("^Belegg")))
        opened = walker.page.locator(".evidence li:target")
        expect(opened).to_be_in_viewport()
        expect(opened).to_contain_text(re.compile(r"Planstrategi for Trondheim.*linje \d+", re.DOTALL))


def test_a_planner_finds_what_was_adopted_on_the_planning_strategy_and_when(visit: Visiting) -> None:
    with walking(visit, "nb-NO", 2) as walker:
        walker.click(walker.main.get_by_role("link", name="Hva er vedtatt, og når?"))
        row = walker.main.get_by_role("row", name=re.compile("Planstrategien 2016–2019"))
        expect(row).to_contain_text("8. desember 2016")
        expect(row).to_contain_text("175/16")
        walker.click(row.get_by_role("link", name="Planstrategien 2016–2019 ble vedtatt"))
        expect(walker.main).to_contain_text("Et vedtak i bystyret 8. desember 2016")


def test_a_journalist_finds_the_promises_on_housing_and_what_came_of_them(visit: Visiting) -> None:
    with walking(visit, "en-GB", 5) as walker:
        walker.search("housing", "Search")
        walker.click(walker.page.get_by_role("navigation", name="Narrow").get_by_role("link", name="Commitments"))
        hits = walker.main.get_by_role("heading", level=2).get_by_role("link")
        assert hits.count() >= 8
        walker.click(hits.filter(has_text="Facilitate more affordable homes"))
        expect(walker.main).to_contain_text("at least 100 per year")
        expect(walker.page.get_by_role("region", name="What came of it")).to_contain_text("The sources do not say")
        walker.click(walker.page.get_by_role("banner").get_by_role("link", name="Queries"))
        walker.click(walker.main.get_by_role("link", name="What came of the promises?"))
        assert walker.main.get_by_role("row").count() > 15


def test_a_researcher_downloads_the_links_from_plans_to_targets_with_their_evidence(visit: Visiting) -> None:
    with walking(visit, "en-GB", 3) as walker:
        walker.click(walker.main.get_by_role("link", name=re.compile("queries$")))
        walker.click(walker.main.get_by_role("link", name="Which ways lead from the plans to UN targets?"))
        with walker.page.expect_download() as download:
            walker.click(walker.main.get_by_role("link", name="CSV", exact=True))
        text = Path(download.value.path()).read_text("utf-8")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert len(rows) > 1000
        assert all("/passage/planstrategi" in row["planPassage"] for row in rows)
        assert all("/passage/perspektiver" in row["targetPassage"] for row in rows)
        version = walker.page.get_by_role("contentinfo").locator("code").inner_text()
        cited = walker.main.get_by_role("link", name=re.compile(f"{version}.queries.plan-target-paths"))
        walker.page.goto(cited.get_attribute("href") or "")
        expect(walker.page.get_by_role("heading", level=1)).to_contain_text("Which ways lead from the plans")


@pytest.mark.skipif(editor_script() is None, reason="the editor is not built; named at the end of the run")
def test_a_developer_new_to_sparql_changes_an_example_and_calls_it_from_python(visit: Visiting, tmp_path: Path) -> None:
    with walking(visit, "en-GB", 5) as walker:
        page = walker.page
        walker.click(page.get_by_role("banner").get_by_role("link", name="SPARQL"))
        page.wait_for_selector("html[data-editor=ready]")
        walker.click(walker.main.get_by_text("Examples", exact=True))
        walker.click(walker.main.get_by_role("button", name=re.compile("^Learn SPARQL, 3")))
        text = page.locator("#query").input_value()
        assert '"nb"' in text
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(text.replace('"nb"', '"en"'))
        walker.click(walker.main.get_by_role("button", name="Run"))
        table = walker.main.get_by_role("table")
        expect(table.get_by_role("row")).to_have_count(15)
        expect(table).to_contain_text("Green mobility")
        expect(table.get_by_role("row").first).to_be_in_viewport()
        walker.click(walker.main.get_by_text("In a program", exact=True))
        page.get_by_role("combobox", name="Programming language").select_option(label="Python")
        program = tmp_path / "ask.py"
        program.write_text(walker.main.locator(".folded pre").inner_text(), "utf-8")
        run = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=300, check=False)
        assert run.returncode == 0, run.stderr
        assert len(run.stdout.splitlines()) == 14
        assert "Green mobility" in run.stdout
