"""`plangraf validate`: reports the problems that a build would report about chosen files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Quad, Triple

from plangraf.checks.verdict import verdict
from plangraf.diagnostics.diagnostic import DataError, FileDiagnostic, in_order
from plangraf.diagnostics.progress import Progress, counted
from plangraf.errors import SettingError
from plangraf.rdf.graph import paused_collector, relabelled
from plangraf.rdf.namespaces import GRAPH, ID, PREFIXES
from plangraf.settings import Settings
from plangraf.sources.files import READ, SourceFile, Sources, data_root, is_backup, sources
from plangraf.sources.turtle import Parsed, read

_OF_A_MUNICIPALITY = re.compile(re.escape(ID) + r"([0-9]{4})/(?:dataset/([A-Za-z0-9._~-]+)$)?")
_DATASET = NamedNode(PREFIXES["dcat"] + "Dataset")
# The name of the dataset of loose files that do not describe one.
_LOOSE = "own"


@dataclass(frozen=True, slots=True)
class _Own:
    """A file to validate, parsed."""

    file: SourceFile
    quads: set[Quad]
    parsed: Parsed


@paused_collector()
def validate(settings: Settings, paths: Sequence[Path], *, progress: Progress | None = None) -> list[FileDiagnostic]:
    """The problems that a build would report about the things that the given files describe.

    A file in a data folder is validated together with that folder. Any other file is a dataset of its own. It replaces
    each file of the project with mostly the same statements, because otherwise the original would supply statements
    that an edited copy lacks.

    Args:
        settings: `home` and `data` name the other files of the build.
        paths: Turtle files, folders of datasets, data folders.
        progress: receives the lines about each step.
    Returns:
        Problems of all severities.
    Raises:
        SettingError: a path does not exist, or a folder holds no file to validate.
    """
    progress = progress or Progress(None)
    with progress.step("parse") as note:
        found = sources(settings.home, _roots(settings, paths))
        ours = {file.path.resolve(): file for file in found.files}
        own = _own_files(paths, ours, found)
        parsed, beside = _read_all(own, ours, found, note)
    nodes = {quad.subject.value for quad in parsed.quads if isinstance(quad.subject, NamedNode)}
    # The files can also cause problems in things that they link to.
    reached = nodes | {
        quad.object.value
        for quad in parsed.quads
        if isinstance(quad.object, NamedNode) and quad.object.value.startswith(ID)
    }
    everything = relabelled(parsed.quads | beside)
    files = [one.file for one in own]
    try:
        problems = verdict(settings, parsed, files, progress, everything, reached)
    except DataError as error:
        problems = error.problems
    names = {file.name for file in files}
    folders = {file.name.rpartition("/")[0] for file in files}
    skipped = {one.problem for one in found.skipped}
    return in_order(
        problem
        for problem in problems
        if problem.place.file in names | folders
        or problem.place.thing in nodes
        or problem in skipped
        or (problem.place.thing in reached and problem.severity == "Violation")
        # The check queries report only about these things already.
        or (problem.rule or "").startswith("queries/")
    )


def _roots(settings: Settings, paths: Iterable[Path]) -> list[Path]:
    """The data folders of the settings, and the data folders that are or contain a path."""
    found = list(settings.data)
    given = [settings.home / "data", *found]
    known = {folder.resolve() for folder in given}
    for path in paths:
        if not path.exists():
            raise SettingError(
                f"There is no file {path}." if not path.is_symlink() else f"{path} is a link that leads nowhere."
            )
        root = _root(path)
        if root is not None and root.resolve() not in known and not _copied(path, root, given):
            known.add(root.resolve())
            found.append(root)
    return found


def _copied(path: Path, root: Path, data: Iterable[Path]) -> bool:
    """Whether a file is in a copy of a dataset of the build, which the copy then replaces."""
    if path.absolute() == root.absolute() or len(path.absolute().relative_to(root.absolute()).parts) < 2:
        return False
    dataset = Path(*path.absolute().relative_to(root.absolute()).parts[:2])
    return any((folder / dataset).is_dir() for folder in data)


def _root(path: Path) -> Path | None:
    """The data folder that is or contains a path."""
    if path.is_dir():
        if data_root(path / "x") is not None:
            return data_root(path)
        if data_root(path / "x" / "y") is not None:  # a municipality's folder
            return path.absolute().parent
        inside = (data_root(found) for found in sorted(path.glob("*/*/*")) if found.is_file())
        return path if any(root == path.absolute() for root in inside) else None
    return data_root(path)


def _own_files(paths: Sequence[Path], ours: dict[Path, SourceFile], found: Sources) -> list[_Own]:
    """The files to validate, parsed. `found.skipped` keeps only the skipped files that the paths concern."""
    given: dict[Path, Path] = {}
    for path in paths:
        resolved = path.resolve()
        if not path.is_dir():
            given.setdefault(resolved, path)
            continue
        inside = [file.path for file in ours.values() if resolved in file.path.resolve().parents]
        if not inside:
            inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in READ and not is_backup(one)]
        if not inside and not any(_concerns(one.path, path) for one in found.skipped):
            raise SettingError(f"The folder {path} holds no Turtle files.")
        for one in inside:
            given.setdefault(one.resolve(), one)
    found.skipped = [one for one in found.skipped if any(_concerns(one.path, path) for path in paths)]
    loose = [path for resolved, path in given.items() if resolved not in ours]
    graphs = _graphs(loose)
    own = []
    for resolved, path in given.items():
        known = ours.get(resolved)
        file = SourceFile(resolved, str(path), known.graph if known else graphs[path])
        parsed = read([file])
        own.append(_Own(file, parsed.quads, parsed))
    return own


def _concerns(skipped: Path, path: Path) -> bool:
    """Whether a skipped file or folder is the named one, contains it, or lies in it."""
    one, other = skipped.resolve(), path.resolve()
    return one == other or one in other.parents or (path.is_dir() and other in one.parents)


def _graphs(loose: Sequence[Path]) -> dict[Path, str]:
    """The graph of each file outside data folders, from the municipality and the dataset that it describes."""
    said: dict[Path, Counter[str]] = {}
    slugs: dict[tuple[Path, str], str] = {}
    for path in loose:
        counts = said.setdefault(path, Counter())
        for quad in read([SourceFile(path, str(path), GRAPH + _LOOSE)]).quads:
            match = _OF_A_MUNICIPALITY.match(quad.subject.value) if isinstance(quad.subject, NamedNode) else None
            if match:
                counts[match[1]] += 1
                if match[2] and quad.object == _DATASET:
                    slugs[path.resolve().parent, match[1]] = match[2]
    found = {}
    for path, counts in said.items():
        number = counts.most_common(1)[0][0] if counts else None
        slug = slugs.get((path.resolve().parent, number or ""), _LOOSE)
        found[path] = f"{GRAPH}{number}/{slug}" if number else GRAPH + _LOOSE
    return found


def _read_all(
    own: list[_Own], ours: dict[Path, SourceFile], found: Sources, note: Callable[[str], None]
) -> tuple[Parsed, set[Quad]]:
    """The statements of the files, and those of the other files of the build."""
    chosen = {one.file.path for one in own}
    loose = [one for one in own if one.file.path not in ours]
    beside: dict[SourceFile, set[Quad]] = {
        file: read([file]).quads for path, file in ours.items() if path not in chosen
    }
    if loose:
        triples = {file: _triples(quads) for file, quads in beside.items()}
        for number, one in enumerate(own):
            if one in loose:
                original = next((file for file, theirs in triples.items() if _replaces(one.quads, theirs)), None)
                if original is not None:
                    own[number] = _moved(one, original.graph)
                    for file in [file for file, theirs in triples.items() if _replaces(one.quads, theirs)]:
                        beside.pop(file, None)
    parsed = Parsed()
    for one in own:
        parsed.quads |= one.parsed.quads
        parsed.places = one.parsed.places | parsed.places
        parsed.problems += one.parsed.problems
    parsed.problems += [skipped.problem for skipped in found.skipped]
    note(counted(len(own), "file"))
    note(counted(len(parsed.quads), "statement"))
    return parsed, set().union(*beside.values())


def _moved(one: _Own, graph: str) -> _Own:
    """Parses an edited copy again, into the graph of its original."""
    file = SourceFile(one.file.path, one.file.name, graph)
    parsed = read([file])
    return _Own(file, parsed.quads, parsed)


def _replaces(own: Collection[Quad], theirs: set[Triple]) -> bool:
    """Whether two files share most of their statements."""
    # Compare the sizes first, because that is quick.
    if not 2 * min(len(own), len(theirs)) > max(len(own), len(theirs)):
        return False
    return 2 * len(_triples(own) & theirs) > max(len(own), len(theirs))


def _triples(quads: Iterable[Quad]) -> set[Triple]:
    return {quad.triple for quad in quads}
