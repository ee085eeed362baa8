"""Converts quads to an rdflib graph for pySHACL, which reads no other."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph
import rdflib
from rdflib.term import Node

from plangraf.rdf.namespaces import PREFIXES

_STRING = PREFIXES["xsd"] + "string"


def to_rdflib(quads: Iterable[pyoxigraph.Quad]) -> rdflib.Graph:
    """The union of the graphs. It keeps the lexical form of each literal."""
    terms: dict[object, Node] = {}

    def converted(term: object) -> Node:
        known = terms.get(term)
        if known is None:
            known = terms[term] = rdflib_term(term)
        return known

    graph = rdflib.Graph(bind_namespaces="none")
    for quad in quads:
        graph.add((converted(quad.subject), converted(quad.predicate), converted(quad.object)))
    return graph


def rdflib_term(term: object) -> Node:
    """Converts one term.

    Raises:
        TypeError: the term is a triple, which RDF 1.1 does not allow.
    """
    if isinstance(term, pyoxigraph.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return rdflib.BNode(term.value)
    if not isinstance(term, pyoxigraph.Literal):
        raise TypeError(f"{term} has no place in an RDF 1.1 graph")
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == _STRING:
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)
