"""The JSON-LD that a page embeds: the statements of its thing, and as much of its neighbours as fits.

The whole document stands at the address of the page in JSON-LD. https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from pyoxigraph import Literal

from plangraf.rdf.graph import RDF_TYPE, Graph
from plangraf.rdf.jsonld_context import Context
from plangraf.rdf.jsonld_documents import compact_node
from plangraf.views.describe import Description

MOST_BYTES: Final = 8_000
_Part = tuple[str, Any]


def embedded_json_ld(context: Context, description: Description) -> dict[str, Any]:
    """A JSON-LD document of at most MOST_BYTES bytes about the thing of a page.

    Statements of the thing come first, then the nodes that they name, then the nodes that point to the thing. What does
    not fit is left out value by value or node by node, so every statement of the document is one of the data.
    """
    graph = description.index
    own = compact_node(context, description.thing, graph.properties(description.thing))
    kept: dict[str, Any] = {"@context": context.address}
    left = MOST_BYTES - _size(kept)
    for name, value in _by_importance(context, own):
        left = _add(kept, name, value, left)
    for node in _neighbours(context, description, graph):
        size = _size(node) + 1
        if size > left:
            break
        if context.included not in kept:
            kept[context.included] = []
            left -= len(context.included) + 6
        kept[context.included].append(node)
        left -= size
    if not kept.get(context.included, True):
        del kept[context.included]
    return kept


def _by_importance(context: Context, node: dict[str, Any]) -> Iterator[_Part]:
    """The members of a node: identity, then the others from the shortest to the longest."""
    first = [name for name in (context.id, context.type) if name in node]
    yield from ((name, node[name]) for name in first)
    rest = sorted((name for name in node if name not in first), key=lambda name: (_size(node[name]), name))
    yield from ((name, node[name]) for name in rest)


def _add(kept: dict[str, Any], name: str, value: Any, left: int) -> int:
    """Adds a member as far as it fits, and returns the bytes that are left."""
    room = left - len(name.encode()) - 4
    size = _size(value)
    if size <= room:
        kept[name] = value
        return room - size
    if not isinstance(value, list):
        return left
    fitting: list[Any] = []
    room -= 2
    for one in value:
        if (size := _size(one) + 1) > room:
            break
        fitting.append(one)
        room -= size
    if not fitting:
        return left
    kept[name] = fitting
    return room


def _neighbours(context: Context, description: Description, graph: Graph) -> Iterator[dict[str, Any]]:
    """The nodes beside the thing: those that it names, then those that point to it."""
    thing = description.thing
    named = (o for _, p, o in description.own if p != RDF_TYPE and not isinstance(o, Literal))
    for node in dict.fromkeys([*named, *(s for s, _, _ in description.incoming)]):
        if node != thing and (properties := graph.properties(node)):
            yield compact_node(context, node, properties)


def _size(value: Any) -> int:
    """The bytes of a value in a page, which writes `<` as an escape of six."""
    written = orjson.dumps(value)
    return len(written) + 5 * written.count(b"<")
