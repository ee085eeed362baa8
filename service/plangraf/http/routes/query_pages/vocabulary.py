"""`/sparql/vocabulary`: what the query editor completes, one JSON document for each version."""

from __future__ import annotations

from typing import Any

import orjson

from plangraf.engines.snapshots import Snapshot
from plangraf.http.resource.openapi import Operation
from plangraf.http.resource.resource import Asked, Resource, View
from plangraf.rdf.formats import PLAIN_JSON
from plangraf.sparql.named.query_words import FirstQuery, QueryWords
from plangraf.views.query_vocabulary import Example, query_vocabulary, with_prefixes


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
            known = service.query_words
            order = {name: place for place, name in enumerate(known.queries)}
            named = sorted(found.examples, key=lambda example: order.get(example.name, len(order)))
            examples = [*map(_describe_first, known.first), *(_describe(example, known) for example in named)]
            return orjson.dumps({**found.as_json(), "examples": examples})

        return View(write=write)


def _describe_first(first: FirstQuery) -> dict[str, Any]:
    title = {"nb": first.title.nb, "en": first.title.en}
    return {"name": "", "title": title, "description": first.title.en, "query": with_prefixes(f"\n{first.query}")}


def _describe(example: Example, known: QueryWords) -> dict[str, Any]:
    """One example; the title of a named query is its question, in both languages where there are words for people."""
    title = {"en": example.comment}
    if own := known.queries.get(example.name):
        title = {"nb": own.question.nb, "en": own.question.en}
    return {"name": example.name, "title": title, "description": example.comment, "query": example.query}
