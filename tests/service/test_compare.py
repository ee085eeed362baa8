"""Changes between two versions, from two sorted dumps, as JSON, RDF Patch and a page."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plangraf.store.diff import compare_lines, write_json, write_patch
from plangraf.store.versions import VersionStore

ID = "https://w3id.org/plangraf/id/"
PLAN = f"{ID}5001/plan/2020-2023-7"
TITLE = "http://purl.org/dc/terms/title"
OLD = "Kommunedelplan areal for Sluppen (del 2) med veiledende plan for offentlige rom"


@given(st.sets(st.binary(max_size=2)), st.sets(st.binary(max_size=2)))
def test_the_changes_of_any_two_dumps_are_their_difference_in_order(before: set[bytes], after: set[bytes]) -> None:
    found = list(compare_lines(iter(sorted(before)), iter(sorted(after))))
    assert {line for added, line in found if added} == after - before
    assert {line for added, line in found if not added} == before - after
    assert [line for _, line in found] == sorted(before ^ after)


def test_a_patch_makes_one_version_of_the_other(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    lines = [f'<http://example.org/{n}> <http://example.org/p> "{n}"@nb <http://example.org/g> .' for n in "abcd"]
    before = store.write([line.encode() for line in lines[:3]], {})
    after = store.write([line.encode() for line in lines[1:]], {})
    out = io.BytesIO()
    write_patch(out, before, after)
    assert out.getvalue().decode().splitlines() == [
        f'H version "{after.id}" .',
        f'H previous "{before.id}" .',
        "TX .",
        f"D {lines[0]}",
        f"A {lines[3]}",
        "TC .",
    ]
    for most, things in ((0, 2), (1, 1)):
        out = io.BytesIO()
        write_json(out, before, after, most)
        told = json.loads(out.getvalue())
        assert (told["from"], told["to"]) == (before.id, after.id)
        assert (told["changedThings"], told["added"], told["removed"]) == (2, 1, 1)
        assert len(told["things"]) == things
    assert told["things"][0] == {
        "id": "http://example.org/a",
        "added": [],
        "removed": [
            {"property": "http://example.org/p", "value": "a", "language": "nb", "graph": "http://example.org/g"}
        ],
    }


@pytest.fixture(scope="module")
def compared(
    built: Path, tmp_path_factory: pytest.TempPathFactory, run_server: Callable[..., AbstractContextManager[object]]
) -> Iterator[tuple[str, str, str]]:
    """The address of a server and two versions: the title of a plan changed, and a hundred lines were removed."""
    folder = tmp_path_factory.mktemp("compared") / "versions"
    shutil.copytree(built, folder, symlinks=True)
    store = VersionStore(folder)
    before = store.current()
    lines = [line.replace(OLD.encode(), b"Sluppen") for line in before.lines()]
    after = store.write(sorted(lines)[:-1000], before.manifest)
    with run_server(folder, "--workers", "1") as running:
        yield running.url, before.id, after.id  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_changes_come_as_json_grouped_by_thing(compared: tuple[str, str, str]) -> None:
    url, before, after = compared
    response = httpx.get(f"{url}/compare/{before}..{after}", headers={"Accept": "application/json"})
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    thing = next(thing for thing in told["things"] if thing["id"] == PLAN)
    graph = "https://w3id.org/plangraf/graph/5001/planstrategi-2020-2023"
    assert [line["value"] for line in thing["added"]] == ["Sluppen"]
    assert thing["removed"] == [{"property": TITLE, "value": OLD, "language": "nb", "graph": graph}]
    assert told["removed"] - told["added"] == 1000
    assert told["changedThings"] == len(told["things"]) > 200
    tagged = {"Accept": "application/json", "If-None-Match": response.headers["etag"]}
    assert httpx.get(f"{url}/compare/{before}..{after}", headers=tagged).status_code == 304
    again = httpx.get(f"{url}/compare/{before}..{after}", headers={"Accept": "application/json"})
    assert (again.content, again.headers["server-timing"]) == (response.content, "cache;desc=hit")


def test_the_patch_leads_from_the_one_dump_to_the_other_and_back(compared: tuple[str, str, str]) -> None:
    url, before, after = compared
    response = httpx.get(f"{url}/compare/{before}..{after}.rdfp")
    assert response.headers["content-type"] == "application/rdf-patch; charset=utf-8"
    rows = response.text.splitlines()
    assert (rows[2], rows[-1]) == ("TX .", "TC .")
    back = httpx.get(f"{url}/compare/{after}..{before}?format=rdf-patch").text.splitlines()
    swapped = [{"A": "D", "D": "A"}[row[0]] + row[1:] for row in rows[3:-1]]
    assert back[3:-1] == swapped
    assert any(row.startswith("D ") for row in rows)


@pytest.mark.parametrize(
    ("language", "heading", "came", "went"),
    [("nb", "Endringer", "lagt til", "fjernet"), ("en", "Changes", "added", "removed")],
)
def test_the_page_lists_additions_and_removals_by_thing(
    compared: tuple[str, str, str], language: str, heading: str, came: str, went: str
) -> None:
    url, before, after = compared
    page = httpx.get(f"{url}/compare/{before}..{after}?lang={language}", headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{heading}</h1>" in page.text
    assert page.text.count("<h2>") == 200
    row = page.text.split(f'href="/doc/{PLAN.removeprefix(ID)}"')[1].split("</table>")[0]
    assert "<ins>" in row
    assert "Sluppen" in row
    assert f">{came}</th>" in row
    assert f">{went}</th>" in row


def test_a_version_has_no_changes_to_itself(compared: tuple[str, str, str]) -> None:
    url, before, _ = compared
    told = httpx.get(f"{url}/compare/{before}..{before}.json").json()
    assert told == {"from": before, "to": before, "things": [], "changedThings": 0, "added": 0, "removed": 0}


@pytest.mark.parametrize("pair", ["x", "0123456789abcdef..0123456789abcdef", "a..b..c", "current..current"])
def test_an_address_without_two_versions_is_404(compared: tuple[str, str, str], pair: str) -> None:
    response = httpx.get(f"{compared[0]}/compare/{pair}", headers={"Accept": "*/*"})
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
