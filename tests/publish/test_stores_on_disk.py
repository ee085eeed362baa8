"""A version that a service reads from disk: the same answers as from memory, and stores only where they are needed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from test_bulk import EQUAL, GRAPH, ID, TWICE, answers, observations, put

from plangraf.engines.embedded import disk_stores
from plangraf.engines.embedded.stores import chosen_store, open_stores
from plangraf.http.app import create_app
from plangraf.publish.pipeline import build
from plangraf.settings import Settings
from plangraf.sources import files
from plangraf.store.versions import Version
from small_home import ROOT, make_home, write

PLAIN = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
QUERIES = [
    *EQUAL,
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    f"SELECT ?p ?o ?g {{ GRAPH ?g {{ <{ID}5001/case/bystyret-68-19> ?p ?o }} }} ORDER BY ?g ?p ?o",
    f"SELECT (COUNT(*) AS ?n) FROM <{GRAPH}annet> {{ ?s ?p ?o }}",
    f"SELECT ?g FROM NAMED <{GRAPH}annet> {{ GRAPH ?g {{ ?s a ?class }} }}",
    f"SELECT ?g (COUNT(*) AS ?n) FROM <{GRAPH}planstrategi> FROM <{GRAPH}annet> FROM NAMED <{GRAPH}annet> "
    "{ ?s ?p ?o GRAPH ?g { ?s a ?class } } GROUP BY ?g",
    "SELECT ?class ?on { ?class <http://www.w3.org/2000/01/rdf-schema#subClassOf>/"
    "<http://www.w3.org/2002/07/owl#onProperty> ?on }",
]


def built(home: Path, memory_triples: int, versions: str) -> Version:
    return build(Settings(home=home, versions=home / versions, memory_triples=memory_triples)).version


@pytest.mark.sampled(6)
@pytest.mark.parametrize("overlap", [True, False], ids=["a triple in two graphs", "no triple in two graphs"])
@pytest.mark.parametrize("bulk", [False, True], ids=["no bulk file", "a bulk file"])
def test_a_version_on_disk_has_the_same_answers_as_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk: bool, overlap: bool
) -> None:
    monkeypatch.setattr(files, "BULK_SIZE", 100 if bulk else 10**9)
    home = make_home(tmp_path / "home")
    put(home, observations())
    if overlap:
        write(home, "data/5001/annet/case.ttl", TWICE)
    memory, disk = built(home, 10**6, "memory"), built(home, 0, "disk")
    assert disk.id == memory.id
    for reaching in (True, False):
        of_memory = answers(memory, QUERIES, bulk=reaching)
        assert answers(disk, QUERIES, bulk=reaching, memory_triples=0) == of_memory
    assert open_stores(disk, in_memory=False).triples == open_stores(memory).triples == disk.triples


def test_a_service_reads_a_version_with_more_triples_than_it_holds_from_disk_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path / "home")
    version = built(home, 10, "versions")
    quads = version.manifest["quads"]
    assert chosen_store(version, quads) == "memory"
    assert chosen_store(version, quads - 1) == "disk"
    assert answers(version, [PLAIN], memory_triples=quads - 1)[0].split() == ["n", str(version.triples)]
    assert "store" not in capsys.readouterr().out  # a command that asks an engine prints its answer alone
    settings = Settings(home=ROOT, versions=version.path.parent, memory_triples=quads - 1)

    async def start() -> None:
        async with asyncio.timeout(60), create_app(settings).router.lifespan_context(FastAPI()):
            pass

    asyncio.run(start())
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert [line["store"] for line in lines if line["event"] == "store"] == ["disk"]


def test_a_version_without_stores_on_disk_is_held_in_memory(tmp_path: Path) -> None:
    version = built(make_home(tmp_path / "home"), 10**6, "versions")
    assert not version.bulk_stores.exists()
    assert chosen_store(version, 0) == "memory"
    assert answers(version, [PLAIN], memory_triples=0)[0].split() == ["n", str(version.triples)]


def test_a_dump_of_several_portions_has_all_its_triples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_home(tmp_path / "home")
    version = built(home, 10**6, "versions")
    monkeypatch.setattr(disk_stores, "_PORTION", 500)
    target = tmp_path / "stores"
    disk_stores.write_disk_stores(target, version.lines, {}, tmp_path / "kept")
    opened = disk_stores.open_disk_stores(target)
    rows = opened.all.query(PLAIN)
    assert [str(row["n"].value) for row in rows] == [str(version.triples)]
    assert not (tmp_path / "kept").exists()


def test_a_damaged_store_stops_the_start(tmp_path: Path) -> None:
    version = built(make_home(tmp_path / "home"), 0, "versions")
    next((version.bulk_stores / "all").glob("*.sst")).unlink()
    with pytest.raises(Exception, match="could not be opened"):
        answers(version, [PLAIN], memory_triples=0)


def test_a_damaged_store_is_not_built_upon(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    before = built(home, 0, "versions")
    next((before.bulk_stores / "all").glob("*.sst")).unlink()
    write(home, "data/5001/planstrategi/cases.ttl", TWICE)
    after = built(home, 0, "versions")
    assert answers(after, QUERIES, memory_triples=0) == answers(built(home, 0, "anew"), QUERIES, memory_triples=0)


@pytest.mark.slow
@pytest.mark.parametrize("overlap", ["before", "never", "after"])
@pytest.mark.parametrize("bulk", [False, True], ids=["no bulk file", "a bulk file"])
def test_stores_after_a_change_share_tables_with_those_before_and_answer_as_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk: bool, overlap: str
) -> None:
    monkeypatch.setattr(files, "BULK_SIZE", 100 if bulk else 10**9)
    home = make_home(tmp_path / "home")
    put(home, observations())
    if overlap == "before":
        write(home, "data/5001/annet/case.ttl", TWICE)
    before = built(home, 0, "versions")
    contents = [path.read_bytes() for path in sorted(before.bulk_stores.rglob("*")) if path.is_file()]
    write(home, "data/5001/planstrategi/cases.ttl", TWICE.replace("68/19", "69/19"))
    if overlap == "after":
        write(home, "data/5001/annet/case.ttl", TWICE)
    after, anew = built(home, 0, "versions"), built(home, 0, "anew")
    assert after.id == anew.id != before.id
    tables = [{path.stat().st_ino for path in one.bulk_stores.glob("*/*.sst")} for one in (before, after)]
    # No store of the version before says which triples stand in two graphs when none did.
    assert bool(tables[0] & tables[1]) is (bulk or overlap != "after")  # versions share the table of a bulk file anyway
    assert contents == [path.read_bytes() for path in sorted(before.bulk_stores.rglob("*")) if path.is_file()]
    for reaching in (True, False):
        wanted = answers(anew, QUERIES, bulk=reaching, memory_triples=0)
        assert answers(after, QUERIES, bulk=reaching, memory_triples=0) == wanted
        assert answers(before, QUERIES, bulk=reaching, memory_triples=0) != wanted
