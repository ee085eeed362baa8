"""The page of a list: a person reads, narrows, sorts and takes along the same things that programs get."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from list_page import ListPage, read_list
from page_tree import read_page
from plangraf.numbers_in_text import natural_key
from plangraf.settings import default_home
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.collection_files import load_collections

ID = "https://w3id.org/plangraf/id/"
COLLECTIONS = load_collections(default_home() / "queries")
ANY = [pytest.param(collection, id=path) for path, collection in COLLECTIONS.items()]
FILLED = [pytest.param(one, id=path) for path, one in COLLECTIONS.items() if not one.when_empty]
# Long lists, and two of three others, only in the longer set.
LONG = {"concepts", "evidence", "indicators", "interpreted-links", "passages"}
SAMPLE = [
    pytest.param(one, id=path, marks=[] if number % 3 == 0 and path not in LONG else pytest.mark.slow)
    for number, (path, one) in enumerate(COLLECTIONS.items())
    if not one.when_empty
]
# What no person reads: a prefixed name, an IRI, a key, a truth value, a date for programs.
RAW = re.compile(
    r"(?<![\w/])(?:[a-z][a-z0-9-]*:[A-Za-z]\w|https?://|w3id\.org)|^[a-z0-9]+(?:-[a-z0-9.]+)+$|^(?:true|false)$"
    r"|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b|^[0-9a-f]{16,}$"
)
# Texts as sources print them, which may look so: codes, editions, words with hyphens, quoted addresses.
QUOTED = {
    ("datasets", "identifier"),
    ("interpreted-links", "restsOn"),
    ("list-repairs", "label"),
    ("perspective-target-links", "numberAsPrinted"),
    ("published-lists", "edition"),
}
MOST_BYTES = 60_000


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as client:
        yield client


def table(client: httpx.Client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def every_row(client: httpx.Client, path: str, parameters: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of all pages, by the Link header."""
    found: list[dict[str, str]] = []
    response = client.get(f"/{path}.csv", params={"limit": "1000", **parameters})
    while True:
        assert response.status_code == 200, response.text
        found += csv.DictReader(io.StringIO(response.text, newline=""))
        if "next" not in response.links:
            return found
        response = client.get(response.links["next"]["url"])


def shown(client: httpx.Client, address: str) -> ListPage:
    response = client.get(address, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    return read_list(response.text)


def of_list(page: ListPage) -> list[str]:
    """The links of the page's last section: files, then the query."""
    return [link.attributes["href"] for link in page.page.one("section", "take").all("a")]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("language", ["nb", pytest.param("en", marks=pytest.mark.slow)])
@pytest.mark.parametrize("collection", FILLED)
def test_a_cell_has_words_and_no_key_iri_or_raw_value(
    client: httpx.Client, collection: Collection, language: str
) -> None:
    quoted = {column.title(language) for column in collection.columns if (collection.path, column.name) in QUOTED}
    page = shown(client, f"/{collection.path}.html?lang={language}&limit=300")
    assert page.rows
    for row in page.rows:
        for column, cell in row.items():
            texts = [item.shown for item in cell.all("li")] or [cell.shown]
            assert column in quoted or not [text for text in texts if RAW.search(text)], (column, texts)
    for name, control in page.filters.items():
        assert not [text for text, _ in control.choices.values() if RAW.search(text)], name


@pytest.mark.sampled(3)
@pytest.mark.parametrize("collection", FILLED)
def test_a_row_leads_to_its_thing(client: httpx.Client, collection: Collection) -> None:
    page = shown(client, f"/{collection.path}.html?lang=nb&limit=20")
    things = [row["thing"] for row in table(client, f"/{collection.path}.csv?limit=20")]
    assert len(page.rows) == len(things)
    for thing, links in zip(things, page.links, strict=True):
        paths = ("/doc/" + thing.removeprefix(ID), "/targets/", "/goals/", "/doc?iri=")
        assert [link for link in links if link.startswith(paths)], thing
    assert client.get(page.links[0][0], headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("collection", ANY)
def test_a_page_is_small(client: httpx.Client, collection: Collection) -> None:
    for language in ("nb", "en"):
        response = client.get(f"/{collection.path}.html?lang={language}")
        assert len(gzip.compress(response.content)) <= MOST_BYTES


@pytest.mark.sampled(2)
@pytest.mark.parametrize("collection", SAMPLE)
def test_the_query_behind_a_list_gives_its_things_and_values(client: httpx.Client, collection: Collection) -> None:
    selections: list[dict[str, str]] = [{}]
    for facet in collection.facets:
        if usual := read_list(client.get(f"/{collection.path}.html").text).filters.get(facet.name):
            selections.append({facet.name: max(usual.choices, key=lambda value: usual.choices[value][1])})
    for selection in selections:
        response = client.get(f"/{collection.path}.html", params={**selection, "lang": "nb"})
        query = next(link for link in of_list(read_list(response.text)) if "/sparql?" in link)
        answer = client.get(query, headers={"Accept": "application/sparql-results+json"})
        assert answer.status_code == 200, answer.text
        rows = answer.json()["results"]["bindings"]
        found = {row["thing"]["value"]: row for row in rows}
        expected = every_row(client, collection.path, selection)
        assert len(rows) == len(found) == len(expected), selection
        for row in expected:
            for column in collection.columns:
                own = cell_values(row[column.name])
                values = cell_values(found[row["thing"]].get(column.name, {}).get("value", ""))
                # A thing in a column of texts is a name in CSV, and its IRI in the query.
                if not any(value.startswith("http") for value in values):
                    assert own == values, (selection, column.name)


def cell_values(cell: str) -> list[str]:
    return sorted(value for value in cell.split(" | ") if value)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("collection", SAMPLE)
def test_every_column_sorts_all_things_once_with_missing_values_last(
    client: httpx.Client, collection: Collection
) -> None:
    own = every_row(client, collection.path, {})
    things = [row["thing"] for row in own]
    for column in collection.columns:
        up = every_row(client, collection.path, {"sort": column.name})
        down = every_row(client, collection.path, {"sort": f"-{column.name}"})
        shown_as = f"{column.name}Label" if column.links else column.name
        assert sorted(row["thing"] for row in up) == sorted(row["thing"] for row in down) == sorted(things)
        for rows in (up, down):
            with_value = [bool(row[shown_as]) for row in rows]
            assert with_value == sorted(with_value, reverse=True), column.name
        number = next((at for at, row in enumerate(up) if not row[shown_as]), len(up))
        assert up[number:] == down[number:] == [row for row in own if not row[shown_as]]
        # Equal first values keep the list's own order in both directions, so one is the other with its groups reversed.
        place = {thing: at for at, thing in enumerate(things)}
        runs = [[row["thing"] for row in group] for _, group in groupby(up[:number], key=lambda row: row[shown_as])]
        for run in runs:
            assert [place[thing] for thing in run] == sorted(place[thing] for thing in run)


def test_numbers_dates_texts_and_things_sort_by_value(client: httpx.Client) -> None:
    values = [float(row["value"]) for row in every_row(client, "figures", {"sort": "-value"}) if row["value"]]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 50
    dates = [row["date"] for row in every_row(client, "decisions", {"sort": "-date"}) if row["date"]]
    assert dates == sorted(dates, reverse=True)
    titles = [row["title"] for row in every_row(client, "plans", {"sort": "title"})]
    alphabet = str.maketrans({"æ": "{", "ø": "|", "å": "}", ";": "!", "(": "!", "-": "!"})
    words = [title.lower().translate(alphabet) for title in titles]
    assert words == sorted(words)
    targets = [
        row["target"].split(" | ")[0].rpartition("/")[2] for row in every_row(client, "indicators", {"sort": "target"})
    ]
    codes = [code for code, _ in groupby(targets) if code]
    assert codes == sorted(codes, key=natural_key)
    perspectives = [row["perspectives"] for row in every_row(client, "plans", {"sort": "perspectives"})]
    first = [int(cell.split(" | ")[0].rpartition("-")[2]) for cell in perspectives if cell]
    assert first == sorted(first)


def test_the_order_stays_through_pages_formats_filters_and_languages(client: httpx.Client) -> None:
    expected = [row["thing"] for row in every_row(client, "plans", {"sort": "-title", "kind": "temaplan"})]
    walked: list[str] = []
    address = "/plans.html?kind=temaplan&sort=-title&limit=4&lang=en"
    while address:
        page = shown(client, address)
        walked += [ID + links[0].partition("/doc/")[2] for links in page.links]
        following = [link for link in page.page.one("nav", "pager").all("a") if link.attributes.get("rel") == "next"]
        address = following[0].attributes["href"] if following else ""
        assert page.filters["kind"].chosen == "temaplan"
        heading = next(cell for cell in page.page.all("th") if "aria-sort" in cell.attributes)
        assert (heading.text, heading.attributes["aria-sort"]) == ("Title", "descending")
    assert walked == expected
    document = client.get("/plans.jsonld?kind=temaplan&sort=-title&limit=4&page=2").json()
    assert [member["id"] for member in document["member"]] == expected[4:8]
    assert parse_qs(urlsplit(document["view"]["next"]).query)["sort"] == ["-title"]
    canonical = client.get("/plans.html?sort=-title").links["canonical"]["url"]
    assert canonical.endswith("/plans?sort=-title")


@pytest.mark.parametrize("value", ["color", "-", "--title", "title,number", "Title", ""])
def test_an_unknown_order_is_refused_with_the_columns(client: httpx.Client, value: str) -> None:
    response = client.get("/plans.csv", params={"sort": value})
    assert (response.status_code, response.json()["code"]) == (400, "bad-parameter")
    assert all(column.name in response.json()["detail"] for column in COLLECTIONS["plans"].columns)
    assert client.get("/plans.csv?sort=title&sort=number").status_code == 400


def test_the_number_of_a_choice_is_the_size_of_the_list_after_it(client: httpx.Client) -> None:
    for path, chosen in (
        ("plans", {}),
        ("plans", {"kind": "temaplan"}),
        ("plans", {"kind": "temaplan", "year": "2022"}),
        ("decisions", {"type": "adoption"}),
        ("commitments", {"interpretedTarget": "11.6"}),
    ):
        page = shown(client, str(httpx.URL(f"/{path}.html", params={**chosen, "lang": "nb"})))
        assert page.filters
        for name, control in page.filters.items():
            assert control.chosen == chosen.get(name)
            for value, (_, number) in control.choices.items():
                found = client.get(f"/{path}.jsonld", params={**chosen, name: value, "limit": "1"}).json()
                assert found["totalItems"] == number, (path, chosen, name, value)


def test_the_form_works_without_script_and_leads_to_a_short_address(client: httpx.Client) -> None:
    page = shown(client, "/plans.html?lang=en&limit=5")
    form = page.page.one("form", "filters")
    assert form.attributes["method"] == "get"
    fields = {select.attributes["name"]: "*" for select in form.all("select")}
    hidden = {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}
    assert hidden == {"limit": "5", "lang": "en"}
    sent = {**fields, **hidden, "kind": "temaplan", "sort": "-startYear"}
    response = client.get(form.attributes["action"], params=sent)
    assert response.status_code == 303
    assert response.headers["location"] == "/plans.html?kind=temaplan&sort=-startYear&limit=5&lang=en"
    assert client.get("/plans.csv?kind=*", follow_redirects=True).text == client.get("/plans.csv").text
    version = client.get("/plans").headers["plangraf-version"]
    kept = client.get(f"/version/{version}/plans?kind=*&sort=*")
    assert (kept.status_code, kept.headers["location"]) == (303, f"/version/{version}/plans")


def test_the_name_of_a_chosen_value_is_whole(client: httpx.Client) -> None:
    page = shown(client, "/perspectives.html?target=9.2&lang=nb")
    whole = "9.2 Inkluderende og bærekraftig industri med større andel av jobber og BNP, doblet i minst utviklede land"
    assert [chip.text for chip in page.chips] == [f"Fjern filteret FNs delmål: {whole}"]


def test_a_chosen_value_can_be_taken_away(client: httpx.Client) -> None:
    page = shown(client, "/plans.html?kind=temaplan&year=2022&sort=title&lang=nb")
    assert [chip.text for chip in page.chips] == [
        "Fjern filteret Plantype: temaplan",
        "Fjern filteret Oppstartsår: 2022",
    ]
    assert [chip.attributes["href"] for chip in page.chips] == [
        "/plans.html?year=2022&sort=title&lang=nb",
        "/plans.html?kind=temaplan&sort=title&lang=nb",
    ]
    assert not shown(client, "/plans.html").chips


def test_an_empty_list_has_nothing_to_take_along(client: httpx.Client) -> None:
    page = shown(client, "/statistics-tables.html?lang=nb")
    assert page.page.one("p", "lead").text
    assert not page.page.all("section", "take")


def test_an_empty_choice_says_why_and_how_to_widen_it(client: httpx.Client) -> None:
    page = shown(client, "/plans.html?kind=risk-analysis&year=2023&lang=nb")
    assert not page.rows
    notice = page.page.one("div", "notice")
    links = [link.attributes["href"] for link in notice.all("a")]
    assert "Ingenting passer" in notice.text
    assert len(links) == 3
    numbers = [int(number) for number in re.findall(r"\(([0-9]+) rad", notice.text)]
    for link, number in zip(links, numbers, strict=False):
        assert len(shown(client, link).rows) == number > 0


def test_perspectives_and_targets_are_tags_with_full_names(client: httpx.Client) -> None:
    for address, column, name in (
        ("/plans.html?lang=nb", "Perspektiver", "Grønn mobilitet"),
        ("/perspectives.html?lang=nb", "FNs delmål", None),
    ):
        page = shown(client, address)
        tags = [tag for row in page.rows if column in row for tag in row[column].all("a", "tag")]
        assert len(tags) > 50
        names = set()
        for tag in tags:
            assert len(tag.text) < 6
            full = tag.attributes["aria-label"]
            assert full == tag.attributes["title"]
            assert full.startswith(f"{tag.text} ")
            names.add(full.partition(" ")[2])
        assert name is None or name in names
        for row in page.rows:
            found = [tag.text for tag in row[column].all("a", "tag")] if column in row else []
            assert found == sorted(found, key=natural_key)


def test_values_are_written_as_the_language_writes_them(client: httpx.Client) -> None:
    text = {lang: client.get(f"/decisions.html?lang={lang}").text for lang in ("nb", "en")}
    assert ">8. desember 2016<" in text["nb"]
    assert ">8 December 2016<" in text["en"]
    assert ">6 uker<" in text["nb"]
    assert ">6 weeks<" in text["en"]
    figures = {lang: client.get(f"/figures.html?lang={lang}&limit=300").text for lang in ("nb", "en")}
    assert ">15\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000<" in figures["nb"]
    assert ">15,000,000,000<" in figures["en"]
    plans = shown(client, "/plans.html?lang=nb")
    assert {row["Revisjon"].shown for row in plans.rows if "Revisjon" in row} == {"ja", "nei"}


def test_the_files_have_the_rows_of_the_page_in_its_order(client: httpx.Client) -> None:
    page = shown(client, "/plans.html?kind=temaplan&sort=-title&limit=4&lang=en")
    files = of_list(page)
    csv_file = next(link for link in files if ".csv" in link)
    rows = table(client, csv_file)
    assert [row["thing"] for row in rows] == [
        row["thing"] for row in every_row(client, "plans", {"sort": "-title", "kind": "temaplan"})
    ]
    assert rows[0]["kindLabel"] == "thematic plan"
    assert {urlsplit(link).path for link in files} == {
        *(f"/plans.{suffix}" for suffix in ("ttl", "jsonld", "nt", "rdf", "csv", "parquet")),
        "/sparql",
    }
    for link in files:
        assert client.get(link, headers={"Accept": "*/*"}).status_code == 200


def test_a_list_that_is_longer_than_a_file_says_so(client: httpx.Client) -> None:
    take = shown(client, "/evidence.html?lang=en&limit=10").page.one("section", "take")
    assert "A file has at most 1,000 rows" in take.text
    assert "at most" not in shown(client, "/plans.html?lang=en").page.one("section", "take").text


def test_every_page_tells_where_it_is(client: httpx.Client) -> None:
    page = shown(client, "/documents.html?lang=nb&limit=10&page=2")
    total = client.get("/documents.jsonld?limit=1").json()["totalItems"]
    assert page.page.one("p", "found").text == f"11–20 av {total}"
    pager = page.page.one("nav", "pager")
    assert [link.text for link in pager.all("a")] == ["Første", "Forrige", "Neste", "Siste"]
    assert f"Side 2 av {-(-total // 10)}" in pager.text


def test_all_lists_stand_in_groups_with_their_numbers(client: httpx.Client) -> None:
    for language in ("nb", "en"):
        page = read_page(client.get(f"/collections.html?lang={language}").text)
        listed: dict[str, int] = {}
        for group in page.all("ul", "lists"):
            for entry in group.all("li"):
                address = entry.one("a").attributes["href"]
                number = entry.one("span", "number").text
                assert address not in listed
                listed[address] = int("".join(sign for sign in number if sign.isdigit()))
        assert set(listed) == {f"/{path}" for path in COLLECTIONS}
        totals = {row["collection"]: int(row["total"]) for row in table(client, "/collections.csv")}
        assert {f"/{address.rpartition('/')[2]}": number for address, number in totals.items()} == listed
        assert len(page.all("h2")) > 8


def test_a_list_of_a_kept_version_stays_in_it(client: httpx.Client) -> None:
    version = client.get("/plans").headers["plangraf-version"]
    page = shown(client, f"/version/{version}/plans.html?kind=temaplan&lang=nb")
    links: list[Any] = [*(link for row in page.links for link in row), *of_list(page)]
    links += [chip.attributes["href"] for chip in page.chips]
    assert links
    assert all(link.startswith(f"/version/{version}/") for link in links)
