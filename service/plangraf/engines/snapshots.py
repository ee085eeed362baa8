"""Versions that are open, each leased as a snapshot to whoever answers from it.

A snapshot is one version at rest: its data, its files and what was derived from them stay the same for as long as it
is leased, whatever becomes current meanwhile. The current version is always open; others are opened on demand, a few
at once, and closed when nobody has leased them for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from types import TracebackType
from typing import Any, Protocol, TypeVar, TypeVarTuple, cast

import structlog

from plangraf import metrics
from plangraf.engines.base import Engine
from plangraf.errors import (
    EngineError,
    NotReadyError,
    PlangrafError,
    ResourceNotFoundError,
    VersionGoneError,
    VersionsError,
)
from plangraf.store.contents import Contents
from plangraf.store.versions import Version, VersionStore

IDLE_S = 60.0
# A version that could not be opened is tried again after this, since what prevented it may pass.
_RETRY_S = 30.0

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

log = structlog.get_logger()


class MakeEngine(Protocol):
    """Gives the engine of a version, not yet started; a kept version gets a small one."""

    def __call__(self, version: Version, *, kept: bool) -> Engine: ...


class Snapshot:
    """One version, unchanged for as long as it is leased: its engine, its files and its parts."""

    def __init__(self, contents: Contents, engine: Engine) -> None:
        self.id = contents.version.id
        self.contents = contents
        self.engine = engine
        self._parts: dict[Hashable, Any] = {}
        self._flights: dict[Hashable, asyncio.Future[None]] = {}
        self._leases = 0
        self._idle: asyncio.TimerHandle | None = None

    async def part(self, derive: Callable[[Snapshot, *Ts], Awaitable[T]], *about: *Ts) -> T:
        """What `derive(snapshot, *about)` gives, worked out once and kept as long as the snapshot is open.

        Of several callers at once one computes it and the others wait; when that one is cancelled, another computes.

        Raises:
            Exception: what `derive` raised, to all who waited for it; the next caller tries again.
        """
        key = (derive, *about)
        while key not in self._parts:
            flight = self._flights.get(key)
            if flight is None:
                return await self._derive(key, derive(self, *about))
            await asyncio.shield(flight)
        return cast(T, self._parts[key])

    async def _derive(self, key: Hashable, deriving: Awaitable[T]) -> T:
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            found = self._parts[key] = await deriving
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # nobody may be waiting, which is not worth a warning
            raise
        finally:
            del self._flights[key]
            if not flight.done():
                flight.set_result(None)
        return found

    async def close(self) -> None:
        self._parts.clear()
        with contextlib.suppress(OSError):
            await self.engine.close()


class Lease:
    """A snapshot on loan, given back at the end of the `async with` block."""

    def __init__(self, snapshots: Snapshots, version_id: str | None) -> None:
        self._snapshots = snapshots
        self._version_id = version_id
        self._snapshot: Snapshot | None = None

    async def __aenter__(self) -> Snapshot:
        self._snapshot = await self._snapshots.acquire(self._version_id)
        return self._snapshot

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._snapshot is not None
        self._snapshots.release(self._snapshot)


class Snapshots:
    """All open versions of one store.

    Args:
        store: where the versions are.
        make_engine: gives the engine of a version.
        most_kept: how many versions may be open beside the current one.
        watch_s: seconds between looks at which version is current; 0 never looks.
        idle_s: seconds after which a kept version is closed that nobody leases.
    Raises:
        VersionsError: there is no current version.
    """

    def __init__(
        self,
        store: VersionStore,
        make_engine: MakeEngine,
        *,
        most_kept: int = 1,
        watch_s: float = 0,
        idle_s: float = IDLE_S,
    ) -> None:
        self.store = store
        self._make_engine = make_engine
        self._most_kept = most_kept
        self._watch_s = watch_s
        self._idle_s = idle_s
        current = store.current()
        self._current = Snapshot(Contents.read(current), make_engine(current, kept=False))
        # The ones leased least recently first.
        self._kept: dict[str, Snapshot] = {}
        self._retired: list[Snapshot] = []
        self._subscribers: list[Callable[[], None]] = []
        self._opening = asyncio.Lock()
        self._refreshing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._failed: tuple[str, float] | None = None

    @property
    def current(self) -> Snapshot:
        """The current version's snapshot, to be leased by who does more than look at it."""
        return self._current

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Calls `callback` after each switch to another version."""
        self._subscribers.append(callback)

    async def start(self) -> None:
        """Opens the current version. EngineError: it cannot be opened."""
        await self._current.engine.start()
        metrics.served(self._current.id)
        if self._watch_s:
            self._watching = asyncio.create_task(self._watch())

    def lease(self, version_id: str | None = None) -> Lease:
        """Lends the snapshot of a version, the current one when none is named: `async with snapshots.lease() as s`.

        Raises on entry:
            ResourceNotFoundError, VersionGoneError: the version is not kept here.
            NotReadyError: as many kept versions as may be open are leased.
            EngineError: it cannot be opened.
        """
        return Lease(self, version_id)

    async def acquire(self, version_id: str | None = None) -> Snapshot:
        """As `lease`, to be given back by `release`."""
        if version_id is None:
            return self.acquire_current()
        version = await asyncio.to_thread(find_version, self.store, version_id)
        snapshot = self._find(version_id)
        if snapshot is None:
            async with self._opening:
                # Another request may have opened it, or it may have become current.
                snapshot = self._find(version_id) or await self._open_kept(version)
        self._lend(snapshot)
        return snapshot

    def acquire_current(self) -> Snapshot:
        """The current version's snapshot, to be given back by `release`."""
        self._lend(self._current)
        return self._current

    def release(self, snapshot: Snapshot) -> None:
        snapshot._leases -= 1
        if snapshot._leases:
            return
        if snapshot in self._retired:
            self._retired.remove(snapshot)
            self._close_later(snapshot.close())
        elif snapshot is not self._current:
            snapshot._idle = asyncio.get_running_loop().call_later(self._idle_s, self._close_idle, snapshot)

    async def refresh(self) -> bool:
        """Looks which version is current and switches to it; whether it did.

        A version that cannot be opened leaves the old one current, and one line in the log.
        """
        async with self._refreshing:
            try:
                version = self.store.current()
            except PlangrafError as error:
                log.error("version not readable", error=str(error))
                return False
            now = asyncio.get_running_loop().time()
            if version.id == self._current.id and not self._current.contents.is_dated_anew():
                return False
            if self._failed is not None and self._failed[0] == version.id and now < self._failed[1]:
                return False
            try:
                fresh = await self._open(version, kept=False)
            except (EngineError, OSError) as error:
                self._failed = (version.id, now + _RETRY_S)
                log.error("version not opened", version=version.id, serving=self._current.id, error=str(error))
                return False
            self._failed = None
            old, self._current = self._current, fresh
        if old._leases:
            self._retired.append(old)
        else:
            self._close_later(old.close())
        for callback in self._subscribers:
            callback()
        metrics.served(fresh.id, before=old.id)
        log.info("version switched", version=fresh.id, before=old.id)
        return True

    async def close(self) -> None:
        """Closes all versions, leased or not."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await asyncio.gather(*self._closing)
        for snapshot in (self._current, *self._kept.values(), *self._retired):
            if snapshot._idle is not None:
                snapshot._idle.cancel()
            await snapshot.close()

    async def _open(self, version: Version, *, kept: bool) -> Snapshot:
        snapshot = Snapshot(await asyncio.to_thread(Contents.read, version), self._make_engine(version, kept=kept))
        await snapshot.engine.start()
        return snapshot

    def _find(self, version_id: str) -> Snapshot | None:
        """The open snapshot of a version."""
        if self._current.id == version_id:
            return self._current
        if (snapshot := self._kept.get(version_id)) is not None:
            return snapshot
        return next((snapshot for snapshot in self._retired if snapshot.id == version_id), None)

    async def _open_kept(self, version: Version) -> Snapshot:
        if len(self._kept) >= self._most_kept:
            idle = next((snapshot for snapshot in self._kept.values() if not snapshot._leases), None)
            if idle is None:
                raise NotReadyError("another kept version is being asked, and no more may be open at once")
            await self._close_kept(idle)
        snapshot = self._kept[version.id] = await self._open(version, kept=True)
        log.info("kept version opened", version=version.id)
        return snapshot

    def _lend(self, snapshot: Snapshot) -> None:
        snapshot._leases += 1
        if snapshot._idle is not None:
            snapshot._idle.cancel()
            snapshot._idle = None
        if self._kept.get(snapshot.id) is snapshot:
            self._kept[snapshot.id] = self._kept.pop(snapshot.id)

    def _close_idle(self, snapshot: Snapshot) -> None:
        snapshot._idle = None
        if self._kept.get(snapshot.id) is snapshot:
            self._close_later(self._close_kept(snapshot))

    async def _close_kept(self, snapshot: Snapshot) -> None:
        # First out of sight, so that nobody leases what is being closed.
        if self._kept.pop(snapshot.id, None) is None:
            return
        if snapshot._idle is not None:
            snapshot._idle.cancel()
        await snapshot.close()
        log.info("kept version closed", version=snapshot.id)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._watch_s)
            await self.refresh()

    def _close_later(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def find_version(store: VersionStore, version_id: str) -> Version:
    """A version by its id.

    Raises:
        ResourceNotFoundError, VersionGoneError: it is not kept here.
    """
    try:
        return store.get(version_id)
    except VersionsError as error:
        if version_id in store.pruned():
            raise VersionGoneError(version_id) from error
        raise ResourceNotFoundError(
            f"version {version_id}", "Versions that are kept are listed at /version/."
        ) from error
