"""`plangraf import-statistics`: a saved table, or one at an office's address, becomes a dataset of the data cube."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from plangraf.cli.command import (
    AllOption,
    DataOption,
    QuietOption,
    exit_on_error,
    read_settings,
    show_progress,
    write_error,
)
from plangraf.cli.extras import require_extra
from plangraf.errors import SettingError

if TYPE_CHECKING:
    from plangraf.diagnostics.progress import Progress
    from plangraf.sources.statistics.cube.description import IndicatorLink
    from plangraf.sources.statistics.importing import Outcome
    from plangraf.sources.statistics.interpretations import Interpretation

_REMOTE = ("http://", "https://")

_Tables = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="A saved table or its parts, or the address of one.")
]
_To = Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="<data folder>/no/<slug>.  [data/no/<table>]")]
_Mapping = Annotated[Path | None, typer.Option("--mapping", metavar="YAML", help="Which column of a CSV file is what.")]
_Select = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="NAME=CODES", help="What of an address is fetched, such as Region=5001."),
]
_Cache = Annotated[Path, typer.Option("--cache", metavar="DIR", help="Where fetched answers are kept.")]
_Table = Annotated[str | None, typer.Option("--table", help="Number of the table, when the file has none.")]
_Label = Annotated[str | None, typer.Option("--label", help="Title of the table, when the file has none.")]
_Language = Annotated[str | None, typer.Option("--language", metavar="TAG", help="Language of the labels, such as nb.")]
_Licence = Annotated[str | None, typer.Option("--licence", metavar="IRI", help="Licence of the table.")]
_Page = Annotated[str | None, typer.Option("--page", metavar="IRI", help="Where the table is published.")]
_Query = Annotated[
    str | None, typer.Option("--query", metavar="IRI", help="The exact address that the file was saved from.")
]
_Retrieved = Annotated[
    str | None, typer.Option("--retrieved", metavar="TIME", help="When it was saved.  [the time of the file]")
]
_Areas = Annotated[
    Literal["norway", "codes"] | None,
    typer.Option("--areas", help="Read area codes as Norwegian numbers, or keep them as codes.  [by the office]"),
]
_Area = Annotated[
    str | None, typer.Option("--area", metavar="NUMBER", help="The area of a table without areas, 0 for Norway.")
]
_Indicator = Annotated[
    list[str] | None, typer.Option("--indicator", metavar="IRI", help="An indicator that the table measures.")
]
_Says = Annotated[str | None, typer.Option("--says", metavar="IRI", help="The published list that says so.")]
_ReasonNb = Annotated[str | None, typer.Option("--reason-nb", metavar="TEXT", help="Why we read it so, in Bokmål.")]
_ReasonEn = Annotated[str | None, typer.Option("--reason-en", metavar="TEXT", help="The same reason in English.")]
_Replace = Annotated[bool, typer.Option("--replace", help="Replace a dataset that differs.")]


def import_statistics(
    tables: _Tables,
    to: _To = None,
    mapping: _Mapping = None,
    select: _Select = None,
    cache: _Cache = Path("statistics-cache"),
    table: _Table = None,
    label: _Label = None,
    language: _Language = None,
    licence: _Licence = None,
    page: _Page = None,
    query: _Query = None,
    retrieved: _Retrieved = None,
    areas: _Areas = None,
    area: _Area = None,
    indicator: _Indicator = None,
    says: _Says = None,
    reason_nb: _ReasonNb = None,
    reason_en: _ReasonEn = None,
    data: DataOption = None,
    replace: _Replace = False,
    every: AllOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read a statistical table and write it as a dataset of the RDF Data Cube.

    Reads JSON-stat 2.0, SDMX-CSV 1.0 and 2.x, and CSV with a mapping file; numbers stay exact. Every defect is told
    with its place, what was found and what was wanted, and nothing is written then. Repairs are told and recorded.
    The same file gives the same bytes; a table that changed since needs --replace. Several files are parts of one
    table. An indicator needs --says, the list that links it, or --reason-nb and --reason-en, our own reading.

    \b
    Examples:
      plangraf import-statistics 07459.json --licence https://creativecommons.org/licenses/by/4.0/
      plangraf import-statistics emissions.csv --mapping emissions.yaml --to my-data/no/emissions
      plangraf import-statistics https://data.ssb.no/api/pxwebapi/v2/tables/07459/data --select Region=5001
    """
    with exit_on_error(every=every):
        from plangraf.sources.statistics.importing import Options, require_name
        from plangraf.sources.statistics.importing import import_statistics as run

        settings, progress = read_settings(data=data), show_progress(quiet)
        links = _links(indicator or (), says, reason_nb, reason_en)
        options = Options(mapping, table, label, language, licence, page, query, retrieved, areas, area, *links)
        if to is not None:
            require_name(to)  # before anything is fetched
        files = _files(tables, select or [], cache, progress)
        _report(run(settings, files, to, options, replace_old=replace, progress=progress))


def _links(
    indicators: Sequence[str], says: str | None, reason_nb: str | None, reason_en: str | None
) -> tuple[tuple[IndicatorLink, ...], tuple[Interpretation, ...]]:
    """The indicators that a published list links the table to, or those that we read it to measure.

    Raises:
        SettingError: neither a list nor both reasons are given.
    """
    from plangraf.sources.statistics.cube.description import IndicatorLink
    from plangraf.sources.statistics.interpretations import Interpretation

    if says:
        return tuple(IndicatorLink(one, says) for one in indicators), ()
    if indicators and not (reason_nb and reason_en):
        raise SettingError("--indicator needs --says with the list that says so, or --reason-nb and --reason-en.")
    return (), tuple(Interpretation(one, reason_nb or "", reason_en or "") for one in indicators)


def _report(done: Outcome) -> None:
    for repair in done.repairs:
        write_error(f"nb  Reparert: {repair.nb} ({repair.count}).\nen  Repaired: {repair.en} ({repair.count}).")
    if not done.has_units:
        write_error("nb  Merk: kilden oppgir ikke enhet for alle tall.\nen  Note: not all numbers have a unit.")
    if not done.areas_checked:
        write_error(
            "nb  Merk: ingen liste over områder er lest inn, så ingen sjekket at områdene finnes.\n"
            "en  Note: no list of areas is linked, so nothing checked that the areas exist."
        )
    missing = f", {done.missing} without value" if done.missing else ""
    typer.echo(f"{done.folder}  {done.state}, {done.written.observations} observations{missing}")


def _files(tables: Sequence[str], select: Sequence[str], cache: Path, progress: Progress) -> list[Path]:
    """The files to read; those of an address are fetched first.

    Raises:
        SettingError: files and an address are mixed, or a selection is not `NAME=CODES`.
        RemoteSourceError: the table cannot be fetched.
        ExtraMissingError: httpx is not installed, which only an address needs.
    """
    remote = [one for one in tables if one.startswith(_REMOTE)]
    if not remote:
        if select:
            raise SettingError("--select chooses from a table at an address; a file is read completely.")
        return [Path(one) for one in tables]
    if len(tables) > 1:
        raise SettingError("Name one address, or files; not several addresses or both.")
    selection: dict[str, str] = {}
    for one in select:
        name, sign, codes = one.partition("=")
        if not (name and sign and codes):
            raise SettingError(f"--select {one} is not NAME=CODES, such as Region=5001 or Tid=top(3).")
        if selection.setdefault(name, codes) != codes:
            raise SettingError(
                f"--select {name} is given twice, with {selection[name]} and {codes}. Join them by a comma."
            )
    require_extra("statistics")
    from plangraf.sources.statistics.pxweb import fetch

    return fetch(remote[0], selection, cache=cache, progress=progress)
