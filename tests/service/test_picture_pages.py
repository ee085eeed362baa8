"""`/pictures`: pages, files and rows over HTTP, frames of other sites, and the neighbourhood of a thing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from plangraf.publish.pictures.rows import number_text
from plangraf.store.pictures import read_pictures
from plangraf.store.versions import VersionStore
from running_server import Server
from small_home import ROOT

NAMES = sorted(path.name for path in (ROOT / "queries" / "pictures").iterdir())
PLAN = "https://w3id.org/plangraf/id/5001/plan/2020-2023-7"


def page(url: str, path: str, language: str = "nb") -> str:
    answer = httpx.get(url + path, headers={"Accept": "text/html", "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_list_names_each_picture_with_its_sentence(url: str) -> None:
    listed = httpx.get(f"{url}/pictures?lang=en").json()["pictures"]
    assert sorted(one["name"] for one in listed) == NAMES
    assert {one["state"] for one in listed if one["name"] != "series"} == {"drawn"}
    text = page(url, "/pictures", "en")
    for one in listed:
        assert one["title"].replace("'", "&#39;") in text
        assert "{" not in one["reading"]


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_are_those_that_its_query_gives_now(url: str, name: str) -> None:
    text = page(url, f"/pictures/{name}", "en")
    (link,) = re.findall(r'href="(/sparql[?]query=[^"]*)"', text)
    query = parse_qs(urlsplit(link.replace("&amp;", "&")).query)["query"][0]
    asked = httpx.get(f"{url}/sparql", params={"query": query}, headers={"Accept": "text/csv"})
    kept = httpx.get(f"{url}/pictures/{name}.csv?lang=en")
    assert kept.headers["content-type"] == "text/csv; charset=utf-8"
    assert kept.text == asked.text


@pytest.mark.parametrize("name", [name for name in NAMES if name != "series"])
def test_a_page_has_the_drawing_and_a_table_with_the_same_rows_and_links(url: str, name: str) -> None:
    text = page(url, f"/pictures/{name}?lang=nb")
    rows = httpx.get(f"{url}/pictures/{name}.json").json()
    assert rows["reading"].replace("'", "&#39;") in text
    table = text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert table.count("<tr>") == len(rows["rows"])
    drawing = re.search(r"<svg .*?</svg>", text, re.DOTALL)
    assert drawing is not None
    assert len(drawing[0].split("<title>")) - 1 == len(rows["rows"])
    of_marks = set(re.findall(r'<a href="(/[^"]*)"', drawing[0]))
    assert of_marks
    assert of_marks <= set(re.findall(r'href="(/[^"]*)"', table))
    assert "style=" not in text
    assert "<style" not in text
    assert len(text.encode()) < 300_000


def test_a_mark_leads_to_a_document(url: str) -> None:
    svg = httpx.get(f"{url}/pictures/plans-perspectives.svg").text
    address = re.search(r'href="([^"]*)"', svg)
    assert address is not None
    assert address[1].startswith("../doc/")
    assert httpx.get(f"{url}/pictures/{address[1]}").status_code == 200


def test_themes_and_languages_are_different_files_with_one_tag_each(url: str) -> None:
    asked = [f"matrix.{kind}?lang={language}&theme={theme}"
             for kind in ("svg", "png") for language in ("nb", "en") for theme in ("light", "dark")]  # fmt: skip
    answers = [httpx.get(f"{url}/pictures/{one}") for one in asked]
    assert len({answer.content for answer in answers}) == len({answer.headers["etag"] for answer in answers}) == 8
    assert httpx.get(f"{url}/pictures/matrix.svg").content == answers[0].content
    assert answers[4].content.startswith(b"\x89PNG")
    again = httpx.get(f"{url}/pictures/{asked[0]}", headers={"If-None-Match": answers[0].headers["etag"]})
    assert again.status_code == 304


def test_accept_decides_without_an_ending(url: str) -> None:
    for accept, type_ in (("image/png", "image/png"), ("image/svg+xml", "image/svg+xml; charset=utf-8"),
                          ("text/csv", "text/csv; charset=utf-8"), ("*/*", "application/json")):  # fmt: skip
        answer = httpx.get(f"{url}/pictures/matrix", headers={"Accept": accept})
        assert answer.headers["content-type"] == type_
    norwegian = httpx.get(f"{url}/pictures/matrix.svg", headers={"Accept-Language": "en"})
    assert "Perspektiver" in norwegian.text  # a program names the language


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/pictures/matrx", 404, "Did you mean matrix?"),
        ("/pictures/matrix?municipality=0301", 404, "It is drawn for 5001"),
        ("/pictures/matrix?municipality=x", 400, "not the number of a municipality"),
        ("/pictures/matrix.svg?theme=pink", 400, "use one of: light, dark"),
        ("/pictures/series.svg", 404, "statistics"),
        ("/pictures/nothing/embed", 404, "All pictures are at /pictures"),
        ("/pictures/neighbourhood", 404, "Name a thing"),
        ("/pictures/neighbourhood?iri=plan", 400, "not an absolute IRI"),
        ("/pictures/neighbourhood?iri=https://example.org/none", 404, "https://example.org/none"),
    ],
)
def test_a_request_for_what_is_not_there_says_what_is(url: str, path: str, status: int, words: str) -> None:
    answer = httpx.get(url + path, params=None)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_other_sites_may_show_a_picture_in_a_frame_and_no_other_page(url: str) -> None:
    framed = httpx.get(f"{url}/pictures/matrix/embed?lang=en")
    assert "frame-ancestors *" in framed.headers["content-security-policy"]
    assert 'media="(prefers-color-scheme: dark)"' in framed.text
    assert 'target="_top"' in framed.text
    whole = httpx.get(f"{url}/pictures/matrix", headers={"Accept": "text/html"})
    assert "frame-ancestors 'self'" in whole.headers["content-security-policy"]


def test_a_kept_version_has_its_pictures_below_its_own_address(url: str, built: Path) -> None:
    prefix = f"/version/{VersionStore(built).current().id}"
    text = page(url, f"{prefix}/pictures/matrix")
    assert f'href="{prefix}/targets/1.2"' in text
    assert f'href="{prefix}/pictures/matrix.png?lang=nb"' in text
    assert httpx.get(f"{url}{prefix}/pictures/matrix.svg").content == httpx.get(f"{url}/pictures/matrix.svg").content


def test_each_mark_of_a_neighbourhood_is_a_row_of_its_table(url: str) -> None:
    text = page(url, f"/pictures/neighbourhood?iri={PLAN}&lang=en")
    drawing = re.search(r"<svg .*?</svg>", text, re.DOTALL)
    assert drawing is not None
    table = text.partition("<tbody>")[2].partition("</tbody>")[0]
    of_marks = re.findall(r'<a href="([^"]*)"', drawing[0])
    assert len(of_marks) > 8
    assert set(of_marks) <= set(re.findall(r'href="(/pictures/neighbourhood[^"]*)"', table))
    following = page(url, of_marks[0].replace("&amp;", "&"), "en")
    assert "<svg" in following
    svg = httpx.get(f"{url}/pictures/neighbourhood.svg", params={"iri": PLAN, "theme": "dark"})
    assert svg.headers["content-type"] == "image/svg+xml; charset=utf-8"
    ET.fromstring(svg.text)  # noqa: S314  # our own


def test_the_json_of_a_neighbourhood_has_the_names_of_its_table_and_says_what_is_drawn(url: str) -> None:
    perspective = "https://w3id.org/plangraf/id/5001/perspective/2020-7"
    found = httpx.get(f"{url}/pictures/neighbourhood.json", params={"iri": perspective, "lang": "en"}).json()
    assert (found["iri"], found["label"], found["href"], found["more"]) == (
        perspective, "Green mobility", "/doc/5001/perspective/2020-7", False
    )  # fmt: skip
    text = page(url, f"/pictures/neighbourhood?iri={perspective}&lang=en")
    table = text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a></td>\n<td[^>]*><a [^>]* data-iri="([^"]*)"', table)
    names = [(one["href"], one["label"], one["iri"]) for group in found["groups"] for one in group["neighbours"]]
    assert names == [tuple(unescape(part) for part in row) for row in rows]
    drawing = text.partition("<svg")[2].partition("</svg>")[0]
    drawn = [one["iri"] for group in found["groups"] for one in group["neighbours"][: group["drawn"]]]
    assert sorted(drawn) == sorted(map(unquote, re.findall(r'href="[^"]*[?]iri=([^&"]*)', drawing)))
    assert len(drawn) < len(names)
    assert httpx.get(f"{url}/pictures/neighbourhood.json").status_code == 404


def test_what_we_read_into_a_text_is_a_group_of_its_own_and_dashed(url: str) -> None:
    def groups(iri: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{url}/pictures/neighbourhood.json", params={"iri": iri, "lang": "en"})
        found: list[dict[str, Any]] = answer.json()["groups"]
        return found

    perspective = "https://w3id.org/plangraf/id/5001/perspective/2020-14"
    *printed, read = groups(perspective)
    assert (read["direction"], read["label"], read["interpreted"]) == ("in", "Interpreted link", True)
    assert "https://w3id.org/plangraf/id/5001/commitment/2023-1-1" in [one["iri"] for one in read["neighbours"]]
    assert not [group["label"] for group in printed if group["interpreted"] or not group["label"][0].isupper()]
    # plan:becomes stands beside the interpreted link from the same plan.
    becomes = groups(PLAN)[-1]
    assert (becomes["link"].rpartition("#")[2], becomes["interpreted"]) == ("becomes", True)
    assert not [group for group in groups(PLAN) if group["link"].endswith("InterpretedLink")]
    with_readings = httpx.get(f"{url}/pictures/neighbourhood.svg", params={"iri": perspective}).text
    assert with_readings.count("stroke-dasharray") == read["drawn"]


def test_a_neighbourhood_of_many_links_stays_small(url: str) -> None:
    goal = httpx.get(
        f"{url}/pictures/neighbourhood.svg?iri=https://w3id.org/plangraf/id/5001/municipality/5001&lang=en"
    )
    assert "more" in goal.text
    assert len(goal.content) < 60_000


@pytest.mark.slow
def test_a_version_without_pictures_says_so(
    run_server: Callable[..., AbstractContextManager[Server]], light_versions: Path
) -> None:
    assert read_pictures(VersionStore(light_versions).current().path).pictures == {}
    with run_server(light_versions) as server:
        assert httpx.get(f"{server.url}/pictures").json() == {"pictures": []}
        assert "published without pictures" in page(server.url, "/pictures", "en")
        assert httpx.get(f"{server.url}/pictures/matrix.svg").status_code == 404


@pytest.mark.slow
def test_pictures_that_are_drawn_anew_for_the_same_version_are_shown_by_a_running_server(
    run_server: Callable[..., AbstractContextManager[Server]], built: Path, tmp_path: Path
) -> None:
    """A change of `queries/pictures/` alone does not change the version's id."""
    current = VersionStore(built).current()
    versions = tmp_path / "versions"
    version = versions / current.id
    version.mkdir(parents=True)
    for name in ("data.nq.zst", "manifest.json", "object-kinds.json"):
        shutil.copy(current.path / name, version / name)
    shutil.copytree(current.path / "pictures", version / "pictures")
    (versions / "current").symlink_to(current.id)
    with run_server(versions) as server:
        before = page(server.url, "/pictures/coverage", "en")
        index = version / "pictures" / "index.json"
        index.write_text(index.read_text().replace("How far the documents reach", "How near the documents come to"))
        after = page(server.url, "/pictures/coverage", "en")
    assert "How far the documents reach" in before
    assert "How near the documents come to" in after


@pytest.mark.slow
def test_what_serves_never_imports_what_draws() -> None:
    """Also with the package absent, as in an install of the extra `server`."""
    code = (
        "import sys; sys.modules['vl_convert'] = None\n"
        "import plangraf.http.app\n"
        "assert not [name for name in sys.modules if name.startswith('plangraf.publish')]"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert [number_text(number, "nb") for number in (2020, 12345, 1234567.5, -3, 0.25)] == [
        "2020", "12\u00a0345", "1\u00a0234\u00a0567,5", "\u22123", "0,25"
    ]  # fmt: skip
    assert [number_text(number, "en") for number in (2020, 12345, 1234567.5)] == ["2020", "12,345", "1,234,567.5"]
