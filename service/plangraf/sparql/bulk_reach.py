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
    Element,
    Exists,
    Expression,
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
    Union,
    Variable,
    walk,
)
from plangraf.sparql.scope import expressions_in, expressions_of, inner_groups

_RDF_TYPE = PREFIXES["rdf"] + "type"
_NONE: frozenset[str] = frozenset()


def reaches_bulk(query: Select, terms: BulkTerms) -> bool:
    """Whether a query over the whole default graph can match a bulk triple, or name the graph of one."""
    if query.dataset is not None or (query.form == "DESCRIBE" and _describes(query, terms)):
        return True
    return _select_reaches(query, terms)


def _describes(query: Select, terms: BulkTerms) -> bool:
    return query.star is not None or any(
        not isinstance(item.expression, Iri) or terms.has_subject(item.expression.value) for item in query.items
    )


def _select_reaches(select: Select, terms: BulkTerms) -> bool:
    """Nothing outside a SELECT holds for its rows, because it may count or limit them before they are joined."""
    return _group_reaches(select.where, terms, _NONE) or any(
        _group_reaches(inner, terms, _NONE) for one in expressions_of(select) for inner in _exists_groups(one)
    )


def _group_reaches(group: Group, terms: BulkTerms, joined: frozenset[str]) -> bool:
    """Whether a bulk triple can have a part in the solutions of a group.

    A variable is `owned` when it is the subject of a triple that is not a bulk triple. Then it is no bulk triple's
    subject, because these have subjects of their own; a solution that says otherwise is lost in the join.

    Args:
        group: the group.
        terms: of the bulk triples.
        joined: variables that are owned in everything with which the solutions are joined.
    """
    if group.select is not None:
        return _select_reaches(group.select, terms)
    own = _owned(group, terms)
    before = _NONE
    for element in group.elements:
        if _element_reaches(element, terms, joined | own, before):
            return True
        before |= _owned_by(element, terms)
    return any(_group_reaches(inner, terms, own) for one in expressions_in(group) for inner in _exists_groups(one))


def _element_reaches(element: Element, terms: BulkTerms, joined: frozenset[str], before: frozenset[str]) -> bool:
    """Whether an element of a group does; `before` are the variables that the elements before it own."""
    match element:
        case Triples(triples=triples, annotated=annotated):
            return annotated or any(
                _triple_reaches(triple, terms)
                for triple in triples
                if not (
                    isinstance(triple.verb, Variable | Link)
                    and isinstance(triple.subject, Variable)
                    and triple.subject.name in joined
                )
            )
        case GraphClause(name=name, group=inner):
            # Without triples, it lists the names of graphs, or asks whether the graph exists.
            names_graph = isinstance(name, Variable | Iri) and not _has_triples(inner)
            return names_graph or _group_reaches(inner, terms, joined)
        case Union(groups=groups):
            return any(_group_reaches(inner, terms, joined) for inner in groups)
        case _:
            # Whether OPTIONAL adds to a solution depends on what is bound at that place.
            return any(_group_reaches(inner, terms, before) for inner in inner_groups(element))


def _owned(group: Group, terms: BulkTerms) -> frozenset[str]:
    """The variables that are owned in each solution of a group."""
    if group.select is not None:
        own = _owned(group.select.where, terms)
        return own if group.select.star else own & {item.name for item in group.select.items if item.alias is None}
    return _NONE.union(*(_owned_by(element, terms) for element in group.elements))


def _owned_by(element: Element, terms: BulkTerms) -> frozenset[str]:
    match element:
        case Triples(triples=triples):
            return frozenset(
                triple.subject.name
                for triple in triples
                if isinstance(triple.subject, Variable) and _owns(triple, terms)
            )
        case GraphClause(group=inner):
            return _owned(inner, terms)
        case Union(groups=groups):
            return frozenset.intersection(*(_owned(inner, terms) for inner in groups))
        case _:
            return _NONE


def _owns(triple: Triple, terms: BulkTerms) -> bool:
    """Whether the subject of a pattern is that of a triple that is not a bulk triple."""
    match triple.verb:
        case Variable() | Link():
            return not _triple_reaches(triple, terms)
        case Sequence(steps=[Link(iri=first), *_]):
            return first.value not in terms.predicates
        case _:
            return False


def _exists_groups(expression: Expression) -> Iterator[Group]:
    return (part.group for part in walk(expression) if isinstance(part, Exists))


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
