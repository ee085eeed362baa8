"""`python tests/benchmarks/memory.py`: memory of the default configuration while it starts, idles and answers.

It prints the proportional memory (PSS), which counts pages that forks share once, of all processes of a service over
generated data: after the start, the peak under each query of the benchmark, and idle again. `--overlap` adds a graph
that repeats a part of the others, so that the service holds the union of the graphs beside them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from benchmarks import client, generate, start_up, workload
from benchmarks.generate import Data
from benchmarks.measure import Options, Questions, measures

KINDS = ("supervisor", "http", "loader", "worker")
_SAMPLE_S = 0.05
# An idle worker returns what it copied after two seconds.
_IDLE_S = 5.0
_AHEAD_S = 300.0
_PSS = re.compile(r"^Pss: *(\d+) kB", re.MULTILINE)
# Of the lines of `--overlap`: one in so many stands in a second graph too.
_REPEATED = 10
_REPEATING = b"<https://w3id.org/plangraf/graph/repeated>"


@dataclass(frozen=True, slots=True)
class State:
    """MiB and number of processes, by kind; a worker at a lower priority computes ahead or a long query."""

    mib: Counter[str] = field(default_factory=Counter)
    number: Counter[str] = field(default_factory=Counter)
    lower_priority: int = 0

    @property
    def total(self) -> float:
        return sum(self.mib.values())

    def __str__(self) -> str:
        parts = (f"{kind} {self.mib[kind]:.0f} ({self.number[kind]})" for kind in KINDS)
        return f"{self.total:5.0f} MiB: {', '.join(parts)}"


def read_state(root: psutil.Process) -> State:
    """The memory of a service now."""
    state = State()
    lower_priority = 0
    loading: set[int] = set()
    for process in [root, *root.children(recursive=True)]:
        # A worker may end during the measurement.
        with suppress(OSError, psutil.Error):
            kind = _kind(process, root, loading)
            state.mib[kind] += int(_PSS.findall(Path(f"/proc/{process.pid}/smaps_rollup").read_text())[0]) / 1024
            state.number[kind] += 1
            lower_priority += os.sched_getscheduler(process.pid) != os.SCHED_OTHER
    return replace(state, lower_priority=lower_priority)


def _kind(process: psutil.Process, root: psutil.Process, loading: set[int]) -> str:
    if process.pid == root.pid:
        return "supervisor"
    if "plangraf.engines.embedded.loader" not in process.cmdline():
        return "http"
    loading.add(process.pid)
    return "worker" if process.ppid() in loading or process.ppid() == 1 else "loader"


class Watch:
    """Samples a service in a thread; `take` returns the peak since the last call."""

    def __init__(self, root: psutil.Process) -> None:
        self._root = root
        self._peak = State()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def take(self) -> State:
        found, self._peak = self._peak, State()
        return found if found.total else read_state(self._root)

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(_SAMPLE_S):
            with suppress(psutil.Error):
                self._peak = max(self._peak, read_state(self._root), key=lambda state: state.total)


def measure(versions: Path, data: Data, seconds: float, only: str = "") -> Iterator[tuple[str, State]]:
    """Yields the name and the memory of each step of a service with the default settings.

    Args:
        versions: holds the data.
        data: has the constants of the queries.
        seconds: of each measure of the benchmark.
        only: a regular expression that the key of a measure must match.
    """
    questions = Questions(workload.templates(), data.pools, generate.SEED)
    process, url, _ = start_up.start(versions, "--no-build")
    root = psutil.Process(process.pid)
    watch = Watch(root)
    try:
        _wait_until_computed(root)
        yield "peak of the start", watch.take()
        yield "idle", read_state(root)
        for salt, one in zip(itertools.count(os.getpid() * 1000), measures(questions, Options(seconds, 1, 16))):
            if re.search(only, one.key):
                client.run(f"{url}/sparql", replace(one.job, salt=salt))
                yield one.key, watch.take()
        time.sleep(_IDLE_S)
        yield "idle again", read_state(root)
    finally:
        watch.close()
        start_up.stop(process)


def _wait_until_computed(root: psutil.Process) -> None:
    """Waits until no named query is computed ahead any more."""
    deadline, quiet = time.monotonic() + _AHEAD_S, 0
    while quiet < 10 and time.monotonic() < deadline:
        time.sleep(0.2)
        quiet = 0 if read_state(root).lower_priority else quiet + 1


@contextmanager
def made_versions(triples: int, *, overlap: bool) -> Iterator[tuple[Path, Data]]:
    """Generated data, and a versions folder of them."""
    with tempfile.TemporaryDirectory(prefix="plangraf-memory-") as name:
        folder = Path(name)
        data = generate.write(folder, triples)
        if overlap:
            lines = data.nquads.read_bytes().splitlines(keepends=True)
            repeated = [line.rpartition(b" <")[0] + b" " + _REPEATING + b" .\n" for line in lines[::_REPEATED]]
            data.nquads.write_bytes(b"".join(sorted({*lines, *repeated})))
        generate.write_version(data, folder / "versions")
        yield folder / "versions", data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=100_000, help="size of the data (100000)")
    parser.add_argument("--overlap", action="store_true", help="named graphs that share triples")
    parser.add_argument("--seconds", type=float, default=1.0, help="time of each measure (1)")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only measures whose key matches")
    given = parser.parse_args()
    highest = State()
    with made_versions(given.triples, overlap=given.overlap) as (versions, data):
        for step, state in measure(versions, data, given.seconds, given.only):
            highest = max(highest, state, key=lambda state: state.total)
            print(f"{step:45} {state}", flush=True)
    print(f"{'highest':45} {highest}")


if __name__ == "__main__":
    main()
