"""A layered layout of a directed graph: boxes in rows from top to bottom, edges only between rows.

The steps are those of Sugiyama, Tagawa and Toda (1981, https://doi.org/10.1109/TSMC.1981.4308636): reverse the edges of
cycles, assign rows by the longest path within a width, order each row by the mean place of its neighbours, then
place the boxes. The same graph gives the same layout. Lengths are in CSS pixels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 20
ROW_GAP = 30
_SWEEPS = 12
# Room that an edge takes in a row that it passes.
_LANE = 10
# The widest distance between two edges at one box.
_PORTS = 36


@dataclass(frozen=True, slots=True)
class Box:
    """A box to place; `key` is unique in the graph."""

    key: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A placed box: its left upper corner and its row, whose bottom is at `row_bottom`."""

    box: Box
    x: int
    y: int
    row_bottom: int

    @property
    def middle(self) -> int:
        return self.x + self.box.width // 2


@dataclass(frozen=True, slots=True)
class Route:
    """An edge as points from the bottom of its upper box to the top of its lower one; `reversed` when it points up."""

    start: str
    end: str
    points: tuple[tuple[int, int], ...]
    reversed: bool


@dataclass(frozen=True, slots=True)
class Layout:
    width: int
    height: int
    boxes: Mapping[str, Placed]
    routes: Sequence[Route]


@dataclass(slots=True)
class _Graph:
    """Boxes with their rows, and the edges that point down; edges over several rows have lanes in between."""

    boxes: dict[str, Box]
    rows: list[list[str]] = field(default_factory=list)
    down: dict[str, list[str]] = field(default_factory=dict)
    up: dict[str, list[str]] = field(default_factory=dict)

    def connect(self, upper: str, lower: str) -> None:
        self.down.setdefault(upper, []).append(lower)
        self.up.setdefault(lower, []).append(upper)


def lay_out(
    boxes: Sequence[Box],
    edges: Iterable[tuple[str, str]],
    most_width: int,
    *,
    joined: Collection[tuple[str, str]] = (),
) -> Layout:
    """Places boxes and edges.

    Args:
        boxes: at least one box, each with a key of its own.
        edges: pairs of keys, each from one box to another; several equal pairs count once.
        joined: the edges that share one point at the box that they start from.
        most_width: the width that a row keeps to, unless one box is wider.
    """
    by_key = {box.key: box for box in boxes}
    directed = _without_cycles([box.key for box in boxes], list(dict.fromkeys(e for e in edges if e[0] != e[1])))
    row_of = _assign_rows(by_key, directed, most_width)
    graph, chains = _with_lanes(by_key, row_of, directed)
    _order_rows(graph)
    left = _place(graph)
    return _Measures(graph, left, by_key, joined).layout(chains)


def _without_cycles(keys: Sequence[str], edges: list[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    """The edges so that none closes a circle: upper end, lower end, whether that turns the edge round."""
    following: dict[str, list[str]] = {}
    for start, end in edges:
        following.setdefault(start, []).append(end)
    state: dict[str, int] = {}
    turned: set[tuple[str, str]] = set()

    def visit(key: str) -> None:
        state[key] = 1
        for other in following.get(key, ()):
            if state.get(other) == 1:
                turned.add((key, other))
            elif other not in state:
                visit(other)
        state[key] = 2

    entered = {end for _, end in edges}
    for key in sorted(keys, key=lambda k: k in entered):
        if key not in state:
            visit(key)
    return [(end, start, True) if (start, end) in turned else (start, end, False) for start, end in edges]


def _assign_rows(boxes: Mapping[str, Box], edges: Sequence[tuple[str, str, bool]], most_width: int) -> dict[str, int]:
    """The row of each box: below all that point to it, and where the row has room."""
    above: dict[str, set[str]] = {key: set() for key in boxes}
    below: dict[str, set[str]] = {key: set() for key in boxes}
    for upper, lower, _ in edges:
        above[lower].add(upper)
        below[upper].add(lower)
    rank = {key: n for n, key in enumerate(boxes)}
    rows: dict[str, int] = {}
    width: dict[int, int] = {}
    waiting = set(boxes)
    while waiting:
        ready = [key for key in waiting if not above[key] & waiting]
        # Boxes that many others wait for come first, so that the rows below fill.
        key = min(ready, key=lambda k: (max((rows[u] for u in above[k]), default=-1), -len(below[k]), rank[k]))
        row = max((rows[upper] for upper in above[key]), default=-1) + 1
        needed = boxes[key].width + GAP
        while width.get(row, 0) and width[row] + needed > most_width + GAP:
            row += 1
        rows[key] = row
        width[row] = width.get(row, 0) + needed
        waiting.remove(key)
    kept = {row: n for n, row in enumerate(sorted(set(rows.values())))}
    return {key: kept[row] for key, row in rows.items()}


def _with_lanes(
    boxes: Mapping[str, Box], row_of: Mapping[str, int], edges: Sequence[tuple[str, str, bool]]
) -> tuple[_Graph, list[tuple[tuple[str, ...], bool]]]:
    """The graph with a lane in each row that an edge passes, and the chain of each edge."""
    graph = _Graph(dict(boxes), [[] for _ in range(max(row_of.values()) + 1)])
    for key, row in row_of.items():
        graph.rows[row].append(key)
    chains: list[tuple[tuple[str, ...], bool]] = []
    for number, (upper, lower, turned) in enumerate(edges):
        chain = [upper]
        for row in range(row_of[upper] + 1, row_of[lower]):
            lane = f" {number} {row}"
            graph.boxes[lane] = Box(lane, _LANE, 0)
            graph.rows[row].append(lane)
            chain.append(lane)
        chain.append(lower)
        for one, other in pairwise(chain):
            graph.connect(one, other)
        chains.append((tuple(chain), turned))
    return graph, chains


def _order_rows(graph: _Graph) -> None:
    """Orders each row by the mean place of its neighbours, down and up in turn; keeps the order that crosses least."""
    best, fewest = [list(row) for row in graph.rows], _crossings(graph)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = graph.up if downwards else graph.down
        for row in graph.rows if downwards else graph.rows[::-1]:
            place = {key: n / max(len(other) - 1, 1) for other in graph.rows for n, key in enumerate(other)}
            now = {key: n for n, key in enumerate(row)}

            def mean(key: str, place: dict[str, float] = place, beside: Mapping[str, list[str]] = neighbours) -> float:
                found = [place[other] for other in beside.get(key, ())]
                return sum(found) / len(found) if found else place[key]

            row.sort(key=lambda key: (mean(key), now[key]))  # sorted at once
        if (crossings := _crossings(graph)) < fewest:
            best, fewest = [list(row) for row in graph.rows], crossings
    graph.rows = best


def _crossings(graph: _Graph) -> int:
    """The number of pairs of edges between neighbouring rows that cross."""
    total = 0
    for upper, lower in zip(graph.rows, graph.rows[1:], strict=False):
        place = {key: n for n, key in enumerate(lower)}
        ends = [(n, place[other]) for n, key in enumerate(upper) for other in graph.down.get(key, ()) if other in place]
        total += sum(a[0] < b[0] and a[1] > b[1] for a in ends for b in ends)
    return total


def _place(graph: _Graph) -> dict[str, float]:
    """The left edge of each box: as near to the middle of its neighbours as the order of the row allows."""
    left: dict[str, float] = {}
    for row in graph.rows:
        at = 0.0
        for key in row:
            left[key] = at
            at += graph.boxes[key].width + GAP
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        for row in graph.rows if downwards else graph.rows[::-1]:
            wanted = []
            for key in row:
                beside = [*graph.up.get(key, ()), *graph.down.get(key, ())] if sweep > 1 else graph.up.get(key, ())
                middles = [left[other] + graph.boxes[other].width / 2 for other in beside]
                half = graph.boxes[key].width / 2
                wanted.append(sum(middles) / len(middles) - half if middles else left[key])
            left.update(zip(row, _spread(wanted, [graph.boxes[key].width for key in row]), strict=True))
    first = min(left.values())
    return {key: x - first for key, x in left.items()}


def _spread(wanted: Sequence[float], widths: Sequence[int]) -> list[float]:
    """The places nearest to the wanted ones at which boxes in this order do not touch (pool adjacent violators)."""
    offsets = [0.0]
    for width in widths[:-1]:
        offsets.append(offsets[-1] + width + GAP)
    blocks: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets, strict=True):
        total, count = value - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, size = blocks.pop()
            total, count = total + before, count + size
        blocks.append((total, count))
    shared = [total / count for total, count in blocks for _ in range(count)]
    return [place + offset for place, offset in zip(shared, offsets, strict=True)]


class _Measures:
    """Whole pixels for boxes and routes. The edges of a box touch it side by side, in the order of their other ends."""

    def __init__(
        self,
        graph: _Graph,
        left: Mapping[str, float],
        boxes: Mapping[str, Box],
        joined: Collection[tuple[str, str]],
    ) -> None:
        self._boxes = boxes
        self._joined = joined
        self._placed: dict[str, Placed] = {}
        top = 0
        for row in graph.rows:
            bottom = top + max((graph.boxes[key].height for key in row), default=0)
            for key in row:
                self._placed[key] = Placed(graph.boxes[key], round(left[key]), top, bottom)
            top = bottom + ROW_GAP
        self._height = top - ROW_GAP

    def layout(self, chains: Sequence[tuple[tuple[str, ...], bool]]) -> Layout:
        starts = self._ports([(n, chain[0], chain[1], chain[-1]) for n, (chain, _) in enumerate(chains)])
        ends = self._ports([(n, chain[-1], chain[-2], "") for n, (chain, _) in enumerate(chains)])
        routes = []
        for n, (chain, turned) in enumerate(chains):
            first = self._placed[chain[0]]
            points = [(starts[n], first.y + first.box.height), (starts[n], first.row_bottom)]
            for lane in map(self._placed.__getitem__, chain[1:-1]):
                points += [(lane.middle, lane.y), (lane.middle, lane.row_bottom)]
            points.append((ends[n], self._placed[chain[-1]].y))
            routes.append(Route(chain[0], chain[-1], tuple(points), turned))
        width = max(place.x + place.box.width for place in self._placed.values())
        return Layout(width, self._height, {key: self._placed[key] for key in self._boxes}, routes)

    def _ports(self, ends: Sequence[tuple[int, str, str, str]]) -> dict[int, int]:
        """Where each edge touches its box: from number, box, next stop, and far end of each edge."""
        by_box: dict[str, dict[str, list[tuple[int, int]]]] = {}
        for number, key, beside, far in ends:
            group = "joined" if (key, far) in self._joined else str(number)
            by_box.setdefault(key, {}).setdefault(group, []).append((self._placed[beside].middle, number))
        found: dict[int, int] = {}
        for box, groups in by_box.items():
            place = self._placed[box]
            ordered = sorted(groups.values(), key=lambda ends: (sum(x for x, _ in ends) / len(ends), ends))
            step = min(place.box.width / (len(ordered) + 1), _PORTS)
            for at, touching in enumerate(ordered):
                x = round(place.middle + (at - (len(ordered) - 1) / 2) * step)
                found |= {edge: x for _, edge in touching}
        return found
