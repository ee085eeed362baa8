"""`/compare/<id>..<id>`: the changes from one kept version to another, as a page, JSON and RDF Patch; `/compare` offers
the versions in a browser.

A separate process reads the dumps, so that no other request waits for it. The result is cached.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import Field
from pyoxigraph import Literal, NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot, find_version
from plangraf.errors import AnswerBrokenError, EngineError, NotAcceptableError, QuerySyntaxError, ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import vary
from plangraf.http.resource.negotiation import split_ending
from plangraf.http.resource.openapi import GONE, NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.parameters import Negotiated, choose_format
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.kept_versions import list_versions
from plangraf.http.service import Pinned, Service, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import HTML, PLAIN_JSON, Format
from plangraf.rdf.namespaces import CLOSED_NAMESPACES, short_name
from plangraf.store.diff import PATCH
from plangraf.store.versions import VersionStore
from plangraf.views.describe import Labels, dataset_of, fetch_labels
from plangraf.views.document_parts import document_path
from plangraf.views.page_value import PageValue

_PATCH = Format(PATCH, "list", "application/rdf-patch", "rdfp", "RDF Patch", charset=True, names=("rdf-patch",))
_FORMATS = (PLAIN_JSON, _PATCH, HTML)
_PAIR = re.compile(r"([^.]+)\.\.([^.]+)")
_CHUNK = 64 * 1024
# Most things on a page; the other formats list all.
_SHOWN = 200


def resources(service: Service) -> Iterator[Resource]:
    yield Compare(service.snapshots.store)
    yield ChooseVersions()


class Compare(Resource):
    path = "/compare/{pair}"
    formats = _FORMATS
    endings = False
    language = "page"
    kept = False
    operation = Operation(
        id="compare",
        tag="Versions",
        summary="What changed from one kept version to another: /compare/<id>..<id>; .json .rdfp .html fix the format",
        answer="The changes",
        content=content(_FORMATS),
        others={**NOT_FOUND, **GONE, **PROBLEMS},
    )

    def __init__(self, store: VersionStore) -> None:
        self._store = store
        # One comparison at a time in each process, because each reads two whole dumps from the disk.
        self._turn = asyncio.Semaphore(1)

    async def find(self, request: Request, place: Place) -> Place:
        pair, fixed = split_ending(place.names["pair"], _FORMATS)
        match = _PAIR.fullmatch(pair)
        if match is None:
            raise ResourceNotFoundError(place.path, N_("Name two versions, as in /compare/<id>..<id>."))
        before, after = match[1], match[2]
        for version_id in (before, after):
            await run_in_threadpool(find_version, self._store, version_id)
        return replace(place, fixed=fixed, thing=(before, after))

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        before, after = asked.place.thing

        async def ask(query: QueryRequest) -> QueryAnswer:
            return await _Comparison.begin(self._store, self._turn, query.format, before, after)

        async def write() -> bytes:
            answer = await _Comparison.begin(self._store, self._turn, PLAIN_JSON, before, after, most=_SHOWN)
            try:
                found = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
            finally:
                await answer.aclose()
            return await _render_page(asked.service, found, asked.language)

        query = QueryRequest(f"{before}..{after}", asked.format)
        return View(write=write if asked.page else query, key=(before, after), ask=ask)


class _Choice(Negotiated):
    """The versions that a form sends."""

    before: str | None = Field(default=None, alias="from", description="Id of the earlier version.")
    after: str | None = Field(default=None, alias="to", description="Id of the later version.")


class ChooseVersions(Resource):
    """A form of two versions, which leads to their comparison. A program names them in the path instead."""

    path = "/compare"
    formats = (PLAIN_JSON, HTML)
    endings = False
    language = "page"
    kept = False
    parameters = _Choice
    operation = Operation(
        id="chooseVersions",
        tag="Versions",
        summary="In a browser, a form of two versions to compare; with from and to it leads to /compare/<id>..<id>",
        answer="The form",
        content={HTML.media_type: {}},
        others={303: {"description": "To the comparison."}, **NOT_FOUND},
    )

    async def find(self, request: Request, place: Place) -> Place | Response:
        given: _Choice = place.parameters
        page = self._reads_pages(request, given)
        if not (given.before and given.after):
            if not page:
                raise ResourceNotFoundError(place.path, N_("Name two versions, as in /compare/<id>..<id>."))
            return place
        service = pinned(request)
        known = {version.id for version in await run_in_threadpool(service.snapshots.store.list)}
        if page and not {given.before, given.after} <= known:
            return place
        location = f"{service.prefix}{self.path}/{quote(given.before, safe='')}..{quote(given.after, safe='')}"
        return Response(status_code=303, headers={"Location": location, **vary("Accept")})

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, given = asked.service, asked.place.parameters
        found = await run_in_threadpool(list_versions, service.snapshots.store, snapshot.id, service.prefix)
        ids = [version.id for version in found]
        unknown = [name for name, id_ in (("from", given.before), ("to", given.after)) if id_ and id_ not in ids]

        async def write() -> bytes:
            return service.pages.render(
                "choose_versions.html",
                asked.language,
                versions=found,
                before=given.before or (ids[1] if len(ids) > 1 else ids[0]),
                after=given.after or ids[0],
                unknown=unknown,
            )

        # The list is part of the key, because pruning changes it without a new version.
        return View(write=write, key=(repr(found), str(given.before), str(given.after)), tagged_by=snapshot.id)

    def _reads_pages(self, request: Request, given: _Choice) -> bool:
        try:
            return choose_format(request, given, self.formats)[0] == HTML
        except NotAcceptableError:
            return False


class _Comparison:
    """Streams a comparison from its process; see engines.base.QueryAnswer."""

    complete = None

    def __init__(
        self, process: Process, turn: asyncio.Semaphore, format_: Format, queued_s: float, first: bytes
    ) -> None:
        self.format, self.queued_s = format_, queued_s
        self.evaluated_s = 0.0
        self._process = process
        self._turn: asyncio.Semaphore | None = turn
        self.chunks = self._chunks(first)

    @classmethod
    async def begin(
        cls,
        store: VersionStore,
        turn: asyncio.Semaphore,
        format_: Format,
        before: str,
        after: str,
        *,
        most: int = 0,
    ) -> _Comparison:
        """Starts a comparison; returns when its first bytes have arrived.

        Raises:
            EngineError: a dump cannot be read.
        """
        asked = time.monotonic()
        await turn.acquire()
        process = None
        try:
            queued_s = time.monotonic() - asked
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "plangraf.store.diff",
                format_.name,
                str(most),
                str(store.path),
                before,
                after,
                stdin=DEVNULL,
                stdout=PIPE,
                limit=_CHUNK,
            )
            assert process.stdout is not None
            first = await process.stdout.read(_CHUNK)
            if not first:
                raise EngineError(
                    N_(
                        "Versions %(before)s and %(after)s could not be compared; the log says why.",
                        before=before,
                        after=after,
                    )
                )
        except BaseException:
            if process is not None:
                await _end(process)
            turn.release()
            raise
        return cls(process, turn, format_, queued_s, first)

    async def _chunks(self, first: bytes) -> AsyncIterator[bytes]:
        assert self._process.stdout is not None
        chunk = first
        while chunk:
            yield chunk
            chunk = await self._process.stdout.read(_CHUNK)
        if await self._process.wait() != 0:
            raise AnswerBrokenError(N_("a dump could not be read to its end"))

    async def aclose(self) -> None:
        if self._turn is not None:
            turn, self._turn = self._turn, None
            await _end(self._process)
            turn.release()


async def _end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


@dataclass(frozen=True, slots=True)
class _Line:
    """One statement that was added or removed; `name` is its property, `graph` the dataset that its graph holds."""

    added: bool
    name: PageValue
    value: PageValue
    graph: PageValue


@dataclass(frozen=True, slots=True)
class _Changed:
    """One thing and its changed statements."""

    thing: PageValue
    lines: list[_Line]


async def _render_page(service: Pinned, found: dict[str, Any], language: str) -> bytes:
    """Renders the page of a comparison, with the names of the current version."""
    mentioned: set[NamedNode] = set()
    for thing in found["things"]:
        told = [*thing["added"], *thing["removed"]]
        iris = [thing["id"], *(line["property"] for line in told), *(line["iri"] for line in told if "iri" in line)]
        iris += [held for line in told if (held := dataset_of(line["graph"]))]
        mentioned.update(NamedNode(iri) for iri in iris if not iri.startswith("_:"))
    terms = {thing for thing in mentioned if thing.value.startswith(CLOSED_NAMESPACES)}
    named = await fetch_labels(service.snapshot.engine, mentioned - terms)
    # The engine refuses a term that the current version has removed; properties then keep their short names.
    with contextlib.suppress(QuerySyntaxError):
        named += await fetch_labels(service.snapshot.engine, terms)
    names, own = Labels(named), service.pages.labels

    def shown(iri: str) -> PageValue:
        if iri.startswith("_:"):
            return PageValue("…")
        best: Literal | None = names.best(NamedNode(iri), language)
        text, lang = (best.value, best.language) if best else (own.get(iri, {}).get(language) or short_name(iri), None)
        return PageValue(text, service.prefix + document_path(iri), lang, iri)

    def of_graph(graph: str) -> PageValue:
        held = dataset_of(graph)
        is_named = held is not None and names.best(NamedNode(held), language)
        return shown(held) if held and is_named else PageValue(short_name(graph), about=graph)

    def lines(added: bool, told: list[dict[str, Any]]) -> list[_Line]:
        return [
            _Line(
                added,
                shown(line["property"]),
                shown(line["iri"]) if "iri" in line else PageValue(line.get("value", "…"), lang=line.get("language")),
                of_graph(line["graph"]),
            )
            for line in told
        ]

    things = [
        _Changed(shown(thing["id"]), lines(True, thing["added"]) + lines(False, thing["removed"]))
        for thing in found["things"]
    ]
    address = f"{service.prefix}/compare/{found['from']}..{found['to']}"
    return service.pages.render(
        "compare.html",
        language,
        found=found,
        things=things,
        cut=_SHOWN if found["changedThings"] > _SHOWN else None,
        alternates=[Alternate(format_, f"{address}.{format_.suffix}") for format_ in (PLAIN_JSON, _PATCH)],
    )
