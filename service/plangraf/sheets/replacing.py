"""Previews how an import would change an existing dataset: things added, changed and removed, by class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from plangraf.rdf.graph import RDF_TYPE, Graph, statements
from plangraf.rdf.namespaces import GRAPH
from plangraf.sheets.cells import natural_sort_key
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import OTHER_TITLE, Model
from plangraf.sources.files import SourceFile, read_files
from plangraf.sources.turtle import read

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ClassChanges:
    """Sorted short keys of the things of one class."""

    title: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The effect of a replacement.

    Attributes:
        changes: classes with changed things.
        unreadable: names of Turtle files that do not parse, so that their loss is unknown.
        commented: names of Turtle files whose comments are lost.
        notes_before, notes_after: number of notes beside the dataset.
    """

    changes: tuple[ClassChanges, ...]
    unreadable: tuple[str, ...]
    commented: tuple[str, ...]
    notes_before: int
    notes_after: int

    def as_text(self) -> str:
        """The preview in Bokmål and English, with up to three examples of each."""
        lines = ["nb  Dette endres:", "en  This changes:"]
        for found in self.changes:
            lines.append(f"  {found.title}")
            for nb, en, keys in (
                ("nye", "added", found.added),
                ("endret", "changed", found.changed),
                ("fjernes", "removed", found.removed),
            ):
                if keys:
                    shown = ", ".join(keys[:_EXAMPLES]) + (" …" if len(keys) > _EXAMPLES else "")
                    lines.append(f"    {nb} · {en}: {len(keys)} ({shown})")
        if self.notes_before != self.notes_after:
            lines.append(f"  Notater · Notes: {self.notes_before} → {self.notes_after}")
        if self.unreadable:
            lines.append(f"  nb  Filer som ikke kan leses, og går tapt: {', '.join(self.unreadable)}")
            lines.append(f"  en  Files that cannot be read, and are lost: {', '.join(self.unreadable)}")
        if self.commented:
            lines.append(f"  nb  Kommentarene i disse filene går tapt: {', '.join(self.commented)}")
            lines.append(f"  en  The comments in these files are lost: {', '.join(self.commented)}")
        return "\n".join(lines)

    @property
    def removed(self) -> int:
        return sum(len(found.removed) for found in self.changes)


def preview(
    folder: Path, triples: Iterable[Triple], model: Model, keys: Keys, notes: tuple[Sequence[object], Sequence[object]]
) -> Preview | None:
    """Compares the Turtle files of a folder with their replacement; None when no statement and no note changes.

    Args:
        folder: holds the present Turtle files.
        triples: statements of the replacement.
        model: gives the titles of classes.
        keys: gives short names of things.
        notes: present notes, and notes of the replacement.
    """
    paths = read_files(folder)
    parsed = read([SourceFile(path, path.name, GRAPH) for path in paths])
    before, after = Graph(statements(parsed.quads)), Graph(statements(triples))
    found: dict[str, tuple[list[str], list[str], list[str]]] = defaultdict(lambda: ([], [], []))
    for thing in {*before.things, *after.things}:
        if isinstance(thing, NamedNode) and set(before.facts(thing)) != set(after.facts(thing)):
            place = 0 if thing not in before else 2 if thing not in after else 1
            sheet = model.narrowest((after if thing in after else before).iris(thing, RDF_TYPE))
            found[sheet.title if sheet else OTHER_TITLE][place].append(keys.short(thing.value))
    unreadable = tuple(sorted({problem.place.file for problem in parsed.problems}))
    before_notes, after_notes = notes
    if not found and not unreadable and list(before_notes) == list(after_notes):
        return None
    changes = tuple(
        ClassChanges(title, *(tuple(sorted(keys, key=natural_sort_key)) for keys in kinds))
        for title, kinds in sorted(found.items())
    )
    commented = tuple(path.name for path in paths if _has_comments(path))
    return Preview(changes, unreadable, commented, len(before_notes), len(after_notes))


def _has_comments(path: Path) -> bool:
    return any(
        line.lstrip().startswith("#") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )
