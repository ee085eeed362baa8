"""`/version/`: the versions that are kept, each with the addresses of the current one under `/version/<id>/`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.http.pipeline.respond import vary, whole
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import Service, pinned
from plangraf.rdf.formats import HTML, PLAIN_JSON
from plangraf.store.versions import VersionStore


def add_routes(app: FastAPI, service: Service) -> None:
    async def listed(request: Request) -> Response:
        here = pinned(request)
        found = await run_in_threadpool(_listed, service.snapshots.store, here.snapshot.id, service.prefix)
        given = parameters(request.scope["query_string"])
        format_, by_accept = format_of(request, given, (PLAIN_JSON, HTML))
        language, by_language = language_of(request, given)
        page = format_ == HTML
        headers = {
            **vary("Accept" if by_accept else None, "Accept-Language" if by_language and page else None),
            "Cache-Control": "no-cache",
        }
        if page:
            body = here.pages.render("versions.html", language, versions=found)
        else:
            body = orjson.dumps({"versions": found}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        tag = here.own_tag("versions", format_.name, language if page else "", repr(found))
        return whole(request, body, format_.content_type, tag, headers)

    app.add_api_route(
        "/version/", listed, methods=["GET"], operation_id="versions", tags=["Versions"],
        summary="The versions that are kept; each has all addresses under /version/<id>/", response_class=Response,
        responses={200: {"description": "All of them", "content": {"application/json": {}, "text/html": {}}}},
    )  # fmt: skip
    app.add_api_route("/version", listed, methods=["GET"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """One kept version: written when (UTC), and `changes`, the address of what it changed."""

    id: str
    current: bool
    triples: int
    written: str
    address: str
    changes: str | None


def _listed(store: VersionStore, current: str, prefix: str) -> list[Listed]:
    """The kept versions, the newest first."""
    found: list[Listed] = []
    before = None
    for version in store.list():
        written = datetime.fromtimestamp(version.path.stat().st_mtime, UTC)
        found.append(
            Listed(
                version.id,
                version.id == current,
                version.triples,
                written.isoformat(timespec="seconds"),
                f"{prefix}/version/{version.id}/",
                f"{prefix}/compare/{before}..{version.id}" if before else None,
            )
        )
        before = version.id
    return found[::-1]
