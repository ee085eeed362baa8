"""`/feed` and its pages: every change of the data, for who keeps a copy of them.

A page that is followed by another never changes. The last one and `/feed` itself are asked for again: with their
tag that costs a 304. Neither depends on the version that is served, only on the log beside the versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.errors import FeedDamagedError, ResourceNotFoundError, VersionsError
from plangraf.http.pipeline.respond import FOR_EVER, made, vary
from plangraf.http.resource.link_header import LICENSE, links
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, content
from plangraf.http.resource.parameters import format_of, parameters
from plangraf.http.service import Service, pinned
from plangraf.rdf.formats import Format
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED
from plangraf.views.event_stream import FORMATS, POLLING_S, Stream, write_page, write_root

logger = structlog.get_logger()

_NUMBER = re.compile(r"[1-9][0-9]{0,11}")
_SHORTLY = f"public, max-age={POLLING_S}"


def add_routes(app: FastAPI, service: Service) -> None:
    feed = _Feed(service)
    found = {200: {"description": "Members and relations", "content": content(FORMATS)}, **NOT_FOUND, **PROBLEMS}
    app.add_api_route(
        "/feed", feed.root, methods=["GET"], operation_id="feed", tags=["Feed"], response_class=Response,
        summary="The change feed, a Linked Data Event Stream: what it is and where it begins", responses=found,
    )  # fmt: skip
    app.add_api_route(
        "/feed/{page}", feed.page, methods=["GET"], operation_id="feedPage", tags=["Feed"], response_class=Response,
        summary="One page of the change feed, counted from 1; the last one still grows", responses=found,
    )  # fmt: skip
    app.add_api_route(
        "/id/event/{key}", feed.member, methods=["GET"], operation_id="feedMember", tags=["Feed"], status_code=303,
        summary="One change: leads to the page that it stands on", response_class=Response, responses=NOT_FOUND,
    )  # fmt: skip


@contextmanager
def _readable() -> Iterator[None]:
    """Tells the client of a damaged log that it is damaged, and the operator's log where it lies and what to do."""
    try:
        yield
    except VersionsError as error:
        logger.error("feed damaged", error=str(error))
        raise FeedDamagedError(
            "The feed cannot be read until the operator has put it right. Everything else is served as before."
        ) from error


class _Feed:
    """The feed beside the versions."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._log = FeedLog(service.snapshots.store.path / FEED)

    async def root(self, request: Request) -> Response:
        log = self._open("/feed")
        first = log.publications()[0].published

        def write(stream: Stream, format_: Format) -> bytes:
            return write_root(stream, first, LICENSE, format_)

        return await self._answer(request, log, ("root",), write, last=True)

    async def page(self, request: Request, page: str) -> Response:
        log = self._open(f"/feed/{page}")
        if not _NUMBER.fullmatch(page) or int(page) > log.pages:
            raise ResourceNotFoundError(
                f"/feed/{page}", f"The feed has the pages 1 to {log.pages}, all found by /feed."
            )
        number = int(page)
        end = min(log.last, number * log.page)
        last = number == log.pages

        def write(stream: Stream, format_: Format) -> bytes:
            with _readable():
                changes = list(log.changes((number - 1) * log.page + 1, end))
                following = None if last else next(log.changes(end + 1, end + 1)).published
            return write_page(stream, number, changes, following, format_)

        return await self._answer(request, log, (page, str(end), "last" if last else "full"), write, last=last)

    async def member(self, request: Request, key: str) -> Response:
        log = self._open(f"/id/event/{key}")
        name, _, sequence = key.rpartition("-")
        if name != log.id or not _NUMBER.fullmatch(sequence) or int(sequence) > log.last:
            raise ResourceNotFoundError(f"/id/event/{key}", "See /feed for the changes that there are.")
        address = f"{self._service.prefix}/feed/{log.page_of(int(sequence))}"
        return Response(status_code=303, headers={"Location": address})

    def _open(self, path: str) -> FeedLog:
        with _readable():
            if not self._log.last:
                raise ResourceNotFoundError(
                    path, "This service keeps no feed of changes: `plangraf build` writes it beside the versions."
                )
        return self._log

    async def _answer(
        self,
        request: Request,
        log: FeedLog,
        parts: tuple[str, ...],
        write: Callable[[Stream, Format], bytes],
        *,
        last: bool,
    ) -> Response:
        service = self._service
        format_, by_accept = format_of(request, parameters(request.scope["query_string"]), FORMATS)
        stream = Stream(service.settings.base_url, log.id)
        here = "/feed" if parts == ("root",) else f"/feed/{parts[0]}"
        headers = {
            **vary("Accept" if by_accept else None),
            "Cache-Control": _SHORTLY if last else FOR_EVER,
            "Link": links(service.settings.base_url + here),
        }

        async def make() -> tuple[bytes, str]:
            return await run_in_threadpool(write, stream, format_), format_.content_type

        parts = ("feed", *parts, format_.name)
        return await made(pinned(request), request, parts, headers, make, tag=service.tag(*parts, version=log.id))
