"""Where a version uses its terms: counts of things by class and of statements by property, and an example of each.

All counts refer to the default graph, the union of all graphs without duplicates. A version has them in a file; those
of a version of an earlier release are queried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode
from starlette.concurrency import run_in_threadpool

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.namespaces import ID, PLAN
from plangraf.rdf.term_counts import TermCounts
from plangraf.views.declarations import LABELS
from plangraf.views.engine_answers import fetch_properties, fetch_rows

_CLASSES = "SELECT ?of (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?of } GROUP BY ?of ORDER BY ?of"
_PROPERTIES = "SELECT ?of (COUNT(*) AS ?n) WHERE { ?s ?of ?o } GROUP BY ?of ORDER BY ?of"
_CROSSED = f"""SELECT ?class ?of (COUNT(*) AS ?n) WHERE {{
  ?s a ?class ; ?of ?o FILTER (?of != <{RDF_TYPE.value}>)
}} GROUP BY ?class ?of ORDER BY ?class ?of"""


@dataclass(frozen=True, slots=True)
class Example:
    """A thing of the data, with its labels; without any it has no name of its own."""

    iri: str
    labels: tuple[Literal, ...]


async def class_counts(snapshot: Snapshot) -> Mapping[str, int]:
    """The number of things of each class, by the IRI of the class; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    known = await snapshot.part(_known)
    return _added(known.classes if known else await _count(snapshot, _CLASSES), snapshot.contents.bulk.classes)


async def property_counts(snapshot: Snapshot) -> Mapping[str, int]:
    """The number of statements with each property, by the IRI of the property; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    known = await snapshot.part(_known)
    return _added(known.properties if known else await _count(snapshot, _PROPERTIES), snapshot.contents.bulk.predicates)


async def crossed_counts(snapshot: Snapshot) -> Mapping[str, Mapping[str, int]]:
    """By class, the number of statements about its things with each property but rdf:type, without bulk files.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    if known := await snapshot.part(_known):
        return known.crossed
    found: dict[str, dict[str, int]] = {}
    for row in await fetch_rows(snapshot.engine, _CROSSED, bulk=False):
        found.setdefault(row["class"]["value"], {})[row["of"]["value"]] = int(row["n"]["value"])
    return found


async def examples(snapshot: Snapshot) -> Mapping[str, Example]:
    """A thing for each term of ours that is used outside of bulk files, by the IRI of the term; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    known = await snapshot.part(_known)
    chosen = known.examples if known else await _find_examples(snapshot)
    things = {iri: NamedNode(iri) for iri in chosen.values()}
    named = Graph(await fetch_properties(snapshot.engine, things.values(), LABELS))
    labels = {
        iri: tuple(sorted({text for name in LABELS for text in named.literals(thing, name)}, key=str))
        for iri, thing in things.items()
    }
    return {of: Example(iri, labels[iri]) for of, iri in chosen.items()}


async def _known(snapshot: Snapshot) -> TermCounts | None:
    return await run_in_threadpool(snapshot.contents.term_counts)


async def _find_examples(snapshot: Snapshot) -> dict[str, str]:
    """The first thing of each class and the first with each property. Naming the terms halves the time of a scan."""
    classes = _ours(await snapshot.part(class_counts))
    properties = _ours(await snapshot.part(property_counts))
    query = f"""SELECT ?of (MIN(?s) AS ?thing) WHERE {{
      {{ VALUES ?of {{ {classes} }} ?s a ?of }} UNION {{ VALUES ?of {{ {properties} }} ?s ?of ?o }}
      FILTER (STRSTARTS(STR(?s), "{ID}"))
    }} GROUP BY ?of ORDER BY ?of"""
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    return {row["of"]["value"]: row["thing"]["value"] for row in rows}


def _ours(counts: Mapping[str, int]) -> str:
    return " ".join(f"<{iri}>" for iri in counts if iri.startswith(PLAN))


async def _count(snapshot: Snapshot, query: str) -> dict[str, int]:
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    return {row["of"]["value"]: int(row["n"]["value"]) for row in rows}


def _added(counts: Mapping[str, int], bulk: Mapping[str, int]) -> dict[str, int]:
    """Adds the counts of bulk triples, which no query needs to count again: their subjects are nobody else's."""
    return dict(sorted((Counter(counts) + Counter(bulk)).items()))
