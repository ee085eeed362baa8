"""The metrics of the service, which Prometheus reads at `/metrics`.

All HTTP processes count into one folder, which PROMETHEUS_MULTIPROC_DIR must name before this module is imported;
without it a process counts for itself. No metric names a client or a query.
"""

from __future__ import annotations

import asyncio
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import prometheus_client
import prometheus_client.values
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import _INITIAL_MMAP_SIZE, MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Seconds that a change may wait in this process before the others can read it.
_WRITE_S = 0.05
# Bytes of an entry beside its key: padding, length, value, time.
_LARGEST_ENTRY = 64


class _ReservedFile(MmapedDict):
    """The numbers of one process in a file whose blocks are reserved.

    Writing to the map of a file on a full disk would kill the process (SIGBUS). When the disk has no room, the numbers
    stay in memory, where the other processes do not see them.
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode and not _reserved(filename):
            filename = f"/proc/self/fd/{os.memfd_create('metrics')}"
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]  # as the package has it

    def _init_value(self, key: str) -> None:
        if self._used + len(key.encode()) + _LARGEST_ENTRY > self._capacity:
            self._grow(2 * self._capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _grow(self, capacity: int) -> None:
        try:
            os.posix_fallocate(self._f.fileno(), 0, capacity)
        except OSError:
            memory = os.memfd_create("metrics")
            os.ftruncate(memory, capacity)
            os.pwrite(memory, self._m[: self._used], 0)
            self._f.close()
            self._f = os.fdopen(memory, "r+b")
        self._capacity = capacity
        self._m = mmap.mmap(self._f.fileno(), capacity)


def _reserved(filename: str) -> bool:
    """Whether the disk has room for the first entries of a file; without room there is no file."""
    try:
        with Path(filename).open("a+b") as file:
            os.posix_fallocate(file.fileno(), 0, _INITIAL_MMAP_SIZE)
    except OSError:
        with suppress(OSError):
            Path(filename).unlink(missing_ok=True)
        return False
    return True


prometheus_client.values.MmapedDict = _ReservedFile  # type: ignore[attr-defined]


class _Pending(Protocol):
    def write(self) -> None: ...


_pending: list[_Pending] = []


def _write_soon(pending: _Pending) -> None:
    """Batches the writes, because each takes a lock and a check of the process id, and a request makes a dozen."""
    if not _pending:
        try:
            asyncio.get_running_loop().call_later(_WRITE_S, write)
        except RuntimeError:  # no event loop, so write now
            pending.write()
            return
    _pending.append(pending)


def write() -> None:
    """Writes all pending changes of this process, so that `render` in any process sees them."""
    for pending in _pending:
        pending.write()
    _pending.clear()


class Count:
    """A counter for one combination of labels."""

    __slots__ = ("_child", "_new")

    def __init__(self, child: prometheus_client.Counter) -> None:
        self._child = child
        self._new = 0

    def inc(self) -> None:
        self._new += 1
        if self._new == 1:
            _write_soon(self)

    def write(self) -> None:
        self._child.inc(self._new)
        self._new = 0


class Counter:
    """A family of counters, one for each combination of labels."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        self._family = prometheus_client.Counter(name, text, labels)
        self._counts: dict[tuple[str, ...], Count] = {}

    def labels(self, *values: str) -> Count:
        found = self._counts.get(values)
        if found is None:
            found = self._counts[values] = Count(self._family.labels(*values) if values else self._family)
        return found


class Durations:
    """A histogram of seconds."""

    def __init__(self, name: str, text: str, buckets: Sequence[float]) -> None:
        self._histogram = prometheus_client.Histogram(name, text, buckets=buckets)
        self._new: list[float] = []

    def observe(self, seconds: float) -> None:
        if not self._new:
            _write_soon(self)
        self._new.append(seconds)

    def write(self) -> None:
        for seconds in self._new:
            self._histogram.observe(seconds)
        self._new.clear()


class Level:
    """A gauge, summed over all live processes."""

    def __init__(self, name: str, text: str) -> None:
        self._gauge = prometheus_client.Gauge(name, text, multiprocess_mode="livesum")
        self._new: Callable[[], float] | None = None

    def set(self, value: float) -> None:
        self.follow(lambda: value)

    def follow(self, value: Callable[[], float]) -> None:
        """Calls `value` for the number, once, at the next write."""
        if self._new is None:
            _write_soon(self)
        self._new = value

    def write(self) -> None:
        if self._new is not None:
            self._gauge.set(self._new())
        self._new = None


REQUESTS = Counter("plangraf_http_requests", "Requests by kind of address and status.", ["kind", "status"])
QUERIES = Counter("plangraf_queries", "Queries that reached the engine, by outcome.", ["outcome"])
EVALUATION = Durations(
    "plangraf_query_seconds",
    "Time from a worker's start on a query to the first bytes of its answer.",
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2, 10, 30),
)
QUEUE = Durations(
    "plangraf_query_queue_seconds", "Time that a query waited for a worker.", buckets=(0.001, 0.01, 0.1, 1, 5, 30)
)
WAITING = Level("plangraf_queries_waiting", "Queries that wait for a worker now.")
RUNNING = Level("plangraf_queries_running", "Queries that have a worker now.")
REPLACED = Counter("plangraf_workers_replaced", "Workers that were ended or died, by reason.", ["reason"])
CACHE = Counter("plangraf_cache_lookups", "Looks for a finished answer, by outcome.", ["outcome"])
CACHE_BYTES = Level("plangraf_cache_bytes", "Memory of the finished answers.")
SWITCHES = Counter("plangraf_version_switches", "Versions that were taken up while running.").labels()
VERSION = prometheus_client.Gauge(
    "plangraf_version_info", "1 for the version that is served.", ["version"], multiprocess_mode="livemax"
)
REPLICA_BEHIND = prometheus_client.Gauge(
    "plangraf_replica_behind",
    "1 when the store of this replica has a newer publication, or none was seen there; else 0.",
    multiprocess_mode="livemostrecent",
)
REPLICA_PROBLEM = prometheus_client.Gauge(
    "plangraf_replica_problem",
    "1 when this replica cannot take over the newest publication; else 0.",
    multiprocess_mode="livemostrecent",
)
READY = Level("plangraf_ready", "Processes that answer queries.")


def render() -> tuple[bytes, str]:
    """Renders all metrics as text; returns it with its content type."""
    write()
    registry: CollectorRegistry = REGISTRY
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # as the package has it
    return generate_latest(registry), CONTENT_TYPE_LATEST


def record_version(version: str, before: str | None = None) -> None:
    """Records which version this process serves now."""
    if before is not None:
        SWITCHES.inc()
        VERSION.labels(before).set(0)
    VERSION.labels(version).set(1)
    READY.set(1)


def record_replica(status: Mapping[str, object] | None) -> None:
    """Records what a replica tells of itself, see plangraf.store.versions."""
    known = status or {"behind": True, "problem": None}
    REPLICA_BEHIND.set(bool(known.get("behind")))
    REPLICA_PROBLEM.set(known.get("problem") is not None)
