"""The step of a build that draws its pictures, in a process beside the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import Store

from plangraf.checks.kept_results import Change
from plangraf.diagnostics.diagnostic import DataError
from plangraf.diagnostics.progress import Progress, counted
from plangraf.publish.finished_steps import FinishedSteps
from plangraf.publish.pictures.writing import Written, write_pictures
from plangraf.rdf.line_file import LineFile
from plangraf.rdf.quad_lines import Queried
from plangraf.sparql.named.binding import load_queries
from plangraf.sparql.named.picture_files import Picture, load_pictures
from plangraf.store.pictures import PICTURES
from plangraf.store.versions import Version, VersionStore
from plangraf.store.versions.bulk import BulkGraph


def declared_pictures(home: Path) -> Sequence[Picture]:
    """The pictures of `queries/pictures/`.

    Raises:
        DataError: one is invalid.
    """
    return load_pictures(home / "queries", lambda: load_queries(home / "queries"))


@contextmanager
def pictures_beside(
    store: VersionStore, steps: FinishedSteps, lines: Sequence[bytes], bulk: Mapping[Path, BulkGraph], home: Path,
    loaded: Queried, last: Version | None, change: Change | None, *, renew: bool,
) -> Iterator[Callable[[], Written | None]]:  # fmt: skip
    """Yields a function that waits for the pictures, which is None when neither this version nor the last has any.

    `renew` draws also what the present version has.
    """
    changed = change.predicates if last is not None and change is not None else None
    version = last or (store.current() if store.has_current() else None)
    known = version.path / PICTURES if version is not None else None
    try:
        pictures = declared_pictures(home)
    except DataError:
        pictures = []  # the check of the site's files reports it
    if not pictures and (known is None or not known.is_dir()):
        yield lambda: None
        return

    # A process that draws adds bulk triples to its store.
    own = loaded if isinstance(loaded, Store) and not isinstance(lines, LineFile) else None

    def work() -> tuple[int, int]:
        written = write_pictures(lines, steps.folder(PICTURES), pictures, None if renew else known, bulk, own, changed)
        return written.drawn, written.taken

    with steps.beside(PICTURES, "The pictures of the version", work) as wait:
        yield lambda: Written(*wait())


def wait_for_folder(
    wait_for_pictures: Callable[[], Written | None], steps: FinishedSteps, progress: Progress
) -> dict[str, Path]:
    """The folder of the pictures by its name in the version; none without pictures."""
    with progress.step("pictures") as note:
        written = wait_for_pictures()
        if written is None:
            note("none")
            return {}
        note(counted(written.drawn, "drawing"))
        if written.taken:
            note(f"{written.taken} as before")
    return {PICTURES: steps.folder(PICTURES)}
