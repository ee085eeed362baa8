"""What earlier builds read from the files of each dataset, so that a build parses only the datasets that changed.

versions/known/<key>.zst     the statements of a dataset and the places of its things, zstd with a checksum
versions/known/terms.json    the datasets whose terms are all defined, and the digest of what defines them

The key is a digest of the dataset's graph, the names and the content of its files, and the code that reads them. Only
datasets without a problem are kept, so their statements stand for themselves. Ontology and shapes are always read,
because their blank nodes are labelled together. The folder may be deleted at any time: the next build then reads all
files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import zstandard
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from plangraf.diagnostics.diagnostic import FilePlace
from plangraf.publish.inputs import code_digest
from plangraf.rdf.graph import nquads_lines
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, SHAPES_GRAPH
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import Parsed, read
from plangraf.store.atomic import write_file
from plangraf.store.versions import VersionStore

_TERMS = "terms.json"
_ENDING = ".zst"
_ZSTD_LEVEL = 1
_READ_ANEW = (ONTOLOGY_GRAPH, SHAPES_GRAPH)


@dataclass(slots=True)
class Read:
    """The statements of all files.

    Attributes:
        parsed: what a parser of all files returns.
        fresh: the statements that this build parsed.
        lines: N-Quads lines of the other statements.
        unproven: the statements whose terms must be checked.
        datasets, taken: the number of datasets, and of those that are taken from earlier builds.
    """

    parsed: Parsed = field(default_factory=Parsed)
    fresh: set[Quad] = field(default_factory=set)
    lines: list[bytes] = field(default_factory=list)
    unproven: set[Quad] = field(default_factory=set)
    datasets: int = 0
    taken: int = 0


class KnownDatasets:
    """The datasets that earlier builds have read.

    Args:
        store: the folder of versions, locked by the caller.
        home: the project, whose vocabularies define the terms.
        files: all files of the build.
        renew: read all files.
    """

    def __init__(self, store: VersionStore, home: Path, files: Sequence[SourceFile], *, renew: bool = False) -> None:
        self._folder = store.known
        self._explained = store.explained
        self._files = files
        self._code = code_digest()
        self._defining = self._defining_digest(home)
        self._keys: set[str] = set()
        if renew:
            with self._explained():
                shutil.rmtree(self._folder, ignore_errors=True)
        self._proven = self._read_proven()

    def read(self) -> Read:
        """Takes the known datasets, and parses and keeps the others.

        Raises:
            VersionsError: the folder cannot be written.
        """
        found = Read()
        for graph, group in groupby(self._files, key=lambda file: file.graph):
            files = list(group)
            if graph in _READ_ANEW:
                _add(found, read(files))
                continue
            found.datasets += 1
            key = self._key(graph, files)
            if key is not None and (lines := self._take(key, files, found)) is not None:
                found.taken += 1
                self._keys.add(key)
                if key not in self._proven:
                    found.unproven.update(_quads(lines))
                continue
            parsed = read(files)
            _add(found, parsed)
            # A file that was changed meanwhile must not be kept under the digest of its former content.
            if key is not None and not parsed.problems and self._key(graph, files) == key:
                with self._explained():
                    self._keep(key, files, parsed)
                self._keys.add(key)
        return found

    def record(self, *, proven: bool) -> None:
        """Drops the datasets that this build did not have; records that the terms of the others are defined.

        Args:
            proven: the check of the terms found nothing.
        Raises:
            VersionsError: the folder cannot be written.
        """
        keys = self._keys
        with self._explained():
            self._folder.mkdir(exist_ok=True)
            for path in self._folder.iterdir():
                if path.name.removesuffix(_ENDING) not in keys and path.name != _TERMS:
                    path.unlink()
            content = {"defining": self._defining, "datasets": sorted(keys if proven else keys & self._proven)}
            part = self._folder / f"{_TERMS}.part"
            write_file(part, json.dumps(content).encode())
            part.rename(self._folder / _TERMS)

    def _key(self, graph: str, files: Sequence[SourceFile]) -> str | None:
        """None when a file cannot be read, which the parser reports."""
        digest = hashlib.sha256(f"{self._code}\n{graph}\n".encode())
        try:
            for file in files:
                digest.update(f"{file.path.name}\n".encode(errors="surrogateescape"))
                digest.update(hashlib.sha256(file.path.read_bytes()).digest())
        except OSError:
            return None
        return digest.hexdigest()[:32]

    def _take(self, key: str, files: Sequence[SourceFile], found: Read) -> Sequence[bytes] | None:
        """Adds a kept dataset, and returns its lines; None when there is none that can be read."""
        try:
            packed = (self._folder / f"{key}{_ENDING}").read_bytes()
            head, *lines = zstandard.ZstdDecompressor().decompress(packed).split(b"\n")
            places: Mapping[str, Sequence[tuple[str, int]]] = json.loads(head)
            placed = {
                NamedNode(iri): FilePlace(file.name, line) for file in files for iri, line in places[file.path.name]
            }
            quads = _quads(lines)
        except (OSError, zstandard.ZstdError, ValueError, KeyError, TypeError, SyntaxError):
            return None
        found.parsed.quads.update(quads)
        found.lines += lines
        for subject, place in placed.items():
            found.parsed.places.setdefault(subject, place)
        return lines

    def _keep(self, key: str, files: Sequence[SourceFile], parsed: Parsed) -> None:
        places: dict[str, list[tuple[str, int | None]]] = {file.path.name: [] for file in files}
        names = {file.name: file.path.name for file in files}
        for subject, place in parsed.places.items():
            places[names[place.file]].append((subject.value, place.line))
        content = b"\n".join([json.dumps(places).encode(), *nquads_lines(parsed.quads)])
        self._folder.mkdir(exist_ok=True)
        part = self._folder / f"{key}.part"
        part.write_bytes(zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(content))
        part.rename(self._folder / f"{key}{_ENDING}")

    def _read_proven(self) -> frozenset[str]:
        try:
            content = json.loads((self._folder / _TERMS).read_bytes())
            return frozenset(content["datasets"]) if content["defining"] == self._defining else frozenset()
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()

    def _defining_digest(self, home: Path) -> str:
        """Of all that decides whether a term is defined: the ontology, the shapes and the pinned vocabularies."""
        paths = [file.path for file in self._files if file.graph in _READ_ANEW]
        digest = hashlib.sha256(self._code.encode())
        for path in (*paths, *sorted((home / "ontology" / "vocabularies").glob("*.tsv"))):
            digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
        return digest.hexdigest()


def _add(found: Read, parsed: Parsed) -> None:
    found.fresh |= parsed.quads
    found.parsed.problems += parsed.problems
    for subject, place in parsed.places.items():
        found.parsed.places.setdefault(subject, place)


def _quads(lines: Sequence[bytes]) -> Iterator[Quad]:
    return parse(b"\n".join(lines), RdfFormat.N_QUADS, rename_blank_nodes=False)
