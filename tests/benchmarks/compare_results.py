"""`make bench`: compares plangraf with other SPARQL systems on the same data and queries, in one run on one machine.

It prints one table and saves it as results/latest.md and latest.json. Read the ratios, because the times depend on the
machine. `--scale` measures plangraf alone at several sizes: point queries should be flat, scans linear.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import generate, others, results_table, scaling, workload
from benchmarks.client import Job
from benchmarks.measure import LONGEST, POINT, Laboratory, Options, Questions, measures
from benchmarks.peers import Peer, Place, ceiling

RESULTS = Path(__file__).resolve().parent / "results"
_ROOT = Path(__file__).resolve().parents[2]
_QUICK = {"triples": 20_000, "seconds": 0.3, "rounds": 1}
_FULL = {"triples": 100_000, "seconds": 1.0, "rounds": 3}


def main() -> None:
    given = _arguments()
    chosen = {**(_QUICK if given.quick else _FULL), **{k: v for k, v in vars(given).items() if v is not None}}
    options = Options(chosen["seconds"], chosen["rounds"], given.clients)
    if given.scale:
        found = scaling.run([int(size) for size in given.scale.split(",")], options, _print_progress)
        _write_result(given.results, "scale", scaling.markdown(found), {"about": about(), **scaling.as_json(found)})
        return
    peers = [peer for peer in others.all_peers() if _is_selected(peer, given.peers)]
    with tempfile.TemporaryDirectory(prefix="plangraf-bench-") as folder:
        data = generate.write(Path(folder), chosen["triples"], options.seed)
        place = Place(data, Path(folder) / "versions", Path(folder) / "peers")
        generate.write_version(data, place.versions)
        found_about = about() | {"triples": data.triples, "named_graphs": len(data.graphs), **asdict(options)}
        text, content = _compare(peers, place, options, found_about)
    _write_result(given.results, "latest", text, content)


def about() -> dict[str, object]:
    """Date, commit, cores and Python version of a run."""

    def git(*command: str) -> str:
        if shutil.which("git") is None:
            return ""
        return subprocess.run(["git", *command], capture_output=True, text=True, cwd=_ROOT).stdout.strip()

    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if git("status", "--porcelain") else ""),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
    }


def _compare(
    peers: Sequence[Peer], place: Place, options: Options, found_about: dict[str, object]
) -> tuple[str, dict[str, object]]:
    templates = workload.templates()
    questions = Questions(templates, place.data.pools, options.seed)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as load:
        found_about["client_ceiling_per_s"] = _ceiling(place, questions, options, load)
        laboratory = Laboratory(peers, place, options, load, _print_progress)
        try:
            laboratory.start()
            laboratory.compare(questions)
            laboratory.warm_up(questions)
            laboratory.rounds(measures(questions, options))
            laboratory.memory(questions)
        finally:
            laboratory.stop()
    names = [peer.name for peer in peers]
    absent = {peer.name: peer.absent for peer in peers if peer.absent}
    found = results_table.rows(
        results_table.lines(templates, options.clients, min(LONGEST, place.data.triples)),
        laboratory.findings,
        names,
        absent,
    )
    content: dict[str, object] = {
        "about": found_about,
        "peers": [{"name": p.name, "version": p.version, "engine": p.family, "absent": p.absent} for p in peers],
        "verdicts": laboratory.findings.verdicts,
        "rows": [asdict(row) for row in found],
        "samples": [asdict(sample) for sample in laboratory.findings.samples],
    }
    return f"{_preface(found_about, peers)}\n\n{results_table.markdown(found, names)}\n", content


def _ceiling(place: Place, questions: Questions, options: Options, load: ProcessPoolExecutor) -> float:
    """Answers per second of the load client against a server that returns a constant."""
    constant = ceiling()
    constant.start(place)
    try:
        outcome = constant.run(Job(questions.of[POINT], (0,), options.clients, options.seconds), load)
    finally:
        constant.stop()
    return round(len(outcome.seconds) / outcome.elapsed)


def _preface(found: Mapping[str, object], peers: Sequence[Peer]) -> str:
    versions = "; ".join(
        " ".join(filter(None, (peer.name, peer.version, f"(absent: {peer.absent})" if peer.absent else "")))
        for peer in peers
    )
    return (
        "# plangraf beside other SPARQL systems\n\n"
        f"{found['date']}, commit {found['commit']}, {found['triples']} triples in {found['named_graphs']} graphs, "
        f"{found['cores']} cores shared by server and load client, Python {found['python']}, medians of "
        f"{found['rounds']} round(s) of {found['seconds']} s. The load client itself gets at most "
        f"{found['client_ceiling_per_s']} answers/s from a server that does nothing.\n\n"
        "In brackets how many times better plangraf is: × above 1 means that plangraf is faster or takes less. "
        "*First execution* is one measurement, after the start; all others are of warmed-up servers. "
        "*Unseen* means that no two query texts are the same. "
        "Peers hold the union of the graphs only; plangraf holds the named graphs too.\n\n"
        f"Versions: {versions}."
    )


def _is_selected(peer: Peer, names: str | None) -> bool:
    """Whether a peer is selected. plangraf always is, because the ratios refer to it."""
    return peer.name == "plangraf" or names is None or any(part in peer.name for part in names.split(","))


def _write_result(folder: Path, name: str, text: str, content: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(text)


def _print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, help="size of the data (100000)")
    parser.add_argument("--seconds", type=float, help="time of each measurement (1)")
    parser.add_argument("--rounds", type=int, help="how often each is repeated (3)")
    parser.add_argument("--clients", type=int, default=16, help="clients of the measures with several (16)")
    parser.add_argument("--peers", metavar="NAME,…", help="only peers whose name contains one of these")
    parser.add_argument("--quick", action="store_true", help="20000 triples, one short round")
    parser.add_argument("--scale", metavar="SIZE,…", help="plangraf alone over several sizes, as 20000,200000,1000000")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
