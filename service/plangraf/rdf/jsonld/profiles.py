"""Writes a JSON-LD document in the form that a client requests by profile.

https://www.w3.org/TR/json-ld11/#application-ld-json and https://www.w3.org/TR/json-ld11-streaming/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from pyoxigraph import NamedNode

from plangraf.rdf.graph import Statement
from plangraf.rdf.jsonld.compaction import compact_document, compact_graph
from plangraf.rdf.jsonld.context import Context
from plangraf.rdf.jsonld.expansion import expanded_nodes
from plangraf.rdf.jsonld.frame import Frame
from plangraf.rdf.jsonld.writing import dump

PROFILE = "http://www.w3.org/ns/json-ld#"
EXPANDED, FLATTENED, COMPACTED, STREAMING = "expanded", "flattened", "compacted", "streaming"
# These exclude each other. Of several requested ones, the first in this order counts.
SHAPES = (EXPANDED, FLATTENED, COMPACTED)


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
