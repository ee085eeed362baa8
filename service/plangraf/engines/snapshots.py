"""Leases open versions as snapshots.

A snapshot is one version at rest: its data, its files and the parts derived from them do not change while it is
leased, even when another version becomes current. The current version is always open. The engines of kept versions
open at the first query, a few at once, and close after they have been idle for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Protocol, TypeVar, TypeVarTuple

import structlog

from plangraf import metrics
from plangraf.engines.interface import Engine
from plangraf.engines.opened_late import LateEngine
from plangraf.engines.parts import MOST_BYTES, Parts
from plangraf.errors import (
    NotReadyError,
    PlangrafError,
    ResourceNotFoundError,
    VersionGoneError,
    VersionNotHereError,
    VersionsError,
)
from plangraf.errors.message import N_
from plangraf.store.contents import Contents
from plangraf.store.versions import Version, VersionStore
from plangraf.store.versions.holding import Hold
from plangraf.store.versions.version import VERSION_ID

IDLE_S = 60.0
# Retry a version that failed to open after this time, because the cause may be temporary.
_RETRY_S = 30.0

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

log = structlog.get_logger()


class MakeEngine(Protocol):
    """Makes the engine of a version without starting it; a kept version gets a small engine."""

    def __call__(self, version: Version, *, kept: bool) -> Engine: ...


class Snapshot:
    """One version at rest: its contents, its engine and its derived parts."""

    def __init__(self, contents: Contents, engine: Engine, most_bytes: int = MOST_BYTES) -> None:
        self.id = contents.version.id
        self.contents = contents
        self.engine = engine
        # A replica removes a version only when nothing has it open.
        self._hold = Hold(contents.version.path)
        self._parts = Parts(most_bytes)
        self._leases = 0
        self._idle: asyncio.TimerHandle | None = None

    async def part(self, derive: Callable[[Snapshot, *Ts], Awaitable[T]], *about: *Ts) -> T:
        """Returns `derive(snapshot, *about)`, cached while the snapshot is open and its parts fit into their memory.

        Raises:
            Exception: what `derive` raised, see `Parts.get`.
        """
        return await self._parts.get((derive, *about), partial(derive, self, *about))

    async def close(self) -> None:
        self._parts.clear()
        with contextlib.suppress(OSError):
            await self.engine.close()
        self._hold.release()


class Lease:
    """A lease of a snapshot; the end of the `async with` block releases it."""

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
        most_kept: how many kept versions may be open beside the current one.
        watch_s: seconds between checks for another current version; 0 never checks.
        idle_s: seconds without a lease after which a kept version closes.
        most_bytes: the memory of one snapshot for its derived parts.
    Raises:
        VersionsError: there is no version that can be read.
    """

    def __init__(
        self,
        store: VersionStore,
        make_engine: MakeEngine,
        *,
        most_kept: int = 1,
        watch_s: float = 0,
        idle_s: float = IDLE_S,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.store = store
        self._make_engine = make_engine
        self._most_kept = most_kept
        self._watch_s = watch_s
        self._idle_s = idle_s
        self._most_bytes = most_bytes
        # What the log has of a version that cannot be opened, so that each check does not say it again.
        self._told = ""
        self._current = self._first()
        # In order of the last lease, the least recent first.
        self._kept: dict[str, Snapshot] = {}
        # The kept versions whose engines are open.
        self._opened: set[str] = set()
        self._retired: list[Snapshot] = []
        self._subscribers: list[Callable[[], None]] = []
        self._opening = asyncio.Lock()
        self._refreshing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._failed: tuple[str, float] | None = None

    @property
    def current(self) -> Snapshot:
        """The current version's snapshot without a lease: enough to read its id, not to query it."""
        return self._current

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Calls `callback` after each switch to another version."""
        self._subscribers.append(callback)

    def _first(self) -> Snapshot:
        """The current version; when its files cannot be read, the newest one whose files can.

        Raises:
            VersionsError: there is none.
        """
        try:
            return self._make(self.store.current())
        except (PlangrafError, OSError, ValueError) as error:
            for version in self.store.readable():
                with contextlib.suppress(PlangrafError, OSError, ValueError):
                    found = self._make(version)
                    log.error("version not readable", serving=version.id, error=str(error))
                    self._told = str(error)
                    return found
            raise

    async def start(self) -> None:
        """Opens the current version; when it cannot be opened, the newest one that can.

        Raises:
            EngineError, VersionsError: none can be opened.
        """
        try:
            await self._current.engine.start()
        except (PlangrafError, OSError, ValueError) as error:
            await self._start_another(error)
        metrics.record_version(self._current.id)
        if self._watch_s:
            self._watching = asyncio.create_task(self._watch())

    async def _start_another(self, error: Exception) -> None:
        failed = self._current.id
        for version in await asyncio.to_thread(self.store.readable):
            if version.id == failed:
                continue
            try:
                self._current = await self._open(version)
            except (PlangrafError, OSError, ValueError):
                continue
            self._failed, self._told = (failed, asyncio.get_running_loop().time() + _RETRY_S), str(error)
            log.error("version not opened", version=failed, serving=version.id, error=str(error))
            return
        raise error

    def lease(self, version_id: str | None = None) -> Lease:
        """Leases the snapshot of a version, by default the current one: `async with snapshots.lease() as snapshot`.

        Raises on entry:
            ResourceNotFoundError, VersionGoneError: the version is not kept here.
        """
        return Lease(self, version_id)

    async def acquire(self, version_id: str | None = None) -> Snapshot:
        """Leases as `lease` does; the caller must call `release`."""
        if version_id is None:
            return self.acquire_current()
        version = await asyncio.to_thread(find_version, self.store, version_id)
        snapshot = self._find(version_id)
        if snapshot is None:
            try:
                contents = await asyncio.to_thread(Contents.read, version)
            except VersionsError:
                await asyncio.to_thread(find_version, self.store, version_id)  # removed meanwhile
                raise
            # Look again: another request may have read it, or it may have become current.
            snapshot = self._find(version_id) or self._keep(contents)
        self._lend(snapshot)
        return snapshot

    def acquire_current(self) -> Snapshot:
        """Leases the current version without waiting; the caller must call `release`."""
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
        """Switches to the store's current version; returns whether it switched.

        When the version cannot be opened, the old one stays current and the log gets one line.
        """
        async with self._refreshing:
            try:
                version = self.store.current()
            except PlangrafError as error:
                if str(error) != self._told:
                    self._told = str(error)
                    log.error("version not readable", serving=self._current.id, error=str(error))
                return False
            now = asyncio.get_running_loop().time()
            if version.id == self._current.id and not self._current.contents.has_new_dates():
                return False
            if self._failed is not None and self._failed[0] == version.id and now < self._failed[1]:
                return False
            try:
                fresh = await self._open(version)
            except (PlangrafError, OSError, ValueError) as error:
                self._failed = (version.id, now + _RETRY_S)
                if str(error) != self._told:
                    self._told = str(error)
                    log.error("version not opened", version=version.id, serving=self._current.id, error=str(error))
                return False
            self._failed, self._told = None, ""
            old, self._current = self._current, fresh
        if old._leases:
            self._retired.append(old)
        else:
            self._close_later(old.close())
        for callback in self._subscribers:
            callback()
        metrics.record_version(fresh.id, before=old.id)
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

    async def _open(self, version: Version) -> Snapshot:
        snapshot = await asyncio.to_thread(self._make, version)
        await snapshot.engine.start()
        return snapshot

    def _make(self, version: Version) -> Snapshot:
        return Snapshot(Contents.read(version), self._make_engine(version, kept=False), self._most_bytes)

    def _find(self, version_id: str) -> Snapshot | None:
        """The open snapshot of a version."""
        if self._current.id == version_id:
            return self._current
        if (snapshot := self._kept.get(version_id)) is not None:
            return snapshot
        return next((snapshot for snapshot in self._retired if snapshot.id == version_id), None)

    def _keep(self, contents: Contents) -> Snapshot:
        """Makes the snapshot of a kept version, whose engine opens at its first query."""
        version = contents.version
        engine = LateEngine(partial(self._make_engine, version, kept=True), partial(self._admit, version.id))
        snapshot = self._kept[version.id] = Snapshot(contents, engine, self._most_bytes)
        return snapshot

    @asynccontextmanager
    async def _admit(self, version_id: str) -> AsyncIterator[None]:
        """Waits until the engine of a kept version may open, and closes another one when too many would be open.

        Raises:
            NotReadyError: every kept version that is open is leased.
        """
        async with self._opening:
            if len(self._opened) >= self._most_kept:
                opened = (kept for kept in self._kept.values() if kept.id in self._opened)
                idle = next((kept for kept in opened if not kept._leases), None)
                if idle is None:
                    raise NotReadyError(N_("another kept version is being asked, and no more may be open at once"))
                await self._close_kept(idle)
            yield
            self._opened.add(version_id)
        log.info("kept version opened", version=version_id)

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
        # Remove it first, so that no request leases a closing snapshot.
        if self._kept.pop(snapshot.id, None) is None:
            return
        if snapshot._idle is not None:
            snapshot._idle.cancel()
        self._opened.discard(snapshot.id)
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
    """Finds a kept version by its id.

    Raises:
        ResourceNotFoundError, VersionGoneError: it is not kept here.
    """
    try:
        return store.get(version_id)
    except VersionsError as error:
        if version_id in store.pruned():
            raise VersionGoneError(version_id) from error
        if VERSION_ID.fullmatch(version_id) and store.replica_status() is not None:
            raise VersionNotHereError(version_id, store.current().id) from error
        raise ResourceNotFoundError(
            N_("version %(version)s", version=version_id), N_("Versions that are kept are listed at /version/.")
        ) from error
