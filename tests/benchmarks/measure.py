"""Measures all systems side by side; they take turns within each round.

First every peer answers every query; the answers are compared, and the times count as first executions. Then all
are warmed up. Each round goes through the measures, and through the peers within a measure, so that disturbances of
the machine affect all peers equally. Memory is sampled in a separate run at the end, because reading it slows a process
down.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from benchmarks import answers, workload
from benchmarks.client import Job, Outcome
from benchmarks.generate import Pools
from benchmarks.peers import Peer, Place
from benchmarks.workload import CSV, Question, Template

POINT = "plan-by-iri"
HEAVY = "targets-by-perspective-number"
BULK = "statements"
# Its LIMIT.
LONGEST = 100_000

_INSTANCES = 200
_COMPARED = 3
_MOST = 300
_SAMPLE_S = 0.1
# The length of a warm-up, in lengths of a measurement.
_WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds` for each measurement of one peer in one round; `clients` for those with several."""

    seconds: float
    rounds: int
    clients: int
    seed: int = 7
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one peer in one round. Times in ms, `rps` in answers per second, `mib` in MiB."""

    measure: str
    peer: str
    round: int
    values: dict[str, float]
    note: str = ""


@dataclass(slots=True)
class Findings:
    """All samples, and for each query and peer whether its answers are right, wrong or disputed."""

    samples: list[Sample] = field(default_factory=list)
    verdicts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of each round: its key and its job; `query` if it belongs to one query."""

    key: str
    job: Job
    query: str = ""


class Questions:
    """The questions of a run, drawn from the data: instances of each template, and the realistic mix."""

    def __init__(self, known: Sequence[Template], pools: Pools, seed: int) -> None:
        self.of = {template.name: template.instances(pools, _INSTANCES, seed) for template in known}
        self.bulk = {
            "statements.json": self.of[BULK][0],
            "statements.csv": replace(self.of[BULK][0], accept=CSV),
        }
        self.mix, self.mix_order = workload.mix(known, pools, seed)


def measures(questions: Questions, options: Options) -> list[Measure]:
    """All measures of a round, in order."""
    found: list[Measure] = []
    seconds = options.seconds
    for name, instances in questions.of.items():
        if name == BULK:
            continue
        unseen = Job(instances, range(len(instances)), seconds=seconds, most=_MOST)
        found.append(Measure(f"{name}/unseen", unseen, name))
        found.append(Measure(f"{name}/seen", Job(instances[:1], seconds=seconds, most=_MOST, unseen=False), name))
    for key, question in questions.bulk.items():
        found.append(Measure(key, Job([question], seconds=seconds, most=5), key))
    for name in (POINT, HEAVY):
        instances = questions.of[name]
        job = Job(instances, range(len(instances)), options.clients, seconds)
        found.append(Measure(f"{name}/unseen/clients", job, name))
        found.append(Measure(f"{name}/seen/clients", replace(job, unseen=False, order=(0,)), name))
    mixed = Job(questions.mix, questions.mix_order, 1, seconds, unseen=False)
    found.append(Measure("mix", mixed))
    found.append(Measure("mix/clients", replace(mixed, clients=options.clients)))
    return found


class Laboratory:
    """Runs the measures over the peers; calls `say` with each step."""

    def __init__(
        self,
        peers: Sequence[Peer],
        place: Place,
        options: Options,
        load: Executor,
        say: Callable[[str], None],
    ) -> None:
        self._peers = list(peers)
        self._place = place
        self._options = options
        self._load = load
        self._say = say
        self._salt = 0
        self._skipped: dict[tuple[str, str], str] = {}
        self.findings = Findings()

    def start(self) -> None:
        """Starts all peers; marks one that does not start as absent."""
        for peer in self._present():
            self._say(f"starts {peer.name}")
            try:
                peer.start(self._place)
            except RuntimeError as error:
                peer.absent = " ".join(f"did not start: {error}".split())[:300]
                continue
            self._add("load", peer, 0, {"seconds": peer.load_s})

    def stop(self) -> None:
        for peer in self._peers:
            peer.stop()

    def compare(self, questions: Questions) -> None:
        """Asks every peer every query, times the first execution, and judges the answers."""
        statements = answers.statements(self._place.data.ntriples)
        families = {peer.name: peer.family for peer in self._peers}
        count = min(LONGEST, statements.total())
        for name, instances in questions.of.items():
            if name == BULK:
                continue
            self._say(f"compares {name}")
            verdicts = self.findings.verdicts.setdefault(name, {})
            for number, question in enumerate(instances[:_COMPARED]):
                given = self._answers(question, name, first=number == 0)
                for peer_name, verdict in answers.judge(given, families).items():
                    if verdicts.get(peer_name, "right") == "right":
                        verdicts[peer_name] = verdict
        for key, question in questions.bulk.items():
            self._say(f"compares {key}")
            rows = answers.as_text(statements) if question.accept == CSV else statements
            self.findings.verdicts[key] = {
                name: "right" if answers.is_selection_from(answer, rows, count) else "wrong"
                for name, answer in self._answers(question, key, first=True).items()
            }
        for verdicts in self.findings.verdicts.values():
            for peer in self._present():
                verdicts.setdefault(peer.name, "wrong")

    def warm_up(self, questions: Questions) -> None:
        """Warms up each peer with the mix, because a Java server needs thousands of requests to reach its speed."""
        for peer in self._present():
            self._say(f"warms up {peer.name}")
            clients = min(self._options.clients, peer.most_clients)
            seconds = _WARM_UP * self._options.seconds
            self._run(peer, Job(questions.mix, questions.mix_order, clients, seconds))

    def rounds(self, all_measures: Sequence[Measure]) -> None:
        """All rounds. In each measure the peers take turns, and each round starts with another peer."""
        turn = 0
        for number in range(1, self._options.rounds + 1):
            for measure in all_measures:
                self._say(f"round {number}: {measure.key}")
                present = self._present()
                turn += 1
                for index in range(len(present)):
                    self._measure(measure, present[(index + turn) % len(present)], number)

    def memory(self, questions: Questions) -> None:
        """Peak memory of each peer while it answers the mix and the longest result."""
        for peer in self._present():
            self._say(f"memory of {peer.name}")
            most = [peer.memory_mib()]
            done = threading.Event()
            watcher = threading.Thread(target=_watch, args=(peer, most, done))
            watcher.start()
            clients = min(self._options.clients, peer.most_clients)
            mixed = Job(questions.mix, questions.mix_order, clients, self._options.seconds, unseen=False)
            try:
                self._run(peer, mixed)
                self._run(peer, Job([questions.bulk["statements.json"]], most=2))
            finally:
                done.set()
                watcher.join()
            self._add("memory", peer, 0, {"mib": max(most)})

    def _present(self) -> list[Peer]:
        return [peer for peer in self._peers if not peer.absent]

    def _answers(self, question: Question, key: str, *, first: bool) -> dict[str, answers.Answer]:
        given: dict[str, answers.Answer] = {}
        for peer in self._present():
            outcome = self._run(peer, Job([question], most=1, keep=True))
            if outcome.timed_out:
                self._give_up(peer, key)
            if not outcome.bodies:
                self._say(f"  {peer.name} does not answer {key}: {outcome.failure or 'too slow'}")
                continue
            if first:
                self._add(f"{key}/first", peer, 0, {"p50": outcome.seconds[0] * 1000})
            try:
                given[peer.name] = answers.read(question, outcome.bodies[0])
            except (ValueError, KeyError, SyntaxError) as error:
                self._say(f"  {peer.name} answers {key} with what cannot be read: {error}")
        return given

    def _measure(self, measure: Measure, peer: Peer, number: int) -> None:
        skipped = self._skipped.get((peer.name, measure.query))
        if skipped or self.findings.verdicts.get(measure.query, {}).get(peer.name) == "wrong":
            self._add(measure.key, peer, number, {}, skipped or "wrong")
            return
        if measure.job.clients > peer.most_clients:
            self._add(measure.key, peer, number, {}, "one client only")
            return
        outcome = self._run(peer, measure.job)
        if outcome.timed_out:
            self._give_up(peer, measure.query)
        self._add(measure.key, peer, number, _values(outcome), outcome.failure)

    def _run(self, peer: Peer, job: Job) -> Outcome:
        self._salt += 1
        salt = self._salt + int(time.time()) % 10_000 * 10_000
        return peer.run(replace(job, salt=salt, timeout_s=self._options.timeout_s), self._load)

    def _give_up(self, peer: Peer, query: str) -> None:
        """Restarts a peer after a timeout, because it may still evaluate the query; skips that query from then on."""
        self._skipped[peer.name, query] = f"over {self._options.timeout_s:g} s"
        self._say(f"  {peer.name} took too long and is started anew")
        peer.stop()
        peer.start(self._place)

    def _add(self, measure: str, peer: Peer, number: int, values: dict[str, float], note: str = "") -> None:
        self.findings.samples.append(Sample(measure, peer.name, number, values, note))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least the share `share` of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def _values(outcome: Outcome) -> dict[str, float]:
    found = {"failed": float(outcome.failed), "count": float(len(outcome.seconds))}
    if outcome.seconds:
        found |= {
            "p50": statistics.median(outcome.seconds) * 1000,
            "p99": percentile(outcome.seconds, 0.99) * 1000,
            "first_byte": statistics.median(outcome.first_bytes) * 1000,
            "rps": len(outcome.seconds) / outcome.elapsed,
        }
    return found


def _watch(peer: Peer, most: list[float], done: threading.Event) -> None:
    while not done.wait(_SAMPLE_S):
        most.append(peer.memory_mib())
