"""The data beside each fixture: the shapes, the subclass axioms, and the things that it links to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pyoxigraph import NamedNode, Quad, parse

from plangraf.checks.data_graph import DataGraph
from plangraf.rdf.namespaces import GRAPH, ONTOLOGY_GRAPH, PREFIXES, SHAPES_GRAPH

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "shapes"
WORLD = FIXTURES / "world.ttl"
_SUBCLASS_OF = NamedNode(PREFIXES["rdfs"] + "subClassOf")


def quads_of(paths: Iterable[Path], graph: str = GRAPH + "9999/fixture") -> set[Quad]:
    return {
        Quad(triple.subject, triple.predicate, triple.object, NamedNode(graph))
        for path in paths
        for triple in parse(path=str(path), rename_blank_nodes=True)
    }


@cache
def shape_quads() -> frozenset[Quad]:
    return frozenset(quads_of(sorted((ROOT / "shapes").glob("*.ttl")), SHAPES_GRAPH))


@cache
def subclass_quads() -> frozenset[Quad]:
    """The ontology's subclass axioms, which lead from a class to the shapes that target it."""
    ontology = quads_of(sorted((ROOT / "ontology").rglob("*.ttl")), ONTOLOGY_GRAPH)
    return frozenset(quad for quad in ontology if quad.predicate == _SUBCLASS_OF)


@cache
def _world() -> DataGraph:
    return DataGraph(quads_of([WORLD]))


def data_of(own: set[Quad]) -> DataGraph:
    """Some statements, with all data for their validation."""
    return DataGraph(with_world(own) | subclass_quads() | shape_quads())


def with_world(own: set[Quad]) -> set[Quad]:
    """Some statements, and the common statements about things that they link to."""
    graph = next(iter(own)).graph_name
    world = _world().by_subject
    data, waiting, seen = set(own), [quad.object for quad in own], set()
    while waiting:
        thing = waiting.pop()
        if thing not in seen:
            seen.add(thing)
            for predicate, values in world.get(thing, {}).items():
                data.update(Quad(thing, predicate, value, graph) for value in values)
                waiting += values
    return data


@dataclass
class Group:
    """Fixtures that are validated together: none describes or links to a thing that another one describes."""

    things: dict[NamedNode, Path] = field(default_factory=dict)
    """What the fixtures describe, with the fixture that does."""
    nodes: set[object] = field(default_factory=set)
    """Everything that the fixtures and their parts of the world describe or lead to."""
    quads: set[Quad] = field(default_factory=set)

    @property
    def fixtures(self) -> set[Path]:
        return set(self.things.values())


@cache
def groups() -> tuple[Group, ...]:
    """All fixtures, each in the first suitable group."""
    found: list[Group] = []
    for path in sorted(FIXTURES.glob("*/*.ttl")):
        own = quads_of([path])
        data = with_world(own)
        things = {quad.subject for quad in own if isinstance(quad.subject, NamedNode)}
        nodes = {term for quad in data for term in (quad.subject, quad.object) if isinstance(term, NamedNode)}
        group = next((one for one in found if not (one.things.keys() & nodes or one.nodes & things)), None)
        if group is None:
            found.append(group := Group())
        group.things.update(dict.fromkeys(things, path))
        group.nodes |= nodes
        group.quads |= own
    return tuple(found)
