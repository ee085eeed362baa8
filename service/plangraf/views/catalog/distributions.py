"""Lists the distributions: the files of a version with all graphs, and with one graph each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from plangraf.store.contents import File
from plangraf.views.catalog.datasets import Dataset
from plangraf.views.catalog.terms import Text


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


def list_all(files: Iterable[File], page: str) -> list[Distribution]:
    """The distributions of all graphs and of the class tables. `page` is the address of the page of downloads."""
    files = tuple(files)
    by_name = {file.name: file for file in files}
    found = [
        Distribution(
            f"all-{key}",
            name,
            (f"Hele kunnskapsgrafen, {name}", f"The whole knowledge graph, {name}"),
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
                title = f"Tabell over klassen {table}, {name}", f"Table of the class {table}, {name}"
                found.append(
                    Distribution(f"{ending}-{table}", name, title, file_type, media_type, page, file, table=table)
                )
    return found


def list_dataset(files: Iterable[File], dataset: Dataset, page: str) -> list[Distribution]:
    """The distributions of one dataset. `page` is the address of the dataset's document."""
    by_name = {file.name: file for file in files}
    return [
        Distribution(
            f"{dataset.path}-{key}",
            name,
            (f"Grafen som {name}", f"The graph as {name}"),
            file_type,
            media_type,
            page,
            by_name[path],
        )
        for ending, key, name, file_type, media_type in _GRAPH
        if (path := f"graph/{dataset.path}.{ending}") in by_name
    ]
