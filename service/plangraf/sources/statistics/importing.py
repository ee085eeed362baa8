"""Imports a statistical table, step by step: read, join, name, check, write.

Nothing is written before everything is read and checked; `dataset_folder` then writes all or nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from plangraf.diagnostics.progress import Progress, counted
from plangraf.errors import SettingError
from plangraf.rdf.namespaces import GRAPH, slug
from plangraf.settings import Settings
from plangraf.sources.files import data_around, sources
from plangraf.sources.statistics.cube.description import (
    IndicatorLink,
    Origin,
    RetrievedFile,
    description_triples,
    iri_of,
)
from plangraf.sources.statistics.cube.dimension_terms import DimensionTerms, dimension_terms
from plangraf.sources.statistics.cube.names import TableNames
from plangraf.sources.statistics.cube.norwegian_areas import AreaScheme, KnownAreas, area_of, known_areas, scheme_of
from plangraf.sources.statistics.cube.observations import Written, write_observations
from plangraf.sources.statistics.cube.structure import Units, structure_triples, units_of
from plangraf.sources.statistics.cube.turtle_text import turtle_text
from plangraf.sources.statistics.dataset_folder import (
    DATASET,
    OBSERVATIONS,
    STRUCTURE,
    beside,
    earlier_files,
    restore,
    same_files,
    write_texts,
)
from plangraf.sources.statistics.findings import Findings, Repair
from plangraf.sources.statistics.interpretations import Interpretation, write_interpretations
from plangraf.sources.statistics.join import join
from plangraf.sources.statistics.read.csv_mapping import read_mapping
from plangraf.sources.statistics.read.json_stat import read_json_stat
from plangraf.sources.statistics.read.plain_csv import read_plain_csv
from plangraf.sources.statistics.read.sdmx_csv import is_sdmx_csv, read_sdmx_csv
from plangraf.sources.statistics.saved_files import (
    Beside,
    SavedFile,
    licence_of,
    read_beside,
    read_saved,
    retrieved_file,
)
from plangraf.sources.statistics.statistical_table import Code, Dimension, Table
from plangraf.store.atomic import exclusive, put_in_place

State = Literal["written", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says about a table, because its file does not say it.

    Attributes:
        mapping: the mapping file of a plain CSV file.
        table: identifier of the table.
        label: title of the table.
        language: language of the labels.
        licence: IRI of the licence.
        address: where the table is published.
        query: the exact address that the file was saved from.
        retrieved: when, an xsd:dateTime or xsd:date.
        areas: the meaning of area codes; None means that of the table's office.
        area: the area that all values are about, when the table has no dimension of areas.
        indicators: the indicators that the table measures by a published list.
        interpretations: the indicators that it measures by our reading.
    """

    mapping: Path | None = None
    table: str | None = None
    label: str | None = None
    language: str | None = None
    licence: str | None = None
    address: str | None = None
    query: str | None = None
    retrieved: str | None = None
    areas: AreaScheme | None = None
    area: str | None = None
    indicators: tuple[IndicatorLink, ...] = ()
    interpretations: tuple[Interpretation, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an import: what was written where, what was repaired, and what could not be checked.

    `has_units` tells whether all values have a unit, `areas_checked` whether a list said that the areas exist.
    """

    folder: Path
    state: State
    table: Table
    written: Written
    repairs: tuple[Repair, ...]
    has_units: bool
    areas_checked: bool

    @property
    def missing(self) -> int:
        """The number of observations without value."""
        return sum(value is None for value in self.table.values)


def import_statistics(
    settings: Settings,
    files: Sequence[Path],
    folder: Path | None,
    options: Options,
    *,
    replace_old: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Imports one table into the folder of a dataset.

    Args:
        settings: `home` and `data` name the data with known areas, and the folder when none is given.
        files: the saved parts of the table, usually one.
        folder: `<data folder>/no/<slug>`; None means `data/no/<number of the table>` of the project.
        options: what the files do not say.
        replace_old: whether a dataset that differs may be replaced.
        progress: where the lines about each step go.
    Raises:
        TableError: the table has defects; nothing was written.
        SettingError: an option, a file or the folder cannot be used; nothing was written.
    """
    progress = progress or Progress(None)
    for link in options.interpretations:
        iri_of(link.indicator)  # they are written after the dataset
    if options.mapping is not None:  # it may lie in the folder that is replaced
        restore(options.mapping.absolute().parent)
    saved = read_saved(files)
    said = read_beside(saved)
    options = replace(options, language=options.language or said.language)
    with progress.step("read") as note:
        table, repairs = _read(saved, options)
        table = _completed(table, options)
        note(counted(len(saved), "file"))
        note(counted(len(table.positions), "observation"))
    folder = folder or settings.home / "data" / "no" / slug(table.name)
    require_name(folder)
    restore(folder)
    with exclusive(folder.resolve().parent):  # else another process could replace a folder while it is read
        cube = _cube(settings, table, folder, options)
        earlier = earlier_files(folder)
    origin = _origin(saved, said, earlier, table, repairs, options)
    with beside(folder) as temporary:
        with progress.step("write") as note:
            written = _write_files(temporary, table, cube, origin)
            note(counted(written.statements, "statement"))
        with exclusive(temporary.parent.parent):
            state = _place(temporary, folder, table, origin.files, earlier, replace_old=replace_old)
    if options.interpretations or replace_old:
        write_interpretations(folder, cube.names, options.interpretations)
    checked = cube.known.listed or not any(one.areas for one in cube.dimensions)
    return Outcome(folder, state, table, written, repairs, all(cube.units.terms), checked)


@dataclass(frozen=True, slots=True)
class _Cube:
    """The terms of a table, and the areas that other datasets describe."""

    names: TableNames
    dimensions: Sequence[DimensionTerms]
    units: Units
    known: KnownAreas


def _cube(settings: Settings, table: Table, folder: Path, options: Options) -> _Cube:
    names = TableNames(folder.absolute().name)
    data = data_around(settings.home, settings.data, folder)
    known = known_areas(sources(settings.home, data).files, f"{GRAPH}no/{names.slug}")
    scheme = options.areas or scheme_of(table.source)
    dimensions = dimension_terms(table, names, scheme, known, Findings(table.name))
    return _Cube(names, dimensions, units_of(table, names), known)


def _origin(
    saved: Sequence[SavedFile],
    said: Beside,
    earlier: dict[str, str],
    table: Table,
    repairs: tuple[Repair, ...],
    options: Options,
) -> Origin:
    """Where the table came from, as the user, the table or a file beside it says."""
    return Origin(
        tuple(retrieved_file(file, said, earlier, retrieved=options.retrieved, query=options.query) for file in saved),
        repairs,
        licence_of(options.licence or table.licence or said.licence),
        options.address or table.address or said.address or _without_query(options.query),
        options.indicators,
    )


def _write_files(temporary: Path, table: Table, cube: _Cube, origin: Origin) -> Written:
    """Writes and syncs the three files of the dataset."""
    with (temporary / OBSERVATIONS).open("wb") as file:
        written = write_observations(file, table, cube.dimensions, cube.names, cube.units.terms)
        file.flush()
        os.fsync(file.fileno())
    by = "written by `plangraf import-statistics`."
    structure = structure_triples(table, cube.dimensions, cube.names, cube.units, cube.known)
    description = description_triples(table, cube.names, origin, written)
    texts = {
        STRUCTURE: turtle_text(structure, f"The structure of table {table.name}, {by}"),
        DATASET: turtle_text(description, f"Where table {table.name} came from, {by}"),
    }
    write_texts(temporary, texts)
    return written


def _place(
    temporary: Path,
    folder: Path,
    table: Table,
    retrieved: Sequence[RetrievedFile],
    earlier: dict[str, str],
    *,
    replace_old: bool,
) -> State:
    """Puts the written files in place, unless the folder has them. Replaces other files only with consent."""
    if folder.exists() and any(folder.iterdir()):
        if same_files(folder, temporary):
            return "unchanged"
        if not replace_old:
            changed = {file.sha256 for file in retrieved} != set(earlier)
            why = (
                f"The table changed since: SHA-256 {', '.join(sorted(earlier)) or 'unknown'} was read then, "
                f"{', '.join(file.sha256 for file in retrieved)} now, updated {table.updated or 'at an unknown time'}."
                if changed
                else "The file is the same, but options, areas of other datasets or this program differ."
            )
            raise SettingError(f"{folder} holds a dataset already. {why} Give --replace to write it anew.")
        put_in_place(temporary, folder)
        return "replaced"
    put_in_place(temporary, folder)
    return "written"


def _read(files: Sequence[SavedFile], options: Options) -> tuple[Table, tuple[Repair, ...]]:
    """The joined table, and the repairs of all parts."""
    read = [_read_one(file.path.name, file.content, options) for file in files]
    counts: dict[tuple[str, str], int] = {}
    for _, findings in read:
        for repair in findings.repairs:
            counts[repair.nb, repair.en] = counts.get((repair.nb, repair.en), 0) + repair.count
    table = join([table for table, _ in read])
    return table, tuple(Repair(nb, en, count) for (nb, en), count in counts.items())


def _read_one(name: str, content: bytes, options: Options) -> tuple[Table, Findings]:
    if options.mapping is not None:
        text = read_saved([options.mapping])[0].content.decode("utf-8", "replace")
        return read_plain_csv(content, name, read_mapping(text, Findings(options.mapping.name)))
    if is_sdmx_csv(content):
        return read_sdmx_csv(content, name, language=options.language or "en", name=options.table, label=options.label)
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"[", b"<", b"") or (not content[:512].isascii() and b"\0" in content[:512]):
        return read_json_stat(content, name, name=options.table, language=options.language)
    findings = Findings(name)
    findings.wrong(
        "file",
        content[:40].decode("utf-8", "replace"),
        "JSON-stat 2.0, SDMX-CSV, eller en CSV-fil med --mapping",
        "JSON-stat 2.0, SDMX-CSV, or a CSV file with --mapping",
    )
    findings.stop()
    raise AssertionError("a defect stops the import")


def _completed(table: Table, options: Options) -> Table:
    """The table with what the user adds: a title, and the area that all its values are about.

    Raises:
        SettingError: it has a dimension of areas already.
    """
    if options.label:
        table = replace(table, label=options.label)
    if options.area is None:
        return table
    if (geo := table.dimension("geo")) is not None:
        raise SettingError(f"--area {options.area}: the table has areas of its own, in the dimension {geo.code}.")
    if area_of(options.area) is None:
        raise SettingError(f"--area {options.area} is not a number of a municipality or county, or 0 for Norway.")
    # One code more in each key moves no position.
    area = Dimension("area", "area", (Code(options.area),), "geo")
    return replace(table, dimensions=(*table.dimensions, area))


def require_name(folder: Path) -> None:
    """Refuses a folder that a build would read under another graph, or not at all.

    Raises:
        SettingError: its name is not `<data folder>/no/<slug>`.
    """
    name, above = folder.absolute().name, folder.absolute().parent.name
    if name != slug(name) or above != "no":
        raise SettingError(
            f"{folder} cannot be the folder of a national table. Name it <data folder>/no/<slug>, the slug in "
            f"lower-case ASCII letters, digits and hyphens, such as my-data/no/{slug(name) or '07459'}."
        )


def _without_query(address: str | None) -> str | None:
    return address.partition("?")[0] if address else None
