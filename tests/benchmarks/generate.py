"""Generates plan data of any size with the shape of the real data. The same seed and size give the same bytes.

Municipalities share the triples by Zipf's law, and so do the fan-outs of things. The lines are sorted by
municipality, so that ten million triples need only the memory of the largest one. Each triple is in one named graph
only, so that peers with the union have the same number of triples.
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from benchmarks.municipality import GRAPH, Blocks, shared_lines
from benchmarks.names import MUNICIPALITIES
from plangraf.store.versions import Version, VersionStore

SEED = 7
SDG_FILES = Path(__file__).resolve().parents[2] / "data" / "sdg"

# The share of the r-th largest municipality is as 1 to r to this power.
_SKEW = 0.9
# The largest number of terms in a pool of parameters.
_POOL = 4000

Pools = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Data:
    """Generated data in files: N-Quads (sorted, unique) and the union of the graphs as N-Triples.

    `pools` gives, for each kind of parameter of a query, terms in SPARQL's notation that occur in the data.
    """

    triples: int
    graphs: dict[str, int]
    pools: Pools
    nquads: Path
    ntriples: Path


def lines(triples: int, seed: int = SEED, pools: Pools | None = None) -> Iterator[str]:
    """The N-Quads lines, without newline, sorted and unique; at least `triples`, and at most 100 more.

    Args:
        triples: how many, from 10 000.
        seed: other seeds give other data of the same shape.
        pools: is filled with terms to draw parameters from, when given.
    """
    shared = sorted({*shared_lines(), *_sdg_lines()})
    chance = Random(seed)
    kept = _Reservoir({} if pools is None else pools, Random(seed + 1))
    return heapq.merge(shared, _municipal_lines(triples - len(shared), chance, kept))


def write(folder: Path, triples: int, seed: int = SEED) -> Data:
    """Generates data into `folder` as data.nq and data.nt."""
    pools: Pools = {}
    graphs: Counter[str] = Counter()
    nquads, ntriples = folder / "data.nq", folder / "data.nt"
    with nquads.open("w", encoding="utf-8", newline="\n") as quads, ntriples.open("w", encoding="utf-8") as union:
        for line in lines(triples, seed, pools):
            triple, _, graph = line[:-2].rpartition(" ")
            graphs[graph[1:-1]] += 1
            quads.write(line + "\n")
            union.write(triple + " .\n")
    return Data(graphs.total(), dict(sorted(graphs.items())), pools, nquads, ntriples)


def write_version(data: Data, versions: Path) -> Version:
    """Writes generated data as a version that `plangraf serve --no-build` can serve."""
    manifest = {"triples": data.triples, "quads": data.triples, "graphs": data.graphs, "warnings": {}}
    with data.nquads.open("rb") as file:
        return VersionStore(versions).write((line.rstrip(b"\n") for line in file), manifest)


def _municipal_lines(triples: int, chance: Random, kept: _Reservoir) -> Iterator[str]:
    """All municipalities in the order of their numbers, each sorted, up to `triples` lines."""
    ranks = list(range(1, len(MUNICIPALITIES) + 1))
    chance.shuffle(ranks)
    whole = sum(rank**-_SKEW for rank in ranks)
    written, share = 0, 0.0
    for index, (number, rank) in enumerate(zip(MUNICIPALITIES, ranks, strict=True)):
        share += rank**-_SKEW / whole
        # The last one takes what is left, and no rounding of the shares decides.
        end = triples if index == len(MUNICIPALITIES) - 1 else round(triples * share)
        own: list[str] = []
        for block in Blocks(number, Random(chance.random())).all():
            if written + len(own) >= end:
                break
            own += block.lines
            for kind, term in block.named:
                kept.add(kind, term)
        written += len(own)
        yield from sorted(own)


def _sdg_lines() -> Iterable[str]:
    """The UN goals and targets with the labels of this checkout."""
    graph = NamedNode(f"{GRAPH}sdg")
    for path in sorted(SDG_FILES.glob("*.ttl")):
        for quad in parse(path=path, format=RdfFormat.TURTLE):
            yield f"{Quad(quad.subject, quad.predicate, quad.object, graph)} ."


class _Reservoir:
    """A uniform sample of the added terms, at most `_POOL` of each kind."""

    def __init__(self, pools: Pools, chance: Random) -> None:
        self._pools = pools
        self._seen: Counter[str] = Counter()
        self._chance = chance

    def add(self, kind: str, term: str) -> None:
        pool = self._pools.setdefault(kind, [])
        self._seen[kind] += 1
        if len(pool) < _POOL:
            pool.append(term)
        elif (place := self._chance.randrange(self._seen[kind])) < _POOL:
            pool[place] = term


def main() -> None:
    parser = argparse.ArgumentParser(description="Write made-up plan data: data.nq, data.nt and a version.")
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    data = write(given.folder, given.triples, given.seed)
    version = write_version(data, given.folder / "versions")
    print(json.dumps({"triples": data.triples, "graphs": len(data.graphs), "version": version.id}))


if __name__ == "__main__":
    main()
