"""`plangraf check-harvest`: how the portals' harvesters would treat a catalogue."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from plangraf.cli.command import exit_on_error, read_settings
from plangraf.cli.extras import require_extra


def check_harvest(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[URL|FILE]", help="Address or file.  [http://127.0.0.1:<PLANGRAF_PORT>/catalog]"),
    ] = None,
    accept: Annotated[
        str, typer.Option("--accept", metavar="TYPE", help="The Accept that is registered at data.norge.no.")
    ] = "text/turtle",
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs.")] = False,
) -> None:
    """Say what data.norge.no, CKAN and DCAT-AP-NO make of a catalogue.

    Fetches it as the portals' harvesters do, tries their rules and those of DCAT-AP-NO 2.2 and 3 and DCAT-AP
    3.0.1, and says of each catalogue, dataset, series and service whether it is accepted, and why not. Nothing
    is registered anywhere, and no other host is asked than a redirect or a next page of the catalogue leads to.

    Exit codes: 0 everything is accepted, 1 something is rejected, 2 nothing answers, there is no such file, or we
    cannot read it.

    \b
    Examples:
      plangraf check-harvest                                 the service that runs here
      plangraf check-harvest https://plan.example.no         its /catalog
      plangraf check-harvest catalog.ttl --json
    """
    with exit_on_error():
        require_extra("portals")
        from plangraf.portals.checking import CheckOptions, as_text, check
        from plangraf.portals.checking import as_json as format_json

        source = source or f"http://127.0.0.1:{read_settings().port}"
        if re.fullmatch(r"https?://[^/?#]+/?", source):
            source = f"{source.rstrip('/')}/catalog"
        verdict = check(source, CheckOptions(accept=accept))
        typer.echo(format_json(verdict) if as_json else as_text(verdict))
        if not verdict.accepted_everywhere:
            raise typer.Exit(1)
