"""`plangraf doctor`: examine the installation, and say what is wrong and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from plangraf.cli.command import VersionsOption, exit_on_error

_WIDTHS = (7, 12)


def doctor(
    versions: VersionsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Examine settings, disk, versions, log, contexts, clock, descriptors, memory and engine.

    One line for each finding: ok, note (it works, and could be better) or broken, then what to do. The exit code is 1
    when something is broken. Nothing is written. Every file of every kept version is read; the engine is opened only
    when no service answers at PLANGRAF_HOST and PLANGRAF_PORT.

    \b
    Examples:
      plangraf doctor
      plangraf doctor --json | jq '.findings[] | select(.state == "broken")'
    """
    with exit_on_error():
        import orjson

        from plangraf.maintenance.examined import examine
        from plangraf.maintenance.examined_machine import CHECKS

        overrides = {} if versions is None else {"versions": versions}
        findings = []
        for finding in examine(overrides, CHECKS):
            findings.append(finding)
            if not as_json:
                sentence = finding.found if finding.found.endswith(".") else f"{finding.found}."
                text = f"{sentence} {finding.advice}".rstrip()
                typer.echo(f"{finding.state:{_WIDTHS[0]}} {finding.check:{_WIDTHS[1]}} {text}")
        broken = any(finding.state == "broken" for finding in findings)
        if as_json:
            said = {"status": "broken" if broken else "ok", "findings": [asdict(finding) for finding in findings]}
            typer.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())
        raise typer.Exit(1 if broken else 0)
