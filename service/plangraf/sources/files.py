"""Finds the source files, the named graph of each, and files beside them that look like data but are not read.

The first step of the data's way. Its folder decides the graph of a file, as docs/contributors.md says.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path

from plangraf.diagnostics.diagnostic import FileDiagnostic, Severity, in_file
from plangraf.errors import SettingError
from plangraf.rdf.namespaces import GRAPH, ONTOLOGY_GRAPH, SDG_GRAPH, SHAPES_GRAPH, slug
from plangraf.sparql.named.collection_files import collection_files
from plangraf.sparql.named.picture_files import picture_files
from plangraf.store.atomic import interrupted_folders

FRAMES = Path("ontology", "frames.jsonld")
LABELS = Path("ontology", "labels")
SITE = Path("queries", "site.yaml")
PAGES = Path("queries", "pages")
READ = frozenset({".ttl", ".turtle", ".nt"})
"""Endings of the files that are read, in any case; N-Triples is Turtle too."""

_OTHER_RDF = frozenset({".trig", ".nq", ".nquads", ".rdf", ".owl", ".n3", ".jsonld", ".trix", ".hdt"})
_SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".csv"})
_PACKED = frozenset({".gz", ".zst", ".bz2", ".xz", ".zip", ".7z"})
_BACKUPS = frozenset({".swp", ".swo", ".bak", ".orig", ".old", ".tmp", ".save", ".rej", ".part"})
# Recognises Turtle under another ending by its prefixes.
_LIKE_TURTLE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n\r]*[\n\r])*(?:@prefix|@base|prefix\s|base\s)", re.IGNORECASE)
_HEAD = 4096
# Bytes. A larger N-Triples file is a bulk file, because a build that keeps each statement as an object would need tens
# of times as much memory.
BULK_SIZE = 16 * 1024 * 1024
_N_TRIPLES = ".nt"

# A number of a municipality or a county, the whole country, or the lists of others that we link to.
_AREA = re.compile(r"[0-9]{4}|[0-9]{2}|no|link")
_IN_AN_IRI = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Turtle file: its name in messages, and the IRI of its named graph."""

    path: Path
    name: str
    graph: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that looks like data but is not read, and why."""

    path: Path
    problem: FileDiagnostic


@dataclass(slots=True)
class Sources:
    """The files of a build, in a fixed order, the bulk files among them apart, and the skipped ones."""

    files: list[SourceFile] = field(default_factory=list)
    bulk: list[SourceFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, path: Path, name: str, nb: str, en: str, severity: Severity = "Violation") -> None:
        self.skipped.append(Skipped(path, in_file(name, None, nb, en, severity=severity)))


def sources(home: Path, data: Sequence[Path] = ()) -> Sources:
    """All source files of a build.

    Args:
        home: folder with ontology/, shapes/ and data/.
        data: more data folders, laid out like data/: <municipality number>/<slug>/*.ttl.
    Raises:
        SettingError: a data folder does not exist, cannot be read or holds no dataset.
    """
    found = Sources()
    for name, graph in (("ontology", ONTOLOGY_GRAPH), ("shapes", SHAPES_GRAPH)):
        for path in sorted((home / name).rglob("*.ttl")):
            if path.parent == home / LABELS:
                continue  # words of the site, no statements of a version
            found.files.append(SourceFile(path, f"{name}/{path.relative_to(home / name)}", graph))
    if (home / "data" / "sdg").is_dir():
        _dataset(found, home / "data" / "sdg", "data/sdg", SDG_GRAPH)
    known: dict[str, Path] = {}
    _data_folder(found, home / "data", "data", known)
    for folder in data:
        if not folder.is_dir():
            raise SettingError(f"The data folder {folder} {_absent(folder)}.")
        if folder.resolve() == (home / "data").resolve():
            continue
        named = len(found.skipped)
        if not _data_folder(found, folder, str(folder), known) and (_advice(folder) or named == len(found.skipped)):
            raise SettingError(
                f"The data folder {folder} holds no dataset. {_advice(folder)}Put Turtle files into "
                f"{folder}/<municipality number>/<dataset slug>/."
            )
    return found


def words_of_the_site(home: Path) -> list[Path]:
    """The files that declare how a service shows the data. A build checks their terms; a version does not hold them."""
    found = [
        *collection_files(home / "queries"),
        *(home / PAGES).glob("*.yaml"),
        home / FRAMES,
        home / SITE,
        *(home / LABELS).glob("*.ttl"),
    ]
    return sorted(path for path in found if path.is_file())


def source_files(home: Path, data: Sequence[Path] = ()) -> list[SourceFile]:
    """The files of `sources`.

    Raises:
        SettingError: a data folder does not exist, cannot be read or holds no dataset.
    """
    return sources(home, data).files


def data_root(path: Path) -> Path | None:
    """The data folder that a file or a dataset's folder lies in, when its folders say so; else None."""
    folder = path if path.is_dir() else path.parent
    parts = folder.absolute().parts
    return Path(*parts[:-2]) if len(parts) > 2 and _AREA.fullmatch(parts[-2]) else None


def data_around(home: Path, data: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The data folders, and the one that a dataset is written into, when it holds others: these are its neighbours.

    Args:
        home: the project, whose data are read anyway.
        data: the data folders that are named.
        folder: the dataset's folder, which need not exist.
    """
    root = folder.absolute().parent.parent
    known = {(home / "data").resolve(), *(one.resolve() for one in data)}
    # glob, not Path.glob, because that fails when another process replaces a folder meanwhile.
    outside = not _AREA.fullmatch(folder.absolute().parent.name) or root.resolve() in known
    return tuple(data) if outside or not glob("*/*/*.ttl", root_dir=root) else (*data, root)  # noqa: PTH207


def inputs_digest(home: Path, found: Sources) -> str:
    """SHA-256 over everything that a build reads: source files, queries and the pinned vocabularies."""
    digest = hashlib.sha256()
    beside = [
        *sorted((home / "queries").glob("*.rq")),
        *sorted((home / "queries" / "checks").glob("*.rq")),
        *words_of_the_site(home),
        *picture_files(home / "queries"),
        *sorted((home / "ontology" / "vocabularies").glob("*.tsv")),
    ]
    # By graph, because a data folder may be given by a relative or an absolute path.
    named = [(file.path.name, file.graph, file.path) for file in (*found.files, *found.bulk)]
    named += [(str(path.relative_to(home)), "", path) for path in beside]
    for name, graph, path in named:
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:  # parsing reports it
            content = f"{error.strerror}"
        digest.update(f"{_shown(name)}\n{graph}\n{content}\n".encode())
    for skipped in found.skipped:
        digest.update(f"{_shown(skipped.path.name)}\n{skipped.problem.severity}\n".encode())
    return digest.hexdigest()


def _data_folder(found: Sources, root: Path, label: str, known: dict[str, Path]) -> bool:
    """Adds the datasets of a data folder; False when it has none.

    Args:
        found: receives the files.
        root: the folder.
        label: its name in messages.
        known: the folder of each graph, of all data folders.
    """
    any_dataset = False
    of_the_project = label == "data"
    for area in _entries(root):
        name = f"{label}/{_shown(area.name)}"
        if not area.is_dir():
            if _looks_like_data(area):
                found.skip(area, name, *_misplaced(label))
            continue
        if of_the_project and area.name == "sdg":
            continue
        if not (_IN_AN_IRI if of_the_project else _AREA).fullmatch(area.name):
            if any(map(_looks_like_data, _below(area))):
                found.skip(
                    area,
                    name,
                    f"Mappen «{_shown(area.name)}» er ikke et kommunenummer, og filene i den leses ikke. Gi den navn "
                    "etter kommunen, med fire sifre (eller «no» for hele landet, «link» for lister fra andre).",
                    f'The folder "{_shown(area.name)}" is not a municipality number, and its files are not read. Name '
                    'it by the municipality, four digits (or "no" for the whole country, "link" for lists of others).',
                )
            continue
        any_dataset |= _area(found, area, name, label, known)
    return any_dataset


def _area(found: Sources, area: Path, name: str, label: str, known: dict[str, Path]) -> bool:
    """Adds the datasets of one municipality; False when it has none. `name` is its name in messages."""
    any_dataset = False
    for taken in interrupted_folders(area):
        found.skip(
            taken,
            f"{name}/{_shown(taken.name)}",
            "En erstatning av mappen brøt av, og den gamle ligger i en skjult mappe ved siden av. Kjør samme kommando "
            "igjen: den setter mappen tilbake.",
            "A replacement of the folder broke off, and the old one lies in a hidden folder beside it. Run the same "
            "command again: it puts the folder back.",
        )
    for folder in _entries(area):
        inside = f"{name}/{_shown(folder.name)}"
        if not folder.is_dir():
            if _looks_like_data(folder):
                found.skip(folder, inside, *_misplaced(label))
            continue
        if not _IN_AN_IRI.fullmatch(folder.name):
            if any(map(_looks_like_data, _below(folder))):
                found.skip(folder, inside, *_not_in_an_iri(folder.name))
            continue
        graph = f"{GRAPH}{area.name}/{folder.name}"
        first = known.setdefault(graph, folder)
        if first is folder:
            any_dataset |= _dataset(found, folder, inside, graph)
        elif first.resolve() == folder.resolve():
            any_dataset = True  # the same folder, given twice
        else:
            found.skip(
                folder,
                inside,
                f"Datasettet {area.name}/{folder.name} ligger også i {_shown(first)}. Behold én av mappene.",
                f"The dataset {area.name}/{folder.name} lies in {_shown(first)} too. Keep one of the folders.",
            )
    return any_dataset


def _dataset(found: Sources, folder: Path, label: str, graph: str) -> bool:
    """Adds the files of one dataset; False when it has none."""
    any_file = False
    for path in _entries(folder, hidden=True):
        name = f"{label}/{_shown(path.name)}"
        if path.is_dir():
            if not path.name.startswith("."):
                for deep in filter(_looks_like_data, _below(path)):
                    found.skip(
                        deep,
                        f"{name}/{_shown(deep.relative_to(path))}",
                        f"Filen ligger for dypt og leses ikke. Flytt den til {label}/.",
                        f"The file lies too deep and is not read. Move it to {label}/.",
                    )
        elif is_backup(path):
            if _looks_like_data(path):
                found.skip(
                    path,
                    name,
                    "Filen er skjult eller en sikkerhetskopi og leses ikke. Gi den et annet navn, eller slett den.",
                    "The file is hidden or a backup and is not read. Rename it, or delete it.",
                    "Info",
                )
        elif path.suffix.lower() in READ:
            any_file = True
            if path.suffix.lower() == _N_TRIPLES and path.stat().st_size >= BULK_SIZE:
                found.bulk.append(SourceFile(path, name, graph))
            else:
                found.files.append(SourceFile(path, name, graph))
        elif (why := _unread(path)) is not None:
            found.skip(path, name, *why)
    return any_file


def read_files(folder: Path) -> list[Path]:
    """The files of a dataset's folder that a build reads; none when the folder does not exist."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in READ and not is_backup(path))


def is_backup(path: Path) -> bool:
    """Whether a file is a leftover of an editor or a file system."""
    name = path.name
    return name.startswith((".", "~$", "#")) or name.endswith(("~", "#")) or path.suffix.lower() in _BACKUPS


def _unread(path: Path) -> tuple[str, str] | tuple[str, str, str] | None:
    """Why a file with possible data is not read; None for a file without any."""
    ending = path.suffix.lower()
    if ending in _OTHER_RDF or (ending in _PACKED and Path(path.stem).suffix.lower() in READ | _OTHER_RDF):
        return (
            f"En fil som ender på {path.suffix} leses ikke. Skriv innholdet som Turtle i en fil som ender på .ttl.",
            f"A file that ends in {path.suffix} is not read. Write its content as Turtle into a file that ends in "
            ".ttl.",
        )
    if ending in _SHEETS:
        return (
            "Et regneark leses ikke av «build». Les det inn med «plangraf import-sheet».",
            "A build does not read spreadsheets. Read it in with `plangraf import-sheet`.",
            "Info",
        )
    if _turtle_inside(path):
        return (
            f"Filen inneholder Turtle, men ender på «{path.suffix}» og leses ikke. La den ende på .ttl.",
            f'The file holds Turtle but ends in "{path.suffix}" and is not read. Let it end in .ttl.',
        )
    return None


def _looks_like_data(path: Path) -> bool:
    """Whether a file would be data in the right place and under the right name."""
    endings = {ending.lower().rstrip("~#") for ending in path.suffixes}
    return bool(endings & (READ | _OTHER_RDF)) and not path.name.startswith("._")


def _turtle_inside(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _LIKE_TURTLE.match(file.read(_HEAD)) is not None
    except OSError:
        return False


def _entries(folder: Path, *, hidden: bool = False) -> list[Path]:
    """The entries of a folder, sorted by name.

    Raises:
        SettingError: it cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if hidden or not path.name.startswith("."))
    except OSError as error:
        raise SettingError(f"The data folder {_shown(folder)} cannot be read ({error.strerror}).") from error


def _below(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(where, name) for name in sorted(names))


def _misplaced(label: str) -> tuple[str, str]:
    return (
        f"Filen ligger ikke i mappen til et datasett og leses ikke. Flytt den til {label}/<kommunenummer>/<datasett>/.",
        "The file does not lie in a dataset's folder and is not read. Move it to "
        f"{label}/<municipality number>/<dataset slug>/.",
    )


def _not_in_an_iri(name: str) -> tuple[str, str]:
    better = slug(name) or "planstrategi-2024-2027"
    return (
        f"Mappenavnet «{_shown(name)}» kan ikke stå i en IRI, og filene i mappen leses ikke. Kall den «{better}».",
        f'The folder name "{_shown(name)}" cannot be part of an IRI, and its files are not read. Call it "{better}".',
    )


def _absent(folder: Path) -> str:
    if folder.is_symlink():
        return "is a link that leads nowhere"
    return "is a file, not a folder" if folder.exists() else "does not exist"


def _advice(folder: Path) -> str:
    """Suggests the data folder above, when a folder inside one was named."""
    for root, pattern in ((folder.parent, f"{folder.name}/*/*"), (folder.parent.parent, "*/*/*")):
        inside = folder.name if root == folder.parent else folder.parent.name
        if _AREA.fullmatch(inside) and any(path.suffix.lower() in READ for path in root.glob(pattern)):
            return f"Did you mean {root}? "
    return ""


def _shown(path: Path | str) -> str:
    """A path in printable form: a name in another encoding may have bytes that are not text."""
    return str(path).encode("utf-8", "replace").decode()
