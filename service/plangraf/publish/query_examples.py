"""Describes the named queries as data in a graph of their own, because query editors read the examples there.

Each is a SPARQL executable of SHACL (https://www.w3.org/TR/shacl-af/#SPARQLExecutable). Its parameters are bound to the
examples in its head, and its prefixes are those that the ontology declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Quad

from plangraf.rdf.namespaces import ONTOLOGY, PREFIXES, QUERIES, QUERIES_GRAPH
from plangraf.sparql.named.binding import NamedQuery

_SH = PREFIXES["sh"]
_TYPES = tuple(NamedNode(_SH + name) for name in ("SPARQLExecutable", "SPARQLSelectExecutable"))
_HEAD_LINE = re.compile(r"^#[+@].*\n?", re.MULTILINE)


def describe_queries(queries: Iterable[NamedQuery]) -> set[Quad]:
    """The statements about the named queries.

    Raises:
        ParameterError: a query has a required parameter without an example in its head.
    """
    graph = NamedNode(QUERIES_GRAPH)
    return {
        Quad(NamedNode(QUERIES + query.name), predicate, value, graph)
        for query in queries
        for predicate, value in _describe(query)
    }


def _describe(query: NamedQuery) -> Iterator[tuple[NamedNode, NamedNode | Literal]]:
    needed = {name: [value] for name, value in query.example.items()}
    for type_ in _TYPES:
        yield NamedNode(PREFIXES["rdf"] + "type"), type_
    yield NamedNode(PREFIXES["rdfs"] + "comment"), Literal(query.head.summary, language="en")
    for tag in query.head.tags:
        yield NamedNode(PREFIXES["schema"] + "keywords"), Literal(tag)
    yield NamedNode(_SH + "prefixes"), NamedNode(ONTOLOGY)
    yield NamedNode(_SH + "select"), Literal(_HEAD_LINE.sub("", query.bind(needed)).strip())
