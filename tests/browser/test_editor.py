"""The query editor of `/sparql` in Chromium: run, stop, complete, share, by keyboard alone.

It needs Chromium and the built front-end (`make editor`); the run says at its end which of them was absent.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from visits import CHROMIUM

from plangraf.pages.built_scripts import editor_script
from running_server import Server

PATIENCE_MS = 120_000
PREFIXES = """PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX dcterms: <http://purl.org/dc/terms/>
"""
PLANS = PREFIXES + "SELECT ?plan ?number { ?plan a plan:Plan ; plan:number ?number } ORDER BY ?number ?plan"
# Runs until it is stopped: the square of the number of triples, twice.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?h ?i }"
# The languages of the samples, with what runs a program that is given as text.
PROGRAMS = {
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "Python, httpx": [sys.executable, "-c"],
    **({"R": ["Rscript", "-e"]} if shutil.which("Rscript") else {}),
}
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; named at the end of the run"),
    pytest.mark.skipif(editor_script() is None, reason="the editor is not built; named at the end of the run"),
]
Tab = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def tab(browser: Browser, url: str) -> Tab:
    """Opens a tab; after the test no script has failed, no policy was broken, and no other host was asked."""

    @contextmanager
    def opened(path: str = "/sparql", **options: Any) -> Iterator[Page]:
        with opened_tab(browser, url, path, **options) as page:
            yield page

    return opened


@contextmanager
def opened_tab(browser: Browser, url: str, path: str, *, script: bool = True, **options: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=url, java_script_enabled=script, **{"locale": "en", **options})
    context.set_default_timeout(PATIENCE_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda one: None if one.url.startswith(url) else faults.append(one.url))
    page.goto(path)
    if script:
        page.wait_for_selector("html[data-editor=ready]")
    yield page
    context.close()
    assert faults == []


def write(page: Page, query: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(query)


def run(page: Page, query: str) -> None:
    write(page, query)
    page.keyboard.press("Control+Enter")


def text_of(page: Page) -> str:
    found: str = page.locator("#query").input_value()
    return found


def test_an_answer_is_a_table_with_labels_beside_the_iris(tab: Tab) -> None:
    with tab() as page:
        run(page, PLANS)
        row = page.locator("table.results tbody tr", has=page.locator('[data-iri$="/plan/2020-2023-7"]'))
        link = row.get_by_role("link")
        expect(link).to_have_text(re.compile("Sluppen"))
        assert link.get_attribute("href") == "/doc/5001/plan/2020-2023-7"
        expect(row.locator("code")).to_contain_text("https://w3id.org/plangraf/id/5001/plan/2020-2023-7")
        link.click()
        expect(page.locator("h1")).to_contain_text("Sluppen")


def test_the_line_and_the_token_of_an_error_are_marked_with_the_message(tab: Tab) -> None:
    with tab() as page:
        run(page, PREFIXES + 'SELECT * {\n  ?æøå dcterms:title "🌍" ; plan:respondsToo ?p }')
        said = "plan:respondsToo is not a term of the ontology; did you mean plan:respondsTo?"
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.locator(".cm-errorToken")).to_have_text("plan:respondsToo")
        expect(page.locator(".cm-errorLine + .cm-errorMessage")).to_contain_text(said)
        page.get_by_text("Go to line 4").click()
        expect(page.locator(".cm-content")).to_be_focused()


def test_an_empty_answer_is_explained(tab: Tab) -> None:
    with tab() as page:
        run(page, PREFIXES + "SELECT * { ?p a plan:Plan ; plan:number 99999 }")
        expect(page.locator("#results")).to_contain_text("Nothing matches ?p plan:number 99999")


def test_errors_and_explanations_are_in_the_language_of_the_page(tab: Tab) -> None:
    with tab("/sparql?lang=nb") as page:
        run(page, PREFIXES + "SELECT * { ?p plan:respondsToo ?x }")
        said = "plan:respondsToo er ikke et begrep i ontologien. Mente du plan:respondsTo?"
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.locator(".cm-errorLine + .cm-errorMessage")).to_contain_text(said)
        run(page, PREFIXES + "SELECT * { ?p a plan:Plan ; plan:number 99999 }")
        expect(page.locator("#results")).to_contain_text("Ingenting passer til ?p plan:number 99999")


def options(page: Page) -> Locator:
    return page.locator(".cm-tooltip-autocomplete .cm-completionLabel")


def accept(page: Page) -> None:
    page.wait_for_timeout(200)  # a list that has just opened takes no Enter, which the writer may mean for the text
    page.keyboard.press("Enter")


def test_words_are_completed_by_their_position(tab: Tab) -> None:
    with tab(locale="nb") as page:
        write(page, "SELECT * { ?x a ")
        page.keyboard.type("perspektiv")  # the label in Bokmål
        expect(options(page).first).to_have_text("plan:Perspective")
        page.keyboard.press("Escape")
        for _ in "perspektiv":
            page.keyboard.press("Backspace")
        page.keyboard.type("plan:Pla")
        expect(options(page).first).to_have_text("plan:Plan")
        accept(page)
        assert text_of(page).startswith("PREFIX plan: <https://w3id.org/plangraf/ontology#>\nSELECT * { ?x a plan:Plan")
        page.keyboard.type(" ; ")
        page.keyboard.press("Control+Space")
        expect(options(page).first).to_have_text("a")
        offered = options(page).all_inner_texts()
        assert offered.index("plan:respondsTo") < 12
        assert "plan:checked" not in offered[:12]  # a property of other classes, used more often
        page.keyboard.type("svarer")
        expect(options(page).first).to_have_text("plan:respondsTo")
        expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("svarer på")
        accept(page)
        page.keyboard.type(" ?y . FILTER (?")
        expect(options(page)).to_have_text(["?x", "?y"])


def test_a_prefix_is_completed_with_its_namespace(tab: Tab) -> None:
    with tab() as page:
        write(page, "PREFIX ")
        page.keyboard.type("sko")
        expect(options(page)).to_have_text(["skos:"])
        accept(page)
        assert text_of(page) == "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"


def test_a_thing_is_found_by_its_name_through_the_search(tab: Tab) -> None:
    target = {"title": "Air and waste", "code": "11.6", "kind": "UN target", "href": "/targets/11.6"}
    plan = {"title": "Air", "code": None, "kind": "Plan", "href": "/doc/5001/plan/2020-2023-7"}
    found = {"suggestions": [{"title": "Airs", "code": None, "kind": "List", "href": "/plans"}, target, plan]}
    with tab() as page:
        page.route("**/search/suggestions?*", lambda route: route.fulfill(json=found))
        write(page, "SELECT * { ?x ?p ")
        page.keyboard.type("air")
        expect(options(page)).to_have_text(["Air and waste", "Air"])
        page.wait_for_timeout(200)  # as in `accept`
        page.keyboard.press("ArrowDown")
        accept(page)
        assert text_of(page) == "SELECT * { ?x ?p <https://w3id.org/plangraf/id/5001/plan/2020-2023-7>"


def numbers(url: str) -> tuple[float, float]:
    """The queries that have a worker now, and the workers ended because their client left."""
    text = httpx.get(f"{url}/metrics").text
    running = re.search(r"^plangraf_queries_running ([0-9.]+)", text, re.MULTILINE)
    left = re.search(r'^plangraf_workers_replaced_total\{reason="left"\} ([0-9.]+)', text, re.MULTILINE)
    return float(running[1]) if running else 0.0, float(left[1]) if left else 0.0


def wait_until(holds: Callable[[], bool]) -> float:
    began = time.perf_counter()
    while not holds():
        time.sleep(0.001)
    return time.perf_counter() - began


def test_stop_ends_the_query_on_the_server(
    browser: Browser,
    start_light_server: Callable[..., AbstractContextManager[Server]],
    record_property: Callable[[str, object], None],
) -> None:
    with (
        start_light_server(PLANGRAF_QUERY_TIMEOUT_S="3600") as server,
        opened_tab(browser, server.url, "/sparql") as page,
    ):
        for number in range(3):
            _, before = numbers(server.url)
            run(page, f"{ENDLESS} # {number}")
            wait_until(lambda: numbers(server.url)[0] >= 1)
            expect(page.locator(".run-status")).to_contain_text("of at most 3,600 s")
            page.evaluate("document.getElementById('stop').click()")
            took = wait_until(lambda: numbers(server.url) == (0, before + 1))  # noqa: B023
            record_property("milliseconds from stop to a free worker", round(1000 * took, 1))
            expect(page.locator(".run-status")).to_contain_text("on the server too")
        run(page, "ASK {}")
        expect(page.locator("table.results td")).to_have_text("true")


def test_a_query_has_an_address_that_needs_no_script(tab: Tab) -> None:
    with tab() as page:
        run(page, PLANS)
        page.wait_for_selector("table.results")
        page.get_by_role("button", name="Copy the link").click()
        expect(page.locator(".run-status")).to_have_text("Copied.")
        address = page.evaluate("navigator.clipboard.readText()")
        assert address == page.url
    with tab(address, script=False) as page:
        expect(page.locator("table.results tbody tr").first).to_be_visible()
        assert text_of(page) == PLANS
    with tab(f"/sparql#query={quote('ASK { FILTER (1 = 2) }')}") as page:
        expect(page.locator("table.results td")).to_have_text("false")


def test_the_query_stays_when_the_language_changes(tab: Tab) -> None:
    with tab() as page:
        write(page, "ASK { FILTER (1 = 1) }")
        page.get_by_role("link", name="Norsk bokmål").click()
        page.wait_for_selector("html[lang=nb][data-editor=ready]")
        assert text_of(page) == "ASK { FILTER (1 = 1) }"


def test_a_shared_answer_has_its_other_views(tab: Tab) -> None:
    with tab(f"/sparql?query={quote(PLANS)}") as page:
        expect(page.locator("table.results tbody tr").first).to_be_visible()
        page.locator("#results").get_by_role("button", name="Network").click()
        expect(page.locator("#results")).to_contain_text("A network needs two columns of things")


def test_the_editor_is_used_by_keyboard_alone(tab: Tab) -> None:
    with tab() as page:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "editor":
                break
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.type("SELECT (2 AS ?two) (3 AS ?three) {}")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "run"
        page.keyboard.press("Enter")
        page.wait_for_selector("table.results")
        page.get_by_role("tab", name="Table").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Chart")).to_be_focused()
        expect(page.locator(".chart svg")).to_be_visible()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("table.results td")).to_have_text(["2", "3"])


def test_numbers_are_bars_and_years_a_line(tab: Tab) -> None:
    with tab() as page:
        run(page, 'SELECT ?a ?n { VALUES (?a ?n) { ("x" 1) ("y" -2.5) } }')
        page.get_by_role("tab", name="Chart").click()
        assert page.locator(".chart .bar").count() == 2
        assert page.locator(".chart .amount").all_text_contents() == ["1", "-2.5"]
        years = " ".join(
            f'("{year}"^^<http://www.w3.org/2001/XMLSchema#gYear> {year % 7})' for year in range(2010, 2020)
        )
        run(page, f"SELECT ?y ?n {{ VALUES (?y ?n) {{ {years} }} }}")
        page.get_by_role("tab", name="Chart").click()
        assert page.locator(".chart .point").count() == 10


def test_triples_are_a_network_of_linked_things(tab: Tab) -> None:
    with tab() as page:
        run(page, PREFIXES + "CONSTRUCT WHERE { ?plan a plan:Plan ; plan:respondsTo ?perspective }")
        page.get_by_role("tab", name="Network").click()
        node = page.locator('.network a[href="/doc/5001/plan/2020-2023-7"]')
        expect(node.locator("title")).to_contain_text("Sluppen")
        page.get_by_role("tab", name="Raw").click()
        expect(page.locator("pre.raw")).to_contain_text("<https://w3id.org/plangraf/ontology#respondsTo>")


def test_an_answer_is_downloaded_in_each_format(tab: Tab) -> None:
    with tab() as page:
        run(page, PLANS)
        links = page.locator(".downloads a")
        expect(links).to_have_text(["SPARQL JSON", "SPARQL XML", "CSV", "TSV", "Parquet"])
        with page.expect_download() as download:
            links.nth(2).click()
        assert download.value.suggested_filename == "plangraf.csv"
        assert download.value.path().read_bytes().startswith(b"plan,number\r\n")


def test_the_history_stays_in_the_browser(tab: Tab, url: str) -> None:
    with tab() as page:
        sent: list[str] = []
        run(page, "ASK {}")
        page.wait_for_selector("table.results")
        write(page, "")
        page.on("request", lambda request: sent.append(request.url))
        page.get_by_text("History", exact=True).click()
        page.get_by_role("button", name="ASK {}").click()
        assert text_of(page) == "ASK {}"
        kept = page.evaluate("localStorage.getItem('plangraf.queries')")
        assert [one["query"] for one in json.loads(kept)] == ["ASK {}"]
        assert page.context.cookies() == []
        page.get_by_text("History", exact=True).click()
        page.get_by_role("button", name="Clear the history").click()
        assert json.loads(page.evaluate("localStorage.getItem('plangraf.queries')")) == []
        assert sent == []


def test_an_example_is_found_by_its_words_and_runs(tab: Tab) -> None:
    with tab() as page:
        page.get_by_text("Examples", exact=True).click()
        page.get_by_role("searchbox", name="Search the examples").fill("plans respond target")
        page.get_by_role("button", name="Which plans respond to a UN target?").click()
        assert "plan:respondsTo" in text_of(page)
        page.keyboard.press("Control+Enter")
        expect(page.locator("table.results thead")).to_contain_text("primary")


def test_the_query_as_a_program_gives_the_same_answer(tab: Tab, url: str) -> None:
    query = 'SELECT ?a ?b { VALUES (?a ?b) { ("x\'y" 7) } }'
    with tab() as page:
        write(page, query)
        page.get_by_text("In a program").click()
        programs = {}
        for name in PROGRAMS:
            page.get_by_label("Programming language").select_option(label=name)
            programs[name] = page.locator(".panels pre").inner_text()
    for name, program in programs.items():
        assert urlsplit(url).netloc in program
        said = subprocess.run([*PROGRAMS[name], program], capture_output=True, text=True, timeout=120)
        assert said.returncode == 0, said.stderr
        assert "x'y" in said.stdout, (name, said.stdout)
        assert "7" in said.stdout
