"""When each graph was first published and last changed, from the changes of its things."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from plangraf.rdf.graph import graph_of


def digest_of(lines: Iterable[bytes]) -> bytes:
    """A digest of lines, 16 bytes long."""
    return hashlib.sha256(b"\n".join(lines)).digest()[:16]


class GraphDates:
    """Dates of graphs after a series of changes; `known` are those before it."""

    def __init__(self, known: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._things: dict[str, dict[bytes, bytes]] = {}
        self._dates = {f"<{graph}>".encode(): times for graph, times in (known or {}).items()}

    def apply(self, thing: str, lines: Iterable[bytes], published: str) -> None:
        """Applies the new state of one thing.

        Args:
            thing: IRI of the thing.
            lines: its N-Quads lines without newline, none when it is deleted.
            published: time of the publication.
        """
        now = _digests(lines)
        self._date(self._things.pop(thing, {}), now, published)
        if now:
            self._things[thing] = now

    def replace(self, before: Iterable[bytes], after: Iterable[bytes], published: str) -> None:
        """Applies the new state of one thing whose state before is known."""
        self._date(_digests(before), _digests(after), published)

    def _date(self, before: Mapping[bytes, bytes], now: Mapping[bytes, bytes], published: str) -> None:
        for graph in before.keys() | now.keys():
            if before.get(graph) != now.get(graph):
                first, _ = self._dates.get(graph, (published, published))
                self._dates[graph] = first, published

    @property
    def dates(self) -> Mapping[str, tuple[str, str]]:
        """Times of first publication and last change, by graph, sorted."""
        return {graph[1:-1].decode(): times for graph, times in sorted(self._dates.items())}


def _digests(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    """A digest of the lines of each graph."""
    by_graph: dict[bytes, list[bytes]] = {}
    for line in lines:
        graph = graph_of(line)
        if graph.startswith(b"<"):
            by_graph.setdefault(graph, []).append(line)
    return {graph: digest_of(own) for graph, own in by_graph.items()}
