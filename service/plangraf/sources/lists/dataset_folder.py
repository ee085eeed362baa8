"""The folder of a linked list: what an earlier link wrote there, and its replacement as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, parse

from plangraf.errors import ListError
from plangraf.rdf.graph import RDF_TYPE
from plangraf.sources.lists.dataset_turtle import DATASET_FILE, GENERATED
from plangraf.store.atomic import exclusive, explained, folder_beside, put_in_place, restore_interrupted, write_file

_DIGEST, _RETRIEVED = "contentDigest", "retrievedOn"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the folder holds of an earlier link.

    Attributes:
        digest: SHA-256 of the content that was read; None when unknown.
        day: the day on which it was retrieved; None when unknown.
        things: what the folder describes, apart from the dataset itself.
    """

    digest: str | None
    day: date | None
    things: frozenset[NamedNode]


def restore(folder: Path) -> None:
    """Puts the folder back when a crash broke an earlier replacement off.

    Raises:
        ListError: it cannot be put back.
    """
    with explained(folder, ListError):
        restore_interrupted(folder)


def read_earlier(folder: Path) -> Earlier:
    """What an earlier link wrote; nothing where its files are missing or damaged."""
    try:
        quads = list(parse((folder / DATASET_FILE).read_bytes(), format=RdfFormat.TURTLE))
    except (OSError, SyntaxError):
        quads = []
    values = {quad.predicate.value.rpartition("#")[2]: str(getattr(quad.object, "value", "")) for quad in quads}
    return Earlier(values.get(_DIGEST), _day(values.get(_RETRIEVED)), _things(folder))


def write_dataset(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Replaces the folder by one with these files; False when it has them already.

    Other files stay, except those of GENERATED, which an earlier link wrote.

    Raises:
        ListError: the folder is a file, or cannot be written; it is as it was.
    """
    if folder.is_file():  # one look, because another link may put a new folder in its place now
        raise ListError(f"{folder} is a file. Name a folder with --to.")
    outdated = GENERATED - files.keys()
    with explained(folder, ListError):
        with exclusive(folder.resolve().parent):  # else another process could replace it while it is compared
            if all(_holds(folder / name, content) for name, content in files.items()) and not any(
                (folder / name).exists() for name in outdated
            ):
                return False
        with folder_beside(folder) as made:
            for name, content in files.items():
                write_file(made / name, content)
            with exclusive(made.parent.parent):
                put_in_place(made, folder, outdated)
    return True


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _things(folder: Path) -> frozenset[NamedNode]:
    found: set[NamedNode] = set()
    for name in GENERATED - {DATASET_FILE}:
        try:
            quads = parse((folder / name).read_bytes(), format=RdfFormat.TURTLE)
            found |= {q.subject for q in quads if q.predicate == RDF_TYPE and isinstance(q.subject, NamedNode)}
        except (OSError, SyntaxError):
            continue
    return frozenset(found)
