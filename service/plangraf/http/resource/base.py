"""The base of all resources: the order in which a request becomes an answer, written once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.base import QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.respond import respond_cached, respond_query, vary
from plangraf.http.resource.link_header import links
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.parameters import format_of, language_of, parameters
from plangraf.http.service import Pinned, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import HTML, JSON_LD, Format
from plangraf.rdf.graph import Statements
from plangraf.rdf.jsonld.compaction import compact_graph
from plangraf.rdf.jsonld.writing import dump
from plangraf.rdf.writing import write
from plangraf.sparql.named.binding import LANGUAGES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request came: the path without an ending, the format that the ending fixes, the path's parameters.

    `thing` is what `Resource.find` found there.
    """

    path: str
    fixed: Format | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    thing: Any = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of a resource, negotiated; `by_accept` and `by_language` say that a header decided.

    `alternates` are the same in the other formats.
    """

    request: Request
    service: Pinned
    place: Place
    given: dict[str, list[str]]
    format: Format
    by_accept: bool
    language: str
    by_language: bool
    alternates: Sequence[Alternate] = ()

    @property
    def page(self) -> bool:
        """Whether people read the answer."""
        return self.format == HTML

    def write_graph(self, graph: Statements, first: NamedNode | None = None) -> bytes:
        """A graph in the format that was asked for, `first` before other things."""
        if self.format == JSON_LD:
            return dump(compact_graph(self.service.context, graph))
        return write(graph, self.format, first)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One answer before it is written.

    Attributes:
        write: the body, what gives it when no one has the answer yet, or the query whose answer is sent as it comes.
        key: what names the answer beside version, build, resource, format and language; None when it is never the same.
        canonical: public address of what is described; with it the answer has a Link header.
        about: IRI of the one thing that is described.
        links: further elements of the Link header.
        headers: further headers, on a 304 too.
        cache_control: how long the answer may be kept.
        content_type: that of the answer, where its format does not say it.
        tagged_by: what stands in the ETag in place of the version, for what may change without a new version.
        tag: the whole ETag, of what neither version nor build changes.
        ask: what answers the query in place of the engine.
    """

    write: bytes | Callable[[], Awaitable[bytes]] | QueryRequest
    key: tuple[str, ...] | None = ()
    canonical: str | None = None
    about: str | None = None
    links: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    cache_control: str = "no-cache"
    content_type: str | None = None
    tagged_by: str | None = None
    tag: str | None = None
    ask: Callable[[QueryRequest], Awaitable[QueryAnswer]] | None = None


def name_answer(path: str, format_: Format, language: str, *key: str) -> tuple[str, ...]:
    """What names an answer, see Pinned.own_tag: the language only where it decides."""
    return path, format_.name, language if format_.kind in ("page", "table") else "", *key


class Resource:
    """What answers at one path, or at all paths of one form.

    Attributes:
        path: where it is; `{name}` stands for one segment of it, `{name:path}` for all that are left.
        formats: what it can be read in, the first when the client has no wish.
        spare: those of the formats that a client with another wish is not given, see `negotiation.choose`.
        endings: whether an ending of the path fixes the format.
        negotiated: whether a request can choose; else all get the one format.
        kept: whether the address is under that of each kept version, too.
        language: what says that it would have been another in another language: each answer that Accept chose, or
            pages alone. Without a page among its formats none does.
        operation: what /openapi.json says of it; None when it is not documented.
    """

    path: str
    formats: tuple[Format, ...] = ()
    spare: ClassVar[tuple[Format, ...]] = ()
    endings: bool = True
    negotiated: ClassVar[bool] = True
    kept: ClassVar[bool] = True
    language: ClassVar[Literal["choice", "page"]] = "choice"
    operation: Operation | None = None

    async def find(self, request: Request, place: Place) -> Place | Response:
        """Settles which thing is meant, before negotiation; may lead elsewhere.

        Raises:
            ResourceNotFoundError: there is none.
            ParameterError: a parameter cannot be used.
        """
        return place

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        """The view that a request gets.

        Raises:
            PlangrafError: there is none, or the engine could not tell.
        """
        raise NotImplementedError  # every request is led elsewhere by `find`

    async def respond(self, request: Request, place: Place) -> Response:
        """The whole way from a request to its answer.

        Raises:
            NotAcceptableError, ParameterError: no format or language fits.
            PlangrafError: what `find` and `read` raise.
        """
        found = await self.find(request, place)
        if isinstance(found, Response):
            return found
        return await self.answer(self._negotiate(request, found))

    async def answer(self, asked: Asked) -> Response:
        """The answer to what was asked, from the snapshot that the request is pinned to."""
        snapshot = asked.service.snapshot
        others = [format_ for format_ in self.offered(snapshot) if format_ != asked.format]
        alternates = [Alternate(format_, href) for format_ in others if (href := self.address(asked, format_))]
        asked = replace(asked, alternates=alternates)
        return await self._send(asked, await self.read(asked, snapshot))

    def offered(self, snapshot: Snapshot) -> tuple[Format, ...]:
        """The formats that one version has; among them any whose ending the path may have."""
        return self.formats

    def address(self, asked: Asked, format_: Format) -> str | None:
        """Where the same is in another format; None when only a header gives it."""
        return f"{asked.service.prefix}{asked.place.path}.{format_.suffix}" if self.endings else None

    def _negotiate(self, request: Request, place: Place) -> Asked:
        service, given = pinned(request), parameters(request.scope["query_string"])
        if not self.negotiated:
            return Asked(request, service, place, given, self.formats[0], False, LANGUAGES[0], False)
        formats = self.offered(service.snapshot)
        if place.fixed is not None and place.fixed not in formats:
            raise ResourceNotFoundError(request.url.path, "This version has no such page.")
        format_, by_accept = format_of(request, given, formats, place.fixed, self.spare)
        language, by_language = LANGUAGES[0], False
        if HTML in formats:
            language, by_language = language_of(request, given)
        if by_language and format_.kind == "table":  # for programs, which ask for a language by name
            language, by_language = LANGUAGES[0], False
        return Asked(request, service, place, given, format_, by_accept, language, by_language)

    async def _send(self, asked: Asked, view: View) -> Response:
        request, service = asked.request, asked.service
        headers = {**self._vary(asked), "Cache-Control": view.cache_control, **view.headers}
        if view.canonical is not None:
            headers["Link"] = ", ".join([links(view.canonical, asked.alternates, view.about), *view.links])
        parts = None if view.key is None else name_answer(self.path, asked.format, asked.language, *view.key)
        write = view.write
        if isinstance(write, QueryRequest):
            del headers["Cache-Control"]  # which depends on whether the answer is kept
            return await respond_query(service, request, write, parts, headers, ask=view.ask)
        assert parts is not None  # only a query may have another answer each time
        content_type = view.content_type or asked.format.content_type

        async def make() -> tuple[bytes, str]:
            return write if isinstance(write, bytes) else await write(), content_type

        tag = view.tag
        if view.tagged_by is not None:
            tag = service.tag(*parts, version=view.tagged_by)
        return await respond_cached(service, request, parts, headers, make, tag=tag)

    def _vary(self, asked: Asked) -> dict[str, str]:
        by_language = asked.by_language and (asked.page or (asked.by_accept and self.language == "choice"))
        return vary("Accept" if asked.by_accept else None, "Accept-Language" if by_language else None)
