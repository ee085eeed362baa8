"""Measures the quality of one dataset, in W3C's Data Quality Vocabulary (https://www.w3.org/TR/vocab-dqv/).

The named query `quality` gives the numbers for each request of a dataset's document, because a version holds no counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from pyoxigraph import Literal, NamedNode

from plangraf.engines.base import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Statements
from plangraf.rdf.namespaces import PREFIXES, SCHEME, local_name
from plangraf.views.describe import Description, fetch_labels
from plangraf.views.engine_answers import fetch_rows

_DATASET = NamedNode(PREFIXES["dcat"] + "Dataset")
_METRICS = SCHEME + "quality-metric/"
METRIC, VALUE, _HAS, _ON = (
    NamedNode(PREFIXES["dqv"] + name) for name in ("isMeasurementOf", "value", "hasQualityMeasurement", "computedOn")
)
CLASS = NamedNode(PREFIXES["dcterms"] + "subject")
_MEASUREMENT = NamedNode(PREFIXES["dqv"] + "QualityMeasurement")


def is_dataset(description: Description) -> bool:
    return (description.thing, RDF_TYPE, _DATASET) in description.own


async def findings(snapshot: Snapshot, dataset: NamedNode) -> int:
    """The number of results of shapes and checks for a dataset, from the build report of the version."""
    by_dataset = await snapshot.part(_load_findings)
    return by_dataset.get("/".join(dataset.value.rsplit("/", 3)[-3::2]), 0)


async def _load_findings(snapshot: Snapshot) -> Mapping[str, int]:
    return await asyncio.to_thread(snapshot.contents.findings)


async def with_quality(snapshot: Snapshot, description: Description, query: str) -> Description:
    """Adds the quality measurements, and the labels of metrics and classes, to the document of a dataset.

    Args:
        snapshot: the leased version.
        description: the document of the dataset.
        query: the named query `quality`, bound to the dataset: columns metric, class, value.
    Raises:
        PlangrafError: what the engine raises.
    """
    engine = snapshot.engine
    quality = await measurements(engine, description.thing, query)
    found = await findings(snapshot, description.thing)
    quality += _measurement(description.thing, "findings", None, str(found))
    mentioned = {o for _, p, o in quality if p in (METRIC, CLASS) and isinstance(o, NamedNode)}
    known = set(description.graph)
    named = [triple for triple in await fetch_labels(engine, mentioned) if triple not in known]
    return replace(description, quality=quality, named=[*description.named, *named])


async def measurements(engine: Engine, dataset: NamedNode, query: str) -> Statements:
    """The quality measurements of a dataset, one per metric and class.

    Args:
        engine: the engine of the version.
        dataset: the dataset; the IRI of a measurement combines dataset, metric and class (`…#completeness-Plan`).
        query: the named query `quality`, bound to the dataset: columns metric, class, value.
    Raises:
        PlangrafError: what the engine raises.
    """
    graph: Statements = []
    for row in await fetch_rows(engine, query):
        metric, about = row["metric"]["value"], row.get("class", {}).get("value")
        graph += _measurement(dataset, metric, about, row["value"]["value"])
    return graph


def _measurement(dataset: NamedNode, metric: str, about: str | None, value: str) -> Statements:
    name = metric if about is None else f"{metric}-{local_name(about)}"
    measurement = NamedNode(f"{dataset.value}#{name}")
    graph: Statements = [
        (dataset, _HAS, measurement),
        (measurement, RDF_TYPE, _MEASUREMENT),
        (measurement, METRIC, NamedNode(_METRICS + metric)),
        (measurement, _ON, dataset),
        (measurement, VALUE, Literal(value, datatype=NamedNode(PREFIXES["xsd"] + "decimal"))),
    ]
    if about is not None:
        graph.append((measurement, CLASS, NamedNode(about)))
    return graph
