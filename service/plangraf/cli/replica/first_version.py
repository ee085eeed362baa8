"""Answers while a replica fetches its first version: 503 to everything but `/health/live`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import uuid
from collections.abc import Callable, Iterator

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from plangraf.errors import NotReadyError
from plangraf.errors.message import N_, English
from plangraf.http.resource.problems import problem
from plangraf.store.versions import VersionStore

_LOOK_S = 0.1


def await_first_version(listener: socket.socket, store: VersionStore, keep_alive: Callable[[], None]) -> bool:
    """Answers on a bound socket until the folder has a current version.

    Args:
        listener: the socket; it stays open, and listens afterwards.
        store: the folder that the replica fills.
        keep_alive: called again and again.
    Returns:
        False when a signal ended the waiting.
    """
    config = uvicorn.Config(_Answers(store), lifespan="off", ws="none", log_config=None, access_log=False,
                            server_header=False, timeout_graceful_shutdown=5)  # fmt: skip
    server = _Server(config)

    async def run() -> bool:
        loop = asyncio.get_running_loop()
        ended = False

        def end() -> None:
            nonlocal ended
            ended = server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        # There is no version to switch to yet, and without a handler this signal would end the process.
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        serving = asyncio.create_task(server.serve([listener.dup()]))
        while not server.should_exit and not serving.done():
            keep_alive()
            await asyncio.sleep(_LOOK_S)
            if store.has_current():
                server.should_exit = True
        await serving
        return not ended

    return asyncio.run(run())


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to the waiting."""
        yield


class _Answers:
    """A plain ASGI application with one answer."""

    def __init__(self, store: VersionStore) -> None:
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._respond(Request(scope))(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        if request.url.path == "/health/live":
            response: Response = JSONResponse({"status": "live"}, headers={"Cache-Control": "no-store"})
        else:
            status = self._store.replica_status() or {}
            trouble = status.get("problem")
            why = (
                N_("this replica has no version, because it cannot fetch one: %(why)s", why=English(str(trouble)))
                if trouble
                else N_("this replica fetches its first version")
            )
            response = problem(NotReadyError(why), uuid.uuid4().hex)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response
