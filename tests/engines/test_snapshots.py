"""Leases: a snapshot stays as it is and open for as long as somebody has it, and no longer than it must."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from plangraf.engines.interface import QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshot, Snapshots
from plangraf.errors import EngineError, NotReadyError, ResourceNotFoundError, VersionGoneError
from plangraf.sparql.safety import CheckedQuery, Limits, check
from plangraf.store.versions import Version, VersionStore


class Recorded:
    """An engine that records when it was started and closed, and waits or fails when a test says so."""

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
        raise AssertionError("no test asks")


class Play:
    """Snapshots of a store with versions `ids`, the last of them current, and all engines that were made for them."""

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
        """The versions of the engines that are open, in the order in which they were made."""
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


async def settled() -> None:
    """Lets all that is ready to run run."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_leased_snapshot_outlives_the_switch_to_another_version(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, *_, last = stage.ids
        async with stage.snapshots.lease() as old:
            stage.store.use(first)
            assert await stage.snapshots.refresh()
            await settled()
            assert (old.id, stage.snapshots.current.id) == (last, first)
            assert stage.open == [last, first]
            async with stage.snapshots.lease() as new:
                assert new.id == first
        await settled()
        assert stage.open == [first]

    play(tmp_path, act)


def test_a_snapshot_that_nobody_has_is_closed_at_the_switch(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        stage.store.use(stage.ids[0])
        assert await stage.snapshots.refresh()
        await settled()
        assert stage.open == [stage.ids[0]]

    play(tmp_path, act)


def test_a_superseded_snapshot_is_leased_again_by_its_id_while_somebody_has_it(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        old = await stage.snapshots.acquire()
        stage.store.use(stage.ids[0])
        await stage.snapshots.refresh()
        async with stage.snapshots.lease(old.id) as again:
            assert again is old
            stage.snapshots.release(old)
            await settled()
            assert stage.open == [old.id, stage.ids[0]]
        await settled()
        assert stage.open == [stage.ids[0]]

    play(tmp_path, act)


def test_the_current_version_is_never_opened_twice(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async with stage.snapshots.lease() as one, stage.snapshots.lease(stage.ids[-1]) as other:
            assert one is other
        assert len(stage.engines) == 1

    play(tmp_path, act)


def test_many_requests_for_a_kept_version_open_it_once_with_a_small_engine(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        async def ask() -> Snapshot:
            async with stage.snapshots.lease(stage.ids[0]) as snapshot:
                await asyncio.sleep(0)
                return snapshot

        found = await asyncio.gather(*[ask() for _ in range(20)])
        assert len({id(snapshot) for snapshot in found}) == 1
        assert [(engine.version, engine.kept) for engine in stage.engines] == [
            (stage.ids[-1], False),
            (stage.ids[0], True),
        ]

    play(tmp_path, act)


def test_an_idle_kept_version_is_closed_and_one_that_is_leased_is_not(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, second, last = stage.ids
        async with stage.snapshots.lease(first):
            async with stage.snapshots.lease(second):
                pass
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


def test_one_more_kept_version_closes_the_one_that_was_leased_least_recently(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, second, third, last = stage.ids
        for version in (first, second, first, third):
            async with stage.snapshots.lease(version):
                pass
        assert stage.open == [last, first, third]

    play(tmp_path, act, count=4, most_kept=2)


def test_no_more_kept_versions_are_open_at_once_than_may_be(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, second, last = stage.ids
        async with stage.snapshots.lease(first):
            with pytest.raises(NotReadyError):
                await stage.snapshots.acquire(second)
            assert stage.open == [last, first]
        async with stage.snapshots.lease(second):
            assert stage.open == [last, second]

    play(tmp_path, act)


def test_a_kept_version_that_cannot_be_opened_takes_no_place(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        stage.failure = EngineError("too large")
        with pytest.raises(EngineError):
            await stage.snapshots.acquire(stage.ids[0])
        stage.failure = None
        async with stage.snapshots.lease(stage.ids[1]) as snapshot:
            assert snapshot.id == stage.ids[1]

    play(tmp_path, act)


def test_who_stops_waiting_for_a_kept_version_leaves_no_lease(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        stage.gate = asyncio.Event()
        waiting = [asyncio.create_task(stage.snapshots.acquire(stage.ids[0])) for _ in range(2)]
        await stage.opening.wait()
        waiting[0].cancel()
        await settled()
        stage.gate.set()
        snapshot = await waiting[1]
        assert waiting[0].cancelled()
        stage.snapshots.release(snapshot)
        # With no lease left it makes room for another one.
        async with stage.snapshots.lease(stage.ids[1]):
            assert stage.open == [stage.ids[-1], stage.ids[1]]

    play(tmp_path, act)


def test_a_kept_version_that_becomes_current_while_it_is_leased_ends_for_who_has_it_only(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, _, last = stage.ids
        async with stage.snapshots.lease(first) as kept:
            stage.store.use(first)
            await stage.snapshots.refresh()
            await settled()
            assert stage.open == [first, first]
            async with stage.snapshots.lease(first) as again:
                assert again is stage.snapshots.current
                assert again is not kept
        await asyncio.sleep(0.2)
        assert [engine.version for engine in stage.engines if engine.ready and not engine.kept] == [first]
        assert not any(engine.ready for engine in stage.engines if engine.kept or engine.version == last)

    play(tmp_path, act, idle_s=0.05)


def test_a_version_that_is_pruned_while_it_is_leased_stays_open_and_is_leased_to_nobody_else(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        first, _, last = stage.ids
        async with stage.snapshots.lease(first) as snapshot:
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


def test_a_version_that_became_current_again_between_two_looks_has_its_new_dates(tmp_path: Path) -> None:
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


def test_a_part_is_derived_once_for_many_and_once_for_each_snapshot(tmp_path: Path) -> None:
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


def test_a_part_that_fails_fails_for_all_who_wait_and_is_tried_again_later(tmp_path: Path) -> None:
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


def test_when_the_one_who_derives_a_part_leaves_another_one_derives_it(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        tries = 0

        async def part(snapshot: Snapshot) -> int:
            nonlocal tries
            tries += 1
            await asyncio.sleep(0.01)
            return tries

        async with stage.snapshots.lease() as snapshot:
            first, second, third = (asyncio.create_task(snapshot.part(part)) for _ in range(3))
            await settled()
            first.cancel()
            assert await asyncio.gather(second, third) == [2, 2]

    play(tmp_path, act)


def test_the_service_ends_though_snapshots_are_leased(tmp_path: Path) -> None:
    async def act(stage: Play) -> None:
        await stage.snapshots.acquire()
        await stage.snapshots.acquire(stage.ids[0])
        stage.store.use(stage.ids[1])
        await stage.snapshots.refresh()

    play(tmp_path, act)
