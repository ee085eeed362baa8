"""Whether a query can match a bulk triple, from its tree and the terms of these triples.

A query that cannot has the same solutions over the data without them, because solutions come from triple patterns,
from paths of length zero and from the names of graphs alone. When in doubt, it can.
"""

from __future__ import annotations

from collections.abc import Iterator

from plangraf.rdf.bulk_terms import BulkTerms
from plangraf.rdf.namespaces import PREFIXES
from plangraf.sparql.nodes import (
    Alternative,
    GraphClause,
    Group,
    Inverse,
    Iri,
    Link,
    NegatedSet,
    Path,
    Repeat,
    Select,
    Sequence,
    Term,
    Triple,
    Triples,
    Variable,
)
from plangraf.sparql.scope import groups_in

_RDF_TYPE = PREFIXES["rdf"] + "type"


def reaches_bulk(query: Select, terms: BulkTerms) -> bool:
    """Whether a query over the whole default graph can match a bulk triple, or name the graph of one."""
    if query.dataset is not None or (query.form == "DESCRIBE" and _describes(query, terms)):
        return True
    return any(_group_reaches(group, terms) for group in groups_in(query))


def _describes(query: Select, terms: BulkTerms) -> bool:
    return query.star is not None or any(
        not isinstance(item.expression, Iri) or terms.has_subject(item.expression.value) for item in query.items
    )


def _group_reaches(group: Group, terms: BulkTerms) -> bool:
    for element in group.elements:
        match element:
            case Triples(triples=triples, annotated=annotated):
                if annotated or any(_triple_reaches(triple, terms) for triple in triples):
                    return True
            case GraphClause(name=Variable(), group=inner) if not _has_triples(inner):
                return True  # lists the names of graphs
            case GraphClause(name=Iri(), group=inner) if not _has_triples(inner):
                return True  # asks whether the graph exists
    return False


def _has_triples(group: Group) -> bool:
    """Whether each solution of a group matches a triple pattern that stands in it directly."""
    return any(isinstance(element, Triples) and element.triples for element in group.elements)


def _triple_reaches(triple: Triple, terms: BulkTerms) -> bool:
    verb = triple.verb
    if isinstance(verb, Variable | Link):
        if isinstance(triple.subject, Iri) and not terms.has_subject(triple.subject.value):
            return False
        if isinstance(triple.object, Iri) and triple.object.value not in terms.objects:
            return False
        if isinstance(verb, Variable):
            return True
        if verb.iri.value == _RDF_TYPE and isinstance(triple.object, Iri):
            return triple.object.value in terms.classes
        return verb.iri.value in terms.predicates
    if _may_be_empty(verb) and _is_open(triple.subject) and _is_open(triple.object):
        return True  # a path of length zero lists every node
    return any(iri is None or iri in terms.predicates for iri in _links(verb))


def _is_open(term: Term) -> bool:
    return not isinstance(term, Iri)


def _may_be_empty(path: Path) -> bool:
    match path:
        case Repeat(path=inner, sign=sign):
            return sign in "*?" or _may_be_empty(inner)
        case Inverse(path=inner):
            return _may_be_empty(inner)
        case Sequence(steps=steps):
            return all(map(_may_be_empty, steps))
        case Alternative(branches=branches):
            return any(map(_may_be_empty, branches))
        case _:
            return False


def _links(path: Path) -> Iterator[str | None]:
    """The predicates of a path; None for all of them."""
    match path:
        case Link(iri=iri):
            yield iri.value
        case Inverse(path=inner) | Repeat(path=inner):
            yield from _links(inner)
        case Sequence(steps=parts) | Alternative(branches=parts):
            for part in parts:
                yield from _links(part)
        case NegatedSet():
            yield None
