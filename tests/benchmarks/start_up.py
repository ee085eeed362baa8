"""Measures the time from source files, and from a built version, to the first answer, and the memory of all processes.

`make bench` runs it. Compare ratios and not seconds, because the figures depend on the machine.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

POINT = "ASK { <https://w3id.org/plangraf/id/5001/plan/2020-2023-7> ?p ?o }"


def start(versions: Path, *options: str) -> tuple[subprocess.Popen[str], str, float]:
    """Starts a server over `versions`; returns its process, its address and the seconds until its first answer."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "plangraf.cli", "serve", "--port", "0", "--versions", str(versions), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PLANGRAF_LOG_LEVEL": "error"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("plangraf "):
        raise SystemExit(f"The server did not start: {line!r}")
    url = line.split()[1]
    httpx.get(f"{url}/sparql", params={"query": POINT}).raise_for_status()
    return process, url, time.perf_counter() - began


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def memory_mib(process: subprocess.Popen[str]) -> tuple[int, float]:
    """Number of processes in the tree, and the sum of their proportional memory (PSS) in MiB."""
    root = psutil.Process(process.pid)
    tree = [root, *root.children(recursive=True)]
    return len(tree), sum(member.memory_full_info().pss for member in tree) / 2**20


def median_ms(url: str, path: str, repeats: int = 200) -> float:
    """Median milliseconds of one keep-alive client that repeats one request."""
    with httpx.Client(base_url=url) as client:
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            client.get(path).raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions"
        process, _, from_files = start(versions)
        stop(process)
        seconds = []
        for _ in range(3):
            process, url, taken = start(versions, "--no-build")
            seconds.append(taken)
            stop(process)
        process, url, taken = start(versions, "--no-build")
        count, used = memory_mib(process)
        lines = [
            ("from files to first answer", f"{from_files:.1f} s"),
            (
                "from a built version to first answer",
                f"{statistics.median([*seconds, taken]):.2f} s (median of 4)",
            ),
            (f"memory of the {count} processes (PSS)", f"{used:.0f} MiB"),
            (
                "point query, one client",
                f"{median_ms(url, '/sparql?query=' + httpx.QueryParams(q=POINT)['q']):.2f} ms",
            ),
            ("document in Turtle, one client", f"{median_ms(url, '/doc/5001/plan/2020-2023-7.ttl'):.2f} ms"),
            ("named query plans, one client", f"{median_ms(url, '/queries/plans'):.2f} ms"),
        ]
        stop(process)
    for name, value in lines:
        print(f"{name:45} {value}")


if __name__ == "__main__":
    main()
