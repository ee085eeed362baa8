"""Whether a query can match a bulk triple, from its tree and the terms of these triples.

A query that cannot has the same solutions over the data without them, because solutions come from triple patterns,
from paths of length zero and from the names of graphs alone. When in doubt, it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import reduce

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
    Values,
    Variable,
    walk,
)
from plangraf.sparql.scope import expressions_in, expressions_of, has_graph_clause, inner_groups

_RDF_TYPE = PREFIXES["rdf"] + "type"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of variables in each solution that counts.

    Attributes:
        owned: variables that are the subject of a triple that is not a bulk triple.
        values: variables that have one of some IRIs.
    """

    owned: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __or__(self, other: _Known) -> _Known:
        return _Known(self.owned | other.owned, {**self.values, **other.values})

    def shared(self, other: _Known) -> _Known:
        """What is known whichever of two patterns has matched."""
        both = self.values.keys() & other.values.keys()
        return _Known(self.owned & other.owned, {name: self.values[name] | other.values[name] for name in both})

    def of(self, names: Set[str]) -> _Known:
        """What is known of some variables."""
        return _Known(self.owned & names, {name: iris for name, iris in self.values.items() if name in names})


_NOTHING = _Known()


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
    return _group_reaches(select.where, terms, _NOTHING) or any(
        _group_reaches(inner, terms, _NOTHING) for one in expressions_of(select) for inner in _exists_groups(one)
    )


def _group_reaches(group: Group, terms: BulkTerms, joined: _Known) -> bool:
    """Whether a bulk triple can have a part in the solutions of a group.

    The subject of a triple that is not a bulk triple is not that of a bulk triple either, because these have subjects
    of their own. A solution that says otherwise is lost in the join.

    Args:
        group: the group.
        terms: of the bulk triples.
        joined: what is known of everything with which the solutions are joined.
    """
    if group.select is not None:
        return _select_reaches(group.select, terms)
    own = _known(group, terms)
    before = _NOTHING
    for element in group.elements:
        if _element_reaches(element, terms, joined | own, before):
            return True
        before |= _known_by(element, terms, own)
    return any(_group_reaches(inner, terms, own) for one in expressions_in(group) for inner in _exists_groups(one))


def _element_reaches(element: Element, terms: BulkTerms, joined: _Known, before: _Known) -> bool:
    """Whether an element of a group does; `before` is what is known by the elements before it."""
    match element:
        case Triples(triples=triples, annotated=annotated):
            return annotated or any(_triple_reaches(triple, terms, joined) for triple in triples)
        case GraphClause(name=name, group=inner):
            if _is_elsewhere(inner, terms):
                return False
            # Without triples, it lists the names of graphs, or asks whether the graph exists.
            names_graph = isinstance(name, Variable | Iri) and not _has_triples(inner)
            return names_graph or _group_reaches(inner, terms, joined)
        case Union(groups=groups):
            return any(_group_reaches(inner, terms, joined) for inner in groups)
        case _:
            # Whether OPTIONAL adds to a solution depends on what is bound at that place.
            return any(_group_reaches(inner, terms, before) for inner in inner_groups(element))


def _is_elsewhere(group: Group, terms: BulkTerms) -> bool:
    """Whether a group in GRAPH needs a triple that is not a bulk triple: then its graph has none."""
    if group.select is not None or any(has_graph_clause(element) for element in group.elements):
        return False
    own = _known(group, terms)
    blocks = (element for element in group.elements if isinstance(element, Triples) and not element.annotated)
    return any(not _triple_reaches(triple, terms, own) for block in blocks for triple in block.triples)


def _known(group: Group, terms: BulkTerms) -> _Known:
    """What is known of each solution of a group."""
    if group.select is not None:
        select = group.select
        found = _known(select.where, terms)
        return found if select.star else found.of({item.name for item in select.items if item.alias is None})
    values = _NOTHING
    for element in group.elements:
        values |= _known_by(element, terms, _NOTHING)
    found = values
    for element in group.elements:
        found |= _known_by(element, terms, values)
    return found


def _known_by(element: Element, terms: BulkTerms, values: _Known) -> _Known:
    """What is known by one element of a group; `values` is what is known of the values of its variables."""
    match element:
        case Triples(triples=triples):
            subjects = (triple.subject for triple in triples if _owns(triple, terms, values))
            return _Known(frozenset(subject.name for subject in subjects if isinstance(subject, Variable)))
        case Values(variables=variables, rows=rows):
            columns = zip(variables, zip(*rows, strict=True), strict=False)
            return _Known(
                values={
                    variable.name: frozenset(term.value for term in column if isinstance(term, Iri))
                    for variable, column in columns
                    if all(isinstance(term, Iri) for term in column)
                }
            )
        case GraphClause(group=inner):
            return _known(inner, terms)
        case Union(groups=groups):
            return reduce(_Known.shared, (_known(inner, terms) for inner in groups))
        case _:
            return _NOTHING


def _owns(triple: Triple, terms: BulkTerms, values: _Known) -> bool:
    """Whether the subject of a pattern is that of a triple that is not a bulk triple."""
    match triple.verb:
        case Variable() | Link():
            return not _triple_reaches(triple, terms, _Known(values=values.values))
        case Sequence(steps=[Link(iri=first), *_]):
            return first.value not in terms.predicates
        case _:
            return False


def _exists_groups(expression: Expression) -> Iterator[Group]:
    return (part.group for part in walk(expression) if isinstance(part, Exists))


def _has_triples(group: Group) -> bool:
    """Whether each solution of a group matches a triple pattern that stands in it directly."""
    return any(isinstance(element, Triples) and element.triples for element in group.elements)


def _triple_reaches(triple: Triple, terms: BulkTerms, known: _Known) -> bool:
    verb, owned = triple.verb, isinstance(triple.subject, Variable) and triple.subject.name in known.owned
    if isinstance(verb, Variable | Link):
        subjects, objects = _iris(triple.subject, known), _iris(triple.object, known)
        if owned or (subjects is not None and not any(map(terms.has_subject, subjects))):
            return False
        if objects is not None and objects.isdisjoint(terms.objects):
            return False
        if isinstance(verb, Variable):
            return not known.values.get(verb.name, terms.predicates.keys()).isdisjoint(terms.predicates)
        if verb.iri.value == _RDF_TYPE and objects is not None:
            return not objects.isdisjoint(terms.classes)
        return verb.iri.value in terms.predicates
    if _may_be_empty(verb) and _is_open(triple.subject, known) and _is_open(triple.object, known):
        return True  # a path of length zero lists every node
    if owned and isinstance(verb, Sequence) and isinstance(verb.steps[0], Link):
        return any(iri is None or iri in terms.predicates for step in verb.steps[1:] for iri in _links(step))
    return any(iri is None or iri in terms.predicates for iri in _links(verb))


def _iris(term: Term, known: _Known) -> frozenset[str] | None:
    """The IRIs that a term can be; None when it can be anything."""
    match term:
        case Iri(value=iri):
            return frozenset((iri,))
        case Variable(name=name):
            return known.values.get(name)
        case _:
            return None


def _is_open(term: Term, known: _Known) -> bool:
    return not isinstance(term, Iri) and not (isinstance(term, Variable) and term.name in known.owned)


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
