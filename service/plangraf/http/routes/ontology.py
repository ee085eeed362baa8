"""`/ontology`, `/shapes` and the JSON-LD context, for programs and for people."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ResourceNotFoundError
from plangraf.http.pipeline.browser_headers import CONTENT_SECURITY_POLICY, policy_with_styles
from plangraf.http.pipeline.respond import FOR_EVER
from plangraf.http.resource.openapi import MALFORMED, NOT_FOUND, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.service import CONTEXT_PATH, Service, pinned
from plangraf.pages.html import shape_tables
from plangraf.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, JSON_LD, Format
from plangraf.rdf.namespaces import ONTOLOGY, ONTOLOGY_GRAPH, SHAPES, SHAPES_GRAPH
from plangraf.store.versions import VersionStore, context_digest
from plangraf.views.engine_answers import fetch

_A_DAY_S = 86_400
_DIGEST = re.compile(r"[0-9a-f]{16}")


def resources(service: Service) -> Iterator[Resource]:
    yield Ontology("ontology", ONTOLOGY, ONTOLOGY_GRAPH)
    yield Vocabulary("shapes", SHAPES, SHAPES_GRAPH)
    yield GrowingContext()
    yield FrozenContext()


class Vocabulary(Resource):
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
        tables = shape_tables(await fetch(snapshot.engine, self._query), asked.language, asked.service.prefix)
        return asked.service.pages.render("shapes.html", asked.language, tables=tables, alternates=asked.alternates)


class Ontology(Vocabulary):
    """The ontology; its HTML page is a file of the version, which a build may lack."""

    def offered(self, snapshot: Snapshot) -> tuple[Format, ...]:
        return DOCUMENT_FORMATS if snapshot.contents.has_ontology_page else GRAPH_FORMATS

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        view = await super().read(asked, snapshot)
        if not asked.page:
            return view
        _, policy = await snapshot.part(_read_ontology_page)
        return replace(view, headers={CONTENT_SECURITY_POLICY: policy})

    async def page(self, asked: Asked, snapshot: Snapshot) -> bytes:
        body, _ = await snapshot.part(_read_ontology_page)
        return body


async def _read_ontology_page(snapshot: Snapshot) -> tuple[bytes, str]:
    """Reads pyLODE's page of one version and derives its policy, because its styles are inline."""
    page = await run_in_threadpool(snapshot.contents.ontology_page)
    return page, policy_with_styles(page)


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
            raise ResourceNotFoundError(place.path, f"The one that grows is at {CONTEXT_PATH}.")
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
