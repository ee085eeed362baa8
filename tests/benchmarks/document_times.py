"""Compares our JSON-LD documents with framing by pyld and with one CONSTRUCT per request, as in Prez.

`python tests/benchmarks/document_times.py VERSIONS` prints ratios for one thing of each class. From graph to bytes it
compares our compaction with pyld's fromRdf and frame. Over HTTP it compares our document with a client that sends a
CONSTRUCT for the same triples and lets rdflib write expanded JSON-LD. Nothing is cached, and all candidates alternate
in one run. Their graphs are compared first. Read the ratios, because the times depend on the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import rdflib
from pyld import jsonld
from pyoxigraph import NamedNode, RdfFormat, parse

from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import Statements, canonical
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.jsonld_documents import Frame, compact_document, dump
from plangraf.rdf.namespaces import ID
from plangraf.settings import Settings, default_home
from plangraf.store.contents import Contents
from plangraf.store.versions import VersionStore
from plangraf.views.declarations import load_frames
from plangraf.views.describe import Description, describe

CONTEXT = json.loads((Path(__file__).resolve().parents[2] / "ontology" / "context.jsonld").read_bytes())
ADDRESS = "http://127.0.0.1:8000/context/v1.jsonld"
THINGS = (
    "5001/plan/2020-2023-7",
    "5001/perspective/2020-7",
    "5001/case/bystyret-68-19",
    "5001/commitment/2023-6-11",
    "5001/sub-goal/2009-2020-2.4",
    "5001/evidence/planstrategi-2020-2023-plan-2020-2023-7-printed",
)


def load_context(address: str, _options: Mapping[str, Any]) -> dict[str, Any]:
    if address != ADDRESS:
        raise ValueError(f"{address} is not the context of the project")
    return {"contextUrl": None, "documentUrl": address, "document": CONTEXT}


OPTIONS = {"documentLoader": load_context, "format": "application/n-quads", "useNativeTypes": True}


def json_ld_frame(frame: Frame) -> dict[str, Any]:
    """Our frame as a JSON-LD frame. A nested thing may lack the properties in its frame."""
    written: dict[str, Any] = {"@type": {}}
    written |= {name.value: json_ld_frame(deeper) for name, deeper in frame.forward.items()}
    if frame.reverse:
        written["@reverse"] = {name.value: json_ld_frame(deeper) for name, deeper in frame.reverse.items()}
    return written


def ours(context: Context, description: Description) -> bytes:
    return dump(compact_document(context, description.thing, description.graph, description.frame))


def framed(description: Description) -> bytes:
    """The document framed by pyld. It lacks the incoming links that the frame does not name."""
    frame = {
        "@context": ADDRESS,
        "@id": description.thing.value,
        **json_ld_frame(description.frame),
    }
    expanded = jsonld.from_rdf(n_triples(description.graph), OPTIONS)
    return json.dumps(jsonld.frame(expanded, frame, OPTIONS)).encode()


def n_triples(graph: Statements) -> str:
    return "".join(f"{s} {p} {o} .\n" for s, p, o in graph)


def meaning(document: bytes) -> set[Any]:
    """The graph of a JSON-LD document, as pyld reads it."""
    quads = jsonld.to_rdf(json.loads(document), OPTIONS)
    return set(canonical(quad.triple for quad in parse(quads.encode(), RdfFormat.N_TRIPLES)))


def construct(description: Description) -> str:
    """One CONSTRUCT for all triples of the document. It names the things, which Prez would have to find first."""
    subjects = sorted({str(s) for s, _, _ in description.graph if isinstance(s, NamedNode)})
    predicates = ", ".join(sorted({str(p) for _, p, _ in description.graph}))
    pattern = f"VALUES ?s {{ {' '.join(subjects)} }} ?s ?p ?o FILTER (?p IN ({predicates}))"
    return f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"


def by_construct(client: httpx.Client, query: str, number: int) -> bytes:
    """A document as in Prez: one query over HTTP, whose triples rdflib serialises."""
    body = {"query": f"{query} # {number}"}
    response = client.post("/sparql", data=body, headers={"Accept": "text/turtle"}).raise_for_status()
    return rdflib.Graph().parse(data=response.content, format="turtle").serialize(format="json-ld").encode()


@dataclass(frozen=True, slots=True)
class Line:
    """Medians in milliseconds for one thing; `triples` is the size of its document."""

    thing: str
    triples: int
    ours: float
    pyld: float
    served: float
    constructed: float


def median_ms(work: Callable[[int], object], seconds: float) -> float:
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < until:
        began = time.perf_counter()
        work(len(times))
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


async def descriptions(snapshot: Snapshot, things: tuple[str, ...]) -> list[Description]:
    frames = load_frames(default_home())
    found = [await describe(snapshot, ID + key, frames) for key in things]
    missing = [key for key, description in zip(things, found, strict=True) if description is None]
    if missing:
        raise SystemExit(f"This version has no {', '.join(missing)}.")
    return [description for description in found if description is not None]


async def described(versions: Path) -> list[Description]:
    version = VersionStore(versions).current()
    engine = EmbeddedEngine(version, Settings(query_workers=1))
    await engine.start()
    try:
        return await descriptions(Snapshot(Contents.read(version), engine), THINGS)
    finally:
        await engine.close()


def compare(url: str, found: list[Description], seconds: float) -> list[Line]:
    """One line for each document; what does not mean the same is no result.

    Args:
        url: of a server over the same version that keeps no answers.
        found: the documents.
        seconds: how long each of the four is timed.
    """
    context = Context(CONTEXT, ADDRESS)
    lines = []
    with httpx.Client(base_url=url) as client:
        for description in found:
            expected = set(description.graph)
            key = description.thing.value.removeprefix(ID)
            if meaning(ours(context, description)) != expected:
                raise SystemExit(f"Our document of {key} is another graph.")
            if not meaning(framed(description)) <= expected:
                raise SystemExit(f"pyld's document of {key} says what the graph does not.")
            query = construct(description)

            def served(_number: int, path: str = f"/doc/{key}.jsonld") -> None:
                client.get(path).raise_for_status()

            def constructed(number: int, query: str = query) -> None:
                by_construct(client, query, number)

            lines.append(
                Line(
                    key,
                    len(description.graph),
                    median_ms(lambda _, d=description: ours(context, d), seconds),
                    median_ms(lambda _, d=description: framed(d), seconds),
                    median_ms(served, seconds),
                    median_ms(constructed, seconds),
                )
            )
    return lines


def table(lines: list[Line]) -> str:
    rows = [
        "| document | triples | to bytes: ours, ms | pyld / ours | served: ours, ms | CONSTRUCT and rdflib / ours |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {line.thing} | {line.triples} | {line.ours:.3f} | {line.pyld / line.ours:.0f} | {line.served:.1f} "
        f"| {line.constructed / line.served:.1f} |"
        for line in lines
    ]
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    from start_up import start, stop

    if len(arguments) != 1:
        print("usage: python tests/benchmarks/document_times.py VERSIONS", file=sys.stderr)
        return 2
    versions = Path(arguments[0]).absolute()
    found = asyncio.run(described(versions))
    os.environ["PLANGRAF_CACHE_MB"] = "0"
    process, url, _ = start(versions, "--no-build", "--workers", "1")
    try:
        print(table(compare(url, found, seconds=1.0)))
    finally:
        stop(process)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
