"""Every named query, every collection and some documents, in a version without statistics and one with a large table.

Imports a generated table, builds a version of the checkout with it and one without, serves both without a cache, and
asks both in turn. Prints the median of each in milliseconds and their ratio, the largest ratio first, and marks with
`!` what is more than 1.25 times slower or takes over 2 s.

    PYTHONPATH=service:tests python -m benchmarks.beside_statistics 757000

`reading_bulk` is the short form, which needs no table: it tells which queries read bulk triples at all.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.bulk_service import ROOT, build_both, served
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.namespaces import BASE, PREFIXES
from plangraf.sparql.named.binding import NamedQuery, load_queries
from plangraf.sparql.named.collection import Collection
from plangraf.sparql.named.collection_files import load_collections
from plangraf.sparql.safety import Limits, check
from plangraf.views.collections.members import facet_queries, order_query

_ID = f"{BASE}id/"
_SDMX = "http://purl.org/linked-data/sdmx/2009/"
_OBSERVATION = PREFIXES["qb"] + "Observation"
_PREDICATES = (
    PREFIXES["rdf"] + "type",
    PREFIXES["qb"] + "dataSet",
    f"{_SDMX}dimension#refArea",
    f"{_SDMX}dimension#refPeriod",
    f"{_SDMX}measure#obsValue",
    f"{_SDMX}attribute#unitMeasure",
    f"{_SDMX}attribute#obsStatus",
    PREFIXES["plan"] + "statusSymbol",
    f"{_ID}no/dimension/07459-Alder",
)
TERMS = BulkTerms(
    (f"{_ID}no/observation/07459-",),
    dict.fromkeys(_PREDICATES, 1),
    {_OBSERVATION: 1},
    frozenset((_OBSERVATION, f"{_ID}no/cube/07459", f"{_ID}5001/municipality/5001", PREFIXES["unit"] + "PERCENT")),
    1,
)
"""The terms of the observations of a table that has the municipality and the units of the plans."""
DOCUMENTS = ("5001/plan/2020-2023-7", "5001/perspective/2020-7", "5001/figure/2020-1.1", "5001/municipality/5001")
_ROUNDS = 5
_RATIO, _SLOW_MS = 1.25, 2_000


def reading_bulk(home: Path, terms: BulkTerms) -> set[str]:
    """The names of the named queries and collections that can match a bulk triple, with any of `arguments`."""
    asked: dict[str, list[str]] = {
        query.name: [query.bind({name: [value] for name, value in given.items()}) for given in arguments(query)]
        for query in load_queries(home / "queries").values()
    }
    for collection in load_collections(home / "queries").values():
        asked[f"/{collection.path}"] = list(collection_queries(collection))
    return {
        name for name, texts in asked.items() if any(check(text, Limits(), bulk=terms).reaches_bulk for text in texts)
    }


def arguments(query: NamedQuery) -> list[Mapping[str, str]]:
    """The arguments that a query needs, and all of its examples."""
    examples = {name: one.example for name, one in query.parameters.items() if one.example and name != "lang"}
    needed = {name for name, one in query.parameters.items() if not one.optional} | {*query.head.either[:1]}
    return [{name: value for name, value in examples.items() if name in needed}, examples]


def collection_queries(collection: Collection) -> Iterator[str]:
    """The queries for the order and the facets of a collection."""
    yield order_query(collection)
    for facet in collection.facets:
        yield from facet_queries(collection, facet)


def addresses(home: Path) -> Iterator[str]:
    for query in load_queries(home / "queries").values():
        for given in arguments(query):
            yield f"/queries/{query.name}.csv?{urlencode(given)}"
    for collection in load_collections(home / "queries").values():
        yield f"/{collection.path}.csv"
    for document in DOCUMENTS:
        yield f"/doc/{document}.ttl"
        yield f"/doc/{document}.html"


def _medians(clients: tuple[httpx.Client, httpx.Client], address: str) -> list[float]:
    found: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for client, times in zip(clients, found, strict=True):
            began = time.perf_counter()
            client.get(address).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    return [statistics.median(times) for times in found]


def main() -> None:
    observations = int(sys.argv[1]) if len(sys.argv) > 1 else 757_000
    with tempfile.TemporaryDirectory(prefix="plangraf-beside-") as folder:
        build_both(Path(folder), observations)
        compare(Path(folder))


def compare(folder: Path) -> None:
    """Prints the times of the versions `without` and `with` in a folder."""
    settings = {"PLANGRAF_CACHE_MB": "0"}
    with served(folder / "without", **settings) as plain, served(folder / "with", **settings) as wide:
        found = []
        for address in dict.fromkeys(addresses(ROOT)):
            try:
                without, beside = _medians((plain, wide), address)
            except httpx.HTTPStatusError as error:
                print(f"{error.response.status_code} {address}", flush=True)
                continue
            found.append((beside / without, without, beside, address))
        for ratio, without, beside, address in sorted(found, reverse=True):
            mark = "!" if ratio > _RATIO or beside > _SLOW_MS else " "
            print(f"{mark} {ratio:6.2f} {without:8.1f} ms {beside:8.1f} ms  {address}", flush=True)


if __name__ == "__main__":
    main()
