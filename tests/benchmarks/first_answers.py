"""The first answer of each kind of address after a start, and the second: lists, search, feed, catalogue, downloads.

    python tests/benchmarks/first_answers.py VERSIONS

VERSIONS is a folder that a build wrote, such as one of the generated data of `national`. Nothing is asked before, so
that each first answer shows what has to be read or derived for it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx

from benchmarks import start_up
from small_home import ROOT

_OTHERS = (
    "/", "/search?q=bolig", "/search?q=plan&kind=plans", "/feed", "/catalog", "/catalog.ttl", "/.well-known/void",
    "/sitemap.xml", "/sitemap-1.xml", "/version/", "/dump/current/", "/queries", "/queries/quality.csv", "/pictures",
    "/llms.txt",
)  # fmt: skip
_LONG_S = 600


def addresses() -> Iterator[str]:
    """Each list as a page and as data, some with a filter; then the others."""
    lists = sorted(path.stem for path in (ROOT / "queries" / "collections").glob("*.rq"))
    yield from (f"/{name}" for name in lists)
    yield from (f"/{name}.csv?limit=20" for name in lists)
    yield from (f"/{name}?municipality=5001" for name in ("plans", "decisions", "documents"))
    yield from _OTHERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", type=Path)
    given = parser.parse_args()
    process, url, start_s = start_up.start(given.versions, "--no-build", "--workers", "1")
    print(f"start {start_s:.1f} s")
    try:
        with httpx.Client(base_url=url, timeout=_LONG_S, follow_redirects=True) as client:
            for path in addresses():
                times = []
                for _ in range(2):
                    began = time.perf_counter()
                    answer = client.get(path, headers={"Accept": "text/html, */*;q=0.5"})
                    times.append((time.perf_counter() - began) * 1000)
                print(f"{path:44} {answer.status_code} {times[0]:10.1f} ms {times[1]:8.1f} ms", flush=True)
        print(f"memory {start_up.memory_mib(process)[1]:.0f} MiB")
    finally:
        start_up.stop(process)


if __name__ == "__main__":
    main()
