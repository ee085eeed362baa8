"""A walk along rel="next" stays in its version while others become current, and says so when it cannot."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from plangraf.store.versions import VersionStore

ID = "https://w3id.org/plangraf/id/"
PLAN = "https://w3id.org/plangraf/ontology#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
TITLE = "http://purl.org/dc/terms/title"
GRAPH = "https://w3id.org/plangraf/graph/5001/planstrategi-2020-2023"
DOCUMENT = b"/governing-document/"
CITATION = b"/document-citation/"
ONTOLOGY = b"<https://w3id.org/plangraf/graph/ontology> ."
FOR_EVER = "public, max-age=31536000, immutable"
# As a Norwegian index has them; keys of the things are their places in here.
TITLES = [
    "1 for alle",
    "2 for alle",
    "10 for alle",
    "a",
    "Kapittel 2.4",
    "Kapittel 2.10",
    "plan",
    "Plan",
    "Zoo",
    "Ærlig",
    "Ørland",
    "Ås",
    "Aas",
    "Åsen",
    "Aasen",
]


def documents() -> list[bytes]:
    """Governing documents of these titles, as lines of a version."""
    lines = []
    for place, title in enumerate(TITLES):
        thing = f"<{ID}5001/governing-document/title-{place:02}>"
        lines += [
            f"{thing} <{RDF_TYPE}> <{PLAN}GoverningDocument> <{GRAPH}> .",
            f'{thing} <{TITLE}> "{title}"@nb <{GRAPH}> .',
        ]
    return [line.encode() for line in lines]


@dataclass(frozen=True)
class Kept:
    """A server over two versions: the second has more documents, and lacks some that the first one has."""

    url: str
    store: VersionStore
    first: str
    second: str

    def switch(self, version: str) -> None:
        """Makes a version current and waits until every process serves it."""
        self.store.use(version)
        deadline, seen = time.monotonic() + 30, 0
        while seen < 12:
            assert time.monotonic() < deadline
            with httpx.Client() as client:
                seen = seen + 1 if served(client.get(f"{self.url}/health/live")) == version else 0
            time.sleep(0.02)


def served(response: httpx.Response) -> str:
    return response.headers["plangraf-version"]


def is_served(line: bytes) -> bool:
    """Whether a line of the data is about a document or what says its status, or of the ontology."""
    subject = line.split()[0]
    return DOCUMENT in subject or CITATION in subject or line.endswith(ONTOLOGY)


@contextmanager
def serving(built: Path, folder: Path, run_server: Callable[..., AbstractContextManager[object]]) -> Iterator[Kept]:
    """Serves two versions of a part of `built`, since each switch opens one."""
    all_ = VersionStore(built).current()
    lines = [line for line in all_.lines() if is_served(line)]
    store = VersionStore(folder)
    page = {"ontology.html": (all_.path / "ontology.html").read_bytes()}
    manifest = {"triples": len(lines), "quads": len(lines), "graphs": {}, "warnings": {}}
    first = store.write(lines, manifest, page)
    subjects = sorted({line.split()[0] for line in lines if DOCUMENT in line.split()[0]})
    gone = set(subjects[::7])
    changed = sorted([line for line in lines if line.split()[0] not in gone] + documents())
    second = store.write(changed, {**manifest, "quads": len(changed)}, page).id
    store.use(first.id)
    with run_server(folder, "--workers", "1", PLANGRAF_WATCH_S="0.1") as running:
        yield Kept(running.url, store, first.id, second)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def both(
    built: Path, tmp_path_factory: pytest.TempPathFactory, run_server: Callable[..., AbstractContextManager[object]]
) -> Iterator[Kept]:
    with serving(built, tmp_path_factory.mktemp("walks") / "versions", run_server) as kept:
        yield kept


@pytest.fixture
def kept(both: Kept) -> Kept:
    """Both versions, the first one current."""
    both.switch(both.first)
    return both


def whole(kept: Kept) -> list[str]:
    return [row.partition(",")[0] for row in httpx.get(f"{kept.url}/documents.csv?limit=1000").text.split("\r\n")[1:-1]]


def walk(kept: Kept, address: str, at: Callable[[int], None] = lambda _: None) -> tuple[list[str], set[str]]:
    """The things of all pages, and the versions that answered; `at` is called before each page."""
    found: list[str] = []
    versions = set()
    number = 0
    while address:
        number += 1
        at(number)
        response = httpx.get(address, headers={"Accept": "application/ld+json"})
        assert response.status_code == 200, response.text
        versions.add(served(response))
        if response.headers["content-type"].startswith("text/csv"):
            found += [row.partition(",")[0] for row in response.text.split("\r\n")[1:-1]]
            address = response.links.get("next", {}).get("url", "")
        else:
            document = response.json()
            found += [member["id"] for member in document["member"]]
            address = document["view"].get("next", "")
    return found, versions


def test_a_walk_during_which_the_version_switches_meets_every_thing_of_its_version_once(kept: Kept) -> None:
    expected = whole(kept)
    kept.switch(kept.second)
    other = whole(kept)
    assert set(expected) - set(other)
    assert set(other) - set(expected)
    for path in ("documents", "documents.csv", "documents.jsonld"):
        kept.switch(kept.first)

        def at(number: int) -> None:
            if number == 4:
                kept.switch(kept.second)

        found, versions = walk(kept, f"{kept.url}/{path}?limit=9", at)
        assert versions == {kept.first}
        assert len(found) == len(set(found))
        assert found == expected
        found, versions = walk(kept, f"{kept.url}/{path}?limit=9")
        assert (found, versions) == (other, {kept.second})


def test_many_switches_under_a_walk_do_not_show(kept: Kept) -> None:
    expected = {kept.first: whole(kept)}
    kept.switch(kept.second)
    expected[kept.second] = whole(kept)
    ended = threading.Event()

    def switching() -> None:
        while not ended.is_set():
            for version in (kept.first, kept.second):
                kept.store.use(version)
                ended.wait(0.7)

    thread = threading.Thread(target=switching)
    thread.start()
    seen: set[str] = set()
    number, deadline = 0, time.monotonic() + 120
    try:
        while number < 12 or seen != {kept.first, kept.second}:
            assert time.monotonic() < deadline, seen
            number += 1
            found, versions = walk(kept, f"{kept.url}/documents?limit={9 + number % 12}")
            assert len(versions) == 1
            assert found == expected[versions.copy().pop()]
            seen |= versions
            time.sleep(0.1)
    finally:
        ended.set()
        thread.join()


def test_titles_stand_in_norwegian_order_on_the_pages(kept: Kept) -> None:
    kept.switch(kept.second)
    found = [thing for thing in walk(kept, f"{kept.url}/documents?limit=13")[0] if "/title-" in thing]
    assert found == [f"{ID}5001/governing-document/title-{place:02}" for place in range(len(TITLES))]


def test_pages_of_a_kept_version_are_the_same_whatever_is_current(kept: Kept) -> None:
    before = {}
    paths = [
        f"documents.{suffix}?limit=9&page=2&version={kept.first}" for suffix in ("jsonld", "ttl", "csv", "nt", "rdf")
    ]
    for path in paths:
        before[path] = httpx.get(f"{kept.url}/{path}")
    kept.switch(kept.second)
    for path, answer in before.items():
        after = httpx.get(f"{kept.url}/{path}")
        assert after.content == answer.content
        for name in ("etag", "link", "vary", "cache-control", "content-type", "plangraf-version"):
            assert after.headers[name] == answer.headers[name], name
        assert after.headers["cache-control"] == FOR_EVER
        tagged = httpx.get(f"{kept.url}/{path}", headers={"If-None-Match": answer.headers["etag"]})
        assert (tagged.status_code, served(tagged)) == (304, kept.first)
        head = httpx.head(f"{kept.url}/{path}")
        assert (head.status_code, head.content, served(head)) == (200, b"", kept.first)
        under = httpx.get(f"{kept.url}/version/{kept.first}/{path}")
        assert under.content == answer.content
    page = httpx.get(f"{kept.url}/documents.html?limit=9&page=2&version={kept.first}")
    assert (page.status_code, served(page)) == (200, kept.first)
    assert f'href="/version/{kept.first}/doc/5001/governing-document/' in page.text
    assert f"/documents.html?limit=9&amp;version={kept.first}&amp;page=3" in page.text
    assert httpx.get(f"{kept.url}/version/{kept.first}/collections.csv").text.count("\r\n") > 20


def test_errors_of_a_page_in_a_kept_version_are_problems_too(kept: Kept) -> None:
    kept.switch(kept.second)
    for query, status, code in (("page=99", 404, "not-found"), ("color=red", 400, "bad-parameter")):
        response = httpx.get(f"{kept.url}/documents?version={kept.first}&{query}", headers={"Accept": "*/*"})
        assert (response.status_code, response.json()["code"]) == (status, code)
    wrong = httpx.get(f"{kept.url}/version/{kept.first}/documents.csv?version={kept.second}")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad-parameter")


def test_a_walk_whose_version_was_removed_is_told_where_to_start_again(
    built: Path, tmp_path: Path, run_server: Callable[..., AbstractContextManager[object]]
) -> None:
    with serving(built, tmp_path / "versions", run_server) as kept:
        walk_and_remove(kept)


def walk_and_remove(kept: Kept) -> None:
    page = httpx.get(f"{kept.url}/documents.csv?limit=9&status=adopted")
    following = page.links["next"]["url"]
    kept.switch(kept.second)
    assert httpx.get(following).status_code == 200
    os.utime(kept.store.get(kept.first).path, (1, 1))
    assert kept.store.prune(0) == [kept.first]
    gone = httpx.get(following)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")
    problem = gone.json()
    assert problem["code"] == "version-gone"
    assert problem["startAgain"] == f"{kept.url}/documents.csv?status=adopted&limit=9"
    assert problem["startAgain"] in problem["detail"]
    again = httpx.get(problem["startAgain"])
    assert (again.status_code, served(again)) == (200, kept.second)
    assert httpx.get(following, headers={"Accept": "text/html"}).status_code == 410
