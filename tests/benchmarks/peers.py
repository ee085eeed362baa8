"""The measured systems: finds, starts with the data, queries and stops each of them.

Each is a separate process on 127.0.0.1 and a free port, started in this run and stopped by its process id. `absent` has
the reason of the absence of a peer, so that each table names it.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path

import httpx
import psutil

from benchmarks import client, rdflib_process
from benchmarks.client import Job, Outcome
from benchmarks.generate import Data
from local_server import free_port

_START_S = 600
_STOP_S = 20
_TESTS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Place:
    """The working place of a peer: the data, the version of them, and a folder to write to."""

    data: Data
    versions: Path
    folder: Path


class Peer:
    """A system to query. `family` names its engine; `absent` is the reason of its absence."""

    def __init__(self, name: str, family: str, version: str, absent: str = "") -> None:
        self.name = name
        self.family = family
        self.version = version
        self.absent = absent
        self.most_clients = 1000
        self.load_s = 0.0
        self.process: psutil.Process | None = None

    def start(self, place: Place) -> None:
        """Starts with the data loaded; `load_s` is how long that took.

        Raises:
            RuntimeError: it does not start.
        """
        raise NotImplementedError

    def run(self, job: Job, load: Executor) -> Outcome:
        raise NotImplementedError

    def stop(self) -> None:
        """Stops the process and its children."""
        if self.process is None:
            return
        tree = [self.process, *_children(self.process)]
        with suppress(psutil.NoSuchProcess):
            self.process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(tree, timeout=_STOP_S)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process = None

    def memory_mib(self) -> float:
        """Proportional memory (PSS) of the process tree now, in MiB."""
        if self.process is None:
            return 0.0
        total = 0
        for process in [self.process, *_children(self.process)]:
            with suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
        return total / 2**20


class HttpPeer(Peer):
    """A SPARQL endpoint; `command` returns the command for a port and a place, `load` loads the data into it."""

    def __init__(
        self,
        name: str,
        family: str,
        version: str,
        absent: str = "",
        *,
        path: str = "",
        command: Callable[[int, Place], list[str]],
        before: Callable[[int, Place], object] | None = None,
        load: Callable[[int, Place], object] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        super().__init__(name, family, version, absent)
        self._path = path
        self._command = command
        self._before = before
        self._load = load
        self._environment = environment or {}
        self.endpoint = ""

    def start(self, place: Place) -> None:
        folder = place.folder / re.sub(r"\W+", "-", self.name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        place = Place(place.data, place.versions, folder)
        port = free_port()
        began = time.perf_counter()
        if self._before:
            self._before(port, place)
        with (folder / "log").open("wb") as log:
            started = psutil.Popen(
                self._command(port, place),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, **self._environment, "FUSEKI_BASE": str(folder)},
            )
        self.process = started
        self.endpoint = f"http://127.0.0.1:{port}{self._path}"
        try:
            self._wait(began)
            if self._load:
                self._load(port, place)
            self._wait(began)
        except (RuntimeError, httpx.HTTPError, subprocess.SubprocessError) as error:
            self.stop()
            tail = (folder / "log").read_text(errors="replace")[-600:]
            raise RuntimeError(f"{self.name} did not start: {error} {tail}") from error
        self.load_s = time.perf_counter() - began

    def run(self, job: Job, load: Executor) -> Outcome:
        return load.submit(client.run, self.endpoint, job).result()

    def _wait(self, began: float) -> None:
        """Waits until it answers a query."""
        assert self.process is not None
        while time.perf_counter() - began < _START_S:
            if not self.process.is_running() or self.process.status() == psutil.STATUS_ZOMBIE:
                raise RuntimeError("it ended.")
            try:
                answer = httpx.get(self.endpoint, params=_ASK, headers={"Accept": _ASK_ACCEPT}, timeout=60)
                if answer.status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"it gave no answer within {_START_S} s.")


class RdflibInProcess(Peer):
    """rdflib without a server; it answers one client."""

    def __init__(self) -> None:
        super().__init__("rdflib in process", "rdflib", installed_version("rdflib"))
        self.most_clients = 1

    def start(self, place: Place) -> None:
        began = time.perf_counter()
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        process = context.Process(target=rdflib_process.serve, args=(other, place.data.ntriples), daemon=True)
        process.start()
        other.close()
        assert process.pid is not None
        self.process = psutil.Process(process.pid)
        if not self._pipe.poll(_START_S):
            raise RuntimeError(f"rdflib did not load the data within {_START_S} s.")
        self._pipe.recv()
        self.load_s = time.perf_counter() - began

    def run(self, job: Job, load: Executor) -> Outcome:
        outcome = Outcome()
        began = time.perf_counter()
        asked = 0
        while (job.most is None or asked < job.most) and (not asked or time.perf_counter() - began < job.seconds):
            question = job.questions[job.order[asked % len(job.order)]]
            self._pipe.send((question.text, question.accept))
            asked += 1
            if not self._pipe.poll(job.timeout_s):
                outcome.timed_out = True
                break
            seconds, body = self._pipe.recv()
            if seconds < 0:
                outcome.failed += 1
                outcome.failure = body.decode()
                continue
            outcome.seconds.append(seconds)
            outcome.first_bytes.append(seconds)
            outcome.received += len(body)
            if job.keep:
                outcome.bodies.append(body)
        outcome.elapsed = time.perf_counter() - began
        return outcome


def plangraf(name: str, *options: str) -> HttpPeer:
    """This project's service over the built version, with the default configuration unless options are given."""

    def command(port: int, place: Place) -> list[str]:
        return [
            sys.executable,
            "-m",
            "plangraf.cli",
            "serve",
            "--no-build",
            "--port",
            str(port),
            "--versions",
            str(place.versions),
            *options,
        ]

    return HttpPeer(name, "oxigraph", installed_version("plangraf"), path="/sparql", command=command)


def ceiling() -> HttpPeer:
    """The constant answer, which shows the maximum rate of the load client."""

    def command(port: int, _: Place) -> list[str]:
        return [sys.executable, "-m", "benchmarks.ceiling", str(port)]

    return HttpPeer("constant answer", "", "", command=command, path="/", environment={"PYTHONPATH": str(_TESTS)})


_ASK = {"query": "ASK { ?s ?p ?o }"}
_ASK_ACCEPT = "application/sparql-results+json"


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []
