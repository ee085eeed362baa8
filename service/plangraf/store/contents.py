"""What a version holds beside its triples, for who serves it; a version may have been written without any of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plangraf.store.downloads import File, files
from plangraf.store.versions import Version

ONTOLOGY_PAGE = "ontology.html"
_REPORT = "report.json"

Dates = Mapping[str, tuple[str, str]]
"""Graph to the times of its first publication and its last change."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of one version, and the dates that it had when it was opened."""

    version: Version
    dates: Dates
    has_ontology_page: bool
    _dated_ns: int

    @classmethod
    def read(cls, version: Version) -> Contents:
        # The time before the dates: what is written in between then counts as newer.
        dated_ns = _written_ns(version.dates_path)
        return cls(version, version.dates(), (version.path / ONTOLOGY_PAGE).is_file(), dated_ns)

    def is_dated_anew(self) -> bool:
        """Whether the dates were written again: the version became current once more, or came into the feed late."""
        return _written_ns(self.version.dates_path) != self._dated_ns

    @property
    def triples(self) -> int:
        """Number of distinct triples of all graphs together."""
        return self.version.triples

    @property
    def graphs(self) -> Mapping[str, int]:
        """Number of triples of each named graph."""
        graphs: Mapping[str, int] = self.version.manifest.get("graphs", {})
        return graphs

    def downloads(self) -> tuple[File, ...]:
        """The downloads in the order of their index. OSError or ValueError: the index cannot be read."""
        return files(self.version.path, self.version.id)

    def ontology_page(self) -> bytes:
        """The page of the ontology. OSError: there is none, see `has_ontology_page`, or it cannot be read."""
        return (self.version.path / ONTOLOGY_PAGE).read_bytes()

    def removed(self) -> Mapping[str, str]:
        """What earlier versions had as a subject and this one lacks: IRI to the last version that had it."""
        return self.version.removed()

    def findings(self) -> Mapping[str, int]:
        """Number of results that the build's shapes and checks gave, by the dataset's `<municipality>/<slug>`."""
        report: Path = self.version.path / _REPORT
        results = json.loads(report.read_bytes())["results"] if report.is_file() else []
        return Counter("/".join(str(result["file"]).rsplit("/", 3)[-3:-1]) for result in results)


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
