"""All checks on parsed statements: closed vocabularies, dataset descriptions, SHACL, check queries.

A build and `plangraf validate` both report this verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from plangraf.checks.cube_keys import key_problems
from plangraf.checks.data_graph import DataGraph, check_problems
from plangraf.checks.kept_results import KEYS, Change, Results
from plangraf.checks.shacl.reach import UnboundedError, problems_of_many
from plangraf.checks.shacl.validation import shacl_problems
from plangraf.checks.terms_used import undefined_terms
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file, in_order
from plangraf.diagnostics.progress import Progress, counted
from plangraf.rdf.namespaces import GRAPH, PREFIXES, compact
from plangraf.rdf.quad_lines import QuadLines, graph_counts, mentioning
from plangraf.settings import Settings
from plangraf.sources.bulk import changed_observation_files
from plangraf.sources.files import SourceFile, words_of_the_site
from plangraf.sources.turtle import Locate, Parsed
from plangraf.sparql.named.picture_files import picture_files

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_DATASET = NamedNode(PREFIXES["dcat"] + "Dataset")


Asked = tuple[dict[str, list[FileDiagnostic]], int, int]
Beside = Callable[[Callable[[], Asked]], AbstractContextManager[Callable[[], Asked]]]
"""Starts work in a second process; the function that it yields waits for the result."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Warnings and advice, whether the check of the terms found nothing, and what shapes and checks found."""

    problems: list[FileDiagnostic]
    terms_defined: bool
    results: Results | None = None


def verdict(
    settings: Settings,
    parsed: Parsed,
    files: Sequence[SourceFile],
    progress: Progress,
    everything: Collection[Quad],
    nodes: Collection[str] | None = None,
) -> list[FileDiagnostic]:
    """The problems of `judge`."""
    return judge(settings, parsed, files, progress, DataGraph(everything), nodes).problems


def judge(
    settings: Settings,
    parsed: Parsed,
    files: Sequence[SourceFile],
    progress: Progress,
    data: DataGraph,
    nodes: Collection[str] | None = None,
    unproven: Collection[Quad] | None = None,
    change: Change | None = None,
    beside: Beside | None = None,
) -> Verdict:
    """Checks parsed statements; returns their warnings and advice.

    Args:
        settings: `home` has the vocabularies and the queries.
        parsed: the statements to check.
        files: the files that they come from.
        progress: receives a line for each step.
        data: the statements, and all others that they may refer to.
        nodes: IRIs of the things to check, when not all are.
        unproven: the statements whose terms are checked, when not all are; `parsed` then has the statements of the
            ontology and the shapes only, and all of `data` is checked otherwise.
        change: what changed since a build with the same shapes and checks, and its results.
        beside: does work in a second process; the check queries then run beside the shapes.
    Raises:
        DataError: a violation. Those of parsing and vocabularies stop before shapes and queries run, because a
            misspelt term makes shapes report consequences of it.
    """
    checking = sorted((settings.home / "queries" / "checks").glob("*.rq"))
    asking = sorted((settings.home / "queries").glob("*.rq"))
    # A build checks the queries too; files of a user have none.
    drawn = [path for path in picture_files(settings.home / "queries") if path.suffix == ".rq"]
    queries = [*asking, *checking, *drawn, *words_of_the_site(settings.home)] if nodes is None else []
    everything = data.quads
    with progress.step("vocabulary") as note:
        quads, context = (parsed.quads, everything) if unproven is None else (unproven, parsed.quads)
        terms = undefined_terms(settings.home, quads, context, files, parsed.place, queries)
        note(counted(len(terms), "undefined term"))
    own = parsed.quads if unproven is None else everything
    found = [*parsed.problems, *terms, *dataset_problems(own, everything, files, parsed.place)]
    _stop_at_violations(found)
    found += changed_observation_files(files, own)
    size = counted(len(nodes), "thing") if nodes is not None else counted(len(everything), "statement")
    ask = partial(_asked, data, checking, parsed.place, nodes, change)
    with beside(ask) if beside is not None else nullcontext(ask) as wait_for_rows:
        with progress.step("shapes", starting=f"checking {size}") as note:
            results, scope = _validated(data, parsed.place, nodes, change)
            if scope:
                note(scope)
            note(counted(len(results), "result"))
        with progress.step("checks") as note:
            rows, kept, partly = wait_for_rows()
            rows[KEYS] = _same_keys(data, parsed.place, nodes, change)
            for told in _told(len(checking), kept, partly, sum(map(len, rows.values()))):
                note(told)
    found += [*results, *chain.from_iterable(rows.values())]
    _stop_at_violations(found)
    return Verdict(in_order(found), not terms, Results.of(results, rows) if nodes is None else None)


def _told(queries: int, kept: int, partly: int, rows: int) -> Iterator[str]:
    """The parts of the line about the checks."""
    yield counted(queries, "query", "queries")
    if kept:
        yield f"{kept} as before"
    if partly:
        yield f"{partly} about what the change concerns"
    yield counted(rows, "row")


def _validated(
    data: DataGraph, locate: Locate, nodes: Collection[str] | None, change: Change | None
) -> tuple[list[FileDiagnostic], str]:
    """The results of the shapes, and a word on what was validated when it was not all, or had to be all."""
    scope = ""
    if change is not None and isinstance(data.quads, QuadLines):
        try:
            return change.shapes(data, locate)
        except UnboundedError as error:
            scope = f"all things, because {error}"
    if data.is_read_late and nodes is None:
        return problems_of_many(data, locate), scope
    return shacl_problems(data, locate, nodes), scope


def _asked(
    data: DataGraph, checks: Sequence[Path], locate: Locate, nodes: Collection[str] | None, change: Change | None
) -> Asked:
    """The rows of each check query; how many queries a change leaves as they were, and how many are asked about it."""
    found: dict[str, list[FileDiagnostic]] = {}
    kept = partly = 0
    for check in checks:
        rows = change.rows(check, locate) if change is not None else None
        kept += rows is not None
        if rows is None and change is not None:
            rows = change.rows_of_part(check, data, locate)
            partly += rows is not None
        found[check.name] = check_problems(data, [check], locate, nodes) if rows is None else rows
    return found, kept, partly


def _same_keys(
    data: DataGraph, locate: Locate, nodes: Collection[str] | None, change: Change | None
) -> list[FileDiagnostic]:
    known = None
    if change is not None and isinstance(data.quads, QuadLines):
        known = change.keys(data.quads, locate)
    return key_problems(data, locate, nodes) if known is None else known


def _stop_at_violations(problems: list[FileDiagnostic]) -> None:
    if any(problem.severity == "Violation" for problem in problems):
        raise DataError(in_order(problems))


def dataset_problems(
    own: Collection[Quad], everything: Collection[Quad], files: Sequence[SourceFile], locate: Locate
) -> list[FileDiagnostic]:
    """Finds datasets that several graphs describe, and dataset folders without a description.

    Args:
        own: what is checked.
        everything: these statements and those they may refer to.
        files: the files that were parsed.
        locate: gives the place of a thing in them, by its IRI.
    """
    described: dict[str, set[str]] = {}
    for quad in mentioning(everything, _DATASET):
        if quad.predicate == _TYPE and quad.object == _DATASET and isinstance(quad.subject, NamedNode):
            described.setdefault(quad.subject.value, set()).add(quad.graph_name.value)  # type: ignore[union-attr]
    graphs = set(graph_counts(own))
    return [*_twice(locate, described, graphs), *_undescribed(described, graphs, files)]


def _twice(locate: Locate, described: dict[str, set[str]], own: set[str]) -> Iterator[FileDiagnostic]:
    for dataset, graphs in sorted(described.items()):
        if len(graphs) > 1 and graphs & own:
            place = locate(dataset)
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
