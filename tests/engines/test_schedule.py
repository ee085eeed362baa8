"""Clients take turns: a heavy client delays neither other clients nor the service itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from plangraf.engines.embedded.schedule import HOUSE, Schedule
from plangraf.errors import NotReadyError, OverloadedError


def scheduled(use: Callable[[Schedule[str]], Awaitable[None]], workers: int = 2, most_waiting: int = 4) -> None:
    async def main() -> None:
        schedule: Schedule[str] = Schedule(workers, 2, most_waiting)
        for number in range(workers):
            schedule.add_idle(f"w{number}")
        await use(schedule)

    asyncio.run(main())


async def waiting(schedule: Schedule[str], *clients: str) -> list[asyncio.Task[str]]:
    tasks = []
    for client in clients:
        tasks.append(asyncio.create_task(schedule.acquire(client, 5)))
        await asyncio.sleep(0)
    return tasks


def test_a_second_client_goes_before_the_first_clients_second_query() -> None:
    async def use(schedule: Schedule[str]) -> None:
        worker = await schedule.acquire("a", 5)
        a2, a3, b1 = await waiting(schedule, "a", "a", "b")
        served = []
        for _ in range(3):
            schedule.finish(worker)
            schedule.add_idle(worker)
            await asyncio.sleep(0)
            served.append([name for name, task in (("a2", a2), ("b1", b1), ("a3", a3)) if task.done()])
        assert served == [["a2"], ["a2", "b1"], ["a2", "b1", "a3"]]

    scheduled(use, workers=1)


def test_one_worker_is_reserved_for_the_service() -> None:
    async def use(schedule: Schedule[str]) -> None:
        await schedule.acquire("a", 5)
        (b,) = await waiting(schedule, "b")
        assert not b.done()
        assert await asyncio.wait_for(schedule.acquire(HOUSE, 5), 1)
        b.cancel()

    scheduled(use)


def test_one_client_runs_half_of_the_workers_at_most() -> None:
    async def use(schedule: Schedule[str]) -> None:
        first, second = await schedule.acquire("a", 5), await schedule.acquire("a", 5)
        (third,) = await waiting(schedule, "a")
        assert not third.done()
        assert await asyncio.wait_for(schedule.acquire("b", 5), 1) not in (first, second)
        schedule.finish(first)
        schedule.add_idle(first)
        assert await asyncio.wait_for(third, 1)

    scheduled(use, workers=4)


def test_a_new_client_displaces_the_newest_waiting_query_of_the_heaviest_client() -> None:
    async def use(schedule: Schedule[str]) -> None:
        await schedule.acquire("a", 5)
        tasks = await waiting(schedule, "a", "a", "a", "a")
        with pytest.raises(OverloadedError):
            await schedule.acquire("a", 5)
        (modest,) = await waiting(schedule, "b")
        await asyncio.sleep(0)
        assert [task.done() for task in tasks] == [False, False, False, True]
        with pytest.raises(OverloadedError):
            tasks[3].result()
        assert not modest.done()
        assert schedule.waiting == 4
        schedule.refuse_all()
        for task in (*tasks[:3], modest):
            with pytest.raises(NotReadyError):
                await task

    scheduled(use, workers=1, most_waiting=4)


def test_a_cancelled_waiter_returns_its_worker() -> None:
    async def use(schedule: Schedule[str]) -> None:
        worker = await schedule.acquire("a", 5)
        (left,) = await waiting(schedule, "b")
        schedule.finish(worker)
        schedule.add_idle(worker)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert await asyncio.wait_for(schedule.acquire("c", 5), 1) == worker
        assert schedule.running == 1

    scheduled(use, workers=1)


def test_a_wait_timeout_is_an_error_and_leaves_no_state() -> None:
    async def use(schedule: Schedule[str]) -> None:
        await schedule.acquire("a", 5)
        with pytest.raises(OverloadedError):
            await schedule.acquire("b", 0.01)
        assert schedule.waiting == 0

    scheduled(use, workers=1)


def test_the_last_used_worker_is_used_next() -> None:
    async def use(schedule: Schedule[str]) -> None:
        first = await schedule.acquire("a", 5)
        second = await schedule.acquire(HOUSE, 5)
        for worker in (first, second):
            schedule.finish(worker)
            schedule.add_idle(worker)
        assert await schedule.acquire("b", 5) == second
        assert schedule.take_idle(lambda worker: worker == second) == []
        assert schedule.take_idle(lambda worker: worker == first) == [first]

    scheduled(use)


def test_a_worker_that_is_granted_at_the_wait_timeout_is_not_lost() -> None:
    async def use(schedule: Schedule[str]) -> None:
        worker = await schedule.acquire("a", 5)
        waits = asyncio.create_task(schedule.acquire("b", 0.05))
        await asyncio.sleep(0)
        # The loop runs both in one turn: the time limit first, then the handing over.
        asyncio.get_running_loop().call_later(0.05, schedule.finish, worker)
        asyncio.get_running_loop().call_later(0.05, schedule.add_idle, worker)
        await asyncio.wait([waits])
        if waits.exception() is None:
            schedule.finish(worker)
            schedule.add_idle(worker)
        assert schedule.running == 0
        assert await schedule.acquire("c", 5) == worker

    scheduled(use, workers=1)


def test_a_long_query_yields_its_slot_and_continues() -> None:
    async def use(schedule: Schedule[str]) -> None:
        worker = await schedule.acquire("a", 5)
        (b,) = await waiting(schedule, "b")
        assert schedule.demote(worker) is None
        schedule.add_idle("fresh")
        assert await asyncio.wait_for(b, 1) == "fresh"
        assert schedule.running == 2

    scheduled(use, workers=1)


def test_too_many_long_queries_end_the_oldest_of_the_heaviest_client() -> None:
    async def use(schedule: Schedule[str]) -> None:
        found = []
        for client in ("modest", "greedy", "greedy"):
            worker = await schedule.acquire(client, 5)
            found.append((worker, schedule.demote(worker)))
            schedule.add_idle(f"after {worker}")
        workers = [worker for worker, _ in found]
        assert [victim for _, victim in found] == [None, None, workers[1]]
        assert schedule.running == 2

    scheduled(use, workers=1)


def test_a_client_with_less_use_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    async def use(schedule: Schedule[str]) -> None:
        nonlocal now
        for _ in range(2):
            worker = await schedule.acquire("heavy", 5)
            now += 2
            schedule.finish(worker)
            schedule.add_idle(worker)
        assert schedule.is_heavy("heavy")
        # Of three workers one is reserved for the service, and one for light clients.
        await schedule.acquire("heavy", 5)
        (more,) = await waiting(schedule, "heavy")
        assert not more.done()
        assert await asyncio.wait_for(schedule.acquire("light", 5), 1)
        now += 60
        assert not schedule.is_heavy("heavy")
        more.cancel()

    scheduled(use, workers=3)
