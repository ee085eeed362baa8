"""Explains an empty answer by the graphs that FROM, GRAPH or the parameters of the request select.

Without a selection a query covers all graphs. With one, a pattern may have matches in other graphs only, so an
explanation names the graphs that the query covers and other graphs with a match.
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
    """All graphs of a version, and those that the parameters of a request select.

    `names` are all graphs of the version, empty if unknown. `find` returns the only column of a SELECT, without the
    parameters. `default` and `named` are the parameters, None without any.
    """

    names: Collection[str]
    find: Callable[[str], Awaitable[list[str]]]
    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None


class GraphChoice:
    """The graphs that one query covers; `is_restricted` is False when it covers all."""

    def __init__(self, parsed: Outline, graphs: Graphs | None) -> None:
        self._parsed = parsed
        self._names = graphs.names if graphs else ()
        self._by_request = graphs is not None and (graphs.default is not None or graphs.named is not None)
        dataset = parsed.query.tree.dataset
        self.is_restricted = self._by_request or dataset is not None
        self.default: Sequence[str] = dataset.default if dataset else ()
        self.named: Sequence[str] = dataset.named if dataset else ()
        if graphs is not None and self._by_request:
            self.default, self.named = graphs.default or (), graphs.named or ()
        self._place = parsed.query.place(dataset) if dataset and not self._by_request else None
        self._by = "request" if self._by_request else "query"

    def where(self, graph: Part | None = None) -> str:
        """Names the graphs of a pattern, as " in <…>"; empty for all graphs. `graph`: the GRAPH around it."""
        if graph is not None and not isinstance(name := _graph_name(graph), Variable):
            return f" in {shown_iri(name.value)}"
        if not self.is_restricted:
            return ""
        chosen = self.default if graph is None else self.named
        return f" in {shown_iri(chosen[0])}" if len(chosen) == 1 else f" in the graphs that the {self._by} chose"

    def describe_missing(self) -> str:
        """A sentence about a selected graph that does not exist; empty when all exist."""
        missing = self._missing((*self.default, *self.named) if self.is_restricted else ())
        return f" There is no graph {shown_iri(missing)}." if missing else ""

    def explain_graph(self, part: Part) -> str | None:
        """Why a GRAPH has no triple; None when the graph is empty or the reason is unknown."""
        name = _graph_name(part)
        place = self._parsed.query.place(name)
        where = at_place(place)
        if isinstance(name, Variable):
            if self.is_restricted and not self.named:
                parameter = "named-graph-uri" if self._by_request else "FROM NAMED <…>"
                return f"The {self._by} chose no named graph, so GRAPH ?{name.name}{where} has none: add {parameter}."
            missing = self._missing(self.named if self.is_restricted else ())
            return self._explain_missing(missing, self._place) if missing else None
        iri = name.value
        if self._missing((iri,)):
            return self._explain_missing(iri, place)
        if self.is_restricted and iri not in self.named and iri in self._names:
            add = f"named-graph-uri={iri}" if self._by_request else f"FROM NAMED <{iri}>"
            return f"<{iri}>{where} is none of the named graphs that the {self._by} chose: add {add}."
        return None

    def explain_default(self) -> tuple[Place | None, str]:
        """Why the default graph has no triple."""
        where = at_place(self._place)
        if not self.default:
            name, other = (
                ("named-graph-uri", "send default-graph-uri") if self._by_request else ("FROM NAMED", "write FROM")
            )
            text = f"With {name} alone the default graph is empty: put the patterns into GRAPH ?g {{ ... }}, or {other}"
            return self._place, f"{text}{where}."
        if missing := self._missing(self.default):
            return self._place, self._explain_missing(missing, self._place)
        name = "default-graph-uri" if self._by_request else "FROM"
        return self._place, f"The graphs that {name} names hold no triple{where}."

    def search_query(self, body: str) -> str:
        """A SELECT of the graphs with a match for a body. Its patterns outside `inside` use the selected graphs."""
        chosen = [f"FROM <{iri}>" for iri in self.default] if self.is_restricted else []
        if chosen:
            chosen += [f"FROM NAMED <{iri}>" for iri in self._names]
        select = f"{self._parsed.prologue}SELECT DISTINCT ?{self._parsed.stem}g {' '.join(chosen)}"
        return f"{select} WHERE {{ {body} }} LIMIT {_MOST_NAMED + 1}"

    def inside(self, patterns: str) -> str:
        """Wraps patterns to match in any graph, for the body of a search."""
        return f"GRAPH ?{self._parsed.stem}g {{ {patterns} }}"

    def _missing(self, chosen: Sequence[str]) -> str | None:
        return next((iri for iri in chosen if iri not in self._names), None) if self._names else None

    def _explain_missing(self, iri: str, place: Place | None) -> str:
        # Compare the last path segments first, because the names of graphs start alike.
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
    """Lists at most three graphs by name, and notes when there are more."""
    named = sorted(shown_iri(iri) for iri in graphs)
    if len(named) > _MOST_NAMED:
        kept = named[:_MOST_NAMED]
        return f"{', '.join(kept[:-1])} and {kept[-1]}, among others"
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def shown_iri(iri: str) -> str:
    """The name of a graph for a message, cut when very long."""
    return f"<{iri}>" if len(iri) <= _LONGEST_SHOWN else f"<{iri[:_LONGEST_SHOWN]}…>"


def _last_step(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2]


def at_place(place: Place | None) -> str:
    """The text for a place in the query; empty without a place."""
    return f" (line {place.line}, column {place.column})" if place else ""
