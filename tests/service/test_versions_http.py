"""Retained versions answer under their own address; removed ones are 410."""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from page_tree import read_page
from plangraf.http.routes.kept_versions import with_downloads
from plangraf.store.versions import VersionStore
from written_version import manifest_of

# A version is opened when it is first asked for, which takes its time beside other work.
get = functools.partial(httpx.get, timeout=60)

PLAN = "5001/plan/2020-2023-7"
GONE = "5001/plan/2020-2023-8"
ID = "https://w3id.org/plangraf/id/"
FOR_EVER = "public, max-age=31536000, immutable"
FILE = {"name": "a.nq", "bytes": 1, "sha256": "0", "mediaType": "application/n-quads", "title": {"en": "All"}}
TITLE = b"Kommunedelplan areal for Sluppen (del 2) med veiledende plan for offentlige rom"


def write_after(store: VersionStore, lines: list[bytes]) -> str:
    """A version after the current one, as a build writes it."""
    before = store.current()
    manifest = {**before.manifest, "quads": len(lines), "graphs": manifest_of(lines)["graphs"]}
    return store.write(sorted(lines), manifest).id


@pytest.fixture(scope="module")
def kept(light_versions: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Three versions, of which the second removes a plan and the third renames another; and a pruned one."""
    folder = tmp_path_factory.mktemp("kept") / "versions"
    shutil.copytree(light_versions, folder, symlinks=True)
    store = VersionStore(folder)
    first = store.current()
    for file in (first.path, *first.path.iterdir()):
        os.utime(file, (time.time() - 60, time.time() - 60))
    lines = list(first.lines())
    subject = f"<{ID}{GONE}>".encode()
    without = [line for line in lines if subject not in line]
    second = write_after(store, without)
    renamed = [line.replace(TITLE, b"Sluppen") for line in without]
    third = write_after(store, renamed)
    pruned = write_after(store, renamed[:-1])
    store.use(third)
    os.utime(folder / pruned, (1, 1))
    assert store.prune(2) == [pruned]
    return folder, [first.id, second, third, pruned]


@pytest.fixture(scope="module")
def server(
    kept: tuple[Path, list[str]], run_server: Callable[..., AbstractContextManager[object]]
) -> Iterator[tuple[str, list[str]]]:
    with run_server(kept[0], "--workers", "1") as running:
        yield running.url, kept[1]  # type: ignore[attr-defined]


def test_the_list_names_all_versions_the_newest_first(server: tuple[str, list[str]]) -> None:
    url, (first, second, third, _) = server
    response = get(f"{url}/version/", headers={"Accept": "application/json"})
    versions = response.json()["versions"]
    assert [version["id"] for version in versions] == [third, second, first]
    assert [version["current"] for version in versions] == [True, False, False]
    assert versions[0]["changes"] == f"/compare/{second}..{third}"
    assert versions[2]["changes"] is None
    assert versions[0]["address"] == f"/version/{third}/"
    for language, words in (("nb", "Versjoner av dataene"), ("en", "Versions of the data")):
        page = get(f"{url}/version/?lang={language}", headers={"Accept": "text/html"}).text
        assert words in page
        assert all(version in page for version in (first, second, third))
    again = get(f"{url}/version/", headers={"Accept": "*/*", "If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


def test_each_version_answers_with_its_own_data_and_is_immutable(server: tuple[str, list[str]]) -> None:
    url, (first, second, third, _) = server
    for version, title in ((first, TITLE.decode()), (second, TITLE.decode()), (third, "Sluppen")):
        under = f"{url}/version/{version}"
        document = get(f"{under}/doc/{PLAN}.jsonld")
        assert document.json()["title"]["nb"] == title
        assert document.headers["plangraf-version"] == version
        assert document.headers["cache-control"] == FOR_EVER
        assert f'</version/{version}/doc/{PLAN}.ttl>; rel="alternate"' in document.headers["link"]
        assert document.json()["@context"] == f"{url}/context/v1.jsonld"
        tagged = {"If-None-Match": document.headers["etag"]}
        again = get(f"{under}/doc/{PLAN}.jsonld", headers=tagged)
        assert (again.status_code, again.headers["cache-control"]) == (304, FOR_EVER)
        rows = get(f"{under}/queries/plans.csv")
        assert (title in rows.text, rows.headers["plangraf-version"]) == (True, version)
        query = f"ASK {{ <{ID}{GONE}> ?p ?o }}"
        asked = get(f"{under}/sparql", params={"query": query})
        assert asked.json()["boolean"] == (version == first)
        assert (asked.headers["cache-control"], asked.headers["plangraf-version"]) == (FOR_EVER, version)
        posted = httpx.post(f"{under}/sparql", data={"query": query})
        assert posted.json() == asked.json()
    live = get(f"{url}/doc/{PLAN}.jsonld")
    assert live.json()["title"]["nb"] == "Sluppen"
    assert (live.headers["cache-control"], live.headers["plangraf-version"]) == ("no-cache", third)


def test_a_nondeterministic_answer_is_not_immutable(server: tuple[str, list[str]]) -> None:
    url, (first, *_) = server
    response = get(f"{url}/version/{first}/sparql", params={"query": "SELECT (NOW() AS ?now) {}"})
    assert response.headers["cache-control"] == "no-store"


def test_the_page_of_versions_leads_to_comparisons_that_exist(server: tuple[str, list[str]]) -> None:
    url, (first, second, third, _) = server
    page = read_page(get(f"{url}/version/?lang=en", headers={"Accept": "text/html"}).text)
    cards = page.one("ol", "versions").all("li", "card")
    links = [[link.attributes["href"] for link in card.all("a")] for card in cards]
    assert [card.one("code").text for card in cards] == [third, second, first]
    assert links[0] == [f"/version/{third}/", f"/compare/{second}..{third}"]
    assert links[1] == [f"/version/{second}/", f"/compare/{first}..{second}", f"/compare/{second}..{third}"]
    assert links[2] == [f"/version/{first}/", f"/compare/{first}..{third}"]
    assert cards[0].one("h2").text == "The current version"
    for address in (links[1][1], links[2][1]):
        assert get(url + address, headers={"Accept": "text/html"}).status_code == 200


def history_of(url: str, path: str) -> tuple[str, list[tuple[str, list[str]]]]:
    """The sentence about the history of a thing, and the kept versions with their links."""
    page = read_page(get(f"{url}{path}?lang=en", headers={"Accept": "text/html"}).text)
    sentence = next(one.text for one in page.all("dd") if "version of" in one.text)
    lists = page.all("ul", "versions-kept")
    rows = lists[0].all("li") if lists else []
    return sentence, [(row.text, [link.attributes["href"] for link in row.all("a")]) for row in rows]


def test_a_version_with_a_damaged_index_of_downloads_is_listed_without_them(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    manifest = {"triples": 0, "quads": 0, "graphs": {}, "warnings": {}}
    for folder, body in (("damaged", "{"), ("whole", json.dumps({"files": [FILE]}))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "index.json").write_text(body)
    store.write([], manifest, folders={"dump": tmp_path / "damaged"})
    whole = store.write([b'<urn:a> <urn:b> "c" <urn:g> .'], manifest, folders={"dump": tmp_path / "whole"})
    assert with_downloads(store) == {whole.id}


def test_a_page_tells_which_kept_versions_have_its_thing_and_where_it_changed(server: tuple[str, list[str]]) -> None:
    url, (first, second, third, _) = server
    sentence, rows = history_of(url, f"/doc/{PLAN}")
    assert sentence.startswith("Unchanged since the version of ")
    assert "First in the version of " in sentence
    assert [links for _, links in rows] == [
        [f"/version/{third}/doc/{PLAN}", f"/compare/{second}..{third}"],
        [f"/version/{second}/doc/{PLAN}"],
        [f"/version/{first}/doc/{PLAN}"],
    ]
    assert [text.rpartition(" UTC")[2].strip() for text, _ in rows] == ["changed", "unchanged", ""]
    for _, links in rows:
        for link in links:
            assert get(url + link, headers={"Accept": "text/html"}).status_code == 200
    sentence, rows = history_of(url, "/doc/5001/perspective/2020-7")
    assert sentence.startswith("In the data since the version of ")
    assert [text.rpartition(" UTC")[2].strip() for text, _ in rows] == ["unchanged", "unchanged", ""]


def test_the_page_of_a_kept_version_tells_nothing_that_can_change(server: tuple[str, list[str]]) -> None:
    url, (first, *_) = server
    for path in (PLAN, GONE):
        sentence, rows = history_of(url, f"/version/{first}/doc/{path}")
        assert sentence.startswith("In the data since the version of ")
        assert rows == []


def test_pages_and_links_of_a_version_stay_in_it(server: tuple[str, list[str]]) -> None:
    url, (first, *_) = server
    page = get(f"{url}/version/{first}/doc/{PLAN}", headers={"Accept": "text/html"})
    assert f'href="/version/{first}/static/style.css"' in page.text
    assert f'href="/version/{first}/doc/5001/perspective/2020-7"' in page.text
    assert f"<code>{first}</code>" in page.text
    assert get(f"{url}/version/{first}/static/style.css").status_code == 200
    thing = get(f"{url}/version/{first}/id/{PLAN}")
    assert (thing.status_code, thing.headers["location"]) == (303, f"/version/{first}/doc/{PLAN}")
    assert get(f"{url}/version/{first}/ontology", headers={"Accept": "text/turtle"}).status_code == 200
    assert get(f"{url}/version/{first}/", headers={"Accept": "text/html"}).status_code == 200
    assert get(f"{url}/version/{first}/docs").status_code == 200
    servers = get(f"{url}/version/{first}/openapi.json").json()["servers"]
    assert servers == [{"url": f"/version/{first}"}]


def test_errors_under_a_version_are_problems_too(server: tuple[str, list[str]]) -> None:
    url, (first, *_) = server
    wrong = get(f"{url}/version/{first}/sparql", params={"query": "SELECT"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "query-syntax")
    assert get(f"{url}/version/{first}/nothing").json()["code"] == "not-found"


@pytest.mark.parametrize(
    "path",
    [
        "sparql",
        f"doc/{PLAN}",
        f"doc/{PLAN}.ttl",
        f"id/{PLAN}",
        "queries",
        "queries/plans",
        "queries/plans.csv",
        "collections",
        "plans",
        "plans.csv",
        "",
        "ontology",
        "docs",
        "static/style.css",
    ],
)
def test_the_methods_of_an_address_are_the_same_under_a_version(server: tuple[str, list[str]], path: str) -> None:
    url, (first, _, third, _) = server
    allowed = ["GET", "HEAD", "OPTIONS", "POST", "QUERY"] if path == "sparql" else ["GET", "HEAD", "OPTIONS"]
    for address in (f"{url}/{path}", f"{url}/version/{first}/{path}", f"{url}/version/{third}/{path}"):
        options = httpx.options(address)
        assert (options.status_code, options.headers["allow"]) == (204, ", ".join(allowed)), address
        assert options.headers["access-control-allow-methods"] == ", ".join(allowed)
        for method in ("PUT", "DELETE", "POST", "QUERY"):
            if method in allowed:
                continue
            refused = httpx.request(method, address)
            assert (refused.status_code, refused.headers["allow"]) == (405, ", ".join(allowed)), (method, address)
            assert refused.json()["code"] == "method-not-allowed"
            assert all(name in refused.json()["detail"] for name in allowed)


def test_an_unknown_version_is_404_and_a_pruned_one_410(server: tuple[str, list[str]]) -> None:
    url, (*_, pruned) = server
    for name in ("0123456789abcdef", "current", "..%2F..", "x"):
        response = get(f"{url}/version/{name}/doc/{PLAN}", headers={"Accept": "*/*"})
        assert (response.status_code, response.json()["code"]) == (404, "not-found"), name
    gone = get(f"{url}/version/{pruned}/doc/{PLAN}", headers={"Accept": "*/*"})
    assert (gone.status_code, gone.json()["code"]) == (410, "version-gone")


def test_a_removed_thing_is_410_and_names_its_last_version(
    server: tuple[str, list[str]],
) -> None:
    url, (first, second, third, _) = server
    for under in ("", f"/version/{second}", f"/version/{third}"):
        for path in (GONE, f"{GONE}.ttl"):
            response = get(f"{url}{under}/doc/{path}", headers={"Accept": "*/*"})
            assert response.status_code == 410, (under, path)
            problem = response.json()
            assert (problem["code"], problem["lastVersion"]) == ("gone", first)
            assert get(url + problem["lastAddress"]).status_code == 200
    page = get(f"{url}/doc/{GONE}", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert get(f"{url}/doc/5001/plan/1999-1", headers={"Accept": "*/*"}).status_code == 404
    assert get(f"{url}/version/{first}/doc/{GONE}").status_code == 200


def test_opening_another_version_replaces_an_idle_one(server: tuple[str, list[str]]) -> None:
    url, (first, second, *_) = server
    for version in (first, second) * 2:
        query = {"query": f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }} # {time.monotonic()}"}
        response = get(f"{url}/version/{version}/sparql", params=query)
        assert response.headers["plangraf-version"] == version


def test_removed_things_are_410_after_their_version_is_pruned(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    manifest = {"triples": 1, "quads": 1, "graphs": {}}
    texts = {name: f'<http://example.org/{name}> <http://example.org/p> "1" .'.encode() for name in "abc"}
    first = store.write([texts["a"], texts["b"]], manifest)
    second_lines = [texts["b"]]
    second = store.write(second_lines, manifest)
    third_lines = [texts["c"]]
    third = store.write(third_lines, manifest)
    assert third.removed() == {"http://example.org/a": first.id, "http://example.org/b": second.id}
    assert store.prune(0) == [first.id, second.id]
    assert store.pruned() == [first.id, second.id]
    back_lines = [texts["a"], texts["c"]]
    back = store.write(back_lines, manifest)
    assert back.removed() == {"http://example.org/b": second.id}
    store.use(third.id)
    assert store.current().removed() == {"http://example.org/a": back.id, "http://example.org/b": second.id}


def test_things_of_a_rolled_back_version_are_410_too(
    light_versions: Path, tmp_path: Path, run_server: Callable[..., AbstractContextManager[object]]
) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(light_versions, versions, symlinks=True)
    store = VersionStore(versions)
    before = store.current()
    new = f'<{ID}5001/plan/9> <http://purl.org/dc/terms/title> "Ny"@nb <https://w3id.org/plangraf/graph/5001/x> .'
    after = write_after(store, [*before.lines(), new.encode()])
    store.use(before.id)
    with run_server(versions, "--workers", "1") as running:
        response = get(f"{running.url}/doc/5001/plan/9", headers={"Accept": "*/*"})  # type: ignore[attr-defined]
        assert (response.status_code, response.json()["lastVersion"]) == (410, after)
        assert get(f"{running.url}{response.json()['lastAddress']}.ttl").status_code == 200  # type: ignore[attr-defined]


def test_the_endpoint_of_a_version_describes_itself(server: tuple[str, list[str]]) -> None:
    url, (first, _, third, _) = server
    for version in (first, third):
        address = f"{url}/version/{version}/sparql"
        described = get(address, headers={"Accept": "text/turtle"}).text
        assert f"<{address}>" in described
        assert f"<{url}/sparql>" not in described
        assert address in get(address, headers={"Accept": "text/html"}).text
    home = get(f"{url}/version/{first}", headers={"Accept": "text/html"})
    assert (home.status_code, home.headers["plangraf-version"]) == (200, first)
