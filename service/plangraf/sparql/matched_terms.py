"""What the triple patterns of a query can match: their predicates, and how far they lead from a variable.

The solutions of a query depend on no other triples than those that its patterns match
(https://www.w3.org/TR/sparql11-query/#sparqlDefinition), also inside EXISTS, MINUS and sub-SELECTs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TypeVar

from plangraf.sparql.nodes import (
    Alternative,
    Bind,
    Element,
    Exists,
    Expression,
    Filter,
    GraphClause,
    Group,
    Inverse,
    Iri,
    Link,
    NegatedSet,
    Node,
    Path,
    Repeat,
    Sequence,
    ServiceClause,
    Triple,
    Triples,
    Values,
    Variable,
    walk,
)
from plangraf.sparql.safety import read
from plangraf.sparql.scope import certain, expressions_of, inner_groups

Found = TypeVar("Found", bound=Node)
# A constraint that leads further is as good as unbounded.
_FURTHEST = 4


@dataclass(frozen=True, slots=True)
class Links:
    """How many links away the subjects of statements lie, 0 for the thing itself.

    Links are followed from subject to object, and those with a property of `inverse` in both directions. Statements
    with a property of `everywhere`, and its object unless that is None, count wherever they are.
    """

    count: int = 0
    inverse: frozenset[str] = frozenset()
    everywhere: frozenset[tuple[str, str | None]] = frozenset()

    def __or__(self, other: Links) -> Links:
        return Links(max(self.count, other.count), self.inverse | other.inverse, self.everywhere | other.everywhere)

    def after(self, links: int) -> Links:
        """The same, as seen from a thing from which so many links lead here."""
        return Links(self.count + links, self.inverse, self.everywhere)


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


def first_column(query: str) -> str:
    """The name of the first column of a query; empty when a row need not have a value there that its patterns match.

    Raises:
        QueryError: it cannot be read.
    """
    tree = read(query).tree
    name = tree.items[0].name if tree.items else ""
    grouped = not tree.grouped or name in {item.name for item in tree.grouping}
    return name if grouped and name in certain(tree.where) else ""


def links_from(query: str, variable: str) -> Links | None:
    """How far from the value of a variable the triples lie that decide about its solutions; None without a bound.

    Raises:
        QueryError: the query cannot be read.
    """
    tree = read(query).tree
    if tree.dataset is not None or tree.sliced:
        return None
    follower = _Follower()
    try:
        follower.follow(tree.where, {variable: 0})
        for expression in expressions_of(tree):
            follower.follow_expression(expression, {variable: 0})
    except _UnboundedError:
        return None
    return Links(follower.furthest, frozenset(follower.inverse), frozenset(follower.everywhere))


class _UnboundedError(Exception):
    pass


class _Follower:
    """Follows the triple patterns of a query from variable to variable.

    A variable has one value only where its patterns are joined: in a group and the groups around it. One of the same
    name in another branch of a UNION, or one that EXISTS or MINUS has alone, is another variable.
    """

    def __init__(self) -> None:
        self.furthest = 0
        self.inverse: set[str] = set()
        self.everywhere: set[tuple[str, str | None]] = set()

    def follow(self, group: Group, known: Mapping[str, int]) -> None:
        """Follows a group from the variables that the groups around it have, by their number of links."""
        if group.select is not None:
            raise _UnboundedError
        levels = dict(known)
        joined = list(_joined(group))
        self._follow_triples(
            [triple for element in joined if isinstance(element, Triples) for triple in element.triples], levels
        )
        for element in joined:
            match element:
                case Filter(condition=expression) | Bind(expression=expression):
                    self.follow_expression(expression, levels)
                case Triples() | Values():
                    pass
                case ServiceClause() | GraphClause():  # GRAPH stands here without a pattern of triples alone
                    raise _UnboundedError
                case _:
                    for inner in inner_groups(element):
                        self.follow(inner, levels)

    def follow_expression(self, expression: Expression, levels: Mapping[str, int]) -> None:
        for inner in walk(expression):
            if isinstance(inner, Exists):
                self.follow(inner.group, levels)

    def _follow_triples(self, waiting: list[Triple], levels: dict[str, int]) -> None:
        while waiting:
            forward = [triple for triple in waiting if _name(triple.subject) in levels]
            # Against its direction only where nothing leads to the subject, and one at a time.
            backward = sorted(
                (one for one in waiting if _name(one.object) in levels), key=lambda one: levels[_name(one.object)]
            )
            for triple in forward or backward[:1]:
                self._follow_triple(triple, levels, forward=bool(forward))
                waiting.remove(triple)
            if not forward and not backward:
                for triple in waiting:
                    self._match_everywhere(triple)
                return

    def _follow_triple(self, triple: Triple, levels: dict[str, int], *, forward: bool) -> None:
        length = 1 if isinstance(triple.verb, Variable) else _length(triple.verb)
        start, end = (triple.subject, triple.object) if forward else (triple.object, triple.subject)
        if length is None or (level := levels[_name(start)] + length) > _FURTHEST:
            raise _UnboundedError
        if not forward:
            if not isinstance(triple.verb, Link):
                raise _UnboundedError
            self.inverse.add(triple.verb.iri.value)
        self.furthest = max(self.furthest, level - 1 if forward else level)
        if name := _name(end):
            levels[name] = min(levels.get(name, level), level)

    def _match_everywhere(self, triple: Triple) -> None:
        """A pattern that no variable leads to matches all statements with its property and object."""
        if not isinstance(triple.verb, Link):
            raise _UnboundedError
        value = triple.object.value if isinstance(triple.object, Iri) else None
        self.everywhere.add((triple.verb.iri.value, value))


def _joined(group: Group) -> Iterator[Element]:
    """The elements of a group, with those of GRAPH inside it. GRAPH without triples matches the names of graphs."""
    for element in group.elements:
        if isinstance(element, GraphClause) and next(_below(element.group, Triple), None) is not None:
            yield from _joined(element.group)
        else:
            yield element


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
