"""A service with a large statistical table beside one without: build, start, memory, and the time of plan queries.

Imports a generated table, builds a version of the checkout with it and one without, serves both, and asks each plan
query of both in turn, never the same text twice. Prints one line for each measure.

    PYTHONPATH=service:tests python -m benchmarks.bulk_service 757000
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.import_sizes import table
from local_server import free_port
from small_home import command

ROOT = Path(__file__).resolve().parents[2]
_ROUNDS = 200
_PREFIXES = "PREFIX plan: <https://w3id.org/plangraf/ontology#> PREFIX dcterms: <http://purl.org/dc/terms/> "
PLAN_QUERIES = {
    "one plan": "SELECT ?p ?o { <https://w3id.org/plangraf/id/5001/plan/2020-2023-7> ?p ?o }",
    "titles of plans": "SELECT ?plan ?title { ?plan a plan:Plan ; dcterms:title ?title } ORDER BY ?title",
    "plans by target": "SELECT ?t (COUNT(DISTINCT ?plan) AS ?n) "
    "{ ?plan a plan:Plan ; plan:respondsTo/plan:relatesToTarget ?t } GROUP BY ?t ORDER BY ?t",
    "figures": "SELECT ?f ?o { ?f a plan:Figure ; plan:figureOf ?o } ORDER BY ?f",
}
OBSERVATION_QUERIES = {
    "observations of a municipality": "SELECT ?o ?v { ?o <http://purl.org/linked-data/sdmx/2009/dimension#refArea> "
    "<https://w3id.org/plangraf/id/1105/municipality/1105> ; "
    "<http://purl.org/linked-data/sdmx/2009/measure#obsValue> ?v } ORDER BY ?o LIMIT 100",
    "all triples": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
}


def main() -> None:
    observations = int(sys.argv[1]) if len(sys.argv) > 1 else 757_000
    with tempfile.TemporaryDirectory(prefix="plangraf-bulk-") as folder:
        place = Path(folder)
        build_both(place, observations)
        with served(place / "with") as wide, served(place / "without") as plain:
            for name, query in PLAN_QUERIES.items():
                times = _times((plain, wide), query, _ROUNDS)
                print(f"{name}: {times[0]:.2f} ms without, {times[1]:.2f} ms with", flush=True)
            for name, query in OBSERVATION_QUERIES.items():
                print(f"{name}: {_times((wide,), query, 3)[0]:.1f} ms", flush=True)


def build_both(place: Path, observations: int) -> None:
    """Builds the version `with` a table of so many observations, and the one `without`."""
    (place / "table.json").write_text(json.dumps(table(observations)), encoding="utf-8")
    target = place / "data" / "no" / "table"
    licence = ("--licence", "https://creativecommons.org/licenses/by/4.0/")
    _run("import", "import-statistics", place / "table.json", "--to", target, "--areas", "norway", *licence)
    _run("build with", "build", "--data", place / "data", "--versions", place / "with")
    _run("build without", "build", "--versions", place / "without")


def _run(label: str, *arguments: str | Path) -> None:
    began = time.monotonic()
    process = psutil.Popen(
        command(*arguments, "--quiet"), env={**os.environ, "PLANGRAF_HOME": str(ROOT)}, stdout=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        for one in [process, *process.children(recursive=True)]:
            try:
                peak = max(peak, one.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{label} failed")
    print(f"{label}: {time.monotonic() - began:.1f} s, {peak // 2**20} MiB in the largest process", flush=True)


@contextmanager
def served(versions: Path, **settings: str) -> Iterator[httpx.Client]:
    port, began = free_port(), time.monotonic()
    server = psutil.Popen(
        command("serve", "--no-build", "--port", str(port), "--versions", versions),
        env={**os.environ, "PLANGRAF_HOME": str(ROOT), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            while not _is_ready(client):
                time.sleep(0.1)
            ready = time.monotonic() - began
            time.sleep(3)
            # What is kept on disk is in the page cache, which PSS does not count.
            memory = sum(map(_pss, [server, *server.children(recursive=True)]))
            print(f"served {versions.name}: {ready:.1f} s until ready, {memory // 2**20} MiB (PSS)", flush=True)
            yield client
    finally:
        server.terminate()
        server.wait(30)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0  # a worker that was replaced


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


def _times(clients: tuple[httpx.Client, ...], query: str, rounds: int) -> list[float]:
    """Milliseconds, the median of each client; they take turns."""
    found: list[list[float]] = [[] for _ in clients]
    for number in range(rounds):
        for client, times in zip(clients, found, strict=True):
            text = f"PREFIX u{number}: <urn:u{number}> {_PREFIXES}{query}"
            began = time.perf_counter()
            client.get("/sparql", params={"query": text}).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    return [statistics.median(times) for times in found]


if __name__ == "__main__":
    main()
