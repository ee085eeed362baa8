"""Finds two observations of one data set with the same dimensions: rule IC-12 of the data cube.

The specification's own query compares each observation with each other one. Here each structure has a query that
groups by its dimensions, which takes as long as sorting. https://www.w3.org/TR/vocab-data-cube/#ic-12
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pyoxigraph
from pyoxigraph import Literal, NamedNode

from plangraf.checks.data_graph import DataGraph
from plangraf.diagnostics.diagnostic import FileDiagnostic, in_file
from plangraf.rdf.namespaces import compact, terms
from plangraf.rdf.quad_lines import Queried
from plangraf.sources.turtle import Locate

qb = terms("qb")
RULE = "cube-keys"


def key_problems(data: DataGraph, locate: Locate, nodes: Collection[str] | None = None) -> list[FileDiagnostic]:
    """One problem for each combination of dimensions that several observations of a data set have.

    Args:
        data: what is checked.
        locate: where a thing, by its IRI, stands in the source files.
        nodes: IRIs of the only things to tell about; None tells all.
    """
    found = []
    for dataset, structures in data.subject_objects(qb("structure")):
        if not isinstance(dataset, NamedNode):
            continue
        for structure in sorted(structures, key=str):
            dimensions = sorted(
                dimension.value
                for component in data.objects(structure, qb("component"))
                for dimension in data.objects(component, qb("dimension"))
                if isinstance(dimension, NamedNode)
            )
            for first, last, count in _same_keys(data.store, dataset, dimensions):
                if nodes is None or {first, last} & set(nodes):
                    found.append(_problem(first, last, count, dataset, locate))
    return found


def generated_query(dataset: NamedNode, dimensions: Sequence[str]) -> str:
    """The query of one data set: a row for each key that occurs more than once."""
    variables = [f"?d{number}" for number in range(len(dimensions))]
    patterns = " ".join(
        f"; <{dimension}> {variable}" for dimension, variable in zip(dimensions, variables, strict=True)
    )
    return (
        "SELECT (MIN(STR(?observation)) AS ?first) (MAX(STR(?observation)) AS ?last) (COUNT(*) AS ?count) "
        f"WHERE {{ ?observation {qb('dataSet')} {dataset} {patterns} . }} "
        f"GROUP BY {' '.join(variables)} HAVING (COUNT(*) > 1) ORDER BY ?first"
    )


def _same_keys(store: Queried, dataset: NamedNode, dimensions: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    if not dimensions:
        return
    rows = store.query(generated_query(dataset, dimensions))
    assert isinstance(rows, pyoxigraph.QuerySolutions)
    for row in rows:
        first, last, count = row["first"], row["last"], row["count"]
        assert isinstance(first, Literal)
        assert isinstance(last, Literal)
        assert isinstance(count, Literal)
        yield first.value, last.value, int(count.value)


def _problem(first: str, last: str, count: int, dataset: NamedNode, locate: Locate) -> FileDiagnostic:
    place = locate(first)
    return in_file(
        place.file if place else "data/",
        place.line if place else None,
        f"{count} observasjoner i {compact(dataset.value)} har de samme dimensjonene, blant dem {compact(last)}. "
        "Behold én.",
        f"{count} observations of {compact(dataset.value)} have the same dimensions, {compact(last)} among them. "
        "Keep one.",
        first,
        RULE,
    )
