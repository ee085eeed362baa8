"""Writes a version with downloads from lines, for tests whose data no source file has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from plangraf.publish.dumps import write_dumps
from plangraf.publish.pipeline import load_download_titles
from plangraf.store.versions import DOWNLOADS, VersionStore
from small_home import ROOT


def write_version(folder: Path, lines: Iterable[bytes]) -> None:
    """Writes `versions/` into the folder, with one version of these N-Quads lines, which need not be sorted."""
    ordered = sorted(set(lines))
    write_dumps(ordered, folder / "downloads", load_download_titles(ROOT))
    VersionStore(folder / "versions").write(ordered, manifest_of(ordered), {}, {DOWNLOADS: folder / "downloads"})


def manifest_of(lines: Iterable[bytes]) -> dict[str, object]:
    """The manifest of a version of N-Quads lines, of which none has its triple in two graphs."""
    graphs = Counter(line.rsplit(b" <", 1)[1].removesuffix(b"> .").decode() for line in lines)
    return {"triples": graphs.total(), "quads": graphs.total(), "graphs": dict(graphs), "warnings": {}}
