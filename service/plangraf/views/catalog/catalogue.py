"""The catalogue of one service: the IRIs, addresses, publishers, keywords and distributions that DCAT, VoID and pages
share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pyoxigraph import Literal

from plangraf.rdf.namespaces import ID
from plangraf.settings import Settings
from plangraf.store.contents import File
from plangraf.views.catalog.datasets import Dataset, Holdings
from plangraf.views.catalog.terms import ORGANISATIONS, Text, in_both
from plangraf.views.declarations import DistributionTitles, Site, fill
from plangraf.views.document_parts import document_path

# suffix of the file, key, name of the format, EU file type, media type, compression
_WHOLE = (
    ("nq.gz", "nquads-gzip", "N-Quads (gzip)", "RDF_N_QUADS", "application/n-quads", "application/gzip"),
    ("nq.zst", "nquads-zstd", "N-Quads (zstd)", "RDF_N_QUADS", "application/n-quads", "application/zstd"),
    ("trig.gz", "trig-gzip", "TriG (gzip)", "RDF_TRIG", "application/trig", "application/gzip"),
    ("trig.zst", "trig-zstd", "TriG (zstd)", "RDF_TRIG", "application/trig", "application/zstd"),
    ("jsonld.gz", "jsonld-gzip", "JSON-LD (gzip)", "JSON_LD", "application/ld+json", "application/gzip"),
)
_TABLES = (("csv", "CSV", "CSV", "text/csv"), ("parquet", "Parquet", "PARQUET", "application/vnd.apache.parquet"))
_GRAPH = (
    ("ttl", "turtle", "Turtle", "RDF_TURTLE", "text/turtle"),
    ("nt", "ntriples", "N-Triples", "RDF_N_TRIPLES", "application/n-triples"),
    ("jsonld", "jsonld", "JSON-LD", "JSON_LD", "application/ld+json"),
)
# The data name the project as creator, and as publisher until they name another one.
_PROJECT = f"{ID}organization/plangraf"


@dataclass(frozen=True, slots=True)
class Distribution:
    """The data in one format. `file_type` is a name of the EU's table; IANA registers the media types.

    `compression` is None for an uncompressed file. `access` is the address of the page that links to `file`. `table` is
    the class of the things in a table.
    """

    key: str
    format: str
    title: Text
    file_type: str
    media_type: str
    access: str
    file: File
    compression: str | None = None
    table: str | None = None


def list_all(files: Iterable[File], page: str, titles: DistributionTitles) -> list[Distribution]:
    """The distributions of all graphs and of the class tables. `page` is the address of the page of downloads."""
    files = tuple(files)
    by_name = {file.name: file for file in files}
    found = [
        Distribution(
            f"all-{key}",
            name,
            fill(titles.whole, format=name),
            file_type,
            media_type,
            page,
            by_name[full],
            compression,
        )
        for ending, key, name, file_type, media_type, compression in _WHOLE
        for full in by_name
        if "/" not in full and full.endswith(f".{ending}")
    ]
    for ending, name, file_type, media_type in _TABLES:
        for file in files:
            if file.name.startswith(f"{ending}/") and file.name.endswith(f".{ending}"):
                table = PurePosixPath(file.name).stem
                title = fill(titles.table, **{"class": table, "format": name})
                found.append(
                    Distribution(f"{ending}-{table}", name, title, file_type, media_type, page, file, table=table)
                )
    return found


def list_dataset(files: Iterable[File], dataset: Dataset, page: str, titles: DistributionTitles) -> list[Distribution]:
    """The distributions of one dataset. `page` is the address of the dataset's document."""
    by_name = {file.name: file for file in files}
    return [
        Distribution(
            f"{dataset.path}-{key}",
            name,
            fill(titles.graph, format=name),
            file_type,
            media_type,
            page,
            by_name[path],
        )
        for ending, key, name, file_type, media_type in _GRAPH
        if (path := f"graph/{dataset.path}.{ending}") in by_name
    ]


class Catalogue:
    """Names and addresses in the catalogue of one service."""

    def __init__(self, settings: Settings, site: Site, holdings: Holdings, version: str) -> None:
        self.settings = settings
        self.site = site
        self.holdings = holdings
        self.version = version
        self.iri = settings.catalog
        self.base = settings.base_url
        self.whole = f"{self.iri}/graph"
        self.contact = f"{self.iri}/contact"
        operator = settings.publisher
        if operator is None and settings.publisher_organisation_number:
            operator = ORGANISATIONS + settings.publisher_organisation_number
        self.publisher = operator or _PROJECT

    def page(self, dataset: Dataset) -> str:
        """The address of the document that describes a dataset."""
        return self.base + document_path(dataset.iri)

    def distribution(self, distribution: Distribution) -> str:
        return f"{self.iri}/distribution/{distribution.key}"

    def service(self, key: str) -> str:
        return f"{self.iri}/service/{key}"

    def series(self) -> dict[str, list[Dataset]]:
        """The datasets of each plan period of each municipality, by the IRI of the series."""
        found: dict[str, list[Dataset]] = {}
        for dataset in self.holdings.datasets:
            if dataset.period is not None and dataset.municipality is not None:
                years = f"{dataset.period.start}-{dataset.period.end}"
                found.setdefault(f"{self.iri}/series/{dataset.municipality.number}/{years}", []).append(dataset)
        return found

    def title(self) -> list[Literal]:
        own, english = self.settings.catalog_title, self.settings.catalog_title_en
        if own is None and english is None:
            return in_both(self.site.title.text)
        return [
            *([Literal(own, language="nb")] if own else []),
            *([Literal(english, language="en")] if english else []),
        ]

    def publisher_of(self, dataset: Dataset) -> str:
        """The publisher in the data; the operator when the data name only the project or no publisher."""
        named = (dataset.publishers or [_PROJECT])[0]
        return self.publisher if named == _PROJECT else named

    def creators_of(self, dataset: Dataset) -> list[str]:
        """The creators: the project when the data name it, else none, because the data name no other creator."""
        return [_PROJECT] if _PROJECT in dataset.publishers else []

    def name_of(self, iri: str) -> list[Literal]:
        """The names of an agent."""
        if iri == self.publisher:
            return [Literal(self.settings.publisher_called)]
        names = self.holdings.agents[iri].names if iri in self.holdings.agents else ()
        return list(names) or [Literal("plangraf" if iri == _PROJECT else iri)]

    def keywords(self, dataset: Dataset | None = None) -> list[Literal]:
        """The keywords of the site; for a dataset also those of the data and the name of its place."""
        own = [word for text in self.site.keywords for word in in_both(text.text)]
        if dataset is None:
            return own
        places = dataset.municipality.names if dataset.municipality is not None else ()
        found = [*own, *dataset.keywords, *places]
        return sorted(dict.fromkeys(found), key=lambda word: (word.value, word.language or ""))

    def list_all(self) -> list[Distribution]:
        """The distributions of all graphs."""
        return list_all(self.holdings.files, f"{self.base}/dump/latest/", self.site.distributions)

    def list_dataset(self, dataset: Dataset) -> list[Distribution]:
        """The distributions of one dataset."""
        return list_dataset(self.holdings.files, dataset, self.page(dataset), self.site.distributions)
