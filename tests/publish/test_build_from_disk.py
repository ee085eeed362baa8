"""A build of more statements than fit into memory: the same version, problems and downloads as one in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from random import Random
from unittest import mock

import pytest
from test_bulk import TWICE, observations, put
from test_known_datasets import AREAS, cases, change

from plangraf.diagnostics.diagnostic import DataError
from plangraf.diagnostics.progress import Progress
from plangraf.errors import VersionsError
from plangraf.publish import pipeline
from plangraf.publish.gathered_lines import GatheredLines
from plangraf.rdf.line_file import LineFile
from plangraf.settings import Settings
from plangraf.sources import files
from small_home import make_home, write

# Of the memory's side only: a service over these versions would read them from disk, too.
_ON_DISK = {"bulk-stores"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder, chance = make_home(tmp_path / "home"), Random(7)
    for area in AREAS:
        write(folder, f"data/{area}/kommune/a.ttl", cases(area, "a", chance))
    write(folder, "data/5001/annet/case.ttl", TWICE)
    put(folder, observations())
    return folder


def build(home: Path, versions: str, memory_triples: int) -> tuple[pipeline.Built, str]:
    said = io.StringIO()
    settings = Settings(home=home, versions=home / versions, memory_triples=memory_triples)
    # On disk, the checks run in a process beside the shapes.
    with mock.patch.object(pipeline, "_MANY", memory_triples):
        built = pipeline.build(settings, drop=True, progress=Progress(said))
    assert not [path.name for path in (home / versions).iterdir() if path.name.startswith(".") and path.name != ".lock"]
    return built, said.getvalue()


def content(folder: Path) -> Mapping[str, bytes]:
    """All files but those of the search index, in which the library writes random names, and the stores."""
    left = {*_ON_DISK, "search"}
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(name): path.read_bytes() for name, path in found.items() if left.isdisjoint(name.parts)}


def outcome(home: Path, versions: str, memory_triples: int) -> object:
    """The problems of a build, and the files of the version unless it stops."""
    try:
        built, _ = build(home, versions, memory_triples)
    except DataError as error:
        return error.problems
    return list(built.problems), content(built.version.path)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("bulk", [False, True], ids=["no bulk file", "a bulk file"])
def test_the_version_and_its_warnings_are_those_of_a_build_in_memory(
    home: Path, monkeypatch: pytest.MonkeyPatch, bulk: bool
) -> None:
    monkeypatch.setattr(files, "BULK_SIZE", 100 if bulk else 10**9)
    on_disk, said = build(home, "disk", 10)
    in_memory, said_of_memory = build(home, "memory", 10**6)
    assert "stores      on disk" in said
    assert "stores" not in said_of_memory
    assert on_disk.problems == in_memory.problems
    assert any(problem.severity == "Warning" for problem in on_disk.problems)
    # A service in memory needs stores for bulk files alone.
    assert content(on_disk.version.path) == content(in_memory.version.path)


def test_a_violation_stops_it_and_leaves_no_file(home: Path) -> None:
    write(home, "data/0301/kommune/b.ttl", "<https://w3id.org/plangraf/id/0301/case/x> a plan:Case .\n")
    on_disk = outcome(home, "disk", 10)
    assert on_disk == outcome(home, "memory", 10**6)
    assert isinstance(on_disk, list)
    assert "https://w3id.org/plangraf/shapes#CaseShape-caseNumber" in {problem.rule for problem in on_disk}
    assert not [path for path in (home / "disk").iterdir() if path.name.startswith(".") and path.name != ".lock"]


def test_a_check_that_names_graphs_does_not_see_those_of_bulk_files(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BULK_SIZE", 100)
    (home / "queries" / "checks" / "graphs.rq").write_text(
        "#+ summary: A graph\n#+ summary_nb: En graf\n"
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
        encoding="utf-8",
    )
    on_disk = outcome(home, "disk", 10)
    assert isinstance(on_disk, list)
    assert on_disk == outcome(home, "memory", 10**6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_builds_after_random_changes_have_the_outcome_of_full_builds_in_memory(home: Path, seed: int) -> None:
    chance = Random(seed)
    build(home, "disk", 10)
    for number in range(4):
        kinds = [change(home, chance) for _ in range(chance.randint(1, 2))]
        on_disk, in_memory = outcome(home, "disk", 10), outcome(home, f"full-{number}", 10**6)
        if isinstance(on_disk, tuple):
            # It names what the version before had.
            on_disk[1].pop("removed.json", None)
        assert on_disk == in_memory, kinds


def test_gathered_lines_are_sorted_and_unique_whether_few_or_many(tmp_path: Path) -> None:
    chance = Random(3)
    given = [[b"%d" % chance.randint(1, 40) for _ in range(chance.randint(0, 9))] for _ in range(9)]
    wanted = sorted({line for lines in given for line in lines})
    for most in (0, 10, 1000):
        with GatheredLines(most, tmp_path / "lines") as gathered:
            for lines in given:
                gathered.add(lines)
            found = gathered.sorted()
            assert isinstance(found, LineFile) is (most < 1000)
            assert list(found) == wanted
        assert not (tmp_path / "lines").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full device")
def test_a_full_disk_stops_the_build_and_is_explained(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(home, "disk", 10**6)
    before = (home / "disk" / "current").readlink()
    write(home, "data/0301/kommune/c.ttl", cases("0301", "c", Random(1)))
    (home / "full").symlink_to("/dev/full")
    monkeypatch.setattr(pipeline.VersionStore, "temporary", lambda *_: home / "full")
    with pytest.raises(VersionsError, match="the disk is full"):
        pipeline.build(Settings(home=home, versions=home / "disk", memory_triples=10), drop=True)
    assert (home / "disk" / "current").readlink() == before


def test_a_file_of_lines_is_a_sequence_of_them(tmp_path: Path) -> None:
    lines = [b"a", b"", "å b".encode(), b"d" * 5000]
    path = tmp_path / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    found = LineFile(path)
    assert (len(found), list(found), list(reversed(found))) == (4, lines, lines[::-1])
    assert [found[number] for number in range(-4, 4)] == lines * 2
    assert [found[1:3], found[-2:], found[::2], found[9:]] == [lines[1:3], lines[-2:], lines[::2], []]
    assert found.block(1, 99) == b"\n" + lines[2] + b"\n" + lines[3] + b"\n"
    assert b"a" in found
    for number in (4, -5):
        with pytest.raises(IndexError):
            found[number]
    path.write_bytes(b"")
    assert list(LineFile(path)) == []
    assert len(LineFile(path)) == 0
