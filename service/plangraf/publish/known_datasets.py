"""What earlier builds read from the files of each dataset, so that a build parses only the datasets that changed.

versions/known/<key>.zst     the statements of a dataset and the places of its things, zstd with a checksum
versions/known/terms.json    the datasets whose terms are all defined, and the digest of what defines them
versions/known/tables.json   the version that was built last, the code that wrote it, and a digest of the source of
                             each table of its downloads
versions/known/results.zst   the results of its shapes and checks, its datasets, and the digest of what decided them

The key is a digest of the dataset's graph, the names and the content of its files, and the code that reads them. Only
datasets without a problem are kept, so their statements stand for themselves. Ontology and shapes are always read,
because their blank nodes are labelled together. The folder may be deleted at any time: the next build then reads all
files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import zstandard
from pyoxigraph import NamedNode

from plangraf.checks.kept_results import Change, Results
from plangraf.diagnostics.diagnostic import FilePlace
from plangraf.publish.gathered_lines import GatheredLines
from plangraf.publish.inputs import code_digest
from plangraf.rdf.graph import nquads_lines
from plangraf.rdf.namespaces import ONTOLOGY_GRAPH, SHAPES_GRAPH
from plangraf.sources.files import SourceFile
from plangraf.sources.turtle import Parsed, read
from plangraf.store.atomic import write_file
from plangraf.store.versions import VersionStore

_TERMS, _TABLES, _RESULTS = "terms.json", "tables.json", "results.zst"
_ENDING = ".zst"
_ZSTD_LEVEL = 1
_READ_ANEW = (ONTOLOGY_GRAPH, SHAPES_GRAPH)


@dataclass(slots=True)
class Read:
    """The statements of all files.

    Attributes:
        gathered: N-Quads lines of all other statements than `parsed` has.
        gathered_unproven: those of them whose terms must be checked.
        parsed: what a parser of all files returns; its quads are those of the ontology, of the shapes, and of datasets
            with a problem.
        lines, unproven: the lines of all statements, and those whose terms must be checked, sorted and unique, after
            `add`.
        datasets, taken: the number of datasets, and of those that are taken from earlier builds.
    """

    gathered: GatheredLines
    gathered_unproven: GatheredLines
    parsed: Parsed = field(default_factory=Parsed)
    lines: Sequence[bytes] = ()
    unproven: Sequence[bytes] = ()
    datasets: int = 0
    taken: int = 0

    def add(self, own: Sequence[bytes]) -> None:
        """Adds the lines of the quads, the last ones."""
        self.gathered.add(own)
        self.gathered_unproven.add(own)
        self.lines, self.unproven = self.gathered.sorted(), self.gathered_unproven.sorted()


class KnownDatasets:
    """The datasets that earlier builds have read.

    Args:
        store: the folder of versions, locked by the caller.
        home: the project, whose vocabularies define the terms.
        files: all files of the build.
        renew: read all files.
    """

    def __init__(self, store: VersionStore, home: Path, files: Sequence[SourceFile], *, renew: bool = False) -> None:
        self._folder, self._versions = store.known, store.path
        self._explained = store.explained
        self._files = files
        self._code = code_digest()
        self._defining = self._defining_digest(home)
        self._keys: set[str] = set()
        if renew:
            with self._explained():
                shutil.rmtree(self._folder, ignore_errors=True)
        self._proven = self._read_proven()
        self._deciding = self._deciding_digest(home)
        self._all_known = True

    def read(self, found: Read) -> None:
        """Takes the known datasets, and parses and keeps the others.

        Raises:
            VersionsError: the folder cannot be written.
        """
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
                    found.gathered_unproven.add(lines)
                continue
            parsed = read(files)
            if parsed.problems:
                _add(found, parsed)
                self._all_known = False
                continue
            lines = nquads_lines(parsed.quads)
            parsed.quads = set()  # the lines take less memory
            _add(found, parsed)
            found.gathered.add(lines)
            found.gathered_unproven.add(lines)
            # A file that was changed meanwhile must not be kept under the digest of its former content.
            if key is not None and self._key(graph, files) == key:
                with self._explained():
                    self._keep(key, files, parsed, lines)
                self._keys.add(key)
            else:
                self._all_known = False

    def change(self) -> Change | None:
        """What changed since the last build, after `read`; None when its results say nothing about this build."""
        if not self._all_known:
            return None
        try:
            content = json.loads(zstandard.decompress((self._folder / _RESULTS).read_bytes()))
            before = {str(key) for key in content["datasets"]}
            if content["deciding"] != self._deciding:
                return None
            old = {line for key in before - self._keys for line in self._lines(key)}
            new = {line for key in self._keys - before for line in self._lines(key)}
            return Change(Results.from_json(content["results"]), sorted(old ^ new))
        except (OSError, zstandard.ZstdError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _lines(self, key: str) -> list[bytes]:
        return zstandard.decompress((self._folder / f"{key}{_ENDING}").read_bytes()).split(b"\n")[1:]

    def last(self) -> tuple[Path | None, Mapping[str, str]]:
        """The version that the last build wrote, and the digests of its tables; None if other code wrote it."""
        try:
            content = json.loads((self._folder / _TABLES).read_bytes())
            folder = self._versions / str(content["version"])
            tables = {str(name): str(digest) for name, digest in content["tables"].items()}
            return (folder, tables) if content["code"] == self._code and folder.is_dir() else (None, {})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None, {}

    def record(self, version: str, tables: Mapping[str, str], results: Results | None, *, proven: bool) -> None:
        """Drops the datasets that this build did not have; records that the terms of the others are defined.

        Args:
            version: the id of the version that was built.
            tables: a digest of the source of each table of its downloads.
            results: those of the shapes and checks, if this build has them.
            proven: the check of the terms found nothing.
        Raises:
            VersionsError: the folder cannot be written.
        """
        keys = self._keys
        with self._explained():
            self._folder.mkdir(exist_ok=True)
            for path in self._folder.iterdir():
                if path.name.removesuffix(_ENDING) not in keys and path.name not in (_TERMS, _TABLES, _RESULTS):
                    path.unlink()
            defined = sorted(keys if proven else keys & self._proven)
            self._write(_TERMS, {"defining": self._defining, "datasets": defined})
            self._write(_TABLES, {"code": self._code, "version": version, "tables": tables})
            if results is not None and self._all_known:
                said = {"deciding": self._deciding, "datasets": sorted(keys), "results": results.as_json()}
                self._write(_RESULTS, said)
            else:
                (self._folder / _RESULTS).unlink(missing_ok=True)

    def _write(self, name: str, content: object) -> None:
        part, written = self._folder / f"{name}.part", json.dumps(content).encode()
        write_file(part, _packed(written) if name.endswith(_ENDING) else written)
        part.rename(self._folder / name)

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
        except (OSError, zstandard.ZstdError, ValueError, KeyError, TypeError):
            return None
        found.gathered.add(lines)
        for subject, place in placed.items():
            found.parsed.places.setdefault(subject, place)
        return lines

    def _keep(self, key: str, files: Sequence[SourceFile], parsed: Parsed, lines: Sequence[bytes]) -> None:
        places: dict[str, list[tuple[str, int | None]]] = {file.path.name: [] for file in files}
        names = {file.name: file.path.name for file in files}
        for subject, place in parsed.places.items():
            places[names[place.file]].append((subject.value, place.line))
        content = b"\n".join([json.dumps(places).encode(), *lines])
        self._folder.mkdir(exist_ok=True)
        part = self._folder / f"{key}.part"
        part.write_bytes(_packed(content))
        part.rename(self._folder / f"{key}{_ENDING}")

    def _read_proven(self) -> frozenset[str]:
        try:
            content = json.loads((self._folder / _TERMS).read_bytes())
            return frozenset(content["datasets"]) if content["defining"] == self._defining else frozenset()
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()

    def _deciding_digest(self, home: Path) -> str:
        """Of all that decides the results of the same datasets: what defines terms, all queries and pictures."""
        digest = hashlib.sha256(self._defining.encode())
        for path in sorted(path for path in (home / "queries").rglob("*") if path.is_file()):
            digest.update(str(path.relative_to(home)).encode() + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _defining_digest(self, home: Path) -> str:
        """Of all that decides whether a term is defined: the ontology, the shapes and the pinned vocabularies."""
        paths = [file.path for file in self._files if file.graph in _READ_ANEW]
        digest = hashlib.sha256(self._code.encode())
        for path in (*paths, *sorted((home / "ontology" / "vocabularies").glob("*.tsv"))):
            digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
        return digest.hexdigest()


def _packed(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(content)


def _add(found: Read, parsed: Parsed) -> None:
    found.parsed.quads |= parsed.quads
    found.parsed.problems += parsed.problems
    for subject, place in parsed.places.items():
        found.parsed.places.setdefault(subject, place)
