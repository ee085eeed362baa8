"""Computes the order of a collection and its filters once per version, or reads what the build has arranged.

The service sorts, because SPARQL sorts by code point. One query fetches the sort values of a whole collection, and
`collation_key` turns them into keys. The order is a part of the snapshot, as are the values of each facet once
requested. A build does the same for long lists, and writes the result, see `list_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from starlette.concurrency import run_in_threadpool

from plangraf.engines.interface import QueryRequest
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.formats import JSON
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.views.collections.collation import LAST_KEY, collation_key, language_rank
from plangraf.views.collections.facet_values import FacetValues
from plangraf.views.collections.list_files import LISTS, read_order, read_values
from plangraf.views.describe import defined_terms
from plangraf.views.engine_answers import fetch_bytes

_OWN_VARIABLE = re.compile(r"\?(value|step)\b")
# After the rank of every language.
_MISSING = (1_000, LAST_KEY)
_Row = dict[str, dict[str, str]]
SortRow = tuple[str, Sequence[tuple[str, str | None] | None]]
"""A thing, and for each pattern of the order a text with its language, or None."""


async def order(snapshot: Snapshot, collection: Collection) -> Sequence[str]:
    """The things of a collection in order; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    usable = collection.usable(await snapshot.part(defined_terms))
    if not usable.classes:
        return ()
    query = order_query(usable)
    kept = await run_in_threadpool(read_order, snapshot.contents.version.path / LISTS, collection.path, query)
    if kept is not None:
        return kept
    rows = await fetch_sort_rows(snapshot, query)
    return await run_in_threadpool(in_order, _sort_rows(rows, len(usable.order)))


async def facet_values(snapshot: Snapshot, collection: Collection, facet: Facet) -> FacetValues:
    """The values of a facet with the places of their things in the order; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    things = await snapshot.part(order, collection)
    usable = collection.usable(await snapshot.part(defined_terms))
    if not usable.classes or facet not in usable.facets:
        return FacetValues.of({}, len(things))
    queries = [order_query(usable), *facet_queries(usable, facet)]
    folder = snapshot.contents.version.path / LISTS
    kept = await run_in_threadpool(read_values, folder, collection.path, facet.name, queries)
    if kept is not None and len(kept) == len(things):
        return kept
    steps = [_pairs(await fetch_sort_rows(snapshot, query)) for query in queries[1:]]
    return await run_in_threadpool(places_of, things, steps)


async def select(snapshot: Snapshot, collection: Collection, filters: Mapping[Facet, str]) -> Sequence[int]:
    """The ascending places of the things that match all filters; all places without a filter.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    left: Sequence[int] | None = None
    for facet, value in filters.items():
        places = (await snapshot.part(facet_values, collection, facet)).places_of(value)
        left = places if left is None else sorted(set(left).intersection(places))
    return range(len(await snapshot.part(order, collection))) if left is None else left


def order_query(collection: Collection) -> str:
    """The query for the sort values, one column `k0`, `k1`, … for each pattern of the order."""
    keys = range(len(collection.order))
    optional = " ".join(
        f"OPTIONAL {{ {_OWN_VARIABLE.sub(lambda match, n=n: f'?{match[1]}{n}', pattern)} }}"  # type: ignore[misc]
        for n, pattern in enumerate(collection.order)
    )
    columns = " ".join(f"(?value{n} AS ?k{n})" for n in keys)
    return f"SELECT ?thing {columns} WHERE {{ {collection.members} {optional} }}"


def facet_queries(collection: Collection, facet: Facet) -> list[str]:
    """The queries for the values of each thing: one query, or one for the steps and one for the values of the steps."""
    classes = " ".join(f"<{iri}>" for iri in collection.classes)
    if facet.through is None and collection.narrowed is None and facet.pattern.startswith("GRAPH "):
        # Each triple stands in a graph, and the engine seldom begins with the class when it must find it twice.
        return [f"SELECT DISTINCT ?thing ?value WHERE {{ VALUES ?class {{ {classes} }} {facet.pattern} }}"]
    if facet.through is None:
        return [f"SELECT DISTINCT ?thing ?value WHERE {{ {collection.members} {facet.pattern} }}"]
    return [
        f"SELECT DISTINCT ?thing (?step AS ?value) WHERE {{ {collection.members} {facet.through} }}",
        f"SELECT DISTINCT (?step AS ?thing) ?value WHERE {{ {facet.pattern} }}",
    ]


async def fetch_sort_rows(snapshot: Snapshot, query: str) -> list[_Row]:
    """The rows of a query over a whole collection, parsed off the event loop.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    body = await fetch_bytes(snapshot.engine, QueryRequest(query=query, format=JSON))
    parsed = await run_in_threadpool(orjson.loads, body)
    rows: list[_Row] = parsed["results"]["bindings"]
    return rows


def in_order(rows: Iterable[SortRow]) -> tuple[str, ...]:
    """Sorts the things in the rows of the order query; each thing appears once.

    The text in Bokmål decides, else in Nynorsk, Northern Sámi, English. Of several values the first in order decides.
    Things without a value follow those with one; equal things are sorted by IRI.
    """
    best: dict[str, list[tuple[int, str]]] = {}
    # Memoised, because numbers and municipalities repeat often.
    keys_of: dict[str, str] = {}
    for thing, values in rows:
        known = best.get(thing)
        if known is None:
            known = best[thing] = [_MISSING] * len(values)
        for n, value in enumerate(values):
            if value is None:
                continue
            text, language = value
            if (key := keys_of.get(text)) is None:
                key = keys_of[text] = collation_key(text)
            known[n] = min(known[n], (language_rank(language), key))
    decided = {thing: [text for _, text in found] for thing, found in best.items()}
    return tuple(sorted(decided, key=lambda thing: (decided[thing], thing)))


def places_of(things: Sequence[str], steps: Sequence[Iterable[tuple[str, str]]]) -> FacetValues:
    """The values of a facet.

    Args:
        things: all things in order.
        steps: pairs of thing and value, the rows of `facet_queries`.
    """
    place = {thing: number for number, thing in enumerate(things)}
    found: dict[str, set[int]] = {}
    for thing, value in steps[0]:
        if thing in place:
            found.setdefault(value, set()).add(place[thing])
    for step in steps[1:]:
        before, found = found, {}
        for thing, value in step:
            if (places := before.get(thing)) is not None:
                found.setdefault(value, set()).update(places)
    return FacetValues.of(found, len(things))


def _sort_rows(rows: Sequence[_Row], keys: int) -> Iterator[SortRow]:
    names = [f"k{n}" for n in range(keys)]
    for row in rows:
        values = [(one["value"], one.get("xml:lang")) if (one := row.get(name)) else None for name in names]
        yield row["thing"]["value"], values


def _pairs(rows: Sequence[_Row]) -> Iterator[tuple[str, str]]:
    """Things with their values; a row without a value has none."""
    return ((row["thing"]["value"], row["value"]["value"]) for row in rows if "value" in row)
