"""The same data and queries over each engine, through the service and at the engine's own endpoint.

    python tests/benchmarks/engine_sizes.py 20000 200000 1000000
    python tests/benchmarks/engine_sizes.py 200000 --engine fuseki --seconds 5

Each query gets other constants every time, so that no answer comes from the service's cache. Before it is timed, each
engine answers all queries once for as long, because a Java server needs that. Processor time is that of engine and
service together, memory the proportional memory (PSS) of all processes after the queries. `--write` keeps the figures
in `results/engines.json`, and writes the table of docs/operators.md from all that are kept there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from benchmarks import client, generate, start_up, workload
from benchmarks.client import Job
from benchmarks.generate import Data
from benchmarks.measure import HEAVY, POINT, Questions, percentile
from benchmarks.results_table import number
from engine_servers import ENGINES, EngineServer, absent, running_engine
from plangraf.engines.remote.placement import placement_of
from plangraf.publish.endpoint_loading import Loader
from plangraf.store.versions import VersionStore

EMBEDDED = "embedded"
RESULTS = Path(__file__).resolve().parent / "results" / "engines.json"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operators.md"
BEGIN, END = "<!-- engine-sizes:begin -->\n", "<!-- engine-sizes:end -->"
_NAMES = {EMBEDDED: "embedded", "oxigraph": "Oxigraph", "fuseki": "Fuseki", "virtuoso": "Virtuoso"}
_MOST = 300
_SAMPLE_S = 0.1


@dataclass(frozen=True, slots=True)
class Query:
    """A query's milliseconds: the median, the 99th percentile, and the processor's for one answer.

    `answers` is how many there were, `failure` the first that was none.
    """

    name: str
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    answers: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one engine needs for data of one size.

    `load_s` and `load_cpu_s` are the time and the processor's time of `plangraf publish`, 0 for the embedded engine.
    `start_s` is the start of the service, `load` the load of the machine before. MiB of engine and service, the engine
    being part of the service when it is embedded.
    """

    engine: str
    triples: int
    load_s: float
    load_cpu_s: float
    start_s: float
    engine_mib: float
    service_mib: float
    through: list[Query]
    direct: list[Query]
    load: float
    day: str


def measure(engine: str, data: Data, versions: Path, folder: Path, seconds: float) -> Figures:
    """Measures one engine.

    Args:
        engine: EMBEDDED, or one of ENGINES that is not absent.
        data: has the constants of the queries.
        versions: has a version of the data.
        folder: an empty one, for the engine's files.
        seconds: of each query.
    """
    busy, questions = os.getloadavg()[0], Questions(workload.templates(), data.pools, generate.SEED)
    with ExitStack() as running:
        server, load_s, load_cpu_s = None, 0.0, 0.0
        if engine != EMBEDDED:
            server = running.enter_context(running_engine(engine, folder))
            load_s, load_cpu_s = _load(server, versions)
        direct = _direct(server, versions, questions, seconds) if server else []
        service, url, start_s = running.enter_context(_serving(versions, server))
        trees = [service.pid, *([server.process.pid] if server else [])]
        through = _series(f"{url}/sparql", questions, seconds, trees)
        sizes = [sum(one.memory_full_info().pss for one in _tree(root)) / 2**20 for root in trees]
    return Figures(
        engine, data.triples, load_s, load_cpu_s, start_s, sizes[1] if server else 0.0, sizes[0], through, direct,
        busy, datetime.now(UTC).date().isoformat(),
    )  # fmt: skip


def _load(server: EngineServer, versions: Path) -> tuple[float, float]:
    """Publishes the version; the seconds, and those of the processor for both sides."""
    with _Processor([server.process.pid]) as processor:
        began, before = time.perf_counter(), time.process_time() + processor.read()
        loader = Loader(server.target)
        loader.load(VersionStore(versions).current())
        loader.close()
        return time.perf_counter() - began, time.process_time() + processor.read() - before


def _direct(server: EngineServer, versions: Path, questions: Questions, seconds: float) -> list[Query]:
    union = placement_of(VersionStore(versions).current()).union
    address = f"{server.target.query}?{urlencode({'default-graph-uri': union})}"
    return _series(address, questions, seconds, [server.process.pid])


@contextmanager
def _serving(versions: Path, server: EngineServer | None) -> Iterator[tuple[psutil.Process, str, float]]:
    """A service of one process over the version, with one worker for each processor when the engine is embedded."""
    settings = {}
    if server is not None:
        settings = {"PLANGRAF_ENGINE": server.target.query, "PLANGRAF_ENGINE_ACCEPT_DIFFERENCES": "true"}
        settings |= {"PLANGRAF_ENGINE_AUTHORIZATION": server.target.secret} if server.target.secret else {}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        process, url, start_s = start_up.start(versions, "--no-build", "--workers", "1")
        try:
            yield psutil.Process(process.pid), url, start_s
        finally:
            start_up.stop(process)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _series(address: str, questions: Questions, seconds: float, trees: list[int]) -> list[Query]:
    """Each query for so many seconds, after all of them were asked for as long."""
    found = []
    with _Processor(trees) as processor:
        for salt, (timed, (name, instances)) in enumerate(product((False, True), questions.of.items()), start=1):
            before = processor.read()
            outcome = client.run(address, Job(instances, range(len(instances)), seconds=seconds, most=_MOST, salt=salt))
            used, times, count = processor.read() - before, sorted(outcome.seconds), len(outcome.seconds)
            if timed:
                p50, p99 = (percentile(times, share) * 1000 if times else 0.0 for share in (0.5, 0.99))
                failure = outcome.failure or ("it takes too long" if outcome.timed_out else "")
                found.append(Query(name, p50, p99, used * 1000 / count if count else 0.0, count, failure))
    return found


class _Processor:
    """Seconds of the processor that trees of processes use, sampled, because a process that ended tells nothing."""

    def __init__(self, roots: list[int]) -> None:
        self._roots = roots
        self._seconds: dict[psutil.Process, float] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Processor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def read(self) -> float:
        """The seconds so far."""
        with self._lock:
            for process in {*self._seconds, *(process for root in self._roots for process in _tree(root))}:
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    self._seconds[process] = times.user + times.system
            return sum(self._seconds.values())

    def _run(self) -> None:
        while not self._done.wait(_SAMPLE_S):
            self.read()


def _tree(root: int) -> list[psutil.Process]:
    process = psutil.Process(root)
    return [process, *process.children(recursive=True)]


def read() -> list[Figures]:
    """The figures that are kept."""
    if not RESULTS.exists():
        return []
    return [_figures(entry) for entry in json.loads(RESULTS.read_text())]


def _figures(entry: Mapping[str, object]) -> Figures:
    queries = {side: [Query(**query) for query in entry[side]] for side in ("through", "direct")}  # type: ignore[attr-defined]
    return Figures(**{**entry, **queries})  # type: ignore[arg-type]


def keep(found: list[Figures]) -> None:
    """Keeps figures in place of those of the same engine and size, and renews the table of the page."""
    known = {(round(one.triples, -3), one.engine): one for one in [*read(), *found]}
    order = [EMBEDDED, *ENGINES]
    kept = [known[key] for key in sorted(known, key=lambda key: (key[0], order.index(key[1])))]
    RESULTS.write_text(json.dumps([asdict(one) for one in kept], indent=1) + "\n")
    PAGE.write_text(with_table(PAGE.read_text(), kept))


def with_table(text: str, found: list[Figures]) -> str:
    """The page with the table between its markers."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table(found) + END + rest.partition(END)[2]


def table(found: list[Figures]) -> str:
    """The table of docs/operators.md: one line for each size and engine."""
    head = (
        "triples",
        "engine",
        "load, s",
        "memory, MiB: engine + service",
        "one plan, ms: service / engine alone",
        "matrix, ms",
        "all queries, median ms",
        "slowest p99, ms",
        "processor, ms for one of each",
    )
    lines = [f"| {' | '.join(head)} |", f"|---:|---|{'---:|' * (len(head) - 2)}"]
    for one in found:
        memory = f"{number(one.engine_mib)} + {number(one.service_mib)}" if one.direct else number(one.service_mib)
        cells = [
            f"{one.triples:,}".replace(",", " "),
            _NAMES[one.engine],
            number(one.load_s) if one.direct else "–",
            memory,
            *(_both(one, lambda asked, name=name: _of(asked, name)) for name in (POINT, HEAVY)),
            _both(one, lambda asked: statistics.median([query.p50_ms for query in asked if query.answers])),
            _both(one, lambda asked: max(query.p99_ms for query in asked)),
            _both(one, lambda asked: sum(query.cpu_ms for query in asked)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _both(one: Figures, value: Callable[[list[Query]], float]) -> str:
    shown = [number(value(asked)) for asked in (one.through, one.direct) if asked]
    return " / ".join(shown)


def _of(asked: list[Query], name: str) -> float:
    return next(query.p50_ms for query in asked if query.name == name)


def show(one: Figures) -> None:
    print(
        f"{one.triples} triples, {one.engine}: load {one.load_s:.1f} s (processor {one.load_cpu_s:.1f} s), start "
        f"{one.start_s:.1f} s, {one.engine_mib:.0f} + {one.service_mib:.0f} MiB, load before {one.load:.1f}"
    )
    beside = {query.name: query for query in one.direct}
    for query in one.through:
        parts = [f"  {query.name:36}"]
        for side, asked in (("service", query), ("alone", beside.get(query.name))):
            if asked is not None:
                parts.append(
                    f"{side} p50 {asked.p50_ms:9.2f} p99 {asked.p99_ms:9.2f} cpu {asked.cpu_ms:8.2f} ms "
                    f"n {asked.answers:3} {asked.failure[:60]}"
                )
        print("  ".join(parts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+", help="triples")
    parser.add_argument("--seconds", type=float, default=2.0, help="time of each query (2)")
    parser.add_argument("--engine", choices=[EMBEDDED, *ENGINES], action="append", help="only this one")
    parser.add_argument("--write", action="store_true", help="keep the figures, and write the table")
    given = parser.parse_args()
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="plangraf-engines-") as name:
            folder = Path(name)
            data = generate.write(folder, size)
            generate.write_version(data, folder / "versions")
            for engine in given.engine or [EMBEDDED, *ENGINES]:
                if engine != EMBEDDED and (why := absent(engine)):
                    print(f"{engine} is absent: {why}")
                    continue
                (folder / engine).mkdir()
                found = measure(engine, data, folder / "versions", folder / engine, given.seconds)
                show(found)
                if given.write:
                    keep([found])


if __name__ == "__main__":
    main()
