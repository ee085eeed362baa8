"""`plangraf serve`: its options. plangraf.cli.serve runs the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from plangraf.cli.command import DataOption, DropOption, VersionsOption, exit_on_error, read_settings, write_error
from plangraf.cli.extras import has_extra, require_extra

if TYPE_CHECKING:
    from plangraf.settings import Settings


def serve(
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Address to bind.  [PLANGRAF_HOST, 127.0.0.1]"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", help="Port to bind, 0 for a free one.  [PLANGRAF_PORT, 8000]"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="HTTP processes.  [PLANGRAF_PROCESSES, 2]"),
    ] = None,
    data: DataOption = None,
    versions: VersionsOption = None,
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Serve the current version whatever the files are.")
    ] = False,
    drop: DropOption = False,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STORE",
            help="Serve a copy of what `plangraf publish --to` wrote to an object store, and follow it.  "
            "[PLANGRAF_REPLICA_FROM]",
        ),
    ] = None,
) -> None:
    """Serve over HTTP; build first when files changed.

    Builds when there is no version, or one of other files than there are now. When that build stops because
    the files are wrong or lack a dataset, the version that was current goes on serving; so it does where the
    extra `publish` is not installed. The last line of the start is `plangraf <address> version <id> triples <number>`.
    SIGTERM ends it cleanly.

    \b
    Examples:
      plangraf serve
      plangraf serve --port 8123 --data ../malvik-plans
      plangraf serve --host 0.0.0.0 --no-build     in a container with a built version
      plangraf serve --from s3://bucket/plans      a replica, which builds nothing
    """
    with exit_on_error():
        from plangraf.cli.serve import serve as run

        settings = read_settings(
            host=host, port=port, processes=workers, data=data, versions=versions, replica_from=from_
        )
        if settings.replica_from is not None:
            _check_replica(settings)
            may_build = False
        else:
            may_build = not no_build and _may_build(settings)
        if settings.engine is not None:
            require_extra("remote")
        if settings.traces is not None:
            require_extra("otel")
        raise typer.Exit(run(settings, may_build=may_build, drop=drop))


def _check_replica(settings: Settings) -> None:
    """Raises:
    SettingError: the store's address cannot be used, or the service would not look for other versions.
    """
    require_extra("replicas")
    from plangraf.errors import SettingError
    from plangraf.replicas.objects import checked_address

    assert settings.replica_from is not None
    checked_address(settings.replica_from)
    if not settings.watch_s:
        raise SettingError("PLANGRAF_WATCH_S: a replica must look for another current version; give more than 0.")


def _may_build(settings: Settings) -> bool:
    """Whether a build can run. Without its extra, an existing version is served.

    Raises:
        ExtraMissingError: there is no version, and only a build could make one.
    """
    if has_extra("publish"):
        return True
    from plangraf.store.versions import VersionStore

    if not VersionStore(settings.versions).has_current():
        require_extra("publish")
    write_error("plangraf: the extra `publish` is not installed, so the current version is served without a build.")
    return False
