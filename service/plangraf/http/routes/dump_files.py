"""`/dump/<version>/…`: the download files of a version, which never change; `latest` redirects to the current version.

Ranges and their conditions: RFC 9110 §14. Repr-Digest: RFC 9530.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

import orjson
from pydantic import Field
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from plangraf.engines.snapshots import Snapshot, find_version
from plangraf.errors import RangeError, ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import FOR_EVER, match_tag, not_modified
from plangraf.http.resource.openapi import GONE, NOT_FOUND, PROBLEMS, Operation, redirects
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.service import Pinned, Service, pinned, snapshot_of
from plangraf.pages.download_list import arrange_downloads
from plangraf.rdf.formats import HTML, PLAIN_JSON
from plangraf.rdf.namespaces import PLAN, local_name, short_name
from plangraf.sparql.named.parameter_model import ParameterModel
from plangraf.store.contents import File, list_downloads
from plangraf.store.versions import DOWNLOADS, VersionStore
from plangraf.views.catalog.datasets import holdings
from plangraf.views.catalog.overview import select_text
from plangraf.views.describe import Labels, defined_terms, fetch_labels

_LATEST = "/dump/latest"
_WITH_CHARSET = ("text/", "application/yaml")
# Only a single range, as a resumed download sends it; a server may ignore any other (RFC 9110 §14.2).
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.IGNORECASE)


def resources(service: Service) -> Iterator[Resource]:
    yield Latest("/dump")
    yield Latest("/dump/", _operation("dump", "Leads to the downloads of the current version"))
    yield Latest(_LATEST)
    yield Latest(
        f"{_LATEST}/{{path:path}}",
        _operation("dump-latest-pathpath", "Leads to a file of the current version: plangraf.nq.gz"),
    )
    yield Downloads("/dump/{version_id}")
    yield Downloads(
        "/dump/{version_id}/{path:path}",
        _operation("dump-version_id-pathpath", "A file of a version, by bytes if wished; without a path, the list"),
    )
    yield UnderVersion()


def _operation(name: str, summary: str) -> Operation:
    return Operation(
        id=name,
        tag="Downloads",
        summary=summary,
        answer="As asked for",
        others={**redirects(302), **NOT_FOUND, **GONE, **PROBLEMS},
    )


class FileParameters(ParameterModel):
    path: str = Field(default="", title="Path")


class Latest(Resource):
    """Redirects to the list of files of the current version, or to one of them."""

    kept = False
    parameters = FileParameters

    def __init__(self, path: str, operation: Operation | None = None) -> None:
        self.path, self.operation = path, operation

    async def find(self, request: Request, place: Place) -> Response:
        service, version_id = pinned(request), snapshot_of(request).id
        path = place.names.get("path") or place.parameters.path
        found = await run_in_threadpool(list_files, service.snapshots.store, version_id)
        # Also accepts the common name of a file, which has no version id.
        name = next((file.name for file in found if path in (file.name, file.common_name)), "")
        if path and not name:
            raise _no_such_file(service, path, version_id)
        return _redirect(service, f"/dump/{version_id}/{name}")


class UnderVersion(Resource):
    """Redirects from the address of a file under `/version/<id>` to its only address."""

    path = "/version/{version_id}/dump/{path:path}"
    kept = False

    async def find(self, request: Request, place: Place) -> Response:
        service, version_id = pinned(request), place.names["version_id"]
        await run_in_threadpool(find_version, service.snapshots.store, version_id)
        return _redirect(service, f"/dump/{version_id}/{place.names['path']}")


class Downloads(Resource):
    """The files of a version, and the list of them."""

    formats = (PLAIN_JSON, HTML)
    endings = False
    language = "page"
    kept = False

    def __init__(self, path: str, operation: Operation | None = None) -> None:
        self.path, self.operation = path, operation

    async def find(self, request: Request, place: Place) -> Place | Response:
        service, version_id = pinned(request), place.names["version_id"]
        store, path = service.snapshots.store, place.names.get("path", "")
        found = await run_in_threadpool(list_files, store, version_id)
        if not path:
            return replace(place, thing=found)
        file = next((file for file in found if file.name == path), None)
        if file is None:
            raise _no_such_file(service, path, version_id)
        if own := match_tag(request, _tag(file), exists=True):
            return not_modified(own, _headers(file))
        return _Download(store.path / version_id, file, request)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, found = asked.service, asked.place.thing
        version_id = asked.place.names["version_id"]

        async def write() -> bytes:
            if asked.page:
                names = await _names(service, found, asked.language)
                files = arrange_downloads(found, names)
                return service.pages.render("downloads.html", asked.language, version_id=version_id, files=files)
            return _write_listing(version_id, found, service.settings.base_url)

        return View(write=write, headers={"Plangraf-Version": version_id}, tagged_by=version_id)


def _redirect(service: Service, path: str) -> Response:
    headers = {"Location": quote(f"{service.prefix}{path}"), "Cache-Control": "no-cache"}
    return Response(status_code=302, headers=headers)


def _no_such_file(service: Service, path: str, version_id: str) -> ResourceNotFoundError:
    listed = f"{service.prefix}/dump/{version_id}/"
    return ResourceNotFoundError(
        N_("the download %(path)s", path=path), N_("All of them are listed at %(address)s.", address=listed)
    )


def _write_listing(version_id: str, found: Sequence[File], base_url: str) -> bytes:
    listed = [
        {
            "address": file.address(base_url),
            "bytes": file.size,
            "sha256": file.sha256,
            "mediaType": file.media_type,
            "compression": file.compression,
            "title": file.titles,
        }
        for file in found
    ]
    return orjson.dumps(
        {"version": version_id, "files": listed}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


def list_files(store: VersionStore, version_id: str) -> tuple[File, ...]:
    """Lists the downloads of a kept version.

    Raises:
        ResourceNotFoundError, VersionGoneError: the version is not kept here, or it was written without downloads.
    """
    found = list_downloads(find_version(store, version_id).path, version_id)
    if not found:
        raise ResourceNotFoundError(
            N_("downloads of version %(version)s", version=version_id),
            N_("It was written without; `plangraf build --force` adds them."),
        )
    return found


def _content_type(file: File) -> str:
    type_ = file.compression or file.media_type
    return f"{type_}; charset=utf-8" if type_.startswith(_WITH_CHARSET) else type_


def _tag(file: File) -> str:
    return f'"{file.sha256}"'


def _headers(file: File) -> dict[str, str]:
    headers = {
        "ETag": _tag(file),
        "Cache-Control": FOR_EVER,
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:",
        "Plangraf-Version": file.version,
    }
    if file.media_type == "text/csv":
        described = f"{file.name.rpartition('/')[2]}-metadata.json"
        headers["Link"] = f'<{described}>; rel="describedby"; type="application/csvm+json"'
    return headers


async def _names(service: Pinned, found: tuple[File, ...], language: str) -> dict[str, tuple[str, str | None]]:
    """The names of the datasets and classes of the files, as the served version has them."""
    snapshot = service.snapshot
    names: dict[str, tuple[str, str | None]] = {}
    for dataset in (await snapshot.part(holdings)).datasets:
        title = select_text(dataset.titles, language, dataset.path)
        names[dataset.path] = title.value, title.language
    for collection in service.collections.values():
        if len(collection.classes) == 1:
            stem = short_name(collection.classes[0]).removeprefix("plan:").replace(":", "-")
            names.setdefault(stem, (collection.title(language), language))
    terms = await snapshot.part(defined_terms)
    stems = {file.name.partition("/")[2].split(".")[0] for file in found if file.name.startswith(("csv/", "parquet/"))}
    classes = [NamedNode(PLAN + stem) for stem in stems if PLAN + stem in terms and stem not in names]
    labels = Labels(await fetch_labels(snapshot.engine, classes))
    for class_ in classes:
        if label := labels.best(class_, language):
            names[local_name(class_.value)] = label.value, label.language
    return names


class _Download(FileResponse):
    """Sends a file or one range of it; ignores a malformed range, several ranges, and a range of other bytes."""

    def __init__(self, version: Path, file: File, request: Request) -> None:
        path = version / DOWNLOADS / file.name
        sent = {**_headers(file), "Content-Type": _content_type(file)}
        super().__init__(path, 200, sent, stat_result=path.stat())
        # The time of the version and not of its copy, so that all replicas give the same.
        self.headers["Last-Modified"] = formatdate(version.stat().st_mtime, usegmt=True)
        self._head = bool(request.scope.get("plangraf.head"))
        self._ranged = not self._head and _has_range(request.headers, file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left_out = {b"if-range"} if self._ranged else {b"range"}
        headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
        method = "HEAD" if self._head else "GET"
        await super().__call__({**scope, "method": method, "headers": headers}, receive, send)


def _has_range(asked: Headers, file: File) -> bool:
    """Whether the request asks for one range of the file and its If-Range holds.

    Raises:
        RangeError: the file has no byte of the range.
    """
    text = asked.get("range", "").strip()
    match = _RANGE.fullmatch(text)
    if match is None or asked.get("if-range", _tag(file)) != _tag(file):
        return False
    first, last, suffix = match.groups()
    if suffix is None and last and int(last) < int(first):
        return False
    if int(suffix) == 0 if first is None else int(first) >= file.size:
        raise RangeError(text, file.size)
    return True
