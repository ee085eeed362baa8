"""`plangraf doctor`: each check, by breaking exactly what it is about. Nothing is written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forked_python import run_command
from local_server import free_port, run_in_thread
from plangraf.maintenance import examined_data, examined_machine
from plangraf.maintenance.examined import Finding, examine
from plangraf.maintenance.examined_machine import CHECKS
from plangraf.settings import load_settings
from plangraf.store.versions import VersionStore
from running_server import running_server
from small_home import ROOT
from sparql_endpoint import running_endpoint

LINES = [
    b'<http://example.org/a> <http://example.org/p> "%d" <https://w3id.org/plangraf/graph/g> .' % number
    for number in range(9)
]
MANIFEST = {"triples": 9, "quads": 9, "graphs": {"https://w3id.org/plangraf/graph/g": 9}, "warnings": {}}
QUICK = {name: check for name, check in CHECKS.items() if name != "engine"}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VersionStore:
    """Two versions and a context; and no setting of the machine that runs the test."""
    for name in [name for name in os.environ if name.startswith("PLANGRAF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLANGRAF_VERSIONS", str(tmp_path / "versions"))
    monkeypatch.setenv("PLANGRAF_PORT", str(free_port()))
    monkeypatch.setattr(examined_machine, "_available", lambda: {"machine": 64 << 30})
    store = VersionStore(tmp_path / "versions")
    store.write(LINES[:-1], MANIFEST)
    store.write(LINES, MANIFEST)
    store.keep_context(b"{}")
    return store


def examined(checks: dict[str, Any] | None = None) -> list[Finding]:
    return list(examine({}, QUICK if checks is None else checks))


def wrong(state: str = "broken", checks: dict[str, Any] | None = None) -> list[Finding]:
    return [finding for finding in examined(checks) if finding.state == state]


def test_all_is_well_and_every_check_says_so(store: VersionStore) -> None:
    found = examined(dict(CHECKS))
    assert [finding for finding in found if finding.state != "ok"] == []
    assert [finding.check for finding in found if finding.check != "disk"] == [
        "settings", "versions", "versions", "feed", "contexts", "clock", "descriptors", "memory", "engine",
    ]  # fmt: skip
    assert all(finding.found for finding in found)


# Each damage breaks one thing, and is told by one line.


def damage_dump(store: VersionStore) -> None:
    path = store.list()[0].path / "data.nq.zst"
    path.write_bytes(path.read_bytes()[:-3])


def damage_manifest(store: VersionStore) -> None:
    (store.list()[0].path / "manifest.json").write_text("{")


def damage_counts(store: VersionStore) -> None:
    (store.list()[0].path / "term-counts.json").write_text("{")


def damage_feed(store: VersionStore) -> None:
    (store.path / "feed" / "000000000001.zst").write_bytes(b"no log")


def remove_feed_entry(store: VersionStore) -> None:
    (store.path / "feed" / "000000000001.zst").unlink()


def damage_context(store: VersionStore) -> None:
    next((store.path / "context").iterdir()).write_text("{ }")


def remove_current(store: VersionStore) -> None:
    (store.path / "current").unlink()


def dangle_current(store: VersionStore) -> None:
    (store.path / "current").unlink()
    (store.path / "current").symlink_to("0" * 16)


def add_foreign(store: VersionStore) -> None:
    (store.path / "letter.txt").write_text("mine")


@pytest.mark.parametrize(
    ("damage", "check", "said"),
    [
        (damage_dump, "versions", "its dump has another digest than its id"),
        (damage_manifest, "versions", "is damaged"),
        (damage_counts, "versions", "is damaged"),
        (damage_feed, "feed", "The log of changes"),
        (remove_feed_entry, "feed", "The log of changes"),
        (damage_context, "contexts", "has another digest than its name"),
        (remove_current, "versions", "There is no version"),
        (dangle_current, "versions", "There is no version '0000000000000000'"),
        (add_foreign, "versions", "holds letter.txt, so no build writes there"),
    ],
)
def test_a_damage_is_one_line_with_what_to_do(
    store: VersionStore, damage: Callable[[VersionStore], None], check: str, said: str
) -> None:
    damage(store)
    found = wrong()
    assert [finding.check for finding in found][:1] == [check]
    assert said in found[0].found
    assert found[0].advice or "Put it back from a copy" in found[0].found
    # A damaged log also hides when the newest entry was published.
    assert {finding.check for finding in found[1:]} <= ({"clock"} if check == "feed" else set())


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "name",
    ["dump", "pictures", "search", "lists"],
    ids=["a download", "a picture", "the index of the search", "a list"],
)
def test_a_changed_file_of_a_built_version_is_found(
    built: Path, tmp_path: Path, name: str, store: VersionStore
) -> None:
    shutil.rmtree(store.path)
    shutil.copytree(built, store.path, symlinks=True)
    assert wrong(checks={"versions": CHECKS["versions"]}) == []
    files = (path for path in sorted((store.path / "current" / name).rglob("*")) if path.is_file())
    changed = next(path for path in files if path.suffix not in (".json", ".lock"))
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b" ")
    (found,) = wrong(checks={"versions": CHECKS["versions"]})
    assert found.found.startswith(f"version {store.current().id} is damaged: ")
    assert changed.name in found.found
    changed.unlink()
    assert changed.name in wrong(checks={"versions": CHECKS["versions"]})[0].found


def test_leftovers_are_a_note_and_a_writer_is_named(store: VersionStore) -> None:
    (store.path / ".tmp-version-1").mkdir()
    (note,) = wrong("note")
    assert (note.check, note.found) == ("versions", "1 leftovers of a build that was killed, such as .tmp-version-1")
    script = "import pathlib, sys\nfrom plangraf.store.versions import VersionStore\n"
    script += "with VersionStore(pathlib.Path(sys.argv[1])).lock():\n    print(flush=True)\n    sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        (note,) = wrong("note")
        assert note.found == f"process {writer.pid} is writing to {store.path}"
        assert writer.stdin is not None
        writer.stdin.close()


def test_a_feed_that_lags_is_a_note(store: VersionStore) -> None:
    log = sorted(store.path.glob("feed/0*"))
    for path in log[-2:]:
        path.unlink()
    (note,) = wrong("note")
    assert note.check == "feed"
    assert store.current().id in note.found
    assert wrong() == []


def test_no_folder_and_no_version_are_told(store: VersionStore) -> None:
    shutil.rmtree(store.path)
    assert [finding.found for finding in wrong()] == [f"there is no folder {store.path}"]
    store.path.mkdir()
    assert [finding.check for finding in wrong()] == ["versions"]


def test_a_disk_without_space_or_files_is_broken(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(store.path)

    def full(which: int, value: int) -> None:
        changed = os.statvfs_result([value if number == which else one for number, one in enumerate(real)])
        monkeypatch.setattr(examined_data.os, "statvfs", lambda path: changed if path == store.path else real)

    full(4, 10)
    (found,) = wrong()
    assert found.check == "disk"
    assert "a new version needs 64" in found.found
    full(7, 10)
    assert [finding.found for finding in wrong()] == [f"{store.path}: room for 10 more files"]


def test_a_folder_that_may_not_be_written_is_a_note(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(
        examined_data.os, "access", lambda path, mode: real(path, mode) and not (path == store.path and mode & os.W_OK)
    )
    assert [(finding.check, finding.found) for finding in wrong("note")] == [
        ("disk", f"{store.path} may not be written by this user")
    ]
    monkeypatch.setattr(examined_data.os, "access", lambda path, mode: path != store.path and real(path, mode))
    assert [finding.found for finding in wrong()] == [f"this user may not read {store.path}"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts; the test above needs no root")
def test_a_read_only_disk_is_a_note(store: VersionStore) -> None:
    subprocess.run(["mount", "--bind", str(store.path), str(store.path)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(store.path)], check=True)
        assert [(finding.check, finding.found) for finding in wrong("note")] == [
            ("disk", f"{store.path} is on a read-only disk")
        ]
        assert wrong() == []
    finally:
        subprocess.run(["umount", str(store.path)], check=True)


def test_a_missing_folder_for_temporary_files_is_broken(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(store.path / "none"))
    assert [finding.found for finding in wrong()] == [f"{store.path / 'none'} cannot be written"]


@pytest.mark.parametrize("newest", ["folder", "feed"])
def test_a_clock_that_was_set_back_is_broken(store: VersionStore, monkeypatch: pytest.MonkeyPatch, newest: str) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    if newest == "folder":
        os.utime(store.current().path, (later.timestamp(),) * 2)
    else:
        record = sorted(store.path.glob("feed/0*.json"))[-1]
        content = json.loads(record.read_bytes()) | {"published": later.isoformat(timespec="milliseconds")}
        record.write_text(json.dumps(content))
    (found,) = wrong()
    assert found.check == "clock"
    assert f"before {later:%Y-%m-%d %H:%M:%S}, when data were written" in found.found


@pytest.mark.parametrize(("limit", "state"), [(100, "broken"), (512, "note"), (4096, "ok")])
def test_few_descriptors_are_told(store: VersionStore, monkeypatch: pytest.MonkeyPatch, limit: int, state: str) -> None:
    real = resource.getrlimit

    def getrlimit(kind: int) -> tuple[int, int]:
        return (limit, limit) if kind == resource.RLIMIT_NOFILE else real(kind)

    monkeypatch.setattr(examined_machine.resource, "getrlimit", getrlimit)
    assert [finding.state for finding in examined() if finding.check == "descriptors"] == [state]


@pytest.mark.parametrize(("free_mib", "state"), [(100, "broken"), (1000, "note"), (64_000, "ok")])
def test_little_memory_is_told(store: VersionStore, monkeypatch: pytest.MonkeyPatch, free_mib: int, state: str) -> None:
    monkeypatch.setattr(examined_machine, "_available", lambda: {"machine": 64 << 30, "group": free_mib << 20})
    assert [finding.state for finding in examined() if finding.check == "memory"] == [state]


def test_a_limit_of_addresses_is_broken(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = resource.getrlimit
    monkeypatch.setattr(
        examined_machine.resource, "getrlimit",
        lambda kind: (1 << 30, 1 << 30) if kind == resource.RLIMIT_AS else real(kind),
    )  # fmt: skip
    assert [finding.found for finding in wrong()] == ["`ulimit -v` leaves each process 1024 MiB of addresses"]


def test_the_memory_of_this_machine_is_read() -> None:
    monkey = examined_machine._available()
    assert monkey["machine"] > 1 << 20


def test_settings_that_cannot_be_used_and_unknown_ones_are_told(
    store: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANGRAF_VERSION", "x")
    monkeypatch.setenv("PLANGRAF_SOMETHING_ELSE", "x")
    assert [(finding.found, finding.advice) for finding in wrong("note")] == [
        (
            "PLANGRAF_SOMETHING_ELSE is not a setting, so it has no effect",
            "Remove it, or look it up in docs/operators.md.",
        ),
        ("PLANGRAF_VERSION is not a setting, so it has no effect", "Write PLANGRAF_VERSIONS."),
    ]
    monkeypatch.setenv("PLANGRAF_PORT", "80000")
    monkeypatch.setenv("PLANGRAF_CACHE_MB", "much")
    found = examined()
    assert [finding.state for finding in found] == ["broken", "broken", "note"]
    assert found[0].found.startswith("PLANGRAF_PORT: ")
    assert found[1].found.startswith("PLANGRAF_CACHE_MB: ")


# The engine


def engine() -> Finding:
    (found,) = (one for one in examined({"engine": CHECKS["engine"]}) if one.check == "engine")
    return found


def test_an_engine_that_cannot_open_is_broken(store: VersionStore) -> None:
    path = store.current().path / "data.nq.zst"
    path.write_bytes(path.read_bytes()[:-3])
    assert engine().state == "broken"


def test_a_remote_engine_is_asked(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_endpoint("") as endpoint:
        monkeypatch.setenv("PLANGRAF_ENGINE", endpoint.url)
        found = engine()
        assert found.state == "broken"
        assert "does not hold version" in found.found
    monkeypatch.setenv("PLANGRAF_ENGINE", f"http://127.0.0.1:{free_port()}/sparql")
    assert "connection failed" in engine().found


def test_a_running_service_is_asked_and_no_engine_opened(
    store: VersionStore, light_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examined_machine, "_open_and_ask", None)
    with running_server(light_versions, PLANGRAF_WATCH_S="0") as server:
        monkeypatch.setenv("PLANGRAF_PORT", server.url.rpartition(":")[2])
        found = engine()
        served = VersionStore(light_versions).current().id
        assert (found.state, found.found.endswith(f"and {store.current().id} is current")) == ("note", True)
        monkeypatch.setenv("PLANGRAF_VERSIONS", str(light_versions))
        found = engine()
        assert (found.state, found.found.endswith(f"answers with version {served}")) == ("ok", True)


def test_another_program_at_the_port_is_broken(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    with run_in_thread(HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)) as url:
        monkeypatch.setenv("PLANGRAF_PORT", url.rpartition(":")[2])
        found = engine()
    assert (found.state, "something else than the service answers there" in found.found) == ("broken", True)


# The command


@pytest.fixture
def environment(store: VersionStore) -> dict[str, str]:
    return {**os.environ, "PLANGRAF_HOME": str(ROOT)}


def test_the_command_ends_with_1_when_something_is_broken(store: VersionStore, environment: dict[str, str]) -> None:
    good = run_command("doctor", env=environment)
    assert good.returncode == 0, good.stdout
    assert all(line.split()[0] in ("ok", "note") for line in good.stdout.splitlines())
    damage_context(store)
    bad = run_command("doctor", env=environment)
    assert (bad.returncode, bad.stderr) == (1, "")
    (line,) = [line for line in bad.stdout.splitlines() if line.startswith("broken")]
    assert line.endswith(
        "has another digest than its name. Restore it from a backup, because documents that were published refer to it."
    )
    told = run_command("doctor", "--json", env=environment)
    assert told.returncode == 1
    said = json.loads(told.stdout)
    assert said["status"] == "broken"
    assert [one["check"] for one in said["findings"] if one["state"] == "broken"] == ["contexts"]
    assert {key for one in said["findings"] for key in one} == {"check", "state", "found", "advice"}


def test_a_line_keeps_the_path_as_it_was_given(store: VersionStore, environment: dict[str, str]) -> None:
    folder = store.path / ".." / store.path.name
    run = run_command("doctor", "--versions", folder, env=environment)
    assert f"{folder}" in run.stdout


def test_the_command_writes_nothing(store: VersionStore, environment: dict[str, str], tmp_path: Path) -> None:
    def state() -> dict[str, tuple[int, int, int]]:
        found = {str(path): path.lstat() for path in [tmp_path, *tmp_path.rglob("*")]}
        return {path: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in found.items()}

    (store.path / ".tmp-left").mkdir()
    before = state()
    assert run_command("doctor", env=environment, cwd=tmp_path).returncode == 0
    assert state() == before


def test_every_setting_loads_for_the_examination() -> None:
    assert load_settings().versions
