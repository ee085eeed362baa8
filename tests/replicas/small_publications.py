"""A publisher's folder of small versions, and what the tests compare of it and its copies."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from pyoxigraph import RdfFormat, parse

from plangraf.replicas.objects import Objects
from plangraf.replicas.publication import Published, Publisher
from plangraf.replicas.replica import Replica
from plangraf.sources.files import source_files
from plangraf.store.versions import Version, VersionStore

HOME = Path(__file__).resolve().parents[1] / "http" / "home"
MOST_BYTES = 1 << 30
_BASE = sorted(
    {
        f"{quad.triple} <{file.graph}> .".encode()
        for file in source_files(HOME)
        for quad in parse(file.path.read_bytes(), RdfFormat.TURTLE, rename_blank_nodes=False)
        if "_:" not in str(quad)
    }
)


def write_version(folder: Path, number: int) -> Version:
    """Writes a version that differs from that of another number, with a download, and makes it current."""
    store = VersionStore(folder)
    graph = _BASE[0].rpartition(b" <")[2].removesuffix(b"> .").decode()
    more = f'<http://example.org/number> <http://purl.org/dc/terms/identifier> "{number}" <{graph}> .'.encode()
    lines = sorted({*_BASE, more})
    graphs = Counter(line.rpartition(b" <")[2].removesuffix(b"> .").decode() for line in lines)
    downloads = folder.parent / "downloads"
    (downloads / "deep").mkdir(parents=True)
    (downloads / "deep" / "same.txt").write_bytes(b"the same in each version\n")
    (downloads / "own.bin").write_bytes(bytes([number]) * 300_000)
    own = hashlib.sha256((downloads / "own.bin").read_bytes()).hexdigest()
    entry = {"name": "own.bin", "bytes": 300_000, "sha256": own, "mediaType": "application/octet-stream", "title": {}}
    (downloads / "index.json").write_text(json.dumps({"files": [entry]}))
    manifest = {"triples": len({line.rpartition(b" <")[0] for line in lines}), "graphs": dict(graphs), "warnings": {}}
    version = store.write(lines, manifest, {"report.json": b'{"results":[]}'}, {"dump": downloads})
    store.keep_context(b'{"@context":{}}')
    return version


def publish(folder: Path, address: str, *, replace: bool = False, again: bool = False) -> Published:
    return Publisher(VersionStore(folder), Objects(address, writing=True)).publish(replace=replace, again=again)


def replica_of(address: str, folder: Path, most_bytes: int = MOST_BYTES) -> Replica:
    return Replica(Objects(address), folder, most_bytes=most_bytes)


def content(folder: Path) -> dict[str, object]:
    """All that a service reads of a versions folder: bytes by path, the current version, times of the versions."""
    store = VersionStore(folder)
    files: dict[str, object] = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in ("feed", "context", "pruned.json", *(version.id for version in store.list()))
        for path in ((folder / name).rglob("*") if (folder / name).is_dir() else [folder / name])
        if path.is_file()
    }
    times = [(version.id, version.path.stat().st_mtime_ns) for version in store.list()]
    return {**files, "current": str((folder / "current").readlink()), "times": times}
