"""A small version on the real engine, and a scripted engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pyoxigraph import RdfFormat, parse
from small_server import HOME, Script, serving, small_settings, snapshots_over

from plangraf.http.app import application, create_app
from plangraf.http.server.protocol import Protocol
from plangraf.sources.files import source_files
from plangraf.store.versions import VersionStore


@pytest.fixture(scope="session")
def small_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A versions folder with one version of `home/`, and a page for its ontology."""
    lines = set()
    graphs: dict[str, int] = {}
    for file in source_files(HOME):
        for quad in parse(file.path.read_bytes(), RdfFormat.TURTLE, rename_blank_nodes=True):
            lines.add(f"{quad.triple} <{file.graph}> .".encode())
            graphs[file.graph] = graphs.get(file.graph, 0) + 1
    folder = tmp_path_factory.mktemp("web") / "versions"
    manifest = {"triples": len(lines), "quads": len(lines), "graphs": graphs, "warnings": {}}
    VersionStore(folder).write(sorted(lines), manifest)
    return folder


@pytest.fixture(scope="session")
def small(small_versions: Path) -> Iterator[str]:
    """Address of a server over the small version with the real engine."""
    with serving(lambda port: create_app(small_settings(small_versions, port))) as address:
        yield address


@pytest.fixture(scope="session")
def client(small: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=small, headers={"Accept": "*/*"}) as client:
        yield client


@pytest.fixture(scope="session")
def direct(small_versions: Path) -> Iterator[httpx.Client]:
    """A client of a service with our own protocol, whose cache hits pass neither framework nor parser."""

    def make(port: int) -> FastAPI:
        return create_app(small_settings(small_versions, port))

    with serving(make, Protocol) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(autouse=True)
def no_remembered_language(request: pytest.FixtureRequest) -> Iterator[None]:
    """The clients of a session forget the cookies of a test."""
    clients = [request.getfixturevalue(name) for name in ("client", "direct") if name in request.fixturenames]
    yield
    for client in clients:
        if isinstance(client, httpx.Client):
            client.cookies.clear()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def scripted(script: Script, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a server over the scripted engine; it logs requests for a test that reads the log."""
    level = "info" if "logged" in request.fixturenames else "error"

    def make(port: int) -> FastAPI:
        return application(small_settings(tmp_path, port, log_level=level), snapshots_over(script, tmp_path))

    with serving(make) as address:
        yield address
