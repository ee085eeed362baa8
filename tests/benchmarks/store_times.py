"""Processor milliseconds of the benchmark's queries over both stores of a version, without processes and HTTP.

    python tests/benchmarks/store_times.py 200000 1000000

Processor time depends little on the other load of a machine; `serving_sizes` measures the whole service.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pyoxigraph import QuerySolutions

from benchmarks import generate, workload
from benchmarks.generate import Data
from benchmarks.measure import Questions, percentile
from benchmarks.serving_sizes import STORES, write_stores
from plangraf.engines.embedded.stores import open_stores
from plangraf.store.versions import VersionStore

_LEAST, _MOST = 12, 100


def measure(versions: Path, data: Data, store: str, seconds: float) -> list[str]:
    """A line about opening, and one for each query, asked for so many seconds, at least 12 and at most 100 times.

    Fewer would say little, because municipalities differ in size by two orders.
    """
    began = time.process_time()
    stores = open_stores(VersionStore(versions).current(), in_memory=store == "memory")
    opened = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [f"{data.triples} in {store}: opened in {opened:.2f} processor seconds, {peak:.0f} MiB of the process"]
    asked, union = (stores.graphs, True) if stores.union is None else (stores.union, False)
    for name, instances in Questions(workload.templates(), data.pools, generate.SEED).of.items():
        times: list[float] = []
        end = time.monotonic() + seconds
        for instance in instances[:_MOST]:
            began = time.process_time()
            found = asked.query(instance.text, use_default_graph_as_union=union)
            for _ in found if isinstance(found, QuerySolutions) else ():
                pass
            times.append(time.process_time() - began)
            if time.monotonic() > end and len(times) >= _LEAST:
                break
        p50, p99 = (percentile(times, share) * 1000 for share in (0.5, 0.99))
        lines.append(f"  {name:36} p50 {p50:9.2f} ms  p99 {p99:9.2f} ms  {len(times)} times")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+", help="triples")
    parser.add_argument("--seconds", type=float, default=3.0, help="most seconds of each query (3)")
    given = parser.parse_args()
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="plangraf-stores-") as folder:
            data = generate.write(Path(folder), size)
            write_stores(data, Path(folder) / "versions")
            for store in sorted(STORES):
                print("\n".join(measure(Path(folder) / "versions", data, store, given.seconds)), flush=True)


if __name__ == "__main__":
    main()
