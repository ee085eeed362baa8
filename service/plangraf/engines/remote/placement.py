"""Where the triples of a version stand in a store that other versions share.

An endpoint may hold many versions. Each graph of a version has a name there that begins with the version's own address,
and beside them stands the union of all graphs but the bulk ones, as a set of triples. The default graph of the store is
never used, because stores differ in what it is: nothing, the union, the union with repetitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plangraf.rdf.namespaces import BASE, GRAPH
from plangraf.store.versions import Version

VERSIONS = f"{BASE}version/"


@dataclass(frozen=True, slots=True)
class Placement:
    """The names of one version's graphs in a store.

    `graphs` are the version's own names, sorted; `bulk` those of them that hold bulk triples.
    """

    version: str
    graphs: tuple[str, ...]
    bulk: tuple[str, ...] = ()

    @property
    def record(self) -> str:
        """The graph that says that the version is complete; the last one that is written."""
        return f"{VERSIONS}{self.version}"

    @property
    def union(self) -> str:
        """The graph that holds each triple of all graphs but the bulk ones once."""
        return f"{VERSIONS}{self.version}/union"

    @property
    def mixed(self) -> str:
        """The graph that holds statements of all graphs while the version is loaded."""
        return f"{VERSIONS}{self.version}/mixed"

    @property
    def claim(self) -> str:
        """The graph that says which process loads the version."""
        return f"{VERSIONS}{self.version}/claim"

    @property
    def before(self) -> str:
        """What stands before the rest of a graph's name, in place of `plangraf.rdf.namespaces.GRAPH`."""
        return f"{VERSIONS}{self.version}/graph/"

    def stored(self, graph: str) -> str:
        """The name in the store of a graph of this name; a graph that the version lacks gets a name without triples."""
        if graph.startswith(GRAPH):
            return self.before + graph.removeprefix(GRAPH)
        return f"{VERSIONS}{self.version}/elsewhere/{graph.encode().hex()}"

    def own_name(self, stored: str) -> str:
        """The SPARQL expression of a graph's own name, from the variable of its name in the store."""
        name = f'IRI(CONCAT("{GRAPH}", STRAFTER(STR({stored}), "{self.before}")))'
        for graph in self.graphs:
            # A build gives no such name.
            if not graph.startswith(GRAPH):
                name = f"IF({stored} = <{self.stored(graph)}>, <{graph}>, {name})"
        return name

    def default(self, *, bulk: bool) -> Sequence[str]:
        """The graphs that are the version's default graph together, in the store."""
        return (self.union, *(self.stored(graph) for graph in self.bulk if bulk))


def placement_of(version: Version) -> Placement:
    """Where the graphs of a version stand in a store.

    Raises:
        VersionsError: the version's list of bulk graphs is damaged.
    """
    bulk = tuple(graph.graph for graph in version.bulk())
    graphs = tuple(sorted({*version.manifest["graphs"], *bulk}))
    return Placement(version.id, graphs, bulk)
