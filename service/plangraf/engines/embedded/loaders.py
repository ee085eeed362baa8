"""Starts loaders and leases them: a host shares one for each version; without a host each engine starts its own.

`plangraf serve` is the host. Its HTTP processes lease a loader over a Unix socket in a private folder, which
PLANGRAF_LOADERS names, and receive a control socket to it. A loader ends with its last lease. An engine without a
host, as in a test or a single process, starts a loader of its own.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import orjson
import structlog

from plangraf.engines.embedded.wire import CONNECT, MEMORY

VARIABLE = "PLANGRAF_LOADERS"
_NAME = "loaders"
_BACKLOG = 128
_LONGEST_REQUEST = 64 * 1024
# Bytes of a socket's address that every system accepts.
_LONGEST_ADDRESS = 100
_LEASE_S = 30.0

log = structlog.get_logger()


class Lease(Protocol):
    """Keeps a loader alive until it is closed; `control` is the front's socket to the loader."""

    control: socket.socket

    def close(self) -> None: ...


def lease(version: Path, memory_mb: int, store: str = MEMORY) -> Lease:
    """Leases the host's loader of the version in this folder; without a host, starts one.

    Blocks for some milliseconds. The calling thread must outlive the lease. `store` is where the version is read from,
    MEMORY or DISK.

    Raises:
        OSError: no loader can be started.
    """
    address = os.environ.get(VARIABLE)
    if address:
        return _SharedLoader(Path(address), version, memory_mb, store)
    return _OwnLoader(version, memory_mb, store)


@dataclass(slots=True, eq=False)
class _Loader:
    """A loader's process, the socket over which it receives fronts, and the connections that lease it."""

    process: subprocess.Popen[bytes]
    host: socket.socket
    leases: set[socket.socket] = field(default_factory=set)

    @classmethod
    def start(cls, version: Path, memory_mb: int, store: str) -> _Loader:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "plangraf.engines.embedded.loader",
                 str(theirs.fileno()), str(version), str(memory_mb), store],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        return cls(process, ours)

    def connect(self) -> socket.socket:
        """Gives the loader a new control socket; returns the front's end. Commands queue in it until the version opens.

        Raises:
            OSError: the loader has died.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.host, [CONNECT], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    @property
    def is_alive(self) -> bool:
        """Whether the loader can accept a front: the kernel closes this socket first when the process dies."""
        try:
            return self.host.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False

    def end(self) -> None:
        """Kills the process at once, because its workers belong to their fronts and go on."""
        self.host.close()
        self.process.kill()
        self.process.wait()


class _OwnLoader:
    """A loader that one front starts for itself; see Lease."""

    def __init__(self, version: Path, memory_mb: int, store: str) -> None:
        self._loader = _Loader.start(version, memory_mb, store)
        self.control = self._loader.connect()

    def close(self) -> None:
        self.control.close()
        self._loader.end()


class _SharedLoader:
    """A loader of the host; see Lease. The open connection to the host is the lease."""

    def __init__(self, address: Path, version: Path, memory_mb: int, store: str) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._connection.settimeout(_LEASE_S)
            with _short(address) as short:
                self._connection.connect(short)
            self._connection.sendall(orjson.dumps([str(version), memory_mb, store]) + b"\n")
            _, descriptors, _, _ = socket.recv_fds(self._connection, 1, 1)
            if not descriptors:
                raise ConnectionError("the host could not start a loader")
        except OSError:
            self._connection.close()
            raise
        self.control = socket.socket(fileno=descriptors[0])

    def close(self) -> None:
        self.control.close()
        self._connection.close()


class LoaderHost:
    """Runs the loaders of all HTTP processes, one for each version, from a thread of the supervising process.

    A loader dies with the thread that started it, see `processes`, so this thread lives as long as the host.
    """

    def __init__(self, folder: Path) -> None:
        self.address = folder / _NAME
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(self.address) as short:
            self._listener.bind(short)
        self._listener.listen(_BACKLOG)
        self._wake, self._woken = socket.socketpair()
        self._loaders: dict[tuple[str, int, str], _Loader] = {}
        self._leased: dict[socket.socket, _Loader] = {}
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, name="loaders", daemon=True)
        self._working = threading.Lock()

    def __enter__(self) -> LoaderHost:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all loaders."""
        self._wake.close()
        self._thread.join()

    def paused(self) -> AbstractContextManager[object]:
        """The thread holds no lock of the interpreter in this context, so that its process may fork."""
        return self._working

    def close_copies(self) -> None:
        """Closes, in a fork, the copies of all sockets, because a loader ends only when every copy is closed."""
        for loader in self._loaders.values():
            loader.host.close()
        for socket_ in (*self._leased, self._listener, self._wake, self._woken):
            socket_.close()
        self._selector.close()

    def _run(self) -> None:
        with self._selector, self._listener, self._woken:
            self._selector.register(self._listener, selectors.EVENT_READ)
            self._selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in self._selector.select():
                    with self._working:
                        if not self._on_event(key):
                            return

    def _on_event(self, key: selectors.SelectorKey) -> bool:
        """Returns False at the end of the host."""
        if key.fileobj is self._woken:
            for connection in list(self._leased):
                self._release(connection)
            return False
        if key.fileobj is self._listener:
            connection, _ = self._listener.accept()
            self._selector.register(connection, selectors.EVENT_READ)
        else:
            assert isinstance(key.fileobj, socket.socket)
            self._on_readable(key.fileobj)
        return True

    def _on_readable(self, connection: socket.socket) -> None:
        """A front requests a lease, or has closed its connection."""
        try:
            asked = connection.recv(_LONGEST_REQUEST)
            if asked:
                self._lease(connection, *orjson.loads(asked))
                return
        except (OSError, ValueError) as error:
            log.error("loader not started", error=str(error))
        self._release(connection)

    def _lease(self, connection: socket.socket, version: str, memory_mb: int, store: str) -> None:
        key = (version, memory_mb, store)
        loader = self._loaders.get(key)
        if loader is None or not loader.is_alive:
            if loader is not None:
                loader.end()
            loader = self._loaders[key] = _Loader.start(Path(version), memory_mb, store)
        loader.leases.add(connection)
        self._leased[connection] = loader
        with loader.connect() as control:
            socket.send_fds(connection, [CONNECT], [control.fileno()])

    def _release(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()
        loader = self._leased.pop(connection, None)
        if loader is None:
            return
        loader.leases.discard(connection)
        if not loader.leases:
            loader.end()
            self._loaders = {key: other for key, other in self._loaders.items() if other is not loader}


@contextmanager
def _short(address: Path) -> Iterator[str]:
    """The address, short enough for a socket even when the folder's path is long."""
    if len(os.fsencode(address)) <= _LONGEST_ADDRESS:
        yield str(address)
        return
    folder = os.open(address.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{address.name}"
    finally:
        os.close(folder)
