"""`/feed` and its pages: every change of the data, for clients that replicate them.

A full page never changes. Clients poll the last page and `/feed`; while these are unchanged, their tags make that
a 304. The feed depends on the log beside the versions, not on the current version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import FeedDamagedError, ResourceNotFoundError, VersionsError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.resource.link_header import LICENSE
from plangraf.http.resource.openapi import MALFORMED, NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.service import Service, pinned
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED
from plangraf.views.event_stream import FORMATS, POLLING_S, Stream, write_page, write_root

logger = structlog.get_logger()

_NUMBER = re.compile(r"[1-9][0-9]{0,11}")
_SHORTLY = f"public, max-age={POLLING_S}"


def resources(service: Service) -> Iterator[Resource]:
    log = FeedLog(service.snapshots.store.path / FEED)
    yield Root(log)
    yield Page(log)
    yield Member(log)


@contextmanager
def _reporting_damage() -> Iterator[None]:
    """Reports a damaged log: to the client that it is damaged, to the operator's log where and what to do."""
    try:
        yield
    except VersionsError as error:
        logger.error("feed damaged", error=str(error))
        raise FeedDamagedError(
            N_("The feed cannot be read until the operator has put it right. Everything else is served as before.")
        ) from error


class _Feed(Resource):
    """A resource that is read from the log beside the versions."""

    endings = False
    kept = False

    def __init__(self, log: FeedLog) -> None:
        self._log = log

    def open(self, path: str) -> FeedLog:
        """Opens the log.

        Raises:
            ResourceNotFoundError: the log is empty.
            FeedDamagedError: the log cannot be read.
        """
        with _reporting_damage():
            if not self._log.last:
                raise ResourceNotFoundError(
                    path, N_("This service keeps no feed of changes: `plangraf build` writes it beside the versions.")
                )
        return self._log


class _Part(_Feed):
    """A document of the feed; its tag names the log, because no version changes it."""

    formats = FORMATS

    def view(self, asked: Asked, log: FeedLog, write: Callable[[Stream], bytes], *key: str, last: bool) -> View:
        base = asked.service.settings.base_url

        async def written() -> bytes:
            return await run_in_threadpool(write, Stream(base, log.id))

        return View(
            write=written,
            key=key,
            canonical=base + asked.place.path,
            cache_control=_SHORTLY if last else FOR_EVER,
            tagged_by=log.id,
        )


class Root(_Part):
    path = "/feed"
    operation = Operation(
        id="feed",
        tag="Feed",
        summary="The change feed, a Linked Data Event Stream: what it is and where it begins",
        answer="Members and relations",
        content=content(FORMATS),
        others={**NOT_FOUND, **PROBLEMS},
    )

    async def find(self, request: Request, place: Place) -> Place:
        return replace(place, thing=self.open(place.path))

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        log: FeedLog = asked.place.thing
        first = log.publications()[0].published

        def write(stream: Stream) -> bytes:
            return write_root(stream, first, LICENSE, asked.service.site.feed, asked.format)

        return self.view(asked, log, write, last=True)


class Page(_Part):
    path = "/feed/{page}"
    operation = Operation(
        id="feedPage",
        tag="Feed",
        summary="One page of the change feed, counted from 1; the last one still grows",
        answer="Members and relations",
        content=content(FORMATS),
        others={**NOT_FOUND, **PROBLEMS},
        examples={"page": "1"},
    )

    async def find(self, request: Request, place: Place) -> Place:
        log = self.open(place.path)
        page = place.names["page"]
        if not _NUMBER.fullmatch(page) or int(page) > log.pages:
            raise ResourceNotFoundError(
                place.path, N_("The feed has the pages 1 to %(pages)s, all found by /feed.", pages=log.pages)
            )
        return replace(place, thing=log)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        log: FeedLog = asked.place.thing
        number = int(asked.place.names["page"])
        end = min(log.last, number * log.page_size)
        last = number == log.pages

        def write(stream: Stream) -> bytes:
            with _reporting_damage():
                changes = list(log.changes((number - 1) * log.page_size + 1, end))
                following = None if last else next(log.changes(end + 1, end + 1)).published
            return write_page(stream, number, changes, following, asked.format)

        return self.view(asked, log, write, str(number), str(end), "last" if last else "full", last=last)


class Member(_Feed):
    path = "/id/event/{key}"
    operation = Operation(
        id="feedMember",
        tag="Feed",
        summary="One change: leads to the page that it stands on",
        status=303,
        others={**MALFORMED, **NOT_FOUND},
    )

    async def find(self, request: Request, place: Place) -> Response:
        log = self.open(place.path)
        name, _, sequence = place.names["key"].rpartition("-")
        if name != log.id or not _NUMBER.fullmatch(sequence) or int(sequence) > log.last:
            raise ResourceNotFoundError(place.path, N_("See /feed for the changes that there are."))
        address = f"{pinned(request).prefix}/feed/{log.page_of(int(sequence))}"
        return Response(status_code=303, headers={"Location": address})
