"""What happens in the service, in numbers that Prometheus reads at `/metrics`.

Several HTTP processes count into one folder, which PROMETHEUS_MULTIPROC_DIR names before this module is loaded;
without it one process counts for itself. Nothing here names a client or a query.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

REQUESTS = Counter("plangraf_http_requests", "Requests by kind of address and status.", ["kind", "status"])
QUERIES = Counter("plangraf_queries", "Queries that reached the engine, by outcome.", ["outcome"])
EVALUATION = Histogram(
    "plangraf_query_seconds",
    "Time from a worker's start on a query to the first bytes of its answer.",
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2, 10, 30),
)
QUEUE = Histogram(
    "plangraf_query_queue_seconds", "Time that a query waited for a worker.", buckets=(0.001, 0.01, 0.1, 1, 5, 30)
)
WAITING = Gauge("plangraf_queries_waiting", "Queries that wait for a worker now.", multiprocess_mode="livesum")
RUNNING = Gauge("plangraf_queries_running", "Queries that have a worker now.", multiprocess_mode="livesum")
REPLACED = Counter("plangraf_workers_replaced", "Workers that were ended or died, by reason.", ["reason"])
CACHE = Counter("plangraf_cache_lookups", "Looks for a finished answer, by outcome.", ["outcome"])
CACHE_BYTES = Gauge("plangraf_cache_bytes", "Memory of the finished answers.", multiprocess_mode="livesum")
SWITCHES = Counter("plangraf_version_switches", "Versions that were taken up while running.")
VERSION = Gauge("plangraf_version_info", "1 for the version that is served.", ["version"], multiprocess_mode="livemax")
READY = Gauge("plangraf_ready", "Processes that answer queries.", multiprocess_mode="livesum")


def render() -> tuple[bytes, str]:
    """All numbers as text, and its content type."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # as the package has it
    return generate_latest(registry), CONTENT_TYPE_LATEST


def served(version: str, before: str | None = None) -> None:
    """Tells which version this process serves now."""
    if before is not None:
        SWITCHES.inc()
        VERSION.labels(before).set(0)
    VERSION.labels(version).set(1)
    READY.set(1)
