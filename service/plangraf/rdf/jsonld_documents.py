"""Writes a graph as JSON-LD: expanded, flattened, or compacted with the nodes that a frame nests.

A compacted document is a tree under one thing, or a flat list of all nodes.

A frame is a tree of the properties whose values a document nests, compiled once for all requests.

Compaction: https://www.w3.org/TR/json-ld11-api/#compaction
Expansion: https://www.w3.org/TR/json-ld11-api/#serialize-rdf-as-json-ld-algorithm
Frames: https://www.w3.org/TR/json-ld11-framing/
Profiles, by which a client requests a form: https://www.w3.org/TR/json-ld11/#application-ld-json and
https://www.w3.org/TR/json-ld11-streaming/
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import orjson
from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Node, Statement, Value
from plangraf.rdf.jsonld_context import XSD, Context, identifier

Properties = dict[NamedNode, list[Value]]
Nest = Callable[[Value], dict[str, Any] | None]
Nested = Callable[[NamedNode], Nest | None]
"""For a property what writes its values as nested nodes; None when they are not nested."""

_TYPE = RDF_TYPE.value
PROFILE = "http://www.w3.org/ns/json-ld#"
EXPANDED, FLATTENED, COMPACTED, STREAMING = "expanded", "flattened", "compacted", "streaming"
# These exclude each other. Of several requested ones, the first in this order counts.
SHAPES = (EXPANDED, FLATTENED, COMPACTED)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The properties to follow from a thing, forward and reverse, each with the frame of the next level."""

    forward: Mapping[NamedNode, Frame] = field(default_factory=dict)
    reverse: Mapping[NamedNode, Frame] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.forward or self.reverse)


NO_FRAME = Frame()


def expanded_nodes(graph: Iterable[Statement], first: NamedNode | None = None) -> list[dict[str, Any]]:
    """The nodes of a graph in the order of a document, with `first` before the others."""
    nodes = []
    for subject, properties in Graph.of(graph).in_order(first):
        node: dict[str, Any] = {"@id": identifier(subject)}
        for predicate, values in properties.items():
            if predicate == RDF_TYPE and (types := [value for value in values if not isinstance(value, Literal)]):
                node["@type"] = [identifier(type_) for type_ in types]
                values = [value for value in values if isinstance(value, Literal)]
            if values:
                node[predicate.value] = [_expanded(value) for value in values]
        nodes.append(node)
    return nodes


def _expanded(value: Value) -> dict[str, Any]:
    if not isinstance(value, Literal):
        return {"@id": identifier(value)}
    if value.language is not None:
        return {"@value": value.value, "@language": value.language}
    datatype = value.datatype.value
    return {"@value": value.value} if datatype == XSD + "string" else {"@value": value.value, "@type": datatype}


def compact_document(
    context: Context, thing: NamedNode, graph: Iterable[Statement], frame: Frame = NO_FRAME
) -> dict[str, Any]:
    """A document with one thing at the top, its neighbours nested under it, and other nodes under `@included`.

    A neighbour that the frame names is nested at each place and depth that the frame gives. Any other neighbour is
    nested once. Each nested node has all its properties.
    """
    index = Graph.of(graph)
    nodes = dict(index.in_order(thing))
    own = nodes.pop(thing, {})
    incoming = _take_incoming(thing, nodes)
    nesting = _Nesting(context, index, nodes)
    framed = {value for predicate in frame.forward for value in own.get(predicate, [])}
    framed |= {subject for predicate in frame.reverse for subject in incoming.get(predicate, [])}

    def once(value: Value) -> dict[str, Any] | None:
        return nesting.once(value, framed)

    def nested(predicate: NamedNode) -> Nest:
        deeper = frame.forward.get(predicate)
        return once if deeper is None else partial(nesting.node, deeper)

    document = {"@context": context.address, **_node(context, thing, own, nested)}
    if incoming:
        document[context.reverse] = _reversed(
            context,
            {
                predicate: [
                    (
                        nesting.node(frame.reverse[predicate], subject)
                        if predicate in frame.reverse
                        else nesting.once(subject, framed)
                    )
                    or {context.id: identifier(subject)}
                    for subject in subjects
                ]
                for predicate, subjects in incoming.items()
            },
        )
    rest = [
        _node(context, subject, nodes[subject]) for subject in nodes if nodes[subject] and nesting.is_missing(subject)
    ]
    if rest:
        document[context.included] = rest
    return document


def _take_incoming(thing: Value, nodes: Mapping[Node, Properties]) -> dict[NamedNode, list[Node]]:
    """The nodes that point at a thing, by property; takes these values from the nodes."""
    incoming: dict[NamedNode, list[Node]] = {}
    for subject, properties in nodes.items():
        for predicate in [p for p, values in properties.items() if thing in values and p != RDF_TYPE]:
            incoming.setdefault(predicate, []).append(subject)
            properties[predicate] = [value for value in properties[predicate] if value != thing]
            if not properties[predicate]:
                del properties[predicate]
    return incoming


class _Nesting:
    """The nodes of one document. Each is written once per frame, and reused where the frame is the same."""

    def __init__(self, context: Context, graph: Graph, nodes: dict[Node, Properties]) -> None:
        self._context = context
        self._graph = graph
        self._nodes = nodes
        self._written: dict[Frame, dict[Node, dict[str, Any]]] = {}
        self._nested: set[Node] = set()

    def is_missing(self, subject: Node) -> bool:
        return subject not in self._nested

    def once(self, value: Value, framed: set[Value]) -> dict[str, Any] | None:
        """The node, unless the document has it elsewhere or it has no properties: then None."""
        if isinstance(value, Literal) or value in self._nested or value in framed or not self._nodes.get(value):
            return None
        self._nested.add(value)
        return _node(self._context, value, self._nodes[value])

    def node(self, frame: Frame, value: Value) -> dict[str, Any] | None:
        """A node with what the frame nests under it; None for one without properties."""
        if isinstance(value, Literal) or not (properties := self._nodes.get(value)):
            return None
        written = self._written.setdefault(frame, {})
        known = written.get(value)
        if known is not None:
            return known
        self._nested.add(value)

        def nested(predicate: NamedNode) -> Nest | None:
            below = frame.forward.get(predicate)
            return None if below is None else partial(self.node, below)

        node = _node(self._context, value, properties, nested if frame.forward else None)
        if frame.reverse:
            pointing = {
                predicate: [
                    self.node(below, subject) or {self._context.id: identifier(subject)}
                    for subject in self._subjects(predicate, value)
                ]
                for predicate, below in frame.reverse.items()
            }
            if any(pointing.values()):
                node[self._context.reverse] = _reversed(self._context, pointing)
        written[value] = node
        return node

    def _subjects(self, predicate: NamedNode, value: Value) -> list[Node]:
        """The nodes that have a property with this value, in the order of the document."""
        found = [subject for subject in self._graph.pointing(predicate, value) if subject in self._nodes]
        return sorted(found, key=self._place.__getitem__) if len(found) > 1 else found

    @cached_property
    def _place(self) -> dict[Node, int]:
        return {node: number for number, node in enumerate(self._nodes)}


def compact_node(context: Context, subject: Node, properties: Mapping[NamedNode, list[Value]]) -> dict[str, Any]:
    """One node of a document, without what it names."""
    return _node(context, subject, dict(properties))


def compact_graph(context: Context, graph: Iterable[Statement]) -> dict[str, Any]:
    """A flat document of all nodes, in the order of their IRIs."""
    nodes = [_node(context, subject, properties) for subject, properties in Graph.of(graph).in_order()]
    return {"@context": context.address, context.graph: nodes}


def _node(context: Context, subject: Node, properties: Properties, nested: Nested | None = None) -> dict[str, Any]:
    node: dict[str, Any] = {context.id: identifier(subject)}
    members: dict[str, list[Any] | dict[str, list[str]]] = {}
    for predicate, values in properties.items():
        iri = predicate.value
        if iri == _TYPE:
            types = [v for v in values if isinstance(v, NamedNode)]
            if types:
                node[context.type] = _one_or_all([context.class_name(t.value) for t in types])
            values = [v for v in values if not isinstance(v, NamedNode)]
        nest = nested and nested(predicate)
        for value in values:
            name, term = context.choice(iri, value)
            if term and term.kind == "@language" and isinstance(value, Literal) and value.language:
                by_language = members.setdefault(name, {})
                assert isinstance(by_language, dict)  # a term is a language map for all its values or for none
                by_language.setdefault(value.language, []).append(value.value)
            else:
                listed = members.setdefault(name, [])
                assert isinstance(listed, list)
                listed.append((nest and nest(value)) or context.value(value, term))
    for name in sorted(members):
        found = members[name]
        if isinstance(found, dict):
            node[name] = {language: _one_or_all(texts) for language, texts in sorted(found.items())}
        else:
            node[name] = found if name in context.in_array else _one_or_all(found)
    return node


def _reversed(context: Context, pointing: Mapping[NamedNode, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        key: _one_or_all(found)
        for key, found in sorted(
            ((context.reverse_name(predicate.value), found) for predicate, found in pointing.items() if found),
            key=lambda item: item[0],
        )
    }


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def dump(document: object, *, indented: bool = True) -> bytes:
    """The bytes of a document: indented for readers, or compact for downloads."""
    indent = orjson.OPT_INDENT_2 if indented else 0
    return orjson.dumps(document, option=indent | orjson.OPT_APPEND_NEWLINE)


def write_as(
    profiles: Collection[str], context: Context, thing: NamedNode, graph: Iterable[Statement], frame: Frame
) -> bytes:
    """The document of a thing in the requested form; compacted when the profiles name none of SHAPES."""
    if EXPANDED in profiles:
        document: object = expanded_nodes(graph, thing)
    elif FLATTENED in profiles:
        document = compact_graph(context, graph)
    else:
        document = compact_document(context, thing, graph, frame)
    return dump(types_first(context, document) if STREAMING in profiles else document)


def types_first(context: Context, document: Any) -> Any:
    """Reorders the keys for the streaming profile: context, types, then the others.

    https://www.w3.org/TR/json-ld11-streaming/
    """
    if isinstance(document, list):
        return [types_first(context, item) for item in document]
    if not isinstance(document, dict):
        return document
    first = [key for key in ("@context", context.type, "@type", context.id) if key in document]
    keys = dict.fromkeys([*first, *document])
    return {key: types_first(context, document[key]) for key in keys}
