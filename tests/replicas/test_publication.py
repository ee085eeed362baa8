"""A publication is whole or not there, and a copy of it is equal to what was published."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from small_publications import content, publish, replica_of, write_version

from plangraf.errors import (
    ObjectMissingError,
    PublicationConflictError,
    ReplicationError,
    StoreUnreachableError,
)
from plangraf.replicas import publication
from plangraf.replicas.layout import Blob
from plangraf.replicas.objects import Found, Objects
from plangraf.store.versions import VersionStore


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """A folder with two versions."""
    for number in (1, 2):
        write_version(tmp_path / "versions", number)
    return tmp_path / "versions"


def test_a_replica_has_the_same_files_times_and_current_version(versions: Path, tmp_path: Path, address: str) -> None:
    done = publish(versions, address)
    assert (done.number, done.versions, done.there_already) == (1, 2, False)
    assert done.version == VersionStore(versions).current().id
    replica = replica_of(address, tmp_path / "replica")
    taken = replica.update()
    assert taken is not None
    assert (taken.number, taken.version) == (1, done.version)
    assert content(tmp_path / "replica") == content(versions)
    assert replica.update() is None
    assert publish(versions, address).there_already


def test_a_second_publication_writes_and_fetches_only_what_is_new(versions: Path, tmp_path: Path, address: str) -> None:
    publish(versions, address)
    replica = replica_of(address, tmp_path / "replica")
    replica.update()
    write_version(versions, 3)
    VersionStore(versions).prune(1)
    done = publish(versions, address)
    own = 300_000  # bytes of a download that no other version has
    assert own < done.written_bytes < 2 * own
    taken = replica.update()
    assert taken is not None
    assert own < taken.fetched_bytes < 2 * own
    assert content(tmp_path / "replica") == content(versions)
    assert not list((tmp_path / "replica" / ".replica" / "objects").iterdir())


def test_going_back_to_a_version_reaches_replicas_with_the_log_of_changes(
    versions: Path, tmp_path: Path, folder_store: str
) -> None:
    publish(versions, folder_store)
    replica = replica_of(folder_store, tmp_path / "replica")
    replica.update()
    store = VersionStore(versions)
    first = store.list()[0].id
    store.use(first)
    publish(versions, folder_store)
    replica.update()
    assert VersionStore(tmp_path / "replica").current().id == first
    assert content(tmp_path / "replica") == content(versions)


def test_of_two_publications_at_once_one_is_refused(
    versions: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(versions, address)
    other = tmp_path / "other"
    replica_of(address, other).update()
    write_version(other, 7)
    write_version(versions, 8)
    replace_pointer = Objects.replace_pointer

    def interrupted(self: Objects, *given: Any) -> None:
        monkeypatch.setattr(Objects, "replace_pointer", replace_pointer)
        publish(other, address)
        replace_pointer(self, *given)

    monkeypatch.setattr(Objects, "replace_pointer", interrupted)
    with pytest.raises(PublicationConflictError, match="came first, and this one changed nothing"):
        publish(versions, address)
    replica = replica_of(address, tmp_path / "replica")
    replica.update()
    assert content(tmp_path / "replica") == content(other)


def test_the_check_of_conditions_is_not_misled_by_that_of_another_publication(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        pass

    put, asked = obstore.put, []

    def interrupted(store: Any, path: str, content: bytes, **given: Any) -> Any:
        asked.append(content)
        if len(asked) == 4:
            raise StoppedError
        done = put(store, path, content, **given)
        if len(asked) == 2:  # another one begins, and gets as far as its first write
            with pytest.raises(StoppedError):
                Objects(bucket, writing=True).check_conditions()
        return done

    monkeypatch.setattr(obstore, "put", interrupted)
    Objects(bucket, writing=True).check_conditions()
    assert len(asked) == 6


def test_two_first_publications_at_once(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        write_version(tmp_path / str(number) / "versions", number)
    outcomes: list[str] = []
    together = threading.Barrier(2, timeout=60)
    replace_pointer = Objects.replace_pointer

    def at_once(self: Objects, *given: Any) -> None:
        together.wait()
        replace_pointer(self, *given)

    monkeypatch.setattr(Objects, "replace_pointer", at_once)

    def run(number: int) -> None:
        try:
            outcomes.append(publish(tmp_path / str(number) / "versions", address).version)
        except PublicationConflictError:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes.count("refused") == 1, outcomes
    replica_of(address, tmp_path / "replica").update()
    assert VersionStore(tmp_path / "replica").current().id in outcomes


def test_a_store_that_ignores_conditions_gets_nothing(
    versions: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = obstore.put
    monkeypatch.setattr(obstore, "put", lambda store, path, file, mode=None: put(store, path, file))
    with pytest.raises(ReplicationError, match="ignores the conditions of a write"):
        publish(versions, bucket)
    with pytest.raises(ObjectMissingError):
        Objects(bucket).pointer()
    assert not Objects(bucket).list("objects")


def test_a_folder_that_lacks_published_changes_does_not_undo_them(
    versions: Path, tmp_path: Path, folder_store: str
) -> None:
    publish(versions, folder_store)
    write_version(tmp_path / "other" / "versions", 9)
    with pytest.raises(PublicationConflictError, match=r"has changes that .* lacks \(feed/0+1\.json\).*versions fetch"):
        publish(tmp_path / "other" / "versions", folder_store)
    publish(tmp_path / "other" / "versions", folder_store, replace=True)
    replica_of(folder_store, tmp_path / "replica").update()
    assert content(tmp_path / "replica") == content(tmp_path / "other" / "versions")


def test_a_publication_that_died_is_completed_by_the_next(
    versions: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(versions, address)
    replica = replica_of(address, tmp_path / "replica")
    replica.update()
    before = content(tmp_path / "replica")
    write_version(versions, 3)
    write, left = Objects.write, [4]

    def dying(self: Objects, blob: Blob, what: bytes | Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoreUnreachableError("The connection broke.")
        write(self, blob, what)

    monkeypatch.setattr(Objects, "write", dying)
    with pytest.raises(StoreUnreachableError):
        publish(versions, address)
    monkeypatch.setattr(Objects, "write", write)
    assert replica.update() is None
    assert content(tmp_path / "replica") == before
    objects = len(Objects(address).list("objects"))
    done = publish(versions, address)
    assert done.number == 2
    assert len(Objects(address).list("objects")) == objects + done.written
    replica.update()
    assert content(tmp_path / "replica") == content(versions)


def test_objects_that_nobody_needs_are_removed_a_day_later(
    versions: Path, folder_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(versions, folder_store)
    store = VersionStore(versions)
    store.withdraw(store.list()[0].id)
    assert publish(versions, folder_store).removed == 0
    listed = Objects.list
    a_day = timedelta(hours=25)

    def old(self: Objects, prefix: str) -> dict[str, Found]:
        return {name: Found(one.size, one.written - a_day) for name, one in listed(self, prefix).items()}

    monkeypatch.setattr(Objects, "list", old)
    write_version(versions, 3)
    before = len(listed(Objects(folder_store), "objects"))
    done = publish(versions, folder_store)
    assert done.removed > 0
    assert len(listed(Objects(folder_store), "objects")) == before + done.written - done.removed
    assert datetime.now(UTC) > min(one.written for one in listed(Objects(folder_store), "objects").values())


@pytest.mark.usefixtures("s3")
def test_a_sweep_takes_nothing_from_the_publication_and_the_one_before(
    versions: Path, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(versions, bucket)
    slow = replica_of(bucket, tmp_path / "slow")
    found = Objects(bucket).pointer()
    assert found is not None
    monkeypatch.setattr(publication, "_KEPT", timedelta(seconds=-5))
    write_version(versions, 3)
    publish(versions, bucket)
    with monkeypatch.context() as before:  # a replica that has read the pointer before the second publication
        before.setattr(Objects, "pointer", lambda *_: found)
        slow.update()
    assert VersionStore(tmp_path / "slow").current().id == found[0].version
    replica_of(bucket, tmp_path / "slow").update()
    assert content(tmp_path / "slow") == content(versions)


def test_what_replicas_would_refuse_is_not_published(versions: Path, folder_store: str) -> None:
    version = VersionStore(versions).current().path
    (version / "dump" / "link").symlink_to("/etc/passwd")
    with pytest.raises(ReplicationError, match=r"dump/link cannot be published, because it is neither a file"):
        publish(versions, folder_store)
    (version / "dump" / "link").unlink()
    (version / "dump" / "line\nbreak").write_bytes(b"")
    with pytest.raises(ReplicationError, match=r"cannot be published: .* is not a path"):
        publish(versions, folder_store)
    with pytest.raises(ObjectMissingError):
        Objects(folder_store).pointer()


def test_a_store_that_is_away_is_told_in_one_line(versions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-north-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(
        StoreUnreachableError, match=r"^s3://bucket/x gives no usable answer for pointer\.json"
    ) as error:
        publish(versions, "s3://bucket/x")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_bucket_that_does_not_exist(versions: Path, s3: str) -> None:
    with pytest.raises(ReplicationError, match="s3://no-such-bucket/x"):
        publish(versions, "s3://no-such-bucket/x")


def test_a_folder_that_cannot_be_a_store_is_told(versions: Path, tmp_path: Path) -> None:
    below_a_file = VersionStore(versions).current().path / "manifest.json" / "x"
    with pytest.raises(StoreUnreachableError, match=r"manifest\.json/x gives no usable answer for pointer\.json"):
        publish(versions, f"file:{below_a_file}")
    with pytest.raises(ReplicationError, match=r"not-mounted .*pointer\.json"):
        replica_of(f"file:{tmp_path / 'not-mounted'}", tmp_path / "replica").update()
    assert not (tmp_path / "not-mounted").exists()
