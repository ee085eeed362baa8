"""The step of a build that arranges its long lists, in a process beside the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from plangraf.checks.kept_results import Change
from plangraf.diagnostics.diagnostic import DataError
from plangraf.diagnostics.progress import Progress, counted
from plangraf.publish.finished_steps import FinishedSteps
from plangraf.publish.lists.writing import Before, write_lists
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.quad_lines import Queried
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.store.versions import Version
from plangraf.store.versions.bulk import BulkGraph
from plangraf.views.collections.list_files import LISTS


@contextmanager
def lists_beside(
    steps: FinishedSteps, bulk: Iterable[BulkGraph], home: Path, loaded: Queried, last: Version | None,
    change: Change | None,
) -> Iterator[Callable[[Progress], dict[str, Path]]]:  # fmt: skip
    """Yields a function that waits for the lists, and gives their folder by its name in the version.

    `last` is the version before, `change` what differs from it.
    """
    before = Before(last.path / LISTS, change.predicates) if last is not None and change is not None else None
    try:
        collections = load_collections(home / "queries") if collection_files(home / "queries") else {}
    except DataError:
        collections = {}  # the check of the site's files reports it
    terms = BulkTerms.joined(one.terms for one in bulk)

    def work() -> tuple[int, int]:
        return write_lists(steps.folder(LISTS), collections.values(), loaded, terms, before)

    with steps.beside(LISTS, "The lists of the version", work) as wait:

        def named(progress: Progress) -> dict[str, Path]:
            with progress.step("lists") as note:
                written, taken = wait()
                note(counted(written, "file"))
                if taken:
                    note(f"{taken} as before")
            return {LISTS: steps.folder(LISTS)}

        yield named
