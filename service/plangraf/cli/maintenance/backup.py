"""`plangraf backup` and `plangraf restore`: save what cannot be built again, and put it back."""

from __future__ import annotations

from typing import Annotated

import typer

from plangraf.cli.command import VersionsOption, exit_on_error, read_settings


def backup(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="Ends in .tar, .tar.gz or .tar.zst, else a folder; - is standard output."
        ),
    ],
    versions: VersionsOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what is at the target.")] = False,
) -> None:
    """Save versions, log of changes and contexts; services and builds go on.

    What a build changes meanwhile is copied again, so the backup is the state of one instant. It holds nothing of the
    source files and no setting.

    \b
    Examples:
      plangraf backup /backup/plangraf-2026-11-30.tar.zst
      plangraf backup - | ssh backup.example.no 'cat > plangraf.tar.zst'
    """
    with exit_on_error():
        from plangraf.maintenance.backing_up import STANDARD_STREAM, back_up

        done = back_up(read_settings(versions=versions).versions, target, replace=replace)
        typer.echo(
            f"backup {target} current {done.current} versions {len(done.versions)} files {done.files} "
            f"bytes {done.size}",
            err=target == STANDARD_STREAM,
        )


def restore(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The backup; - is an archive on standard input.")],
    versions: VersionsOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the versions that are there.")] = False,
) -> None:
    """Put a backup back: all of it, or nothing when a byte is not as it was.

    Everything is unpacked and verified beside the folder, which then takes its place by a rename. A running service
    switches to the restored current version.

    \b
    Examples:
      plangraf restore /backup/plangraf-2026-11-30.tar.zst
      plangraf restore /backup/plangraf-2026-11-30.tar.zst --versions /srv/versions --replace
    """
    with exit_on_error():
        from plangraf.maintenance.restoring import restore as run

        folder = read_settings(versions=versions).versions
        done = run(source, folder, replace=replace)
        typer.echo(f"restored {folder} current {done.current} versions {len(done.versions)} files {done.files}")
