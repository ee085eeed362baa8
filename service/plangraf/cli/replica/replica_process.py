"""The process of `plangraf serve --from` that keeps the folder of versions equal to an object store.

It is a process of its own because the library of object stores has threads, and the service forks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from plangraf.processes import die_with_parent
from plangraf.settings import Settings, load_settings

_GIB = 1 << 30
_END_S = 10
# Seconds before a process that died is started again.
_AGAIN_S = 2.0


class ReplicaProcess:
    """Starts the process, and starts it again when it died."""

    def __init__(self) -> None:
        self._child = self._start()
        self._started = time.monotonic()

    def keep_alive(self) -> None:
        if self._child.poll() is not None and time.monotonic() - self._started > _AGAIN_S:
            print(f"plangraf: the replica's process ended ({self._child.returncode}); it is started again.",
                  file=sys.stderr, flush=True)  # fmt: skip
            self._child, self._started = self._start(), time.monotonic()

    def end(self) -> None:
        """Ends the process; what it has fetched stays for the next start."""
        self._child.terminate()
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "plangraf.cli.replica.replica_process", str(os.getpid())],
            stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(),
        )  # fmt: skip


@contextmanager
def replicating(settings: Settings) -> Iterator[ReplicaProcess | None]:
    """Runs the process while a service runs; none when the settings name no store."""
    if settings.replica_from is None:
        yield None
        return
    process = ReplicaProcess()
    try:
        yield process
    finally:
        process.end()


def main(parent: int) -> None:
    """Runs until SIGTERM, SIGINT or the end of the parent."""
    die_with_parent(signal.SIGTERM)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if os.getppid() != parent:
        return
    from plangraf.http.pipeline.log_setup import configure_logging
    from plangraf.replicas.objects import Objects
    from plangraf.replicas.replica import Replica
    from plangraf.replicas.watching import Watcher

    settings = load_settings()
    assert settings.replica_from is not None
    configure_logging(settings)
    objects = Objects(settings.replica_from)
    replica = Replica(objects, settings.versions, most_bytes=settings.replica_max_gb * _GIB, stopping=stopping)
    Watcher(replica, objects.address, settings.replica_poll_s, stopping).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
