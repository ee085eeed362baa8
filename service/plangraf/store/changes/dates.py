"""Computes from the log of changes when each graph was first published and when it last changed.

The log gives equal dates on every machine, unlike file times and clocks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from plangraf.rdf.serialization import graph_of


class GraphDates:
    """Dates of graphs after a series of changes."""

    def __init__(self) -> None:
        self._things: dict[str, dict[bytes, bytes]] = {}
        self._dates: dict[bytes, tuple[str, str]] = {}

    def apply(self, thing: str, lines: Iterable[bytes], published: str) -> None:
        """Applies the new state of one thing.

        Args:
            thing: IRI of the thing.
            lines: its N-Quads lines without newline, none when it is deleted.
            published: time of the publication.
        """
        by_graph: dict[bytes, list[bytes]] = {}
        for line in lines:
            graph = graph_of(line)
            if graph.startswith(b"<"):
                by_graph.setdefault(graph, []).append(line)
        now = {graph: hashlib.sha256(b"\n".join(own)).digest()[:16] for graph, own in by_graph.items()}
        before = self._things.pop(thing, {})
        if now:
            self._things[thing] = now
        for graph in before.keys() | now.keys():
            if before.get(graph) != now.get(graph):
                first, _ = self._dates.get(graph, (published, published))
                self._dates[graph] = first, published

    @property
    def dates(self) -> Mapping[str, tuple[str, str]]:
        """Times of first publication and last change, by graph, sorted."""
        return {graph[1:-1].decode(): times for graph, times in sorted(self._dates.items())}
