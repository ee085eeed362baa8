"""Arranges the downloads of a version for people: what each file is, by what a reader wants with it.

`publish.dumps` has the names of the files. A file of another name, which a later build may add, stands among the
others under its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plangraf.numbers_in_text import natural_key
from plangraf.store.contents import File

# The endings of file names, the longest first, and how people call the format.
_FORMATS = {
    ".csv-metadata.json": "CSVW",
    ".jsonld.gz": "JSON-LD, gzip",
    ".trig.zst": "TriG, zstd",
    ".trig.gz": "TriG, gzip",
    ".nq.zst": "N-Quads, zstd",
    ".nq.gz": "N-Quads, gzip",
    ".parquet": "Parquet",
    ".jsonld": "JSON-LD",
    ".csv": "CSV",
    ".ttl": "Turtle",
    ".nt": "N-Triples",
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line: what the files hold, in what language, and the files by the name of their format."""

    name: str
    lang: str | None = None
    files: list[tuple[str, File]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Downloads:
    """All files: everything together, the tables by class, the graphs by dataset, and the small ones beside them.

    `foreign` are the tables of classes that no name in the data or on the site stands for.
    """

    whole: list[tuple[str, File]]
    tables: list[FileLine]
    foreign: list[FileLine]
    graphs: list[FileLine]
    others: list[File]
    sums: File | None


def arrange_downloads(files: Iterable[File], names: Mapping[str, tuple[str, str | None]]) -> Downloads:
    """The files of one version.

    Args:
        files: in the order of the index.
        names: name and language of a graph by its path, and of a class by its local name, where known.
    """
    whole: list[tuple[str, File]] = []
    tables: dict[str, FileLine] = {}
    graphs: dict[str, FileLine] = {}
    others: list[File] = []
    sums = None
    for file in files:
        ending = next((ending for ending in _FORMATS if file.name.endswith(ending)), None)
        folder, _, rest = file.name.partition("/")
        if file.name == "SHA256SUMS":
            sums = file
        elif ending is None:
            others.append(file)
        elif not rest:
            whole.append((_FORMATS[ending], file))
        else:
            stem = rest.removesuffix(ending)
            lines = graphs if folder == "graph" else tables
            line = lines.setdefault(stem, FileLine(*names.get(stem, (stem, None))))
            line.files.append((_FORMATS[ending], file))
    foreign = {stem: line for stem, line in tables.items() if stem not in names}
    named = {stem: line for stem, line in tables.items() if stem in names}
    return Downloads(whole, _sorted(named), _sorted(foreign), _sorted(graphs), others, sums)


def _sorted(lines: Mapping[str, FileLine]) -> list[FileLine]:
    return sorted(lines.values(), key=lambda line: natural_key(line.name.casefold()))
