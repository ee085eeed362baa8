"""The source files: which there are, and which named graph each one belongs to.

First step of the data's way. Folders decide the graph, as the README's map says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from plangraf.errors import SettingError
from plangraf.namespaces import GRAPH, ONTOLOGY_GRAPH, SDG_GRAPH, SHAPES_GRAPH


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Turtle file: `name` is how messages call it, `graph` the IRI of its named graph."""

    path: Path
    name: str
    graph: str


def _dataset_files(root: Path, label: str) -> Iterable[SourceFile]:
    for path in sorted(root.glob("*/*/*.ttl")):
        municipality, slug = path.parts[-3], path.parts[-2]
        name = f"{label}/{municipality}/{slug}/{path.name}"
        yield SourceFile(path, name, f"{GRAPH}{municipality}/{slug}")


def source_files(home: Path, data: Sequence[Path] = ()) -> list[SourceFile]:
    """All source files of a build, in a fixed order.

    Args:
        home: folder with ontology/, shapes/ and data/.
        data: more data folders, laid out like data/: <municipality number>/<slug>/*.ttl.
    Raises:
        SettingError: a data folder does not exist or holds no dataset.
    """
    found = [SourceFile(path, f"ontology/{path.relative_to(home / 'ontology')}", ONTOLOGY_GRAPH)
             for path in sorted((home / "ontology").rglob("*.ttl"))]  # fmt: skip
    found += [SourceFile(path, f"shapes/{path.relative_to(home / 'shapes')}", SHAPES_GRAPH)
              for path in sorted((home / "shapes").rglob("*.ttl"))]  # fmt: skip
    found += [SourceFile(path, f"data/sdg/{path.name}", SDG_GRAPH)
              for path in sorted((home / "data" / "sdg").glob("*.ttl"))]  # fmt: skip
    found += _dataset_files(home / "data", "data")
    for folder in data:
        if not folder.is_dir():
            raise SettingError(f"The data folder {folder} does not exist.")
        extra = list(_dataset_files(folder, str(folder)))
        if not extra:
            raise SettingError(
                f"The data folder {folder} holds no dataset. Put Turtle files into "
                f"{folder}/<municipality number>/<dataset slug>/."
            )
        found += extra
    return found


def inputs_digest(home: Path, files: Sequence[SourceFile]) -> str:
    """SHA-256 over everything that a build reads: source files, queries and the pinned vocabularies."""
    digest = hashlib.sha256()
    beside = [
        *sorted((home / "queries").glob("*.rq")),
        *sorted((home / "queries" / "checks").glob("*.rq")),
        *sorted((home / "ontology" / "vocabularies").glob("*.tsv")),
    ]
    named = [(file.name, file.graph, file.path) for file in files]
    named += [(str(path.relative_to(home)), "", path) for path in beside]
    for name, graph, path in named:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{name}\n{graph}\n{content}\n".encode())
    return digest.hexdigest()
