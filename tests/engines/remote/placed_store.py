"""A small version, and a store that holds it beside others, as `endpoint_loading` leaves it."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import RdfFormat, Store

from plangraf.engines.remote.placement import Placement, placement_of
from plangraf.publish.endpoint_loading import placed_statements
from plangraf.rdf.namespaces import GRAPH
from plangraf.store.versions import Version, VersionStore

E = "http://example.org/"
ONE, TWO = f"{GRAPH}5001/one", f"{GRAPH}5001/two"
LINES = sorted(
    [
        *(f"<{E}{n}> <{E}next> <{E}{n + 1}> <{ONE}> .".encode() for n in range(60)),
        f"<{E}1> <{E}next> <{E}2> <{TWO}> .".encode(),
        f'<{E}1> <{E}name> "\\u00E6\\u00F8 \\"quoted\\""@nb <{TWO}> .'.encode(),
        f'<{E}2> <{E}size> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> <{TWO}> .'.encode(),
        f"<{E}2> <{E}part> _:b <{TWO}> .".encode(),
        f'_:b <{E}name> "part" <{TWO}> .'.encode(),
        f"<{E}graph> <{E}is> <{TWO}> <{ONE}> .".encode(),
    ]
)


def write_small_version(folder: Path, more: tuple[bytes, ...] = ()) -> Version:
    lines = sorted({*LINES, *more})
    triples = len({line.rpartition(b" <")[0] for line in lines})
    manifest = {"triples": triples, "quads": len(lines), "graphs": {ONE: 62, TWO: 5}, "warnings": {}}
    return VersionStore(folder).write(lines, manifest)


def quads_at_endpoint(version: Version, placement: Placement) -> str:
    """What the store holds of a version, with its record, as N-Quads."""
    lines = [f"{triple.decode()[:-1]} <{graph}> ." for graph, triple in placed_statements(version, placement)]
    record = placement.record
    return "\n".join([*lines, f"<{record}> <{E}says> <{record}> <{record}> ."])


def placed_store(version: Version, *others: Version) -> Store:
    store = Store()
    for one in (version, *others):
        store.load(quads_at_endpoint(one, placement_of(one)).encode(), RdfFormat.N_QUADS)
    return store
