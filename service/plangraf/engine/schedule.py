"""Who gets a free worker next: house queries first, then clients in turn, each with a bounded share.

Pure bookkeeping on one event loop, without processes. A client that sends many queries waits for its own ones,
not the others for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

from plangraf.errors import NotReadyError, OverloadedError

W = TypeVar("W")
# The service itself: its documents, pages and named queries are few, short and known.
HOUSE = ""


class Schedule(Generic[W]):
    """Idle workers and waiting queries.

    With more than one worker, one is kept from the public's queries, so that documents go on; one client runs
    half of the workers at most. When as many wait as may, a newcomer takes the place of the newest query of the
    client that waits with most, unless that is himself.
    """

    def __init__(self, workers: int, most_waiting: int, alive: Callable[[W], bool]) -> None:
        self._public = max(1, workers - 1)
        self._share = max(1, workers // 2)
        self._most_waiting = most_waiting
        self._alive = alive
        self._idle: deque[W] = deque()
        self._waiting: OrderedDict[str, deque[asyncio.Future[W]]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def running(self) -> int:
        return self._running.total()

    async def quiet(self) -> None:
        """Back when nothing runs and nobody waits."""
        await self._quiet.wait()

    def take_idle(self) -> list[W]:
        """All idle workers, which are idle here no longer."""
        taken = list(self._idle)
        self._idle.clear()
        return taken

    async def acquire(self, client: str, limit_s: float) -> W:
        """A worker for a query of this client, which must be told by `finished` when the query has ended.

        Raises:
            OverloadedError: too many wait, or no worker came free within `limit_s` seconds.
        """
        if self._may_run(client) and not self._waiting.get(client) and (worker := self._pop_idle()) is not None:
            self._begin(client)
            return worker
        self._make_room(client)
        future: asyncio.Future[W] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(future)
        self._match()
        try:
            async with asyncio.timeout(limit_s):
                return await future
        except TimeoutError:
            raise OverloadedError(self._most_waiting) from None
        except BaseException:
            # A worker may have been handed over in the moment in which the client left.
            if future.done() and not future.cancelled() and future.exception() is None:
                self.finished(client)
                self.give(future.result())
            raise
        finally:
            self._forget(client, future)

    def finished(self, client: str) -> None:
        """A query of this client has ended, whatever became of its worker."""
        self._running[client] -= 1
        if self._running[client] <= 0:
            del self._running[client]
        self._match()
        if not self._running and not self._waiting:
            self._quiet.set()

    def _begin(self, client: str) -> None:
        self._running[client] += 1
        self._quiet.clear()

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

    def _may_run(self, client: str) -> bool:
        if client == HOUSE:
            return True
        public = self._running.total() - self._running[HOUSE]
        return public < self._public and self._running[client] < self._share

    def _pop_idle(self) -> W | None:
        while self._idle:
            worker = self._idle.popleft()
            if self._alive(worker):
                return worker
        return None

    def _match(self) -> None:
        """Hands idle workers to those whose turn it is."""
        while self._idle:
            client = next((c for c in self._in_turn() if self._may_run(c)), None)
            if client is None:
                return
            worker = self._pop_idle()
            if worker is None:
                return
            queue = self._waiting[client]
            future = queue.popleft()
            if queue:
                self._waiting.move_to_end(client)  # the others first
            else:
                del self._waiting[client]
            if future.done():
                self._idle.appendleft(worker)
            else:
                self._begin(client)
                future.set_result(worker)

    def _in_turn(self) -> list[str]:
        return sorted(self._waiting, key=lambda client: client != HOUSE)

    def _make_room(self, client: str) -> None:
        if client == HOUSE or self.waiting < self._most_waiting:
            return
        greediest = max(self._waiting, key=lambda c: (c != HOUSE, len(self._waiting[c])))
        if greediest in (client, HOUSE) or len(self._waiting[greediest]) <= len(self._waiting.get(client, ())) + 1:
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
