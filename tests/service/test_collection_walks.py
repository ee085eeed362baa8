"""A walk along rel="next" stays in its version, and gets an error when that version is removed."""

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
from written_version import manifest_of

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
    """Governing documents with these titles, as lines of a version."""
    lines = []
    for place, title in enumerate(TITLES):
        thing = f"<{ID}5001/governing-document/title-{place:02}>"
        lines += [
            f"{thing} <{RDF_TYPE}> <{PLAN}GoverningDocument> <{GRAPH}> .",
            f'{thing} <{TITLE}> "{title}"@nb <{GRAPH}> .',
        ]
    return [line.encode() for line in lines]


@dataclass(frozen=True)
class TwoVersions:
    """A server over two versions: the second adds documents and lacks some of the first."""

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
                seen = seen + 1 if version_of(client.get(f"{self.url}/health/live")) == version else 0
            time.sleep(0.02)


def version_of(response: httpx.Response) -> str:
    return response.headers["plangraf-version"]


def is_served(line: bytes) -> bool:
    """Whether a line of the data is about a document or what says its status, or of the ontology."""
    subject = line.split()[0]
    return DOCUMENT in subject or CITATION in subject or line.endswith(ONTOLOGY)


@contextmanager
def serving(
    built: Path, folder: Path, run_server: Callable[..., AbstractContextManager[object]]
) -> Iterator[TwoVersions]:
    """Serves two versions of a part of `built`, since each switch opens one."""
    all_ = VersionStore(built).current()
    lines = [line for line in all_.lines() if is_served(line)]
    store = VersionStore(folder)
    first = store.write(lines, manifest_of(lines))
    subjects = sorted({line.split()[0] for line in lines if DOCUMENT in line.split()[0]})
    gone = set(subjects[::7])
    changed = sorted([line for line in lines if line.split()[0] not in gone] + documents())
    second = store.write(changed, manifest_of(changed)).id
    store.use(first.id)
    with run_server(folder, "--workers", "1", PLANGRAF_WATCH_S="0.1") as running:
        yield TwoVersions(running.url, store, first.id, second)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def both(
    built: Path, tmp_path_factory: pytest.TempPathFactory, run_server: Callable[..., AbstractContextManager[object]]
) -> Iterator[TwoVersions]:
    with serving(built, tmp_path_factory.mktemp("walks") / "versions", run_server) as walked:
        yield walked


@pytest.fixture
def walked(both: TwoVersions) -> TwoVersions:
    """Both versions, the first one current."""
    both.switch(both.first)
    return both


def all_documents(walked: TwoVersions) -> list[str]:
    return [
        row.partition(",")[0] for row in httpx.get(f"{walked.url}/documents.csv?limit=1000").text.split("\r\n")[1:-1]
    ]


def walk(walked: TwoVersions, address: str, at: Callable[[int], None] = lambda _: None) -> tuple[list[str], set[str]]:
    """The things of all pages, and the versions that answered; `at` is called before each page."""
    found: list[str] = []
    versions = set()
    number = 0
    while address:
        number += 1
        at(number)
        response = httpx.get(address, headers={"Accept": "application/ld+json"})
        assert response.status_code == 200, response.text
        versions.add(version_of(response))
        if response.headers["content-type"].startswith("text/csv"):
            found += [row.partition(",")[0] for row in response.text.split("\r\n")[1:-1]]
            address = response.links.get("next", {}).get("url", "")
        else:
            document = response.json()
            found += [member["id"] for member in document["member"]]
            address = document["view"].get("next", "")
    return found, versions


@pytest.mark.slow
def test_a_walk_during_a_switch_has_every_thing_of_its_version_once(walked: TwoVersions) -> None:
    expected = all_documents(walked)
    walked.switch(walked.second)
    other = all_documents(walked)
    assert set(expected) - set(other)
    assert set(other) - set(expected)
    for path in ("documents", "documents.csv", "documents.jsonld"):
        walked.switch(walked.first)

        def at(number: int) -> None:
            if number == 4:
                walked.switch(walked.second)

        found, versions = walk(walked, f"{walked.url}/{path}?limit=9", at)
        assert versions == {walked.first}
        assert len(found) == len(set(found))
        assert found == expected
        found, versions = walk(walked, f"{walked.url}/{path}?limit=9")
        assert (found, versions) == (other, {walked.second})


@pytest.mark.slow
def test_many_switches_during_a_walk_do_not_change_it(walked: TwoVersions) -> None:
    expected = {walked.first: all_documents(walked)}
    walked.switch(walked.second)
    expected[walked.second] = all_documents(walked)
    ended = threading.Event()

    def switching() -> None:
        while not ended.is_set():
            for version in (walked.first, walked.second):
                walked.store.use(version)
                ended.wait(0.7)

    thread = threading.Thread(target=switching)
    thread.start()
    seen: set[str] = set()
    number, deadline = 0, time.monotonic() + 120
    try:
        while number < 12 or seen != {walked.first, walked.second}:
            assert time.monotonic() < deadline, seen
            number += 1
            found, versions = walk(walked, f"{walked.url}/documents?limit={9 + number % 12}")
            assert len(versions) == 1
            assert found == expected[versions.copy().pop()]
            seen |= versions
            time.sleep(0.1)
    finally:
        ended.set()
        thread.join()


def test_titles_stand_in_norwegian_order_on_the_pages(walked: TwoVersions) -> None:
    walked.switch(walked.second)
    found = [thing for thing in walk(walked, f"{walked.url}/documents?limit=13")[0] if "/title-" in thing]
    assert found == [f"{ID}5001/governing-document/title-{place:02}" for place in range(len(TITLES))]


@pytest.mark.slow
def test_pages_of_a_retained_version_do_not_depend_on_the_current_one(walked: TwoVersions) -> None:
    before = {}
    paths = [
        f"documents.{suffix}?limit=9&page=2&version={walked.first}" for suffix in ("jsonld", "ttl", "csv", "nt", "rdf")
    ]
    for path in paths:
        before[path] = httpx.get(f"{walked.url}/{path}")
    walked.switch(walked.second)
    for path, answer in before.items():
        after = httpx.get(f"{walked.url}/{path}")
        assert after.content == answer.content
        for name in ("etag", "link", "vary", "cache-control", "content-type", "plangraf-version"):
            assert after.headers[name] == answer.headers[name], name
        assert after.headers["cache-control"] == FOR_EVER
        tagged = httpx.get(f"{walked.url}/{path}", headers={"If-None-Match": answer.headers["etag"]})
        assert (tagged.status_code, version_of(tagged)) == (304, walked.first)
        head = httpx.head(f"{walked.url}/{path}")
        assert (head.status_code, head.content, version_of(head)) == (200, b"", walked.first)
        under = httpx.get(f"{walked.url}/version/{walked.first}/{path}")
        assert under.content == answer.content
    page = httpx.get(f"{walked.url}/documents.html?limit=9&page=2&version={walked.first}")
    assert (page.status_code, version_of(page)) == (200, walked.first)
    assert f'href="/version/{walked.first}/doc/5001/governing-document/' in page.text
    assert f"/documents.html?limit=9&amp;version={walked.first}&amp;page=3" in page.text
    assert httpx.get(f"{walked.url}/version/{walked.first}/collections.csv").text.count("\r\n") > 20


def test_errors_of_a_page_in_a_retained_version_are_problems_too(walked: TwoVersions) -> None:
    walked.switch(walked.second)
    for query, status, code in (("page=99", 404, "not-found"), ("color=red", 400, "bad-parameter")):
        response = httpx.get(f"{walked.url}/documents?version={walked.first}&{query}", headers={"Accept": "*/*"})
        assert (response.status_code, response.json()["code"]) == (status, code)
    wrong = httpx.get(f"{walked.url}/version/{walked.first}/documents.csv?version={walked.second}")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad-parameter")


@pytest.mark.slow
def test_a_walk_in_a_removed_version_gets_the_address_to_start_again(
    built: Path, tmp_path: Path, run_server: Callable[..., AbstractContextManager[object]]
) -> None:
    with serving(built, tmp_path / "versions", run_server) as walked:
        walk_and_remove(walked)


def walk_and_remove(walked: TwoVersions) -> None:
    page = httpx.get(f"{walked.url}/documents.csv?limit=9&status=adopted")
    following = page.links["next"]["url"]
    walked.switch(walked.second)
    assert httpx.get(following).status_code == 200
    os.utime(walked.store.get(walked.first).path, (1, 1))
    assert walked.store.prune(0) == [walked.first]
    gone = httpx.get(following)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")
    problem = gone.json()
    assert problem["code"] == "version-gone"
    assert problem["startAgain"] == f"{walked.url}/documents.csv?status=adopted&limit=9"
    assert problem["startAgain"] in problem["detail"]
    again = httpx.get(problem["startAgain"])
    assert (again.status_code, version_of(again)) == (200, walked.second)
    assert httpx.get(following, headers={"Accept": "text/html"}).status_code == 410
