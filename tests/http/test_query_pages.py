"""Pages of named queries, the list of questions and the form of versions, over a small version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frozen
import httpx
import pytest
from small_server import HOME, serving, small_settings

from page_tree import Element, read_tree
from plangraf.diagnostics.diagnostic import DataError
from plangraf.http.app import create_app
from plangraf.sparql.named.binding import load_queries
from plangraf.sparql.named.query_words import load_query_words

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
ID = "https://w3id.org/plangraf/id/"
WORDS = "question: {nb: a, en: b}, rows: {nb: a, en: b}"
BY_TARGET = "/queries/perspectives-by-target"


@pytest.fixture(scope="module")
def browser(small: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=small, headers={"Accept": BROWSER, "Accept-Language": "en"}) as client:
        yield client


def rows(tree: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("td")] for row in tree.one("tbody").all("tr")]


def fields(tree: Element) -> dict[str, Element]:
    form = tree.one("form", class_="question")
    return {one.attributes["name"]: one for one in form.all("input") if one.attributes.get("type") != "hidden"}


# Who gets a page


@pytest.mark.parametrize(
    "accept", [BROWSER, CHROMIUM, "text/html", "text/html, */*;q=0.1", "text/html;q=0.9, */*;q=0.8"]
)
def test_a_client_that_prefers_html_gets_a_page(client: httpx.Client, accept: str) -> None:
    response = client.get("/queries/plans", headers={"Accept": accept})
    assert (response.status_code, response.headers["vary"]) == (
        200,
        "Accept, Accept-Language, Cookie, Accept-Encoding",
    )
    assert "Plan for grønn by, æøå" in read_tree(response).one("tbody").text


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("", "application/sparql-results+json"),
        (JAVA, "application/sparql-results+json"),
        ("application/json, text/html;q=0.9", "application/sparql-results+json"),
        ("application/json, text/html", "application/sparql-results+json"),
        ("text/*", "text/csv; charset=utf-8"),
        ("text/csv, text/html;q=0.5", "text/csv; charset=utf-8"),
        ("application/sparql-results+xml, */*;q=0.1", "application/sparql-results+xml"),
    ],
)
def test_every_other_client_gets_what_it_got_before(small: str, accept: str | None, content_type: str) -> None:
    request = httpx.Request("GET", f"{small}/queries/plans", headers={} if accept is None else {"Accept": accept})
    with httpx.Client() as client:
        response = client.send(request)
    assert (response.status_code, response.headers["content-type"]) == (200, content_type)
    assert response.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("address", ["/queries/plans.html", "/queries/plans?format=html"])
def test_an_ending_or_a_name_gives_the_page_to_anyone(client: httpx.Client, address: str) -> None:
    assert read_tree(client.get(address, headers={"Accept": "*/*"})).one("h1").text == "The plans of the example"
    java = client.get(address, headers={"Accept": JAVA})
    assert java.headers["content-type"] == "text/html; charset=utf-8"


def test_a_program_is_not_asked_for_a_page(client: httpx.Client) -> None:
    for address in ("/queries/plans.csv?page=2", "/queries/plans?page=1"):
        response = client.get(address)
        assert (response.status_code, response.json()["parameter"]) == (400, "page")
    empty = client.get("/queries/plans?number=")
    assert (empty.status_code, empty.json()["parameter"]) == (400, "number")


# What is on the page


def test_the_table_has_links_with_labels_and_values_of_the_language(browser: httpx.Client) -> None:
    tree = read_tree(browser.get("/queries/plans"))
    assert [cell.text for cell in tree.one("thead").all("th")] == ["plan", "number"]
    assert rows(tree)[0] == ["Plan for grønn by, æøå", "1"]
    link = tree.one("tbody").all("a")[0]
    assert (link.attributes["href"], link.attributes["lang"]) == ("/doc/5001/plan/one", "nb")
    assert tree.one("h2", id="rows").text == "2 rows"
    assert [one.attributes["src"] for one in tree.all("script")] == ["/static/search.js"]


def test_texts_of_the_data_are_escaped(browser: httpx.Client) -> None:
    text = browser.get("/queries/plans").text
    assert "<script>alert" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text


def test_the_language_of_the_page_is_that_of_labels_and_downloads(browser: httpx.Client) -> None:
    for headers, address, label, lang in (
        ({}, f"{BY_TARGET}?target=11.6", "Green mobility", "en"),
        ({"Accept-Language": "nb"}, f"{BY_TARGET}?target=11.6", "Grønn mobilitet", "nb"),
        ({"Accept-Language": "nb"}, f"{BY_TARGET}?target=11.6&lang=en", "Green mobility", "en"),
    ):
        tree = read_tree(browser.get(address, headers=headers))
        assert tree.one("html").attributes["lang"] == lang
        assert rows(tree) == [[label]]
        csv = next(one for one in tree.all("a") if one.text == "CSV").attributes["href"]
        assert csv == f"{BY_TARGET}.csv?target=11.6&lang={lang}"
        assert label in browser.get(csv).text


def test_downloads_and_cite_line_lead_to_the_same_rows(browser: httpx.Client, small: str) -> None:
    tree = read_tree(browser.get("/queries/plans?number=2&municipality="))
    links = {one.text: one.attributes["href"] for one in tree.all("a")}
    assert {"CSV", "TSV", "SPARQL JSON", "SPARQL XML"} <= set(links)
    for name in ("CSV", "TSV", "SPARQL XML"):
        assert browser.get(links[name]).text.count("5001/plan/two") == 1
    assert len(browser.get(links["SPARQL JSON"]).json()["results"]["bindings"]) == 1
    cite = tree.one("p", class_="cite").one("a").attributes["href"]
    version = browser.get("/health/ready").json()["version"]
    assert cite == f"{small}/version/{version}/queries/plans?number=2&lang=en"
    assert rows(read_tree(browser.get(cite.removeprefix(small)))) == rows(tree)
    assert [one.attributes["href"] for one in tree.all("link", rel="alternate") if "type" in one.attributes] == [
        links[name] for name in ("SPARQL JSON", "SPARQL XML", "CSV", "TSV", "Parquet")
    ]


def test_the_sparql_behind_the_table_gives_the_same_rows(browser: httpx.Client) -> None:
    tree = read_tree(browser.get(f"{BY_TARGET}?target=11.6"))
    behind = tree.one("details", class_="behind")
    code = behind.one("code").text
    assert "http://metadata.un.org/sdg/11.6" in code
    assert "#+" not in code
    found = browser.get(behind.one("a").attributes["href"], headers={"Accept": "application/json"}).json()
    assert [row["label"]["value"] for row in found["results"]["bindings"]] == ["Green mobility"]


def test_the_form_has_a_label_a_hint_and_the_value_of_each_parameter(browser: httpx.Client) -> None:
    tree = read_tree(browser.get(f"{BY_TARGET}?target=11.6&lang=en"))
    form = tree.one("form", class_="question")
    assert (form.attributes["method"], form.attributes["action"]) == ("get", BY_TARGET)
    found = fields(tree)
    assert list(found) == ["target", "municipality"]
    target = found["target"]
    assert (target.attributes["value"], "required" in target.attributes) == ("11.6", True)
    assert "required" not in found["municipality"].attributes
    label = form.one("label", for_=target.attributes["id"])
    assert "(must be filled in)" in label.text
    hint = tree.one("p", id=target.attributes["aria-describedby"])
    assert "Example: 11.6" in hint.text
    assert form.one("input", type="hidden").attributes == {"type": "hidden", "name": "lang", "value": "en"}
    # What the form sends is an answer.
    sent = {name: one.attributes["value"] for name, one in found.items()}
    assert rows(read_tree(browser.get(BY_TARGET, params=sent))) == [["Green mobility"]]


@pytest.mark.parametrize(
    "address", ["{base}/targets/11.6", " {base}/targets/11.6.html ", "http://metadata.un.org/sdg/11.6"]
)
def test_the_address_of_a_page_stands_for_its_thing(browser: httpx.Client, small: str, address: str) -> None:
    tree = read_tree(browser.get(BY_TARGET, params={"target": address.format(base=small)}))
    assert rows(tree) == [["Green mobility"]]
    assert fields(tree)["target"].attributes["value"] == "http://metadata.un.org/sdg/11.6"
    csv = next(one for one in tree.all("a") if one.text == "CSV").attributes["href"]
    assert "Green mobility" in browser.get(csv).text


def test_a_question_without_its_value_is_asked_and_not_refused(browser: httpx.Client) -> None:
    response = browser.get(BY_TARGET)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    tree = read_tree(response)
    assert tree.one("p", id="error-target").text == "This field must be filled in, for example with 11.6."
    assert fields(tree)["target"].attributes["aria-invalid"] == "true"
    assert not tree.all("table")
    example = tree.one("div", role="alert").all("a")[-1].attributes["href"]
    assert rows(read_tree(browser.get(example))) == [["Green mobility"]]


def test_each_wrong_value_is_told_beside_its_field(browser: httpx.Client) -> None:
    address = f"{BY_TARGET}?target=eleven&municipality=%3Cb%3E"
    response = browser.get(address)
    assert response.status_code == 400
    tree = read_tree(response)
    assert tree.one("p", id="error-target").text == "Write a code such as 11.6, or a whole IRI."
    assert "“<b>” cannot be used here. Write it as in 5001." in tree.one("p", id="error-municipality").text
    assert {name: one.attributes["value"] for name, one in fields(tree).items()} == {
        "target": "eleven",
        "municipality": "<b>",
    }
    norwegian = read_tree(browser.get(address, headers={"Accept-Language": "nb"}))
    told = "Skriv en kode, for eksempel 11.6, eller en hel nettadresse (IRI)."
    assert norwegian.one("p", id="error-target").text == told
    assert len(norwegian.one("div", role="alert").all("li")) == 2


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/queries/plans?numbr=1", "is not known to plans"),
        ("/queries/plans?number=1&number=2", "is given 2 times"),
        ("/queries/plans?lang=sv", "is not offered"),
        ("/queries/plans?page=0", "is not a whole number from 1"),
        ("/queries/plans?page=x", "is not a whole number from 1"),
        ("/queries/plans?page=99999999999999999999", "is not a whole number from 1"),
    ],
)
def test_what_has_no_field_is_told_above_the_form(browser: httpx.Client, address: str, told: str) -> None:
    response = browser.get(address)
    assert response.status_code == 400
    alert = read_tree(response).one("div", role="alert")
    assert told in alert.text


def test_the_language_switch_keeps_question_and_page(many: httpx.Client, browser: httpx.Client) -> None:
    tree = read_tree(many.get("/queries/rows?page=2"))
    (english,) = tree.one("ul", class_="languages").all("a")
    assert english.attributes["href"] == "/language?to=en&back=/queries/rows%3Fpage%3D2"
    there = read_tree(many.get("/queries/rows?page=2&lang=en"))
    assert (there.one("html").attributes["lang"], rows(there)[0][0]) == ("en", "1,100")
    canonical = tree.one("link", rel="canonical").attributes["href"]
    assert canonical.endswith("/queries/rows?page=2")
    (norwegian,) = read_tree(browser.get(f"{BY_TARGET}?target=11.6")).one("ul", class_="languages").all("a")
    assert norwegian.attributes["href"] == f"/language?to=nb&back={BY_TARGET}%3Ftarget%3D11.6"


def test_no_row_is_said_and_a_page_that_is_not_there_is_404(browser: httpx.Client) -> None:
    tree = read_tree(browser.get("/queries/plans?number=99"))
    assert tree.one("h2", id="rows").text == "0 rows"
    assert "No row answers this question." in tree.one("main").text
    assert browser.get("/queries/plans?page=2").status_code == 404


def test_an_answer_that_changes_each_time_is_not_kept(browser: httpx.Client) -> None:
    first, second = browser.get("/queries/now"), browser.get("/queries/now")
    assert first.headers["cache-control"] == "no-store"
    assert rows(read_tree(first)) != rows(read_tree(second))


def test_a_page_is_revalidated_and_a_version_is_kept_for_ever(browser: httpx.Client) -> None:
    first = browser.get("/queries/plans")
    assert first.headers["cache-control"] == "no-cache"
    again = browser.get("/queries/plans", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    other = browser.get("/queries/plans?number=1", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


# Many rows


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A home with a query of 250 rows and words of its own, over the small version."""
    home = tmp_path_factory.mktemp("many")
    for each in HOME.iterdir():
        if each.name != "queries":
            (home / each.name).symlink_to(each)
    (home / "queries").mkdir()
    for each in (HOME / "queries").iterdir():
        (home / "queries" / each.name).symlink_to(each.resolve())
    (home / "queries" / "rows.rq").write_text(
        "#+ summary: Many rows\n#+ columns: {number: xsd:integer, half: xsd:decimal, day: xsd:date, kind: code}\n"
        "SELECT ?number ?half ?day ?kind WHERE {\n"
        "  { SELECT ?a ?b ?c WHERE { VALUES ?a { 0 1 2 3 4 } VALUES ?b { 0 1 2 3 4 } VALUES ?c "
        "{ 0 1 2 3 4 5 6 7 8 9 } } }\n"
        "  BIND (?a * 50 + ?b * 10 + ?c + 1000 AS ?number) BIND (?number / 2 AS ?half)\n"
        '  BIND ("2024-03-09"^^<http://www.w3.org/2001/XMLSchema#date> AS ?day) BIND ("printed" AS ?kind)\n'
        "} ORDER BY ?number\n"
    )
    (home / "queries" / "words.yaml").write_text(
        "groups:\n  numbers: {nb: Tall, en: Numbers}\nqueries:\n  rows:\n    group: numbers\n"
        '    question: {nb: "Hvor mange?", en: "How many?"}\n    rows: {nb: Én rad., en: One row.}\n'
        "columns:\n  number: {nb: Nr., en: No.}\n  kind: {nb: Slag, en: Kind}\n"
        "codes:\n  printed: {nb: trykt, en: in print}\n"
    )
    versions = home.parent / "versions"
    frozen.two_versions(versions)
    settings: dict[str, Any] = {"home": home}
    with (
        serving(lambda port: create_app(small_settings(versions, port).model_copy(update=settings))) as address,
        httpx.Client(base_url=address, headers={"Accept": BROWSER, "Accept-Language": "nb"}) as client,
    ):
        yield client


def test_long_answers_have_pages_and_downloads_have_all_rows(many: httpx.Client) -> None:
    seen: list[str] = []
    address: str | None = "/queries/rows"
    while address:
        tree = read_tree(many.get(address))
        assert tree.one("h2", id="rows").text == "250 rader"
        seen += [row[0] for row in rows(tree)]
        following = [one.attributes["href"] for one in tree.all("a", rel="next")]
        assert following == [one.attributes["href"] for one in tree.all("link", rel="next")]
        address = following[0] if following else None
    assert seen == [f"1\N{NO-BREAK SPACE}{number:03}" for number in range(250)]
    assert "Side 3 av 3" in tree.one("nav", class_="pager").text
    csv = next(one for one in tree.all("a") if one.text == "CSV").attributes["href"]
    assert len(many.get(csv).text.splitlines()) == 251


def test_words_numbers_days_and_codes_are_those_of_the_language(many: httpx.Client) -> None:
    tree = read_tree(many.get("/queries/rows"))
    assert tree.one("h1").text == "Hvor mange?"
    assert [cell.text for cell in tree.one("thead").all("th")] == ["Nr.", "half", "day", "Slag"]
    assert rows(tree)[1] == ["1\N{NO-BREAK SPACE}001", "500,5", "9. mars 2024", "trykt"]
    english = read_tree(many.get("/queries/rows", headers={"Accept-Language": "en"}))
    assert rows(english)[1] == ["1,001", "500.5", "9 March 2024", "in print"]


def test_the_list_has_groups_of_questions(many: httpx.Client) -> None:
    tree = read_tree(many.get("/queries"))
    sections = tree.all("section", class_="topic")
    assert [one.one("h2").text for one in sections] == ["Tall", "Andre spørsmål"]
    link = sections[0].one("a")
    assert (link.text, link.attributes["href"]) == ("Hvor mange?", "/queries/rows")
    assert {one.attributes["lang"] for one in sections[1].all("a")} == {"en"}
    for one in tree.all("a"):
        if one.attributes["href"].startswith("/queries/"):
            assert many.get(one.attributes["href"]).status_code == 200, one.attributes["href"]


def test_a_kept_version_has_pages_with_links_of_its_own(many: httpx.Client) -> None:
    ids = [one["id"] for one in many.get("/version/", headers={"Accept": "application/json"}).json()["versions"]]
    response = many.get(f"/version/{ids[1]}/queries/plans")
    tree = read_tree(response)
    assert response.headers["cache-control"] == "no-cache"  # its language depends on a choice
    named = many.get(f"/version/{ids[1]}/queries/plans?lang=en")
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    links = [one.attributes["href"] for one in tree.one("main").all("a")]
    assert all(link.startswith((f"/version/{ids[1]}/", "http", "#")) for link in links), links
    assert tree.one("form", class_="question").attributes["action"] == f"/version/{ids[1]}/queries/plans"


# The form of versions


def test_the_form_of_versions_leads_to_their_comparison(many: httpx.Client) -> None:
    tree = read_tree(many.get("/compare"))
    form = tree.one("form", class_="question")
    chosen = {
        select.attributes["name"]: select.all("option", selected="")[0].attributes["value"]
        for select in form.all("select")
    }
    ids = [one["id"] for one in many.get("/version/", headers={"Accept": "application/json"}).json()["versions"]]
    assert chosen == {"from": ids[1], "to": ids[0]}
    sent = many.get(form.attributes["action"], params=chosen)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/compare/{ids[1]}..{ids[0]}")
    assert read_tree(many.get(sent.headers["location"])).one("h1").text == "Endringer"
    wrong = read_tree(many.get("/compare", params={"from": "0123456789abcdef", "to": ids[0]}))
    assert "0123456789abcdef er ikke blant versjonene" in wrong.one("p", id="error-from").text
    assert not wrong.all("p", id="error-to")


@pytest.mark.parametrize("accept", ["*/*", "application/json", None])
def test_a_program_is_told_to_name_two_versions(small: str, accept: str | None) -> None:
    request = httpx.Request("GET", f"{small}/compare", headers={} if accept is None else {"Accept": accept})
    with httpx.Client() as client:
        response = client.send(request)
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
    assert "/compare/<id>..<id>" in response.json()["detail"]


# The file of words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "queries:\n  plans: {group: none, question: {nb: a, en: b}, rows: {nb: a, en: b}}\n",
            "queries.plans.group: none",
        ),
        (
            "groups: {g: {nb: a, en: b}}\n"
            f"queries:\n  plans: {{group: g, {WORDS}, columns: {{x: {{nb: a, en: b}}}}}}\n",
            "queries.plans.columns: x",
        ),
        ("columns:\n  plan: {nb: a}\n", "columns.plan.en"),
        ("colums: {}\n", "colums"),
    ],
)
def test_a_mistake_in_the_words_is_an_error_that_names_it(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "words.yaml").write_text(text)
    with pytest.raises(DataError) as raised:
        load_query_words(tmp_path, load_queries(HOME / "queries"))
    assert told in str(raised.value)
    assert "words.yaml" in str(raised.value)


def test_a_page_behind_the_last_is_404_and_documented(browser: httpx.Client) -> None:
    response = browser.get("/queries/plans?page=2")
    assert response.status_code == 404
    assert "page 2 of /queries/plans" in response.text
    assert "404" in browser.get("/openapi.json").json()["paths"]["/queries/plans"]["get"]["responses"]
