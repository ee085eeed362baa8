"""A short run of the search benchmark: the questions find what they should among few labels. It asserts no time."""

from __future__ import annotations

from pathlib import Path

from benchmarks import search_times
from plangraf.search.index_files import FOLDER, open_index, write_index
from plangraf.search.searching import search


def test_generated_labels_are_found_and_timed(tmp_path: Path) -> None:
    assert write_index(tmp_path / FOLDER, search_times.entries(2_000), search_times.labels()) == 2_000
    index = open_index(tmp_path, "short")
    lines = list(search_times.measure(index))
    assert [line.partition(" median")[0].strip() for line in lines] == [
        "hits",
        "hits and facets",
        "suggestions, each second letter",
    ]
    for question in search_times.QUESTIONS:
        assert search(index, question).total or question in ("11.6", "sak 8/21"), question
    assert search(index, "8/8").hits[0].reason == "code"


def test_the_labels_are_the_same_in_each_run() -> None:
    assert list(search_times.entries(50)) == list(search_times.entries(50))
