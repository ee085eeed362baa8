"""`/dump/<version>/…`: whole downloads, files of their version that never change; `latest` leads to those of today.

Ranges, their conditions and what a file is not: RFC 9110 §14; Repr-Digest: RFC 9530.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from plangraf.engines.snapshots import find_version
from plangraf.errors import RangeError, ResourceNotFoundError
from plangraf.http.pipeline.respond import FOR_EVER, not_modified, unchanged, vary, whole
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import Service, pinned, snapshot_of
from plangraf.rdf.formats import HTML, PLAIN_JSON
from plangraf.store.downloads import File, files
from plangraf.store.versions import DOWNLOADS, VersionStore

_LATEST = "latest"
_WITH_CHARSET = ("text/", "application/yaml")
# One range, which is what continues a download; anything else may be ignored.
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.IGNORECASE)


def add_routes(app: FastAPI, service: Service) -> None:
    store = service.snapshots.store

    def located(path: str) -> Response:
        headers = {"Location": quote(f"{service.prefix}{path}"), "Cache-Control": "no-cache"}
        return Response(status_code=302, headers=headers)

    def no_such_file(path: str, version_id: str) -> ResourceNotFoundError:
        listed = f"{service.prefix}/dump/{version_id}/"
        return ResourceNotFoundError(f"the download {path}", f"All of them are listed at {listed}.")

    async def latest(request: Request, path: str = "") -> Response:
        version_id = snapshot_of(request).id
        found = await run_in_threadpool(kept_files, store, version_id)
        # The name may be that of every version, without the id.
        name = next((file.name for file in found if path in (file.name, file.common_name)), "")
        if path and not name:
            raise no_such_file(path, version_id)
        return located(f"/dump/{version_id}/{name}")

    async def listed(request: Request, version_id: str) -> Response:
        found = await run_in_threadpool(kept_files, store, version_id)
        given = parameters(request.scope["query_string"])
        format_, by_accept = format_of(request, given, (PLAIN_JSON, HTML))
        language, by_language = language_of(request, given)
        page = format_ == HTML
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if by_language and page else None),
            "Cache-Control": "no-cache",
            "Plangraf-Version": version_id,
        }
        if page:
            body = pinned(request).pages.render(
                "downloads.html", language, version_id=version_id, groups=_groups(found, language)
            )
        else:
            listing = [
                {
                    "address": file.address(service.settings.base_url),
                    "bytes": file.size,
                    "sha256": file.sha256,
                    "mediaType": file.media_type,
                    "compression": file.compression,
                    "title": file.titles,
                }
                for file in found
            ]
            body = orjson.dumps(
                {"version": version_id, "files": listing}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
            )
        tag = service.tag("dump", version_id, format_.name, language if page else "", version=version_id)
        return whole(request, body, format_.content_type, tag, headers)

    async def download(request: Request, version_id: str, path: str) -> Response:
        if not path:
            return await listed(request, version_id)
        found = await run_in_threadpool(kept_files, store, version_id)
        file = next((file for file in found if file.name == path), None)
        if file is None:
            raise no_such_file(path, version_id)
        if own := unchanged(request, _tag(file), exists=True):
            return not_modified(own, _headers(file))
        return _Download(store.path / version_id / DOWNLOADS / path, file, request)

    async def of_kept_version(_request: Request, version_id: str, path: str) -> Response:
        await run_in_threadpool(find_version, store, version_id)
        return located(f"/dump/{version_id}/{path}")

    def add(path: str, endpoint: Callable[..., Any], summary: str | None = None) -> None:
        app.add_api_route(
            path, endpoint, methods=["GET"], tags=["Downloads"], summary=summary, response_class=Response,
            operation_id=path.strip("/").replace("/", "-").translate({ord(sign): None for sign in "{}:"}),
            include_in_schema=summary is not None,
            responses={200: {"description": "As asked for"}, **NOT_FOUND, **PROBLEMS},
        )  # fmt: skip

    add("/dump", latest)
    add("/dump/", latest, "Leads to the downloads of the current version")
    add(f"/dump/{_LATEST}", latest)
    add(f"/dump/{_LATEST}/{{path:path}}", latest, "Leads to a file of the current version: plangraf.nq.gz")
    add("/dump/{version_id}", listed)
    add("/dump/{version_id}/{path:path}", download, "A file of a version, by bytes if wished; without a path, the list")
    add("/version/{version_id}/dump/{path:path}", of_kept_version)


def kept_files(store: VersionStore, version_id: str) -> tuple[File, ...]:
    """The downloads of one kept version.

    Raises:
        ResourceNotFoundError, VersionGoneError: the version is not kept here, or was written without downloads.
    """
    found = files(find_version(store, version_id).path, version_id)
    if not found:
        raise ResourceNotFoundError(
            f"downloads of version {version_id}", "It was written without; `plangraf build --force` adds them."
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


def _groups(found: tuple[File, ...], language: str) -> list[tuple[str, list[File]]]:
    """Files under the title that they share, in the order of the index."""
    groups: dict[str, list[File]] = {}
    for file in found:
        groups.setdefault(file.titles[language], []).append(file)
    return list(groups.items())


class _Download(FileResponse):
    """A file or one range of it; the whole file for a range that is none, for several, or for one of other bytes."""

    def __init__(self, path: Path, file: File, request: Request) -> None:
        sent = {**_headers(file), "Content-Type": _content_type(file)}
        super().__init__(path, 200, sent, stat_result=path.stat())
        self._head = bool(request.scope.get("plangraf.head"))
        self._ranged = not self._head and _has_range(request.headers, file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left_out = {b"if-range"} if self._ranged else {b"range"}
        headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
        method = "HEAD" if self._head else "GET"
        await super().__call__({**scope, "method": method, "headers": headers}, receive, send)


def _has_range(asked: Headers, file: File) -> bool:
    """Whether one range of the file is asked for, on a condition that holds.

    Raises:
        RangeError: the file has no byte of it.
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
