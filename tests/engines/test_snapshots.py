"""Leases: a snapshot stays unchanged and open while it is leased, and closes soon after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot, Snapshots
from plangraf.errors import EngineError, NotReadyError, ResourceNotFoundError, VersionGoneError
from plangraf.rdf.formats import JSON
from plangraf.sparql.safety import CheckedQuery, Limits, check
from plangraf.store.versions import Version, VersionStore


class Recorded:
    """An engine that records its start and close, and waits or fails on demand."""

    def __init__(self, version: Version, *, kept: bool) -> None:
        self.version, self.kept = version.id, kept
        self.started = self.closed = 0
        self.failure: Exception | None = None
        self.gate: asyncio.Event | None = None

    @property
    def ready(self) -> bool:
        return self.started > self.closed

    async def start(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.started += 1

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1

    def check(self, query: str) -> CheckedQuery:
        return check(query, Limits())

    async def query(self, request: QueryRequest) -> QueryAnswer:
        assert self.ready
        return cast(QueryAnswer, self.version)  # no test reads an answer


class Play:
    """Snapshots of a store with versions `ids`, the last of them current, and all engines that they create."""

    def __init__(self, folder: Path, count: int = 3, **settings: Any) -> None:
        self.store = VersionStore(folder / "versions")
        manifest = {"triples": 1, "quads": 1, "graphs": {}}
        lines = [f'<urn:x:{n}> <urn:x:p> "{n}" <urn:x:g> .'.encode() for n in range(count)]
        self.ids = [self.store.write([line], manifest).id for line in lines]
        self.engines: list[Recorded] = []
        self.opening = asyncio.Event()
        self.gate: asyncio.Event | None = None
        self.failure: Exception | None = None
        self.snapshots = Snapshots(self.store, self._make, **settings)

    def _make(self, version: Version, *, kept: bool) -> Recorded:
        engine = Recorded(version, kept=kept)
        engine.gate, engine.failure = self.gate, self.failure
        if kept:
            self.opening.set()
        self.engines.append(engine)
        return engine

    @property
    def open(self) -> list[str]:
        """The versions of the open engines, in the order of creation."""
        return [engine.version for engine in self.engines if engine.ready]


def play(folder: Path, act: Callable[[Play], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        stage = Play(folder, **settings)
        await stage.snapshots.start()
        try:
            await act(stage)
        finally:
            await stage.snapshots.close()
        assert stage.open == []
        assert all(engine.closed == 1 for engine in stage.engines if engine.started)

    asyncio.run(main())


async def ask(snapshot: Snapshot) -> None:
    await snapshot.engine.query(QueryRequest("ASK {}", JSON))


async def run_pending_tasks() -> None:
    """Lets all ready tasks run."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_leased_snapshot_outlives_the_switch_to_another_version(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, *_, last = stage.ids
        async with stage.snapshots.lease() as old:
            stage.store.use(first)
            assert await stage.snapshots.refresh()
            await run_pending_tasks()
            assert (old.id, stage.snapshots.current.id) == (last, first)
            assert stage.open == [last, first]
            async with stage.snapshots.lease() as new:
                assert new.id == first
        await run_pending_tasks()
        assert stage.open == [first]

    play(tmp_path, act)


def test_an_unleased_snapshot_closes_at_the_switch(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        stage.store.use(stage.ids[0])
        assert await stage.snapshots.refresh()
        await run_pending_tasks()
        assert stage.open == [stage.ids[0]]

    play(tmp_path, act)


def test_a_superseded_snapshot_can_be_leased_by_id_while_it_is_leased(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        old = await stage.snapshots.acquire()
        stage.store.use(stage.ids[0])
        await stage.snapshots.refresh()
        async with stage.snapshots.lease(old.id) as again:
            assert again is old
            stage.snapshots.release(old)
            await run_pending_tasks()
            assert stage.open == [old.id, stage.ids[0]]
        await run_pending_tasks()
        assert stage.open == [stage.ids[0]]

    play(tmp_path, act)


def test_the_current_version_is_never_opened_twice(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async with stage.snapshots.lease() as one, stage.snapshots.lease(stage.ids[-1]) as other:
            assert one is other
        assert len(stage.engines) == 1

    play(tmp_path, act)


def test_many_requests_for_a_retained_version_open_it_once_with_a_small_engine(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async def lease() -> Snapshot:
            async with stage.snapshots.lease(stage.ids[0]) as snapshot:
                await ask(snapshot)
                return snapshot

        found = await asyncio.gather(*[lease() for _ in range(20)])
        assert len({id(snapshot) for snapshot in found}) == 1
        assert [(engine.version, engine.kept) for engine in stage.engines] == [
            (stage.ids[-1], False),
            (stage.ids[0], True),
        ]

    play(tmp_path, act)


def test_an_idle_retained_version_closes_and_a_leased_one_does_not(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, second, last = stage.ids
        async with stage.snapshots.lease(first) as kept:
            await ask(kept)
            async with stage.snapshots.lease(second) as idle:
                await ask(idle)
            await asyncio.sleep(0.2)
            assert stage.open == [last, first]
        # The time counts from the last lease.
        await asyncio.sleep(0.03)
        async with stage.snapshots.lease(first):
            await asyncio.sleep(0.2)
            assert stage.open == [last, first]
        await asyncio.sleep(0.2)
        assert stage.open == [last]

    play(tmp_path, act, most_kept=2, idle_s=0.1)


def test_opening_a_retained_version_closes_the_least_recently_leased_one(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, second, third, last = stage.ids
        for version in (first, second, first, third):
            async with stage.snapshots.lease(version) as snapshot:
                await ask(snapshot)
        assert stage.open == [last, first, third]

    play(tmp_path, act, count=4, most_kept=2)


def test_the_number_of_open_retained_versions_is_limited(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, second, last = stage.ids
        async with stage.snapshots.lease(second) as other:
            async with stage.snapshots.lease(first) as snapshot:
                await ask(snapshot)
                with pytest.raises(NotReadyError):
                    await ask(other)
                assert stage.open == [last, first]
            await ask(other)
            assert stage.open == [last, second]

    play(tmp_path, act)


def test_a_retained_version_that_fails_to_open_uses_no_slot(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async with stage.snapshots.lease(stage.ids[0]) as kept, stage.snapshots.lease(stage.ids[1]) as other:
            stage.failure = EngineError("too large")
            for _ in range(2):
                with pytest.raises(EngineError):
                    await ask(kept)
            stage.failure = None
            await ask(other)
            assert stage.open == [stage.ids[-1], stage.ids[1]]


def test_a_kept_version_that_could_not_be_opened_is_opened_at_the_next_query(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async with stage.snapshots.lease(stage.ids[0]) as kept:
            stage.failure = EngineError("no memory")
            with pytest.raises(EngineError):
                await ask(kept)
            stage.failure = None
            await ask(kept)
            assert stage.open == [stage.ids[-1], stage.ids[0]]

    play(tmp_path, act)


def test_files_and_parts_of_a_kept_version_open_no_engine(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async def part(snapshot: Snapshot) -> int:
            return snapshot.contents.triples

        for version in stage.ids:
            async with stage.snapshots.lease(version) as snapshot:
                assert await snapshot.part(part) == 1
        assert [engine.version for engine in stage.engines] == [stage.ids[-1]]

    play(tmp_path, act, most_kept=0)


def test_an_opening_that_nobody_waits_for_ends_with_the_idle_time(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        stage.gate = asyncio.Event()
        async with stage.snapshots.lease(stage.ids[0]) as snapshot:
            waiting = asyncio.create_task(ask(snapshot))
            await stage.opening.wait()
            waiting.cancel()
            await run_pending_tasks()
        await asyncio.sleep(0.2)
        stage.gate.set()
        await run_pending_tasks()
        assert stage.open == [stage.ids[-1]]
        async with stage.snapshots.lease(stage.ids[1]) as snapshot:
            await ask(snapshot)

    play(tmp_path, act, idle_s=0.05)


def test_who_stops_waiting_for_a_kept_version_neither_ends_its_opening_nor_leaves_a_lease(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async def wait() -> None:
            async with stage.snapshots.lease(stage.ids[0]) as snapshot:
                await ask(snapshot)

        stage.gate = asyncio.Event()
        waiting = [asyncio.create_task(wait()) for _ in range(2)]
        await stage.opening.wait()
        waiting[0].cancel()
        await run_pending_tasks()
        stage.gate.set()
        await waiting[1]
        assert waiting[0].cancelled()
        assert [(engine.version, engine.started) for engine in stage.engines[1:]] == [(stage.ids[0], 1)]
        # With no lease left it makes room for another one.
        async with stage.snapshots.lease(stage.ids[1]) as snapshot:
            await ask(snapshot)
            assert stage.open == [stage.ids[-1], stage.ids[1]]

    play(tmp_path, act)


def test_a_leased_retained_version_that_becomes_current_is_opened_again_as_current(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, _, last = stage.ids
        async with stage.snapshots.lease(first) as kept:
            await ask(kept)
            stage.store.use(first)
            await stage.snapshots.refresh()
            await run_pending_tasks()
            assert stage.open == [first, first]
            async with stage.snapshots.lease(first) as again:
                assert again is stage.snapshots.current
                assert again is not kept
        await asyncio.sleep(0.2)
        assert [engine.version for engine in stage.engines if engine.ready and not engine.kept] == [first]
        assert not any(engine.ready for engine in stage.engines if engine.kept or engine.version == last)

    play(tmp_path, act, idle_s=0.05)


def test_a_pruned_version_stays_open_for_its_leases_and_gets_no_new_ones(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, _, last = stage.ids
        async with stage.snapshots.lease(first) as snapshot:
            await ask(snapshot)
            assert first in stage.store.prune(0)
            assert await snapshot.part(_number) == 1
            assert stage.open == [last, first]
            with pytest.raises(VersionGoneError):
                await stage.snapshots.acquire(first)
        with pytest.raises(ResourceNotFoundError):
            await stage.snapshots.acquire("0" * 16)
        await asyncio.sleep(0.2)
        assert stage.open == [last]

    play(tmp_path, act, idle_s=0.05)


def test_a_version_that_cannot_be_opened_leaves_the_old_one_current(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        told: list[str] = []
        stage.snapshots.subscribe(lambda: told.append(stage.snapshots.current.id))
        stage.failure = EngineError("damaged")
        stage.store.use(stage.ids[0])
        assert not await stage.snapshots.refresh()
        assert stage.snapshots.current.id == stage.ids[-1]
        stage.failure = None
        # It is not tried again at once.
        assert not await stage.snapshots.refresh()
        stage.store.use(stage.ids[1])
        assert await stage.snapshots.refresh()
        assert told == [stage.ids[1]]

    play(tmp_path, act)


def test_a_version_that_became_current_again_between_two_polls_has_its_new_dates(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        before = stage.snapshots.current
        assert not await stage.snapshots.refresh()
        stage.store.use(stage.ids[0])
        stage.store.use(before.id)
        assert await stage.snapshots.refresh()
        after = stage.snapshots.current
        assert (after.id, after is before) == (before.id, False)
        assert after.contents.dates != before.contents.dates

    play(tmp_path, act)


async def _number(snapshot: Snapshot) -> int:
    return 1


def test_a_part_is_computed_once_per_snapshot(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        derived: list[tuple[str, str]] = []

        async def part(snapshot: Snapshot, about: str) -> str:
            await asyncio.sleep(0.01)
            derived.append((snapshot.id, about))
            return about.upper()

        async with stage.snapshots.lease() as one, stage.snapshots.lease(stage.ids[0]) as other:
            wanted = [(snapshot, about) for snapshot in (one, other) for about in "aab"]
            found = await asyncio.gather(*[snapshot.part(part, about) for snapshot, about in wanted])
            assert found == ["A", "A", "B"] * 2
            assert sorted(derived) == sorted((snapshot.id, about) for snapshot in (one, other) for about in "ab")

    play(tmp_path, act)


def test_a_failed_part_fails_for_all_waiters_and_is_retried_later(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        tries = 0

        async def part(snapshot: Snapshot) -> int:
            nonlocal tries
            tries += 1
            await asyncio.sleep(0)
            if tries == 1:
                raise EngineError("not now")
            return tries

        async with stage.snapshots.lease() as snapshot:
            failed = await asyncio.gather(*[snapshot.part(part) for _ in range(3)], return_exceptions=True)
            assert all(isinstance(error, EngineError) for error in failed)
            assert (await snapshot.part(part), tries) == (2, 2)

    play(tmp_path, act)


def test_a_waiter_computes_a_part_whose_first_request_is_cancelled(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        tries = 0

        async def part(snapshot: Snapshot) -> int:
            nonlocal tries
            tries += 1
            await asyncio.sleep(0.01)
            return tries

        async with stage.snapshots.lease() as snapshot:
            first, second, third = (asyncio.create_task(snapshot.part(part)) for _ in range(3))
            await run_pending_tasks()
            first.cancel()
            assert await asyncio.gather(second, third) == [2, 2]

    play(tmp_path, act)


def test_snapshots_close_at_exit_even_when_leased(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        await stage.snapshots.acquire()
        await ask(await stage.snapshots.acquire(stage.ids[0]))
        stage.store.use(stage.ids[1])
        await stage.snapshots.refresh()

    play(tmp_path, act)
