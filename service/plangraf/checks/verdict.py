"""All checks on parsed statements: closed vocabularies, dataset descriptions, SHACL, check queries.

A build and `plangraf validate` both report this verdict. A check query, of queries/checks/, is a SELECT whose first
column is the focus node; its head says what a row means, and it must return none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, Quad

from plangraf.checks.data_graph import DataGraph
from plangraf.checks.shacl.validation import shacl_problems
from plangraf.checks.terms_used import undefined_terms
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_file, in_order
from plangraf.diagnostics.progress import Progress, counted
from plangraf.rdf.namespaces import GRAPH, PREFIXES, compact
from plangraf.settings import Settings
from plangraf.sources.files import SourceFile, words_of_the_site
from plangraf.sources.turtle import Locate, Parsed
from plangraf.sparql.named.head import parse_head


def check_problems(
    data: DataGraph, files: Sequence[Path], locate: Locate, nodes: Collection[str] | None = None
) -> list[FileDiagnostic]:
    """One problem for each row of each check query.

    Args:
        data: what is checked; the default graph of a check is the union of all graphs, without duplicates.
        files: the check queries.
        locate: where a thing, by its IRI, stands in the source files.
        nodes: IRIs of the only things to tell about: a row names one of them in some column; None tells all.
    """
    found: list[FileDiagnostic] = []
    for file in files:
        found += _check(data.store, file, locate, nodes)
    return in_order(found)


def _check(
    store: pyoxigraph.Store, file: Path, locate: Locate, nodes: Collection[str] | None
) -> Iterable[FileDiagnostic]:
    name, query = f"queries/checks/{file.name}", file.read_text(encoding="utf-8")
    try:
        head = parse_head(query, name)
    except DataError as error:
        yield from error.problems
        return
    try:
        rows = store.query(query)
        if not isinstance(rows, pyoxigraph.QuerySolutions):
            raise RuntimeError("it is no SELECT query")
        columns = [variable.value for variable in rows.variables]
        solutions = [[solution[column] for column in columns] for solution in rows]
    except (SyntaxError, RuntimeError, ValueError, OSError) as error:
        line = re.search(r"error at (\d+):", str(error))
        yield in_file(
            name,
            int(line[1]) if line else None,
            f"Kontrollen kan ikke kjøres: {error}",
            f"The check cannot be run: {error}",
        )
        return
    for values in solutions:
        if nodes is not None and not any(getattr(value, "value", None) in nodes for value in values):
            continue
        focus = values[0].value if values and isinstance(values[0], pyoxigraph.NamedNode) else None
        place = locate(focus) if focus else None
        detail = ", ".join(
            f"{column} {compact(value.value) if isinstance(value, pyoxigraph.NamedNode) else value}"
            for column, value in zip(columns[1:], values[1:], strict=True)
            if value is not None
        )
        detail = f" [{detail}]" if detail else ""
        yield in_file(
            place.file if place else name,
            place.line if place else None,
            f"Kontrollen {file.stem}: {head.summary_nb or head.summary}{detail}",
            f"Check {file.stem}: {head.summary}{detail}",
            focus,
            name,
        )


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


def verdict(
    settings: Settings,
    parsed: Parsed,
    files: Sequence[SourceFile],
    progress: Progress,
    everything: Collection[Quad],
    nodes: Collection[str] | None = None,
) -> list[FileDiagnostic]:
    """Checks parsed statements and returns their warnings and advice.

    Args:
        settings: `home` has the vocabularies and the queries.
        parsed: the statements to check.
        files: the files that they come from.
        progress: receives a line for each step.
        everything: the statements, and all others that they may refer to.
        nodes: IRIs of the things to check, when not all are.
    Raises:
        DataError: a violation. Those of parsing and vocabularies stop before shapes and queries run, because a
            misspelt term makes shapes report consequences of it.
    """
    checking = sorted((settings.home / "queries" / "checks").glob("*.rq"))
    asking = sorted((settings.home / "queries").glob("*.rq"))
    # A build checks the queries too; files of a user have none.
    queries = [*asking, *checking, *words_of_the_site(settings.home)] if nodes is None else []
    with progress.step("vocabulary") as note:
        terms = undefined_terms(settings.home, parsed.quads, everything, files, parsed.place, queries)
        note(counted(len(terms), "undefined term"))
    found = [*parsed.problems, *terms, *dataset_problems(parsed, everything, files)]
    _stop_at_violations(found)
    data = DataGraph(everything)
    size = counted(len(nodes), "thing") if nodes is not None else counted(len(everything), "statement")
    with progress.step("shapes", starting=f"checking {size}") as note:
        results = shacl_problems(data, parsed.place, nodes)
        note(counted(len(results), "result"))
    with progress.step("checks") as note:
        rows = check_problems(data, checking, parsed.place, nodes)
        note(counted(len(checking), "query", "queries"))
        note(counted(len(rows), "row"))
    found += [*results, *rows]
    _stop_at_violations(found)
    return in_order(found)


def _stop_at_violations(problems: list[FileDiagnostic]) -> None:
    if any(problem.severity == "Violation" for problem in problems):
        raise DataError(in_order(problems))
