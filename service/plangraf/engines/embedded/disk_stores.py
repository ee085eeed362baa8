"""Stores on disk of a version: a build writes them, workers read them, and nothing changes them.

A version has them when it has bulk triples, or more triples than a service holds in memory (`memory_triples`).

In memory a bulk triple takes 330 bytes, and a large table some GiB. On disk the system keeps what is read in its page
cache, and a service starts without loading anything.

versions/bulk/<key>.stores       the bulk triples alone, kept for the next version with the same tables
versions/<id>/bulk-stores/
    all                          all triples: the default graph has those of the dump, without the bulk triples
    apart                        these, and the triples of the dump in parts, each of which stands in the same graphs;
                                 only when a triple stands in two graphs
    contents.json                the graphs of each part, and the size of each file; written last

The stores of versions with the same tables share their files by hard links.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import NamedNode, RdfFormat, Store, parse

from plangraf.errors import VersionsError
from plangraf.processes import die_with_parent
from plangraf.store.atomic import sync_folder, write_file
from plangraf.store.versions.bulk import open_bulk

ALL, APART, CONTENTS = "all", "apart", "contents.json"
PART = "urn:plangraf:part:"
# Bytes that the engine loads at once: it sorts them in memory, where they take three times as much.
_PORTION = 256 * 1024 * 1024
_READ = 1 << 20
# Files that a store has beside its tables.
_OTHER_FILES = 32


@dataclass(frozen=True, slots=True)
class DiskStores:
    """`apart` is None when no triple stands in two graphs; `parts` are its parts, each with its graphs.

    `files` is the most files that a process opens to read both.
    """

    all: Store
    apart: Store | None = None
    parts: Mapping[NamedNode, frozenset[NamedNode]] = field(default_factory=dict)
    files: int = 0


Lines = Callable[[], Iterable[bytes]]
"""N-Quads lines without newline, read anew by each call, because a large dump does not fit into memory."""


def write_disk_stores(target: Path, lines: Lines, bulk: Mapping[str, Path], kept: Path) -> None:
    """Writes the stores of a version.

    Args:
        target: the folder, which must not exist.
        lines: the dump, sorted and unique.
        bulk: the compressed files of bulk triples, see `open_bulk`, by their graphs.
        kept: the store of the bulk triples alone; written when it does not exist and there are any.
    Raises:
        OSError: they cannot be written, or `kept` is damaged. Its message is the engine's.
    """
    if bulk and not kept.is_dir():
        _write_bulk(kept, bulk)
    target.mkdir()
    if bulk:
        Store(str(kept)).backup(str(target / ALL))
    _add(target / ALL, (line for quad in lines() for line in (quad, _triple(quad) + b" .")))
    parts = list(dict.fromkeys(graphs for _, graphs in _with_graphs(lines())))
    if any(len(graphs) > 1 for graphs in parts):
        names = {graphs: f"<{PART}{number}>".encode() for number, graphs in enumerate(parts)}
        Store(str(target / ALL)).backup(str(target / APART))
        _add(target / APART, (b"%b %b ." % (triple, names[graphs]) for triple, graphs in _with_graphs(lines())))
        named = {name.decode()[1:-1]: [graph.decode()[1:-1] for graph in graphs] for graphs, name in names.items()}
    else:
        named = {}
    contents = {"parts": named, "files": sizes_of(target)}
    write_file(target / CONTENTS, json.dumps(contents, indent=1).encode())
    sync_folder(target)


def open_disk_stores(folder: Path) -> DiskStores:
    """Opens the stores of a version for reading, in some milliseconds.

    Raises:
        VersionsError: they are missing or damaged.
    """
    try:
        contents = json.loads((folder / CONTENTS).read_bytes())
        parts: Mapping[str, Sequence[str]] = contents["parts"]
        # The engine would notice a missing or cut table only when a query reads it.
        if contents["files"] != (sizes := sizes_of(folder)):
            raise ValueError(f"{_first_difference(contents['files'], sizes)} has another size")
        for log in folder.glob("*/LOG.old.*"):
            # The engine leaves one each time; the folder may be read-only.
            with suppress(OSError):
                log.unlink()
        return DiskStores(
            Store.read_only(str(folder / ALL)),
            Store.read_only(str(folder / APART)) if parts else None,
            {NamedNode(part): frozenset(map(NamedNode, graphs)) for part, graphs in parts.items()},
            len(sizes) + _OTHER_FILES,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VersionsError(
            f"The stores of bulk triples {folder} are missing or damaged ({error}). "
            "Write them again with `plangraf build --force`."
        ) from error


def sizes_of(folder: Path) -> dict[str, int]:
    """The sizes in bytes of the files that make up the stores, without the engine's logs."""
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.glob("*/*")
        if path.suffix == ".sst" or path.name.startswith(("MANIFEST-", "CURRENT"))
    }


def _first_difference(stated: Mapping[str, int], found: Mapping[str, int]) -> str:
    return min(name for name in {*stated, *found} if stated.get(name) != found.get(name))


def _write_bulk(kept: Path, bulk: Mapping[str, Path]) -> None:
    """Writes a store beside its place, and moves it there when it is complete."""
    temporary = kept.with_name(f"{kept.name}.part")
    for left in kept.parent.glob("*.part"):  # of a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    try:
        store = Store(str(temporary))
        for graph, path in bulk.items():
            with open_bulk(path) as file:
                for portion in _portions(file):
                    store.bulk_load(portion, RdfFormat.N_TRIPLES, to_graph=NamedNode(graph), lenient=True)
        # Else a look-up searches one table of each portion.
        store.optimize()
        store.flush()
        del store
        temporary.rename(kept)
        sync_folder(kept.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Portion:
    """The next lines of a file, as a file of its own for the engine, which reads little at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _PORTION

    def read(self, size: int = -1) -> bytes:
        if self._left <= 0:
            return b""
        found = self._file.read(min(_READ, self._left) if size < 0 else size)
        self._left -= len(found)
        return found if self._left > 0 else found + self._file.readline()


def _portions(file: BinaryIO) -> Iterator[BinaryIO]:
    while file.peek(1):  # type: ignore[attr-defined]  # a file that is open for reading is buffered
        yield _Portion(file)  # type: ignore[misc]  # the engine calls only read


def _triple(quad: bytes) -> bytes:
    """A line of the dump without its graph and full stop."""
    return quad.rpartition(b" <")[0]


def _with_graphs(lines: Iterable[bytes]) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """Each triple of the dump with its graphs; the quads of one triple are neighbours."""
    for triple, quads in groupby(lines, _triple):
        yield triple, tuple(quad[len(triple) + 1 : -2] for quad in quads)


def _add(path: Path, lines: Iterable[bytes]) -> None:
    """Adds N-Quads lines to a store.

    A dump of one portion is one batch: after more, the engine rewrites all tables, also those that versions share.
    """
    store = Store(str(path))
    own: list[bytes] = []
    nameless: list[bytes] = []
    size = portions = 0
    for line in lines:
        # Not bulk_load, which renames blank nodes: a label must mean one node in all graphs and stores.
        (nameless if b"_:" in line else own).append(line)
        size += len(line)
        if size >= _PORTION:
            _load(store, own)
            own, size, portions = [], 0, portions + 1
    _load(store, own)
    store.bulk_extend(parse(b"\n".join(nameless), RdfFormat.N_QUADS, rename_blank_nodes=False))
    if portions:
        store.optimize()
    store.flush()


def _load(store: Store, lines: Sequence[bytes]) -> None:
    store.bulk_load(io.BytesIO(b"\n".join(lines)), RdfFormat.N_QUADS, lenient=True)


def _lines_of(dump: Path) -> Iterator[bytes]:
    with dump.open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def main(arguments: Sequence[str]) -> None:
    """Writes stores: `python -m … TARGET KEPT DUMP [GRAPH FILE]…`; ends with the engine's message when it cannot."""
    die_with_parent()
    target, kept, dump, *files = arguments
    bulk = dict(zip(files[::2], map(Path, files[1::2]), strict=True))
    try:
        write_disk_stores(Path(target), partial(_lines_of, Path(dump)), bulk, Path(kept))
    except (OSError, SyntaxError, VersionsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
