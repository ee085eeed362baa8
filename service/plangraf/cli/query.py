"""`plangraf query`: send one query to the current version, through the engine and the limits of HTTP."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from plangraf.cli.command import VersionsOption, exit_on_error, read_settings
from plangraf.errors import SettingError

if TYPE_CHECKING:
    from plangraf.engines.embedded.pool import EmbeddedEngine
    from plangraf.engines.interface import QueryRequest
    from plangraf.settings import Settings


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
            help="SELECT: csv, tsv, json, xml, parquet. ASK: json, xml. Else turtle, jsonld, ntriples, rdfxml.",
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
    with exit_on_error():
        if (file is None) == (text is None):
            raise SettingError("Give a query: a FILE, or its text with -q.")
        if text is None:
            text = sys.stdin.read() if str(file) == "-" else _read(file)
        ask(read_settings(versions=versions), text, format, sys.stdout.buffer)


def ask(settings: Settings, query: str, format_name: str | None, out: BinaryIO) -> None:
    """Writes the answer to `out` chunk by chunk.

    Args:
        settings: `versions` names the folder whose current version is asked, `query_…` the limits.
        query: SPARQL 1.1.
        format_name: short name, file ending or media type; None takes the first that fits the query's form.
        out: where the bytes of the answer go.
    Raises:
        RequestError: the query or the format cannot be used.
        EngineError: the answer could not be finished.
        VersionsError: there is no version.
    """
    from plangraf.engines.embedded.pool import EmbeddedEngine
    from plangraf.engines.interface import QueryRequest
    from plangraf.http.resource.negotiation import choose_by_name
    from plangraf.rdf.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, of_kinds
    from plangraf.sparql.safety import Limits, check
    from plangraf.store.versions import VersionStore

    # A table comes first, because it reads better on a terminal than JSON does.
    form_formats = {"SELECT": of_kinds("table", "bindings"), "ASK": BOOLEAN_FORMATS}
    choices = form_formats.get(check(query, Limits.of(settings)).form, GRAPH_FORMATS)
    chosen = choose_by_name([format_name], choices) if format_name else choices[0]
    version = VersionStore(settings.versions).current()
    engine = EmbeddedEngine(version, settings.model_copy(update={"query_workers": 1}))
    asyncio.run(_write_answer(engine, QueryRequest(query, chosen), out))


async def _write_answer(engine: EmbeddedEngine, request: QueryRequest, out: BinaryIO) -> None:
    from plangraf.engines.parquet_answer import ParquetWriter
    from plangraf.rdf.formats import PARQUET

    await engine.start()
    try:
        asked = ParquetWriter().query(engine, request) if request.format == PARQUET else engine.query(request)
        answer = await asked
        try:
            async for chunk in answer.chunks:
                out.write(chunk)
            out.flush()
        finally:
            await answer.aclose()
    finally:
        await engine.close()


def _read(file: Path | None) -> str:
    try:
        return Path(file or "").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The query file {file} cannot be read ({error}).") from error
