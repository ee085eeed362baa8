"""Exports a dataset folder to a workbook or a folder of CSV files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from pyoxigraph import Triple

from plangraf.diagnostics.diagnostic import DataError
from plangraf.errors import SettingError
from plangraf.rdf.namespaces import GRAPH, SDG_GRAPH
from plangraf.settings import Settings
from plangraf.sheets.cells import MAX_CELL_CHARS
from plangraf.sheets.csv_files import write_folder
from plangraf.sheets.keys import keys_of_folder
from plangraf.sheets.model_reader import read_model
from plangraf.sheets.write.tables import (
    OTHER_COLUMNS,
    OwnSheet,
    Table,
    build_tables,
    find_too_long,
    read_notes,
    restore_notes,
)
from plangraf.sheets.write.xlsx_writer import write_workbook
from plangraf.sources.files import SourceFile, read_files, source_files
from plangraf.sources.turtle import read

XLSX = ".xlsx"
# Any municipality will do, because keys contain no municipality number.
_ANY_MUNICIPALITY = "9999"


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
    found = build_tables(triples, read_model(settings.home), keys_of_folder(folder), native=_is_workbook(out))
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


def _is_workbook(path: Path) -> bool:
    """Whether the output is a workbook rather than a folder."""
    if path.suffix.lower() in ("", XLSX) or path.is_dir():
        return path.suffix.lower() == XLSX and not path.is_dir()
    raise SettingError(f"{path} is neither a workbook ({XLSX}) nor a folder of CSV files. Name one of these.")


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
