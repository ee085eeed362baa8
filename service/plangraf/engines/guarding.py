"""The guard of one version's engine: its limits, the terms that exist, and the queries that it has checked lately."""

from __future__ import annotations

from functools import lru_cache

import orjson

from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.formats import JSON
from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, SHAPES_GRAPH
from plangraf.settings import Settings
from plangraf.sparql.known_names import Names
from plangraf.sparql.query_shapes import Shapes
from plangraf.sparql.rewrite import rewrite
from plangraf.sparql.safety import CheckedQuery, Limits, check, read
from plangraf.store.versions import Version

_REMEMBERED_QUERIES = 512
# Longer queries are not remembered, because so many of them would take too much memory.
_LONGEST_REMEMBERED = 4096
TERMS = QueryRequest(
    f"""PREFIX rdfs: <{PREFIXES["rdfs"]}>
PREFIX sh: <{PREFIXES["sh"]}>
SELECT DISTINCT ?term WHERE {{
  {{ ?term rdfs:isDefinedBy <{ONTOLOGY}> }}
  UNION {{ GRAPH <{SHAPES_GRAPH}> {{ ?term ?p ?o }} FILTER (ISIRI(?term)) }}
  UNION {{ GRAPH <{SHAPES_GRAPH}> {{ ?shape sh:path|sh:targetClass|sh:class ?term }} FILTER (ISIRI(?term)) }}
}}""",
    JSON,
)
"""Asks for the terms to suggest for an unknown one: those of our namespaces, and foreign terms that the shapes use."""


class Guard:
    """Checks queries over one version; knows no terms before `learn`."""

    def __init__(self, version: Version, settings: Settings) -> None:
        self._base = settings.query_base
        self._object_kinds = version.object_kinds()
        self._bulk = BulkTerms.joined(graph.terms for graph in version.bulk())
        self._limits = Limits.of(settings)
        self._terms: frozenset[str] = frozenset()
        self._shapes = self._no_shapes()
        self._check = lru_cache(_REMEMBERED_QUERIES)(self._check_anew)

    async def learn(self, answer: QueryAnswer) -> None:
        """Learns the terms from the answer to TERMS."""
        body = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
        self._terms = frozenset(row["term"]["value"] for row in body["results"]["bindings"])
        self._shapes = self._no_shapes()
        self._check.cache_clear()

    def check(self, query: str) -> CheckedQuery:
        """Checks a query against the guard and the limits, from a cache of checked queries; returns its form.

        Raises:
            RequestError: what is wrong with it, and where.
        """
        return self._check(query) if len(query) <= _LONGEST_REMEMBERED else self._check_anew(query)

    def rewrite(self, text: str, limits: Limits) -> str:
        """Rewrites the text that was made of a checked query, for an endpoint with the engine of the embedded one.

        Raises:
            QueryUnsupportedError: the engine cannot answer it as the standard says.
            QueryLimitError: it would grow too long or too deep.
        """
        edited = rewrite(read(text, limits, Names()), limits.max_bytes, limits.max_nesting, self._object_kinds)
        return edited.text if edited else text

    def needs_bulk(self, request: QueryRequest, checked: CheckedQuery) -> bool:
        """Whether the bulk triples must be among the data of a query."""
        if not checked.reaches_bulk:
            return False
        return request.bulk or any(beginning in request.query for beginning in self._bulk.subjects)

    def _check_anew(self, query: str) -> CheckedQuery:
        return check(query, self._limits, self._terms, self._base, self._object_kinds, self._bulk, self._shapes)

    def _no_shapes(self) -> Shapes[CheckedQuery]:
        return Shapes(self._terms, self._base, self._bulk)
