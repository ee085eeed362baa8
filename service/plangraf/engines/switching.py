"""The engine over whatever version is current: a new one is opened beside the old, which then drains and goes.

No request meets the switch: each query runs on the version that was served when it began.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

import structlog

from plangraf import metrics
from plangraf.engines.base import QueryRequest
from plangraf.engines.embedded.answer import EmbeddedAnswer
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.errors import EngineError, PlangrafError
from plangraf.settings import Settings
from plangraf.sparql.safety import CheckedQuery
from plangraf.store.versions import VersionStore

# A version that could not be opened is tried again after this, since what prevented it may pass.
_RETRY_S = 30.0

log = structlog.get_logger()


class SwitchingEngine:
    """An EmbeddedEngine for the current version of a store, replaced while queries run; see base.Engine."""

    def __init__(self, store: VersionStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._engine = EmbeddedEngine(store.current(), settings)
        self._subscribers: list[Callable[[], None]] = []
        self._refreshing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: tuple[str, float] | None = None

    @property
    def version(self) -> str:
        return self._engine.version

    @property
    def serving(self) -> EmbeddedEngine:
        """The engine of the version that is served now; closed some time after another one is."""
        return self._engine

    @property
    def triples(self) -> int:
        return self._engine.triples

    @property
    def ready(self) -> bool:
        return self._engine.ready

    @property
    def graphs(self) -> Mapping[str, int]:
        return self._engine.graphs

    @property
    def folder(self) -> Path:
        return self._engine.folder

    @property
    def waiting(self) -> int:
        return self._engine.waiting

    @property
    def running(self) -> int:
        return self._engine.running

    def check(self, query: str) -> CheckedQuery:
        """The query's form, once it passed the guard.

        Raises:
            RequestError: what is wrong with it, and where.
        """
        return self._engine.check(query)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Calls `callback` after each switch."""
        self._subscribers.append(callback)

    async def start(self) -> None:
        await self._engine.start()
        metrics.served(self.version)
        if self._settings.watch_s:
            self._spawn(self._watch())

    async def query(self, request: QueryRequest) -> EmbeddedAnswer:
        return await self._engine.query(request)

    async def refresh(self) -> bool:
        """Looks which version is current and switches to it; whether it did.

        A version that cannot be opened leaves the old one serving, and one line in the log.
        """
        async with self._refreshing:
            try:
                version = self._store.current()
            except PlangrafError as error:
                log.error("version not readable", error=str(error))
                return False
            now = asyncio.get_running_loop().time()
            if version.id == self._engine.version:
                return False
            if self._failed is not None and self._failed[0] == version.id and now < self._failed[1]:
                return False
            fresh = EmbeddedEngine(version, self._settings)
            try:
                await fresh.start()
            except (EngineError, OSError) as error:
                self._failed = (version.id, now + _RETRY_S)
                log.error("version not opened", version=version.id, serving=self._engine.version, error=str(error))
                return False
            self._failed = None
            old, self._engine = self._engine, fresh
        for callback in self._subscribers:
            callback()
        metrics.served(fresh.version, before=old.version)
        log.info("version switched", version=fresh.version, before=old.version)
        self._spawn(self._drain(old))
        return True

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._engine.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._settings.watch_s)
            await self.refresh()

    async def _drain(self, old: EmbeddedEngine) -> None:
        """Lets the answers of an engine that gets no more queries come to their end."""
        try:
            await old.drained()
        finally:
            with contextlib.suppress(OSError):
                await old.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
