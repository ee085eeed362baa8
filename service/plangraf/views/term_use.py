"""Where a version uses its terms: counts of things by class and of statements by property, and an example of each.

All counts refer to the default graph, the union of all graphs without duplicates. They equal the results of COUNT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pyoxigraph import Literal

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.namespaces import ID, PLAN
from plangraf.views.declarations import LABELS
from plangraf.views.engine_answers import fetch_rows

_CLASSES = "SELECT ?of (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?of } GROUP BY ?of ORDER BY ?of"
_PROPERTIES = "SELECT ?of (COUNT(*) AS ?n) WHERE { ?s ?of ?o } GROUP BY ?of ORDER BY ?of"


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
    return _added(await _counts(snapshot, _CLASSES), snapshot.contents.bulk.classes)


async def property_counts(snapshot: Snapshot) -> Mapping[str, int]:
    """The number of statements with each property, by the IRI of the property; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    return _added(await _counts(snapshot, _PROPERTIES), snapshot.contents.bulk.predicates)


async def examples(snapshot: Snapshot) -> Mapping[str, Example]:
    """A thing for each term of ours that is used outside of bulk files, by the IRI of the term; a part of a snapshot.

    Raises:
        PlangrafError: the engine cannot answer the query.
    """
    classes = _ours(await snapshot.part(class_counts))
    properties = _ours(await snapshot.part(property_counts))
    # The first thing of each class and the first one with each property. Naming the terms halves the time of a scan.
    query = f"""SELECT ?of (MIN(?s) AS ?thing) WHERE {{
      {{ VALUES ?of {{ {classes} }} ?s a ?of }} UNION {{ VALUES ?of {{ {properties} }} ?s ?of ?o }}
      FILTER (STRSTARTS(STR(?s), "{ID}"))
    }} GROUP BY ?of ORDER BY ?of"""
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    chosen = {row["of"]["value"]: row["thing"]["value"] for row in rows}
    things = " ".join(f"<{iri}>" for iri in dict.fromkeys(chosen.values()))
    predicates = " ".join(map(str, LABELS))
    query = f"SELECT ?s ?label WHERE {{ VALUES ?p {{ {predicates} }} VALUES ?s {{ {things} }} ?s ?p ?label }}"
    labels: dict[str, set[Literal]] = {}
    for row in await fetch_rows(snapshot.engine, query, bulk=False) if things else ():
        text = Literal(row["label"]["value"], language=row["label"].get("xml:lang"))
        labels.setdefault(row["s"]["value"], set()).add(text)
    return {of: Example(iri, tuple(sorted(labels.get(iri, ()), key=str))) for of, iri in chosen.items()}


def _ours(counts: Mapping[str, int]) -> str:
    return " ".join(f"<{iri}>" for iri in counts if iri.startswith(PLAN))


async def _counts(snapshot: Snapshot, query: str) -> dict[str, int]:
    rows = await fetch_rows(snapshot.engine, query, bulk=False)
    return {row["of"]["value"]: int(row["n"]["value"]) for row in rows}


def _added(counts: Mapping[str, int], bulk: Mapping[str, int]) -> dict[str, int]:
    """Adds the counts of bulk triples, which no query needs to count again: their subjects are nobody else's."""
    return dict(sorted((Counter(counts) + Counter(bulk)).items()))
