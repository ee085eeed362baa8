"""The well-behaved client of the soak: it sends fixed questions, checks the answers, and obeys Retry-After.

One process, two threads: one sends quick requests (unseen point queries, a named query, a document, a cached answer),
the other sends queries of the attackers. Both come from 127.0.0.2.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from pyoxigraph import RdfFormat, parse

from benchmarks import soak_queries
from benchmarks.soak_attacks import SHARED_S

SOURCE = "127.0.0.2"
POINT, NAMED, DOCUMENT, KEPT, SHARED = "point query", "named query", "document", "kept answer", "shared answer"
JSON, TURTLE = "application/sparql-results+json", "text/turtle"
# Keeps the load of the good client small at any speed of the service.
_PAUSE_S = 0.02
_SHARED_PAUSE_S = 0.5
_PATIENCE_S = 20.0
_MOST_TRIES = 5
_MOST_FAILURES_KEPT = 50
# Replaced by a text that does not change the answer, to prevent cache hits.
_SLOT = "SLOT"


@dataclass(frozen=True, slots=True)
class Question:
    """`path` is asked; `query` is its SPARQL text where our own store can answer it, too; `right` the digest."""

    kind: str
    path: str
    accept: str = JSON
    query: str = ""
    right: str = ""


@dataclass(slots=True)
class Phase:
    """What the good client met in one phase: milliseconds to the right answer by kind, waits included.

    `refused` counts the answers 429 and 503 that said when to ask again; `failures` what was wrong or never came.
    """

    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    refused: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def right(self) -> int:
        return sum(map(len, self.milliseconds.values()))


@dataclass(frozen=True, slots=True)
class Job:
    """Ask these questions in turn for so many seconds; without `right`, the first answer to each is the right one."""

    host: str
    port: int
    questions: tuple[Question, ...]
    seconds: float


def point(iri: str) -> Question:
    """A query for the statements about one thing, with a new text each time."""
    query = f"SELECT ?p ?o WHERE {{ <{iri}> ?p ?o }}"
    return Question(POINT, f"/sparql?query={quote(query, safe='')}%23{_SLOT}", query=query)


def cached_question(query: str) -> Question:
    return Question(KEPT, f"/sparql?query={quote(query, safe='')}", query=query)


def shared() -> Question:
    query = soak_queries.shared(0)
    return Question(SHARED, f"/sparql?query={quote(query, safe='')}", query=query)


def digest(body: bytes, accept: str) -> str:
    """A digest that is equal for equivalent answers: it ignores the order of rows unless the query has an ORDER BY."""
    if accept == TURTLE:
        triples = [str(triple) for triple in parse(body, RdfFormat.TURTLE)]
        return _hash(sorted(triples))
    content = json.loads(body)
    if "boolean" in content:
        return _hash([str(content["boolean"])])
    rows = [json.dumps(row, sort_keys=True) for row in content["results"]["bindings"]]
    return _hash([*content["head"]["vars"], *sorted(rows)])


def _hash(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def run(job: Job) -> tuple[Phase, tuple[Question, ...]]:
    """Sends questions until the time is over; returns them with the learnt answers."""
    quick = [question for question in job.questions if question.kind != SHARED]
    slow = [question for question in job.questions if question.kind == SHARED]
    askers = [_Asker(job, part) for part in (quick, slow) if part]
    threads = [threading.Thread(target=asker.run) for asker in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    phase = Phase()
    for asker in askers:
        phase.milliseconds |= asker.phase.milliseconds
        phase.refused += asker.phase.refused
        phase.failed += asker.phase.failed
        phase.failures += asker.phase.failures
    return phase, tuple(question for asker in askers for question in asker.questions)


class _Asker:
    """One thread of the good client, with one keep-alive connection."""

    def __init__(self, job: Job, questions: list[Question]) -> None:
        self._job = job
        self.questions = questions
        self.phase = Phase()
        self._connection: http.client.HTTPConnection | None = None
        self._seen: dict[tuple[str, bytes], str] = {}

    def run(self) -> None:
        end = time.monotonic() + self._job.seconds
        for number in self._numbers():
            if time.monotonic() >= end:
                break
            self._ask(number)
            time.sleep(_SHARED_PAUSE_S if self.questions[number].kind == SHARED else _PAUSE_S)
        self._hang_up()

    def _numbers(self) -> Iterator[int]:
        while True:
            yield from range(len(self.questions))

    def _ask(self, number: int) -> None:
        question = self.questions[number]
        path = question.path.replace(_SLOT, uuid.uuid4().hex)
        if question.kind == SHARED:
            query = soak_queries.shared(int(time.time()) // SHARED_S)
            path = f"/sparql?query={quote(query, safe='')}"
        began = time.perf_counter()
        try:
            body = self._answer(path, question.accept)
            found = self._digest(question, body)
        except (OSError, http.client.HTTPException, ValueError, SyntaxError, KeyError) as error:
            self._hang_up()
            waited = time.perf_counter() - began
            self._fail(f"{question.kind}: {type(error).__name__}: {error}, after {waited:.1f} s")
            return
        taken = (time.perf_counter() - began) * 1000
        if not question.right:
            question = self.questions[number] = replace(question, right=found)
        if found == question.right:
            self.phase.milliseconds.setdefault(question.kind, []).append(taken)
        else:
            self._fail(f"{question.kind}: a wrong answer of {len(body)} bytes to {path[:200]}")

    def _answer(self, path: str, accept: str) -> bytes:
        """The body of a 200. Retries after the time in Retry-After."""
        for _ in range(_MOST_TRIES):
            status, retry_after, body = self._get(path, accept)
            if status == 200:
                return body
            if status not in (429, 503) or retry_after is None:
                break
            self.phase.refused += 1
            time.sleep(float(retry_after))
        raise ValueError(f"status {status}: {body[:300]!r}")

    def _get(self, path: str, accept: str) -> tuple[int, str | None, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                self._job.host, self._job.port, timeout=_PATIENCE_S, source_address=(SOURCE, 0)
            )
        self._connection.request("GET", path, headers={"Accept": accept})
        response = self._connection.getresponse()
        answer = response.status, response.getheader("Retry-After"), response.read()
        # Reconnects after a long pause, because the server may close an idle connection.
        if answer[0] != 200 or len(self.questions) == 1:
            self._hang_up()
        return answer

    def _digest(self, question: Question, body: bytes) -> str:
        """Digests each body once, so that the work of the good client does not disturb its measurements."""
        key = question.kind, hashlib.sha256(body).digest()
        if key not in self._seen:
            self._seen[key] = digest(body, question.accept)
        return self._seen[key]

    def _fail(self, reason: str) -> None:
        self.phase.failed += 1
        if len(self.phase.failures) < _MOST_FAILURES_KEPT:
            self.phase.failures.append(reason)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
