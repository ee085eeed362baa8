"""Examines the machine under the service: clock, descriptors, memory; and the service or its engine."""

from __future__ import annotations

import asyncio
import http.client
import resource
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson

from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.engines.interface import Engine, QueryRequest
from plangraf.errors import PlangrafError
from plangraf.maintenance.examined import Check, Finding
from plangraf.maintenance.examined_data import check_contexts, check_disk, check_feed, check_versions
from plangraf.rdf.formats import JSON
from plangraf.settings import Settings, descriptors_needed
from plangraf.store.changes.log import FeedLog
from plangraf.store.versions import FEED, VersionStore

_MIB = 1024 * 1024
_OPENING_S = 600
_ASKING_S = 10
# Seconds that two clocks may differ.
_TOLERANCE_S = 60
_EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
_MANY_CONNECTIONS = 800
# Memory: of the loader, of each HTTP process, and of a triple in the store.
_LOADER_MIB, _PROCESS_MIB, _TRIPLE_BYTES = 120, 60, 400
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  compared with, never bound


def check_clock(settings: Settings) -> Iterator[Finding]:
    """Whether the clock is behind what was written: then the order of versions and the times of the log are wrong."""
    now = datetime.now(UTC)
    store = VersionStore(settings.versions)
    written = []
    for folder in store.folders():  # of damaged versions too
        with suppress(FileNotFoundError):  # another process has just removed it
            written.append(datetime.fromtimestamp(folder.stat().st_mtime, UTC))
    published = [datetime.fromisoformat(one.published) for one in FeedLog(store.path / FEED).publications()]
    newest = max([*written, *published, _EARLIEST])
    if (newest - now).total_seconds() > _TOLERANCE_S:
        yield Finding(
            "clock", "broken", f"it shows {now:%Y-%m-%d %H:%M:%S} UTC, before {newest:%Y-%m-%d %H:%M:%S}, when data "
            "were written", "Set the clock (timedatectl), then build again.",
        )  # fmt: skip
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def check_descriptors(settings: Settings) -> Iterator[Finding]:
    """The limit of open files of each process, which connections count against."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = descriptors_needed(settings)
    advice = "Raise it: `ulimit -n 65536`, or LimitNOFILE=65536 in the unit of systemd."
    told = f"the service may raise {soft} to {hard} for each process"
    if hard < needed:
        yield Finding("descriptors", "broken", f"{told}, which needs {needed}", advice)
    elif hard < needed + _MANY_CONNECTIONS:
        yield Finding("descriptors", "note", f"{told}, so it takes about {hard - needed} connections", advice)
    else:
        yield Finding("descriptors", "ok", told)


def check_memory(settings: Settings) -> Iterator[Finding]:
    """The memory that is free, in the limits of the group and of a process, beside an estimate of the need."""
    store = VersionStore(settings.versions)
    triples = store.current().triples if store.has_current() and settings.engine is None else 0
    needed = _LOADER_MIB + settings.processes * _PROCESS_MIB + triples * _TRIPLE_BYTES // _MIB
    free = min(_available().values()) // _MIB
    told = f"{free} MiB free, the service needs about {needed}"
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY and soft // _MIB < needed + settings.worker_memory_mb:
        yield Finding(
            "memory", "broken", f"`ulimit -v` leaves each process {soft // _MIB} MiB of addresses",
            "Remove that limit; PLANGRAF_WORKER_MEMORY_MB bounds the queries.",
        )  # fmt: skip
    if free < needed and _ask_service(settings) is None:
        yield Finding("memory", "broken", told, "Give the machine or the container more memory.")
    elif free < needed + settings.worker_memory_mb:
        yield Finding(
            "memory", "note", f"{told}, and a query may take {settings.worker_memory_mb} more",
            "Lower PLANGRAF_WORKER_MEMORY_MB, or give the machine more memory.",
        )  # fmt: skip
    else:
        yield Finding("memory", "ok", told)


def _available() -> Mapping[str, int]:
    """Bytes that this process and its children may still take, by what limits them."""
    found = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            found["machine"] = int(line.split()[1]) * 1024
    for most, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        if Path(most).is_file() and (limit := Path(most).read_text().strip()) != "max":
            found["group"] = int(limit) - int(Path(used).read_text())
    return found


def check_engine(settings: Settings) -> Iterator[Finding]:
    """Asks the service; when it does not run, opens the current version with the engine and asks that."""
    answer = _ask_service(settings)
    store = VersionStore(settings.versions)
    if answer is not None:
        where = f"{settings.host}:{settings.port}"
        version = answer.get("version")
        if version is None:
            said = answer.get("title", "something else than the service answers there")
            yield Finding("engine", "broken", f"{where}: {said}", "Look at the log of what listens there.")
        elif store.has_current() and version != store.current().id:
            yield Finding(
                "engine", "note", f"the service at {where} answers with version {version}, and {store.current().id} is "
                "current", "Look at its log; SIGHUP makes it try again.",
            )  # fmt: skip
        else:
            yield Finding("engine", "ok", f"the service at {where} answers with version {version}")
        return
    if store.has_current():
        began = time.monotonic()
        try:
            asyncio.run(_open_and_ask(store, settings))
        except (PlangrafError, TimeoutError) as error:
            said = str(error) or f"it did not open within {_OPENING_S} s"
            yield Finding("engine", "broken", said, "Look at the lines about versions, memory and settings.")
        else:
            where = settings.engine or "the embedded engine"
            yield Finding("engine", "ok", f"{where} opened and answered in {time.monotonic() - began:.1f} s")


async def _open_and_ask(store: VersionStore, settings: Settings) -> None:
    engine: Engine
    if settings.engine is not None:
        from plangraf.engines.remote.engine import make_remote_engine

        engine = make_remote_engine(store.current(), settings)
    else:
        engine = EmbeddedEngine(store.current(), settings.model_copy(update={"query_workers": 1, "query_long": 1}))
    async with asyncio.timeout(_OPENING_S):
        await engine.start()
        try:
            answer = await engine.query(QueryRequest("ASK { ?s ?p ?o }", JSON))
            try:
                async for _ in answer.chunks:
                    pass
            finally:
                await answer.aclose()
        finally:
            await engine.close()


def _ask_service(settings: Settings) -> Mapping[str, object] | None:
    """What `/health/ready` says; empty for what is not the service, None when nothing listens."""
    host = _LOCAL.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=_ASKING_S)
    try:
        connection.request("GET", "/health/ready", headers={"Connection": "close"})
        said = orjson.loads(connection.getresponse().read(_MIB))
        return said if isinstance(said, dict) else {}
    except (ConnectionRefusedError, socket.gaierror):
        return None
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()


CHECKS: Mapping[str, Check] = {
    "disk": check_disk,
    "versions": check_versions,
    "feed": check_feed,
    "contexts": check_contexts,
    "clock": check_clock,
    "descriptors": check_descriptors,
    "memory": check_memory,
    "engine": check_engine,
}
"""All checks, by name, in the order of their lines."""
