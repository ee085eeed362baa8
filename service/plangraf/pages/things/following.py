"""Follows the paths that a kind declares, from the thing of a document to the values that its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from plangraf.pages.things.kind_form import Followed
from plangraf.rdf.graph import RDF_TYPE, Graph, Statement, Value
from plangraf.rdf.namespaces import expand
from plangraf.views.collections.collation import LAST_KEY, collation_key

Step = tuple[NamedNode, bool]
"""A property, and whether it points to the thing before."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A value at the end of a path.

    Attributes:
        value: the value.
        statements: the last statement of each path that leads to it.
        links: the things one step before, in the order in which they were reached; the thing itself on a short path.
    """

    value: Value
    statements: list[Statement] = field(default_factory=list)
    links: list[Value] = field(default_factory=list)


@lru_cache(4096)
def step(text: str) -> Step:
    """The step that a declaration writes: `plan:respondsTo`, or `^plan:decidedOn`.

    Raises:
        KeyError: the prefix is unknown.
    """
    return NamedNode(expand(text.lstrip("^-"))), text.startswith("^")


def along(graph: Graph, start: Value, path: Sequence[str]) -> list[Reached]:
    """The values at the end of one path, each once, in the order in which they were reached."""
    front: dict[Value, Reached] = {start: Reached(start)}
    for text in path:
        predicate, backwards = step(text)
        further: dict[Value, Reached] = {}
        for node in front:
            if isinstance(node, Literal):
                continue
            ends: Sequence[Value] = graph.pointing(predicate, node) if backwards else graph.values(node, predicate)
            for end in ends:
                reached = further.setdefault(end, Reached(end))
                if not backwards:
                    reached.statements.append((node, predicate, end))
                elif not isinstance(end, Literal):
                    reached.statements.append((end, predicate, node))
                reached.links.append(node)
        if not further:
            return []
        front = further
    return list(front.values())


def follow(graph: Graph, start: Value, followed: Followed) -> list[Reached]:
    """The values that a declaration names, in its order."""
    found: list[Reached] = []
    for path in followed.paths:
        found = [one for one in along(graph, start, path) if _fits(graph, one.value, followed)]
        if found:
            break
    for text in reversed(followed.order) if len(found) > 1 else ():
        # Stable, so that the first property decides.
        found.sort(key=lambda one, text=text: _key(graph, one, text), reverse=text.startswith("-"))  # type: ignore[misc]
    return found


def _fits(graph: Graph, value: Value, followed: Followed) -> bool:
    if followed.value is not None and not (isinstance(value, Literal) and value.value == followed.value):
        return False
    if not followed.is_:
        return True
    types = graph.named(value, RDF_TYPE)
    return any(step(class_)[0] in types for class_ in followed.is_)


def _key(graph: Graph, reached: Reached, text: str) -> str:
    """The sort key of a value: by a property of its own, or of the link before it."""
    predicate, _ = step(text)
    for node in (reached.value, *reached.links):
        if (found := graph.text(node, predicate)) is not None:
            return collation_key(found)
    return "" if text.startswith("-") else LAST_KEY
