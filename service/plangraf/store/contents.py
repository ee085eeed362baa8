"""Reads the files of a version beside its triples, each of which may be missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.store.downloads import File, list_downloads
from plangraf.store.versions import Version

ONTOLOGY_PAGE = "ontology.html"
_BUILD_REPORT = "report.json"

Dates = Mapping[str, tuple[str, str]]
"""Times of first publication and last change, by graph."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of one version, and its dates as read when it was opened."""

    version: Version
    dates: Dates
    has_ontology_page: bool
    bulk: BulkTerms
    _dates_mtime_ns: int

    @classmethod
    def read(cls, version: Version) -> Contents:
        # The time is read before the dates, so that dates written in between count as newer.
        dated_ns = _mtime_ns(version.dates_path)
        bulk = BulkTerms.joined(graph.terms for graph in version.bulk())
        return cls(version, version.dates(), (version.path / ONTOLOGY_PAGE).is_file(), bulk, dated_ns)

    def has_new_dates(self) -> bool:
        """Whether the dates were rewritten, because the version became current again or entered the feed late."""
        return _mtime_ns(self.version.dates_path) != self._dates_mtime_ns

    @property
    def triples(self) -> int:
        """Number of distinct triples in the union of all graphs."""
        return self.version.triples

    @property
    def graphs(self) -> Mapping[str, int]:
        """Number of triples of each named graph."""
        graphs: Mapping[str, int] = self.version.manifest.get("graphs", {})
        return graphs

    def downloads(self) -> tuple[File, ...]:
        """Downloads in the order of their index.

        Raises:
            OSError, ValueError: the index cannot be read.
        """
        return list_downloads(self.version.path, self.version.id)

    def ontology_page(self) -> bytes:
        """The page of the ontology.

        Raises:
            OSError: the page is missing, see `has_ontology_page`, or unreadable.
        """
        return (self.version.path / ONTOLOGY_PAGE).read_bytes()

    def removed(self) -> Mapping[str, str]:
        """Subjects of earlier versions that this one lacks: IRI to the last version that had it."""
        return self.version.removed()

    def findings(self) -> Mapping[str, int]:
        """Number of results of the build's shapes and checks, by `<municipality>/<slug>` of the dataset."""
        report: Path = self.version.path / _BUILD_REPORT
        results = json.loads(report.read_bytes())["results"] if report.is_file() else []
        return Counter("/".join(str(result["file"]).rsplit("/", 3)[-3:-1]) for result in results)


def _mtime_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
