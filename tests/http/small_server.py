"""An application on a real uvicorn, and a scripted engine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

import tested_engine
from local_server import free_port
from plangraf.engines.interface import Engine, QueryAnswer, QueryRequest
from plangraf.engines.snapshots import Snapshots
from plangraf.errors import AnswerBrokenError
from plangraf.rdf.formats import Format
from plangraf.settings import Settings
from plangraf.sparql.safety import CheckedQuery, Limits, check
from plangraf.store.versions import Version, VersionStore

HOME = Path(__file__).resolve().parent / "home"
LIMIT_BYTES = 4096
VERSION = "0123456789abcdef"


@contextlib.contextmanager
def serving(make: Callable[[int], FastAPI], http: type[asyncio.Protocol] | str = "httptools") -> Iterator[str]:
    """The application on a real uvicorn in a thread, with a protocol; yields its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(make(port), port=port, log_config=None, access_log=False, lifespan="on", http=http)  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


def small_settings(versions: Path, port: int, **more: object) -> Settings:
    """Without lines about requests, because a server in this process may write one between two tests, uncaptured."""
    given: dict[str, object] = {"query_max_bytes": LIMIT_BYTES, "log_level": "error", **more}
    given |= tested_engine.settings(versions)
    return Settings(home=HOME, versions=versions, port=port, **given)  # type: ignore[arg-type]


class Script:
    """A scripted engine with counters."""

    def __init__(self) -> None:
        self.ready = True
        self.asked: list[QueryRequest] = []
        self.started = self.closed = self.freed = self.cancelled = 0
        self.chunks: list[bytes | Exception | float] = [b'{"head":{"vars":["a"]},"results":{"bindings":[]}}']
        self.failure: Exception | None = None
        self.wait_s = 0.0

    async def start(self) -> None:
        self.started += 1

    async def close(self) -> None:
        self.closed += 1

    def check(self, query: str) -> CheckedQuery:
        return check(query, Limits())

    async def query(self, request: QueryRequest) -> QueryAnswer:
        self.asked.append(request)
        try:
            await asyncio.sleep(self.wait_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            raise self.failure
        return _ScriptedAnswer(request.format, self)


class OneVersion(VersionStore):
    """A store whose only version has no files."""

    def current(self) -> Version:
        return Version(VERSION, self.path / VERSION, {"triples": 3})


def snapshots_over(engine: Engine, folder: Path) -> Snapshots:
    """Snapshots of one version, with an engine of the test."""
    return Snapshots(OneVersion(folder), lambda version, *, kept: engine)


class _ScriptedAnswer:
    def __init__(self, format_: Format, script: Script) -> None:
        self.format = format_
        self.queued_s = self.evaluated_s = 0.0
        self._script = script
        self.chunks = self._give()
        self.complete = None

    async def _give(self) -> AsyncIterator[bytes]:
        for chunk in self._script.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            if isinstance(chunk, float):
                await asyncio.sleep(chunk)
            else:
                yield chunk

    async def aclose(self) -> None:
        self._script.freed += 1


BREAK = AnswerBrokenError("its worker was killed")
