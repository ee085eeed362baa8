"""`/ontology`, `/shapes` and the JSON-LD context, for programs and for people."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.errors.message import N_
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.resource.negotiation import split_ending
from plangraf.http.resource.openapi import MALFORMED, NOT_FOUND, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.service import CONTEXT_PATH, Service, pinned
from plangraf.pages.vocabulary.names import Names
from plangraf.pages.vocabulary.ontology_page import OntologyOverview, TermUse, ThemePage, theme_words
from plangraf.pages.vocabulary.shapes_page import ShapesPage
from plangraf.pages.vocabulary.term_model import ShapeGroup, Theme, Vocabulary, read_vocabulary
from plangraf.rdf.formats import DOCUMENT_FORMATS, HTML, JSON_LD
from plangraf.rdf.namespaces import ONTOLOGY, ONTOLOGY_GRAPH, SHAPES, SHAPES_GRAPH, terms
from plangraf.store.versions import VersionStore, context_digest
from plangraf.views.engine_answers import fetch
from plangraf.views.term_use import class_counts, examples, property_counts

_A_DAY_S = 86_400
_DIGEST = re.compile(r"[0-9a-f]{16}")
_TITLE, _DESCRIPTION = terms("dcterms")("title"), terms("dcterms")("description")
_BOTH = (
    f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?graph {{ <{ONTOLOGY_GRAPH}> <{SHAPES_GRAPH}> }}"
    " GRAPH ?graph { ?s ?p ?o } }"
)


def resources(service: Service) -> Iterator[Resource]:
    yield Ontology("ontology", ONTOLOGY, ONTOLOGY_GRAPH)
    yield OntologyTheme()
    yield Shapes("shapes", SHAPES, SHAPES_GRAPH)
    yield ShapesTheme()
    yield GrowingContext()
    yield FrozenContext()


class VocabularyGraph(Resource):
    """One vocabulary's named graph in every format."""

    formats = DOCUMENT_FORMATS

    def __init__(self, name: str, iri: str, graph: str) -> None:
        self.path = f"/{name}"
        self.operation = Operation(
            id=name,
            tag="Vocabulary",
            summary=f"The {name}; .ttl .jsonld .nt .rdf .html fix the format",
            answer=f"The {name}",
            content=content(DOCUMENT_FORMATS),
        )
        self._iri = NamedNode(iri)
        self._query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            if asked.page:
                return await self.page(asked, snapshot)
            return asked.write_graph(await fetch(snapshot.engine, self._query), self._iri)

        return View(write=write, canonical=asked.service.settings.base_url + self.path, about=self._iri.value)

    async def page(self, asked: Asked, snapshot: Snapshot) -> bytes:
        """The page; it is made in a thread, because placing the diagrams takes a while."""
        raise NotImplementedError


class Ontology(VocabularyGraph):
    """The ontology; its page has a diagram for each theme and a line for each term."""

    async def page(self, asked: Asked, snapshot: Snapshot) -> bytes:
        vocabulary = await snapshot.part(_read_vocabulary)
        names = _names(asked, vocabulary, self.path)

        def render() -> bytes:
            return asked.service.pages.render(
                "ontology.html",
                asked.language,
                title=names.text_of(vocabulary.graph, self._iri, _TITLE) or "",
                lead=names.text_of(vocabulary.graph, self._iri, _DESCRIPTION) or "",
                themes=OntologyOverview(vocabulary, names, asked.service.prefix).themes(),
                alternates=asked.alternates,
            )

        return await run_in_threadpool(render)


class OntologyTheme(Resource):
    """The terms of one theme; their page has all that is known of each, with counts and examples from the version."""

    path = "/ontology/theme/{name}"
    formats = DOCUMENT_FORMATS
    operation = Operation(
        id="ontologyTheme",
        tag="Vocabulary",
        summary="The terms of one theme of the ontology; .ttl .jsonld .nt .rdf .html fix the format",
        answer="The terms of the theme",
        content=content(DOCUMENT_FORMATS),
        others=NOT_FOUND,
        examples={"name": "plan"},
    )

    async def find(self, request: Request, place: Place) -> Place:
        key, fixed = split_ending(place.names["name"], DOCUMENT_FORMATS)
        vocabulary = await pinned(request).snapshot.part(_read_vocabulary)
        theme = next((theme for theme in vocabulary.themes if theme.key == key), None)
        if theme is None:
            raise ResourceNotFoundError(place.path, N_("See /ontology for the themes."))
        return replace(place, path=theme.path, fixed=fixed, thing=theme)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        theme: Theme = asked.place.thing

        async def write() -> bytes:
            if asked.page:
                return await self._page(asked, snapshot, theme)
            return asked.write_graph(await fetch(snapshot.engine, _theme_query(theme)), theme.node)

        canonical = asked.service.settings.base_url + theme.path
        return View(write=write, key=(theme.key,), canonical=canonical, about=theme.node and theme.node.value)

    async def _page(self, asked: Asked, snapshot: Snapshot, theme: Theme) -> bytes:
        vocabulary = await snapshot.part(_read_vocabulary)
        counts = {**await snapshot.part(property_counts), **await snapshot.part(class_counts)}
        use = TermUse(counts, await snapshot.part(examples))
        names = _names(asked, vocabulary, theme.path, vocabulary.homes())
        service = asked.service

        def render() -> bytes:
            return service.pages.render(
                "ontology-theme.html",
                asked.language,
                theme=ThemePage(vocabulary, use, names, service.prefix).view(theme),
                others=[
                    (service.prefix + other.path, theme_words(vocabulary, other, names)[0], other == theme)
                    for other in vocabulary.themes
                ],
                alternates=asked.alternates,
            )

        return await run_in_threadpool(render)


def _theme_query(theme: Theme) -> str:
    nodes = [theme.node, *(term.node for term in (*theme.classes, *theme.properties))]
    said = " ".join(str(node) for node in nodes if node is not None)
    return f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{ONTOLOGY_GRAPH}> {{ VALUES ?s {{ {said} }} ?s ?p ?o }} }}"


def _names(
    asked: Asked, vocabulary: Vocabulary, here: str, homes: Mapping[NamedNode, str] = MappingProxyType({})
) -> Names:
    labels, prefix = asked.service.pages.labels, asked.service.prefix
    return Names(vocabulary.graph, labels, asked.service.pages.words(asked.language), prefix, here, homes)


class Shapes(VocabularyGraph):
    """The shapes; their page says each rule in words."""

    async def page(self, asked: Asked, snapshot: Snapshot) -> bytes:
        vocabulary = await snapshot.part(_read_vocabulary)
        page = ShapesPage(vocabulary, _names(asked, vocabulary, self.path), asked.service.prefix)

        def render() -> bytes:
            return asked.service.pages.render(
                "shapes.html",
                asked.language,
                groups=[page.group(group) for group in vocabulary.shape_groups()],
                conditions=page.conditions(),
                alternates=asked.alternates,
            )

        return await run_in_threadpool(render)


class ShapesTheme(Resource):
    """The rules of one theme with their messages."""

    path = "/shapes/theme/{name}"
    formats = (HTML,)
    operation = Operation(
        id="shapesTheme",
        tag="Vocabulary",
        summary="The rules of one theme as a page; /shapes has all of them in every format",
        answer="The rules of the theme",
        content=content((HTML,)),
        others=NOT_FOUND,
        examples={"name": "plan"},
    )

    async def find(self, request: Request, place: Place) -> Place:
        key = place.names["name"].removesuffix(".html")
        vocabulary = await pinned(request).snapshot.part(_read_vocabulary)
        group = next((group for group in vocabulary.shape_groups() if group.key == key), None)
        if group is None:
            raise ResourceNotFoundError(place.path, N_("See /shapes for the themes."))
        return replace(place, path=group.path, fixed=HTML if key != place.names["name"] else None, thing=group)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        group: ShapeGroup = asked.place.thing
        vocabulary = await snapshot.part(_read_vocabulary)
        names = _names(asked, vocabulary, group.path, vocabulary.homes())
        service = asked.service
        page = ShapesPage(vocabulary, names, service.prefix)

        def render() -> bytes:
            return service.pages.render(
                "shapes-theme.html",
                asked.language,
                group=page.group(group),
                others=[
                    (service.prefix + other.path, page.label(other), other.key == group.key)
                    for other in vocabulary.shape_groups()
                ],
            )

        async def write() -> bytes:
            return await run_in_threadpool(render)

        return View(write=write, key=(group.key,), canonical=service.settings.base_url + group.path)


async def _read_vocabulary(snapshot: Snapshot) -> Vocabulary:
    """The terms and rules of one version; a part of a snapshot."""
    found = await fetch(snapshot.engine, _BOTH)
    return await run_in_threadpool(read_vocabulary, found)


class GrowingContext(Resource):
    """The present context; its tag is a hash of its bytes, because it depends on no version."""

    path = CONTEXT_PATH
    formats = (JSON_LD,)
    negotiated = False
    operation = Operation(
        id="context",
        tag="Vocabulary",
        summary="The JSON-LD context that all our JSON-LD documents name",
        answer="The context",
        content={JSON_LD.media_type: {}},
        others=MALFORMED,
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        body = asked.service.context_body
        return View(
            write=body,
            cache_control=f"public, max-age={_A_DAY_S}",
            headers={"Content-Location": f"{asked.service.prefix}/context/{context_digest(body)}.jsonld"},
            tag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        )


class FrozenContext(Resource):
    path = "/context/{digest}.jsonld"
    formats = (JSON_LD,)
    negotiated = False
    operation = Operation(
        id="frozenContext",
        tag="Vocabulary",
        summary="The JSON-LD context as it was once, by its hash, for who pins it",
        answer="The context",
        content={JSON_LD.media_type: {}},
        others={**MALFORMED, **NOT_FOUND},
    )

    async def find(self, request: Request, place: Place) -> Place:
        digest = place.names["digest"]
        body = await run_in_threadpool(_find_frozen, pinned(request), digest)
        if body is None:
            raise ResourceNotFoundError(place.path, N_("The one that grows is at %(path)s.", path=CONTEXT_PATH))
        return replace(place, thing=body)

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        latest = f'<{asked.service.settings.base_url}{CONTEXT_PATH}>; rel="latest-version"'
        tag = f'"{asked.place.names["digest"]}"'
        return View(write=asked.place.thing, cache_control=FOR_EVER, headers={"Link": latest}, tag=tag)


def _find_frozen(service: Service, digest: str) -> bytes | None:
    """Finds the context with this hash: the present one, or one of an earlier build."""
    if digest == context_digest(service.context_body):
        return service.context_body
    if not _DIGEST.fullmatch(digest):
        return None
    with contextlib.suppress(OSError):
        return VersionStore(service.settings.versions).context(digest).read_bytes()
    return None
