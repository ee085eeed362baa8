"""`plangraf validate`: checks your own files as a build or an import would."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plangraf.cli.command import AllOption, DataOption, QuietOption, exit_on_error, read_settings, show_progress
from plangraf.cli.extras import require_extra
from plangraf.diagnostics.diagnostic import as_text


def validate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES...", help="Turtle files, workbooks, or folders of Turtle or CSV files."),
    ],
    data: DataOption = None,
    municipality: Annotated[
        str | None,
        typer.Option("--municipality", metavar="NUMBER", help="Completes the keys of spreadsheets in no such folder."),
    ] = None,
    every: AllOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check your own files before you build with them.

    The verdict is that of a build, or for spreadsheets that of an import: they are read beside our ontology,
    shapes and data, and only what they describe is reported. A file in a data folder is read with the rest of that
    folder, any other as a dataset of its own. Nothing is written.

    \b
    Examples:
      plangraf validate my-plans.ttl
      plangraf validate my-data                                a data folder, or one dataset's folder in it
      plangraf validate kommune.xlsx plan.xlsx --municipality 9999
      plangraf validate new.ttl --data mine      when new.ttl links to things described in mine/
    """
    with exit_on_error(every=every):
        from plangraf.sheets.judge import is_sheet, judge

        for extra in sorted({"sheets" if is_sheet(path) else "publish" for path in files}):
            require_extra(extra)
        verdict = judge(read_settings(data=data), files, municipality=municipality, progress=show_progress(quiet))
        if verdict.problems:
            typer.echo(as_text(verdict.problems, every=every))
        for path, problems in verdict.sheets:
            if problems:
                typer.echo(f"{path}\n{as_text(problems, every=every)}")
        if not verdict.good:
            raise typer.Exit(1)
        typer.echo("nb  Ingen feil.\nen  No errors.")
