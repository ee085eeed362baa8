"""Checks the files that only a service reads: collections, frames, labels and `queries/site.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic
from plangraf.sources.files import FRAMES, SITE
from plangraf.sparql.named.collection_files import collection_files, load_collections
from plangraf.sparql.named.head import Titled
from plangraf.views.catalog.site_declaration import load_site
from plangraf.views.frames import load_frames
from plangraf.views.labels import load_labels


def check_site_files(home: Path) -> list[FileDiagnostic]:
    """Reports each file that a service could not read.

    A missing file is not reported, because a build does not need it.
    """
    return [
        *(_problems(lambda: load_collections(home / "queries")) if collection_files(home / "queries") else ()),
        *(_problems(lambda: load_frames(home)) if (home / FRAMES).is_file() else ()),
        *_problems(lambda: load_labels(home)),
        *(_problems(lambda: load_site(home)) if (home / SITE).is_file() else ()),
    ]


def load_download_titles(home: Path) -> Mapping[str, Titled]:
    """The titles of downloads in `queries/site.yaml`; empty when the file is missing or invalid.

    `check_site_files` reports an invalid file.
    """
    try:
        return load_site(home).downloads
    except DataError:
        return {}


def _problems(load: Callable[[], object]) -> list[FileDiagnostic]:
    try:
        load()
    except DataError as error:
        return error.problems
    return []
