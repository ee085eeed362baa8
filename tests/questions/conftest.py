"""The checkout's version with statistics beside it: areas over a reform, indicators, and tables made for the tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from made_statistics import comparison_quads
from pyoxigraph import RdfFormat, parse

from plangraf.rdf.graph import nquads_lines
from plangraf.store.versions import VersionStore
from running_server import running_server
from written_version import write_version

ROOT = Path(__file__).resolve().parents[2]
STATISTICS = Path(__file__).parent / "statistics.trig"


@pytest.fixture(scope="session")
def made_versions(built: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A versions folder with one version of the data and the statistics."""
    return once("made-statistics", partial(write_made, built)) / "versions"


def write_made(built: Path, made: Path) -> None:
    version = VersionStore(built).current()
    known = [line for line in version.lines() if line]
    quads = list(parse(b"\n".join(known), RdfFormat.N_QUADS))
    added = [*parse(STATISTICS.read_bytes(), RdfFormat.TRIG), *comparison_quads(quads)]
    write_version(made, [*known, *nquads_lines(added)])


@pytest.fixture(scope="session")
def made_url(made_versions: Path) -> Iterator[str]:
    """Address of a real server over the data and the statistics."""
    with running_server(made_versions, "--workers", "2") as running:
        yield running.url


@pytest.fixture
def rows(made_url: str) -> Callable[..., list[dict[str, str]]]:
    """The rows of a named query, or of a SPARQL text, as CSV says them."""

    def ask(query: str, **parameters: str) -> list[dict[str, str]]:
        if "{" not in query:
            response = httpx.get(f"{made_url}/queries/{query}.csv", params=parameters)
        else:
            response = httpx.post(f"{made_url}/sparql", data={"query": query, "format": "csv"})
        assert response.status_code == 200, response.text
        return list(csv.DictReader(io.StringIO(response.text, newline="")))

    return ask
