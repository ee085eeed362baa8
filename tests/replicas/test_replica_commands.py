"""The commands of replicas, as an operator types them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from small_publications import HOME, content, publish, replica_of, write_version

from forked_python import run_command
from plangraf.errors import PlangrafError, StoreUnreachableError
from plangraf.replicas.replica import Replica
from plangraf.replicas.watching import Watcher
from plangraf.store.versions import VersionStore
from small_home import environ


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    for number in (1, 2):
        write_version(tmp_path / "versions", number)
    return tmp_path / "versions"


def run(*arguments: str | Path, versions: Path, **environment: str) -> tuple[int, str, str]:
    done = run_command(*arguments, "--versions", versions, env=environ(HOME, **environment))
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_versions_are_published_fetched_built_upon_and_published_back(
    versions: Path, tmp_path: Path, folder_store: str
) -> None:
    code, out, err = run("publish", "--to", folder_store, versions=versions)
    current = VersionStore(versions).current().id
    assert (code, err) == (0, "")
    assert out.startswith(f"{current} is current at file://")
    assert "publication 1 with 2 versions" in out
    assert run("publish", "--to", folder_store, versions=versions)[1].endswith("already, in publication 1.\n")
    other = tmp_path / "other" / "versions"
    code, out, err = run("versions", "fetch", folder_store, versions=other)
    assert (code, err) == (0, "")
    assert out.startswith(f"{current} is current: publication 1, ")
    assert run("versions", "fetch", folder_store, versions=other)[1].startswith(f"{current} is current already")
    write_version(other, 3)
    assert run("publish", "--to", folder_store, versions=other)[0] == 0
    code, _, err = run("publish", "--to", folder_store, versions=versions)
    assert code == 1
    assert err.startswith("plangraf: ")
    assert "has changes that" in err
    assert run("versions", "fetch", folder_store, versions=other)[0] == 0
    assert content(other)


def test_a_version_is_withdrawn_unless_it_is_current(versions: Path) -> None:
    first, second = (version.id for version in VersionStore(versions).list())
    code, _, err = run("versions", "withdraw", second, versions=versions)
    assert code == 1
    assert "is the current one" in err
    assert run("versions", "withdraw", first, versions=versions) == (0, f"removed {first}\n", "")
    assert [version.id for version in VersionStore(versions).list()] == [second]
    assert first in VersionStore(versions).pruned()
    assert "There is no version" in run("versions", "withdraw", first, versions=versions)[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("publish", "--to", "plans"), "'plans' is not an object store"),
        (("publish", "--to", "s3://key:secret@bucket/x"), "must have no credentials"),
        (("publish", "0123456789abcdef", "--to", "file:/x"), "0123456789abcdef: cannot go with --to"),
        (("publish", "--drop", "--to", "file:/x"), "--drop: cannot go with --to"),
        (("publish", "--again"), "--again: only go with --to"),
        (("publish", "--replace"), "--replace: only go with --to"),
        (("versions", "fetch", "ftp://x/y"), "'ftp://x/y' is not an object store"),
        (("serve", "--port", "0", "--from", "plans"), "'plans' is not an object store"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(versions: Path, arguments: tuple[str, ...], said: str) -> None:
    before = content(versions)
    code, out, err = run(*arguments, versions=versions)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "secret" not in err
    assert content(versions) == before


def test_a_replica_that_never_looks_for_versions_is_refused(versions: Path) -> None:
    code, _, err = run("serve", "--port", "0", "--from", "file:/x", versions=versions, PLANGRAF_WATCH_S="0")
    assert (code, err.count("\n")) == (2, 1)
    assert "PLANGRAF_WATCH_S" in err


def test_a_replica_whose_folder_holds_other_things_is_told_at_once(tmp_path: Path, folder_store: str) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "letter.txt").write_text("mine")
    code, _, err = run("serve", "--port", "0", "--from", folder_store, versions=tmp_path / "notes")
    assert code == 1
    assert "holds other things than versions (letter.txt)" in err


def test_a_problem_is_logged_once_and_tried_again_later_and_later(
    versions: Path, tmp_path: Path, folder_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(versions, folder_store)
    replica = replica_of(folder_store, tmp_path / "replica")
    stopping, pauses = threading.Event(), []
    problems: list[PlangrafError | None] = [*[StoreUnreachableError("away")] * 12, None, None, None]
    update = Replica.update

    def scripted(self: Replica) -> Any:
        error = problems.pop(0)
        if error is not None:
            raise error
        return update(self)

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        status = orjson.loads((tmp_path / "replica" / ".replica" / "status.json").read_bytes())
        assert status["problem"] == (None if len(pauses) > 12 else "away")
        if not problems:
            stopping.set()
        return stopping.is_set()

    (tmp_path / "replica" / ".replica").mkdir(parents=True)
    monkeypatch.setattr(Replica, "update", scripted)
    monkeypatch.setattr(stopping, "wait", wait)
    with structlog.testing.capture_logs() as lines:
        Watcher(replica, folder_store, 5.0, stopping).run()
    assert pauses == [5.0, 10.0, 20.0, 40.0, *[60.0] * 8, 5.0, 5.0, 5.0]
    assert [line["event"] for line in lines] == ["publication not taken over", "publication taken over"]
    assert lines[0]["error"] == "away"


def test_nobody_else_changes_the_folder_of_a_replica_that_runs(
    versions: Path, tmp_path: Path, folder_store: str
) -> None:
    publish(versions, folder_store)
    copy, stopping = tmp_path / "replica", threading.Event()
    replica = replica_of(folder_store, copy)
    watcher = Watcher(replica, folder_store, 0.05, stopping)
    thread = threading.Thread(target=watcher.run)
    thread.start()
    try:
        while not (copy / ".replica" / "status.json").exists():
            assert thread.is_alive()
            thread.join(0.05)
        first = VersionStore(copy).list()[0].id
        for command in (("versions", "use", first), ("versions", "withdraw", first), ("publish", "--to", folder_store)):
            code, out, err = run(*command, versions=copy)
            assert (code, out) == (1, "")
            assert "is kept by a replica that runs" in err
    finally:
        stopping.set()
        thread.join(60)
    assert content(copy) == content(versions)
    assert run("versions", "prune", "--keep", "0", versions=copy)[0] == 0
