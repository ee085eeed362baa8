"""The index of this checkout's data, made without the checks of a build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plangraf.publish.pipeline import describe_queries
from plangraf.publish.search_index import build_index
from plangraf.search.index_files import FOLDER, SearchIndex, open_index
from plangraf.sources.files import sources
from plangraf.sources.turtle import read
from plangraf.sparql.named.binding import load_queries


@pytest.fixture(scope="session")
def indexed(once: Callable[[str, Callable[[Path], None]], Path], root: Path) -> Path:
    """A folder with the index of this checkout's data, as a version has it."""

    def make(folder: Path) -> None:
        quads = read(sources(root, ()).files).quads | describe_queries(load_queries(root / "queries").values())
        build_index(quads, root, folder / FOLDER)

    return once("indexed", make)


@pytest.fixture(scope="session")
def index(indexed: Path) -> SearchIndex:
    return open_index(indexed, "0123456789abcdef")
