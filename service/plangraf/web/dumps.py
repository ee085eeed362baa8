"""`/dump/<version>/…`: whole downloads, files of their version that never change; `latest` leads to those of today.

Ranges, their conditions and what a file is not: RFC 9110 §14; Repr-Digest: RFC 9530.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from plangraf.errors import RangeError, ResourceNotFoundError
from plangraf.formats import HTML, Format
from plangraf.versions import DOWNLOADS, DOWNLOADS_INDEX, VersionStore
from plangraf.web.answers import not_modified, unchanged, vary, whole
from plangraf.web.openapi import NOT_FOUND, PROBLEMS
from plangraf.web.opened import kept_version
from plangraf.web.requests import format_of, language_of, parameters
from plangraf.web.service import Service

_LATEST = "latest"
_STEM = "plangraf"
_FOR_EVER = "public, max-age=31536000, immutable"
_JSON = Format("json", "page", "application/json", "json", "JSON")
_CHARSETS = ("text/", "application/yaml")
# One range, which is what continues a download; anything else may be ignored.
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DumpFile:
    """One download: `path` under /dump/<version>/, size in bytes, its media type and that of what compresses it."""

    path: str
    bytes: int
    sha256: str
    media_type: str
    compression: str | None
    titles: dict[str, str]

    @property
    def content_type(self) -> str:
        type_ = self.compression or self.media_type
        return f"{type_}; charset=utf-8" if type_.startswith(_CHARSETS) else type_

    @property
    def tag(self) -> str:
        return f'"{self.sha256}"'

    @property
    def headers(self) -> dict[str, str]:
        digest = base64.b64encode(bytes.fromhex(self.sha256)).decode()
        described = {"Link": f'<{self.path.rpartition("/")[2]}-metadata.json>; rel="describedby"; '
                             'type="application/csvm+json"'}  # fmt: skip
        return {
            "ETag": self.tag,
            "Cache-Control": _FOR_EVER,
            "Repr-Digest": f"sha-256=:{digest}:",
            **(described if self.media_type == "text/csv" else {}),
        }


def add_routes(app: FastAPI, service: Service) -> None:
    store = VersionStore(service.settings.versions)

    def located(path: str) -> Response:
        headers = {"Location": quote(f"{service.prefix}{path}"), "Cache-Control": "no-cache"}
        return Response(status_code=302, headers=headers)

    async def latest(_request: Request, path: str = "") -> Response:
        version_id = service.engine.version
        files = await run_in_threadpool(dump_files, store, version_id)
        # The name may be that of every version, without the id.
        name = path.replace(f"{_STEM}.", f"{_STEM}-{version_id}.", 1) if path.startswith(f"{_STEM}.") else path
        if name and name not in files:
            raise _no_such_file(path, f"{service.prefix}/dump/{version_id}/")
        return located(f"/dump/{version_id}/{name}")

    async def listed(request: Request, version_id: str) -> Response:
        files = await run_in_threadpool(dump_files, store, version_id)
        given = parameters(request.scope["query_string"])
        format_, by_accept = format_of(request, given, (_JSON, HTML))
        language, by_language = language_of(request, given)
        page = format_ == HTML
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if by_language and page else None),
            "Cache-Control": "no-cache",
            "Plangraf-Version": version_id,
        }
        if page:
            body = service.pages.render(
                "downloads.html", language, version_id=version_id, groups=_groups(files, language)
            )
        else:
            found = [
                {
                    "address": f"{service.settings.base_url}/dump/{version_id}/{quote(file.path)}",
                    "bytes": file.bytes,
                    "sha256": file.sha256,
                    "mediaType": file.media_type,
                    "compression": file.compression,
                    "title": file.titles,
                }
                for file in files.values()
            ]
            body = orjson.dumps(
                {"version": version_id, "files": found}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
            )
        tag = service.tag("dump", version_id, format_.name, language if page else "", version=version_id)
        return whole(service, request, body, format_.content_type, tag, headers)

    async def download(request: Request, version_id: str, path: str) -> Response:
        if not path:
            return await listed(request, version_id)
        file = (await run_in_threadpool(dump_files, store, version_id)).get(path)
        if file is None:
            raise _no_such_file(path, f"{service.prefix}/dump/{version_id}/")
        headers = {**file.headers, "Plangraf-Version": version_id}
        if own := unchanged(request, file.tag, exists=True):
            return not_modified(own, headers)
        return _Download(store.path / version_id / DOWNLOADS / path, file, headers, request)

    async def of_kept_version(_request: Request, version_id: str, path: str) -> Response:
        await run_in_threadpool(kept_version, store, version_id)
        return located(f"/dump/{version_id}/{path}")

    def add(path: str, endpoint: object, summary: str | None = None) -> None:
        app.add_api_route(
            path, endpoint, methods=["GET"], tags=["Downloads"], summary=summary, response_class=Response,  # type: ignore[arg-type]
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


def dump_files(store: VersionStore, version_id: str) -> dict[str, DumpFile]:
    """The downloads of one kept version by their paths.

    Raises:
        ResourceNotFoundError, VersionGoneError: the version is not kept here, or was written without downloads.
    """
    folder = kept_version(store, version_id).path / DOWNLOADS
    try:
        return _files(folder, (folder / DOWNLOADS_INDEX).stat().st_mtime_ns)
    except OSError as error:
        raise ResourceNotFoundError(
            f"downloads of version {version_id}", "It was written without; `plangraf build --force` adds them."
        ) from error


@lru_cache(16)
def _files(folder: Path, _written_ns: int) -> dict[str, DumpFile]:
    told = orjson.loads((folder / DOWNLOADS_INDEX).read_bytes())["files"]
    return {
        file["name"]: DumpFile(
            file["name"], file["bytes"], file["sha256"], file["mediaType"], file.get("compression"), file["title"]
        )
        for file in told
    }


def _no_such_file(path: str, listed: str) -> ResourceNotFoundError:
    return ResourceNotFoundError(f"the download {path}", f"All of them are listed at {listed}.")


def _groups(files: dict[str, DumpFile], language: str) -> list[tuple[str, list[DumpFile]]]:
    """Files under the title that they share, in the order of the index."""
    groups: dict[str, list[DumpFile]] = {}
    for file in files.values():
        groups.setdefault(file.titles[language], []).append(file)
    return list(groups.items())


class _Download(FileResponse):
    """A file or one range of it; the whole file for a range that is none, for several, or for one of other bytes."""

    def __init__(self, path: Path, file: DumpFile, headers: dict[str, str], request: Request) -> None:
        sent = {**headers, "Content-Type": file.content_type}
        super().__init__(path, 200, sent, stat_result=path.stat())
        self._head = bool(request.scope.get("plangraf.head"))
        self._ranged = not self._head and _has_range(request.headers, file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left_out = {b"if-range"} if self._ranged else {b"range"}
        headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
        method = "HEAD" if self._head else "GET"
        await super().__call__({**scope, "method": method, "headers": headers}, receive, send)


def _has_range(asked: Headers, file: DumpFile) -> bool:
    """Whether one range of the file is asked for, on a condition that holds.

    Raises:
        RangeError: the file has no byte of it.
    """
    text = asked.get("range", "").strip()
    match = _RANGE.fullmatch(text)
    if match is None or asked.get("if-range", file.tag) != file.tag:
        return False
    first, last, suffix = match.groups()
    if suffix is None and last and int(last) < int(first):
        return False
    if int(suffix) == 0 if first is None else int(first) >= file.bytes:
        raise RangeError(text, file.bytes)
    return True
