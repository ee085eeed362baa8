"""The HTTP processes of `plangraf serve`: forks of the supervisor, which has imported the service once for all of them.

A fork shares the code with the others; a process that started Python anew took 50 MiB and a second of the processor.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING

from uvicorn import Config
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from plangraf.diagnostics.diagnostic import DataError
from plangraf.engines.embedded.loaders import LoaderHost

if TYPE_CHECKING:
    from fastapi import FastAPI

_FORK = multiprocessing.get_context("fork")
_SIGNALS = {*SIGNALS}
# Seconds that answers may still take when a successor has taken over.
_DRAIN_S = 600
# Seconds beside the grace of its clients after which a process without a supervisor ends whatever it still waits for.
_MARGIN_S = 5


class HttpProcess(Process):
    """uvicorn's process, forked instead of spawned; it ends with its supervisor.

    It learns of the supervisor's end, whatever the cause, when no process holds the other end of its pipe any more. A
    signal at the parent's death could arrive before its handler, and while the service starts uvicorn only notes it.

    Args:
        host: the loaders; its thread does nothing while this process forks, because a fork copies its locks.
        config: of the server.
        sockets: to accept connections from.
    """

    def __init__(self, host: LoaderHost, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self._host = host
        _live.add(self)
        forked = _FORK.Process(target=partial(self._run, sockets))
        self.process = forked  # type: ignore[assignment]  # uvicorn calls only what both kinds have

    def start(self) -> None:
        # A signal between the fork and its reset of the handlers would be lost in the child.
        with self._host.paused(), _blocked():
            super().start()

    def drain(self) -> None:
        """Lets the process end its answers and its connections at leisure, because another service accepts new ones."""
        with suppress(ProcessLookupError):
            if self.pid is not None and self.exitcode is None:
                os.kill(self.pid, signal.SIGUSR2)

    def always_pong(self) -> None:
        try:
            super().always_pong()
        except (EOFError, OSError):
            self._end()

    def _run(self, sockets: list[socket]) -> None:
        self._host.close_copies()
        for process in _live:
            process.parent_conn.close()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGUSR2, self._drain)
        signal.set_wakeup_fd(-1)  # the supervisor's
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self.target(sockets)

    def _drain(self, number: int, frame: FrameType | None) -> None:
        from plangraf.http.server.protocol import Draining

        Draining.begin()
        self.config.timeout_graceful_shutdown = _DRAIN_S
        os.kill(os.getpid(), signal.SIGTERM)

    def _end(self) -> None:
        """Ends this process: at once while it starts, otherwise by SIGTERM, and at last without its consent."""
        if self.server.started:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep((self.config.timeout_graceful_shutdown or 0) + _MARGIN_S)
        os._exit(1)


_live: weakref.WeakSet[HttpProcess] = weakref.WeakSet()
"""The processes whose pipes a fork inherits."""


@contextmanager
def _blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def import_service() -> None:
    """Imports what every HTTP process needs, and exempts it from collection, which would copy its pages in each."""
    import plangraf.http.app
    import plangraf.http.server.protocol  # noqa: F401

    gc.collect()
    gc.freeze()


def make_app() -> FastAPI:
    """Makes the application of one HTTP process."""
    from plangraf.http.app import create_app

    try:
        app = create_app()
    except DataError as error:  # a declared file, such as a query, is wrong, and its author can correct it
        for found in error.problems:
            print(f"plangraf: {found.place.file}:{found.place.line or 1}: {found.en}", file=sys.stderr, flush=True)
        raise SystemExit(1) from error
    gc.collect()
    gc.freeze()  # collecting the long-lived objects again and again would delay requests by tens of ms
    return app
