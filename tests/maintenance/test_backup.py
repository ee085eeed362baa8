"""Backup and restoring: the state of one instant, verified byte for byte, all of it or nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

import ending_early
from forked_python import run_code
from plangraf.errors import BackupError, VersionsError
from plangraf.maintenance import restoring
from plangraf.maintenance.archive import DESCRIPTION, decode_description, pieces
from plangraf.maintenance.backing_up import back_up
from plangraf.maintenance.restoring import restore
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, VersionStore
from running_server import running_server
from small_home import command
from version_writer import version_writer

MANIFEST = {"triples": 1, "quads": 1, "graphs": {}, "warnings": {}}


def line(number: int) -> bytes:
    return b'<http://example.org/a> <http://example.org/p> "%06d" <http://example.org/g> .' % number


def grow(store: VersionStore, number: int) -> str:
    """Publishes a version; returns its id."""
    extra = {"report.json": b"{}", "large.bin": os.urandom(300_000)}
    return store.write([line(one) for one in range(number)], MANIFEST, extra).id


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    """Three versions, one of them pruned, with log, context and inputs."""
    store = VersionStore(tmp_path / "versions")
    for number in (1, 2, 3):
        grow(store, number)
    store.prune(1)
    store.keep_context(b'{"@context": {}}')
    store.record_inputs("0" * 64, store.current().id)
    return store


def content(folder: Path) -> dict[str, object]:
    """Everything of a folder that a service can see: bytes, links and times."""
    return {
        path.relative_to(folder).as_posix(): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None,
            path.lstat().st_mtime_ns if not path.is_symlink() and path.parent != folder.parent else 0,
        )
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["saved.tar", "saved.tar.gz", "saved.tgz", "saved.tar.zst", "saved"])
def test_what_is_restored_is_what_was_saved(store: VersionStore, tmp_path: Path, name: str) -> None:
    before = content(store.path)
    done = back_up(store.path, str(tmp_path / name))
    assert (done.current, len(done.versions)) == (store.current().id, 2)
    assert content(store.path) == before
    other = tmp_path / "deep" / "other"
    restored = restore(str(tmp_path / name), other)
    assert restored.versions == sorted(version.id for version in store.list())
    assert content(other) == before
    assert [version.id for version in VersionStore(other).list()] == [version.id for version in store.list()]
    assert names(tmp_path) == {"versions", name, "deep"}
    assert names(tmp_path / "deep") == {"other"}
    assert grow(VersionStore(other), 4) == grow(store, 4)


@pytest.mark.slow
def test_a_service_over_the_restored_folder_gives_the_same_bytes_and_etags(
    light_versions: Path, tmp_path: Path
) -> None:
    shutil.copytree(light_versions, tmp_path / "versions", symlinks=True)
    store = VersionStore(tmp_path / "versions")
    old = store.current().id
    lines = list(store.current().lines())
    store.write(lines[:-40], {"triples": len(lines) - 40, "quads": len(lines) - 40, "graphs": {}, "warnings": {}})
    triples = "/sparql?format=json&query=SELECT%20*%20%7B?a%20a%20?b%7D%20ORDER%20BY%20?a"
    paths = [
        "/doc/5001/plan/2020-2023-7.ttl", "/doc/5001/plan/2020-2023-7.html?lang=nb", "/queries/plans.csv", "/plans.csv",
        "/version/", f"/version/{old}/doc/5001/plan/2020-2023-7.jsonld", "/feed", "/feed/1", "/catalog.ttl",
        f"/compare?from={old}&to={store.current().id}&format=json", triples,
    ]  # fmt: skip

    def answers(folder: Path) -> dict[str, tuple[int, bytes, str | None]]:
        with running_server(folder, PLANGRAF_PUBLIC_URL="https://data.example.no") as server:
            asked = {path: httpx.get(server.url + path, follow_redirects=True) for path in paths}
            back_up(folder, str(tmp_path / f"{folder.name}.tar.zst"))
            return {path: (one.status_code, one.content, one.headers.get("etag")) for path, one in asked.items()}

    before = answers(store.path)
    assert {status for status, _, _ in before.values()} == {200}, {path: one[0] for path, one in before.items()}
    restore(str(tmp_path / "versions.tar.zst"), tmp_path / "restored")
    assert answers(tmp_path / "restored") == before
    # A backup of the restored folder is the same archive, byte for byte.
    assert (tmp_path / "restored.tar.zst").read_bytes() == (tmp_path / "versions.tar.zst").read_bytes()


def test_commands_pass_a_backup_through_a_pipe(store: VersionStore, tmp_path: Path) -> None:
    saved = subprocess.run([*command("backup", "-", "--versions", store.path)], capture_output=True, timeout=120)
    assert saved.returncode == 0, saved.stderr
    assert saved.stderr.decode().startswith(f"backup - current {store.current().id} versions 2 files ")
    other = tmp_path / "other"
    run = subprocess.run(
        command("restore", "-", "--versions", other), input=saved.stdout, capture_output=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.decode().startswith(f"restored {other} current {store.current().id} versions 2 files ")
    assert content(other) == content(store.path)
    again = subprocess.run(
        command("restore", "-", "--versions", other), input=saved.stdout, capture_output=True, timeout=120
    )
    assert again.returncode == 1
    assert again.stderr.decode() == (
        f"plangraf: {other} has versions. Name an empty folder with --versions, or replace them with --replace.\n"
    )


@pytest.mark.parametrize("rounds", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_a_backup_beside_a_writer_is_the_state_of_one_instant(store: VersionStore, tmp_path: Path, rounds: int) -> None:
    seen = set()
    with version_writer(store, large=100_000) as writer:
        for number in range(rounds):
            saved, other = tmp_path / f"{number}.tar", tmp_path / f"other-{number}"
            back_up(store.path, str(saved))
            restore(str(saved), other)
            restored = VersionStore(other)
            seen.add(restored.current().id)
            assert all(version.verify() and (version.path / "large.bin").stat().st_size for version in restored.list())
            # The log ends with the current version, or with the one before it, as after a crash at that instant.
            assert FeedLog(other / FEED).version in {version.id for version in restored.list()}
            restored.catch_up()
            assert FeedLog(other / FEED).version == restored.current().id
            shutil.rmtree(other)
            assert writer.poll() is None
    assert len(seen) > 1


def test_files_that_change_while_they_are_copied_are_copied_again(
    store: VersionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def changing(file: Any, size: int) -> Any:
        if len(done) < 3:
            done.append(grow(store, 10 + len(done)))
            store.prune(1)
        return pieces(file, size)

    monkeypatch.setattr("plangraf.maintenance.archive.pieces", changing)
    back_up(store.path, str(tmp_path / "saved"))
    back_up(store.path, str(tmp_path / "saved.tar"))
    monkeypatch.undo()
    for name in ("saved", "saved.tar"):
        restore(str(tmp_path / name), tmp_path / f"from-{name}")
        assert content(tmp_path / f"from-{name}") == content(store.path)


# What is refused


def test_a_target_that_is_there_is_replaced_only_when_told(store: VersionStore, tmp_path: Path) -> None:
    file, folder = tmp_path / "saved.tar", tmp_path / "saved"
    file.write_text("mine")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    for target in (file, folder):
        with pytest.raises(BackupError, match=r"is there already\. Name another target, or replace it with --replace"):
            back_up(store.path, str(target))
    assert file.read_text() == (folder / "mine.txt").read_text() == "mine"
    for target in (file, folder):
        back_up(store.path, str(target), replace=True)
        restore(str(target), tmp_path / f"from-{target.name}")
    assert not (folder / "mine.txt").exists()
    with pytest.raises(BackupError, match="lies in the folder of versions"):
        back_up(store.path, str(store.path / "saved.tar"))


def test_versions_that_are_there_are_replaced_only_when_told(store: VersionStore, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved.tar")
    back_up(store.path, saved)
    before = content(store.path)
    grow(store, 7)
    now = content(store.path)
    with pytest.raises(BackupError, match="has versions"):
        restore(saved, store.path)
    assert content(store.path) == now
    restore(saved, store.path, replace=True)
    assert content(store.path) == before
    assert names(tmp_path) == {"versions", "saved.tar"}


def test_a_folder_that_is_not_one_of_versions_is_left_alone(store: VersionStore, tmp_path: Path) -> None:
    back_up(store.path, str(tmp_path / "saved.tar"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(VersionsError, match="holds other things than versions"):
        restore(str(tmp_path / "saved.tar"), tmp_path / "mine", replace=True)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "mine"


RESTORE = """
import pathlib, sys
from plangraf.errors import VersionsError
from plangraf.maintenance.restoring import restore
try:
    restore(sys.argv[1], pathlib.Path(sys.argv[2]), replace=True)
except VersionsError as error:
    print(error)
"""


def test_a_folder_that_a_build_writes_to_is_not_replaced(store: VersionStore, tmp_path: Path) -> None:
    back_up(store.path, str(tmp_path / "saved.tar"))
    with store.lock():
        before = content(store.path)
        run = run_code(RESTORE, tmp_path / "saved.tar", store.path)
        assert run.stdout.startswith("Another build is writing to "), run
        assert content(store.path) == before


@pytest.mark.parametrize("part", ["dump", "feed"])
def test_damaged_versions_are_not_saved(store: VersionStore, tmp_path: Path, part: str) -> None:
    damaged = store.current().path / "data.nq.zst" if part == "dump" else store.path / FEED / "000000000001.zst"
    damaged.write_bytes(damaged.read_bytes()[:-5])
    with pytest.raises(BackupError, match="is damaged"):
        back_up(store.path, str(tmp_path / "saved.tar"))
    assert names(tmp_path) == {"versions"}


def test_a_folder_without_versions_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(VersionsError, match="There is no version"):
        back_up(tmp_path / "versions", str(tmp_path / "saved.tar"))
    assert names(tmp_path) == set()


def test_each_damaged_byte_of_an_archive_is_found(store: VersionStore, tmp_path: Path) -> None:
    back_up(store.path, str(tmp_path / "saved.tar"))
    whole = (tmp_path / "saved.tar").read_bytes()
    begin = whole.rindex(DESCRIPTION.encode() + b"\0")
    # Padding and what a header says beside name, size and kind is no content; so bytes of files are changed.
    with tarfile.open(tmp_path / "saved.tar") as archive:
        places = [member.offset_data + member.size // 2 for member in archive if member.size]
    assert len(places) > 10
    for place in (*places, begin + 600):
        (tmp_path / "bad.tar").write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        with pytest.raises(BackupError, match=r"Nothing is restored|Use another"):
            restore(str(tmp_path / "bad.tar"), tmp_path / "other")
        assert names(tmp_path) == {"versions", "saved.tar", "bad.tar"}


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.zst"])
def test_an_archive_that_is_cut_off_is_refused(store: VersionStore, tmp_path: Path, ending: str) -> None:
    back_up(store.path, str(tmp_path / f"saved.{ending}"))
    whole = (tmp_path / f"saved.{ending}").read_bytes()
    for size in (0, 3, 100, len(whole) // 3, len(whole) // 2, len(whole) - 2000):
        (tmp_path / "bad").write_bytes(whole[:size])
        with pytest.raises(BackupError, match="damaged or cut off"):
            restore(str(tmp_path / "bad"), tmp_path / "other")
        assert names(tmp_path) == {"versions", f"saved.{ending}", "bad"}


def archive(members: list[tuple[tarfile.TarInfo, bytes]], description: dict[str, object] | None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for info, body in members:
            info.size = len(body)
            made.addfile(info, io.BytesIO(body))
        if description is not None:
            body = json.dumps(description).encode()
            info = tarfile.TarInfo(DESCRIPTION)
            info.size = len(body)
            made.addfile(info, io.BytesIO(body))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, b"content" if kind == tarfile.REGTYPE else b""


EMPTY: dict[str, object] = {"format": "plangraf backup 1", "current": None, "folders": {}, "files": {}}
ID = "0123456789abcdef"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (archive([member("../outside")], EMPTY), "not a path of a folder of versions"),
        (archive([member(f"{ID}/../../outside")], EMPTY), "not a path of a folder of versions"),
        (archive([member("/etc/outside")], EMPTY), "not a path of a folder of versions"),
        (archive([member("outside.txt")], EMPTY), "not a path of a folder of versions"),
        (archive([member("feed/a\\b")], EMPTY), "not a path of a folder of versions"),
        (archive([member("feed//a")], EMPTY), "not a path of a folder of versions"),
        (archive([member(".tmp-a/a")], EMPTY), "not a path of a folder of versions"),
        (archive([member("current", tarfile.SYMTYPE, "/etc")], EMPTY), "a link, a folder or a device"),
        (archive([member("feed/a", tarfile.SYMTYPE, "/etc/passwd")], EMPTY), "a link, a folder or a device"),
        (archive([member("feed/a", tarfile.LNKTYPE, "/etc/passwd")], EMPTY), "a link, a folder or a device"),
        (archive([member("feed/a", tarfile.CHRTYPE)], EMPTY), "a link, a folder or a device"),
        (archive([member("feed/a", tarfile.FIFOTYPE)], EMPTY), "a link, a folder or a device"),
        (archive([member("feed", tarfile.DIRTYPE)], EMPTY), "a link, a folder or a device"),
        (archive([member("feed/a"), member("feed/a/b")], EMPTY), "both as a file and as a folder"),
        (archive([member("feed/a/b"), member("feed/a")], EMPTY), "both as a file and as a folder"),
        (archive([member("feed/a")], None), "ends without backup.json"),
        (archive([], {**EMPTY, "format": "plangraf backup 9"}), "has the form 'plangraf backup 9'"),
        (archive([], {"format": "plangraf backup 1"}), "is damaged"),
        (archive([], {**EMPTY, "files": {"../a": {"bytes": 1, "sha256": "", "modified": 0}}}), "not a path"),
        (archive([], {**EMPTY, "files": {"feed/a": {"bytes": 1, "sha256": "", "modified": 0}}}), "is missing in"),
        (archive([], {**EMPTY, "folders": {"feed/../..": 0}}), "not a path of a folder of versions"),
        (archive([], {**EMPTY, "folders": {"feed": 10**30}}), "A time in the backup"),
        (archive([], {**EMPTY, "current": ID}), "which it does not hold"),
        (archive([], {**EMPTY, "current": ID, "folders": {ID: 0}}), "is damaged"),
        (archive([], {**EMPTY, "current": "..", "folders": {}}), "which it does not hold"),
        (b"not an archive" * 100, "damaged or cut off"),
        (zstandard.compress(b"not an archive" * 100), "damaged or cut off"),
        (gzip.compress(b"not an archive" * 100, mtime=0), "damaged or cut off"),
    ],
)
def test_a_hostile_archive_is_refused_and_nothing_is_written(made: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.tar").write_bytes(made)
    with pytest.raises(BackupError, match=said):
        restore(str(tmp_path / "in" / "bad.tar"), tmp_path / "in" / "versions")
    assert names(tmp_path) == {"in"}
    assert names(tmp_path / "in") == {"bad.tar"}


def test_an_archive_larger_than_the_disk_is_refused_before_it_is_written(tmp_path: Path) -> None:
    info = tarfile.TarInfo("feed/a")
    info.size = 1 << 60
    # Zeros without end, as a small archive can hold them.
    (tmp_path / "bad.tar.zst").write_bytes(zstandard.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(100_000_000)))
    assert (tmp_path / "bad.tar.zst").stat().st_size < 100_000
    with pytest.raises(BackupError, match=r"has 1152921504606846976 bytes, and the disk of .* has room for"):
        restore(str(tmp_path / "bad.tar.zst"), tmp_path / "versions")
    assert names(tmp_path) == {"bad.tar.zst"}


def test_many_files_that_fill_the_disk_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter(range(300_000_000, 0, -50_000_000))
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, next(free)))  # type: ignore[attr-defined]
    (tmp_path / "bad.tar").write_bytes(archive([member(f"feed/{number}") for number in range(10)], EMPTY))
    with pytest.raises(BackupError, match=r"feed/5 of the backup has 7 bytes, and the disk of .* has room for 0"):
        restore(str(tmp_path / "bad.tar"), tmp_path / "versions")
    assert names(tmp_path) == {"bad.tar"}


def link_file(folder: Path) -> None:
    (folder / "inputs.json").rename(folder.parent / "elsewhere.json")
    (folder / "inputs.json").symlink_to(folder.parent / "elsewhere.json")


def link_folder(folder: Path) -> None:
    (folder / FEED).rename(folder.parent / "elsewhere")
    (folder / FEED).symlink_to(folder.parent / "elsewhere")


def remove_file(folder: Path) -> None:
    (folder / "inputs.json").unlink()


def change_file(folder: Path) -> None:
    (folder / "inputs.json").write_text("{}")


@pytest.mark.parametrize("harm", [link_file, link_folder, remove_file, change_file])
def test_a_harmed_backup_in_a_folder_is_refused(
    store: VersionStore, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    back_up(store.path, str(tmp_path / "saved"))
    harm(tmp_path / "saved")
    before = names(tmp_path)
    with pytest.raises(BackupError, match="Nothing is restored"):
        restore(str(tmp_path / "saved"), tmp_path / "other")
    assert names(tmp_path) == before


def test_a_version_with_another_id_is_refused(store: VersionStore, tmp_path: Path) -> None:
    """Its digests are right, so only the id of the version tells."""
    back_up(store.path, str(tmp_path / "saved"))
    one, other = sorted(version.id for version in store.list())
    text = (
        (tmp_path / "saved" / DESCRIPTION)
        .read_text()
        .replace(one, "0" * 16)
        .replace(other, one)
        .replace("0" * 16, other)
    )
    (tmp_path / "saved" / DESCRIPTION).write_text(text)
    for before, after in ((one, "x"), (other, one), ("x", other)):
        for pattern in ("{}", "feed/dates-{}.json"):
            (tmp_path / "saved" / pattern.format(before)).rename(tmp_path / "saved" / pattern.format(after))
    decode_description(text.encode())
    with pytest.raises(BackupError, match=r"Version \w+ of the backup is damaged"):
        restore(str(tmp_path / "saved"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


# Interruptions


RESTORING = """
from plangraf.maintenance.restoring import restore
restore(sys.argv[3], pathlib.Path(sys.argv[1]), replace=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("every", [40, 3])
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_folder(
    store: VersionStore, tmp_path: Path, every: int
) -> None:
    saved = str(tmp_path / "saved.tar")
    back_up(store.path, saved)
    new = content(store.path)
    grow(store, 9)
    old = content(store.path)
    shutil.copytree(store.path, tmp_path / "kept", symlinks=True)
    steps = int(ending_early.run(RESTORING, store.path, 0, saved).stdout)
    assert content(store.path) == new
    seen = []
    for moment in {*range(1, steps + 1, every), *range(steps - 12, steps + 1)}:
        shutil.rmtree(store.path)
        shutil.copytree(tmp_path / "kept", store.path, symlinks=True)
        assert ending_early.run(RESTORING, store.path, moment, saved).returncode == 137
        restoring.restore_interrupted(store.path)
        found = content(store.path)
        assert found in (old, new)
        seen.append(found == new)
        restore(saved, store.path, replace=True)
        assert content(store.path) == new
        assert names(tmp_path) == {"versions", "saved.tar", "kept"}
    assert set(seen) == {True, False}


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root mounts; as another user the parent of the folder is read-only below"
)
def test_an_empty_mounted_folder_is_filled_and_a_full_one_is_left(store: VersionStore, tmp_path: Path) -> None:
    saved = str(tmp_path / "saved.tar")
    back_up(store.path, saved)
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)], check=True)
    try:
        (disk / "lost+found").mkdir()
        restore(saved, disk)
        (disk / "lost+found").rmdir()
        assert content(disk) == content(store.path)
        with pytest.raises(BackupError, match="is where a disk is mounted"):
            restore(saved, disk, replace=True)
        assert content(disk) == content(store.path)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_move_into_a_folder_that_fails_is_undone(
    store: VersionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(store.path, str(tmp_path / "saved.tar"))
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path == other)
    real, failing = Path.rename, threading.Event()

    def rename(path: Path, target: Path) -> Path:
        if path.name == "current" and not failing.is_set():
            failing.set()
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="No space left"):
        restore(str(tmp_path / "saved.tar"), other)
    assert names(other) <= {".lock"}
    restore(str(tmp_path / "saved.tar"), other)
    assert content(other) == content(store.path)
