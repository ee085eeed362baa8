"""Imports spreadsheets into a dataset folder: reads, checks as a build would, previews what changes, writes Turtle
files.

There is one Turtle file for each class, and equal triples give equal bytes. Turtle: https://www.w3.org/TR/turtle/
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from plangraf.diagnostics.diagnostic import stops
from plangraf.errors import SettingError
from plangraf.numbers_in_text import natural_key
from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Value, paused_collector, statements
from plangraf.rdf.namespaces import GRAPH, ID, PLAN, SDG_GRAPH, compact
from plangraf.rdf.namespaces import slug as slug_of
from plangraf.rdf.turtle_layout import TOKEN, laid_out
from plangraf.settings import Settings
from plangraf.sheets.cell_values import SheetDiagnostic
from plangraf.sheets.csv_files import read_folder
from plangraf.sheets.keys import Keys, keys_of_folder
from plangraf.sheets.model import EVIDENCE, OTHER_FILE, OTHER_TITLE, Model
from plangraf.sheets.model_reader import read_model
from plangraf.sheets.read.build_checks import check
from plangraf.sheets.read.evidence_columns import add_evidence
from plangraf.sheets.read.raw import Imported, RawTables, UnreadableError
from plangraf.sheets.read.table_reader import read_tables
from plangraf.sheets.read.xlsx_reader import read_workbook
from plangraf.sheets.write.tables import NOTES_FILE, Note, format_notes, read_notes
from plangraf.sources.files import SourceFile, read_files
from plangraf.sources.turtle import read

# IRIs that resolve unchanged against the base: without scheme, root or dot segment.
_RELATIVE_SAFE = re.compile(rf"<{re.escape(ID)}(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*>")
_ABOUT = NamedNode(PLAN + "about")
_EXAMPLES = 3


def turtle_files(triples: Iterable[Triple], model: Model) -> dict[str, str]:
    """Maps file names to texts: `plan.ttl`, `evidence-plan.ttl` for evidence about plans, and so on."""
    graph = Graph(statements(triples))
    files = {thing: _choose_file(graph.iris(thing, RDF_TYPE), model) for thing in graph.things}
    things: dict[str, list[Node]] = {}
    for thing, name in files.items():
        if name == "evidence":
            about = next(iter(graph.named(thing, _ABOUT)), None)
            name = f"evidence-{files[about]}" if about in files else name
        things.setdefault(name, []).append(thing)
    return {f"{name}.ttl": _format_file(graph, found) for name, found in sorted(things.items())}


def _format_file(graph: Graph, things: Iterable[Node]) -> str:
    """The text of one file: used prefixes, then things by key, each with its class first."""
    ordered = [
        Triple(thing, predicate, value)
        for thing in sorted(things, key=lambda node: natural_key(str(node)))
        for predicate, value in sorted(graph.facts(thing), key=_fact_order)
    ]
    prefixes, body = laid_out(ordered)
    relative = TOKEN.sub(
        lambda match: match[0].replace(f"<{ID}", "<") if _RELATIVE_SAFE.fullmatch(match[0]) else match[0], body
    )
    return f"@base <{ID}> .\n{prefixes}{relative}\n"


def _choose_file(types: Collection[str], model: Model) -> str:
    sheet = model.narrowest(types)
    if sheet is None:
        return OTHER_FILE
    return "evidence" if sheet.iri == EVIDENCE else sheet.file


def _fact_order(fact: tuple[NamedNode, Value]) -> tuple[object, ...]:
    predicate, value = fact
    path, text = "" if predicate == RDF_TYPE else compact(predicate.value), str(value)
    # Own classes come before reused ones.
    return path, not path and not text.startswith(f"<{PLAN}"), natural_key(text)


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
        ClassChanges(title, *(tuple(sorted(keys, key=natural_key)) for keys in kinds))
        for title, kinds in sorted(found.items())
    )
    commented = tuple(path.name for path in paths if _has_comments(path))
    return Preview(changes, unreadable, commented, len(before_notes), len(after_notes))


def _has_comments(path: Path) -> bool:
    return any(
        line.lstrip().startswith("#") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an import.

    Attributes:
        written: files written; none when a problem stopped the import.
        triples: number of statements read.
        problems: findings about the sheets.
        unchanged: whether the folder has the same statements already.
        declined: whether `confirm` declined the replacement.
    """

    written: tuple[Path, ...]
    triples: int
    problems: tuple[SheetDiagnostic, ...]
    unchanged: bool = False
    declined: bool = False


@paused_collector()
def import_sheet(
    settings: Settings,
    source: Path,
    folder: Path,
    *,
    replace: bool = False,
    confirm: Callable[[Preview], bool] = lambda _: True,
) -> Outcome:
    """Reads a workbook or a folder of CSV files, checks it as a build would, and writes the dataset.

    Args:
        settings: `home` and `data` name the data that the sheets may link to.
        source: the workbook or the folder.
        folder: `<data folder>/<municipality number>/<slug>`; it need not exist.
        replace: whether its Turtle files may be replaced.
        confirm: called before a replacement that changes the dataset; False declines it.
    Returns:
        The outcome; a Violation means that nothing was written.
    Raises:
        SettingError: a name cannot be used.
    """
    _require_slug(folder)
    if not replace and read_files(folder):
        raise SettingError(f"{folder} holds Turtle files already. Give --replace to write them anew.")
    model = read_model(settings.home)
    try:
        imported = read_sheets(source, folder, model)
    except UnreadableError as error:
        return Outcome((), 0, (error.problem,))
    if not imported.triples:
        return Outcome((), 0, tuple(imported.problems))
    files = turtle_files(imported.triples, model)
    municipality, slug = keys_of_folder(folder).municipality, folder.absolute().name
    graph = f"{GRAPH}{municipality}/{slug}" if municipality else SDG_GRAPH
    problems = (*imported.problems, *check(settings, files, folder, graph, imported, model, keys_of_folder(folder)))
    count = len(imported.triples)
    if stops(problems):
        return Outcome((), count, problems)
    if read_files(folder):
        kept = (read_notes(folder), imported.notes)
        changes = preview(folder, imported.triples, model, keys_of_folder(folder), kept)
        if changes is None:
            return Outcome((), count, problems, unchanged=True)
        if not confirm(changes):
            return Outcome((), count, problems, declined=True)
    return Outcome(_write_files(folder, files, imported.notes), count, problems)


def read_sheets(source: Path, folder: Path, model: Model) -> Imported:
    """Reads a workbook or a folder of CSV files, and adds the evidence of its columns; runs no checks.

    Raises:
        UnreadableError: the file cannot be opened, or is refused.
        SettingError: a name cannot be used.
    """
    keys = keys_of_folder(folder)
    found = _read_source(source)
    imported = read_tables(found.tables, model, keys)
    imported.problems += found.problems
    add_evidence(imported, model, keys, folder.absolute().name)
    return imported


def _require_slug(folder: Path) -> None:
    """Refuses other names, because the name becomes a part of IRIs and the identifier of the dataset."""
    name = folder.absolute().name
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        better = folder.parent / (slug_of(name) or "planstrategi-2024-2027")
        raise SettingError(
            f"{folder} cannot be a dataset's folder: its name is to have lower-case ASCII letters, digits and hyphens "
            f"only. Name it {better}."
        )


def _read_source(source: Path) -> RawTables:
    if not source.exists():
        raise SettingError(f"There is no {source}.")
    if source.is_file():
        return RawTables(read_workbook(source))
    found = read_folder(source)
    if not found.tables and not stops(found.problems):
        raise SettingError(f"The folder {source} holds no CSV files.")
    return found


def _write_files(folder: Path, files: dict[str, str], notes: Sequence[Note]) -> tuple[Path, ...]:
    """Writes and syncs all files before it removes the first old one."""
    files = {**files, **({NOTES_FILE: format_notes(notes)} if notes else {})}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix=".plangraf-"))
        try:
            for name, text in files.items():
                with (temporary / name).open("w", encoding="utf-8", newline="") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
            for stale in (*read_files(folder), folder / NOTES_FILE):
                if stale.name not in files:
                    stale.unlink(missing_ok=True)
            for name in files:
                (temporary / name).replace(folder / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise SettingError(f"{folder} cannot be written ({error.strerror}).") from error
    return tuple(folder / name for name in files)
