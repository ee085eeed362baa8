"""Under `/version/<id>/` the engine opens at the first query: what is a file of the version, or of none, needs none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import frozen
import httpx
import pytest
from fastapi import FastAPI
from small_server import serving, small_settings

from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.snapshots import Snapshots
from plangraf.http.app import application
from plangraf.store.versions import Version, VersionStore

WITHOUT_ENGINE = (
    "context/v1.jsonld",
    "queries",
    "sparql",
    "openapi.json",
    "docs",
    "static/style.css",
    "dump/all.nq",
    "plans?page=x",
    "nothing",
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of the earlier of two versions, and the versions whose engines were opened since the start."""
    names = frozen.two_versions(tmp_path / "versions")
    opened: list[str] = []

    class Counted(EmbeddedEngine):
        async def start(self) -> None:
            opened.append(self.version)
            await super().start()

    def app(port: int) -> FastAPI:
        settings = small_settings(tmp_path / "versions", port, query_workers=1, query_long=1)

        def make(version: Version, *, kept: bool) -> Counted:
            return Counted(version, settings)

        return application(settings, Snapshots(VersionStore(settings.versions), make))

    with serving(app) as url:
        assert opened == [names["<current>"]]
        opened.clear()
        yield f"{url}/version/{names['<earlier>']}", opened


def test_an_address_that_asks_nothing_opens_no_engine(served: tuple[str, list[str]]) -> None:
    address, opened = served
    statuses = {path: httpx.get(f"{address}/{path}").status_code for path in WITHOUT_ENGINE}
    refused = {"dump/all.nq": 302, "plans?page=x": 400, "nothing": 404}
    assert statuses == {path: refused.get(path, 200) for path in WITHOUT_ENGINE}
    assert opened == []
    assert httpx.get(f"{address}/sparql").headers["plangraf-version"] == address.rpartition("/")[2]


def test_the_first_query_opens_the_engine_and_an_answer_that_the_client_has_does_not(
    served: tuple[str, list[str]],
) -> None:
    address, opened = served
    query = {"query": "SELECT * WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 1"}
    first = httpx.get(f"{address}/sparql", params=query)
    assert (first.status_code, opened) == (200, [address.rpartition("/")[2]])
    again = httpx.get(f"{address}/sparql", params=query, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, httpx.get(f"{address}/plans.csv").status_code, len(opened)) == (304, 200, 1)


def test_a_query_with_a_name_that_the_version_lacks_is_refused_before_and_after_the_opening(
    served: tuple[str, list[str]],
) -> None:
    address, opened = served
    query = {"query": "SELECT * WHERE { ?s <https://w3id.org/plangraf/ontology#nothing> ?o }"}
    answers = [httpx.get(f"{address}/sparql", params=query) for _ in range(2)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "query-syntax")] * 2
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert len(opened) == 1
