"""Checks that exactly one folder describes each dataset, because the catalogue lists only described ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pyoxigraph import NamedNode, Quad

from plangraf.diagnostics.diagnostic import FileDiagnostic, in_file
from plangraf.rdf.namespaces import GRAPH, PREFIXES, compact
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import Parsed

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_DATASET = NamedNode(PREFIXES["dcat"] + "Dataset")


def dataset_problems(parsed: Parsed, everything: Collection[Quad], files: Sequence[SourceFile]) -> list[FileDiagnostic]:
    """Finds datasets that several graphs describe, and dataset folders without a description.

    Args:
        parsed: what is checked.
        everything: the parsed statements and those they may refer to.
        files: the files that were parsed.
    """
    described: dict[str, set[str]] = {}
    for quad in everything:
        if quad.predicate == _TYPE and quad.object == _DATASET and isinstance(quad.subject, NamedNode):
            described.setdefault(quad.subject.value, set()).add(quad.graph_name.value)  # type: ignore[union-attr]
    own = {quad.graph_name.value for quad in parsed.quads if isinstance(quad.graph_name, NamedNode)}
    return [*_twice(parsed, described, own), *_undescribed(described, own, files)]


def _twice(parsed: Parsed, described: dict[str, set[str]], own: set[str]) -> Iterator[FileDiagnostic]:
    for dataset, graphs in sorted(described.items()):
        if len(graphs) > 1 and graphs & own:
            place = parsed.place(dataset)
            named = ", ".join(sorted(graph.removeprefix(GRAPH) for graph in graphs))
            yield in_file(
                place.file if place else "data/",
                place.line if place else None,
                f"Datasettet {compact(dataset)} er beskrevet i flere mapper: {named}. Gi hver mappe sitt eget.",
                f"The dataset {compact(dataset)} is described in several folders: {named}. Give each folder a dataset "
                "of its own.",
                dataset,
            )


def _undescribed(
    described: dict[str, set[str]], own: set[str], files: Sequence[SourceFile]
) -> Iterator[FileDiagnostic]:
    with_description = {graph for graphs in described.values() for graph in graphs}
    if not with_description:
        return  # no dataset here is meant for a catalogue
    for graph in sorted(own - with_description):
        name = next((file.name for file in files if file.graph == graph), None)
        if name is None or graph.removeprefix(GRAPH).count("/") != 1:
            continue
        yield in_file(
            name.rpartition("/")[0] or name,
            None,
            "Ingen fil i mappen beskriver datasettet (dcat:Dataset), så katalogen har det ikke med. Legg til "
            "dataset.ttl med tittel, beskrivelse, lisens og utgiver.",
            "No file of the folder describes the dataset (dcat:Dataset), so it is missing from the catalogue. Add "
            "dataset.ttl with title, description, licence and publisher.",
            severity="Warning",
        )
