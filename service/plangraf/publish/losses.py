"""Stops a build that would drop a whole dataset.

A build cannot tell a data folder that is not named, moved or empty from deleted data, for which the service answers
410. So a build remembers its data folders, and drops a dataset only with `--drop`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file
from plangraf.errors import SettingError, VersionsError
from plangraf.rdf.bulk_terms import GRAPH_SUFFIX
from plangraf.rdf.graph import graph_of
from plangraf.rdf.namespaces import GRAPH, PREFIXES, QUERIES_GRAPH
from plangraf.rdf.quad_lines import graph_counts, mentioning
from plangraf.settings import Settings
from plangraf.sources.files import sources
from plangraf.store.versions import Version, VersionStore

_TYPE, _DATASET = PREFIXES["rdf"] + "type", PREFIXES["dcat"] + "Dataset"
_DESCRIBED = f" <{_TYPE}> <{_DATASET}> ".encode()


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a version: the number of statements per graph, and the graphs that describe a dataset."""

    graphs: Mapping[str, int]
    described: frozenset[str]


def content_of(quads: Collection[Quad], bulk: Mapping[str, int] | None = None) -> Content:
    """The content that a build is about to write; `bulk` are the numbers of bulk triples by graph."""
    kind, dataset = NamedNode(_TYPE), NamedNode(_DATASET)
    found = mentioning(quads, dataset)
    described = {str(quad.graph_name)[1:-1] for quad in found if quad.predicate == kind and quad.object == dataset}
    return Content({**graph_counts(quads), **(bulk or {})}, frozenset(described))


def content_of_version(version: Version) -> Content:
    """The content of a stored version.

    Raises:
        VersionsError: the version is damaged.
    """
    described = {graph_of(line)[1:-1].decode() for line in version.lines() if _DESCRIBED in line}
    return Content(dict(version.manifest.get("graphs", {})), frozenset(described))


def stop_at_losses(store: VersionStore, after: Content) -> None:
    """Stops a build that would drop a dataset of the current version or of the version built last.

    Raises:
        DataError: names the datasets and their numbers of statements.
    """
    versions: dict[str, Version] = {}
    with suppress(VersionsError):
        if store.has_current():
            current = store.current()
            versions[current.id] = current
    known = store.inputs()
    with suppress(VersionsError):
        if known is not None and known[1] not in versions:
            versions[known[1]] = store.get(known[1])
    problems: dict[str, FileDiagnostic] = {}
    for version in versions.values():
        with suppress(VersionsError):  # a damaged version has no readable content
            for graph, problem in _lost(version, content_of_version(version), after):
                problems.setdefault(graph, problem)
    if problems:
        raise DataError(list(problems.values()))


def lost_graphs(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """The dropped graphs of datasets, each with its former number of statements."""
    lost = {graph: count for graph, count in before.items() if graph not in after and graph != QUERIES_GRAPH}
    return {graph: count for graph, count in lost.items() if not _is_small_now(graph, before, after)}


def _is_small_now(graph: str, before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Whether the bulk triples of a dataset are so few now that they stand in its own graph."""
    own = graph.removesuffix(GRAPH_SUFFIX)
    return own != graph and after.get(own, 0) > before.get(own, 0)


def _lost(version: Version, before: Content, after: Content) -> Iterator[tuple[str, FileDiagnostic]]:
    for graph, count in lost_graphs(before.graphs, after.graphs).items():
        name = graph.removeprefix(GRAPH)
        yield (
            graph,
            in_file(
                name,
                None,
                f"Versjon {version.id} har datasettet «{name}» med {count} utsagn, og filene har det ikke. Gi mappen "
                "det ligger i med --data, legg filene tilbake, eller bygg med --drop for å la det gå.",
                f'Version {version.id} has the dataset "{name}" with {count} statements, and the files do not. Name '
                "the folder that it lies in with --data, put the files back, or build with --drop to let it go.",
            ),
        )
    for graph in sorted(before.described - after.described):
        if graph in after.graphs:
            name = graph.removeprefix(GRAPH)
            yield (
                graph,
                in_file(
                    name,
                    None,
                    f"Versjon {version.id} har beskrivelsen av datasettet «{name}», og filene har den ikke: katalogen "
                    "ville miste det. Legg dataset.ttl tilbake, eller bygg med --drop.",
                    f'Version {version.id} has the description of the dataset "{name}", and the files do not: the '
                    "catalogue would lose it. Put dataset.ttl back, or build with --drop.",
                ),
            )


def describe_losses(before: Version, after: Version) -> str:
    """Names the datasets that `after` lacks, in Bokmål and English; empty when it lacks none."""
    lost = lost_graphs(before.manifest.get("graphs", {}), after.manifest.get("graphs", {}))
    if not lost:
        return ""
    named = [f"{graph.removeprefix(GRAPH)} ({count})" for graph, count in lost.items()]
    back = f"plangraf versions use {before.id}"
    return (
        f"nb  Datasett som {after.id} ikke har (utsagn): {', '.join(named)}. De kommer tilbake med «{back}».\n"
        f"en  Datasets that {after.id} does not have (statements): {', '.join(named)}. `{back}` brings them back."
    )


def add_remembered_folders(settings: Settings, store: VersionStore, *, drop: bool) -> Settings:
    """Adds the data folders of the last build to settings that name none.

    Raises:
        DataError: such a folder no longer exists or holds no dataset.
    """
    if settings.data or drop:
        return settings
    remembered = [_relative_path(folder) for folder in store.data_folders()]
    found = settings.model_copy(update={"data": tuple(remembered)})
    if remembered:
        try:
            sources(found.home, found.data)
        except SettingError as error:
            raise DataError([*_report_unreadable(settings, remembered, error)]) from error
    return found


def _report_unreadable(settings: Settings, folders: Iterable[Path], first: SettingError) -> Iterator[FileDiagnostic]:
    for folder in folders:
        try:
            sources(settings.home, [folder])
        except SettingError as error:
            yield in_file(
                str(folder),
                None,
                "Forrige bygging leste denne mappen, og nå kan den ikke leses. Legg den tilbake, gi den nye plassen "
                "med --data, eller gi --drop for å la dataene i den gå.",
                f"The last build read this folder. {error} Put it back, name its new place with --data, or give --drop "
                "to let its data go.",
            )
            return
    yield in_file("data/", None, str(first), str(first))


def _relative_path(folder: Path) -> Path:
    """The folder as a path relative to the working directory, if it lies in it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) and folder != here else folder


def remembered_line(folders: Iterable[Path]) -> str:
    """The line of a build's report about remembered data folders."""
    return f"{'data':<10}  {os.pathsep.join(map(str, folders))}, as in the last build; --drop leaves them out"
