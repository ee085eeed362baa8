"""Kept versions that are open: a few at once, opened when they are asked for and closed when nobody asks.

The current version is open anyway and is lent, not opened again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from starlette.routing import Router

from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.switching import SwitchingEngine
from plangraf.errors import NotReadyError, ResourceNotFoundError, VersionGoneError, VersionsError
from plangraf.settings import Settings
from plangraf.store.versions import Version, VersionStore

IDLE_S = 60.0

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Open:
    engine: EmbeddedEngine
    router: Router
    lent: bool
    users: int = 0
    used: float = 0.0


class OpenedVersions:
    """At most `settings.old_versions` engines beside the current one, each with one worker and its own routes."""

    def __init__(
        self,
        store: VersionStore,
        settings: Settings,
        current: SwitchingEngine,
        routes: Callable[[EmbeddedEngine], Router],
        idle_s: float = IDLE_S,
    ) -> None:
        self._store = store
        self._settings = settings.model_copy(update={"query_workers": 1, "query_long": 1})
        self._current = current
        self._routes = routes
        self._idle_s = idle_s
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._changing = asyncio.Lock()
        self._sweeping: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def use(self, version_id: str) -> AsyncIterator[Router]:
        """The routes over one version, which stays open as long as they are used.

        Raises:
            ResourceNotFoundError, VersionGoneError: it is not kept here.
            NotReadyError: as many others as may be open are in use.
            EngineError: it cannot be opened.
        """
        async with self._changing:
            opened = await self._opened(version_id)
            opened.users += 1
        try:
            yield opened.router
        finally:
            opened.users -= 1
            opened.used = asyncio.get_running_loop().time()

    async def find(self, version_id: str) -> Version:
        """A version by its id.

        Raises:
            ResourceNotFoundError, VersionGoneError: it is not kept here.
        """
        return await asyncio.to_thread(kept_version, self._store, version_id)

    async def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        for version_id in list(self._open):
            await self._let_go(version_id)

    async def _opened(self, version_id: str) -> _Open:
        version = await self.find(version_id)
        serving = self._current.serving
        known = self._open.get(version_id)
        # A version that was lent is closed by its owner when another one becomes current.
        if known is not None and not (known.lent and known.engine is not serving):
            self._open.move_to_end(version_id)
            return known
        if known is not None:
            del self._open[version_id]
        if serving.version == version_id:
            opened = _Open(serving, self._routes(serving), lent=True)
        else:
            await self._make_room()
            engine = EmbeddedEngine(version, self._settings)
            await engine.start()
            log.info("kept version opened", version=version_id)
            opened = _Open(engine, self._routes(engine), lent=False)
        opened.used = asyncio.get_running_loop().time()
        self._open[version_id] = opened
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep())
        return opened

    async def _make_room(self) -> None:
        own = [(version_id, opened) for version_id, opened in self._open.items() if not opened.lent]
        if len(own) < self._settings.old_versions:
            return
        idle = next((version_id for version_id, opened in own if not opened.users), None)
        if idle is None:
            raise NotReadyError("another kept version is being asked, and no more may be open at once")
        await self._let_go(idle)

    async def _let_go(self, version_id: str) -> None:
        opened = self._open.pop(version_id)
        if not opened.lent:
            with contextlib.suppress(OSError):
                await opened.engine.close()
            log.info("kept version closed", version=version_id)

    async def _sweep(self) -> None:
        """Closes what nobody has used for a while; ends when nothing is open."""
        while self._open:
            await asyncio.sleep(self._idle_s / 4)
            async with self._changing:
                long_ago = asyncio.get_running_loop().time() - self._idle_s
                for version_id, opened in list(self._open.items()):
                    if not opened.users and opened.used <= long_ago:
                        await self._let_go(version_id)


def kept_version(store: VersionStore, version_id: str) -> Version:
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
