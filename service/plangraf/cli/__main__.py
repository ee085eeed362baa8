"""Puts the commands together.

Each command imports what it needs when it runs, so that help is quick and pySHACL never enters a server.
"""

from __future__ import annotations

from typing import Annotated

import typer

import plangraf
from plangraf.cli import main
from plangraf.cli.build import build
from plangraf.cli.check_harvest import check_harvest
from plangraf.cli.export_sheet import export_sheet
from plangraf.cli.import_sheet import import_sheet
from plangraf.cli.import_statistics import import_statistics
from plangraf.cli.link import link
from plangraf.cli.maintenance.backup import backup, restore
from plangraf.cli.maintenance.doctor import doctor
from plangraf.cli.publish import publish
from plangraf.cli.query import query
from plangraf.cli.serve_command import serve
from plangraf.cli.validate import validate
from plangraf.cli.versions import versions_app

app = typer.Typer(
    name="plangraf",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(build)
app.command()(validate)
app.command("export-sheet")(export_sheet)
app.command("import-sheet")(import_sheet)
app.command()(link)
app.command("import-statistics")(import_statistics)
app.command()(query)
app.command()(publish)
app.command()(serve)
app.command("check-harvest")(check_harvest)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.add_typer(versions_app, name="versions")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"plangraf {plangraf.__version__}")
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version of the program.")
    ] = False,
) -> None:
    """A knowledge graph of municipal plans: build it, check it, ask it, serve it.

    \b
    The usual way:
      plangraf build               check the files and write a version
      plangraf serve               serve it on http://127.0.0.1:8000
      plangraf validate mine.ttl   check your own data before you add it

    Settings are environment variables that start with PLANGRAF_ (docs/operators.md lists them); options go
    before them.
    """


if __name__ == "__main__":
    main()
