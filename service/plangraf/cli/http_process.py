"""The HTTP processes of `plangraf serve`: forks of the supervisor, which has imported the service once for all of them.

A fork shares the code with the others; a process that started Python anew took 50 MiB and a second of the processor.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from socket import socket
from typing import TYPE_CHECKING

from uvicorn import Config
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from plangraf.diagnostics.diagnostic import DataError
from plangraf.engines.embedded.loaders import LoaderHost
from plangraf.processes import die_with_parent

if TYPE_CHECKING:
    from fastapi import FastAPI

_FORK = multiprocessing.get_context("fork")
_SIGNALS = {*SIGNALS}


class HttpProcess(Process):
    """uvicorn's process, forked instead of spawned.

    Args:
        host: the loaders; its thread does nothing while this process forks, because a fork copies its locks.
        config: of the server.
        sockets: to accept connections from.
    """

    def __init__(self, host: LoaderHost, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self._host = host
        forked = _FORK.Process(target=partial(self._run, os.getpid(), sockets))
        self.process = forked  # type: ignore[assignment]  # uvicorn calls only what both kinds have

    def start(self) -> None:
        # A signal between the fork and its reset of the handlers would be lost in the child.
        with self._host.paused(), _blocked():
            super().start()

    def _run(self, supervisor: int, sockets: list[socket]) -> None:
        self._host.close_copies()
        self.parent_conn.close()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        die_with_parent(signal.SIGTERM)
        if os.getppid() != supervisor:
            return
        self.target(sockets)


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
