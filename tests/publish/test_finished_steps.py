"""A build that was killed goes on: it takes the steps that are finished and undamaged, and writes the same bytes."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from plangraf.diagnostics.diagnostic import DataError
from plangraf.diagnostics.progress import Progress
from plangraf.errors import VersionsError
from plangraf.publish import pipeline
from plangraf.publish.finished_steps import FinishedSteps
from plangraf.settings import Settings
from plangraf.store.versions import VersionStore
from small_home import make_home, write

STEPS = ["checks", "dump", "lists", "search"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


def build(home: Path, versions: str = "versions", *, force: bool = False) -> tuple[pipeline.Built, str]:
    said = io.StringIO()
    settings = Settings(home=home, versions=home / versions)
    return pipeline.build(settings, force=force, progress=Progress(said)), said.getvalue()


def kill_at_the_end(home: Path) -> None:
    """Builds in a fork that kills itself when all steps are finished and the version is not written."""
    child = os.fork()
    if child == 0:
        try:
            VersionStore.write = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
            build(home)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("a finished step was done again")


def content(folder: Path) -> dict[str, bytes]:
    """All files but those of the search index, in which the library writes random names."""
    files = [path for path in folder.rglob("*") if path.is_file() and "search" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_killed_build_goes_on_and_writes_the_same_bytes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build(home, "elsewhere")[0].version
    kill_at_the_end(home)
    assert not VersionStore(home / "versions").has_current()
    for name in ("judge", "write_dumps", "build_index"):
        monkeypatch.setattr(pipeline, name, refuse)
    built, said = build(home)
    assert f"resumed     {', '.join(STEPS)}," in said
    assert content(built.version.path) == content(whole.path)
    assert not (home / "versions" / "unfinished").exists()


def damage_file(folder: Path) -> None:
    path = next((folder / "dump").glob("*.nq.gz"))
    path.write_bytes(path.read_bytes()[:-1])


def remove_file(folder: Path) -> None:
    next((folder / "dump").glob("*.nq.zst")).unlink()


def add_file(folder: Path) -> None:
    (folder / "dump" / "other.txt").write_text("other")


def cut_record(folder: Path) -> None:
    path = folder / "dump.json"
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("damage", [damage_file, remove_file, add_file, cut_record])
def test_a_damaged_step_is_done_again(home: Path, damage: Callable[[Path], None]) -> None:
    whole = build(home, "elsewhere")[0].version
    kill_at_the_end(home)
    damage(next((home / "versions" / "unfinished").iterdir()))
    built, said = build(home)
    assert "resumed     checks, lists, search," in said
    assert content(built.version.path) == content(whole.path)


def change(home: Path) -> None:
    write(home, "data/5001/planstrategi/more.ttl", '<https://w3id.org/plangraf/id/5001/case/a-1-21> a plan:Case ;\n'
          '    plan:caseNumber "1/21" ; rdfs:label "A"@nb , "A"@en .\n')  # fmt: skip


def test_steps_of_other_files_are_not_taken(home: Path) -> None:
    kill_at_the_end(home)
    change(home)
    built, said = build(home)
    assert "resumed" not in said
    assert any(b"1/21" in line for line in built.version.lines())
    assert not (home / "versions" / "unfinished").exists()


def test_force_does_every_step(home: Path) -> None:
    kill_at_the_end(home)
    assert "resumed" not in build(home, force=True)[1]


def test_warnings_of_a_killed_build_are_in_the_report(home: Path) -> None:
    write(home, "data/5001/planstrategi/cases.ttl", '<https://w3id.org/plangraf/id/5001/case/a-1-21> a plan:Case ;\n'
          '    plan:caseNumber "1/21" .\n')  # fmt: skip
    whole = build(home, "elsewhere")[0]
    assert [problem.severity for problem in whole.problems] == ["Warning"]
    kill_at_the_end(home)
    assert build(home)[0].problems == whole.problems


def test_a_violation_leaves_no_finished_steps(home: Path) -> None:
    write(home, "data/5001/planstrategi/cases.ttl", '<https://w3id.org/plangraf/id/5001/case/a-1-21> a plan:Case ;\n'
          '    plan:caseNumber "no number" .\n')  # fmt: skip
    with pytest.raises(DataError):
        build(home)
    assert not (home / "versions" / "unfinished").exists()


@pytest.mark.parametrize("processors", [1, 2])
def test_as_many_steps_work_at_once_as_there_are_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    store = VersionStore(tmp_path / "versions")
    with store.lock():
        steps = FinishedSteps(store, "0" * 64)
        working, most = (multiprocessing.get_context("fork").Value("i") for _ in "wm")

        def work(folder: Path) -> None:
            folder.mkdir()
            with working.get_lock():
                working.value += 1
                most.value = max(most.value, working.value)
            time.sleep(0.02)
            with working.get_lock():
                working.value -= 1

        with ExitStack() as opened:
            names = [f"step-{number}" for number in range(5)]
            waits = [
                opened.enter_context(steps.beside(name, name, partial(work, steps.folder(name)))) for name in names
            ]
            for wait in waits:
                wait()
    assert 1 <= most.value <= processors


def test_a_killed_step_gives_its_turn_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    store = VersionStore(tmp_path / "versions")
    with store.lock():
        steps = FinishedSteps(store, "0" * 64)

        def end() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        with (
            steps.beside("one", "The first step", end) as first,
            steps.beside("two", "The second step", steps.folder("two").mkdir) as second,
        ):
            with pytest.raises(VersionsError, match="signal 9"):
                first()
            second()
