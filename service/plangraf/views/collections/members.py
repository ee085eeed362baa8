"""Which things a collection holds, in which order, and which of them a filter leaves: worked out once per version.

SPARQL sorts by code point, so the service sorts: one query fetches what decides the order of a whole collection, its
keys follow `collation`, and the order stays in memory, as do the values of each facet once somebody asks for them.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from starlette.concurrency import run_in_threadpool

from plangraf.engines.base import Engine, QueryRequest
from plangraf.rdf import collation
from plangraf.rdf.formats import JSON
from plangraf.sparql.named.collection import Collection, Facet
from plangraf.views.describe import defined_terms
from plangraf.views.fetching import fetch_bytes

# Things of all orders in memory together; the orders used least recently go first.
_MOST_THINGS = 1_000_000
_LANGUAGES = ("nb", "nn", "se", "en")
_OWN_VARIABLE = re.compile(r"\?(value|step)\b")


class SwitchedError(Exception):
    """Another version came to be served between two queries: what was read does not belong together."""


@dataclass(slots=True)
class Index:
    """The things of one collection in one version, in order; `facets` holds value → places in `things`."""

    collection: Collection
    version: str
    things: tuple[str, ...]
    facets: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)


class Indexes:
    """The orders that one process keeps, made when first asked for."""

    def __init__(self, most: int = _MOST_THINGS) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Index] = OrderedDict()
        self._making: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, engine: Engine, collection: Collection) -> Index:
        """The order of a collection in the version that is served now.

        Raises:
            PlangrafError: what the engine raises.
        """
        if (found := self._find(engine.version, collection)) is not None:
            return found
        async with self._making[collection.path]:
            if (found := self._find(engine.version, collection)) is not None:
                return found
            usable = collection.usable(await defined_terms(engine))
            if usable.classes:
                rows, version = await _rows(engine, order_query(usable))
            else:
                rows, version = [], engine.version
            things = await run_in_threadpool(in_order, rows, len(usable.order))
            index = self._kept[version, collection.path] = Index(collection, version, things)
            while len(self._kept) > 1 and sum(len(kept.things) for kept in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
            return index

    async def facet(self, engine: Engine, index: Index, facet: Facet) -> Mapping[str, tuple[int, ...]]:
        """The places of the things that have each value of a facet, ascending.

        Raises:
            SwitchedError: the index is of another version than the one served now.
            PlangrafError: what the engine raises.
        """
        if facet.name not in index.facets:
            async with self._making[f"{index.collection.path}?{facet.name}"]:
                if facet.name not in index.facets:
                    usable = index.collection.usable(await defined_terms(engine))
                    queries = facet_queries(usable, facet) if usable.classes and facet in usable.facets else []
                    found = [await _rows(engine, query) for query in queries]
                    if any(version != index.version for _, version in found):
                        raise SwitchedError
                    steps = [rows for rows, _ in found]
                    index.facets[facet.name] = await run_in_threadpool(_places, index.things, steps)
        return index.facets[facet.name]

    def _find(self, version: str, collection: Collection) -> Index | None:
        found = self._kept.get((version, collection.path))
        if found is not None:
            self._kept.move_to_end((version, collection.path))
        return found


async def select(indexes: Indexes, engine: Engine, index: Index, filters: Mapping[Facet, str]) -> Sequence[int]:
    """The places of the things that have all given values, ascending; all places without a filter.

    Raises:
        SwitchedError, PlangrafError: as Indexes.facet.
    """
    left: set[int] | None = None
    for facet, value in filters.items():
        places = (await indexes.facet(engine, index, facet)).get(value, ())
        left = set(places) if left is None else left.intersection(places)
    return range(len(index.things)) if left is None else sorted(left)


async def counts(
    indexes: Indexes, engine: Engine, index: Index, facet: Facet, places: Sequence[int]
) -> list[tuple[str, int]]:
    """How many of the selected things have each value of a facet, the most frequent first, none with 0.

    Raises:
        SwitchedError, PlangrafError: as Indexes.facet.
    """
    values = await indexes.facet(engine, index, facet)
    if len(places) == len(index.things):
        found = [(value, len(those)) for value, those in values.items()]
    else:
        selected = set(places)
        found = [(value, len(selected.intersection(those))) for value, those in values.items()]
    return sorted(
        ((value, number) for value, number in found if number),
        key=lambda pair: (-pair[1], collation.key(pair[0])),
    )


def order_query(collection: Collection) -> str:
    """What decides the order, one column `k0`, `k1`, … for each of its patterns."""
    keys = range(len(collection.order))
    optional = " ".join(
        f"OPTIONAL {{ {_OWN_VARIABLE.sub(lambda match, n=n: f'?{match[1]}{n}', pattern)} }}"  # type: ignore[misc]
        for n, pattern in enumerate(collection.order)
    )
    columns = " ".join(f"(?value{n} AS ?k{n})" for n in keys)
    return f"SELECT ?thing {columns} WHERE {{ {collection.members} {optional} }}"


def facet_queries(collection: Collection, facet: Facet) -> list[str]:
    """What asks for each value of each thing, or for each step of each thing and then for each value of each step."""
    if facet.through is None:
        return [f"SELECT DISTINCT ?thing ?value WHERE {{ {collection.members} {facet.pattern} }}"]
    return [
        f"SELECT DISTINCT ?thing (?step AS ?value) WHERE {{ {collection.members} {facet.through} }}",
        f"SELECT DISTINCT (?step AS ?thing) ?value WHERE {{ {facet.pattern} }}",
    ]


_Row = dict[str, dict[str, str]]


async def _rows(engine: Engine, query: str) -> tuple[list[_Row], str]:
    body, version = await fetch_bytes(engine, QueryRequest(query=query, format=JSON))
    parsed = await run_in_threadpool(orjson.loads, body)
    rows: list[_Row] = parsed["results"]["bindings"]
    return rows, version


def in_order(rows: Sequence[_Row], keys: int) -> tuple[str, ...]:
    """The things of the order query's rows, each once, in order.

    Of a text in several languages Bokmål decides, else Nynorsk, Northern Sámi, English; of several values the first.
    What has no value stands after what has one; things that are alike stand by IRI.
    """
    names = [f"k{n}" for n in range(keys)]
    best: dict[str, list[tuple[int, str]]] = {}
    missing = (len(_LANGUAGES) + 1, collation.MISSING)
    # Numbers and municipalities come again and again.
    keys_of: dict[str, str] = {}
    for row in rows:
        thing = row["thing"]["value"]
        known = best.get(thing)
        if known is None:
            known = best[thing] = [missing] * keys
        for n, name in enumerate(names):
            value = row.get(name)
            if value is None:
                continue
            text = value["value"]
            if (key := keys_of.get(text)) is None:
                key = keys_of[text] = collation.key(text)
            candidate = (_rank(value.get("xml:lang")), key)
            known[n] = min(known[n], candidate)
    decided = {thing: [text for _, text in found] for thing, found in best.items()}
    return tuple(sorted(decided, key=lambda thing: (decided[thing], thing)))


def _rank(language: str | None) -> int:
    if language is None:
        return 0
    return _LANGUAGES.index(language) if language in _LANGUAGES else len(_LANGUAGES)


def _places(things: Sequence[str], steps: Sequence[Sequence[_Row]]) -> dict[str, tuple[int, ...]]:
    """The places of the things of each value, from the rows of `facet_queries`."""
    place = {thing: number for number, thing in enumerate(things)}
    found: dict[str, set[int]] = {}
    for row in steps[0] if steps else ():
        if "value" in row:
            found.setdefault(row["value"]["value"], set()).add(place[row["thing"]["value"]])
    for rows in steps[1:]:
        before, found = found, {}
        for row in rows:
            if (places := before.get(row["thing"]["value"])) is not None:
                found.setdefault(row["value"]["value"], set()).update(places)
    return {value: tuple(sorted(places)) for value, places in found.items()}
