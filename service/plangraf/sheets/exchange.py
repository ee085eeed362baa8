"""Exports a dataset folder to spreadsheets, and imports spreadsheets into a dataset folder."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Triple

from plangraf.diagnostics.diagnostic import DataError, stops
from plangraf.errors import SettingError
from plangraf.rdf.collector import paused_collector
from plangraf.rdf.namespaces import GRAPH, SDG_GRAPH
from plangraf.rdf.namespaces import slug as slug_of
from plangraf.settings import Settings
from plangraf.sheets.cell_place import SheetDiagnostic
from plangraf.sheets.cells import MAX_CELL_CHARS
from plangraf.sheets.csv_files import read_folder, write_folder
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Model
from plangraf.sheets.model_reader import read_model
from plangraf.sheets.notes import NOTES_FILE, Note, OwnSheet, format_notes, read_notes, restore_notes
from plangraf.sheets.read.build_checks import check
from plangraf.sheets.read.evidence_columns import add_evidence
from plangraf.sheets.read.imported import Imported
from plangraf.sheets.read.raw import RawTables, UnreadableError
from plangraf.sheets.read.table_reader import read_tables
from plangraf.sheets.read.xlsx_reader import read_workbook
from plangraf.sheets.replacing import Preview, preview
from plangraf.sheets.write.tables import OTHER_COLUMNS, Table, build_tables, find_too_long
from plangraf.sheets.write.turtle_files import turtle_files
from plangraf.sheets.write.xlsx_writer import write_workbook
from plangraf.sources.files import SourceFile, read_files, source_files
from plangraf.sources.turtle import read

XLSX = ".xlsx"
# Any municipality will do, because keys contain no municipality number.
_ANY_MUNICIPALITY = "9999"


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


def export_sheet(settings: Settings, source: str, out: Path, *, replace: bool = False) -> list[Table]:
    """Writes a dataset as a workbook or a folder of CSV files.

    Args:
        settings: `home` holds the shapes, `home` and `data` hold the datasets.
        source: a folder of Turtle files, or a dataset's slug (`5001/kommune` when several have it).
        out: a workbook when it ends in .xlsx, else a folder.
        replace: whether existing files may be overwritten.
    Raises:
        SettingError: there is no such dataset, or `out` cannot be written.
        DataError: the dataset's files do not parse.
    """
    folder = _find_dataset_folder(settings, source)
    _refuse_existing(out, replace=replace)
    parsed = read([SourceFile(path, str(path), GRAPH) for path in read_files(folder)])
    if parsed.problems:
        raise DataError(parsed.problems)
    triples: set[Triple] = {quad.triple for quad in parsed.quads}
    found = build_tables(triples, read_model(settings.home), _keys_for(folder), native=_is_workbook(out))
    found, own = restore_notes(found, read_notes(folder))
    _write_sheets(found, out, own)
    return found


def export_template(settings: Settings, out: Path, *, replace: bool = False) -> list[Table]:
    """Writes an empty sheet for each class that a municipality can have.

    Raises:
        SettingError: `out` cannot be written.
    """
    _refuse_existing(out, replace=replace)
    model = read_model(settings.home)
    sheets = [sheet for sheet in model.sheets if sheet.may_belong_to(_ANY_MUNICIPALITY)]
    found = [*(Table(sheet, sheet.columns) for sheet in sheets), Table(None, OTHER_COLUMNS)]
    _write_sheets(found, out)
    return found


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
    municipality, slug = _keys_for(folder).municipality, folder.absolute().name
    graph = f"{GRAPH}{municipality}/{slug}" if municipality else SDG_GRAPH
    problems = (*imported.problems, *check(settings, files, folder, graph, imported, model, _keys_for(folder)))
    count = len(imported.triples)
    if stops(problems):
        return Outcome((), count, problems)
    if read_files(folder):
        kept = (read_notes(folder), imported.notes)
        changes = preview(folder, imported.triples, model, _keys_for(folder), kept)
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
    keys = _keys_for(folder)
    found = _read_source(source)
    imported = read_tables(found.tables, model, keys)
    imported.problems += found.problems
    add_evidence(imported, model, keys, folder.absolute().name)
    return imported


def _is_workbook(path: Path) -> bool:
    """Whether the output is a workbook rather than a folder."""
    if path.suffix.lower() in ("", XLSX) or path.is_dir():
        return path.suffix.lower() == XLSX and not path.is_dir()
    raise SettingError(f"{path} is neither a workbook ({XLSX}) nor a folder of CSV files. Name one of these.")


def _keys_for(folder: Path) -> Keys:
    """The short names of a dataset, whose parent folder names the municipality."""
    above = folder.absolute().parent.name
    if len(above) == 4 and above.isascii() and above.isdecimal():
        return Keys(above)
    if folder.absolute().name == "sdg":
        return Keys(None)
    if folder.absolute().parent.name == "link":
        raise SettingError(
            f"{folder} is a linked list, which `plangraf link` writes from its list.yaml. Edit that, not a sheet."
        )
    raise SettingError(
        f"{folder} does not say which municipality it is of. Name it <folder>/<municipality number>/<slug>, "
        "such as my-data/9999/planstrategi-2024-2027."
    )


def _require_slug(folder: Path) -> None:
    """Refuses other names, because the name becomes a part of IRIs and the identifier of the dataset."""
    name = folder.absolute().name
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        better = folder.parent / (slug_of(name) or "planstrategi-2024-2027")
        raise SettingError(
            f"{folder} cannot be a dataset's folder: its name is to have lower-case ASCII letters, digits and hyphens "
            f"only. Name it {better}."
        )


def _find_dataset_folder(settings: Settings, source: str) -> Path:
    folder = Path(source)
    if folder.is_dir():
        if not read_files(folder):
            raise SettingError(f"The folder {source} holds no Turtle files.")
        return folder
    known = {
        file.path.parent
        for file in source_files(settings.home, settings.data)
        if file.graph == SDG_GRAPH or file.graph.removeprefix(GRAPH).count("/") == 1
    }
    names = {f"{path.parent.name}/{path.name}": path for path in known}
    fitting = sorted({path for name, path in names.items() if source in (name, path.name)})
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(sorted(names))
    reason = "is the slug of several datasets" if fitting else "is neither a folder nor a dataset"
    raise SettingError(f"{source} {reason}. Name one of: {there}.")


def _refuse_existing(out: Path, *, replace: bool) -> None:
    workbook = _is_workbook(out)
    taken = out.exists() if workbook else any(out.glob("*.csv"))
    if taken and not replace:
        raise SettingError(f"{out} is there already. Name another, or give --replace to write it anew.")


def _write_sheets(found: Sequence[Table], out: Path, own: Sequence[OwnSheet] = ()) -> None:
    try:
        if not _is_workbook(out):
            out.mkdir(parents=True, exist_ok=True)
            written = set(write_folder(found, out, own))
            for stale in set(out.glob("*.csv")) - written:
                stale.unlink()
            return
        if thing := find_too_long(found, MAX_CELL_CHARS):
            raise SettingError(f"{thing} has a text that is too long for a cell of a workbook. Export to a folder.")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".plangraf-") as temporary:
            write_workbook(found, Path(temporary) / out.name, own)
            (Path(temporary) / out.name).replace(out)
    except OSError as error:
        raise SettingError(f"{out} cannot be written ({error.strerror}).") from error


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
