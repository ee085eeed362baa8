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

import gzip
import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml
import zstandard
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from plangraf import __version__
from plangraf.rdf.graph import nquads_lines, nquads_text, serialized, statements
from plangraf.rdf.jsonld_documents import dump, expanded_nodes
from plangraf.rdf.namespaces import BASE, GRAPH, PREFIXES
from plangraf.sparql.named.head import Titled
from plangraf.store.atomic import write_file
from plangraf.store.versions import DOWNLOADS_INDEX

SUMS = "SHA256SUMS"
CITATION = "CITATION.cff"
_ZSTD_LEVEL = 9
_GZIP_LEVEL = 6
_RDF_TYPE = PREFIXES["rdf"] + "type"

# By the ending of the file name without the compression.
_MEDIA_TYPES = {
    "nq": "application/n-quads",
    "trig": "application/trig",
    "jsonld": "application/ld+json",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "csv": "text/csv",
    "csv-metadata": "application/csvm+json",
    "parquet": "application/vnd.apache.parquet",
    "cff": "application/yaml",
    "SHA256SUMS": "text/plain",
}
_COMPRESSIONS = {"gz": "application/gzip", "zst": "application/zstd"}


def version_id(lines: Sequence[bytes]) -> str:
    """The id of a version: the start of the SHA-256 of its lines."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line + b"\n")
    return digest.hexdigest()[:16]


def write_dumps(lines: Sequence[bytes], folder: Path, titles: Mapping[str, Titled]) -> None:
    """Creates a folder and writes all downloads of a version into it.

    Args:
        lines: the version's N-Quads lines without newlines, sorted and unique.
        folder: the target; it must not exist.
        titles: the titles of the downloads, by format, folder or name; a file without one is titled by its name.
    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True)
    entries = []
    for name, content in _generate_files(lines):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
        entries.append(_index_entry(name, content, titles))
    sums = "".join(f"{entry['sha256']}  {entry['name']}\n" for entry in entries).encode()
    write_file(folder / SUMS, sums)
    entries.append(_index_entry(SUMS, sums, titles))
    index = json.dumps({"files": entries}, ensure_ascii=False, indent=1) + "\n"
    write_file(folder / DOWNLOADS_INDEX, index.encode())


def _index_entry(name: str, content: bytes, titles: Mapping[str, Titled]) -> dict[str, object]:
    """The entry of index.json for one file. `mediaType` is the type of the uncompressed content."""
    parts = name.rpartition("/")[2].split(".")
    compression = _COMPRESSIONS.get(parts[-1])
    if compression or parts[-1] == "json":
        parts.pop()
    title = titles.get(name) or titles.get(name.partition("/")[0] if "/" in name else parts[-1])
    nb, en = title.text if title else (name, name)
    return {
        "name": name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mediaType": _MEDIA_TYPES[parts[-1]],
        **({"compression": compression} if compression else {}),
        "title": {"nb": nb, "en": en},
    }


def _generate_files(lines: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """The name and content of each file."""
    # Imported late, because `serve` imports this module and must not load pyarrow.
    from plangraf.publish import class_tables

    stem = f"plangraf-{version_id(lines)}"
    whole = nquads_text(lines)
    quads = list(parse(whole, RdfFormat.N_QUADS, rename_blank_nodes=False))
    yield f"{stem}.nq.gz", _gzip(whole)
    yield f"{stem}.nq.zst", _zstd(whole)
    quads.sort(key=_sort_key)
    trig = serialized(quads, RdfFormat.TRIG, PREFIXES)
    yield f"{stem}.trig.gz", _gzip(trig)
    yield f"{stem}.trig.zst", _zstd(trig)
    yield f"{stem}.jsonld.gz", _gzip(_json_ld(quads))
    yield from _generate_graph_files(quads)
    for table in class_tables.tables({quad.triple for quad in quads}):
        yield f"csv/{table.name}.csv", class_tables.as_csv(table)
        yield f"csv/{table.name}.csv-metadata.json", class_tables.as_metadata(table)
        yield f"parquet/{table.name}.parquet", class_tables.as_parquet(table)
    yield CITATION, citation(version_id(lines)).encode()


def _generate_graph_files(quads: Sequence[Quad]) -> Iterator[tuple[str, bytes]]:
    """The files of each named graph."""
    by_graph: dict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.graph_name, NamedNode) and quad.graph_name.value.startswith(GRAPH):
            by_graph[quad.graph_name.value.removeprefix(GRAPH)].append(quad)
    for path, own in sorted(by_graph.items()):
        triples = [quad.triple for quad in own]
        yield f"graph/{path}.ttl", serialized(triples, RdfFormat.TURTLE, PREFIXES)
        yield f"graph/{path}.nt", nquads_text(nquads_lines(triples))
        yield f"graph/{path}.jsonld", dump(expanded_nodes(statements(triples)), indented=False)


def _sort_key(quad: Quad) -> tuple[str, str, bool, str, str]:
    """Sorts quads by graph and subject, types first."""
    predicate = quad.predicate.value
    return str(quad.graph_name), str(quad.subject), predicate != _RDF_TYPE, predicate, str(quad.object)


def _json_ld(quads: Sequence[Quad]) -> bytes:
    """All graphs as expanded JSON-LD, from quads that are sorted by graph and subject."""
    graphs = itertools.groupby(quads, key=lambda quad: quad.graph_name)
    named = [{"@id": str(graph).strip("<>"), "@graph": expanded_nodes(statements(own))} for graph, own in graphs]
    return dump(named, indented=False)


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, _GZIP_LEVEL, mtime=0)


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(content)


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
