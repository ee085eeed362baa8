"""`plangraf publish`: load versions into the SPARQL endpoint that evaluates the queries."""

from __future__ import annotations

from typing import Annotated

import typer

from plangraf.cli.command import VersionsOption, exit_on_error, read_settings
from plangraf.cli.extras import require_extra


def publish(
    version: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The version; else the current one.", show_default=False)
    ] = None,
    versions: VersionsOption = None,
    drop: Annotated[bool, typer.Option("--drop", help="Remove the version from the endpoint instead.")] = False,
) -> None:
    """Load a version into the endpoint of PLANGRAF_ENGINE, or remove it from there.

    Services use the version when all of it is there and was read back; one that is there already is left as it is. A
    load that ends half-way changes nothing for them, and the next one begins it again. Versions that were pruned from
    the folder are removed from the endpoint too.

    \b
    Examples:
      plangraf publish
      plangraf publish 0123456789abcdef --drop
    """
    with exit_on_error():
        require_extra("remote")
        from plangraf.errors import SettingError
        from plangraf.publish.endpoint_loading import Loader, Target
        from plangraf.store.versions import VersionStore

        settings = read_settings(versions=versions)
        if settings.engine is None or settings.engine_update is None:
            name = "PLANGRAF_ENGINE" if settings.engine is None else "PLANGRAF_ENGINE_UPDATE"
            raise SettingError(f"{name}: give the address of the endpoint, so that a version can be loaded into it.")
        store = VersionStore(settings.versions)
        chosen = store.current() if version is None else store.get(version)
        target = Target(
            settings.engine, settings.engine_update, settings.engine_graph_store or "", settings.engine_secret
        )
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
