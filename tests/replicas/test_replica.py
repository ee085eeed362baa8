"""A replica takes over a publication as a whole or not at all, and never loses what it serves."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from small_publications import content, publish, replica_of, write_version

from plangraf.errors import (
    ObjectMissingError,
    ObjectRefusedError,
    PlangrafError,
    ReplicationError,
    StoreUnreachableError,
    VersionsError,
)
from plangraf.replicas import fetching
from plangraf.replicas.folder import ReplicaFolder
from plangraf.replicas.layout import Blob, Pointer, blob_of, encode_listing, encode_pointer, encode_state, read_state
from plangraf.replicas.objects import Objects
from plangraf.store.versions import VersionStore
from plangraf.store.versions.holding import Hold


class Pair:
    """A publisher's folder, its store and one replica."""

    def __init__(self, root: Path) -> None:
        self.versions, self.copy = root / "versions", root / "replica"
        self.address = f"file:{root / 'objects'}"
        self.objects = root / "objects"
        write_version(self.versions, 1)
        publish(self.versions, self.address)
        self.replica = replica_of(self.address, self.copy)
        self.replica.update()

    def publish_another(self, number: int = 2) -> None:
        write_version(self.versions, number)
        publish(self.versions, self.address)

    def object_of(self, name: str) -> Path:
        """The object of a file of the current version."""
        found = (self.versions / "current" / name).read_bytes()
        return self.objects / blob_of(found).object

    def forge(self, version_files: dict[str, bytes], version_id: str, shared: dict[str, bytes] | None = None) -> None:
        """Publishes a version of these files as somebody else could who may write to the store."""

        def put(what: bytes) -> Blob:
            blob = blob_of(what)
            place = self.objects / blob.object
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(what)
            return blob

        listing = put(encode_listing({path: put(what) for path, what in version_files.items()}))
        beside = put(encode_listing({path: put(what) for path, what in (shared or {}).items()}))
        known = {
            "plangraf-replicas": 1,
            "current": version_id,
            "versions": [{"id": version_id, "written": 1, "listing": [listing.sha256, listing.size]}],
            "shared": [beside.sha256, beside.size],
        }
        pointer = Pointer(99, version_id, put(encode_state(read_state("x", orjson.dumps(known)))))
        (self.objects / "pointer.json").write_bytes(encode_pointer(pointer))


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A pair that is equal before and must serve what it did whatever happens."""
    pair = Pair(tmp_path)
    assert content(pair.copy) == content(pair.versions)
    return pair


def refused(pair: Pair, said: str, kind: type[PlangrafError] = ObjectRefusedError) -> None:
    """The replica refuses the newest publication in one line, and its folder is as it was."""
    before = content(pair.copy)
    for _ in range(2):
        with pytest.raises(kind) as error:
            pair.replica.update()
        assert said in str(error.value)
        assert "\n" not in str(error.value)
        assert content(pair.copy) == before
    left = [path.name for path in pair.copy.iterdir() if path.name.startswith(".tmp-")]
    assert not left


@pytest.mark.parametrize("name", ["data.nq.zst", "manifest.json", "dump/own.bin"])
def test_a_damaged_object_is_refused_and_written_again(pair: Pair, name: str) -> None:
    pair.publish_another()
    place = pair.object_of(name)
    damaged = bytearray(place.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    place.write_bytes(damaged)
    refused(pair, f"which is {name} of version {VersionStore(pair.versions).current().id}, is refused: its content")
    publish(pair.versions, pair.address, again=True)
    pair.replica.update()
    assert content(pair.copy) == content(pair.versions)


@pytest.mark.parametrize("change", [lambda found: found + b"x", lambda found: found[:-1], lambda _: b""])
def test_an_object_of_another_size_is_refused_before_it_is_fetched(
    pair: Pair, change: Callable[[bytes], bytes]
) -> None:
    pair.publish_another()
    place = pair.object_of("dump/own.bin")
    place.write_bytes(change(place.read_bytes()))
    with pytest.raises(ReplicationError, match=r"bytes instead of 300000|gives no usable answer"):
        pair.replica.update()
    refused(pair, place.name, ReplicationError)


def test_a_missing_object_is_named(pair: Pair) -> None:
    pair.publish_another()
    pair.object_of("dump/own.bin").unlink()
    refused(pair, "has no object objects/", ObjectMissingError)


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        (b"", "pointer.json is refused"),
        (b"null", "pointer.json is refused"),
        (b"x" * 5000, "pointer.json is refused: it has 5000 bytes"),
        (b"[" * 4000, "pointer.json is refused"),
        (b'{"plangraf-replicas": 7}', "the format 7"),
    ],
)
def test_a_pointer_that_is_none_is_refused(pair: Pair, pointer: bytes, said: str) -> None:
    (pair.objects / "pointer.json").write_bytes(pointer)
    refused(pair, said)


def test_a_version_with_the_lines_of_another_is_refused(pair: Pair) -> None:
    lines = (pair.versions / "current" / "data.nq.zst").read_bytes()
    manifest = {"version": "0123456789abcdef", "triples": 1, "graphs": {}}
    pair.forge({"manifest.json": orjson.dumps(manifest), "data.nq.zst": lines}, "0123456789abcdef")
    refused(pair, "0123456789abcdef is refused: its lines are not those that its id names")


@pytest.mark.parametrize("manifest", [b"[]", b"{}", b"[" * 9999, b'{"version": "0123456789abcdef"}', b"\xff"])
def test_a_version_without_a_usable_manifest_is_refused(pair: Pair, manifest: bytes) -> None:
    lines = (pair.versions / "current" / "data.nq.zst").read_bytes()
    pair.forge({"manifest.json": manifest, "data.nq.zst": lines}, "0123456789abcdef")
    refused(pair, "Version 0123456789abcdef is refused")


def test_lines_that_grow_beyond_the_bound_are_refused_in_little_memory(pair: Pair) -> None:
    lines = zstandard.compress(b"\0" * (1 << 26))
    version_id = hashlib.sha256(b"\0" * (1 << 26)).hexdigest()[:16]
    manifest = orjson.dumps({"version": version_id, "triples": 1, "graphs": {}})
    pair.forge({"manifest.json": manifest, "data.nq.zst": lines}, version_id)
    pair.replica = replica_of(pair.address, pair.copy, most_bytes=1 << 25)
    refused(pair, f"its lines have more than {1 << 25} bytes")


def test_a_publication_that_is_too_large_is_refused_before_it_is_fetched(pair: Pair) -> None:
    pair.publish_another()
    pair.replica = replica_of(pair.address, pair.copy, most_bytes=1000)
    refused(pair, "PLANGRAF_REPLICA_MAX_GB allows 1000", ReplicationError)


def test_a_full_disk_is_told_before_anything_is_fetched(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.publish_another()
    usage = shutil.disk_usage(pair.copy)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=70_000_000))
    for number in range(3, 15):
        write_version(pair.versions, number)
    publish(pair.versions, pair.address)
    with pytest.raises(ReplicationError, match="and the disk has 70000000"):
        pair.replica.update()
    # Only files that were there have another name in the folder of fetched objects.
    assert all(path.stat().st_nlink > 1 for path in (pair.copy / ".replica" / "objects").iterdir())


def test_a_file_outside_of_the_folder_is_not_written(pair: Pair, tmp_path: Path) -> None:
    target = tmp_path / "outside"
    for path in ("../outside", str(target), "x/../../../outside"):
        pair.forge({"manifest.json": b"{}", "data.nq.zst": b"", path: b"hostile"}, "0123456789abcdef")
        refused(pair, "is refused: the path")
    assert not target.exists()


def test_a_store_that_is_away_changes_nothing(pair: Pair, tmp_path: Path) -> None:
    pair.publish_another()
    pair.objects.rename(tmp_path / "away")
    refused(pair, "has no object pointer.json", ObjectMissingError)
    (tmp_path / "away").rename(pair.objects)
    pair.replica.update()
    assert content(pair.copy) == content(pair.versions)


def test_what_was_fetched_before_a_break_is_not_fetched_again(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "RANGE", 10_000)
    pair.publish_another()
    large, read = pair.object_of("dump/own.bin").name, Objects.read
    ranges: list[tuple[int, int]] = []
    left = [12]

    def breaking(self: Objects, blob: Blob, start: int, end: int) -> bytes:
        if blob.sha256 == large:
            left[0] -= 1
            if left[0] == 0:
                raise StoreUnreachableError("The connection broke.")
            ranges.append((start, end))
        return read(self, blob, start, end)

    monkeypatch.setattr(Objects, "read", breaking)
    with pytest.raises(StoreUnreachableError):
        pair.replica.update()
    replica_of(pair.address, pair.copy).update()  # as after a restart
    assert ranges == [(start, start + 10_000) for start in range(0, 300_000, 10_000)]
    assert content(pair.copy) == content(pair.versions)


def test_a_damaged_part_of_an_earlier_run_is_fetched_anew(pair: Pair) -> None:
    pair.publish_another()
    part = pair.copy / ".replica" / "objects" / f"{pair.object_of('dump/own.bin').name}.part"
    part.write_bytes(b"garbage")
    pair.replica.update()
    assert content(pair.copy) == content(pair.versions)


class _CrashError(Exception):
    pass


_STEPS = ("record", "assemble", "renew", "place_shared", "make_current", "place_pruned", "withdraw", "remove_withdrawn")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_leaves_the_old_version_or_the_new_one_and_is_mended(
    pair: Pair, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = VersionStore(pair.versions)
    first = store.current()
    write_version(pair.versions, 2)
    (first.path / "report.json").write_bytes(b'{"results": []}')  # as a build with other code derives it
    publish(pair.versions, pair.address)
    pair.replica.update()
    write_version(pair.versions, 3)
    store.use(first.id)
    store.withdraw(next(one.id for one in store.list() if one.id != first.id))
    (first.path / "report.json").write_bytes(b'{"results":  []}')
    publish(pair.versions, pair.address)
    copies = VersionStore(pair.copy)
    old, new = copies.current().id, store.current().id
    known = getattr(ReplicaFolder, step)

    def crashing(self: ReplicaFolder, *given: Any) -> Any:
        if when == "after":
            known(self, *given)
        raise _CrashError

    with monkeypatch.context() as patch:
        patch.setattr(ReplicaFolder, step, crashing)
        with pytest.raises(_CrashError):
            pair.replica.update()
    assert copies.current().id in (old, new)
    assert copies.current().verify()
    for version in copies.list():
        assert version.verify()
    assert (copies.current().dates_path).is_file()
    replica_of(pair.address, pair.copy).update()
    assert content(pair.copy) == content(pair.versions)


def test_a_withdrawn_version_is_gone_at_once_and_removed_when_nobody_has_it_open(pair: Pair) -> None:
    store, copies = VersionStore(pair.versions), VersionStore(pair.copy)
    first = store.current().id
    pair.publish_another()
    pair.replica.update()
    hold = Hold(pair.copy / first)
    store.withdraw(first)
    publish(pair.versions, pair.address)
    pair.replica.update()
    assert [version.id for version in copies.list()] == [store.current().id]
    assert first in copies.pruned()
    with pytest.raises(VersionsError):
        copies.get(first)
    assert (pair.copy / first / "data.nq.zst").is_file()
    pair.replica.update()
    assert (pair.copy / first).is_dir()
    hold.release()
    pair.replica.update()
    assert not (pair.copy / first).exists()
    assert content(pair.copy) == content(pair.versions)


def test_a_withdrawn_version_that_is_published_again_is_served_again(pair: Pair) -> None:
    store = VersionStore(pair.versions)
    first = store.current().id
    pair.publish_another()
    pair.replica.update()
    hold = Hold(pair.copy / first)
    store.withdraw(first)
    publish(pair.versions, pair.address)
    pair.replica.update()
    write_version(pair.versions, 1)
    publish(pair.versions, pair.address)
    pair.replica.update()
    hold.release()
    pair.replica.update()
    assert VersionStore(pair.copy).current().id == first
    assert content(pair.copy) == content(pair.versions)


def test_the_folder_of_a_publisher_is_not_made_a_replica(pair: Pair, tmp_path: Path) -> None:
    own = write_version(tmp_path / "own" / "versions", 5)
    before = content(tmp_path / "own" / "versions")
    with pytest.raises(ReplicationError, match=f"holds {own.id}, which was built there"):
        replica_of(pair.address, tmp_path / "own" / "versions").update()
    assert content(tmp_path / "own" / "versions") == before


def test_a_version_that_somebody_removed_or_cut_is_put_back_at_the_next_start(pair: Pair) -> None:
    pair.publish_another()
    pair.replica.update()
    first, second = VersionStore(pair.copy).list()
    shutil.rmtree(first.path)
    os.truncate(second.path / "dump" / "own.bin", 10)
    replica_of(pair.address, pair.copy).update()
    assert content(pair.copy) == content(pair.versions)


def test_a_replica_whose_folder_was_used_otherwise_meanwhile_is_made_equal_again(pair: Pair) -> None:
    pair.publish_another()
    pair.replica.update()
    copies = VersionStore(pair.copy)
    copies.use(copies.list()[0].id)
    assert content(pair.copy) != content(pair.versions)
    replica_of(pair.address, pair.copy).update()
    assert content(pair.copy) == content(pair.versions)


def test_a_version_that_was_built_in_a_replica_meanwhile_is_told_and_kept(pair: Pair) -> None:
    own = write_version(pair.copy, 9)
    for _ in range(2):
        with pytest.raises(ReplicationError, match=f"holds {own.id}, which was built there"):
            replica_of(pair.address, pair.copy).update()
    assert VersionStore(pair.copy).current().id == own.id
    publish(pair.copy, pair.address)
    replica_of(pair.address, pair.copy).update()
    assert content(pair.copy)["current"] == own.id


def test_a_replica_keeps_up_while_a_build_holds_its_folder(pair: Pair) -> None:
    pair.publish_another()
    with (
        VersionStore(pair.copy).lock(),
        pytest.raises(VersionsError, match="is kept by a replica that runs, or another build is writing"),
    ):
        pair.replica.update()
    pair.replica.update()
    assert content(pair.copy) == content(pair.versions)
