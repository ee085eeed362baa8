"""`plangraf build`: check the source files and write one version."""

from __future__ import annotations

from typing import Annotated

import typer

from plangraf.cli.command import (
    AllOption,
    DataOption,
    DropOption,
    QuietOption,
    VersionsOption,
    exit_on_error,
    read_settings,
    show_progress,
    write_error,
)
from plangraf.cli.extras import require_extra
from plangraf.diagnostics.diagnostic import summary


def build(
    data: DataOption = None,
    versions: VersionsOption = None,
    force: Annotated[bool, typer.Option("--force", help="Build although no file has changed.")] = False,
    drop: DropOption = False,
    every: AllOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check the source files and write one version.

    Parses ontology, shapes and data, checks that every term is defined, validates with SHACL, runs the
    queries of queries/checks/, and only when all is right writes a version and makes it current. What is
    wrong is told in Norwegian and English, by file and thing, and the current version stays as it is.
    The same files give the same version id on any machine.

    Without --data the data folders of the last build are read again. A build that would drop a whole dataset of
    the current version stops and says which; --drop means it.

    \b
    Examples:
      plangraf build
      plangraf build --data ../malvik-plans      with the data of another municipality
      plangraf build --drop                      without it again
      plangraf build --versions /srv/versions    somewhere else than ./versions
    """
    with exit_on_error(every=every):
        require_extra("publish")
        from plangraf.publish.pipeline import build as run

        settings = read_settings(data=data, versions=versions)
        done = run(settings, force=force, drop=drop, progress=show_progress(quiet))
        if done.problems:
            write_error(summary(done.problems) + f"\n{done.version.path / 'report.json'}")
        state = "" if done.fresh else " up to date"
        typer.echo(f"version {done.version.id} triples {done.version.triples}{state}")
