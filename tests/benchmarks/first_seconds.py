"""`python tests/benchmarks/first_seconds.py`: measures point queries in the first seconds after a start.

In these seconds the service precomputes named queries. `oxigraph serve` in memory precomputes nothing, so its slow
queries show the noise of the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import client, generate, others, start_up, workload
from benchmarks.client import Job
from benchmarks.measure import POINT, percentile
from benchmarks.peers import HttpPeer, Place

_PEER = "oxigraph serve (memory)"
_TURN_S = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--folder", type=Path, help="keeps the data here, and takes them from here the next time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plangraf-first-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        data = generate.write(folder, given.triples)
        versions = folder / "versions"
        if not versions.is_dir():
            generate.write_version(data, versions)
        (template,) = [template for template in workload.templates() if template.name == POINT]
        questions = template.instances(data.pools, 50, generate.SEED)
        (peer,) = [peer for peer in others.all_peers() if isinstance(peer, HttpPeer) and peer.name == _PEER]
        place = Place(data, versions, folder / "peers")
        peer.start(place)
        try:
            process, url, _ = start_up.start(versions, "--no-build")
            try:
                _measure({"plangraf": f"{url}/sparql", _PEER: peer.endpoint}, questions, given.seconds)
                _, mib = start_up.memory_mib(process)
                print(f"memory of plangraf: {mib:.0f} MiB")
            finally:
                start_up.stop(process)
        finally:
            peer.stop()


def _measure(endpoints: dict[str, str], questions: list[workload.Question], seconds: float) -> None:
    """Alternates between the endpoints, so that both run under the same load of the machine."""
    taken: dict[str, list[float]] = {name: [] for name in endpoints}
    for turn in range(round(seconds / _TURN_S)):
        for name, endpoint in endpoints.items():
            job = Job(questions, range(len(questions)), seconds=_TURN_S / 2, salt=turn * 10 + os.getpid() * 1000)
            outcome = client.run(endpoint, job)
            if outcome.failed:
                raise SystemExit(f"{name}: {outcome.failure}")
            taken[name] += [value * 1000 for value in outcome.seconds]
    for name, values in taken.items():
        print(
            f"{name:24} {len(values):6} queries, p50 {statistics.median(values):.2f}, p99 "
            f"{percentile(values, 0.99):.2f}, p99.9 {percentile(values, 0.999):.2f}, longest {max(values):.1f} ms, "
            f"{sum(value > 10 for value in values)} over 10 ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
