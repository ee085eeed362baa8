"""The front's workers: requested from a loader, assigned to queries, and replaced when they end.

Workers survive a loader that dies. They serve on while another loader opens the version, and its workers then
replace them.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import IO

import structlog

from plangraf import metrics
from plangraf.engines.embedded import loaders
from plangraf.engines.embedded.answer import Pipe, WorkerEnd
from plangraf.engines.embedded.schedule import Schedule
from plangraf.engines.embedded.stores import chosen_store
from plangraf.engines.embedded.wire import AHEAD, CONTROL, FORK, READY, WORKER
from plangraf.errors import EngineError, NotReadyError, VersionsError
from plangraf.errors.message import N_
from plangraf.settings import Settings
from plangraf.store.versions import Version

log = structlog.get_logger()
_LONGEST_RETRY_S = 30.0
# Idle time after which the worker that computes ahead ends.
_AHEAD_S = 0.5


class Workers:
    """The workers of one engine, on one event loop."""

    def __init__(self, version: Version, settings: Settings) -> None:
        self.schedule: Schedule[WorkerEnd] = Schedule(
            settings.query_workers, settings.query_long, settings.query_max_waiting
        )
        self.triples = 0
        self._version = version
        self._count = settings.query_workers
        self._memory_mb = settings.worker_memory_mb
        self._memory_triples = settings.memory_triples
        self._lease: loaders.Lease | None = None
        self._opened: asyncio.Future[int] | None = None
        # Workers of the present loader at normal priority, and how many more it was asked for. An idle worker of an
        # earlier loader ends as soon as one of these has started.
        self._usable: set[WorkerEnd] = set()
        self._asked = 0
        self._ahead: set[WorkerEnd] = set()
        self._ahead_free: deque[WorkerEnd] = deque()
        self._ahead_waiting: deque[asyncio.Future[WorkerEnd]] = deque()
        self._arriving: set[tuple[socket.socket, IO[bytes]]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def open(self) -> None:
        """Leases a loader, waits until it has opened the version, and requests workers.

        Raises:
            EngineError: the version cannot be opened.
            OSError: no loader can be started.
        """
        loop = asyncio.get_running_loop()
        try:
            store = chosen_store(self._version, self._memory_triples)
        except VersionsError as error:
            raise EngineError(N_("The version %(version)s could not be opened.", version=self._version.id)) from error
        if os.environ.get(loaders.VARIABLE):
            lease = await asyncio.to_thread(loaders.lease, self._version.path, self._memory_mb, store)
        else:
            # Not in another thread, because a loader dies with the thread that started it.
            lease = loaders.lease(self._version.path, self._memory_mb, store)
        lease.control.setblocking(False)
        self._lease = lease
        self._opened = loop.create_future()
        loop.add_reader(lease.control, self._on_message)
        self.triples = await self._opened
        self._refill()

    async def close(self) -> None:
        """Ends all workers, and the loader when this was its last lease."""
        self._closing = True
        self.schedule.refuse_all()
        self._refuse_ahead()
        for task in self._tasks:
            task.cancel()
        for worker in [*self.schedule.take_idle(), *self._ahead]:
            worker.close()
        for connection, words in self._arriving:
            connection.close()
            words.close()
        if self._lease is not None:
            lease = self._end_lease(self._lease)
            await asyncio.to_thread(lease.close)

    async def acquire(self, client: str, limit_s: float) -> WorkerEnd:
        """Acquires a worker for a query of this client; see Schedule.acquire."""
        try:
            return await self.schedule.acquire(client, limit_s)
        finally:
            self._report()

    async def acquire_ahead(self) -> WorkerEnd:
        """Acquires the worker at idle priority, of which all HTTP processes together have one at a time.

        Raises:
            NotReadyError: there is no loader that could start one.
        """
        while self._ahead_free:
            worker = self._ahead_free.popleft()
            worker.cancel_timer()
            if not worker.gone:
                return worker
            self.replace(worker, "died")
        if self._lease is None:
            raise NotReadyError
        future: asyncio.Future[WorkerEnd] = asyncio.get_running_loop().create_future()
        self._ahead_waiting.append(future)
        self._send_fork(ahead=True)
        return await future

    def release(self, worker: WorkerEnd) -> None:
        """Makes a worker available, after a query or when it has just started."""
        worker.cancel_timer()
        self.schedule.finish(worker)
        if self._closing:
            worker.close()
        elif worker in self._ahead:
            self._ahead_free.append(worker)
            worker.timer = asyncio.get_running_loop().call_later(_AHEAD_S, self._end_ahead, worker)
        elif worker in self._usable or not self._usable:
            # Without a loader, a slowed worker is better than none.
            self.schedule.add_idle(worker)
        else:
            self.replace(worker, "slowed" if worker.slowed else "outdated")
        self._report()

    def discard(self, worker: WorkerEnd, reason: str) -> None:
        """Kills a worker whose query still runs."""
        worker.cancel_timer()
        metrics.QUERIES.labels(reason).inc()
        self.replace(worker, reason)
        self.schedule.finish(worker)
        self._report()

    def demote(self, worker: WorkerEnd) -> None:
        """Lowers the priority of a query that turned out long and requests a fresh worker in its place.

        When too many run like that, preempts one of them.
        """
        worker.slow_down()
        self._usable.discard(worker)
        self._refill()
        victim = self.schedule.demote(worker)
        if victim is not None:
            victim.displaced = True
            self.discard(victim, "displaced")

    def replace(self, worker: WorkerEnd, reason: str) -> None:
        """Ends a worker, dead or alive, at most once, and requests a fresh one if one is missing."""
        if worker.replaced:
            return
        worker.replaced = True
        metrics.REPLACED.labels(reason).inc()
        worker.close()
        self._ahead.discard(worker)
        self._usable.discard(worker)
        self._refill()

    def _refill(self) -> None:
        if self._lease is None or self._closing:
            return
        while len(self._usable) + self._asked < self._count:
            self._asked += 1
            self._send_fork()

    def _send_fork(self, *, ahead: bool = False) -> None:
        """Sends without waiting, because the socket's buffer holds all of these few short commands."""
        assert self._lease is not None
        try:
            self._lease.control.send(CONTROL.pack(FORK, ahead))
        except OSError:
            return  # `_on_message` notices a loader that has ended

    def _on_message(self) -> None:
        """The loader has opened the version, started a worker, or ended."""
        assert self._lease is not None
        assert self._opened is not None
        try:
            message, descriptors, _, _ = socket.recv_fds(self._lease.control, CONTROL.size, 2)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        if len(message) < CONTROL.size:
            self._on_loader_ended()
            return
        kind, number = CONTROL.unpack(message)
        if kind == READY:
            self._opened.set_result(number)
        elif kind in (WORKER, AHEAD):
            if len(descriptors) < 2:  # the kernel had no descriptor left for them
                self._on_worker_lost(descriptors, ahead=kind == AHEAD)
                return
            ends = socket.socket(fileno=descriptors[0]), os.fdopen(descriptors[1], "rb", buffering=0)
            self._arriving.add(ends)
            self._spawn(self._on_worker_started(number, ends, self._lease, ahead=kind == AHEAD))

    def _on_worker_lost(self, descriptors: Sequence[int], *, ahead: bool) -> None:
        """Asks for another worker a second later: this process has too many open files."""
        for descriptor in descriptors:
            os.close(descriptor)
        log.error("worker not started", version=self._version.id, error="too many open files")
        if ahead:
            self._refuse_ahead()
        else:
            asyncio.get_running_loop().call_later(1, self._ask_again, self._lease)

    def _ask_again(self, lease: loaders.Lease | None) -> None:
        if lease is self._lease:
            self._asked -= 1
            self._refill()

    async def _on_worker_started(
        self, pid: int, ends: tuple[socket.socket, IO[bytes]], lease: loaders.Lease, *, ahead: bool
    ) -> None:
        connection, words = ends
        connection.setblocking(False)
        os.set_blocking(words.fileno(), False)
        _, pipe = await asyncio.get_running_loop().create_unix_connection(partial(Pipe, connection), sock=connection)
        self._arriving.discard(ends)
        worker = WorkerEnd(pid, pipe, words)
        pipe.on_close = partial(self._on_worker_ended, worker)
        pipe.on_grown = partial(self._on_worker_grown, worker)
        if ahead:
            worker.slow_down(to_idle=True)
            self._ahead.add(worker)
            self._report()
            while self._ahead_waiting:
                future = self._ahead_waiting.popleft()
                if not future.done():
                    future.set_result(worker)
                    return
            self._end_ahead(worker)
            return
        if lease is self._lease:
            self._asked -= 1
            self._usable.add(worker)
            for outdated in self.schedule.take_idle(lambda idle: idle not in self._usable):
                self.replace(outdated, "outdated")
        self.release(worker)
        if pipe.closed:
            self._on_worker_ended(worker)

    def _on_loader_ended(self) -> None:
        """Leases another loader, while the workers of the old one serve on."""
        assert self._lease is not None
        assert self._opened is not None
        lease = self._end_lease(self._lease)
        self._usable.clear()
        self._asked = 0
        self._refuse_ahead()
        opening = not self._opened.done()
        if opening:
            self._opened.set_exception(
                EngineError(N_("The version %(version)s could not be opened.", version=self._version.id))
            )
        lease.close()
        if not opening and not self._closing:
            self._spawn(self._reopen())

    def _end_lease(self, lease: loaders.Lease) -> loaders.Lease:
        asyncio.get_running_loop().remove_reader(lease.control)
        self._lease = None
        return lease

    async def _reopen(self) -> None:
        """Retries until the version opens, because the cause, such as a lack of memory, may be temporary."""
        pause = 1.0
        while True:
            try:
                await self.open()
                log.warning("loader replaced", version=self._version.id)
                return
            except (EngineError, OSError) as error:
                log.error("loader not started", version=self._version.id, error=str(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_RETRY_S)

    def _on_worker_ended(self, worker: WorkerEnd) -> None:
        """Replaces a worker that died while idle; of any other the reader of its answer learns."""
        if self.schedule.take_idle(lambda idle: idle is worker):
            self.replace(worker, "died")

    def _on_worker_grown(self, worker: WorkerEnd) -> None:
        """Requests a fresh worker in place of one that has much memory of its own; it ends when the other starts."""
        if worker in self._usable:
            self._usable.discard(worker)
            self._refill()

    def _end_ahead(self, worker: WorkerEnd) -> None:
        if worker in self._ahead_free:
            self._ahead_free.remove(worker)
        self._ahead.discard(worker)
        worker.close()
        self._report()

    def _refuse_ahead(self) -> None:
        while self._ahead_waiting:
            future = self._ahead_waiting.popleft()
            if not future.done():
                future.set_exception(NotReadyError())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _report(self) -> None:
        metrics.WAITING.follow(self._waiting)
        metrics.RUNNING.follow(self._running)

    def _waiting(self) -> int:
        return self.schedule.waiting + len(self._ahead_waiting)

    def _running(self) -> int:
        return self.schedule.running + len(self._ahead)
