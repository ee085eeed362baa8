"""`python tests/benchmarks/memory.py`: memory of one loader with 1, 2 and 4 workers over a million triples.

It prints the proportional memory (PSS) of the process tree after the start, and after each worker has scanned all data.
PSS counts pages that forks share once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx

from benchmarks import generate
from benchmarks.soak_watch import run_service

_SCAN = "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE {{ ?s ?p ?o FILTER (STRLEN(STR(?o)) > {least}) }}"


def measure(versions: Path, workers: int) -> tuple[float, float]:
    """MiB after the start and after the scans, of one HTTP process with this number of workers."""
    # Each query comes from another address, because one client may use only half of the public workers.
    with run_service(versions, PLANGRAF_QUERY_WORKERS=str(workers), PLANGRAF_PROCESSES="1") as watched:
        before = watched.state().mib

        def scan(number: int) -> None:
            transport = httpx.HTTPTransport(local_address=f"127.0.0.{number + 2}")
            with httpx.Client(transport=transport, timeout=120) as client:
                for least in range(3):
                    query = _SCAN.format(least=10 * number + least)
                    client.get(f"{watched.url}/sparql", params={"query": query}).raise_for_status()

        threads = [threading.Thread(target=scan, args=(number,)) for number in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return before, watched.peak_mib


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=1_000_000)
    triples = parser.parse_args().triples
    with tempfile.TemporaryDirectory(prefix="plangraf-memory-") as folder:
        versions = Path(folder) / "versions"
        generate.write_version(generate.write(Path(folder), triples), versions)
        for workers in (1, 2, 4):
            before, peak = measure(versions, workers)
            print(f"{workers} workers: {before:.0f} MiB at the start, {peak:.0f} MiB at most under scans", flush=True)


if __name__ == "__main__":
    main()
