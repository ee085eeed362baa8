"""The loader: opens one version, once, and forks the workers of all HTTP processes, which share it.

`loaders` starts it as `python -m plangraf.engines.embedded.loader <socket> <version> <memory in MiB> <store>`; the
store is `memory` or `disk`. It stays single-threaded, because a fork is safe only then. It ends when its host closes
the socket. A worker ends when its front closes the worker's sockets, so workers survive a loader that dies.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import socket
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from plangraf.engines.embedded import worker
from plangraf.engines.embedded.stores import Stores, open_stores
from plangraf.engines.embedded.wire import AHEAD, CONNECT, CONTROL, FORK, MEMORY, READY, WORKER
from plangraf.errors import VersionsError
from plangraf.processes import die_with_parent, is_closed
from plangraf.store.versions import Version, VersionStore

_MOST_DESCRIPTORS = 4096
# Bytes that a query computed ahead may add to its worker: an answer that nobody asked for must not raise the peak.
_MEMORY_AHEAD = 64 * 1024 * 1024


class _Loader:
    """Executes the fork commands of its fronts until its host closes the socket."""

    def __init__(self, host: socket.socket, stores: Stores, memory: int, files: frozenset[int]) -> None:
        self._host = host
        # The descriptors of the stores on disk, which workers read.
        self._files = files
        self._stores = stores
        self._triples = stores.triples
        self._memory = memory
        self._poll = select.poll()
        self._poll.register(host, select.POLLIN)
        self._fronts: dict[int, socket.socket] = {}
        # The worker that computes ahead, as a pidfd, which becomes readable when it ends; and the fronts in its queue.
        self._ahead: int | None = None
        self._ahead_wanted: deque[socket.socket] = deque()

    def run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._host.fileno():
                    if not self._connect():
                        return
                elif descriptor == self._ahead:
                    self._end_ahead(descriptor)
                elif descriptor in self._fronts:
                    self._on_command(self._fronts[descriptor])

    def _connect(self) -> bool:
        """Accepts a new front; returns False when the host has closed the socket."""
        message, descriptors, _, _ = socket.recv_fds(self._host, len(CONNECT), 1)
        if not message:
            return False
        front = socket.socket(fileno=descriptors[0])
        self._fronts[front.fileno()] = front
        self._poll.register(front, select.POLLIN)
        self._send(front, READY, self._triples)
        return True

    def _on_command(self, front: socket.socket) -> None:
        try:
            message = front.recv(CONTROL.size, socket.MSG_WAITALL)
        except ConnectionError:
            message = b""
        if len(message) < CONTROL.size:
            self._drop(front)
            return
        kind, ahead = CONTROL.unpack(message)
        assert kind == FORK
        if ahead:
            self._ahead_wanted.append(front)
            self._fork_ahead()
        else:
            self._fork(front, WORKER)

    def _drop(self, front: socket.socket) -> None:
        self._poll.unregister(front)
        del self._fronts[front.fileno()]
        front.close()
        self._ahead_wanted = deque(waiting for waiting in self._ahead_wanted if waiting is not front)

    def _fork_ahead(self) -> None:
        if self._ahead is None and self._ahead_wanted:
            pid = self._fork(self._ahead_wanted.popleft(), AHEAD)
            self._ahead = os.pidfd_open(pid)
            self._poll.register(self._ahead, select.POLLIN)

    def _end_ahead(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        os.close(descriptor)
        self._ahead = None
        self._fork_ahead()

    def _fork(self, front: socket.socket, kind: bytes) -> int:
        theirs, back = socket.socketpair()
        said, says = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                _close_all_but(back.fileno(), says, *self._files)
                memory = min(self._memory, _MEMORY_AHEAD) if kind == AHEAD else self._memory
                rollup = worker.confine(back, says, memory, self._stores.files)
                worker.serve(self._stores, back, rollup)
                status = 0
            finally:
                os._exit(status)
        back.close()
        os.close(says)
        with theirs:
            self._send(front, kind, pid, theirs.fileno(), said)
        os.close(said)
        return pid

    def _send(self, front: socket.socket, kind: bytes, number: int, *descriptors: int) -> None:
        with suppress(ConnectionError):  # `_on_command` notices a front that has ended
            socket.send_fds(front, [CONTROL.pack(kind, number)], descriptors)


def _close_all_but(*kept: int) -> None:
    """Closes what a worker inherits, because a copy of another front's socket would outlive that front."""
    first = 3
    for descriptor in sorted(kept):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, _MOST_DESCRIPTORS)


def main(arguments: list[str]) -> None:
    """Opens the version, and forks workers until the host closes the socket."""
    host = socket.socket(fileno=int(arguments[0]))
    # Ignore Ctrl-C, which reaches the whole process group, because the host decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the workers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    die_with_parent()
    if is_closed(host.fileno()):  # before the kernel was asked to tell
        return
    folder = Path(arguments[1])
    before = _descriptors()
    in_memory = arguments[3] == MEMORY
    version = Version(folder.name, folder, {}) if in_memory else VersionStore(folder.parent).get(folder.name)
    stores = _open_apart(version, in_memory=in_memory)
    loader = _Loader(host, stores, int(arguments[2]) * 1024 * 1024, _descriptors() - before)
    gc.collect()
    gc.freeze()  # a worker's collector would touch shared pages and so copy them
    worker.trim_memory()
    loader.run()


def _descriptors() -> frozenset[int]:
    """The open descriptors of this process, and the one that lists them, which is closed again."""
    return frozenset(int(entry.name) for entry in Path("/proc/self/fd").iterdir())


def _open_apart(version: Version, *, in_memory: bool) -> Stores:
    """Loads in a thread of its own, to which the C library gives a heap of its own.

    What loading leaves in a heap is full of holes. Workers allocate from that of this thread, where they neither
    search holes nor copy the pages around them, which would make the first queries of each slow.
    """
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(open_stores, version, in_memory=in_memory).result()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except VersionsError as damage:
        # Before the sockets close, because the host kills a loader without leases at once.
        print(f"plangraf: {damage}", file=sys.stderr, flush=True)
        sys.exit(1)
