"""`/version/`: the list of kept versions; each serves its data under `/version/<id>/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import orjson
from starlette.concurrency import run_in_threadpool

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.http.service import Service
from plangraf.rdf.formats import HTML, PLAIN_JSON
from plangraf.store.contents import list_downloads
from plangraf.store.versions import VersionStore

_OPERATION = Operation(
    id="versions",
    tag="Versions",
    summary="The versions that are kept; each has all addresses under /version/<id>/",
    answer="All of them",
    content={"application/json": {}, "text/html": {}},
)


def resources(service: Service) -> Iterator[Resource]:
    yield Versions("/version/", _OPERATION)
    yield Versions("/version")


class Versions(Resource):
    formats = (PLAIN_JSON, HTML)
    endings = False
    language = "page"
    kept = False

    def __init__(self, path: str, operation: Operation | None = None) -> None:
        self.path, self.operation = path, operation

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service = asked.service
        found = await run_in_threadpool(list_versions, service.snapshots.store, snapshot.id, service.prefix)

        async def write() -> bytes:
            if asked.page:
                filed = await run_in_threadpool(with_downloads, service.snapshots.store)
                written = {one.id: datetime.fromisoformat(one.written) for one in found}
                return service.pages.render(
                    "versions.html", asked.language, versions=found, filed=filed, written=written, current=snapshot.id
                )
            return orjson.dumps({"versions": found}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

        # The list is part of the key, because pruning changes it without a new version.
        return View(write=write, key=(repr(found),), tagged_by=snapshot.id)


@dataclass(frozen=True, slots=True)
class Listed:
    """One kept version; `written` is in UTC, `changes` the address of its comparison with the version before."""

    id: str
    current: bool
    triples: int
    written: str
    address: str
    changes: str | None


def list_versions(store: VersionStore, current: str, prefix: str) -> list[Listed]:
    """Lists the kept versions, the newest first."""
    found: list[Listed] = []
    before = None
    for version in store.list():
        found.append(
            Listed(
                version.id,
                version.id == current,
                version.triples,
                version.written.isoformat(timespec="seconds"),
                f"{prefix}/version/{version.id}/",
                f"{prefix}/compare/{before}..{version.id}" if before else None,
            )
        )
        before = version.id
    return found[::-1]


def with_downloads(store: VersionStore) -> set[str]:
    """The kept versions with downloads; one whose index is damaged, or that was removed just now, has none."""
    found = set()
    for version in store.list():
        with suppress(OSError, ValueError, KeyError):
            if list_downloads(version.path, version.id):
                found.add(version.id)
    return found
