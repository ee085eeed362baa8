"""Reads the files of a version beside its triples, each of which may be missing; its downloads as their index lists
them.

`/dump/<id>/…` is the permanent address of a version's file; `/dump/latest/…` redirects to that of the served version.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.term_counts import TermCounts
from plangraf.store.pictures import KeptPictures, read_pictures
from plangraf.store.versions import DOWNLOADS, DOWNLOADS_INDEX, Version

_BUILD_REPORT = "report.json"
Dates = Mapping[str, tuple[str, str]]
"""Times of first publication and last change, by graph."""


@dataclass(frozen=True, slots=True)
class File:
    """One download.

    Attributes:
        version: id of the version.
        name: path inside the version's folder of downloads.
        size: bytes.
        sha256: digest in hex.
        media_type: media type of the uncompressed data.
        compression: media type of the compression, None without.
        titles: titles by language.
    """

    version: str
    name: str
    size: int
    sha256: str
    media_type: str
    compression: str | None
    titles: Mapping[str, str]

    def address(self, base: str) -> str:
        """Address of this file, valid as long as the version is kept."""
        return f"{base}/dump/{self.version}/{self.name}"

    def latest(self, base: str) -> str:
        """Address of the same file in the served version."""
        return f"{base}/dump/latest/{self.common_name}"

    @property
    def common_name(self) -> str:
        """The name without the version."""
        return self.name.replace(f"-{self.version}.", ".", 1)


def list_downloads(folder: Path | None, version: str) -> tuple[File, ...]:
    """The downloads of a version in the order of its index; empty when it has no index or no folder.

    Args:
        folder: folder of the version.
        version: id of the version.
    Raises:
        OSError, ValueError: the index cannot be read.
    """
    if folder is None:
        return ()
    index = folder / DOWNLOADS / DOWNLOADS_INDEX
    try:
        written_ns = index.stat().st_mtime_ns
    except FileNotFoundError:
        return ()
    return _read_index(index, version, written_ns)


@lru_cache(16)
def _read_index(index: Path, version: str, _mtime_ns: int) -> tuple[File, ...]:
    entries = json.loads(index.read_bytes())["files"]
    return tuple(
        File(
            version,
            entry["name"],
            entry["bytes"],
            entry["sha256"],
            entry["mediaType"],
            entry.get("compression"),
            entry["title"],
        )
        for entry in entries
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of one version, and its dates as read when it was opened."""

    version: Version
    dates: Dates
    bulk: BulkTerms
    _dates_mtime_ns: int

    @classmethod
    def read(cls, version: Version) -> Contents:
        # The time is read before the dates, so that dates written in between count as newer.
        dated_ns = _mtime_ns(version.dates_path)
        bulk = BulkTerms.joined(graph.terms for graph in version.bulk())
        return cls(version, version.dates(), bulk, dated_ns)

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

    def pictures(self) -> KeptPictures:
        """The pictures that the version was published with; none for one of an earlier release.

        Raises:
            OSError, ValueError, KeyError: the index cannot be read.
        """
        return read_pictures(self.version.path)

    def term_counts(self) -> TermCounts | None:
        """How often the version without its bulk files uses each term; None for one of an earlier release."""
        return self.version.term_counts()

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
