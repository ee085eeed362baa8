"""Whether a service could show a version: collections, frames, labels and the site's words, as it would read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic
from plangraf.sources.files import FRAMES, SITE
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.views.catalog.site_declaration import load_site
from plangraf.views.frames import load_frames
from plangraf.views.labels import load_labels


def problems_of_the_site(home: Path) -> list[FileDiagnostic]:
    """What is wrong with the files that say how the data are shown.

    A home that lacks them can be built all the same; only a service needs them.
    """
    return [
        *(_problems(lambda: load_collections(home / "queries")) if collection_files(home / "queries") else ()),
        *(_problems(lambda: load_frames(home)) if (home / FRAMES).is_file() else ()),
        *_problems(lambda: load_labels(home)),
        *(_problems(lambda: load_site(home)) if (home / SITE).is_file() else ()),
    ]


def _problems(load: Callable[[], object]) -> list[FileDiagnostic]:
    try:
        load()
    except DataError as error:
        return error.problems
    return []
