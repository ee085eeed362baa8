"""Clients of the feed, ours and others, replicate the data over HTTP and follow changes."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse

from feed_client import (
    AS,
    DEFAULT,
    RDF_FORMATS,
    Member,
    Replica,
    canonical,
    member_of,
    union,
    version_data,
)
from plangraf.store.changes.log import PAGE_SIZE, FeedLog
from plangraf.store.versions import VersionStore
from small_home import CASE, make_home, plangraf, write

pytestmark = pytest.mark.embedded("switches versions under the service, which nobody publishes")

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., AbstractContextManager[Any]]
MANIFEST = {"triples": 1, "quads": 1, "graphs": {}, "warnings": {}}
PATHS = {
    "timestamp": f"{AS}published",
    "sequence": "http://schema.org/position",
    "versionOf": "http://purl.org/dc/terms/isVersionOf",
}
OTHER_CASE = f"""\
<{CASE}> a plan:Case ;
    plan:caseNumber "68/19" ;
    rdfs:label "Merger"@en , "Kommunesammenslåing"@nb .

<https://w3id.org/plangraf/id/5001/case/formannskapet-177-20> a plan:Case ;
    plan:caseNumber "177/20" .
"""
LDES_CLIENT = ROOT / ".portals" / "ldes-client"
needs_ldes_client = pytest.mark.skipif(
    not (LDES_CLIENT / ".ready").exists(), reason="ldes-client is not installed; named at the end of the run"
)


def current(versions: Path) -> set[Quad]:
    return version_data(b"".join(VersionStore(versions).current().quads()))


def read_log(folder: Path) -> str:
    """The log of the services over the versions in a folder."""
    return "".join(file.read_text() for file in folder.glob("serve-*.log"))


def lines(*numbers: int, value: str = "1") -> list[bytes]:
    return sorted(f'<http://e/{number:05d}> <http://e/p> "{value}" <http://e/g> .'.encode() for number in numbers)


@pytest.fixture(scope="module")
def first_harvest(url: str) -> tuple[Replica, list[tuple[str, int]]]:
    """A client in TriG after its first harvest of all data, and the requests of that harvest."""
    replica = Replica(f"{url}/feed")
    replica.harvest()
    return replica, list(replica.requests)


@pytest.mark.slow
def test_a_client_ends_with_the_same_triples_in_the_same_graphs(
    first_harvest: tuple[Replica, list[tuple[str, int]]], built: Path
) -> None:
    replica, _ = first_harvest
    assert replica.data() == current(built)
    assert [member.sequence for member in replica.members] == list(range(1, len(replica.members) + 1))


@pytest.mark.slow
@pytest.mark.parametrize("accept", ["application/n-quads", "application/ld+json"])
def test_a_client_of_quads_ends_with_the_same_triples_in_the_same_graphs(url: str, built: Path, accept: str) -> None:
    replica = Replica(f"{url}/feed", accept)
    replica.harvest()
    assert replica.data() == current(built)
    assert [member.sequence for member in replica.members] == list(range(1, len(replica.members) + 1))


@pytest.mark.slow
@pytest.mark.parametrize("accept", ["text/turtle", "application/n-triples"])
def test_a_client_of_triples_ends_with_the_same_triples(url: str, built: Path, accept: str) -> None:
    """The short form, of a small home in every format, is part of the test of what is built and taken back."""
    replica = Replica(f"{url}/feed", accept)
    replica.harvest()
    assert union(replica.data()) == union(current(built))


def test_a_second_harvest_costs_two_answers_without_a_body(
    first_harvest: tuple[Replica, list[tuple[str, int]]], url: str
) -> None:
    replica, requests = first_harvest
    pages = len(requests) - 1
    assert sorted(page for page, _ in requests) == sorted(
        [f"{url}/feed", *(f"{url}/feed/{number}" for number in range(1, pages + 1))]
    )
    assert replica.harvest() == []
    assert replica.requests == [(f"{url}/feed", 304), (f"{url}/feed/{pages}", 304)]


@pytest.mark.slow
def test_a_full_page_is_immutable_and_the_last_one_is_fetched_again(url: str) -> None:
    with httpx.Client(base_url=url, headers={"Accept": "application/trig"}) as client:
        last = max(int(page.rpartition("/")[2]) for page in _pages(client))
        full, growing = client.get("/feed/1"), client.get(f"/feed/{last}")
        assert full.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert growing.headers["cache-control"] == client.get("/feed").headers["cache-control"] == "public, max-age=60"
        for page in (full, growing):
            assert page.headers["vary"] == "Accept, Accept-Encoding"
            assert not page.headers["etag"].startswith("W/")
            again = client.get(page.url, headers={"If-None-Match": page.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["cache-control"] == page.headers["cache-control"]
            head = client.head(page.url)
            assert (head.headers["etag"], head.content) == (page.headers["etag"], b"")
        assert full.content.count(b"tree:member") == PAGE_SIZE


def _pages(client: httpx.Client) -> Iterator[str]:
    page = "/feed"
    while True:
        quads = list(parse(client.get(page).content, RdfFormat.TRIG))
        following = [quad.object.value for quad in quads if quad.predicate.value == "https://w3id.org/tree#node"]
        if not following:
            return
        (page,) = following
        yield page


def test_an_address_that_is_not_a_page_is_404_with_the_pages(
    first_harvest: tuple[Replica, list[tuple[str, int]]], url: str
) -> None:
    pages = len(first_harvest[1]) - 1
    for wrong in ("0", "01", "-1", "x", str(pages + 1), "9" * 30):
        response = httpx.get(f"{url}/feed/{wrong}")
        assert response.status_code == 404
        assert f"the pages 1 to {pages}" in response.json()["detail"]
    refused = httpx.get(f"{url}/feed/1", headers={"Accept": "image/png"})
    assert refused.status_code == 406
    assert refused.json()["choices"] == [
        "application/trig",
        "application/n-quads",
        "text/turtle",
        "application/n-triples",
        "application/ld+json",
    ]


def test_a_format_can_be_named_in_the_address(url: str) -> None:
    for accept, name in (
        ("text/turtle", "turtle"),
        ("application/n-quads", "nquads"),
        ("application/ld+json", "jsonld"),
    ):
        named = httpx.get(f"{url}/feed/1", params={"format": name}, headers={"Accept": "*/*"})
        asked = httpx.get(f"{url}/feed/1", headers={"Accept": accept})
        assert named.content == asked.content
        assert named.headers["content-type"] == asked.headers["content-type"]
        assert named.headers["vary"] == "Accept-Encoding"
    assert httpx.get(f"{url}/feed", params={"format": "xyz"}).status_code == 400


def test_a_damaged_log_is_a_problem_that_shows_no_path_and_leaves_all_else_served(
    tmp_path: Path, run_server: Run
) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write(lines(*range(PAGE_SIZE + 10)), MANIFEST)
    file = store.path / "feed" / "000000000001.zst"
    content = file.read_bytes()
    file.write_bytes(content[:100] + bytes(100) + content[200:])
    with run_server(store.path, "--workers", "1") as server:
        assert httpx.get(f"{server.url}/feed").status_code == 200
        assert httpx.get(f"{server.url}/feed/2").status_code == 200
        damaged = httpx.get(f"{server.url}/feed/1")
        assert damaged.status_code == 500
        assert damaged.headers["content-type"] == "application/problem+json"
        assert damaged.headers["cache-control"] == "no-store"
        assert damaged.json()["code"] == "feed-damaged"
        assert str(tmp_path) not in damaged.text
        assert httpx.get(f"{server.url}/sparql?query=ASK%7B%7D").status_code == 200
        # Put back from a copy, it is served again without a restart.
        file.write_bytes(content)
        assert httpx.get(f"{server.url}/feed/1").status_code == 200
    assert f"The log of changes in {store.path / 'feed'} is damaged" in read_log(tmp_path)


@pytest.mark.slow
def test_a_missing_feed_is_404_and_a_service_that_may_write_starts_it(tmp_path: Path, run_server: Run) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write(lines(*range(7)), MANIFEST)
    shutil.rmtree(store.path / "feed")
    with store.lock(), run_server(store.path, "--workers", "1") as server:
        missing = httpx.get(f"{server.url}/feed")
        assert missing.status_code == 404
        assert "plangraf build" in missing.json()["detail"]
    assert "/feed does not have the current version" in read_log(tmp_path)
    with run_server(store.path, "--workers", "1", PLANGRAF_FEED_PAGE="3") as server:
        replica = Replica(f"{server.url}/feed")
        replica.harvest()
        assert [page.rpartition("/")[2] for page, _ in replica.requests] == ["feed", "1", "2", "3"]
        assert replica.data() == current(store.path)


def test_a_member_links_to_its_page(first_harvest: tuple[Replica, list[tuple[str, int]]], url: str) -> None:
    replica, _ = first_harvest
    for member in (replica.members[0], replica.members[PAGE_SIZE - 1], replica.members[PAGE_SIZE], replica.members[-1]):
        path = member.iri.removeprefix("https://w3id.org/plangraf")
        response = httpx.get(url + path)
        assert response.status_code == 303
        assert response.headers["location"] == f"/feed/{(member.sequence - 1) // PAGE_SIZE + 1}"
        assert f"{member.iri}> {{" in httpx.get(url + response.headers["location"]).text
    for wrong in ("/id/event/00000000-1", f"{path}0", "/id/event/1"):
        assert httpx.get(url + wrong).status_code == 404


def test_members_have_the_shape_that_the_stream_names(url: str) -> None:
    """In a separate process, because pySHACL changes rdflib."""
    script = (
        "import sys, rdflib, pyshacl\n"
        "root = rdflib.Graph().parse(sys.argv[1] + '/feed', format='turtle')\n"
        "page = rdflib.Graph().parse(sys.argv[1] + '/feed/1', format='turtle')\n"
        "shape = root.value(None, rdflib.RDF.type, rdflib.SH.NodeShape)\n"
        "members = list(page.objects(None, rdflib.URIRef('https://w3id.org/tree#member')))\n"
        "for member in members: root.add((shape, rdflib.SH.targetNode, member))\n"
        "conforms, _, text = pyshacl.validate(page, shacl_graph=root)\n"
        "wrong, _, _ = pyshacl.validate(rdflib.Graph(), shacl_graph=root)\n"
        "print(conforms, wrong, len(members), text if not conforms else '')\n"
    )
    run = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, timeout=120)
    assert run.stdout.split() == ["True", "False", str(PAGE_SIZE)], run.stdout + run.stderr


@pytest.mark.slow
def test_a_client_follows_builds_and_rollbacks(tmp_path: Path, run_server: Run) -> None:
    home = make_home(tmp_path / "home")
    assert plangraf("build", "--quiet", home=home).returncode == 0
    versions = home / "versions"
    first = VersionStore(versions).current().id
    with run_server(versions, "--workers", "1", PLANGRAF_WATCH_S="0.2") as server:
        replica = Replica(f"{server.url}/feed")
        replica.harvest()
        assert replica.data() == current(versions)
        write(home, "data/5001/planstrategi/cases.ttl", OTHER_CASE)
        assert plangraf("build", "--quiet", home=home).returncode == 0
        fresh = replica.harvest()
        assert {(member.kind, member.thing.rpartition("/")[2]) for member in fresh} == {
            ("Update", "bystyret-68-19"),
            ("Create", "formannskapet-177-20"),
            ("Delete", "formannskapet-176-20"),
        }
        assert replica.data() == current(versions)
        # Two more versions before the next poll: the feed has both, in order.
        assert plangraf("versions", "use", first, home=home).returncode == 0
        write(home, "data/sdg/targets.ttl", "<http://metadata.un.org/sdg/11.6> rdfs:label 'By'@nn .\n")
        assert plangraf("build", "--quiet", home=home).returncode == 0
        fresh = replica.harvest()
        assert [m.kind for m in fresh if m.thing == CASE] == ["Update", "Update"]
        assert len({member.published for member in fresh}) == 2
        assert replica.data() == current(versions)
        assert replica.harvest() == []
        for accept in RDF_FORMATS:
            other = Replica(f"{server.url}/feed", accept)
            other.harvest()
            assert union(other.data()) == union(current(versions))
    # A folder that was removed, because it was damaged: a build begins a new feed although no file has changed.
    shutil.rmtree(versions / "feed")
    assert plangraf("build", "--quiet", home=home).returncode == 0
    log = FeedLog(versions / "feed")
    assert (log.version, log.last) == (VersionStore(versions).current().id, len(replica.things()))


def test_pages_fill_up_and_then_never_change(tmp_path: Path, run_server: Run) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write(lines(*range(PAGE_SIZE + 10)), MANIFEST)
    with run_server(store.path, "--workers", "1", PLANGRAF_WATCH_S="0.2") as server:
        replica = Replica(f"{server.url}/feed", "application/n-quads")
        replica.harvest()
        first = httpx.get(f"{server.url}/feed/1")
        # To the brim of the second page, and still the last one.
        store.write(lines(*range(2 * PAGE_SIZE)), MANIFEST)
        assert len(replica.harvest()) == PAGE_SIZE - 10
        assert replica.requests == [(f"{server.url}/feed", 304), (f"{server.url}/feed/2", 200)]
        assert httpx.get(f"{server.url}/feed/2").headers["cache-control"] == "public, max-age=60"
        assert httpx.get(f"{server.url}/feed/3").status_code == 404
        store.write(lines(*range(5), value="2"), MANIFEST)
        assert len(replica.harvest()) == 2 * PAGE_SIZE
        assert [page.rpartition("/")[2] for page, _ in replica.requests] == ["feed", "2", "3", "4"]
        assert replica.data() == current(store.path)
        assert httpx.get(f"{server.url}/feed/2").headers["cache-control"].endswith("immutable")
        again = httpx.get(f"{server.url}/feed/1")
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        fresh = Replica(f"{server.url}/feed", "application/trig")
        fresh.harvest()
        assert fresh.data() == current(store.path)


def test_pages_name_the_public_address_and_never_that_of_the_request(tmp_path: Path, run_server: Run) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write(lines(1), MANIFEST)
    with run_server(store.path, "--workers", "1", PLANGRAF_PUBLIC_URL="https://data.example.no/graf") as server:
        for path in ("/feed", "/feed/1"):
            for accept in RDF_FORMATS:
                body = httpx.get(server.url + path, headers={"Accept": accept, "Host": "evil.example"}).text
                assert "https://data.example.no/graf/feed" in body
                assert "evil.example" not in body
                assert "127.0.0.1" not in body
        member = httpx.get(f"{server.url}/feed/1", headers={"Accept": "application/n-triples"}).text
        path = "/id/event/" + member.partition("/id/event/")[2].partition(">")[0]
        assert httpx.get(server.url + path).headers["location"] == "/graf/feed/1"


class _LdesClient:
    """ldes-client in a separate process; `members` are its unique members so far, by sequence number."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        self._members: dict[int, Member] = {}
        self.pages: list[str] = []
        self.times: list[str] = []
        self._received = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def take(self, deadline_s: float, until: Callable[[], bool]) -> None:
        """Reads its output until a condition holds or it ends."""
        deadline = time.monotonic() + deadline_s
        while not until():
            try:
                line = self._lines.get(timeout=0.2)
            except queue.Empty:
                if self._process.poll() is not None and not self._thread.is_alive() and self._lines.empty():
                    assert self._process.returncode == 0
                    return
                assert time.monotonic() < deadline, f"{len(self.members)} members of {len(self.pages)} pages"
                continue
            if not line.startswith("{"):
                continue  # its log
            told = json.loads(line)
            if "page" in told:
                self.pages.append(told["page"])
            else:
                self._received += 1
                quads = [Quad(*(_term(term, self._received) for term in quad)) for quad in told["quads"]]
                member = member_of(told["member"], quads, PATHS)
                self.times.append(member.published)
                self.know([member])

    def know(self, members: list[Member]) -> None:
        """Adds members; a repeated one must be equal except for the labels of blank nodes."""
        for member in members:
            known = self._members.setdefault(member.sequence, member)
            assert (known.iri, known.kind, known.thing, known.published) == (
                member.iri,
                member.kind,
                member.thing,
                member.published,
            )
            assert canonical(known.quads) == canonical(member.quads)

    @property
    def members(self) -> list[Member]:
        return [self._members[sequence] for sequence in sorted(self._members)]

    def data(self) -> set[Quad]:
        return Replica("", members=self.members).data()


def _term(term: list[str], member: int) -> Any:
    kind, value, *rest = term
    if kind == "NamedNode":
        return NamedNode(value)
    if kind == "BlankNode":
        return BlankNode(f"m{member}x" + "".join(c if c.isalnum() else "x" for c in value))
    if kind == "DefaultGraph":
        return DEFAULT
    language, datatype = rest
    return Literal(value, language=language) if language else Literal(value, datatype=NamedNode(datatype))


@contextmanager
def ldes_client(url: str, *arguments: str) -> Iterator[_LdesClient]:
    process = subprocess.Popen(
        ["node", str(ROOT / "tests" / "portals" / "ldes" / "replicate.mjs"), f"{url}/feed", *arguments],
        cwd=LDES_CLIENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _LdesClient(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.slow
@needs_ldes_client
@pytest.mark.parametrize("order", ["none", "ascending"])
def test_ldes_client_ends_with_the_same_triples_in_the_same_graphs(url: str, built: Path, order: str) -> None:
    with ldes_client(url, order, "once") as client:
        client.take(120, lambda: False)
        assert client.data() == current(built)
        if order == "ascending":
            assert client.times == sorted(client.times)


@pytest.mark.slow
@needs_ldes_client
def test_ldes_client_follows_builds(tmp_path: Path, run_server: Run) -> None:
    home = make_home(tmp_path / "home")
    assert plangraf("build", "--quiet", home=home).returncode == 0
    versions = home / "versions"
    with (
        run_server(versions, "--workers", "1", PLANGRAF_WATCH_S="0.2") as server,
        ldes_client(server.url, "none", "follow") as client,
    ):
        things = len(Replica(f"{server.url}/feed").harvest())
        client.take(60, lambda: len(client.members) == things)
        assert client.data() == current(versions)
        write(home, "data/5001/planstrategi/cases.ttl", OTHER_CASE)
        assert plangraf("build", "--quiet", home=home).returncode == 0
        client.take(60, lambda: len(client.members) == things + 3)
        assert client.data() == current(versions)


@pytest.mark.slow
@needs_ldes_client
def test_ldes_client_resumes_and_asks_for_no_immutable_page_again(tmp_path: Path, run_server: Run) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write(lines(*range(2 * PAGE_SIZE + 10)), MANIFEST)
    state = str(tmp_path / "state")
    with run_server(store.path, "--workers", "1", PLANGRAF_WATCH_S="0.2") as server:
        with ldes_client(server.url, "none", "once", state) as client:
            client.take(60, lambda: False)
            found = client.members
            assert len(found) == 2 * PAGE_SIZE + 10
        store.write(lines(*range(2 * PAGE_SIZE), 9999), MANIFEST)
        with ldes_client(server.url, "none", "follow", state) as client:
            # After a restart it may repeat its last members; a member is identified by its IRI.
            client.know(found)
            client.take(60, lambda: len(client.members) == len(found) + 11)
            assert [member.kind for member in client.members[len(found) :]] == ["Create", *["Delete"] * 10]
            assert not {f"{server.url}/feed/1", f"{server.url}/feed/2"} & set(client.pages)
            assert client.data() == current(store.path)
