"""Bulk files: the same answers as from the dump, and an error for every file that is not what its dataset says."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from plangraf.checks.verdict import judge
from plangraf.diagnostics.diagnostic import DataError
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.embedded.stores import open_stores
from plangraf.engines.interface import QueryRequest
from plangraf.errors import VersionsError
from plangraf.publish import pipeline
from plangraf.publish.pipeline import build
from plangraf.rdf.formats import CSV
from plangraf.settings import Settings
from plangraf.sources import files
from plangraf.store.versions import Version, VersionStore, store
from plangraf.store.versions.bulk import open_bulk, stores_name
from small_home import make_home, write

ID = "https://w3id.org/plangraf/id/"
QB, SDMX = "http://purl.org/linked-data/cube#", "http://purl.org/linked-data/sdmx/2009/"
XSD = "http://www.w3.org/2001/XMLSchema#"
GRAPH = "https://w3id.org/plangraf/graph/5001/"
FOLDER = "data/5001/folketall"
PREFIXES = f"""PREFIX plan: <https://w3id.org/plangraf/ontology#> PREFIX qb: <{QB}>
PREFIX m: <{SDMX}measure#> PREFIX d: <{SDMX}dimension#> """
# The last two triples of a case stand in two graphs, so that the union is no sum.
TWICE = f'<{ID}5001/case/bystyret-68-19> a plan:Case ; plan:caseNumber "68/19" .\n'
EQUAL = [
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c ORDER BY ?c",
    "SELECT ?o ?y ?v { ?o qb:dataSet ?set ; d:refPeriod ?y ; m:obsValue ?v } ORDER BY ?o",
    "SELECT (SUM(?v) AS ?sum) { ?o m:obsValue ?v }",
    "SELECT ?c ?n { ?c plan:caseNumber ?n } ORDER BY ?c",
    f"SELECT ?p ?o {{ <{ID}no/observation/t-2> ?p ?o }} ORDER BY ?p ?o",
    f"SELECT (COUNT(*) AS ?n) {{ ?s ?p <{ID}no/cube/t> }}",
    "SELECT ?c ?v { ?c a plan:Case OPTIONAL { ?c m:obsValue ?v } } ORDER BY ?c",
    f"SELECT (COUNT(*) AS ?n) FROM <{GRAPH}planstrategi> FROM <{GRAPH}annet> {{ ?s ?p ?o }}",
]


def observations(count: int = 30) -> str:
    lines = []
    for number in range(1, count + 1):
        subject = f"<{ID}no/observation/t-{number}>"
        lines += [
            f"{subject} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{QB}Observation> .\n",
            f"{subject} <{QB}dataSet> <{ID}no/cube/t> .\n",
            f'{subject} <{SDMX}dimension#refPeriod> "{2000 + number}"^^<{XSD}gYear> .\n',
            f'{subject} <{SDMX}measure#obsValue> "{number}.5"^^<{XSD}decimal> .\n',
        ]
    return "".join(sorted(lines))


def put(home: Path, text: str, stated: str | None = None) -> None:
    """Writes the observations, and a description that states their SHA-256 or another text."""
    (home / FOLDER).mkdir(parents=True, exist_ok=True)
    (home / FOLDER / "observations.nt").write_bytes(text.encode())
    digest = hashlib.sha256(text.encode()).hexdigest()
    write(
        home,
        f"{FOLDER}/dataset.ttl",
        f'<{ID}no/cube/t> rdfs:label "Tabell {stated or digest}"@nb , "{stated or digest}" .\n',
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = make_home(tmp_path / "home")
    write(folder, "data/5001/annet/case.ttl", TWICE)
    put(folder, observations())
    return folder


def built(home: Path, monkeypatch: pytest.MonkeyPatch, size: int = 100, versions: str = "versions") -> Version:
    monkeypatch.setattr(files, "BULK_SIZE", size)
    return build(Settings(home=home, versions=home / versions)).version


def answers(version: Version, queries: list[str], *, bulk: bool = True, memory_triples: int = 10**6) -> list[str]:
    async def ask() -> list[str]:
        engine = EmbeddedEngine(version, Settings(query_workers=1, query_long=1, memory_triples=memory_triples))
        await engine.start()
        try:
            found = []
            for query in queries:
                answer = await engine.query(QueryRequest(PREFIXES + query, CSV, bulk=bulk))
                found.append(b"".join([chunk async for chunk in answer.chunks]).decode())
                await answer.aclose()
            return found
        finally:
            await engine.close()

    return asyncio.run(ask())


@pytest.mark.slow
def test_bulk_triples_have_the_same_answers_as_triples_of_the_dump(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = built(home, monkeypatch, 10**9, "plain")
    bulk = built(home, monkeypatch)
    assert not plain.bulk()
    assert [(graph.graph, graph.triples) for graph in bulk.bulk()] == [(f"{GRAPH}folketall/observations", 120)]
    assert bulk.triples == plain.triples
    assert b"obsValue" not in b"".join(bulk.quads())
    assert answers(bulk, EQUAL) == answers(plain, EQUAL)


def test_the_graph_of_bulk_triples_can_be_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = built(home, monkeypatch)
    graph = f"<{GRAPH}folketall/observations>"
    number, inside, both, none = answers(
        version,
        [
            f"SELECT (COUNT(*) AS ?n) {{ GRAPH {graph} {{ ?s ?p ?o }} }}",
            "SELECT DISTINCT ?g { GRAPH ?g { ?s m:obsValue ?o } }",
            f"SELECT (COUNT(*) AS ?n) FROM {graph} FROM <{GRAPH}planstrategi> FROM <{GRAPH}annet> {{ ?s ?p ?o }}",
            "SELECT ?g { GRAPH ?g { ?s ?p ?o } FILTER (STRSTARTS(STR(?g), 'urn:')) }",
        ],
    )
    assert number.split() == ["n", "120"]
    assert inside.split() == ["g", graph.strip("<>")]
    # 120 observations, and the union of the two small graphs: two cases with four and two triples.
    assert both.split() == ["n", "126"]
    assert none.split() == ["g"]


@pytest.mark.slow
def test_the_id_of_a_version_changes_with_a_bulk_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(home, monkeypatch)
    put(home, observations(31))
    second = built(home, monkeypatch)
    assert second.id != first.id
    assert answers(second, ["SELECT (COUNT(*) AS ?n) { ?s m:obsValue ?o }"])[0].split() == ["n", "31"]
    assert answers(first, ["SELECT (COUNT(*) AS ?n) { ?s m:obsValue ?o }"])[0].split() == ["n", "30"]


@pytest.mark.slow
def test_pruning_removes_the_bulk_files_that_no_version_has(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(home, monkeypatch)
    put(home, observations(31))
    second = built(home, monkeypatch)
    kept = home / "versions" / "bulk"

    def names(version: Version) -> set[str]:
        return {f"{version.bulk()[0].sha256}.nt.zst", stores_name(version.bulk())}

    assert {path.name for path in kept.iterdir()} == names(first) | names(second)
    VersionStore(home / "versions").prune(0)
    assert {path.name for path in kept.iterdir()} == names(second)


SUBJECT = f"<{ID}no/observation/t-1>"
WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "unsorted": (lambda text: "".join(reversed(text.splitlines(keepends=True))), "sorted"),
    "a line twice": (lambda text: text.splitlines(keepends=True)[0] + text, "sorted"),
    "a blank node": (lambda text: "_:b <http://x/p> <http://x/o> .\n" + text, "blank nodes"),
    "no full stop": (lambda text: text.replace(" .\n", "\n", 1), "canonical"),
    "no last newline": (lambda text: text.rstrip("\n"), "canonical"),
    "a literal that is not canonical": (lambda text: text.replace('"1.5"', '"1.50"'), "canonical"),
    "a literal that is no value": (lambda text: text.replace('"2001"', '"20x1"'), "canonical"),
    "subjects elsewhere": (lambda text: text.replace(f"{ID}no/", "http://elsewhere.example/"), "begin alike"),
    "subjects without a beginning": (
        lambda text: "".join(sorted(text.replace(SUBJECT, f"<{ID}a>").splitlines(keepends=True))),
        "begin alike",
    ),
}


@pytest.mark.sampled(9)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_malformed_bulk_file_stops_the_build(home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    before = built(home, monkeypatch)
    change, expected = WRONG[wrong]
    put(home, change(observations()))
    with pytest.raises(DataError) as raised:
        built(home, monkeypatch)
    (problem,) = raised.value.problems
    assert expected in problem.en
    assert problem.place.file.endswith("observations.nt")
    assert VersionStore(home / "versions").current().id == before.id


def test_a_file_that_changed_since_it_was_written_stops_the_build(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home, observations(), stated="0" * 64)
    with pytest.raises(DataError, match="SHA-256"):
        built(home, monkeypatch)


@pytest.mark.slow
def test_a_subject_that_stands_in_another_file_too_stops_the_build(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, "data/5001/annet/more.ttl", f'<{ID}no/observation/t-77> rdfs:label "x"@nb .\n')
    with pytest.raises(DataError, match="Other files"):
        built(home, monkeypatch)


def test_a_build_that_would_lose_bulk_triples_stops(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(home, monkeypatch)
    (home / FOLDER / "observations.nt").unlink()
    with pytest.raises(DataError, match="folketall/observations"):
        built(home, monkeypatch)
    put(home, observations(2))
    assert not built(home, monkeypatch, 10**6).bulk()


def test_a_bulk_file_that_changes_during_a_build_is_published_as_it_was_checked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_and_judge(*arguments: Any, **named: Any) -> Any:
        (home / FOLDER / "observations.nt").write_text("edited\n", encoding="utf-8")
        return judge(*arguments, **named)

    monkeypatch.setattr(pipeline, "judge", edit_and_judge)
    version = built(home, monkeypatch)
    assert open_bulk(version.bulk_path(version.bulk()[0])).read(1 << 20) == observations().encode()


def test_a_full_disk_while_a_bulk_file_is_compressed_is_told_as_that(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def full(_: Path) -> Iterator[Callable[[bytes], object]]:
        def write(_: bytes) -> None:
            raise OSError(28, "No space left on device")

        yield write

    monkeypatch.setattr(store, "packing", full)
    with pytest.raises(VersionsError, match="the disk is full"):
        built(home, monkeypatch)
    assert not list((home / "versions").glob(".tmp-*"))


def test_a_build_that_stops_leaves_no_compressed_bulk_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home, observations(), stated="0" * 64)
    with pytest.raises(DataError):
        built(home, monkeypatch)
    assert not list((home / "versions").glob(".tmp-*"))


def remove_contents(folder: Path) -> None:
    (folder / "contents.json").unlink()


def remove_table(folder: Path) -> None:
    next((folder / "all").glob("*.sst")).unlink()


def cut_manifest(folder: Path) -> None:
    path = next((folder / "all").glob("MANIFEST-*"))
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [remove_table, shutil.rmtree, remove_contents, cut_manifest],
)
def test_damaged_stores_are_named(home: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]) -> None:
    version = built(home, monkeypatch)
    damage(version.bulk_stores)
    with pytest.raises(VersionsError, match=r"bulk-stores .*--force"):
        open_stores(version)
    again = build(Settings(home=home, versions=home / "versions"), force=True).version
    assert again.id == version.id
    assert open_stores(again).triples == version.triples


def test_a_version_that_lost_the_list_of_its_bulk_files_is_damaged(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = built(home, monkeypatch)
    (version.path / "bulk.json").unlink()
    with pytest.raises(VersionsError, match=r"lacks .*folketall/observations"):
        EmbeddedEngine(version, Settings(query_workers=1, query_long=1))


def test_a_service_goes_on_when_the_stores_of_the_next_version_cannot_be_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kept store is what a killed build or a full disk leaves of it: not a store."""
    before = built(home, monkeypatch)
    put(home, observations(31))
    # A file where the engine would write its folder, which fails as a full disk does.
    monkeypatch.setattr(VersionStore, "kept_stores", lambda store, graphs: store.path / "bulk" / "x" / "y.stores")
    (home / "versions" / "bulk" / "x").mkdir()
    (home / "versions" / "bulk" / "x" / "y.stores.part").symlink_to("/proc/nowhere")
    with pytest.raises(VersionsError, match=r"could not be written .*current version is unchanged"):
        built(home, monkeypatch)
    assert VersionStore(home / "versions").current().id == before.id
    assert answers(before, ["SELECT (COUNT(*) AS ?n) { ?s m:obsValue ?o }"])[0].split() == ["n", "30"]


@pytest.mark.slow
def test_versions_with_the_same_table_share_its_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tables(version: Version) -> set[int]:
        return {path.stat().st_ino for path in version.bulk_stores.glob("all/*.sst")}

    first = built(home, monkeypatch)
    write(home, "data/5001/annet/more.ttl", f'<{ID}5001/case/bystyret-68-19> rdfs:label "Saken"@nb .\n')
    second = built(home, monkeypatch)
    assert first.id != second.id
    assert tables(first) & tables(second)
    VersionStore(home / "versions").prune(0)
    assert answers(second, ["SELECT (COUNT(*) AS ?n) { ?s m:obsValue ?o }"])[0].split() == ["n", "30"]
