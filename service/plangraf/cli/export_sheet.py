"""`plangraf export-sheet`: a dataset, or an empty template, as a workbook or CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plangraf.cli.command import DataOption, exit_on_error, read_settings
from plangraf.cli.extras import require_extra
from plangraf.errors import SettingError


def export_sheet(
    source: Annotated[str, typer.Argument(metavar="FOLDER|DATASET", help="Folder of Turtle files, or a slug.")],
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="A workbook (.xlsx), or a folder for CSV files.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Empty sheets of all classes; only OUT is given then.")
    ] = False,
    data: DataOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite OUT when it is there.")] = False,
) -> None:
    """Write a dataset as a workbook, or as CSV files: one sheet for each class.

    Sheets and columns come from the shapes; the first sheet explains them. What no column fits stands on the
    last sheet, so that import-sheet gives back exactly the same statements.

    \b
    Examples:
      plangraf export-sheet --template kommune.xlsx            empty, for a new municipality
      plangraf export-sheet planstrategi-2020-2023 plan.xlsx
      plangraf export-sheet my-data/9999/planstrategi out-csv  a folder of CSV files
    """
    with exit_on_error():
        require_extra("sheets")
        from plangraf.sheets.exporting import export_sheet as run
        from plangraf.sheets.exporting import export_template

        if template:
            if out is not None:
                raise SettingError("A template is of no dataset. Give one name, that of the file to write.")
            out = Path(source)
            found = export_template(read_settings(data=data), out, replace=replace)
        elif out is None:
            raise SettingError("Give the file or folder to write after the dataset, or --template before it.")
        else:
            found = run(read_settings(data=data), source, out, replace=replace)
        typer.echo(f"{out}  {len(found)} sheets, {sum(len(table.rows) for table in found)} rows")
