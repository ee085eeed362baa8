"""An engine of a kept version that opens at its first query, because files and answered requests need no engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from plangraf.engines.interface import Engine, QueryAnswer, QueryRequest
from plangraf.sparql.safety import CheckedQuery


class LateEngine:
    """Makes and opens another engine when the first query comes; many queries share one opening.

    Args:
        make: makes the engine without starting it.
        admitted: held while the engine opens; entering it waits or raises when it must not open.
    """

    def __init__(self, make: Callable[[], Engine], admitted: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._make = make
        self._admitted = admitted
        self._engine: Engine | None = None
        self._opening: asyncio.Task[None] | None = None
        self._opened = False

    @property
    def ready(self) -> bool:
        return self._engine is not None and self._engine.ready

    async def start(self) -> None:
        """Opens nothing yet."""

    def check(self, query: str) -> CheckedQuery:
        """Checks a query; before the opening without the terms of the version, which `query` then checks."""
        return self._made().check(query)

    async def query(self, request: QueryRequest) -> QueryAnswer:
        """Evaluates a query, after the opening if it is the first.

        Raises:
            NotReadyError, EngineError: the engine cannot be opened now; the next query tries again.
            RequestError: what is wrong with the query.
        """
        if not self._opened:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(_retrieve)
            # A client that leaves must not end the opening for the others.
            await asyncio.shield(self._opening)
        return await self._made().query(request)

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._opened and self._engine is not None:
            self._opened = False
            await self._engine.close()

    def _made(self) -> Engine:
        if self._engine is None:
            self._engine = self._make()
        return self._engine

    async def _open(self) -> None:
        try:
            async with self._admitted():
                await self._made().start()
                self._opened = True
        except BaseException:
            self._engine = None  # the next query tries with a fresh one
            raise
        finally:
            self._opening = None


def _retrieve(opening: asyncio.Task[None]) -> None:
    if not opening.cancelled():
        opening.exception()  # mark as retrieved: an opening without waiters must not warn
