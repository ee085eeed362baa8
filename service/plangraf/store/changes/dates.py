"""When each graph was first published and when it last changed, as the log of changes has it.

The one source of dates that is the same on every machine that keeps the log: no file's time, no clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from plangraf.rdf.canonical import graph_of


class GraphDates:
    """Follows the changes of the log in their order; `dates` is where it stands."""

    def __init__(self) -> None:
        self._things: dict[str, dict[bytes, bytes]] = {}
        self._dates: dict[bytes, tuple[str, str]] = {}

    def change(self, thing: str, lines: Iterable[bytes], published: str) -> None:
        """One thing as it is from now on.

        Args:
            thing: its IRI.
            lines: its N-Quads lines without newline, none when it is gone.
            published: the time of its publication.
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
        """Graph to the times of its first publication and of its last change, sorted by graph."""
        return {graph[1:-1].decode(): times for graph, times in sorted(self._dates.items())}
