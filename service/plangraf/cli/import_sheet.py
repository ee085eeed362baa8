"""`plangraf import-sheet`: a filled-in workbook becomes the Turtle files of a dataset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plangraf.cli.command import AllOption, DataOption, exit_on_error, read_settings, write_error
from plangraf.cli.extras import require_extra
from plangraf.diagnostics.diagnostic import as_text, stops
from plangraf.errors import SettingError

if TYPE_CHECKING:
    from plangraf.sheets.importing import Preview


def import_sheet(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A workbook (.xlsx), or a folder of CSV files.")],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="<data folder>/<municipality number>/<slug>, made when missing.")
    ],
    data: DataOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the Turtle files of FOLDER.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace without a question, for scripts.")] = False,
    every: AllOption = False,
) -> None:
    """Read a filled-in workbook, check it as a build would, and write the dataset's Turtle files.

    Nothing is written when anything is wrong; every error is told with sheet, row, column and what to write, in
    Norwegian and English. The municipality's other datasets, beside FOLDER, are read too. With --replace it says
    what is added, changed and removed, and asks. Columns and sheets of your own are kept in FOLDER/notater.tsv.

    \b
    Examples:
      plangraf import-sheet kommune.xlsx my-data/9999/kommune
      plangraf import-sheet plan.xlsx my-data/9999/planstrategi-2024-2027 --replace
      plangraf import-sheet plan.xlsx my-data/9999/planstrategi-2024-2027 --replace --yes
      plangraf import-sheet csv-folder my-data/9999/planstrategi-2024-2027
    """
    with exit_on_error():
        require_extra("sheets")
        from plangraf.sheets.importing import import_sheet as run

        settings = read_settings(data=data)
        done = run(settings, source, folder, replace=replace, confirm=lambda changes: _confirm(changes, yes=yes))
        if done.problems:
            write_error(as_text(done.problems, every=every))
        if stops(done.problems) or done.declined:
            write_error("nb  Ingenting er skrevet.\nen  Nothing was written.")
            raise typer.Exit(1)
        if done.unchanged:
            typer.echo(f"{folder}  unchanged, {done.triples} triples")
            return
        if not done.written:
            raise SettingError(f"{source} holds no rows: nothing was written.")
        typer.echo(f"{folder}  {len(done.written)} files, {done.triples} triples")


def _confirm(changes: Preview, *, yes: bool) -> bool:
    """Shows what a replacement changes and asks for consent, unless `yes` gives it.

    Raises:
        SettingError: consent is needed and standard input is not a terminal.
    """
    write_error(changes.as_text())
    if yes:
        return True
    if not sys.stdin.isatty():
        raise SettingError("Nothing was written: nobody can be asked here. Give --yes to replace.")
    write_error("Erstatte? · Replace? [j/N]")
    return sys.stdin.readline().strip().lower() in ("j", "ja", "y", "yes")
