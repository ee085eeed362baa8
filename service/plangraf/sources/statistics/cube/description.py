"""The description of a table's dataset as triples: what it is, where it came from, when, and what was repaired.

PROV (https://www.w3.org/TR/prov-o/): the import used the retrieved files and generated the observation file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pyoxigraph import NamedNode, Triple

from plangraf.errors import SettingError
from plangraf.rdf.namespaces import ID, terms
from plangraf.sources.statistics.cube.names import TableNames
from plangraf.sources.statistics.cube.observations import Written
from plangraf.sources.statistics.cube.terms import integer, tagged, text, typed
from plangraf.sources.statistics.findings import Repair
from plangraf.sources.statistics.statistical_table import Table

rdf, rdfs, qb, dcterms, dcat, prov, plan = map(terms, ("rdf", "rdfs", "qb", "dcterms", "dcat", "prov", "plan"))
_PLANGRAF = NamedNode(f"{ID}organization/plangraf")
# What an address may have unescaped as an IRI (RFC 3987); brackets of a query may not.
_SAFE = ":/?#@!$&'()*+,;=%-._~"


@dataclass(frozen=True, slots=True)
class RetrievedFile:
    """A file as it was read.

    Attributes:
        name: its name, without folders.
        sha256: of its bytes, as 64 hexadecimal digits.
        retrieved: when it was fetched or saved, an xsd:dateTime.
        address: the exact address that it came from; None when unknown.
        query: the address with its selection, and for a POST the body too; None when unknown.
    """

    name: str
    sha256: str
    retrieved: str
    address: str | None
    query: str | None


@dataclass(frozen=True, slots=True)
class IndicatorLink:
    """An indicator that the table measures according to a published list.

    Attributes:
        indicator: IRI of the indicator.
        said_by: IRI of the list.
    """

    indicator: str
    said_by: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table came from."""

    files: tuple[RetrievedFile, ...]
    repairs: tuple[Repair, ...]
    licence: str
    address: str | None
    indicators: tuple[IndicatorLink, ...] = ()


def description_triples(table: Table, names: TableNames, origin: Origin, written: Written) -> list[Triple]:
    """All triples of dataset.ttl, the dataset first."""
    return [
        *_dataset(table, names, origin),
        *_cube(table, names, written),
        *_run(table, names, origin),
        *_files(table, names, origin.files),
        *_observation_file(table, names, written),
        *_indicators(table, names, origin.indicators),
    ]


def iri_of(address: str) -> NamedNode:
    """An address as an IRI, with what an IRI may not hold percent-encoded.

    Raises:
        SettingError: it is not the address of anything on the web.
    """
    try:
        if not address.startswith(("http://", "https://")):
            raise ValueError(address)
        return NamedNode(quote(address, safe=_SAFE))
    except ValueError as error:
        raise SettingError(
            f'"{address}" is not an address. Write it in full, such as https://data.ssb.no/api/pxwebapi/v2/tables/07459.'
        ) from error


def _dataset(table: Table, names: TableNames, origin: Origin) -> Iterator[Triple]:
    office = table.source or ""
    nb, en = (f" fra {office}", f" from {office}") if office else ("", "")
    dataset = names.dataset
    yield Triple(dataset, rdf("type"), dcat("Dataset"))
    yield Triple(dataset, dcterms("identifier"), text(names.slug))
    yield Triple(dataset, dcterms("title"), tagged(f"Statistikk: tabell {table.name}{nb}", "nb"))
    yield Triple(dataset, dcterms("title"), tagged(f"Statistics: table {table.name}{en}", "en"))
    yield Triple(
        dataset,
        dcterms("description"),
        tagged(f"Tallene i tabell {table.name}{nb} som datakube: «{table.label}».", "nb"),
    )
    yield Triple(
        dataset,
        dcterms("description"),
        tagged(f'The figures of table {table.name}{en} as a data cube: "{table.label}".', "en"),
    )
    yield Triple(dataset, dcterms("license"), iri_of(origin.licence))
    yield Triple(dataset, dcterms("publisher"), _PLANGRAF)
    if origin.address:
        yield Triple(dataset, dcterms("source"), iri_of(origin.address))
    yield Triple(dataset, dcterms("hasPart"), names.cube)
    yield Triple(dataset, prov("wasGeneratedBy"), names.run)


def _cube(table: Table, names: TableNames, written: Written) -> Iterator[Triple]:
    cube = names.cube
    yield Triple(cube, rdf("type"), qb("DataSet"))
    yield Triple(cube, rdf("type"), plan("StatisticsTable"))
    yield Triple(cube, rdfs("label"), tagged(table.label, table.language))
    yield Triple(cube, plan("tableNumber"), text(table.name))
    if table.source:
        yield Triple(cube, plan("statedSource"), text(table.source))
    if table.updated:
        yield Triple(cube, dcterms("modified"), typed(table.updated, "dateTime" if "T" in table.updated else "date"))
    yield Triple(cube, qb("structure"), names.structure)
    yield Triple(cube, plan("observationCount"), integer(written.observations))
    mandatory = sum(note.mandatory for note in table.notes)
    yield Triple(cube, plan("noteCount"), integer(len(table.notes)))
    yield Triple(cube, plan("mandatoryNoteCount"), integer(mandatory))


def _named(thing: NamedNode, nb: str, en: str) -> Iterator[Triple]:
    yield Triple(thing, rdfs("label"), tagged(nb, "nb"))
    yield Triple(thing, rdfs("label"), tagged(en, "en"))


def _run(table: Table, names: TableNames, origin: Origin) -> Iterator[Triple]:
    yield Triple(names.run, rdf("type"), prov("Activity"))
    yield Triple(names.run, rdf("type"), plan("StatisticsImport"))
    yield from _named(names.run, f"Import av tabell {table.name}", f"Import of table {table.name}")
    for number in range(len(origin.files)):
        yield Triple(names.run, prov("used"), names.retrieved_file(number + 1))
    for repair in origin.repairs:
        yield Triple(names.run, plan("repair"), tagged(f"{repair.nb} ({repair.count})", "nb"))
        yield Triple(names.run, plan("repair"), tagged(f"{repair.en} ({repair.count})", "en"))


def _files(table: Table, names: TableNames, files: Sequence[RetrievedFile]) -> Iterator[Triple]:
    for number, file in enumerate(files, 1):
        iri = names.retrieved_file(number)
        yield Triple(iri, rdf("type"), prov("Entity"))
        yield Triple(iri, rdf("type"), plan("RetrievedFile"))
        yield from _named(
            iri, f"{file.name}, lest for tabell {table.name}", f"{file.name}, read for table {table.name}"
        )
        yield Triple(iri, plan("fileName"), text(file.name))
        yield Triple(iri, plan("contentDigest"), text(file.sha256))
        yield Triple(iri, prov("generatedAtTime"), typed(file.retrieved, "dateTime"))
        if file.query:
            yield Triple(iri, plan("readingQuery"), text(file.query))
        if file.address:
            yield Triple(iri, dcterms("source"), iri_of(file.address))


def _observation_file(table: Table, names: TableNames, written: Written) -> Iterator[Triple]:
    file = names.observation_file
    yield Triple(file, rdf("type"), prov("Entity"))
    yield Triple(file, rdf("type"), plan("ObservationFile"))
    yield from _named(file, f"Observasjonene i tabell {table.name}", f"The observations of table {table.name}")
    yield Triple(file, prov("wasGeneratedBy"), names.run)
    yield Triple(file, plan("fileName"), text("observations.nt"))
    yield Triple(file, plan("contentDigest"), text(written.sha256))
    yield Triple(file, plan("statementCount"), integer(written.statements))


def _indicators(table: Table, names: TableNames, links: Sequence[IndicatorLink]) -> Iterator[Triple]:
    for number, link in enumerate(links, 1):
        indicator = iri_of(link.indicator)
        yield Triple(names.cube, plan("measuresIndicator"), indicator)
        iri = names.indicator_link(number)
        yield Triple(iri, rdf("type"), plan("IndicatorLink"))
        yield from _named(
            iri, f"Indikatorkobling {number} for tabell {table.name}", f"Indicator link {number} of table {table.name}"
        )
        yield Triple(iri, plan("linkedTable"), names.cube)
        yield Triple(iri, plan("linkedIndicator"), indicator)
        yield Triple(iri, plan("saidBy"), iri_of(link.said_by))
