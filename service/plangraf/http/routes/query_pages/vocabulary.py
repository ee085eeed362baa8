"""`/sparql/vocabulary`: what the query editor completes, one JSON document for each version."""

from __future__ import annotations

from typing import Any

import orjson

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.rdf.formats import PLAIN_JSON
from plangraf.sparql.named.binding import NamedQuery
from plangraf.views.query_vocabulary import Example, query_vocabulary


class Vocabulary(Resource):
    path = "/sparql/vocabulary"
    formats = (PLAIN_JSON,)
    endings = negotiated = False
    operation = Operation(
        id="sparqlVocabulary",
        tag="SPARQL",
        summary="Prefixes, classes and properties with labels and use, and example queries, for a query editor",
        answer="All of them",
        content={"application/json": {}},
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service = asked.service

        async def write() -> bytes:
            found = await query_vocabulary(snapshot, service.pages.labels)
            examples = [_describe(example, service.queries.get(example.name)) for example in found.examples]
            return orjson.dumps({**found.as_json(), "examples": examples})

        return View(write=write)


def _describe(example: Example, named: NamedQuery | None) -> dict[str, Any]:
    """One example; a named query has a title in both languages where its head has one."""
    title = {"en": example.comment}
    if named is not None and named.head.title is not None:
        title = {"nb": named.head.title.nb, "en": named.head.title.en}
    return {"name": example.name, "title": title, "description": example.comment, "query": example.query}
