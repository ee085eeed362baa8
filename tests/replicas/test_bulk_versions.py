"""A version with a store on disk is copied so that the engine can open it, and versions share its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Quad
from small_publications import publish, replica_of

from plangraf.engines.embedded.disk_stores import open_disk_stores, write_disk_stores
from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.store.versions import BULK_STORES, VersionStore
from plangraf.store.versions.bulk import BulkGraph, packing

GRAPH = "https://w3id.org/plangraf/graph/5001/table"
BULK = f"{GRAPH}/bulk"


def write_bulk_version(folder: Path, number: int) -> None:
    store = VersionStore(folder)
    line = f'<http://example.org/{number}> <http://purl.org/dc/terms/title> "{number}" <{GRAPH}> .'.encode()
    packed = folder.parent / "packed.nt.zst"
    with packing(packed) as pack:
        pack(b"".join(b'<http://example.org/o%05d> <http://example.org/p> "1" .\n' % n for n in range(20_000)))
    folder.mkdir(exist_ok=True)
    (folder / "bulk").mkdir(exist_ok=True)
    stores = folder.parent / "stores"
    terms = BulkTerms((), {}, {}, frozenset(), 0)
    bulk = BulkGraph(BULK, "ab" * 32, 20_000, terms)
    write_disk_stores(stores, lambda: [line], {BULK: packed}, store.kept_stores([bulk]))
    manifest = {"triples": 20_001, "graphs": {GRAPH: 1, BULK: 20_000}, "warnings": {}}
    store.write([line], manifest, {}, {BULK_STORES: stores}, {packed: bulk})


def quads(version: Path) -> set[Quad]:
    return set(open_disk_stores(version / BULK_STORES).all.quads_for_pattern(None, None, None, None))


@pytest.mark.slow
def test_stores_on_disk_are_copied_without_the_logs_of_the_engine(tmp_path: Path, folder_store: str) -> None:
    versions, copy = tmp_path / "versions", tmp_path / "replica"
    for number in (1, 2):
        write_bulk_version(versions, number)
    current = VersionStore(versions).current().path
    known = quads(current)
    assert len(known) > 20_000
    assert list(current.glob(f"{BULK_STORES}/*/LOG*"))
    done = publish(versions, folder_store)
    replica_of(folder_store, copy).update()
    copied = VersionStore(copy).current().path
    assert not list(copied.glob(f"{BULK_STORES}/*/LOG*"))
    assert quads(copied) == known
    assert len(VersionStore(copy).current().bulk()) == 1
    assert VersionStore(copy).current().bulk_path(VersionStore(copy).current().bulk()[0]).is_file()
    assert not list(copy.glob("bulk/*.stores"))
    # Both versions have the table, and it is stored, sent and kept once.
    tables = [path.stat() for path in copy.glob(f"*/{BULK_STORES}/all/*.sst")]
    shared = [table for table in tables if table.st_nlink > 1]
    assert shared
    assert done.written_bytes < 2 * sum({table.st_ino: table.st_size for table in tables}.values())
    # What the engine wrote in its folder is no difference for the replica.
    before = publish(versions, folder_store)
    assert before.there_already
    assert replica_of(folder_store, copy).update() is None
