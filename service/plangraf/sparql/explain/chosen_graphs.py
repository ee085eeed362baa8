"""Explains an empty answer by the graphs that FROM, GRAPH or the parameters of the request select.

Without a selection a query covers all graphs. With one, a pattern may have matches in other graphs only, so an
explanation names the graphs that the query covers and other graphs with a match.
"""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from plangraf.errors import Place
from plangraf.errors.message import N_, all_of, sentences
from plangraf.sparql.explain.outline import Outline, Part
from plangraf.sparql.nodes import GraphClause, Iri, Variable

_MOST_NAMED = 3
_LONGEST_SHOWN = 160
_LIKE = 0.75
_LISTED = N_("The graphs are listed in the service description, at /sparql.")


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
        self._by = N_("request") if self._by_request else N_("query")

    def where(self, graph: Part | None = None) -> str:
        """Names the graphs of a pattern, as " in <…>"; empty for all graphs. `graph`: the GRAPH around it."""
        if graph is not None and not isinstance(name := _graph_name(graph), Variable):
            return N_(" in %(graph)s", graph=shown_iri(name.value))
        if not self.is_restricted:
            return ""
        chosen = self.default if graph is None else self.named
        if len(chosen) == 1:
            return N_(" in %(graph)s", graph=shown_iri(chosen[0]))
        return N_(" in the graphs that the %(chooser)s chose", chooser=self._by)

    def describe_missing(self) -> str:
        """A sentence about a selected graph that does not exist; empty when all exist."""
        missing = self._missing((*self.default, *self.named) if self.is_restricted else ())
        return N_(" There is no graph %(graph)s.", graph=shown_iri(missing)) if missing else ""

    def explain_graph(self, part: Part) -> str | None:
        """Why a GRAPH has no triple; None when the graph is empty or the reason is unknown."""
        name = _graph_name(part)
        place = self._parsed.query.place(name)
        where = at_place(place)
        if isinstance(name, Variable):
            if self.is_restricted and not self.named:
                parameter = "named-graph-uri" if self._by_request else "FROM NAMED <…>"
                return N_(
                    "The %(chooser)s chose no named graph, so GRAPH ?%(name)s%(where)s has none: add %(parameter)s.",
                    chooser=self._by,
                    name=name.name,
                    where=where,
                    parameter=parameter,
                )
            missing = self._missing(self.named if self.is_restricted else ())
            return self._explain_missing(missing, self._place) if missing else None
        iri = name.value
        if self._missing((iri,)):
            return self._explain_missing(iri, place)
        if self.is_restricted and iri not in self.named and iri in self._names:
            add = f"named-graph-uri={iri}" if self._by_request else f"FROM NAMED <{iri}>"
            return N_(
                "<%(iri)s>%(where)s is none of the named graphs that the %(chooser)s chose: add %(add)s.",
                iri=iri,
                where=where,
                chooser=self._by,
                add=add,
            )
        return None

    def explain_default(self) -> tuple[Place | None, str]:
        """Why the default graph has no triple."""
        where = at_place(self._place)
        if not self.default:
            name, other = (
                ("named-graph-uri", N_("send default-graph-uri"))
                if self._by_request
                else ("FROM NAMED", N_("write FROM"))
            )
            text = N_(
                "With %(name)s alone the default graph is empty: put the patterns into GRAPH ?g { ... }, or "
                "%(other)s%(where)s.",
                name=name,
                other=other,
                where=where,
            )
            return self._place, text
        if missing := self._missing(self.default):
            return self._place, self._explain_missing(missing, self._place)
        name = "default-graph-uri" if self._by_request else "FROM"
        return self._place, N_("The graphs that %(name)s names hold no triple%(where)s.", name=name, where=where)

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
        graph, where = shown_iri(iri), at_place(place)
        said = (
            N_(
                "There is no graph %(graph)s%(where)s; did you mean %(meant)s?",
                graph=graph,
                where=where,
                meant=shown_iri(near[0]),
            )
            if near
            else N_("There is no graph %(graph)s%(where)s.", graph=graph, where=where)
        )
        return sentences(said, _LISTED)


def _graph_name(part: Part) -> Variable | Iri:
    assert isinstance(part.node, GraphClause)
    return part.node.name


def list_graphs(graphs: Collection[str]) -> str:
    """Lists at most three graphs by name, and notes when there are more."""
    named = sorted(shown_iri(iri) for iri in graphs)
    if len(named) > _MOST_NAMED:
        kept = named[:_MOST_NAMED]
        return N_("%(graphs)s, among others", graphs=all_of(kept))
    return all_of(named)


def shown_iri(iri: str) -> str:
    """The name of a graph for a message, cut when very long."""
    return f"<{iri}>" if len(iri) <= _LONGEST_SHOWN else f"<{iri[:_LONGEST_SHOWN]}…>"


def _last_step(iri: str) -> str:
    return iri.rstrip("/#").rpartition("/")[2]


def at_place(place: Place | None) -> str:
    """The text for a place in the query; empty without a place."""
    return N_(" (line %(line)s, column %(column)s)", line=place.line, column=place.column) if place else ""
