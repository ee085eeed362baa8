"""A PxWebApi 2 server of this process, and a client that fetches from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pxweb_reader import Reader
from pxweb_server import PxServer, running_pxweb


@pytest.fixture
def server() -> Iterator[PxServer]:
    with running_pxweb() as running:
        yield running


@pytest.fixture
def reader(server: PxServer, tmp_path: Path) -> Reader:
    made = Reader(server, tmp_path / "cache")
    server.clock = lambda: made.seconds
    return made
