"""`/search`: hits for a text as a page, JSON and JSON-LD; `/search/suggestions`: some while the text is typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.resource.openapi import NOT_FOUND, PROBLEMS, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.search.search_graph import json_ld
from plangraf.http.routes.search.search_requests import (
    MOST_PAGES,
    SearchParameters,
    Selection,
    SuggestionParameters,
    check_values,
    read_selection,
)
from plangraf.http.service import Pinned, Service
from plangraf.rdf.formats import HTML, JSON_LD, PLAIN_JSON, Format
from plangraf.rdf.jsonld_documents import dump
from plangraf.search.entries import FACETS, Labels
from plangraf.search.index_files import SearchIndex, open_index
from plangraf.search.marking import Marked
from plangraf.search.searching import SUGGESTED, Found, Hit, search
from plangraf.sparql.named.binding import LANGUAGES

_FORMATS = (PLAIN_JSON, JSON_LD, HTML)
# A page shows so many values of a facet, the most frequent first.
_CHOICES = 12


def resources(service: Service) -> Iterator[Resource]:
    yield SearchResource()
    yield SuggestionsResource()


async def open_search(snapshot: Snapshot) -> SearchIndex:
    """The index of a version, mapped into memory; a part of a snapshot.

    Raises:
        SearchUnavailableError: the version has no index.
    """
    return await run_in_threadpool(open_index, snapshot.contents.version.path, snapshot.id)


class SearchResource(Resource):
    path = "/search"
    formats = _FORMATS
    language = "page"
    parameters = SearchParameters
    operation = Operation(
        id="search",
        tag="Search",
        summary="Full-text search in Bokmål, Nynorsk and English",
        description="Finds things by title, other names, summary, number or code. It forgives typing errors and finds "
        "compounds by their parts. An ending of the address, such as .json, fixes the format.",
        answer="One page of hits, the best first",
        content=content(_FORMATS),
        others={**NOT_FOUND, **PROBLEMS},
    )

    async def find(self, request: Request, place: Place) -> Place:
        return replace(place, thing=read_selection(place))

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        selection: Selection = asked.place.thing
        # A program names the language in `lang`; only a page follows Accept-Language.
        language = LANGUAGES[0] if asked.by_language and not asked.page else asked.language
        asked = replace(asked, language=language)
        index = await snapshot.part(open_search)
        check_values(selection.chosen, index.labels)

        async def write() -> bytes:
            found = await run_in_threadpool(_search, index, selection, language)
            last = min(MOST_PAGES, max(1, -(-found.total // selection.limit)))
            if selection.page > last:
                raise ResourceNotFoundError(
                    N_("page %(page)s of this search", page=selection.page),
                    N_(
                        "With %(limit)s hits a page, the last one is %(last)s. Narrow the search to see others.",
                        limit=selection.limit,
                        last=last,
                    ),
                )
            return _write(asked, found, index.labels, last)

        form = f"{sorted(selection.kept.items())} {selection.ending} {asked.service.prefix}"
        return View(
            write=write,
            key=(selection.lasting, language, form),
            canonical=asked.service.settings.base_url + selection.lasting,
        )

    def address(self, asked: Asked, format_: Format) -> str:
        selection: Selection = asked.place.thing
        return asked.service.prefix + selection.link(page=selection.page, but="format", ending=f".{format_.suffix}")


def _search(index: SearchIndex, selection: Selection, language: str) -> Found:
    first = (selection.page - 1) * selection.limit
    return search(index, selection.text, selection.chosen, language=language, offset=first, limit=selection.limit)


class SuggestionsResource(Resource):
    path = "/search/suggestions"
    formats = (PLAIN_JSON,)
    endings = negotiated = False
    parameters = SuggestionParameters
    operation = Operation(
        id="search-suggestions",
        tag="Search",
        summary="The best hits for a text that is still being typed",
        answer="At most eight hits",
        content=content((PLAIN_JSON,)),
        others={**NOT_FOUND, **PROBLEMS},
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        given: SuggestionParameters = asked.place.parameters
        index = await snapshot.part(open_search)

        async def write() -> bytes:
            found = None
            if given.q.strip():
                asking = partial(
                    search, index, given.q, language=given.lang, limit=SUGGESTED, facets=False, beginning=True
                )
                found = await run_in_threadpool(asking)
            hits = (
                [_suggestion(hit, index.labels, given.lang, asked.service.prefix) for hit in found.hits]
                if found
                else []
            )
            return orjson.dumps({"q": given.q, "suggestions": hits})

        return View(write=write, key=(given.q, given.lang, asked.service.prefix))


def _suggestion(hit: Hit, labels: Labels, language: str, prefix: str) -> dict[str, Any]:
    shown = hit.why if hit.reason == "code" else None
    return {
        "id": hit.entry.id if "://" in hit.entry.id else None,
        "title": hit.title.text,
        "lang": hit.title.lang,
        "marks": hit.title.marks,
        "code": shown.text if shown else None,
        "kind": labels.singular[hit.entry.one][language],
        "href": prefix + hit.entry.path,
    }


def _write(asked: Asked, found: Found, labels: Labels, last: int) -> bytes:
    selection: Selection = asked.place.thing
    if asked.page:
        return _render(asked, found, labels, last)
    if asked.format == JSON_LD:
        return dump(json_ld(asked.service, selection.plain, found, last))
    return orjson.dumps(_as_json(asked.service, selection, found, labels, asked.language, last))


def _as_json(
    service: Pinned, selection: Selection, found: Found, labels: Labels, language: str, last: int
) -> dict[str, Any]:
    base = service.address
    more = {"next": base + selection.link(page=selection.page + 1)} if selection.page < last else {}
    return {
        "q": selection.text,
        "total": found.total,
        "page": selection.page,
        "pages": last,
        **more,
        "hits": [_hit_json(hit, labels, language, base) for hit in found.hits],
        "facets": {
            name: [
                {"value": value, "title": _title(labels, name, value, language), "number": number}
                for value, number in found.facets.get(name, {}).items()
            ]
            for name in FACETS
        },
        "partial": found.partial,
        "mended": {word: list(others) for word, others in found.mended.items()},
        "unknown": list(found.unknown),
        "unread": found.question.dropped,
    }


def _hit_json(hit: Hit, labels: Labels, language: str, base: str) -> dict[str, Any]:
    return {
        "id": hit.entry.id if "://" in hit.entry.id else base + hit.entry.id,
        "address": base + hit.entry.path,
        "title": _marked_json(hit.title),
        "kind": {"value": hit.entry.kind, "title": labels.singular[hit.entry.one][language]},
        "matched": hit.reason,
        "why": _marked_json(hit.why) if hit.why else None,
        "values": dict(hit.entry.values),
    }


def _marked_json(marked: Marked) -> dict[str, Any]:
    return {"text": marked.text, "lang": marked.lang, "marks": [list(mark) for mark in marked.marks]}


def _title(labels: Labels, facet: str, value: str, language: str) -> str:
    known = labels.kinds if facet == "kind" else labels.values.get(facet, {})
    title = known.get(value, {}).get(language, value)
    return f"{value}. {title}" if facet == "goal" else title


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of a facet; its link adds or removes it."""

    title: str
    number: int
    href: str


@dataclass(frozen=True, slots=True)
class _Choices:
    """One facet on a page: its chosen value, or its values, of which `left_out` more exist."""

    name: str
    chosen: _Choice | None
    choices: Sequence[_Choice]
    left_out: int


def _choices(asked: Asked, found: Found, labels: Labels) -> Iterator[_Choices]:
    selection: Selection = asked.place.thing
    for name in FACETS:
        values = found.facets.get(name, {})
        chosen: _Choice | None = None
        if name in selection.chosen:
            value = selection.chosen[name]
            others = {other: kept for other, kept in selection.chosen.items() if other != name}
            title = _title(labels, name, value, asked.language)
            chosen = _Choice(title, found.total, asked.service.prefix + selection.link(others))
            values = {}
        listed = [
            _Choice(
                _title(labels, name, value, asked.language),
                number,
                asked.service.prefix + selection.link({**selection.chosen, name: value}),
            )
            for value, number in sorted(values.items(), key=_by_goal if name == "goal" else _by_number)
        ]
        if chosen or listed:
            yield _Choices(
                name, chosen, listed[:_CHOICES] if name != "goal" else listed, max(0, len(listed) - _CHOICES)
            )


def _by_number(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _by_goal(pair: tuple[str, int]) -> tuple[int, str]:
    return (int(pair[0]) if pair[0].isdecimal() else 0), pair[0]


def _render(asked: Asked, found: Found, labels: Labels, last: int) -> bytes:
    service, selection, language = asked.service, asked.place.thing, asked.language
    pager = {}
    if selection.page > 1:
        pager["previous"] = service.prefix + selection.link(page=selection.page - 1)
    if selection.page < last:
        pager["next"] = service.prefix + selection.link(page=selection.page + 1)
    return service.pages.render(
        "search.html",
        language,
        q=selection.text,
        asked=bool(selection.text.strip() or selection.chosen),
        found=found,
        hits=found.hits,
        singular={kind: names[language] for kind, names in labels.singular.items()},
        facets=list(_choices(asked, found, labels)),
        kinds=_kinds(service, labels, language),
        first=(selection.page - 1) * selection.limit + 1,
        page=selection.page,
        pages=last,
        pager=pager,
        all_=service.prefix + selection.link({}),
        canonical=service.settings.base_url + selection.lasting,
        alternates=asked.alternates,
        here=service.prefix + selection.link(page=selection.page, but="lang"),
    )


def _kinds(service: Pinned, labels: Labels, language: str) -> Mapping[str, str]:
    """What there is, for an empty answer: titles of the lists, by their paths."""
    return {
        f"{service.prefix}/{kind}": titles[language]
        for kind, titles in labels.kinds.items()
        if kind in service.collections
    }
