"""Options that several commands take, and the settings that they lead to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from plangraf.diagnostics.progress import Progress
    from plangraf.settings import Settings

DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="A data folder beside ours, <municipality number>/<slug>/*.ttl in it; may be given again.",
    ),
]
VersionsOption = Annotated[
    Path | None,
    typer.Option("--versions", metavar="DIR", help="Folder of the versions.  [PLANGRAF_VERSIONS, ./versions]"),
]
DropOption = Annotated[
    bool,
    typer.Option("--drop", help="Let datasets of the current version go; read no data folder that is not named."),
]
AllOption = Annotated[bool, typer.Option("--all", help="Tell everything that is wrong one by one, not by cause.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No lines about progress.")]


def read_settings(**options: object) -> Settings:
    """The settings of the environment, with the options of the command before them.

    Raises:
        SettingError: one of them cannot be used.
    """
    from plangraf.settings import load_settings

    folders = options.get("data")
    if isinstance(folders, list):
        options["data"] = tuple(folders) or None
    return load_settings(**options)


def show_progress(quiet: bool) -> Progress:
    """Writes one line for each step to standard error, or none."""
    from plangraf.diagnostics.progress import Progress

    return Progress(None if quiet else sys.stderr)
