"""What every command shares: its options and settings, and how it ends.

Every error becomes a message and an exit status, never a traceback: 0 done, 1 the data or the query are wrong or the
work failed, 2 a setting or option is wrong, or an extra is missing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plangraf.diagnostics.diagnostic import DataError, as_text
from plangraf.errors import PlangrafError, SettingError

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


def write_error(text: str) -> None:
    """Writes to standard error; bytes of a file name that are not UTF-8 become question marks."""
    typer.echo(text.encode("utf-8", "replace").decode(), err=True)


@contextmanager
def exit_on_error(*, every: bool = False) -> Iterator[None]:
    """Ends the command with a message and an exit status on every error.

    `every` lists all problems of the data one by one instead of by cause.
    """
    try:
        yield
    except DataError as error:
        write_error(as_text(error.problems, every=every))
        raise typer.Exit(1) from None
    except PlangrafError as error:
        write_error(f"plangraf: {error}")
        raise typer.Exit(2 if isinstance(error, SettingError) else 1) from None
    except BrokenPipeError:  # the reader of our output, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        write_error(
            f"plangraf: {where}{error.strerror or error}. Check the name, the permissions and the space on the disk."
        )
        raise typer.Exit(1) from None
    except ValueError as error:
        if os.environ.get("PLANGRAF_LOG_LEVEL", "").lower() == "debug":
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        write_error(f"plangraf: {said}. PLANGRAF_LOG_LEVEL=debug shows where it happened.")
        raise typer.Exit(1) from None


def read_settings(**options: object) -> Settings:
    """The settings: those of the environment, overridden by the command's options.

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
