"""All checks on parsed statements: closed vocabularies, dataset descriptions, SHACL, check queries.

A build and `plangraf validate` both report this verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyoxigraph import Quad

from plangraf.checks.check_queries import check_problems
from plangraf.checks.cube_keys import key_problems
from plangraf.checks.data_graph import DataGraph
from plangraf.checks.dataset_descriptions import dataset_problems
from plangraf.checks.shacl.validation import shacl_problems
from plangraf.checks.terms_used import undefined_terms
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_order
from plangraf.diagnostics.progress import Progress, counted
from plangraf.settings import Settings
from plangraf.sources.files import SourceFile, words_of_the_site
from plangraf.sources.turtle import Parsed


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
        rows = [*check_problems(data, checking, parsed.place, nodes), *key_problems(data, parsed.place, nodes)]
        note(counted(len(checking), "query", "queries"))
        note(counted(len(rows), "row"))
    found += [*results, *rows]
    _stop_at_violations(found)
    return in_order(found)


def _stop_at_violations(problems: list[FileDiagnostic]) -> None:
    if any(problem.severity == "Violation" for problem in problems):
        raise DataError(in_order(problems))
