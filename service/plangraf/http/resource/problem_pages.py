"""Answers a failed request: with a page that helps on for a client that prefers HTML, otherwise with a problem."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response

from plangraf.errors import (
    NotAcceptableError,
    ParameterError,
    PlangrafError,
    ResourceGoneError,
    ResourceNotFoundError,
    VersionGoneError,
)
from plangraf.http.resource.negotiation import field_of, reads_pages
from plangraf.http.resource.parameters import choose_interface
from plangraf.http.resource.problems import describe_problem, headers_of, problem, said_by
from plangraf.http.service import PINNED, Pinned, Service
from plangraf.pages.html import Pages
from plangraf.pages.problem_words import problem_words
from plangraf.pages.words import LANGUAGE_NAMES, Words, data_language, words
from plangraf.rdf.formats import HTML

SEARCH = "/search"
LANGUAGE_FIELD = b"plangraf-language"
_RETRY = frozenset((408, 429, 500, 502, 503))
_MOST_NEAREST = 4
# Between words of a name; numbers such as 2020-2023 and 11.6 stay whole.
_BETWEEN_WORDS = re.compile(r"[\s_+]+|(?<=\D)-+|-+(?=\D)|\.(?=[a-z]+$)")


@dataclass(frozen=True, slots=True)
class Way:
    """A link that leads on."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Explainer:
    """Turns errors into answers.

    `addresses` are the paths that have one page each, for suggestions; the search is offered when it is among them.
    """

    service: Service
    addresses: frozenset[str]

    def respond(self, request: Request, error: Exception) -> Response:
        """The answer to a failed request; the status is the same for programs and people."""
        request_id = str(request.scope["plangraf.request_id"])
        if not _prefers_page(request):
            return problem(error, request_id, spoken_words(request))
        known = error if isinstance(error, PlangrafError) else None
        told = describe_problem(error, request_id)
        language = language_of_problem(request)
        pinned: Pinned | None = request.scope.get(PINNED)
        pages = (pinned or self.service).pages.at(get_route_path(request.scope)).speaking(choose_interface(request))
        said = pages.words(language)
        body = pages.render(
            "problem.html",
            language,
            status=told["status"],
            said=problem_words(said, told["status"], told["code"]),
            nearest=list(self._nearest(request, error, pages, language)),
            ways=list(_ways(request, known, told["status"], said, self.service.base_prefix)),
            wanted=_wanted(request) if SEARCH in self.addresses else None,
            detail=said_by(error, request_id),
            code=told["code"],
            number=request_id,
            here=_query_without(request, "lang"),
        )
        headers = {**headers_of(known), "Vary": "Accept, Accept-Language, Cookie"}
        return Response(body, told["status"], headers, media_type=HTML.content_type)

    def _nearest(self, request: Request, error: Exception, pages: Pages, language: str) -> Iterator[Way]:
        """Addresses like the one that was not found, and the list of the things that its name may belong to."""
        if not isinstance(error, ResourceNotFoundError) or isinstance(error, ResourceGoneError | VersionGoneError):
            return
        path = get_route_path(request.scope)
        found = difflib.get_close_matches(path, self.addresses, _MOST_NEAREST, 0.75)
        found += [f"/{part}s" for part in path.split("/") if f"{part}s" in self.service.collections]
        for address in dict.fromkeys(found):
            collection = self.service.collections.get(address.removeprefix("/"))
            yield Way(pages.prefix + address, collection.title(pages.spoken(language)) if collection else address)


def _prefers_page(request: Request) -> bool:
    return reads_pages(field_of(request.scope, b"accept"))


def language_of_problem(request: Request) -> str:
    """The language of the data on the page; what cannot be read in the query string has no say."""
    return data_language(choose_interface(request))


def spoken_words(request: Request) -> Words | None:
    """The words of the language that the field `Plangraf-Language` names, in which a script shows what it gets."""
    language = field_of(request.scope, LANGUAGE_FIELD)
    return words(language) if language in LANGUAGE_NAMES else None


def _ways(request: Request, error: PlangrafError | None, status: int, said: Words, base: str) -> Iterator[Way]:
    """Links that solve the problem, the best first; `base` is the path of the public address."""
    reads, here = request.scope["method"] == "GET", base + quote(request.scope["path"], safe="/:@!$&'()*+,;=")
    if isinstance(error, ResourceGoneError) and error.address:
        yield Way(error.address, said.gettext("See it in the last version that had it"))
    if isinstance(error, VersionGoneError) and error.start_again:
        yield Way(error.start_again, said.gettext("Start again in the current version"))
    if isinstance(error, ResourceNotFoundError) and request.scope["path"].startswith("/version/"):
        yield Way(f"{base}/version/", said.gettext("See the versions that are kept"))
    if isinstance(error, ParameterError) and reads and _has(request, error.name):
        without = here + _query_without(request, error.name)
        yield Way(without, said.gettext("Open the page without “%(name)s”", name=error.name))
    if isinstance(error, NotAcceptableError) and reads:
        for media_type in error.choices:
            query = _query_without(request, "format")
            sign = "&" if query else "?"
            text = said.gettext("Fetch it as %(form)s", form=media_type)
            yield Way(f"{here}{query}{sign}format={quote(media_type)}", text)
    if status in _RETRY and reads:
        yield Way(here + _query_without(request), said.gettext("Try again"))


def _pairs(request: Request) -> list[str]:
    """The pairs of the query string as they were sent, percent-encoded; none when a character cannot stand there."""
    text = request.scope["query_string"].decode("latin-1")
    return [pair for pair in text.split("&") if pair] if text.isascii() and text.isprintable() else []


def _has(request: Request, name: str) -> bool:
    return any(unquote(pair.partition("=")[0]) == name for pair in _pairs(request))


def _query_without(request: Request, *names: str) -> str:
    """The query string with its '?' and without some parameters; empty when nothing is left."""
    kept = [pair for pair in _pairs(request) if unquote(pair.partition("=")[0]) not in names]
    return f"?{'&'.join(kept)}" if kept and request.scope["method"] == "GET" else ""


def _wanted(request: Request) -> str:
    """What a reader may have looked for: the words of the last part of the path."""
    name = get_route_path(request.scope).rstrip("/").rpartition("/")[2]
    return " ".join(word for word in _BETWEEN_WORDS.split(name) if word)
