"""Versions are immutable, named by their content, switched by one rename, and leave foreign folders alone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plangraf.errors import VersionsError
from plangraf.store.versions import VersionStore

LINES = [b'<http://example.org/a> <http://example.org/p> "%d" .' % number for number in (1, 2)]
MANIFEST = {"triples": 2, "quads": 2, "graphs": {}, "warnings": {}}


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "versions")


def test_the_id_is_a_prefix_of_the_sha256_of_the_lines(store: VersionStore) -> None:
    version = store.write(LINES, MANIFEST)
    assert version.id == hashlib.sha256(b"".join(line + b"\n" for line in LINES)).hexdigest()[:16]
    assert b"".join(version.quads()) == b"\n".join(LINES) + b"\n"
    assert version.verify()
    assert store.current() == version


def test_a_version_holds_its_files_and_no_times(store: VersionStore) -> None:
    version = store.write(LINES, MANIFEST, {"report.json": b"{}\n"})
    names = ("data.nq.zst", "manifest.json", "object-kinds.json", "report.json", "term-counts.json")
    readable = {file.name: file.stat().st_mode & 0o444 for file in version.path.iterdir()}
    assert readable == dict.fromkeys(names, 0o444)
    assert json.loads((version.path / "manifest.json").read_bytes()) == {"version": version.id, **MANIFEST}


def test_two_versions_coexist_and_the_newest_is_current(store: VersionStore) -> None:
    first, second = store.write(LINES, MANIFEST), store.write(LINES[:1], MANIFEST)
    assert store.list() == [first, second]
    assert store.current() == second
    store.use(first.id)
    assert store.current() == first


def test_the_same_lines_again_keep_the_dump_and_renew_derived_files(store: VersionStore) -> None:
    first = store.write(LINES, MANIFEST, {"page.html": b"old"})
    dump = (first.path / "data.nq.zst").stat().st_ino
    again = store.write(LINES, MANIFEST, {"page.html": b"new"})
    assert again == first
    assert (first.path / "data.nq.zst").stat().st_ino == dump
    assert (first.path / "page.html").read_bytes() == b"new"
    assert not list(store.path.glob(".tmp-*"))


def test_a_damaged_version_is_reported_and_rewritten(store: VersionStore) -> None:
    version = store.write(LINES, MANIFEST)
    dump = version.path / "data.nq.zst"
    dump.write_bytes(dump.read_bytes()[:-3])
    assert not version.verify()
    with pytest.raises(VersionsError, match="plangraf build --force"):
        list(version.quads())
    assert store.write(LINES, MANIFEST).verify()


def test_unsorted_or_repeated_lines_are_refused(store: VersionStore) -> None:
    for wrong in (LINES[::-1], [LINES[0], LINES[0]]):
        with pytest.raises(ValueError, match="sorted and unique"):
            store.write(wrong, MANIFEST)
    assert store.list() == []
    assert not list(store.path.glob(".tmp-*"))


def test_a_missing_version_gives_the_command_to_run(store: VersionStore) -> None:
    assert store.list() == []
    with pytest.raises(VersionsError, match="Run `plangraf build`"):
        store.current()
    store.write(LINES, MANIFEST)
    with pytest.raises(VersionsError, match="plangraf versions"):
        store.get("../versions")


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    (tmp_path / ".tmp-mine").write_text("not a build's")
    with pytest.raises(VersionsError, match=r"thesis\.odt.*left alone"):
        VersionStore(tmp_path).write(LINES, MANIFEST)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".tmp-mine", "thesis.odt"]


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "versions").write_text("")
    with pytest.raises(VersionsError, match="cannot be written"):
        VersionStore(tmp_path / "versions").write(LINES, MANIFEST)


def test_a_fresh_volume_with_lost_and_found_is_used(store: VersionStore) -> None:
    (store.path / "lost+found").mkdir(parents=True)
    assert store.write(LINES, MANIFEST).verify()


def test_leftovers_of_killed_builds_are_removed(store: VersionStore) -> None:
    version = store.write(LINES, MANIFEST)
    (store.path / ".tmp-123").mkdir()
    (store.path / ".tmp-123" / "data.nq.zst").write_bytes(b"half")
    (store.path / ".tmp-current-123").symlink_to("0" * 16)
    with store.lock():
        assert {entry.name for entry in store.path.iterdir()} == {".lock", "current", "feed", version.id}


# Locks the folder and says so; ends at the end of its input, or leaves a child that ends then.
HOLDING = """
import os, sys
from pathlib import Path
from plangraf.store.versions import VersionStore
with VersionStore(Path(sys.argv[1])).lock():
    if sys.argv[2] == "killed" and os.fork():
        os.kill(os.getpid(), 9)
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""


def hold(store: VersionStore, mode: str) -> subprocess.Popen[str]:
    """Starts a process that locks the folder, and waits until it has the lock."""
    writer = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(store.path), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline().strip()
    return writer


def test_a_second_writer_is_told_to_wait(store: VersionStore) -> None:
    version = store.write(LINES, MANIFEST)
    with hold(store, "writing") as writer:
        for _ in range(2):  # a refusal does not release the lock
            with pytest.raises(VersionsError, match="Another build is writing"):
                store.write(LINES[:1], MANIFEST)
        assert store.current() == version
        writer.communicate("")
    assert store.write(LINES[:1], MANIFEST).verify()


def test_a_second_writer_of_the_same_process_is_told_to_wait(store: VersionStore) -> None:
    with store.lock():
        for _ in range(2):
            with pytest.raises(VersionsError, match="Another build is writing"):
                VersionStore(store.path).write(LINES, MANIFEST)
        with hold_refused(store) as writer:
            assert "Another build is writing" in writer.communicate()[1]
    assert VersionStore(store.path).write(LINES, MANIFEST).verify()


def test_a_leftover_that_a_dying_child_still_writes_into_is_removed_all_the_same(
    store: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.path / ".tmp-downloads-1").mkdir(parents=True)
    real, late = shutil.rmtree, ["one.csv", "two.csv"]

    def remove(folder: Path) -> None:
        real(folder)
        if late:
            folder.mkdir()
            (folder / late.pop()).touch()
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(folder))

    monkeypatch.setattr(shutil, "rmtree", remove)
    with store.lock():
        assert not list(store.path.glob(".tmp-*"))


def hold_refused(store: VersionStore) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(store.path), "refused"], stderr=subprocess.PIPE, text=True
    )


def test_a_child_of_a_killed_writer_does_not_keep_the_lock(store: VersionStore) -> None:
    with hold(store, "killed") as writer:
        assert writer.wait(timeout=30) == -signal.SIGKILL
        assert store.write(LINES, MANIFEST).verify()  # while the child still has the descriptor
        writer.communicate("")


@pytest.mark.parametrize("number", range(1, 6))
def test_a_full_disk_is_reported_and_leaves_the_current_version(
    store: VersionStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The disk is full from the first, second, … sync."""
    version = store.write(LINES, MANIFEST)
    real, calls = os.fsync, [0]

    def sync(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] >= number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(VersionsError, match="the disk is full; free some space"):
        store.write(LINES[:1], MANIFEST)
    monkeypatch.undo()
    assert store.current() in (version, *store.list()[1:])
    assert store.current().verify()
    assert version.verify()
    assert not list(store.path.glob(".tmp-*"))


def test_a_read_only_folder_is_reported(store: VersionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test raises the system's error, because file modes do not restrict root."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    version = store.write(LINES, MANIFEST)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(VersionsError, match="read-only; name another folder"):
        store.write(LINES[:1], MANIFEST)
    assert store.current() == version


def test_pruning_keeps_the_current_version_and_the_newest_others(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    ids = [
        store.write([f"<http://e/{n}> <http://e/p> <http://e/o> <http://e/g> .".encode()], MANIFEST).id
        for n in range(5)
    ]
    for age, version_id in enumerate(reversed(ids)):
        os.utime(store.get(version_id).path, (1_700_000_000 - age, 1_700_000_000 - age))
    store.use(ids[0])
    assert store.prune(2) == ids[1:3]
    assert {version.id for version in store.list()} == {ids[0], *ids[3:]}
    assert store.current().id == ids[0]
    assert store.prune(2) == []
    assert store.prune(0) == ids[3:]
    assert [version.id for version in store.list()] == [ids[0]]


def test_pruning_neither_waits_for_a_build_nor_disturbs_it(tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "versions")
    store.write([b"<http://e/1> <http://e/p> <http://e/o> <http://e/g> ."], MANIFEST)
    with store.lock(), pytest.raises(VersionsError, match="Another build"):
        VersionStore(tmp_path / "versions").prune(0)
