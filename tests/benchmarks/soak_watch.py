"""Watches the service during the soak: processes, memory, descriptors, log, and a listener that must get no call.

It starts the service with a separate versions folder. Memory is PSS, which counts pages that a loader and its workers
share once.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

_START_S = 180
_STOP_S = 30
_SAMPLE_S = 1.0
_MOST_KEPT = 1000
_LONGEST_KEPT = 500
_GAUGE = re.compile(r"^plangraf_queries_(running|waiting) ([0-9.]+)", re.MULTILINE)


@dataclass(slots=True)
class Log:
    """The number of lines on standard error, and the lines that are not one JSON object or report a bug."""

    lines: int = 0
    unclean: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)

    def add(self, line: bytes) -> None:
        self.lines += 1
        try:
            found = json.loads(line)
            if not isinstance(found, dict) or not line.endswith(b"\n"):
                raise ValueError("no object")
        except ValueError:
            self._keep(self.unclean, repr(line[:_LONGEST_KEPT]))
            return
        self.events[f"{found.get('level')}: {str(found.get('event'))[:60]}"] += 1
        if "exception" in found:
            last = str(found["exception"]).strip().rpartition("\n")[2]
            self._keep(self.bugs, f"{found.get('path')} {found.get('status')}: {last}"[:_LONGEST_KEPT])

    def _keep(self, kept: list[str], text: str) -> None:
        if len(kept) < _MOST_KEPT:
            kept.append(text)


@dataclass(slots=True)
class State:
    """One sample of the service: memory in MiB, number of query workers, open descriptors per HTTP process."""

    mib: float
    workers: int
    descriptors: dict[int, int]


class Watched:
    """A `plangraf serve` with its processes and its log."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Log) -> None:
        self.process = process
        self.url = url
        self.log = log
        self.peak_mib = 0.0
        self._root = psutil.Process(process.pid)
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def state(self) -> State:
        tree = [self._root, *self._root.children(recursive=True)]
        loading = {process.pid: process for process in tree if _is_loading(process)}
        workers = [process for process in loading.values() if process.ppid() in loading]
        fronts = [p for p in (process.parent() for process in loading.values() if process not in workers) if p]
        mib = sum(map(_pss, tree)) / 2**20
        self.peak_mib = max(self.peak_mib, mib)
        return State(mib, len(workers), {front.pid: front.num_fds() for front in fronts})

    def alive(self) -> bool:
        return self.process.poll() is None

    def under_way(self) -> dict[str, float]:
        """The numbers of running and waiting queries in the metrics of the service."""
        text = httpx.get(f"{self.url}/metrics", timeout=30).text
        return {name: float(value) for name, value in _GAUGE.findall(text)}

    def close(self) -> None:
        self._done.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._done.wait(_SAMPLE_S):
            with suppress(psutil.Error):
                self.state()


def _is_loading(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "plangraf.engines.embedded.loader" in " ".join(process.cmdline())
    return False


def _pss(process: psutil.Process) -> int:
    # A worker may end during the measurement.
    with suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


@contextmanager
def run_service(versions: Path, **environment: str) -> Iterator[Watched]:
    """`plangraf serve` on a free port, built first when `versions` holds nothing.

    Raises:
        RuntimeError: it did not start.
    """
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "plangraf.cli",
            "serve",
            "--port",
            "0",
            "--versions",
            str(versions),
            *(["--no-build"] if versions.is_dir() else []),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log, lines = Log(), process.stderr
    # The log starts with the service; the build before it prints text.
    begun = threading.Event()

    def listen() -> None:
        for line in lines:
            if begun.is_set():
                log.add(line)

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    watched = None
    try:
        line = process.stdout.readline().decode()
        if not line.startswith("plangraf http://"):
            raise RuntimeError(f"The service did not start: {line!r}")
        begun.set()
        watched = Watched(process, line.split()[1], log)
        yield watched
    finally:
        if watched is not None:
            watched.close()
        _stop(process)
        reader.join(_STOP_S)


def _stop(process: subprocess.Popen[bytes]) -> None:
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        for member in family:
            with suppress(psutil.Error):
                member.kill()
        process.kill()
        process.wait()


class Canary:
    """Listens on every local address, IPv4 and IPv6, and counts the connections."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._socket = socket.socket(socket.AF_INET6)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._socket.bind(("::", 0))
        self._socket.listen(100)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, address = self._socket.accept()
                self.calls.append(str(address[0]))
                caller.close()
