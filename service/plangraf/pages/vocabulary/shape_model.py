"""The shapes as values: node shapes with their rules, each with its parameters as they stand in the graph.

https://www.w3.org/TR/shacl/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Value
from plangraf.rdf.namespaces import local_name, terms

SH = terms("sh")
_TARGETS = (SH("targetClass"), SH("targetSubjectsOf"), SH("targetObjectsOf"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One property shape: its anchor, the properties that its path names, and its node in the graph."""

    anchor: str
    node: NamedNode
    paths: tuple[NamedNode, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One node shape: anchor, targets (classes, or properties of the targets), node, rules in the order of names."""

    anchor: str
    node: NamedNode
    classes: tuple[NamedNode, ...]
    subjects_of: tuple[NamedNode, ...]
    objects_of: tuple[NamedNode, ...]
    rules: tuple[Rule, ...]

    @property
    def is_target(self) -> bool:
        """Whether the shape is about things of its own; the others are parts of rules."""
        return bool(self.classes or self.subjects_of or self.objects_of)


def read_shapes(graph: Graph) -> list[Shape]:
    """All named node shapes, in the order of their names."""
    return sorted(_shapes(graph), key=lambda shape: shape.anchor)


def _shapes(graph: Graph) -> Iterator[Shape]:
    for node in graph.pointing(RDF_TYPE, SH("NodeShape")):
        if isinstance(node, NamedNode):
            classes, subjects, objects = (_in_order(graph.named(node, target)) for target in _TARGETS)
            rules = sorted(_rules(graph, node), key=lambda rule: rule.anchor)
            yield Shape(local_name(node.value), node, classes, subjects, objects, tuple(rules))


def _rules(graph: Graph, shape: NamedNode) -> Iterator[Rule]:
    for node in graph.named(shape, SH("property")):
        yield Rule(local_name(node.value), node, _paths(graph, node))


def _paths(graph: Graph, rule: NamedNode) -> tuple[NamedNode, ...]:
    path = graph.value(rule, SH("path"))
    if isinstance(path, NamedNode):
        return (path,)
    found = graph.items(path, SH("alternativePath")) if path is not None else []
    return tuple(item for item in found if isinstance(item, NamedNode))


def _in_order(found: Iterable[NamedNode]) -> tuple[NamedNode, ...]:
    return tuple(sorted(found, key=lambda node: node.value))


def severity(graph: Graph, node: NamedNode) -> str:
    """Violation, Warning or Info; a shape that names none is a Violation, by the standard."""
    found = graph.value(node, SH("severity"))
    return local_name(found.value) if isinstance(found, NamedNode) else "Violation"


def number(graph: Graph, node: Value, name: str) -> int | None:
    """The value of a parameter that is a count."""
    found = graph.value(node, SH(name))
    return int(found.value) if isinstance(found, Literal) else None


def texts(graph: Graph, node: Value, name: str) -> list[str]:
    """The values of a list of literals, such as `sh:languageIn`."""
    return [item.value for item in graph.items(node, SH(name)) if isinstance(item, Literal)]


def value_classes(graph: Graph, rule: NamedNode) -> list[NamedNode]:
    """The classes that the values of a property may belong to, by `sh:class` and `sh:or`."""
    found = graph.named(rule, SH("class"))
    return found + [node for option in graph.items(rule, SH("or")) for node in graph.named(option, SH("class"))]
