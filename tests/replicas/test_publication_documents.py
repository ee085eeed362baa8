"""Pointer, state and listing: what is written is read again, and everything else is refused and named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plangraf.errors import ObjectRefusedError, SettingError
from plangraf.replicas.layout import (
    Blob,
    Placed,
    Pointer,
    State,
    encode_listing,
    encode_pointer,
    encode_state,
    read_pointer,
    read_shared_listing,
    read_state,
    read_version_listing,
)
from plangraf.replicas.objects import checked_address

ID = "0123456789abcdef"
SHA = "ab" * 32
OWN = [["manifest.json", SHA, 1], ["data.nq.zst", SHA, 1]]


def listing(*entries: list[Any], form: object = 1, **more: object) -> bytes:
    return json.dumps({"plangraf-replicas": form, "files": [*entries], **more}).encode()


def state(**changed: object) -> bytes:
    known = {
        "plangraf-replicas": 1,
        "current": ID,
        "versions": [{"id": ID, "written": 5, "listing": [SHA, 10]}],
        "shared": [SHA, 10],
    }
    return json.dumps({**known, **changed}).encode()


def test_documents_are_read_as_they_were_written() -> None:
    pointer = Pointer(3, ID, Blob(SHA, 10), Blob(SHA, 9))
    assert read_pointer(encode_pointer(pointer)) == pointer
    first = State(ID, (Placed(ID, 1_700_000_000_123_456_789, Blob(SHA, 10)),), Blob(SHA, 11))
    assert read_state("x", encode_state(first)) == first
    files = {"manifest.json": Blob(SHA, 1), "data.nq.zst": Blob(SHA, 2), "dump/csv/Plan æøå.csv": Blob(SHA, 0)}
    assert read_version_listing("x", encode_listing(files)) == files
    shared = {"feed/000000000001.json": Blob(SHA, 1), "pruned.json": Blob(SHA, 2), f"bulk/{SHA}.nt.zst": Blob(SHA, 2)}
    assert read_shared_listing("x", encode_listing(shared)) == shared


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (["../outside", SHA, 1], "leads out of its folder"),
        (["dump/../../outside", SHA, 1], "leads out of its folder"),
        (["/etc/passwd", SHA, 1], "is absolute"),
        (["dump//x", SHA, 1], "is not a path"),
        (["./x", SHA, 1], "is not a path"),
        (["dump\\x", SHA, 1], "is not a path"),
        (["x\x00y", SHA, 1], "is not a path"),
        (["line\nbreak", SHA, 1], "is not a path"),
        (["a/" * 9 + "b", SHA, 1], "is not a path"),
        (["n" * 256, SHA, 1], "is not a path"),
        (["", SHA, 1], "is not a path"),
        ([5, SHA, 1], "is not a path"),
        (["manifest.json", SHA, 1], "twice"),
        (["manifest.json/x", SHA, 1], "both a file and a folder"),
        ([".withdrawn", SHA, 1], "must not hold"),
        ([".tmp-x", SHA, 1], "must not hold"),
        (["x", "AB" * 32, 1], "is not a SHA-256"),
        (["x", "../" * 21 + "a", 1], "is not a SHA-256"),
        (["x", SHA, -1], "is not a whole number"),
        (["x", SHA, True], "is not a whole number"),
        (["x", SHA, 1.5], "is not a whole number"),
        (["x", SHA, 1 << 60], "are more than"),
        (["x", SHA, 1, "link to /etc"], "is not path, digest and size"),
        ("x", "is not path, digest and size"),
    ],
)
def test_a_listing_that_could_leave_its_folder_is_refused(entry: Any, said: str) -> None:
    with pytest.raises(ObjectRefusedError, match=r"^The object the-name is refused: ") as refused:
        read_version_listing("the-name", listing(*OWN, entry))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "path", ["feed/deep/x.json", "other/x", "current", "inputs.json", ".lock", "feed", ID + "/x", "feed/.tmp-x"]
)
def test_a_shared_listing_holds_nothing_but_log_contexts_bulk_files_and_removed_ids(path: str) -> None:
    with pytest.raises(ObjectRefusedError, match="is not a file that versions share"):
        read_shared_listing("x", listing([path, SHA, 1]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "refused"),
        (b"[]", "is not a JSON object"),
        (b"[" * 100_000, "refused"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "refused"),
        (state(**{"plangraf-replicas": 2}), "it has the format 2, and this release reads format 1"),
        (b"{}", "no format"),
        (state(more=1), "its members are"),
        (state(current="fedcba9876543210"), "is not among its versions"),
        (state(current="../../../etc"), "is not the id of a version"),
        (state(versions=[]), "is not among its versions"),
        (state(versions=[{"id": ID, "written": 5, "listing": [SHA, 10]}] * 2), "names a version twice"),
        (state(versions=[{"id": ID, "written": -5, "listing": [SHA, 10]}]), "is not a whole number"),
        (state(versions={}), "something else than a list"),
        (state(shared=[SHA, 1 << 40]), "are more than"),
        (state(shared=None), "is not digest and size"),
    ],
)
def test_a_state_that_is_not_one_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ObjectRefusedError) as refused:
        read_state("the-state", content)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("missing", ["manifest.json", "data.nq.zst"])
def test_a_version_without_manifest_or_lines_is_refused(missing: str) -> None:
    with pytest.raises(ObjectRefusedError, match=f"it lacks {missing}"):
        read_version_listing("x", listing(*(entry for entry in OWN if entry[0] != missing)))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("plans", "is not an object store"),
        ("ftp://host/x", "is not an object store"),
        ("s3:/bucket", "is not an object store"),
        ("s3://key:secret@bucket/x", "must have no credentials"),
        ("s3://bucket/x?key=secret", "must have no credentials"),
        ("file:plans", "must name an absolute folder"),
        ("file://host/plans", "must name an absolute folder"),
    ],
)
def test_an_address_that_is_no_store_is_refused_without_its_secrets(address: str, said: str) -> None:
    with pytest.raises(SettingError) as refused:
        checked_address(address)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_addresses_of_stores_are_read() -> None:
    assert checked_address("s3://bucket/plans/") == "s3://bucket/plans"
    assert checked_address("file:/srv/plans/") == checked_address("file:///srv/plans") == "file:///srv/plans"
