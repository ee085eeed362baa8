"""`plangraf`: build, validate, list, ask and serve from the command line.

Sub-commands import what they need when they run, so that help is quick and pySHACL never enters a server.
Exit codes: 0 done, 1 the data or the query are wrong or the work failed, 2 a setting or option is wrong.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plangraf.diagnostics.diagnostic import DataError
from plangraf.errors import PlangrafError, SettingError

if TYPE_CHECKING:
    from plangraf.diagnostics.progress import Progress
    from plangraf.settings import Settings

app = typer.Typer(
    name="plangraf",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""A knowledge graph of municipal plans: build it, check it, ask it, serve it.

    \b
    The usual way:
      plangraf build               check the files and write a version
      plangraf serve               serve it on http://127.0.0.1:8000
      plangraf validate mine.ttl   check your own data before you add it

    Settings are environment variables that start with PLANGRAF_ (the README lists them); options go before
    them.""",
)

DataOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="A data folder beside ours, <municipality number>/<slug>/*.ttl in it; may be given again.",
    ),
]
VersionsOption = Annotated[
    Path | None,
    typer.Option("--versions", metavar="DIR", help="Folder of the versions.  [PLANGRAF_VERSIONS, ./versions]"),
]
DropOption = Annotated[
    bool,
    typer.Option("--drop", help="Let datasets of the current version go; read no data folder that is not named."),
]
AllOption = Annotated[bool, typer.Option("--all", help="Tell everything that is wrong one by one, not by cause.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No lines about progress.")]


@app.command()
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
    with _told(every=every):
        from plangraf.diagnostics.rendering import summary
        from plangraf.publish.pipeline import build as run

        settings = _settings(data=data, versions=versions)
        done = run(settings, force=force, drop=drop, progress=_progress(quiet))
        if done.problems:
            _say(summary(done.problems) + f"\n{done.version.path / 'report.json'}")
        state = "" if done.fresh else " up to date"
        typer.echo(f"version {done.version.id} triples {done.version.triples}{state}")


@app.command()
def validate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES...", help="Turtle files, workbooks, or folders of Turtle or CSV files."),
    ],
    data: DataOption = None,
    municipality: Annotated[
        str | None,
        typer.Option("--municipality", metavar="NUMBER", help="Completes the keys of spreadsheets in no such folder."),
    ] = None,
    every: AllOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check your own files before you build with them.

    The verdict is that of a build, or for spreadsheets that of an import: they are read beside our ontology,
    shapes and data, and only what they describe is reported. A file in a data folder is read with the rest of that
    folder, any other as a dataset of its own. Nothing is written.

    \b
    Examples:
      plangraf validate my-plans.ttl
      plangraf validate my-data                                a data folder, or one dataset's folder in it
      plangraf validate kommune.xlsx plan.xlsx --municipality 9999
      plangraf validate new.ttl --data mine      when new.ttl links to things described in mine/
    """
    with _told(every=every):
        from plangraf.cli.validate import validate as run
        from plangraf.diagnostics.rendering import as_text

        verdict = run(_settings(data=data), files, municipality=municipality, progress=_progress(quiet))
        if verdict.problems:
            typer.echo(as_text(verdict.problems, every=every))
        for path, problems in verdict.sheets:
            if problems:
                typer.echo(f"{path}\n{as_text(problems, every=every)}")
        if not verdict.good:
            raise typer.Exit(1)
        typer.echo("nb  Ingen feil.\nen  No errors.")


@app.command("export-sheet")
def export_sheet(
    source: Annotated[str, typer.Argument(metavar="FOLDER|DATASET", help="Folder of Turtle files, or a slug.")],
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="A workbook (.xlsx), or a folder for CSV files.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Empty sheets of all classes; only OUT is given then.")
    ] = False,
    data: DataOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite OUT when it is there.")] = False,
) -> None:
    """Write a dataset as a workbook, or as CSV files: one sheet for each class.

    Sheets and columns come from the shapes; the first sheet explains them. What no column fits stands on the
    last sheet, so that import-sheet gives back exactly the same statements.

    \b
    Examples:
      plangraf export-sheet --template kommune.xlsx            empty, for a new municipality
      plangraf export-sheet planstrategi-2020-2023 plan.xlsx
      plangraf export-sheet my-data/9999/planstrategi out-csv  a folder of CSV files
    """
    with _told():
        from plangraf.sheets.exchange import export_sheet as run
        from plangraf.sheets.exchange import export_template

        if template:
            if out is not None:
                raise SettingError("A template is of no dataset. Give one name, that of the file to write.")
            out = Path(source)
            found = export_template(_settings(data=data), out, replace=replace)
        elif out is None:
            raise SettingError("Give the file or folder to write after the dataset, or --template before it.")
        else:
            found = run(_settings(data=data), source, out, replace=replace)
        typer.echo(f"{out}  {len(found)} sheets, {sum(len(table.rows) for table in found)} rows")


@app.command("import-sheet")
def import_sheet(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A workbook (.xlsx), or a folder of CSV files.")],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="<data folder>/<municipality number>/<slug>, made when missing.")
    ],
    data: DataOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the Turtle files of FOLDER.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace without a question, for scripts.")] = False,
    every: AllOption = False,
) -> None:
    """Read a filled-in workbook, check it as a build would, and write the dataset's Turtle files.

    Nothing is written when anything is wrong; every error is told with sheet, row, column and what to write, in
    Norwegian and English. The municipality's other datasets, beside FOLDER, are read too. With --replace it says
    what is added, changed and removed, and asks. Columns and sheets of your own are kept in FOLDER/notater.tsv.

    \b
    Examples:
      plangraf import-sheet kommune.xlsx my-data/9999/kommune
      plangraf import-sheet plan.xlsx my-data/9999/planstrategi-2024-2027 --replace
      plangraf import-sheet plan.xlsx my-data/9999/planstrategi-2024-2027 --replace --yes
      plangraf import-sheet csv-folder my-data/9999/planstrategi-2024-2027
    """
    with _told():
        from plangraf.diagnostics.diagnostic import stops
        from plangraf.diagnostics.rendering import as_text
        from plangraf.sheets.exchange import import_sheet as run
        from plangraf.sheets.replacing import Preview

        def confirm(changes: Preview) -> bool:
            _say(changes.as_text())
            if yes:
                return True
            if not sys.stdin.isatty():
                raise SettingError("Nothing was written: nobody can be asked here. Give --yes to replace.")
            _say("Erstatte? · Replace? [j/N]")
            return sys.stdin.readline().strip().lower() in ("j", "ja", "y", "yes")

        done = run(_settings(data=data), source, folder, replace=replace, confirm=confirm)
        if done.problems:
            _say(as_text(done.problems, every=every))
        if stops(done.problems):
            _say("nb  Ingenting er skrevet.\nen  Nothing was written.")
            raise typer.Exit(1)
        if done.declined:
            _say("nb  Ingenting er skrevet.\nen  Nothing was written.")
            raise typer.Exit(1)
        if done.unchanged:
            typer.echo(f"{folder}  unchanged, {done.triples} triples")
            return
        if not done.written:
            raise SettingError(f"{source} holds no rows: nothing was written.")
        typer.echo(f"{folder}  {len(done.written)} files, {done.triples} triples")


versions_app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
app.add_typer(versions_app, name="versions")


@versions_app.callback()
def versions(context: typer.Context, versions: VersionsOption = None) -> None:
    """List the versions that are built, the newest at the end; go back to one, or remove old ones.

    \b
    Columns: * for the current one, id, triples, time at which it was written, warnings.
    Examples:
      plangraf versions --versions /srv/versions
      plangraf versions use 0123456789abcdef     what is served from now on, by running services too
      plangraf versions prune --keep 3           remove all but the current one and the 3 newest others
    """
    if context.invoked_subcommand is not None:
        return
    with _told():
        from datetime import datetime

        from plangraf.store.versions import VersionStore

        store = VersionStore(_settings(versions=versions).versions)
        found = store.list()
        if not found:
            typer.echo(f"There is no version in {store.path} yet. Run `plangraf build`.")
            return
        current = store.current().id if store.has_current() else None
        for version in found:
            written = datetime.fromtimestamp(version.path.stat().st_mtime).astimezone()
            warnings = sum(version.manifest.get("warnings", {}).values())
            typer.echo(
                f"{'*' if version.id == current else ' '} {version.id}  {version.triples:>10} triples  "
                f"{written:%Y-%m-%d %H:%M:%S%z}  {warnings} warnings"
            )


@versions_app.command("use")
def versions_use(
    version: Annotated[str, typer.Argument(metavar="ID", help="The version, as `plangraf versions` lists it.")],
    versions: VersionsOption = None,
) -> None:
    """Make a version the current one; services that run take it up within seconds."""
    with _told():
        from plangraf.publish.losses import gone
        from plangraf.store.versions import VersionStore

        settings = _settings(versions=versions)
        store = VersionStore(settings.versions, settings.feed_page)
        before = store.current() if store.has_current() else None
        store.use(version)
        if before is None or before.id == version:
            typer.echo(f"{version} is current.")
            return
        typer.echo(f"{version} is current, before it was {before.id}.")
        if lost := gone(before, store.get(version)):
            _say(lost)


@versions_app.command("prune")
def versions_prune(
    keep: Annotated[int, typer.Option("--keep", min=0, help="How many stay beside the current one.")] = 5,
    versions: VersionsOption = None,
) -> None:
    """Remove old versions; the current one always stays."""
    with _told():
        from plangraf.store.versions import VersionStore

        gone = VersionStore(_settings(versions=versions).versions).prune(keep)
        for version_id in gone:
            typer.echo(f"removed {version_id}")
        if not gone:
            typer.echo("Nothing to remove.")


@app.command()
def query(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="File with a SPARQL query; - reads standard input."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("-q", "--query", metavar="TEXT", help="The query itself."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="SELECT: csv, tsv, json, xml. ASK: json, xml. Else turtle, jsonld, ntriples, rdfxml.",
        ),
    ] = None,
    versions: VersionsOption = None,
) -> None:
    """Ask the current version a SPARQL query, without a server.

    The same limits hold as over HTTP; the answer goes to standard output.

    \b
    Examples:
      plangraf query -q 'SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g'
      plangraf query my-query.rq --format json
      echo 'ASK { ?s ?p ?o }' | plangraf query -
    """
    with _told():
        from plangraf.cli.query import ask

        if (file is None) == (text is None):
            raise SettingError("Give a query: a FILE, or its text with -q.")
        if text is None:
            text = sys.stdin.read() if str(file) == "-" else _read(file)
        ask(_settings(versions=versions), text, format, sys.stdout.buffer)


@app.command()
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
) -> None:
    """Serve over HTTP; build first when files changed.

    Builds when there is no version, or one of other files than there are now. When that build stops because
    the files are wrong or lack a dataset, the version that was current goes on serving. The last line of the start is
    `plangraf <address> version <id> triples <number>`. SIGTERM ends it cleanly.

    \b
    Examples:
      plangraf serve
      plangraf serve --port 8123 --data ../malvik-plans
      plangraf serve --host 0.0.0.0 --no-build     in a container with a built version
    """
    with _told():
        from plangraf.cli.serve import serve as run

        settings = _settings(host=host, port=port, processes=workers, data=data, versions=versions)
        raise typer.Exit(run(settings, may_build=not no_build, drop=drop))


@app.command("check-harvest")
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
    with _told():
        from plangraf.portals.checking import Terms, check
        from plangraf.portals.verdict_report import as_json as told_json
        from plangraf.portals.verdict_report import as_text

        source = source or f"http://127.0.0.1:{_settings().port}"
        if re.fullmatch(r"https?://[^/?#]+/?", source):
            source = f"{source.rstrip('/')}/catalog"
        verdict = check(source, Terms(accept=accept))
        typer.echo(told_json(verdict) if as_json else as_text(verdict))
        if not verdict.accepted_everywhere:
            raise typer.Exit(1)


def main() -> None:
    """The `plangraf` command."""
    app(prog_name="plangraf")


def _settings(**options: object) -> Settings:
    from plangraf.settings import load_settings

    folders = options.get("data")
    if isinstance(folders, list):
        options["data"] = tuple(folders) or None
    return load_settings(**options)


def _progress(quiet: bool) -> Progress:
    from plangraf.diagnostics.progress import Progress

    return Progress(None if quiet else sys.stderr)


def _read(file: Path | None) -> str:
    try:
        return Path(file or "").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The query file {file} cannot be read ({error}).") from error


def _say(text: str) -> None:
    # A file's name may have bytes that no text has.
    typer.echo(text.encode("utf-8", "replace").decode(), err=True)


@contextmanager
def _told(*, every: bool = False) -> Iterator[None]:
    """Ends the command with a message and an exit code for every error, and never with a traceback."""
    try:
        yield
    except DataError as error:
        from plangraf.diagnostics.rendering import as_text

        _say(as_text(error.problems, every=every))
        raise typer.Exit(1) from None
    except PlangrafError as error:
        _say(f"plangraf: {error}")
        raise typer.Exit(2 if isinstance(error, SettingError) else 1) from None
    except BrokenPipeError:  # who read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        _say(f"plangraf: {where}{error.strerror or error}. Check the name, the permissions and the space on the disk.")
        raise typer.Exit(1) from None
    except ValueError as error:
        if os.environ.get("PLANGRAF_LOG_LEVEL", "").lower() == "debug":
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        _say(f"plangraf: {said}. PLANGRAF_LOG_LEVEL=debug shows where it happened.")
        raise typer.Exit(1) from None


if __name__ == "__main__":
    main()
