"""Converts graphs to expanded JSON-LD: nodes without a context, with the IRIs of properties as keys.

https://www.w3.org/TR/json-ld11-api/#serialize-rdf-as-json-ld-algorithm
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyoxigraph import Literal, NamedNode

from plangraf.rdf.graph import RDF_TYPE, Graph, Statement, Value
from plangraf.rdf.jsonld.context import XSD, identifier


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
