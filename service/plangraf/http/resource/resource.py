"""The base class of resources: the steps from a request to its response, written once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ParameterError, ResourceNotFoundError
from plangraf.errors.message import N_, Quoted
from plangraf.http.pipeline.respond import respond_cached, respond_query, vary
from plangraf.http.resource.link_header import link_header
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.parameters import (
    Formatted,
    Negotiated,
    choose_answer_language,
    choose_format,
    choose_interface,
    parse_parameters,
)
from plangraf.http.service import Pinned, pinned
from plangraf.pages.html import Alternate
from plangraf.rdf.formats import HTML, JSON_LD, Format, not_installed
from plangraf.rdf.graph import Statements, write
from plangraf.rdf.jsonld_documents import compact_graph, dump
from plangraf.sparql.named.binding import LANGUAGES
from plangraf.sparql.named.parameter_model import ParameterModel, names_of


@dataclass(frozen=True, slots=True)
class Place:
    """The place that a request names: the path without an ending, the format that the ending fixes, path parameters.

    `parameters` are the values of `Resource.parameters`; `thing` is what `Resource.find` found there.
    """

    path: str
    fixed: Format | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    parameters: Any = None
    thing: Any = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A negotiated request to a resource; `by_accept` and `by_language` tell whether a header decided.

    `alternates` link to the same view in the other formats.
    """

    request: Request
    service: Pinned
    place: Place
    format: Format
    by_accept: bool
    language: str
    by_language: bool
    alternates: Sequence[Alternate] = ()

    @property
    def page(self) -> bool:
        """Whether the answer is an HTML page."""
        return self.format == HTML

    @property
    def spoken(self) -> str:
        """The language of the words on a page, which the data may lack."""
        return self.service.pages.interface or self.language

    def write_graph(self, graph: Statements, first: NamedNode | None = None) -> bytes:
        """Writes a graph in the negotiated format, with `first` before the other subjects."""
        if self.format == JSON_LD:
            return dump(compact_graph(self.service.context, graph))
        return write(graph, self.format, first)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One answer before it is written.

    Attributes:
        write: the body, a function that makes it on a cache miss, or the query whose answer is streamed.
        key: names the answer beside version, build, resource, format and language; None for a query that is not
            deterministic.
        canonical: public address of the described document; the Link header starts from it.
        about: IRI of the one thing that is described.
        links: further elements of the Link header.
        headers: further headers, on a 304 too.
        cache_control: value of the Cache-Control header.
        content_type: overrides the content type of the format.
        tagged_by: replaces the version in the ETag, for an answer that can change without a new version.
        tag: the whole ETag, for an answer that neither version nor build changes.
        ask: evaluates the query in place of the engine.
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
    """The parts that name an answer, see Pinned.own_tag; with the language only where it decides."""
    return path, format_.name, language if format_.kind in ("page", "table") else "", *key


class Resource:
    """The resource at one path, or at all paths of one pattern.

    Attributes:
        path: its path; `{name}` matches one segment, `{name:path}` the rest of the path.
        formats: its formats; the first is the default.
        spare: formats that a client gets only when it names no other, see `negotiation.choose`.
        endings: whether an ending of the path fixes the format.
        negotiated: whether the client can choose the format; otherwise it has exactly one.
        kept: whether each kept version serves it, too, under `/version/<id>`.
        language: which answers vary by Accept-Language: "choice", all that Accept chose, or "page", only pages. None
            vary when no format is a page.
        accept_first: whether a request with an Accept header that does not fit and a malformed value gets 406.
        parameters: the model of its parameters, by default `format`, and `lang` when it has pages.
        operation: its documentation in /openapi.json; None leaves it undocumented.
    """

    path: str
    formats: tuple[Format, ...] = ()
    spare: ClassVar[tuple[Format, ...]] = ()
    endings: bool = True
    negotiated: ClassVar[bool] = True
    kept: ClassVar[bool] = True
    accept_first: ClassVar[bool] = True
    language: ClassVar[Literal["choice", "page"]] = "choice"
    operation: Operation | None = None

    @cached_property
    def parameters(self) -> type[ParameterModel]:
        if not self.negotiated or not self.formats:
            return ParameterModel
        return Negotiated if HTML in self.formats else Formatted

    async def find(self, request: Request, place: Place) -> Place | Response:
        """Identifies the thing before negotiation; may return a redirect.

        Raises:
            ResourceNotFoundError: the thing does not exist.
            ParameterError: a parameter cannot be used.
        """
        return place

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        """Reads the view of a negotiated request.

        Raises:
            PlangrafError: the view does not exist, or the engine failed.
        """
        raise NotImplementedError  # a resource without views redirects every request in `find`

    async def respond(self, request: Request, place: Place) -> Response:
        """Takes a request through all steps to its response.

        Raises:
            ParameterError: a parameter is unknown, repeated, malformed or missing.
            NotAcceptableError: no format fits.
            PlangrafError: what `find` and `read` raise.
        """
        found = await self.find(request, replace(place, parameters=self._read_parameters(request, place)))
        if isinstance(found, Response):
            return found
        return await self.answer(self._negotiate(request, found))

    def _read_parameters(self, request: Request, place: Place) -> ParameterModel:
        given = parse_parameters(request.scope["query_string"])
        try:
            return self.parameters.read(given)
        except ParameterError as error:
            if self.formats and self.accept_first and error.name in names_of(self.parameters):
                offered = self.offered(pinned(request).snapshot)
                choose_format(request, Formatted.read(given), offered, place.fixed, self.spare)
            raise

    async def answer(self, asked: Asked) -> Response:
        """Responds to a negotiated request from the snapshot that it is pinned to."""
        snapshot = asked.service.snapshot
        others = [format_ for format_ in self.offered(snapshot) if format_ != asked.format]
        alternates = [Alternate(format_, href) for format_ in others if (href := self.address(asked, format_))]
        if asked.page:
            at_home = replace(asked.service, pages=asked.service.pages.at(asked.place.path))
            asked = replace(asked, service=at_home)
        asked = replace(asked, alternates=alternates)
        return await self._send(asked, await self.read(asked, snapshot))

    def offered(self, snapshot: Snapshot) -> tuple[Format, ...]:
        """The formats that one version offers."""
        return self.formats

    def address(self, asked: Asked, format_: Format) -> str | None:
        """The address of the same view in another format; None when only a header selects it."""
        return f"{asked.service.prefix}{asked.place.path}.{format_.suffix}" if self.endings else None

    def wanted_language(self, parameters: Any) -> str | None:
        """The language that a request names for a page; None when only a header may."""
        wanted: str | None = parameters.lang
        return wanted

    def _negotiate(self, request: Request, place: Place) -> Asked:
        service, given = pinned(request), place.parameters
        if not self.negotiated:
            return Asked(request, service, place, self.formats[0], False, LANGUAGES[0], False)
        formats = self.offered(service.snapshot)
        if place.fixed is not None and place.fixed not in (*formats, *not_installed(formats)):
            raise ResourceNotFoundError(request.url.path, N_("This version has no such page."))
        format_, by_accept = choose_format(request, given, formats, place.fixed, self.spare)
        language, by_language = LANGUAGES[0], False
        if HTML in formats:
            wanted = self.wanted_language(given)
            if format_ != HTML and wanted not in (None, *LANGUAGES):
                only = ", ".join(LANGUAGES)
                raise ParameterError(
                    "lang",
                    N_(
                        "%(value)s is a language of pages only; for %(format)s use %(choices)s.",
                        value=Quoted(wanted),
                        format=format_.label,
                        choices=only,
                    ),
                )
            language, by_language = choose_answer_language(request, wanted, page=format_ == HTML)
        if format_ == HTML:
            service = replace(service, pages=service.pages.speaking(choose_interface(request)))
        if by_language and format_.kind == "table":  # programs must name the language in `lang`
            language, by_language = LANGUAGES[0], False
        return Asked(request, service, place, format_, by_accept, language, by_language)

    async def _send(self, asked: Asked, view: View) -> Response:
        request, service = asked.request, asked.service
        headers = {**self._vary(asked), "Cache-Control": view.cache_control, **view.headers}
        if view.canonical is not None:
            headers["Link"] = ", ".join([link_header(view.canonical, asked.alternates, view.about), *view.links])
        parts = None if view.key is None else name_answer(self.path, asked.format, asked.spoken, *view.key)
        write = view.write
        if isinstance(write, QueryRequest):
            del headers["Cache-Control"]  # `respond_query` sets it, because it depends on whether the answer is cached
            return await respond_query(service, request, write, parts, headers, ask=view.ask)
        assert parts is not None  # only a query may be non-deterministic
        content_type = view.content_type or asked.format.content_type

        async def make() -> tuple[bytes, str]:
            return write if isinstance(write, bytes) else await write(), content_type

        tag = view.tag
        if view.tagged_by is not None:
            tag = service.tag(*parts, version=view.tagged_by)
        return await respond_cached(service, request, parts, headers, make, tag=tag)

    def _vary(self, asked: Asked) -> dict[str, str]:
        by_language = asked.by_language and (asked.page or (asked.by_accept and self.language == "choice"))
        return vary(
            "Accept" if asked.by_accept else None,
            "Accept-Language" if by_language else None,
            "Cookie" if by_language and asked.page else None,
        )
