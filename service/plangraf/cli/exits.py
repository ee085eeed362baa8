"""How a command ends: every error becomes a message and an exit status, never a traceback.

Exit statuses: 0 done, 1 the data or the query are wrong or the work failed, 2 a setting or option is wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from plangraf.diagnostics.diagnostic import DataError
from plangraf.errors import PlangrafError, SettingError


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
        from plangraf.diagnostics.rendering import as_text

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
