"""Schedules queries onto workers: the service's own first, then light clients, then heavy ones, each group in turn.

Pure bookkeeping on one event loop, without processes. A heavy client queues behind its own queries and never delays
the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from plangraf.errors import NotReadyError, OverloadedError
from plangraf.errors.message import N_

W = TypeVar("W")
# The service itself, whose queries for documents and pages are few, short and known.
HOUSE = ""
# A client is heavy when its queries are long on average and together took _HEAVY_S lately, or when queries of any
# length took _HEAVY_IN_ALL_S. Usage decays by half in each half-life.
_LONG_ON_AVERAGE_S = 0.02
_HEAVY_S = 0.25
_HEAVY_IN_ALL_S = 5.0
_HALF_LIFE_S = 10.0
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Held:
    """A worker in use: its client, its start, and whether its query has turned out long."""

    client: str
    since: float
    long: bool = False


@dataclass(slots=True)
class _Usage:
    """A client's usage: seconds on workers and number of queries, both decaying since `stamp`."""

    seconds: float
    queries: float
    stamp: float


class Schedule(Generic[W]):
    """The idle workers, the backlog, and the recent usage of each client.

    Of several workers, one is reserved for the service's own queries, so that documents are always served, and a
    second is closed to heavy clients. One client occupies at most half of the workers. A query that turns out long
    gives up its slot and goes on in the background. At most `most_long` run there: one more preempts the oldest query
    of the client that has the most. When the backlog is full, a new query evicts the newest query of the client
    with the longest queue, unless that is its own client.
    """

    def __init__(self, workers: int, most_long: int, most_waiting: int) -> None:
        self._public = max(1, workers - 1)
        self._for_heavy = max(1, self._public - 1)
        self._share = max(1, workers // 2)
        self._most_long = most_long
        self._most_waiting = most_waiting
        # Last in, first out: the last used has its own copies of pages already, and they are in the processor's cache.
        self._idle: list[W] = []
        self._waiting: OrderedDict[str, deque[asyncio.Future[W]]] = OrderedDict()
        self._held: dict[W, _Held] = {}
        self._used: OrderedDict[str, _Usage] = OrderedDict()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def running(self) -> int:
        return len(self._held)

    def take_idle(self, wanted: Callable[[W], bool] = lambda _: True) -> list[W]:
        """Removes and returns the idle workers for which `wanted` holds."""
        taken = [worker for worker in self._idle if wanted(worker)]
        for worker in taken:
            self._idle.remove(worker)
        return taken

    async def acquire(self, client: str, limit_s: float) -> W:
        """Acquires a worker for a query of this client; the caller must call `finish` when the query has ended.

        Raises:
            OverloadedError: the backlog is full, or no worker became free within `limit_s` seconds.
        """
        if self._idle and self._may_run(client) and not self._waiting.get(client):
            worker = self._idle.pop()
            self._begin(client, worker)
            return worker
        self._make_room(client)
        future: asyncio.Future[W] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(future)
        self._match()
        try:
            async with asyncio.timeout(limit_s):
                return await future
        except BaseException as error:
            # The worker may have been assigned in the same turn of the loop as the cancellation or the timeout.
            if future.done() and not future.cancelled() and future.exception() is None:
                self.finish(future.result())
                self.add_idle(future.result())
            if isinstance(error, TimeoutError):
                raise OverloadedError(self._most_waiting) from None
            raise
        finally:
            self._forget(client, future)

    def is_heavy(self, client: str) -> bool:
        """Whether a client's recent usage is above that of clients with short queries."""
        used = self._used.get(client)
        if used is None:
            return False
        fading = 0.5 ** ((time.monotonic() - used.stamp) / _HALF_LIFE_S)
        seconds = used.seconds * fading
        return seconds > _HEAVY_IN_ALL_S or (seconds > _HEAVY_S and used.seconds > _LONG_ON_AVERAGE_S * used.queries)

    def demote(self, worker: W) -> W | None:
        """Moves a query that turned out long to the background and frees its slot.

        Returns:
            The worker whose query is preempted, already finished here; None when the background has room.
        """
        held = self._held.get(worker)
        if held is None or held.long:
            return None
        held.long = True
        self._charge(held, 0)
        long = {w: h for w, h in self._held.items() if h.long and h.client != HOUSE}
        victim = None
        if len(long) > self._most_long:
            of_client = Counter(h.client for h in long.values())
            # The first of equals is the oldest, because the dictionary is ordered by start.
            victim = max(long, key=lambda w: of_client[long[w].client])
            self.finish(victim)
        self._match()
        return victim

    def finish(self, worker: W) -> None:
        """Ends the query of a worker; the worker itself is not idle by that."""
        held = self._held.pop(worker, None)
        if held is None:
            return
        self._charge(held, 1)
        self._match()

    def add_idle(self, worker: W) -> None:
        """Adds a worker that is free."""
        self._idle.append(worker)
        self._match()

    def refuse_all(self) -> None:
        """Fails the whole backlog, because the service is stopping."""
        for queue in self._waiting.values():
            for future in queue:
                if not future.done():
                    future.set_exception(NotReadyError(N_("the service is stopping")))
        self._waiting.clear()

    def _begin(self, client: str, worker: W) -> None:
        self._held[worker] = _Held(client, time.monotonic())

    def _charge(self, held: _Held, queries: int) -> None:
        """Adds the time since the last charge, and `queries` that have ended, to the client's usage."""
        now = time.monotonic()
        if held.client != HOUSE:
            used = self._used.setdefault(held.client, _Usage(0.0, 0.0, now))
            fading = 0.5 ** ((now - used.stamp) / _HALF_LIFE_S)
            used.seconds = used.seconds * fading + now - held.since
            used.queries = used.queries * fading + queries
            used.stamp = now
            self._used.move_to_end(held.client)
            if len(self._used) > _MOST_REMEMBERED:
                self._used.popitem(last=False)
        held.since = now

    def _may_run(self, client: str) -> bool:
        if client == HOUSE:
            return True
        short = [held.client for held in self._held.values() if not held.long and held.client != HOUSE]
        most = self._for_heavy if self.is_heavy(client) else self._public
        return len(short) < most and short.count(client) < self._share

    def _match(self) -> None:
        """Assigns idle workers to the queries whose turn it is."""
        while self._idle and self._waiting:
            client = next((c for c in self._in_turn() if self._may_run(c)), None)
            if client is None:
                return
            worker = self._idle.pop()
            queue = self._waiting[client]
            future = queue.popleft()
            if queue:
                self._waiting.move_to_end(client)  # so that the other clients come first
            else:
                del self._waiting[client]
            if future.done():
                self._idle.append(worker)
            else:
                self._begin(client, worker)
                future.set_result(worker)

    def _in_turn(self) -> list[str]:
        return sorted(self._waiting, key=lambda client: (client != HOUSE, self.is_heavy(client)))

    def _make_room(self, client: str) -> None:
        if client == HOUSE or self.waiting < self._most_waiting:
            return
        greediest = max(self._waiting, key=lambda c: (c != HOUSE, self.is_heavy(c), len(self._waiting[c])))
        fair = self.is_heavy(greediest) and not self.is_heavy(client)
        if greediest in (client, HOUSE) or (
            not fair and len(self._waiting[greediest]) <= len(self._waiting.get(client, ())) + 1
        ):
            raise OverloadedError(self._most_waiting)
        future = self._waiting[greediest].pop()
        if not self._waiting[greediest]:
            del self._waiting[greediest]
        if not future.done():
            future.set_exception(OverloadedError(self._most_waiting))

    def _forget(self, client: str, future: asyncio.Future[W]) -> None:
        queue = self._waiting.get(client)
        if queue is not None and future in queue:
            queue.remove(future)
            if not queue:
                del self._waiting[client]
