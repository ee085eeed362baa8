"""What a build of the whole country takes, by size: processor seconds, memory and disk, with the lines of its steps.

    python tests/benchmarks/build_sizes.py 200000 1000000

Generates the source files of `national`, builds them with the real command, changes the title of one plan, and builds
again. Memory is the proportional memory (PSS) of all processes of the build together, at its peak, without the page
cache.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Makes the packages of the tests importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

import psutil

from benchmarks import national
from small_home import ROOT, command

_SAMPLE_S = 0.25
# Of proc_pid_smaps(5): all but the pages of files, which the system takes back when it needs memory.
_OWN = re.compile(r"^Pss_(?:Anon|Shmem): *(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Build:
    """A build: seconds of the clock and of the processor, MiB of memory and of the versions, and its report."""

    seconds: float
    processor_s: float
    memory_mib: float
    disk_mib: float
    report: str


def build(data: Path, versions: Path, *more: str) -> Build:
    """Builds with the real command.

    Raises:
        SystemExit: the build failed.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "PLANGRAF_HOME": str(ROOT)}
    with tempfile.TemporaryFile("w+") as report:
        process = psutil.Popen(
            command("build", "--data", data, "--versions", versions, *more),
            env=environment, stdout=report, stderr=subprocess.STDOUT,
        )  # fmt: skip
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _pss_mib(process))
            time.sleep(_SAMPLE_S)
        report.seek(0)
        said = report.read()
    if process.returncode:
        raise SystemExit(said)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Versions share files by hard links.
    files = {path.lstat().st_ino: path.lstat().st_blocks for path in versions.rglob("*") if path.is_file()}
    disk = 512 * sum(files.values())
    return Build(time.monotonic() - began, processor_s, peak, disk / 2**20, said)


def _pss_mib(process: psutil.Popen) -> float:
    found = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.Error, OSError):
            found += sum(map(int, _OWN.findall(Path(f"/proc/{one.pid}/smaps_rollup").read_text())))
    return found / 1024


def change_one(data: Path) -> Path:
    """Changes the title of one plan of one municipality; returns the file."""
    path = sorted(data.glob("*/planstrategi-*/plan.ttl"))[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Plan 1 for", "Endret plan for", 1), encoding="utf-8")
    return path


def line(name: str, done: Build) -> str:
    cells = (
        name,
        f"{done.seconds:.0f} s",
        f"{done.processor_s:.0f} s",
        f"{done.memory_mib:.0f} MiB",
        f"{done.disk_mib:.0f} MiB",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+", help="triples")
    parser.add_argument("--data", type=Path, help="generated files of one size, which are changed")
    given = parser.parse_args()
    print("| triples | time | processor | memory (PSS) | disk |\n|---|---:|---:|---:|---:|", flush=True)
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="plangraf-build-") as folder:
            data, versions = given.data or Path(folder) / "data", Path(folder) / "versions"
            if given.data is None:
                national.write(data, size)
            for name in (f"{size}", f"{size}, one plan changed"):
                done = build(data, versions)
                print(done.report, file=sys.stderr, flush=True)
                print(line(name, done), flush=True)
                change_one(data)


if __name__ == "__main__":
    main()
