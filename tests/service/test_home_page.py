"""The home page: questions that have answers, true numbers, what is new, and the ways to the data."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import orjson
import pytest

from list_page import read_list
from page_tree import Element, read_page
from plangraf.store.versions import VersionStore
from written_version import manifest_of

ID = "https://w3id.org/plangraf/id/"
PLAN = "https://w3id.org/plangraf/ontology#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
TITLE = "<http://purl.org/dc/terms/title>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
RunServer = Callable[..., AbstractContextManager[object]]


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as client:
        yield client


def home(client: httpx.Client, language: str = "nb") -> Element:
    response = client.get(f"/?lang={language}")
    assert response.status_code == 200, response.text
    return read_page(response.text)


def number_in(text: str) -> int:
    return int("".join(re.findall(r"[0-9]", text)))


def total(client: httpx.Client, address: str) -> int:
    joined = "&" if "?" in address else "?"
    return int(client.get(f"{address}{joined}limit=1&format=jsonld").json()["totalItems"])


@pytest.mark.parametrize("language", ["nb", "en"])
def test_each_question_leads_to_a_list_with_as_many_rows_as_it_says(client: httpx.Client, language: str) -> None:
    questions = home(client, language).one("ul", "questions").all("a")
    assert len(questions) == 4
    for question in questions:
        address = question.attributes["href"]
        asked, told = question.one("span", "asks").text, question.one("span", "soft").text
        assert asked.endswith("?")
        page = read_list(client.get(address).text)
        assert page.rows
        assert number_in(told) == total(client, address)


def test_the_numbers_are_those_of_the_lists(client: httpx.Client) -> None:
    counted = home(client).one("ul", "counts").all("a")
    assert len(counted) >= 6
    for entry in counted:
        assert number_in(entry.one("span", "figure").text) == total(client, entry.attributes["href"]) > 0


def test_a_person_searches_from_every_page(client: httpx.Client) -> None:
    for address in ("/", "/plans", "/collections"):
        page = read_page(client.get(address).text)
        form = next(form for form in page.all("form") if form.attributes.get("role") == "search")
        assert (form.attributes["action"], form.attributes["method"]) == ("/search", "get")
        assert [field.attributes["name"] for field in form.all("input")] == ["q"]
        assert form.one("label").attributes["for"] == form.one("input").attributes["id"]


def test_the_home_page_is_small_and_describes_the_catalogue_briefly(client: httpx.Client) -> None:
    for language in ("nb", "en"):
        response = client.get(f"/?lang={language}")
        assert len(gzip.compress(response.content)) < 60_000
        (script,) = [one for one in read_page(response.text).all("script") if "src" not in one.attributes]
        assert len(script.text.encode()) <= 8_192
        assert orjson.loads("".join(map(str, script.children)))["@type"] == "DataCatalog"


def test_the_ways_to_the_data_resolve(client: httpx.Client, url: str) -> None:
    ways = home(client).one("div", "ways").all("a")
    addresses = {way.text.removeprefix(url): way.attributes["href"] for way in ways}
    assert set(addresses) == {"/sparql", "/docs", "/catalog", "/dump/", "/queries"}
    for shown, address in addresses.items():
        assert shown == address
        assert client.get(address, follow_redirects=True).status_code == 200


def test_a_first_publication_has_no_news_and_a_kept_version_tells_none(client: httpx.Client) -> None:
    told = section(home(client), "news")
    assert told is not None
    assert re.search(r"Ingenting er endret siden dataene ble publisert første gang \d+\. \w+ 20\d\d", told.text)
    version = client.get("/").headers["plangraf-version"]
    assert section(read_page(client.get(f"/version/{version}/").text), "news") is None


def section(page: Element, name: str) -> Element | None:
    return next((one for one in page.all("section") if one.attributes.get("aria-labelledby") == name), None)


def write_after(store: VersionStore, lines: list[bytes]) -> None:
    before = store.current()
    store.write(sorted(lines), {**before.manifest, "quads": len(lines), "graphs": manifest_of(lines)["graphs"]})


@pytest.mark.slow
def test_news_name_what_changed_and_count_statements(
    light_versions: Path, tmp_path: Path, run_server: RunServer
) -> None:
    shutil.copytree(light_versions, tmp_path / "versions", symlinks=True)
    store = VersionStore(tmp_path / "versions")
    plan = f"<{ID}5001/plan/2020-2023-7>".encode()
    lines = []
    for line in store.current().lines():
        if line.startswith(plan) and b"startYear" in line:
            line = line.replace(b'"2020"', b'"2021"')
        if line.startswith(plan) and TITLE.encode() in line:
            line = re.sub(rb'"[^"]*"@nb', b'"Plan for Sluppen"@nb', line)
        if not line.startswith(f"<{ID}5001/plan/2020-2023-8>".encode()):
            lines.append(line)
    graph = b" <https://w3id.org/plangraf/graph/5001/planstrategi-2020-2023> ."
    new = f"<{ID}5001/plan/2020-2023-99>"
    lines += [f"{new} {TYPE} <{PLAN}Plan>".encode() + graph, f'{new} {TITLE} "Helt ny plan"@nb'.encode() + graph]
    write_after(store, lines)
    with run_server(tmp_path / "versions", "--workers", "1") as running:
        url: str = running.url  # type: ignore[attr-defined]
        with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as client:
            nb, en = (section(home(client, language), "news") for language in ("nb", "en"))
            assert nb is not None
            assert en is not None
            assert "1 ting er ny, 1 er endret, 1 er fjernet." in nb.text
            told = [item.text for item in nb.all("li")]
            assert told == ["Nytt: Helt ny plan", "2 opplysninger om Plan for Sluppen er endret"]
            assert [item.text for item in en.all("li")][1] == "2 statements about Plan for Sluppen changed"
            for link in nb.one("ul").all("a"):
                assert client.get(link.attributes["href"]).status_code == 200
            version = section(home(client, "en"), "news")
            assert version is not None
            assert "published on" in home(client, "en").one("p", "of-version").text


def test_a_site_of_many_municipalities_lists_them_in_norwegian_order(
    light_versions: Path, tmp_path: Path, run_server: RunServer
) -> None:
    shutil.copytree(light_versions, tmp_path / "versions", symlinks=True)
    store = VersionStore(tmp_path / "versions")
    names = ["Ås", "Alta", "Øyer", "Ærdal", "Bodø", "Moss", "Hamar", "Halden", "Oslo", "Sola", "Time"]
    lines = list(store.current().lines())
    for number, name in enumerate(names, 1001):
        graph = f"<https://w3id.org/plangraf/graph/{number}/planstrategi>"
        municipality, plan = f"<{ID}{number}/municipality/{number}>", f"<{ID}{number}/plan/1>"
        lines += [
            f"{line} {graph} .".encode()
            for line in (
                f"{municipality} {TYPE} <{PLAN}Municipality>",
                f'{municipality} {LABEL} "{name}"@nb',
                f'{municipality} <{PLAN}municipalityNumber> "{number}"',
                f"{plan} {TYPE} <{PLAN}Plan>",
                f'{plan} {TITLE} "Plan for {name}"@nb',
                f"{plan} <{PLAN}municipality> {municipality}",
            )
        ]
    write_after(store, lines)
    with run_server(tmp_path / "versions", "--workers", "1") as running:
        url: str = running.url  # type: ignore[attr-defined]
        with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as client:
            page = home(client)
            links = page.one("ul", "many").all("a")
            expected = ["Alta", "Bodø", "Halden", "Hamar", "Moss", "Oslo", "Sola", "Time", "Trondheim", "Ærdal", "Øyer"]
            assert [link.text for link in links] == [*expected, "Ås"]
            assert page.one("ul", "many").all("span", "soft")[0].text == "1 plan"
            assert client.get(links[0].attributes["href"]).status_code == 200
            assert links[-1].attributes["href"] == "/doc/1001/municipality/1001"
