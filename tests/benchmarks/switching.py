"""`python tests/benchmarks/switching.py`: counts failed requests among 10 000 while the version switches 20 times.

Four clients send unseen queries, cached queries, named queries and documents. Each answer must be correct for the
version that it names.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx

from benchmarks.soak_watch import run_service
from plangraf.store.versions import VersionStore

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
ONE_MORE = (
    b"<http://example.org/one> <http://example.org/more> <http://example.org/triple> <http://example.org/graph> ."
)
_CLIENTS = 4
# Enough for a busy machine; an idle one needs a second.
_TAKEN_UP_S = 30


def two_versions(built: Path, folder: Path) -> VersionStore:
    """Copies a versions folder, and adds a current version with one triple more."""
    shutil.copytree(built, folder, symlinks=True)
    store = VersionStore(folder)
    version = store.current()
    lines = sorted({*b"".join(version.quads()).splitlines(), ONE_MORE})
    manifest = {**version.manifest, "triples": version.triples + 1}
    manifest.pop("version")
    store.write(lines, manifest)
    return store


def run(store: VersionStore, requests: int, switches: int) -> Counter[str]:
    """Sends at least this number of requests during the switches; counts the outcomes, "right" and the failures.

    Raises:
        RuntimeError: the service did not start, or did not take up a version.
    """
    triples = {version.id: str(version.triples) for version in store.list()}
    outcomes: Counter[str] = Counter()
    stop = threading.Event()

    def ask_on(url: str) -> None:
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                for path, parameters in (
                    ("/sparql", {"query": COUNT + f" # {os.urandom(4).hex()}", "format": "csv"}),
                    ("/sparql", {"query": COUNT, "format": "csv"}),
                    ("/queries/plans.csv", {}),
                    ("/doc/5001/plan/2020-2023-7.ttl", {}),
                ):
                    try:
                        response = client.get(url + path, params=parameters)
                    except httpx.HTTPError as error:
                        outcomes[f"{type(error).__name__} {path}"] += 1
                        continue
                    version = response.headers["plangraf-version"]
                    right = response.status_code == 200 and (
                        path != "/sparql" or response.text.split()[1] == triples[version]
                    )
                    outcomes["right" if right else f"{response.status_code} {path} {version}"] += 1

    with run_service(store.path, PLANGRAF_WATCH_S="0") as watched:
        threads = [threading.Thread(target=ask_on, args=(watched.url,)) for _ in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            for number in range(switches):
                version = next(v.id for v in store.list() if v.id != store.current().id)
                store.use(version)
                watched.process.send_signal(signal.SIGHUP)
                _until_served(watched.url, version)
                while outcomes.total() < requests * (number + 1) / switches:
                    time.sleep(0.01)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    return outcomes


def _until_served(url: str, version: str) -> None:
    """Waits until the version answers many times in a row, which shows that every process serves it."""
    deadline, in_a_row = time.monotonic() + _TAKEN_UP_S, 0
    while in_a_row < 12:
        now = httpx.get(f"{url}/health/ready").json()["version"]
        in_a_row = in_a_row + 1 if now == version else 0
        if time.monotonic() > deadline:
            raise RuntimeError(f"{version} is not served after {_TAKEN_UP_S} s.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--switches", type=int, default=20)
    parser.add_argument("--versions", type=Path, default=Path("versions"), help="a built versions folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plangraf-switching-") as folder:
        outcomes = run(two_versions(given.versions, Path(folder) / "versions"), given.requests, given.switches)
    print(f"{outcomes.total()} requests over {given.switches} switches, {outcomes.total() - outcomes['right']} failed")
    for reason, number in outcomes.items():
        if reason != "right":
            print(f"  {number} × {reason}")


if __name__ == "__main__":
    main()
