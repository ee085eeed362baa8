"""`plangraf link`: a list that others publish becomes a dataset of links and facts."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plangraf.cli.command import DataOption, exit_on_error, read_settings

if TYPE_CHECKING:
    from plangraf.sources.lists.linking import Outcome


def link(
    mapping: Annotated[Path, typer.Argument(metavar="MAPPING", help="The list.yaml that says how the list is read.")],
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="A file or an http(s) address; several for areas.")
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="The dataset's folder.  [the folder of MAPPING]")
    ] = None,
    retrieved: Annotated[
        datetime | None,
        typer.Option("--retrieved", metavar="DATE", formats=["%Y-%m-%d"], help="The day of a saved file.  [today]"),
    ] = None,
    max_mib: Annotated[int, typer.Option("--max-mib", metavar="N", min=1, help="Size bound of a source.")] = 64,
    data: DataOption = None,
) -> None:
    """Read a list that others publish, and write a dataset of links and facts, never of its texts.

    The dataset has its provenance: address, SHA-256, day, query, and each kind of repair with its count. The folder is
    replaced as a whole or not at all, and the same list gives the same bytes. A further list needs a mapping and no
    code; docs/researchers.md has an example.

    \b
    Examples:
      plangraf link data/link/un-sdg-kos/list.yaml un-sdg-kos.ttl
      plangraf link my-list.yaml https://example.org/list.csv --to my-data/link/my-list
      plangraf link areas.yaml codes.json changes.json --to my-data/link/areas
    """
    with exit_on_error():
        from plangraf.sources.lists.linking import link as run

        day = retrieved.date() if retrieved else None
        done = run(
            read_settings(data=data), mapping, sources, to, retrieved=day, today=date.today(), limit=max_mib << 20
        )
        _report(done)


def _report(done: Outcome) -> None:
    for name, count in done.things.items():
        typer.echo(f"{count:>6}  {name}")
    for repair in done.repairs:
        typer.echo(f"{repair.count:>6}  nb  {repair.text.nb}\n        en  {repair.text.en}")
        for entry in repair.entries:
            typer.echo(f"            {entry}")
    if done.earlier is not None:
        typer.echo(f"The list has changed since {done.earlier}: {done.added} things are new, {done.removed} gone.")
    typer.echo(f"{done.folder}  {'unchanged, ' if done.unchanged else ''}{done.triples} triples")
