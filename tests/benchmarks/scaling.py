"""Measures plangraf alone at several sizes of data: which queries stay flat and which grow.

A point query touches the same amount of data at any size. Growth is the exponent between the two largest sizes, because
the fixed cost of a request weighs least there: 0 for a flat query, 1 for a linear one.
"""

from __future__ import annotations

import math
import multiprocessing
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import generate, workload
from benchmarks.client import Job
from benchmarks.measure import Options, Questions, percentile
from benchmarks.peers import Place, plangraf
from benchmarks.results_table import number


@dataclass(frozen=True, slots=True)
class Size:
    """The measurements at one size: p50 of each query in ms, start in seconds, memory in MiB."""

    triples: int
    milliseconds: Mapping[str, float]
    start_s: float
    memory_mib: float


def run(sizes: Sequence[int], options: Options, say: Callable[[str], None]) -> list[Size]:
    """Measures the sizes in ascending order, each with a service of one HTTP process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as load:
        return [_measure(triples, options, load, say) for triples in sorted(sizes)]


def growth(small: float, large: float, times: float) -> float:
    """The exponent of a time when the data grow by the factor `times`; NaN without growth."""
    return math.log(large / small) / math.log(times) if times > 1 else math.nan


def markdown(found: Sequence[Size]) -> str:
    """A table with one row per query and one column per size."""
    first, last = found[-2:] if len(found) > 1 else (found[0], found[0])
    head = ["unseen, p50 in ms", *(f"{size.triples:,}".replace(",", " ") for size in found), "growth"]
    body = [
        [
            name,
            *(number(size.milliseconds[name]) for size in found),
            f"{growth(first.milliseconds[name], last.milliseconds[name], last.triples / first.triples):.2f}",
        ]
        for name in first.milliseconds
    ]
    body.append(["start, s", *(number(size.start_s) for size in found), ""])
    body.append(["memory (PSS), MiB", *(number(size.memory_mib) for size in found), ""])
    written = [head, ["---", *(["---:"] * (len(head) - 1))], *body]
    text = "\n".join(f"| {' | '.join(row)} |" for row in written)
    said = "Growth is the exponent between the two largest sizes: 0 is flat, 1 is linear."
    return f"# plangraf by size of the data\n\n{said}\n\n{text}\n"


def as_json(found: Sequence[Size]) -> dict[str, object]:
    return {"sizes": [asdict(size) for size in found]}


def _measure(triples: int, options: Options, load: ProcessPoolExecutor, say: Callable[[str], None]) -> Size:
    with tempfile.TemporaryDirectory(prefix="plangraf-bench-") as folder:
        say(f"generates {triples} triples")
        data = generate.write(Path(folder), triples, options.seed)
        place = Place(data, Path(folder) / "versions", Path(folder))
        generate.write_version(data, place.versions)
        questions = Questions(workload.templates(), data.pools, options.seed)
        peer = plangraf("plangraf", "--workers", "1")
        peer.start(place)
        try:
            found = {}
            for salt, (name, instances) in enumerate(questions.of.items(), start=1):
                say(f"{triples}: {name}")
                job = Job(instances, range(len(instances)), seconds=options.seconds * options.rounds, salt=salt)
                outcome = peer.run(job, load)
                found[name] = percentile(outcome.seconds, 0.5) * 1000 if outcome.seconds else math.nan
            return Size(data.triples, found, peer.load_s, peer.memory_mib())
        finally:
            peer.stop()
