"""Reads property paths: they give the value nodes of a shape, and the path in SPARQL.

https://www.w3.org/TR/shacl/#property-paths
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode

from plangraf.checks.data_graph import DataGraph, Term
from plangraf.checks.shacl.constraints import NotCompiledError, Values, sh
from plangraf.rdf.namespaces import PREFIXES

_FIRST, _REST, _NIL = (NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest", "nil"))
_ALTERNATIVE = sh("alternativePath")


@dataclass(frozen=True, slots=True)
class Path:
    """`values` gives the value nodes of a focus node."""

    values: Callable[[Term], Values]
    sparql: str


def read_path(shapes: DataGraph, node: Term, data: DataGraph) -> Path:
    """Reads a path of one predicate or of alternative predicates.

    Raises:
        NotCompiledError: the path has another form.
    """
    if isinstance(node, NamedNode):
        return _predicate(node, data)
    said = shapes.by_subject.get(node, {})
    if not isinstance(node, BlankNode) or said.keys() != {_ALTERNATIVE} or len(said[_ALTERNATIVE]) != 1:
        raise NotCompiledError
    parts: list[Path] = []
    (head,) = said[_ALTERNATIVE]
    while head != _NIL:
        member = shapes.by_subject.get(head, {})
        first, rest = member.get(_FIRST, set()), member.get(_REST, set())
        if len(first) != 1 or len(rest) != 1 or len(parts) > 100:
            raise NotCompiledError
        (part,), (head,) = first, rest
        if not isinstance(part, NamedNode):
            raise NotCompiledError
        parts.append(_predicate(part, data))
    if len(parts) < 2:
        raise NotCompiledError
    return Path(
        lambda node: {value for part in parts for value in part.values(node)},
        f"({'|'.join(part.sparql for part in parts)})",
    )


def _predicate(iri: NamedNode, data: DataGraph) -> Path:
    by_subject = data.by_subject

    def values(node: Term) -> Values:
        said = by_subject.get(node)
        return said.get(iri, ()) if said else ()

    return Path(values, str(iri))
