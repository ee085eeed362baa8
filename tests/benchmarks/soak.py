"""`make soak`: runs all attacks at once beside one well-behaved client, and measures that client.

Starts `plangraf serve` (or uses `--url`) and runs the good client alone, then beside the attackers, then alone again.
Prints the results of the good client, and the memory, workers, descriptors and log of the service.

The ratio is the good client's time under attack divided by its time alone, on one machine with service and attackers.
The attackers run at `--rate` and low priority and take some tenths of a processor, but the same kernel handles their
packets, so a part of the ratio is theirs. The ratio compares two states of the service on one machine, not machines.
`--rate 0.1` shows the overhead of the harness.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

# Makes the package `benchmarks` importable, because this file is run by its path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat, Store

from benchmarks import soak_attacks, soak_client
from benchmarks.measure import percentile
from benchmarks.soak_attacks import KINDS, Answered, Attack
from benchmarks.soak_client import DOCUMENT, NAMED, TURTLE, Job, Phase, Question
from benchmarks.soak_watch import Canary, Log, State, Watched, run_service
from plangraf.settings import Settings, default_home
from plangraf.sparql.named.binding import load_queries
from plangraf.store.versions import VersionStore

SETTINGS = {
    "PLANGRAF_QUERY_TIMEOUT_S": "5",
    "PLANGRAF_CACHE_MB": "32",
    # Low, because sixteen workers may reach the limit at the same time.
    "PLANGRAF_WORKER_MEMORY_MB": "512",
}
PHASES = ("idle", "attack", "calm")
# The accepted codes of status 5xx. `internal-error` and `not-ready` count as failures.
HONEST_5XX = {
    "500 worker-crashed",
    "500 answer-broken",
    "500 engine-error",
    "503 query-timeout",
    "503 query-displaced",
    "503 query-memory",
}
# Seconds for the workers of the last attackers to end on a busy machine.
_LONGEST_REST_S = 120.0
# Workers of a service with default settings.
_WORKERS = Settings.model_fields["processes"].default * Settings.model_fields["query_workers"].default
_PLANS = tuple(f"https://w3id.org/plangraf/id/5001/plan/2020-2023-{number}" for number in range(1, 9))
_KEPT = "SELECT ?s ?label WHERE { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?label } LIMIT 100000"
_TARGET = "11.6"


@dataclass(frozen=True)
class Options:
    """Seconds of each phase, attacks per second, their random seed, and the selected attacks."""

    idle_s: float = 20.0
    attack_s: float = 600.0
    calm_s: float = 40.0
    rate: float = 15.0
    seed: int = 7
    only: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """The findings of a soak. Values that only a service of our own reveals are None for a service given by address."""

    options: Options
    phases: dict[str, Phase] = field(default_factory=dict)
    answered: Answered = field(default_factory=Answered)
    canary_calls: list[str] = field(default_factory=list)
    alive: bool = False
    before: State | None = None
    after: State | None = None
    peak_mib: float = 0.0
    under_way: dict[str, float] = field(default_factory=dict)
    log: Log | None = None

    def ratio(self, share: float, kind: str | None = None) -> float:
        """A percentile of the good client under attack divided by the same percentile when idle."""
        idle, attack = (self.quantile(phase, share, kind) for phase in PHASES[:2])
        return attack / idle if idle and attack else float("nan")

    def quantile(self, phase: str, share: float, kind: str | None = None) -> float:
        by_kind = self.phases[phase].milliseconds
        # Without the shared answer, because only the quick kinds alternate evenly in every phase.
        kinds = [kind] if kind else [name for name in by_kind if name != soak_client.SHARED]
        times = [taken for name in kinds for taken in by_kind.get(name, [])]
        return percentile(times, share) if times else 0.0

    @property
    def failures(self) -> list[str]:
        return [f"{name}: {reason}" for name, phase in self.phases.items() for reason in phase.failures]

    @property
    def refused_share(self) -> float:
        """The share of the good client's requests that were refused under attack."""
        phase = self.phases["attack"]
        asked = phase.right + phase.failed + phase.refused
        return phase.refused / asked if asked else 0.0

    @property
    def dishonest(self) -> Counter[str]:
        """The 5xx answers without a documented code."""
        replies = self.answered.replies
        return Counter({reply: n for reply, n in replies.items() if reply[0] == "5" and reply not in HONEST_5XX})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the attack")
    parser.add_argument("--rate", type=float, default=Options.rate, help="attacks started per second")
    parser.add_argument("--seed", type=int, default=Options.seed)
    parser.add_argument("--only", action="append", choices=KINDS, default=[], help="this kind of attack alone")
    parser.add_argument("--url", help="a running service to attack instead of one of our own")
    parser.add_argument("--versions", type=Path, help="a built versions folder; without it one is built")
    given = parser.parse_args()
    options = Options(attack_s=60 * given.minutes, rate=given.rate, seed=given.seed, only=tuple(given.only))
    with tempfile.TemporaryDirectory(prefix="plangraf-soak-") as folder:
        versions = given.versions or Path(folder) / "versions"
        findings = (
            soak_url(given.url, options, _print_progress) if given.url else soak(versions, options, _print_progress)
        )
    print(report(findings))


def soak(versions: Path, options: Options, say: Callable[[str], None] = lambda _: None) -> Findings:
    """Runs a soak of a service of our own over `versions`; builds them when missing.

    Raises:
        RuntimeError: the service did not start.
    """
    say("starts the service")
    with run_service(versions, **SETTINGS) as watched:
        findings = _run(watched.url, questions(versions), options, say, watched)
    findings.log = watched.log
    findings.peak_mib = watched.peak_mib
    return findings


def soak_url(url: str, options: Options, say: Callable[[str], None] = lambda _: None) -> Findings:
    """Runs a soak of a running service, whose first answers count as right."""
    return _run(url, questions(None), options, say, None)


def questions(versions: Path | None) -> tuple[Question, ...]:
    """The questions of the good client. Our own engine computes the right answers over the same triples."""
    named = load_queries(default_home() / "queries")["plans-by-target"].bind({"target": [_TARGET]})
    asked = (
        *map(soak_client.point, _PLANS),
        Question(NAMED, f"/queries/plans-by-target?target={_TARGET}", query=named),
        Question(DOCUMENT, "/doc/5001/plan/2020-2023-7.ttl", TURTLE),
        soak_client.cached_question(_KEPT),
        soak_client.shared(),
    )
    if versions is None:
        return asked
    store = Store()
    quads = b"".join(VersionStore(versions).current().quads())
    store.bulk_load(quads, RdfFormat.N_QUADS)
    union = Store()
    union.bulk_load(b"".join(f"{quad.triple} .\n".encode() for quad in store), RdfFormat.N_TRIPLES)
    return tuple(replace(question, right=_answer(union, question)) for question in asked)


def _answer(store: Store, question: Question) -> str:
    """The digest of the right answer; empty for a document, whose first answer counts as right."""
    if not question.query:
        return ""
    result = store.query(question.query)
    assert isinstance(result, QuerySolutions)
    body = result.serialize(format=QueryResultsFormat.JSON)
    assert body is not None
    return soak_client.digest(body, question.accept)


def _run(
    url: str,
    asked: tuple[Question, ...],
    options: Options,
    say: Callable[[str], None],
    watched: Watched | None,
) -> Findings:
    findings = Findings(options)
    address = urlsplit(url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    canary = Canary()
    with ExitStack() as stack:
        stack.callback(canary.close)
        pool = stack.enter_context(ProcessPoolExecutor(2, multiprocessing.get_context("spawn")))
        seconds = dict(zip(PHASES, (options.idle_s, options.attack_s, options.calm_s), strict=True))
        for name in PHASES:
            say(f"{name} for {seconds[name]:g} s")
            attack = Attack(host, port, canary.port, seconds[name], options.rate, options.seed, options.only)
            attacking = pool.submit(soak_attacks.run, attack) if name == "attack" else None
            phase, asked = pool.submit(soak_client.run, Job(host, port, asked, seconds[name])).result()
            findings.phases[name] = phase
            if attacking is not None:
                findings.answered = attacking.result()
            if watched is not None and name == "idle":
                findings.before = _state_at_rest(watched, _WORKERS)
        if watched is not None:
            assert findings.before is not None
            findings.after = _state_at_rest(watched, findings.before.workers)
            findings.alive = watched.alive()
            findings.under_way = _queries_at_rest(watched)
        else:
            findings.alive = httpx.get(f"{url}/health/ready", timeout=30).status_code == 200
    findings.canary_calls = canary.calls
    return findings


def _state_at_rest(watched: Watched, workers: int) -> State:
    """The state once there are so many workers: one more computes named queries ahead, others are being replaced."""
    deadline = time.monotonic() + _LONGEST_REST_S
    while watched.state().workers != workers and time.monotonic() < deadline:
        time.sleep(0.5)
    return watched.state()


def _queries_at_rest(watched: Watched) -> dict[str, float]:
    """The numbers of queries once there are none, or still after a while: one of the attack may run to its limit."""
    deadline = time.monotonic() + _LONGEST_REST_S
    while any((found := watched.under_way()).values()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def report(findings: Findings) -> str:
    """All findings as text for people."""
    columns = "".join(f"{name + ' p50':>12}{name + ' p99':>12}" for name in PHASES)
    lines = [f"{'milliseconds':<16}{columns}   ratio of p50, p99"]
    kinds: list[str | None] = [None, *findings.phases["idle"].milliseconds]
    for kind in kinds:
        values = [findings.quantile(name, share, kind) for name in PHASES for share in (0.5, 0.99)]
        ratios = f"{findings.ratio(0.5, kind):11.2f}{findings.ratio(0.99, kind):9.2f}"
        lines.append(f"{kind or 'all but shared':<16}" + "".join(f"{value:12.2f}" for value in values) + ratios)
    for name, phase in findings.phases.items():
        lines.append(f"{name:<8} {phase.right} right, {phase.refused} put off, {phase.failed} wrong or failed")
    lines += [f"  {reason}" for reason in _group_reasons(findings.failures)]
    lines.append(f"attacks  {_counts(findings.answered.attacks)}")
    lines.append(f"replies  {_counts(findings.answered.replies)}")
    lines.append(f"5xx without a documented reason: {_counts(findings.dishonest) or 'none'}")
    lines.append(f"calls to the canary: {len(findings.canary_calls)}")
    lines.append(f"service alive: {findings.alive}")
    if findings.before and findings.after and findings.log:
        before, after, log = findings.before, findings.after, findings.log
        lines.append(
            f"memory   {before.mib:.0f} MiB before, {findings.peak_mib:.0f} at most, {after.mib:.0f} after the calm"
        )
        lines.append(
            f"workers  {before.workers} before, {after.workers} after; queries {findings.under_way} after the calm"
        )
        lines.append(f"descriptors of the HTTP processes  {before.descriptors} before, {after.descriptors} after")
        lines.append(f"log      {log.lines} lines, {len(log.unclean)} not one object, {len(log.bugs)} with a traceback")
        lines.append(f"         {_counts(log.events)}")
        lines += [f"  {line}" for line in _group_reasons([*log.unclean, *log.bugs])]
    return "\n".join(lines)


def _group_reasons(reasons: Sequence[str]) -> list[str]:
    """Groups equal reasons with their number. Drops the times after a comma, because they differ."""
    counted = Counter(reason.split(", after")[0] for reason in reasons)
    return [f"{number} × {reason}" for reason, number in counted.most_common()]


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counter.most_common())


def _print_progress(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
