"""Writes the downloads of a version: RDF in every format, a table for each class, checksums, and a citation.

The build writes them beside its checks. They derive from the version's lines alone and hold no time, host or
random name, so the same version gives the same bytes on any machine. Only the titles in index.json come from
`queries/site.yaml`.

    plangraf-<id>.nq.gz|.nq.zst        the canonical lines that the id is a hash of
    plangraf-<id>.trig.gz|.trig.zst    the same for readers
    plangraf-<id>.jsonld.gz            the same as JSON-LD, expanded
    graph/<path>.ttl|.nt|.jsonld       one graph; <path> is what follows …/graph/ in its IRI
    csv/<Class>.csv, csv/<Class>.csv-metadata.json, parquet/<Class>.parquet
    CITATION.cff, SHA256SUMS, index.json
"""

from __future__ import annotations

import hashlib
import itertools
import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pyoxigraph import RdfFormat, parse

from plangraf import __version__
from plangraf.publish.download_files import DownloadFiles
from plangraf.rdf.graph import graph_of, nquads_text, serialized, statements, subject_of
from plangraf.rdf.jsonld_documents import dump, expanded_nodes
from plangraf.rdf.namespaces import BASE, GRAPH, PREFIXES
from plangraf.sparql.named.head import Titled

SUMS = "SHA256SUMS"
CITATION = "CITATION.cff"
_TYPE_MARK = f" <{PREFIXES['rdf']}type> ".encode()
_PREFIX_LINE = b"@prefix "
_OPEN, _CLOSE = b" {\n", b"}\n"


def version_id(lines: Iterable[bytes]) -> str:
    """The id of a version: the start of the SHA-256 of its lines."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line + b"\n")
    return digest.hexdigest()[:16]


def write_dumps(
    lines: Sequence[bytes],
    folder: Path,
    titles: Mapping[str, Titled],
    known: Path | None = None,
    known_tables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Creates a folder and writes all downloads of a version into it.

    Args:
        lines: the version's N-Quads lines without newlines, sorted and unique, each in a named graph.
        folder: the target; it must not exist.
        titles: the titles of the downloads, by format, folder or name; a file without one is titled by its name.
        known: the downloads of another version that the same code wrote; files with the same source are taken.
        known_tables: what writing these returned.
    Returns:
        A digest of the source of each table, by its name.
    Raises:
        OSError: a file cannot be written.
    """
    files = DownloadFiles(folder, titles, known)
    id_ = version_id(lines)
    graphs = [
        _write_graph(files, graph, [lines[number] for number in numbers])
        for graph, numbers in sorted(_by_graph(lines).items())
    ]
    first = _write_whole(files, f"plangraf-{id_}", lines, graphs)
    tables = _write_tables(files, lines, known_tables or {})
    files.write(CITATION, citation(id_).encode())
    files.write_index(SUMS, first)
    return tables


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph in two formats, in files or in memory; `iri` is in angle brackets."""

    iri: bytes
    turtle: Path | bytes
    json_ld: Path | bytes


def _read(content: Path | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _by_graph(lines: Iterable[bytes]) -> Mapping[bytes, Sequence[int]]:
    """The numbers of the lines of each graph, which take less memory than the lines of a file."""
    found: dict[bytes, array[int]] = defaultdict(lambda: array("I"))
    for number, line in enumerate(lines):
        found[graph_of(line)].append(number)
    return found


def _write_graph(files: DownloadFiles, graph: bytes, lines: Sequence[bytes]) -> _Graph:
    """Writes or takes the files of a graph; one of another namespace has none."""
    end = len(graph) + len(b"  .")
    triples = nquads_text([line[:-end] + b" ." for line in lines])
    name = graph[1:-1].decode()
    if not name.startswith(GRAPH):
        return _Graph(graph, *_in_formats(triples))
    stem = f"graph/{name.removeprefix(GRAPH)}"
    names = [f"{stem}.ttl", f"{stem}.nt", f"{stem}.jsonld"]
    if not (files.knows(names[1], hashlib.sha256(triples).hexdigest()) and files.take(names)):
        turtle, json_ld = _in_formats(triples)
        for one, content in zip(names, (turtle, triples, json_ld), strict=True):
            files.write(one, content)
    return _Graph(graph, files.folder / names[0], files.folder / names[2])


def _in_formats(triples: bytes) -> tuple[bytes, bytes]:
    """Turtle and expanded JSON-LD of sorted lines, the types of each thing first."""
    ordered: list[bytes] = []
    for _, own in itertools.groupby(triples.splitlines(), subject_of):
        ordered += sorted(own, key=lambda line: not line.startswith(_TYPE_MARK, line.index(b" ")))
    quads = parse(b"\n".join(ordered), RdfFormat.N_TRIPLES, rename_blank_nodes=False)
    found = [quad.triple for quad in quads]
    json_ld = dump(expanded_nodes(statements(found)), indented=False)
    return serialized(found, RdfFormat.TURTLE, PREFIXES), json_ld


def _write_whole(files: DownloadFiles, stem: str, lines: Sequence[bytes], graphs: Sequence[_Graph]) -> list[str]:
    """Writes the files with all graphs; returns their names."""
    sizes = {
        "nq": sum(map(len, lines)) + len(lines),
        "trig": sum(_size(graph.turtle) + len(graph.iri) + len(_OPEN) + len(_CLOSE) for graph in graphs),
    }
    contents: Mapping[str, Callable[[], Iterable[bytes]]] = {
        "nq": lambda: (line + b"\n" for line in lines),
        "trig": lambda: _trig(graphs),
        "jsonld": lambda: _all_json_ld(graphs),
    }
    names = [f"{stem}.{ending}" for ending in ("nq.gz", "nq.zst", "trig.gz", "trig.zst", "jsonld.gz")]
    for name in names:
        kind = name.split(".")[-2]
        files.compress(name, contents[kind](), sizes.get(kind))
    return names


def _trig(graphs: Iterable[_Graph]) -> Iterator[bytes]:
    """TriG from the Turtle of each graph, whose prefixes stand before it."""
    for graph in graphs:
        content = _read(graph.turtle)
        at = 0
        while content.startswith(_PREFIX_LINE, at):
            at = content.index(b"\n", at) + 1
        yield content[:at] + graph.iri + _OPEN
        yield content[at:]
        yield _CLOSE


def _all_json_ld(graphs: Iterable[_Graph]) -> Iterator[bytes]:
    """All graphs as expanded JSON-LD."""
    before = b"["
    for graph in graphs:
        yield b'%b{"@id":%b,"@graph":' % (before, json.dumps(graph.iri[1:-1].decode(), ensure_ascii=False).encode())
        yield _read(graph.json_ld).rstrip(b"\n") + b"}"
        before = b","
    yield b"[]\n" if before == b"[" else b"]\n"


def _write_tables(files: DownloadFiles, lines: Sequence[bytes], known: Mapping[str, str]) -> dict[str, str]:
    """Writes or takes the tables of each class; returns the digest of each table's source."""
    # Imported late, because `serve` imports this module and must not load pyarrow.
    from plangraf.publish import class_tables

    digests = {}
    for source in class_tables.sources(lines):
        name, digest = source.name, source.digest()
        digests[name] = digest
        names = [f"csv/{name}.csv", f"csv/{name}.csv-metadata.json", f"parquet/{name}.parquet"]
        if known.get(name) == digest and files.take(names):
            continue
        table = source.table()
        files.stream(names[0], class_tables.as_csv(table))
        files.write(names[1], class_tables.as_metadata(table))
        files.write(names[2], class_tables.as_parquet(table))
    return digests


class _Quoted(str):
    """Text that YAML must quote, because YAML 1.2 reads a version such as 12345678901e2345 as a number."""


yaml.SafeDumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, "'")
)


def citation(version: str | None = None) -> str:
    """CITATION.cff of the project, or of one version of its data (https://citation-file-format.github.io)."""
    software = {
        "type": "software",
        "title": "plangraf",
        "version": _Quoted(__version__),
        "license": "Apache-2.0",
        "url": BASE,
    }
    dataset = {
        "type": "dataset",
        "title": f"plangraf: linked municipal plan data, version {version}",
        "version": _Quoted(version),
        "license": "CC-BY-4.0",
        "url": f"{BASE}version/{version}/",
    }
    fields = {
        "cff-version": "1.2.0",
        "message": "Please cite the version that you used.",
        "abstract": "A knowledge graph of municipal plans, their perspectives, UN SDG targets and decisions.",
        "authors": [{"name": "plangraf"}],
        **(software if version is None else dataset),
    }
    return str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120))
