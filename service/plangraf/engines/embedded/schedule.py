"""Who gets a free worker next: house queries first, then clients that used little, then the others, in turn.

Pure bookkeeping on one event loop, without processes. A client that sends many or long queries waits for its own
ones, not the others for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from plangraf.errors import NotReadyError, OverloadedError

W = TypeVar("W")
# The service itself: its documents, pages and named queries are few, short and known.
HOUSE = ""
# A client is heavy whose queries take long and have taken so many seconds lately, or that has taken more in
# whatever pieces. What was used counts half as much after each half-life.
_LONG_ON_AVERAGE_S = 0.02
_HEAVY_S = 0.25
_HEAVY_IN_ALL_S = 5.0
_HALF_LIFE_S = 10.0
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Held:
    """A worker in use: by whom, since when, and whether its query has turned out long."""

    client: str
    since: float
    long: bool = False


@dataclass(slots=True)
class _Usage:
    """What a client has used: seconds that it held workers, and queries, both fading since `stamp`."""

    seconds: float
    queries: float
    stamp: float


class Schedule(Generic[W]):
    """Idle workers, waiting queries, and what each client has used lately.

    With more than one worker, one is kept from the public's queries, so that documents go on, and another one
    from heavy clients'; one client runs half of the workers at most. A query that turns out long gives its place
    to the next and goes on beside, with at most `most_long` others: beyond that, the oldest of the client that has
    most of them ends. When as many wait as may, a newcomer takes the place of the newest query of the client that
    waits with most, unless that is himself.
    """

    def __init__(self, workers: int, most_long: int, most_waiting: int) -> None:
        self._public = max(1, workers - 1)
        self._for_heavy = max(1, self._public - 1)
        self._share = max(1, workers // 2)
        self._most_long = most_long
        self._most_waiting = most_waiting
        # The last used is taken first: its memory is its own already, and in the processor's caches.
        self._idle: list[W] = []
        self._waiting: OrderedDict[str, deque[asyncio.Future[W]]] = OrderedDict()
        self._held: dict[W, _Held] = {}
        self._used: OrderedDict[str, _Usage] = OrderedDict()
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def running(self) -> int:
        return len(self._held)

    async def quiet(self) -> None:
        """Back when nothing runs and nobody waits."""
        await self._quiet.wait()

    def take_idle(self, wanted: Callable[[W], bool] = lambda _: True) -> list[W]:
        """The idle workers that are wanted, which are idle here no longer."""
        taken = [worker for worker in self._idle if wanted(worker)]
        for worker in taken:
            self._idle.remove(worker)
        return taken

    async def acquire(self, client: str, limit_s: float) -> W:
        """A worker for a query of this client, which `finished` must be told of when the query has ended.

        Raises:
            OverloadedError: too many wait, or no worker came free within `limit_s` seconds.
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
            # A worker may have been handed over in the moment in which the client left or the time was over.
            if future.done() and not future.cancelled() and future.exception() is None:
                self.finished(future.result())
                self.give(future.result())
            if isinstance(error, TimeoutError):
                raise OverloadedError(self._most_waiting) from None
            raise
        finally:
            self._forget(client, future)

    def is_heavy(self, client: str) -> bool:
        """Whether a client has used more lately than those who ask what is short."""
        used = self._used.get(client)
        if used is None:
            return False
        fading = 0.5 ** ((time.monotonic() - used.stamp) / _HALF_LIFE_S)
        seconds = used.seconds * fading
        return seconds > _HEAVY_IN_ALL_S or (seconds > _HEAVY_S and used.seconds > _LONG_ON_AVERAGE_S * used.queries)

    def lengthen(self, worker: W) -> W | None:
        """A worker's query has turned out long: its place is free for another worker.

        Returns:
            A worker whose query is to end for that, already told as finished here; None when there is room.
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
            # The dictionary is in the order in which they began.
            victim = max(long, key=lambda w: of_client[long[w].client])
            self.finished(victim)
        self._match()
        return victim

    def finished(self, worker: W) -> None:
        """The query of this worker has ended, whatever becomes of the worker."""
        held = self._held.pop(worker, None)
        if held is None:
            return
        self._charge(held, 1)
        self._match()
        if not self._held and not self._waiting:
            self._quiet.set()

    def give(self, worker: W) -> None:
        """A worker that is free."""
        self._idle.append(worker)
        self._match()

    def refuse_all(self) -> None:
        """Nobody will be served any more."""
        for queue in self._waiting.values():
            for future in queue:
                if not future.done():
                    future.set_exception(NotReadyError("the service is stopping"))
        self._waiting.clear()

    def _begin(self, client: str, worker: W) -> None:
        self._held[worker] = _Held(client, time.monotonic())
        self._quiet.clear()

    def _charge(self, held: _Held, queries: int) -> None:
        """Adds what was used since the last charge, and queries that have ended."""
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
        """Hands idle workers to those whose turn it is."""
        while self._idle and self._waiting:
            client = next((c for c in self._in_turn() if self._may_run(c)), None)
            if client is None:
                return
            worker = self._idle.pop()
            queue = self._waiting[client]
            future = queue.popleft()
            if queue:
                self._waiting.move_to_end(client)  # the others first
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
        if not self._held and not self._waiting:
            self._quiet.set()
