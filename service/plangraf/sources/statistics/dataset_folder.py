"""The folder of a table's dataset: its files, what an earlier import wrote there, and its replacement as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph

from plangraf.errors import SettingError
from plangraf.rdf.namespaces import terms
from plangraf.store.atomic import explained, folder_beside, restore_interrupted, write_file

DATASET, STRUCTURE, OBSERVATIONS = "dataset.ttl", "structure.ttl", "observations.nt"
WRITTEN = (DATASET, STRUCTURE, OBSERVATIONS)
plan, prov, rdf = map(terms, ("plan", "prov", "rdf"))


def restore(folder: Path) -> None:
    """Puts the folder back when a crash broke an earlier replacement off.

    Raises:
        SettingError: it cannot be put back.
    """
    with explained(folder, SettingError):
        restore_interrupted(folder)


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """An empty folder for `put_in_place`, removed at the end whatever happens.

    Raises:
        SettingError: the folder cannot be written; it is as it was.
    """
    with explained(folder, SettingError), folder_beside(folder) as made:
        yield made


def write_texts(temporary: Path, files: Mapping[str, bytes]) -> None:
    """Writes and syncs small files."""
    for name, content in files.items():
        write_file(temporary / name, content)


def same_files(folder: Path, temporary: Path) -> bool:
    """Whether a folder holds the written files already, byte for byte."""
    return all((folder / name).is_file() and _digest(folder / name) == _digest(temporary / name) for name in WRITTEN)


def earlier_files(folder: Path) -> dict[str, str]:
    """SHA-256 → time of retrieval of the files that an earlier import read; empty without one."""
    path = folder / DATASET
    if not path.is_file():
        return {}
    try:
        quads = list(pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE))
    except SyntaxError:
        return {}
    retrieved = {
        quad.subject for quad in quads if quad.predicate == rdf("type") and quad.object == plan("RetrievedFile")
    }
    said = {(quad.subject, quad.predicate): str(getattr(quad.object, "value", "")) for quad in quads}
    return {
        said.get((file, plan("contentDigest")), ""): said.get((file, prov("generatedAtTime")), "") for file in retrieved
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
