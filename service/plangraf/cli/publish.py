"""`plangraf publish`: to the SPARQL endpoint that evaluates the queries, or to an object store that replicas read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plangraf.cli.command import VersionsOption, exit_on_error, read_settings
from plangraf.cli.extras import require_extra

if TYPE_CHECKING:
    from plangraf.settings import Settings


def publish(
    version: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The version; else the current one.", show_default=False)
    ] = None,
    versions: VersionsOption = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="STORE", help="Publish all versions to an object store, for replicas."),
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Remove the version from the endpoint instead.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --to: replace what the store has, whatever it is.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --to: write objects again that the store has already.")
    ] = False,
) -> None:
    """Load a version into the endpoint of PLANGRAF_ENGINE, or publish the versions to an object store for replicas.

    Services use a publication when all of it is there, at an endpoint when it was read back too; what is there already
    is left as it is. One that ends half-way changes nothing for them, and the next one completes it. Versions that were
    pruned from the folder are removed there too.

    \b
    Examples:
      plangraf publish
      plangraf publish 0123456789abcdef --drop
      plangraf publish --to s3://bucket/plans      for each `plangraf serve --from s3://bucket/plans`
      plangraf publish --to file:/srv/plans
    """
    with exit_on_error():
        settings = read_settings(versions=versions)
        if to is None:
            _refuse(("--replace", replace), ("--again", again), why="only go with --to")
            _publish_to_endpoint(settings, version, drop=drop)
        else:
            _refuse(
                (f"{version}", version is not None),
                ("--drop", drop),
                why="cannot go with --to, because a store gets the versions that the folder has. Choose with "
                "`plangraf versions use`, `prune` or `withdraw` first",
            )
            _publish_to_store(settings, to, replace=replace, again=again)


def _refuse(*options: tuple[str, bool], why: str) -> None:
    from plangraf.errors import SettingError

    for name, given in options:
        if given:
            raise SettingError(f"{name}: {why}.")


def _publish_to_endpoint(settings: Settings, version: str | None, *, drop: bool) -> None:
    require_extra("remote")
    from plangraf.errors import SettingError
    from plangraf.publish.endpoint_loading import Loader, Target
    from plangraf.store.versions import VersionStore

    if settings.engine is None or settings.engine_update is None:
        name = "PLANGRAF_ENGINE" if settings.engine is None else "PLANGRAF_ENGINE_UPDATE"
        raise SettingError(f"{name}: give the address of the endpoint, so that a version can be loaded into it.")
    store = VersionStore(settings.versions)
    chosen = store.current() if version is None else store.get(version)
    target = Target(settings.engine, settings.engine_update, settings.engine_graph_store or "", settings.engine_secret)
    loader = Loader(target)
    if drop:
        loader.drop(chosen.id)
        typer.echo(f"{chosen.id} is removed from {settings.engine}.")
    elif loader.load(chosen):
        typer.echo(f"{chosen.id} is at {settings.engine}: {chosen.triples} triples.")
    else:
        typer.echo(f"{chosen.id} is at {settings.engine} already.")
    for gone in loader.remove_pruned(store.pruned()):
        typer.echo(f"{gone} is removed from {settings.engine}, as it is from {store.path}.")


def _publish_to_store(settings: Settings, to: str, *, replace: bool, again: bool) -> None:
    require_extra("replicas")
    from plangraf.replicas.objects import Objects
    from plangraf.replicas.publication import Publisher
    from plangraf.store.versions import VersionStore

    objects = Objects(to, writing=True)
    done = Publisher(VersionStore(settings.versions, settings.feed_page), objects).publish(replace=replace, again=again)
    if done.there_already:
        typer.echo(f"{done.version} is current at {objects.address} already, in publication {done.number}.")
        return
    removed = f", {done.removed} old ones removed" if done.removed else ""
    typer.echo(
        f"{done.version} is current at {objects.address}: publication {done.number} with {done.versions} versions, "
        f"{done.written} objects of {done.written_bytes / 1e6:.1f} MB written{removed}."
    )
