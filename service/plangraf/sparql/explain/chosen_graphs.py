"""Explains an empty answer by the graphs that were chosen, by FROM and GRAPH or by the request's parameters.

Without a choice all graphs are asked, so what they lack, the data lack. With one, a pattern may be missing only there:
an explanation says where it looked, and which other graphs have a match.
"""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from plangraf.errors import Place
from plangraf.sparql.explain.outline import Outline, Part
from plangraf.sparql.nodes import GraphClause, Iri, Variable

_MOST_NAMED = 3
_LONGEST_SHOWN = 160
_LIKE = 0.75
_LISTED = "The graphs are listed in the service description, at /sparql."


@dataclass(frozen=True, slots=True)
class Graphs:
    """All graphs of a version, and those that a request's parameters choose.

    `names` has every graph of the version, or is empty when unknown; `find` gives the only column of a SELECT that is
    asked without the request's parameters. `default` and `named` are the parameters, None without any.
    """

    names: Collection[str]
    find: Callable[[str], Awaitable[list[str]]]
    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None


class GraphChoice:
    """The graphs that one query chose; `made` is False when it is asked on all of them."""

    def __init__(self, parsed: Outline, graphs: Graphs | None) -> None:
        self._parsed = parsed
        self._names = graphs.names if graphs else ()
        self._by_request = graphs is not None and (graphs.default is not None or graphs.named is not None)
        dataset = parsed.query.tree.dataset
        self.made = self._by_request or dataset is not None
        self.default: Sequence[str] = dataset.default if dataset else ()
        self.named: Sequence[str] = dataset.named if dataset else ()
        if graphs is not None and self._by_request:
            self.default, self.named = graphs.default or (), graphs.named or ()
        self._place = parsed.query.place(dataset) if dataset and not self._by_request else None
        self._by = "request" if self._by_request else "query"

    def where(self, graph: Part | None = None) -> str:
        """Where patterns are looked for, such as " in <…>": in a GRAPH, or outside of all; empty for everywhere."""
        if graph is not None and not isinstance(name := _graph_name(graph), Variable):
            return f" in {shown_iri(name.value)}"
        if not self.made:
            return ""
        chosen = self.default if graph is None else self.named
        return f" in {shown_iri(chosen[0])}" if len(chosen) == 1 else f" in the graphs that the {self._by} chose"

    def unknown(self) -> str:
        """The sentence about a chosen graph that does not exist; empty when all exist."""
        missing = self._missing((*self.default, *self.named) if self.made else ())
        return f" There is no graph {shown_iri(missing)}." if missing else ""

    def no_graph(self, part: Part) -> str | None:
        """Why a GRAPH has no triple at all; None when it is empty, or when the reason is not known."""
        name = _graph_name(part)
        place = self._parsed.query.place(name)
        where = at_place(place)
        if isinstance(name, Variable):
            if self.made and not self.named:
                parameter = "named-graph-uri" if self._by_request else "FROM NAMED <…>"
                return f"The {self._by} chose no named graph, so GRAPH ?{name.name}{where} has none: add {parameter}."
            missing = self._missing(self.named if self.made else ())
            return self._not_there(missing, self._place) if missing else None
        iri = name.value
        if self._missing((iri,)):
            return self._not_there(iri, place)
        if self.made and iri not in self.named and iri in self._names:
            add = f"named-graph-uri={iri}" if self._by_request else f"FROM NAMED <{iri}>"
            return f"<{iri}>{where} is none of the named graphs that the {self._by} chose: add {add}."
        return None

    def no_default(self) -> tuple[Place | None, str]:
        """Why the default graph has no triple at all."""
        where = at_place(self._place)
        if not self.default:
            name, other = (
                ("named-graph-uri", "send default-graph-uri") if self._by_request else ("FROM NAMED", "write FROM")
            )
            text = f"With {name} alone the default graph is empty: put the patterns into GRAPH ?g {{ ... }}, or {other}"
            return self._place, f"{text}{where}."
        if missing := self._missing(self.default):
            return self._place, self._not_there(missing, self._place)
        name = "default-graph-uri" if self._by_request else "FROM"
        return self._place, f"The graphs that {name} names hold no triple{where}."

    def search(self, body: str) -> str:
        """A SELECT of the graphs in which a body has a match, its other patterns asked on the chosen graphs."""
        chosen = [f"FROM <{iri}>" for iri in self.default] if self.made else []
        if chosen:
            chosen += [f"FROM NAMED <{iri}>" for iri in self._names]
        select = f"{self._parsed.prologue}SELECT DISTINCT ?{self._parsed.stem}g {' '.join(chosen)}"
        return f"{select} WHERE {{ {body} }} LIMIT {_MOST_NAMED + 1}"

    def inside(self, patterns: str) -> str:
        """Patterns in any graph, for the body of a search."""
        return f"GRAPH ?{self._parsed.stem}g {{ {patterns} }}"

    def _missing(self, chosen: Sequence[str]) -> str | None:
        return next((iri for iri in chosen if iri not in self._names), None) if self._names else None

    def _not_there(self, iri: str, place: Place | None) -> str:
        # Names of graphs begin alike, so their last path segments are compared first.
        steps = sorted({_last_step(name) for name in self._names})
        alike = difflib.get_close_matches(_last_step(iri), steps, cutoff=_LIKE)
        likely = sorted(name for name in self._names if _last_step(name) in alike)
        near = difflib.get_close_matches(iri, likely, n=1, cutoff=0)
        meant = f"; did you mean {shown_iri(near[0])}?" if near else "."
        return f"There is no graph {shown_iri(iri)}{at_place(place)}{meant} {_LISTED}"


def _graph_name(part: Part) -> Variable | Iri:
    assert isinstance(part.node, GraphClause)
    return part.node.name


def list_graphs(graphs: Collection[str]) -> str:
    """At most three graphs by their names, and a note when there are more."""
    named = sorted(shown_iri(iri) for iri in graphs)
    if len(named) > _MOST_NAMED:
        kept = named[:_MOST_NAMED]
        return f"{', '.join(kept[:-1])} and {kept[-1]}, among others"
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def shown_iri(iri: str) -> str:
    """A graph's name in a message; a very long one is cut."""
    return f"<{iri}>" if len(iri) <= _LONGEST_SHOWN else f"<{iri[:_LONGEST_SHOWN]}…>"


def _last_step(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2]


def at_place(place: Place | None) -> str:
    """A place in the query, for a message; empty without a place."""
    return f" (line {place.line}, column {place.column})" if place else ""
