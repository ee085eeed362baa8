"""What the triple patterns of a query can match: their predicates, and how far they lead from a variable.

The solutions of a query depend on no other triples than those that its patterns match
(https://www.w3.org/TR/sparql11-query/#sparqlDefinition), also inside EXISTS, MINUS and sub-SELECTs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypeVar

from plangraf.sparql.nodes import (
    Alternative,
    GraphClause,
    Inverse,
    Link,
    NegatedSet,
    Node,
    Path,
    Repeat,
    Sequence,
    Triple,
    Variable,
)
from plangraf.sparql.safety import read

Found = TypeVar("Found", bound=Node)
# A constraint that leads further is as good as unbounded.
_FURTHEST = 4


@dataclass(frozen=True, slots=True)
class Links:
    """How many links away the subjects of statements lie, 0 for the thing itself.

    Links are followed from subject to object, and those with a property of `inverse` in both directions.
    """

    count: int = 0
    inverse: frozenset[str] = frozenset()

    def __or__(self, other: Links) -> Links:
        return Links(max(self.count, other.count), self.inverse | other.inverse)

    def after(self, links: int) -> Links:
        """The same, as seen from a thing from which so many links lead here."""
        return Links(self.count + links, self.inverse)


def matched_predicates(query: str) -> frozenset[str] | None:
    """The predicates of all triples that a query can match; None when it can match any.

    Raises:
        QueryError: it cannot be read.
    """
    found: set[str] = set()
    tree = read(query).tree
    if any(next(_below(clause.group, Triple), None) is None for clause in _below(tree, GraphClause)):
        return None  # it matches the names of graphs
    for triple in _below(tree, Triple):
        own = None if isinstance(triple.verb, Variable) else _predicates(triple.verb)
        if own is None:
            return None
        found |= own
    return frozenset(found)


def links_from(query: str, variable: str) -> Links | None:
    """How far from the value of a variable the triples lie that a query can match; None without a bound.

    Raises:
        QueryError: the query cannot be read.
    """
    levels, furthest, inverse = {variable: 0}, 0, set[str]()
    waiting = list(_below(read(query).tree, Triple))
    while waiting:
        forward = [triple for triple in waiting if _name(triple.subject) in levels]
        # Against its direction only where nothing leads to the subject.
        ready = forward or [triple for triple in waiting if _name(triple.object) in levels]
        if not ready:
            return None
        for triple in ready:
            length = 1 if isinstance(triple.verb, Variable) else _length(triple.verb)
            start, end = (triple.subject, triple.object) if forward else (triple.object, triple.subject)
            if length is None or (level := levels[_name(start)] + length) > _FURTHEST:
                return None
            if not forward:
                if not isinstance(triple.verb, Link):
                    return None
                inverse.add(triple.verb.iri.value)
            furthest = max(furthest, level - 1 if forward else level)
            # A second, longer way may be that of another branch of a UNION.
            if (name := _name(end)) and levels.setdefault(name, level) < level:
                return None
        waiting = [triple for triple in waiting if triple not in ready]
    return Links(furthest, frozenset(inverse))


def _below(node: object, kind: type[Found]) -> Iterator[Found]:
    """All nodes of a kind in a tree."""
    if isinstance(node, kind):
        yield node
    if isinstance(node, list):
        for member in node:
            yield from _below(member, kind)
    elif isinstance(node, Node):
        for field in fields(node):
            yield from _below(getattr(node, field.name), kind)


def _name(term: Node) -> str:
    """The name of a variable, with that of blank nodes; empty for a constant."""
    return str(getattr(term, "name", "") or getattr(term, "label", ""))


def _predicates(path: Path) -> set[str] | None:
    if isinstance(path, Link):
        return {path.iri.value}
    if isinstance(path, Inverse):
        return _predicates(path.path)
    if isinstance(path, Repeat):
        # Without a link it joins each term of the data with itself.
        return _predicates(path.path) if path.sign == "+" else None
    if isinstance(path, NegatedSet):
        return None
    found: set[str] = set()
    for part in path.steps if isinstance(path, Sequence) else path.branches:
        own = _predicates(part)
        if own is None:
            return None
        found |= own
    return found


def _length(path: Path) -> int | None:
    if isinstance(path, Link):
        return 1
    if isinstance(path, Sequence | Alternative):
        lengths = [_length(part) for part in (path.steps if isinstance(path, Sequence) else path.branches)]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths):
            return None
        return sum(known) if isinstance(path, Sequence) else max(known)
    return None
