"""An index is opened from files that nobody may change, and a version without a usable one says so."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from plangraf.errors import SearchUnavailableError
from plangraf.search.entries import Entry, Labels, Text
from plangraf.search.index_files import CONTENTS, FOLDER, open_index, write_index
from plangraf.search.searching import search

ENTRIES = [
    Entry("https://example.no/1", "/doc/1", "plans", [Text("Plan for klima", "nb")], codes=["7"]),
    Entry("https://example.no/2", "/doc/2", "plans", [Text("Næringsplan", "nb"), Text("Business plan", "en")]),
]
LABELS = Labels({"plans": {"nb": "Planer", "en": "Plans"}}, {"plans": {"nb": "Plan", "en": "Plan"}}, {})


@pytest.fixture
def version(tmp_path: Path) -> Path:
    assert write_index(tmp_path / FOLDER, ENTRIES, LABELS) == 2
    return tmp_path


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_opening_and_searching_change_no_file(version: Path) -> None:
    before = files(version)
    index = open_index(version, "v")
    assert search(index, "klimaplan").hits[0].entry.id == "https://example.no/1"
    assert search(index, "plan for næring").hits[0].entry.id == "https://example.no/2"
    assert files(version) == before


def test_the_contents_list_every_file(version: Path) -> None:
    listed = set(json.loads((version / FOLDER / CONTENTS).read_bytes())["files"])
    assert listed | {CONTENTS} == set(files(version / FOLDER))


def test_every_user_may_read_every_file(version: Path) -> None:
    assert all(path.stat().st_mode & stat.S_IROTH for path in (version / FOLDER).rglob("*"))


def test_an_open_index_outlives_its_files(version: Path) -> None:
    index = open_index(version, "v")
    shutil.rmtree(version / FOLDER)
    assert search(index, "klima").total == 1


def test_many_open_indexes_leave_no_temporary_folder(
    version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    opened = [open_index(version, "v") for _ in range(5)]
    assert not list(temporary.iterdir())
    assert all(search(index, "7").total == 1 for index in opened)


def test_a_version_without_an_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(SearchUnavailableError, match=r"published without one.*plangraf build --force"):
        open_index(tmp_path, "0123456789abcdef")


def test_an_index_of_another_release_is_not_read(version: Path) -> None:
    contents = version / FOLDER / CONTENTS
    contents.write_text(json.dumps(json.loads(contents.read_bytes()) | {"format": 0}))
    with pytest.raises(SearchUnavailableError, match="another release"):
        open_index(version, "v")


@pytest.mark.parametrize("name", sorted(["things", "words"]))
def test_a_damaged_file_is_named(version: Path, name: str) -> None:
    damaged = next((version / FOLDER / name).glob("*.term"))
    damaged.write_bytes(b"\x00" + damaged.read_bytes()[1:])
    with pytest.raises(SearchUnavailableError, match=rf"{damaged.name} is damaged"):
        open_index(version, "v")


def test_a_lost_file_is_no_crash(version: Path) -> None:
    next((version / FOLDER / "things").glob("*.idx")).unlink()
    with pytest.raises(SearchUnavailableError, match="cannot be opened"):
        open_index(version, "v")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 2}'])
def test_unusable_contents_are_no_crash(version: Path, content: bytes) -> None:
    (version / FOLDER / CONTENTS).write_bytes(content)
    with pytest.raises(SearchUnavailableError):
        open_index(version, "v")


def test_an_index_without_entries_is_usable(tmp_path: Path) -> None:
    write_index(tmp_path / FOLDER, [], Labels())
    index = open_index(tmp_path, "v")
    assert search(index, "plan").total == search(index, "").total == 0
