"""The history of a thing, from the log of changes: where it is, and since when its statements are as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from plangraf.store.changes.history import read_changed, stages
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, VersionStore
from plangraf.views.changes.history import ThingHistory, told_history

ID = "https://w3id.org/plangraf/id/5001/plan/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
GRAPH = "https://w3id.org/plangraf/graph/5001/x"


def line(name: str, label: str) -> bytes:
    return f'<{ID}{name}> <{LABEL}> "{label}" <{GRAPH}> .'.encode()


def written(folder: Path, *contents: dict[str, str]) -> list[str]:
    """Versions one after the other, each with the labels of its things; ids in the order of publication."""
    store = VersionStore(folder)
    manifest = {"triples": 0, "quads": 0, "graphs": {}, "warnings": {}}
    return [store.write(sorted(line(*one) for one in content.items()), manifest).id for content in contents]


def history(folder: Path, name: str, kept: list[str], last: int | None = None) -> ThingHistory | None:
    log = FeedLog(folder / FEED)
    publications = list(log.publications())[:last]
    return told_history(stages(publications, [read_changed(log, one) for one in publications], ID + name), kept)


def told(found: ThingHistory | None) -> tuple[str, str, list[tuple[str, str]]]:
    assert found is not None
    return found.first.version, found.since.version, [(one.at.version, one.state) for one in found.kept]


def test_three_versions_tell_what_changed_and_since_when(tmp_path: Path) -> None:
    first, second, third = ids = written(
        tmp_path,
        {"same": "A", "changed": "B"},
        {"same": "A", "changed": "C", "new": "D"},
        {"same": "A", "changed": "C"},
    )
    assert told(history(tmp_path, "same", ids)) == (first, first, [(third, "same"), (second, "same"), (first, "new")])
    assert told(history(tmp_path, "changed", ids)) == (
        first, second, [(third, "same"), (second, "changed"), (first, "new")]
    )  # fmt: skip
    assert history(tmp_path, "new", ids) is None  # the last version lacks it
    assert told(history(tmp_path, "new", ids, 2)) == (second, second, [(second, "new"), (first, "absent")])
    assert history(tmp_path, "never", ids) is None


def test_a_version_that_is_not_kept_still_tells_where_a_thing_began(tmp_path: Path) -> None:
    first, second, third = written(tmp_path, {"a": "1"}, {"a": "2"}, {"a": "2", "b": "x"})
    found = history(tmp_path, "a", [third])
    assert told(found) == (first, second, [(third, "new")])
    assert found is not None
    assert found.kept[0].before is None


def test_a_change_that_was_taken_back_is_no_change_between_the_kept_versions(tmp_path: Path) -> None:
    first, second, third = written(tmp_path, {"a": "1"}, {"a": "2"}, {"a": "1", "b": "x"})
    found = history(tmp_path, "a", [first, third])
    assert told(found) == (first, third, [(third, "same"), (first, "new")])
    assert found is not None
    assert found.kept[0].before == first
    assert second not in {one.at.version for one in found.kept}


def test_a_version_that_became_current_again_counts_once(tmp_path: Path) -> None:
    first, second = written(tmp_path, {"a": "1"}, {"a": "2"})
    VersionStore(tmp_path).use(first)
    found = history(tmp_path, "a", [first, second])
    assert found is not None
    log = FeedLog(tmp_path / FEED)
    last = log.publications()[-1]
    assert [(one.at.version, one.state, one.before) for one in found.kept] == [
        (first, "changed", second), (second, "new", None)
    ]  # fmt: skip
    assert found.kept[0].at.published.isoformat(timespec="milliseconds").replace("+00:00", "Z") == last.published


@pytest.mark.parametrize("label", ["]}", '[],"lines":[]}', "\\n", "æøå \\u2028", '","thing":"x'])
def test_any_text_of_a_statement_is_a_statement(tmp_path: Path, label: str) -> None:
    escaped = label.replace("\\", "\\\\").replace('"', '\\"')
    written(tmp_path, {"a": escaped}, {"a": escaped, "b": "x"})
    assert history(tmp_path, "a", []) is not None
    assert history(tmp_path, "b", []) is not None
