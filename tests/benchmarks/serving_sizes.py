"""A service that holds a version in memory beside one that reads it from disk: start, memory, and the benchmark's
queries, each with other constants every time.

    python tests/benchmarks/serving_sizes.py 1000000

Start is the time from the command to the first answer over a built version. Memory is the proportional memory (PSS) of
all processes, without the page cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import client, generate, start_up, workload
from benchmarks.client import Job
from benchmarks.generate import Data
from benchmarks.measure import Questions, percentile

STORES = {"memory": 10**9, "disk": 0}


@dataclass(frozen=True, slots=True)
class Query:
    """A query's milliseconds: the median and the 99th percentile, and how many were answered."""

    name: str
    p50_ms: float
    p99_ms: float
    answers: int


@dataclass(frozen=True, slots=True)
class Served:
    """A service: seconds of its start, and MiB of memory after the queries."""

    start_s: float
    memory_mib: float
    queries: list[Query]


def write_stores(data: Data, versions: Path) -> None:
    """Writes a version of generated data with its stores on disk."""
    version = generate.write_version(data, versions)
    arguments = [version.bulk_stores, versions / "bulk" / "none", data.nquads]
    subprocess.run([sys.executable, "-m", "plangraf.engines.embedded.disk_stores", *arguments], check=True)


def measure(versions: Path, data: Data, store: str, seconds: float) -> Served:
    """Serves a version from memory or from disk, and asks each query for so many seconds.

    Args:
        versions: what `write_stores` wrote.
        data: has the constants of the queries.
        store: one of STORES.
        seconds: of each query.
    """
    os.environ["PLANGRAF_MEMORY_TRIPLES"] = str(STORES[store])
    process, url, start_s = start_up.start(versions, "--no-build", "--workers", "1")
    try:
        questions = Questions(workload.templates(), data.pools, generate.SEED)
        found = list(_ask(url, questions, seconds))
        return Served(start_s, start_up.memory_mib(process)[1], found)
    finally:
        start_up.stop(process)


def _ask(url: str, questions: Questions, seconds: float) -> Iterator[Query]:
    for salt, (name, instances) in enumerate(questions.of.items(), start=1):
        job = Job(instances, range(len(instances)), seconds=seconds, salt=salt)
        outcome = client.run(f"{url}/sparql", replace(job, salt=salt))
        times = sorted(outcome.seconds)
        if times:
            yield Query(name, percentile(times, 0.5) * 1000, percentile(times, 0.99) * 1000, len(times))


def show(triples: int, store: str, served: Served) -> None:
    print(f"{triples} in {store}: start {served.start_s:.1f} s, {served.memory_mib:.0f} MiB")
    for query in served.queries:
        print(f"  {query.name:32} p50 {query.p50_ms:9.2f} ms  p99 {query.p99_ms:9.2f} ms  {query.answers}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+", help="triples")
    parser.add_argument("--seconds", type=float, default=5.0, help="time of each query (5)")
    parser.add_argument("--store", choices=STORES, action="append", help="only this one")
    given = parser.parse_args()
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="plangraf-serving-") as folder:
            data = generate.write(Path(folder), size)
            write_stores(data, Path(folder) / "versions")
            for store in given.store or STORES:
                show(size, store, measure(Path(folder) / "versions", data, store, given.seconds))


if __name__ == "__main__":
    main()
