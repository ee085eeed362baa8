"""`plangraf versions`: list the versions, switch to another, remove or withdraw some, fetch a publication."""

from __future__ import annotations

from typing import Annotated

import typer

from plangraf.cli.command import VersionsOption, exit_on_error, read_settings, write_error
from plangraf.cli.extras import require_extra

versions_app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@versions_app.callback()
def versions(context: typer.Context, versions: VersionsOption = None) -> None:
    """List the versions that are built, the newest at the end; go back to one, or remove old ones.

    \b
    Columns: * for the current one, id, triples, time at which it was written, warnings.
    Examples:
      plangraf versions --versions /srv/versions
      plangraf versions use 0123456789abcdef     what is served from now on, by running services too
      plangraf versions prune --keep 3           remove all but the current one and the 3 newest others
      plangraf versions withdraw 0123456789abcdef     remove this one
      plangraf versions fetch s3://bucket/plans       take over what was published there
    """
    if context.invoked_subcommand is not None:
        return
    with exit_on_error():
        from plangraf.store.versions import VersionStore

        store = VersionStore(read_settings(versions=versions).versions)
        found, current = store.listed()
        for damaged in store.damaged():
            write_error(f"plangraf: version {damaged} is damaged; `plangraf doctor` says how.")
        if not found:
            typer.echo(f"There is no version in {store.path} yet. Run `plangraf build`.")
            return
        for version in found:
            warnings = sum(version.manifest.get("warnings", {}).values())
            typer.echo(
                f"{'*' if version.id == current else ' '} {version.id}  {version.triples:>10} triples  "
                f"{version.written.astimezone():%Y-%m-%d %H:%M:%S%z}  {warnings} warnings"
            )


@versions_app.command("use")
def versions_use(
    version: Annotated[str, typer.Argument(metavar="ID", help="The version, as `plangraf versions` lists it.")],
    versions: VersionsOption = None,
) -> None:
    """Make a version the current one; services that run take it up within seconds."""
    with exit_on_error():
        from plangraf.publish.losses import describe_losses
        from plangraf.store.versions import VersionStore

        settings = read_settings(versions=versions)
        store = VersionStore(settings.versions, settings.feed_page)
        before = store.current() if store.has_current() else None
        store.use(version)
        if before is None or before.id == version:
            typer.echo(f"{version} is current.")
            return
        typer.echo(f"{version} is current, before it was {before.id}.")
        if lost := describe_losses(before, store.get(version)):
            write_error(lost)


@versions_app.command("prune")
def versions_prune(
    keep: Annotated[int, typer.Option("--keep", min=0, help="How many stay beside the current one.")] = 5,
    versions: VersionsOption = None,
) -> None:
    """Remove old versions; the current one always stays."""
    with exit_on_error():
        from plangraf.store.versions import VersionStore

        gone = VersionStore(read_settings(versions=versions).versions).prune(keep)
        for version_id in gone:
            typer.echo(f"removed {version_id}")
        if not gone:
            typer.echo("Nothing to remove.")


@versions_app.command("withdraw")
def versions_withdraw(
    version: Annotated[str, typer.Argument(metavar="ID", help="The version, as `plangraf versions` lists it.")],
    versions: VersionsOption = None,
) -> None:
    """Remove one version, which is not the current one; its addresses answer 410 from now on.

    Replicas remove it after the next `plangraf publish --to`. The log of changes keeps what it has published.
    """
    with exit_on_error():
        from plangraf.store.versions import VersionStore

        VersionStore(read_settings(versions=versions).versions).withdraw(version)
        typer.echo(f"removed {version}")


@versions_app.command("fetch")
def versions_fetch(
    store: Annotated[str, typer.Argument(metavar="STORE", help="The object store of `plangraf publish --to`.")],
    versions: VersionsOption = None,
) -> None:
    """Take over what was published to an object store, once; `plangraf serve --from` follows it.

    A folder that has it can be built in and published again from this machine.
    """
    with exit_on_error():
        require_extra("replicas")
        from plangraf.errors import VersionsError
        from plangraf.replicas.objects import Objects
        from plangraf.replicas.replica import Replica

        settings = read_settings(versions=versions)
        replica = Replica(Objects(store), settings.versions, most_bytes=settings.replica_max_gb << 30)
        done = replica.update()
        if done is None:
            if (state := replica.taken.state) is None:
                raise VersionsError(f"There is no version in {settings.versions}.")
            typer.echo(f"{state.current} is current already, as of publication {replica.taken.number}.")
        else:
            typer.echo(
                f"{done.version} is current: publication {done.number}, {done.files} objects of "
                f"{done.fetched_bytes / 1e6:.1f} MB fetched."
            )
