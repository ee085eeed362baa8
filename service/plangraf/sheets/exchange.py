"""The two ways: a dataset folder to spreadsheets, and spreadsheets to a dataset folder."""

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
from plangraf.rdf.namespaces import GRAPH, SDG_GRAPH
from plangraf.rdf.namespaces import slug as slug_of
from plangraf.settings import Settings
from plangraf.sheets.cell_place import SheetDiagnostic
from plangraf.sheets.cells import LONGEST
from plangraf.sheets.csv_files import read_folder, write_folder
from plangraf.sheets.keys import Keys
from plangraf.sheets.model import Model
from plangraf.sheets.notes import NOTES_FILE, Note, OwnSheet, notes_text, read_notes, with_notes
from plangraf.sheets.read.checking import check
from plangraf.sheets.read.evidence_columns import add_evidence
from plangraf.sheets.read.raw import Found, UnreadableError
from plangraf.sheets.read.rows import Imported, read_tables
from plangraf.sheets.read.xlsx import read_workbook
from plangraf.sheets.replacing import Preview, preview
from plangraf.sheets.shapes import read_model
from plangraf.sheets.write.tables import OTHER_COLUMNS, Table, tables, too_long
from plangraf.sheets.write.turtle import turtle_files
from plangraf.sheets.write.xlsx import write_workbook
from plangraf.sources.files import SourceFile, read_files, source_files
from plangraf.sources.turtle import read

XLSX = ".xlsx"
# Of what municipality a template is does not matter: keys have no number in them.
_ANY_MUNICIPALITY = "9999"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: `written` are the files, none when a problem stopped it.

    `unchanged` when the folder says the same already, `declined` when the replacement was not wanted.
    """

    written: tuple[Path, ...]
    triples: int
    problems: tuple[SheetDiagnostic, ...]
    unchanged: bool = False
    declined: bool = False


def export_sheet(settings: Settings, source: str, out: Path, *, replace: bool = False) -> list[Table]:
    """Writes a dataset as a workbook or a folder of CSV files.

    Args:
        settings: `home` has the shapes, `home` and `data` the datasets.
        source: a folder of Turtle files, or a dataset's slug (`5001/kommune` when several have it).
        out: ends in .xlsx for a workbook; any other name is a folder.
        replace: whether what is there may be overwritten.
    Raises:
        SettingError: there is no such dataset, or `out` cannot be written.
        DataError: the dataset's files do not parse.
    """
    folder = _dataset_folder(settings, source)
    _must_be_free(out, replace=replace)
    parsed = read([SourceFile(path, str(path), GRAPH) for path in read_files(folder)])
    if parsed.problems:
        raise DataError(parsed.problems)
    triples: set[Triple] = {quad.triple for quad in parsed.quads}
    found = tables(triples, read_model(settings.home), _keys(folder), native=_is_workbook(out))
    found, own = with_notes(found, read_notes(folder))
    _write(found, out, own)
    return found


def export_template(settings: Settings, out: Path, *, replace: bool = False) -> list[Table]:
    """Writes the empty sheets of everything that a municipality can have.

    Raises:
        SettingError: `out` cannot be written.
    """
    _must_be_free(out, replace=replace)
    model = read_model(settings.home)
    sheets = [sheet for sheet in model.sheets if sheet.may_belong_to(_ANY_MUNICIPALITY)]
    found = [*(Table(sheet, sheet.columns) for sheet in sheets), Table(None, OTHER_COLUMNS)]
    _write(found, out)
    return found


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
        settings: `home` and `data` say what is read beside.
        source: the workbook or the folder.
        folder: `<data folder>/<municipality number>/<slug>`; it need not exist.
        replace: whether its Turtle files may be replaced.
        confirm: is asked before they are, when that changes anything.
    Returns:
        With a problem that is more than a warning, nothing was written.
    Raises:
        SettingError: a name cannot be used.
    """
    _must_be_a_slug(folder)
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
    municipality, slug = _keys(folder).municipality, folder.absolute().name
    graph = f"{GRAPH}{municipality}/{slug}" if municipality else SDG_GRAPH
    problems = (*imported.problems, *check(settings, files, folder, graph, imported, model, _keys(folder)))
    count = len(imported.triples)
    if stops(problems):
        return Outcome((), count, problems)
    if read_files(folder):
        kept = (read_notes(folder), imported.notes)
        changes = preview(folder, imported.triples, model, _keys(folder), kept)
        if changes is None:
            return Outcome((), count, problems, unchanged=True)
        if not confirm(changes):
            return Outcome((), count, problems, declined=True)
    return Outcome(_write_files(folder, files, imported.notes), count, problems)


def read_sheets(source: Path, folder: Path, model: Model) -> Imported:
    """What a workbook or a folder of CSV files says, its columns of evidence written out; nothing is checked yet.

    Raises:
        UnreadableError: the file cannot be opened, or may not be.
        SettingError: a name cannot be used.
    """
    keys = _keys(folder)
    found = _read(source)
    imported = read_tables(found.tables, model, keys)
    imported.problems += found.problems
    add_evidence(imported, model, keys, folder.absolute().name)
    return imported


def _is_workbook(path: Path) -> bool:
    """Whether a name to write to is that of a workbook; a folder has no ending."""
    if path.suffix.lower() in ("", XLSX) or path.is_dir():
        return path.suffix.lower() == XLSX and not path.is_dir()
    raise SettingError(f"{path} is neither a workbook ({XLSX}) nor a folder of CSV files. Name one of these.")


def _keys(folder: Path) -> Keys:
    """Names of a dataset's things: the folder's place says of which municipality it is."""
    above = folder.absolute().parent.name
    if len(above) == 4 and above.isascii() and above.isdecimal():
        return Keys(above)
    if folder.absolute().name == "sdg":
        return Keys(None)
    raise SettingError(
        f"{folder} does not say which municipality it is of. Name it <folder>/<municipality number>/<slug>, "
        "such as my-data/9999/planstrategi-2024-2027."
    )


def _must_be_a_slug(folder: Path) -> None:
    """The folder's name becomes a part of IRIs, and the dataset's identifier."""
    name = folder.absolute().name
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        better = folder.parent / (slug_of(name) or "planstrategi-2024-2027")
        raise SettingError(
            f"{folder} cannot be a dataset's folder: its name is to have lower-case ASCII letters, digits and hyphens "
            f"only. Name it {better}."
        )


def _dataset_folder(settings: Settings, source: str) -> Path:
    folder = Path(source)
    if folder.is_dir():
        if not read_files(folder):
            raise SettingError(f"The folder {source} holds no Turtle files.")
        return folder
    known = {
        file.path.parent for file in source_files(settings.home, settings.data)
        if file.graph == SDG_GRAPH or file.graph.removeprefix(GRAPH).count("/") == 1
    }  # fmt: skip
    names = {f"{path.parent.name}/{path.name}": path for path in known}
    fitting = sorted({path for name, path in names.items() if source in (name, path.name)})
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(sorted(names))
    what = "is the slug of several datasets" if fitting else "is neither a folder nor a dataset"
    raise SettingError(f"{source} {what}. Name one of: {there}.")


def _must_be_free(out: Path, *, replace: bool) -> None:
    workbook = _is_workbook(out)
    taken = out.exists() if workbook else any(out.glob("*.csv"))
    if taken and not replace:
        raise SettingError(f"{out} is there already. Name another, or give --replace to write it anew.")


def _write(found: Sequence[Table], out: Path, own: Sequence[OwnSheet] = ()) -> None:
    try:
        if not _is_workbook(out):
            out.mkdir(parents=True, exist_ok=True)
            written = set(write_folder(found, out, own))
            for stale in set(out.glob("*.csv")) - written:
                stale.unlink()
            return
        if thing := too_long(found, LONGEST):
            raise SettingError(f"{thing} has a text that is too long for a cell of a workbook. Export to a folder.")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".plangraf-") as temporary:
            write_workbook(found, Path(temporary) / out.name, own)
            (Path(temporary) / out.name).replace(out)
    except OSError as error:
        raise SettingError(f"{out} cannot be written ({error.strerror}).") from error


def _read(source: Path) -> Found:
    if not source.exists():
        raise SettingError(f"There is no {source}.")
    if source.is_file():
        return Found(read_workbook(source))
    found = read_folder(source)
    if not found.tables and not stops(found.problems):
        raise SettingError(f"The folder {source} holds no CSV files.")
    return found


def _write_files(folder: Path, files: dict[str, str], notes: Sequence[Note]) -> tuple[Path, ...]:
    """All files are on the disk before the first of the old ones goes."""
    files = {**files, **({NOTES_FILE: notes_text(notes)} if notes else {})}
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
