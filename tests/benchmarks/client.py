"""The load client: keep-alive connections to one SPARQL endpoint, driven by one loop in a process of its own.

Sockets and the C parser of httptools make it much cheaper than the measured servers; `ceiling.py` measures the
difference. Each connection sends its next request when its answer is complete (a closed loop).
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import httptools

from benchmarks.workload import SLOT, Question

_RECEIVE = 1 << 18
_SLOT = SLOT.encode()


@dataclass(frozen=True, slots=True)
class Job:
    """Questions, number of clients and duration of one job.

    `order` are indexes into `questions`, repeated in a circle. The job ends after `seconds` or after `most` answers,
    and waits for requests in flight. `salt` makes the texts of unseen questions differ between jobs.
    """

    questions: Sequence[Question]
    order: Sequence[int] = (0,)
    clients: int = 1
    seconds: float = 1.0
    most: int | None = None
    unseen: bool = True
    salt: int = 0
    keep: bool = False
    timeout_s: float = 60.0


@dataclass(slots=True)
class Outcome:
    """The result of a job; times in seconds, one per complete answer with status 200.

    `elapsed` is from the first request to the last answer; `bodies` are retained on demand only. `failed` counts other
    answers, and `failure` is the first of them. `timed_out`: an answer took too long.
    """

    seconds: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    received: int = 0
    elapsed: float = 0.0
    failed: int = 0
    failure: str = ""
    timed_out: bool = False


def run(endpoint: str, job: Job) -> Outcome:
    """Queries an endpoint, `http://127.0.0.1:8000/sparql` or one with parameters."""
    return _Loop(endpoint, job).run()


def request_bytes(endpoint: str, question: Question, *, unseen: bool) -> bytes:
    """A complete GET request of the SPARQL Protocol; an unseen one has a placeholder."""
    parts = urlsplit(endpoint)
    given = f"{parts.query}&" if parts.query else ""
    text = quote(question.unseen if unseen else question.text, safe="")
    return (
        f"GET {parts.path}?{given}query={text} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Accept: {question.accept}\r\nAccept-Encoding: identity\r\nUser-Agent: benchmark\r\n\r\n"
    ).encode()


class _Connection:
    """One client: a connection and the answer in progress."""

    def __init__(self, address: tuple[str, int], number: int, keep: bool) -> None:
        self._address = address
        # Each client has its own address, like users; all of 127.0.0.0/8 is the loopback interface.
        own = sys.platform == "linux" and number > 0
        self._own = (f"127.0.0.{number + 1}", 0) if own else None
        self._keep = keep
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(self._address, timeout=240, source_address=self._own)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._begin()

    def ask(self, request: bytes) -> None:
        self.done = False
        self.first_byte = 0.0
        self.size = 0
        self.pieces: list[bytes] = []
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> None:
        """Reads the available bytes; `done` when the answer is complete.

        Raises:
            ConnectionError: the server closed in the middle.
            httptools.HttpParserError: the bytes are not an HTTP answer.
        """
        data = self.socket.recv(_RECEIVE)
        if not data:
            raise ConnectionError("the server closed the connection before the answer was complete")
        self._parser.feed_data(data)

    def renew(self) -> None:
        """Opens a new connection when the server ends this one."""
        if not self._kept_alive:
            self.socket.close()
            self.open()

    @property
    def status(self) -> int:
        return self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if not self.size:
            self.first_byte = time.perf_counter() - self.started
        self.size += len(body)
        if self._keep or self._parser.get_status_code() != 200:
            self.pieces.append(body)

    def on_message_complete(self) -> None:
        self.done = True
        self._kept_alive = self._parser.should_keep_alive()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.done = True


class _Loop:
    """All clients of one job on one selector."""

    def __init__(self, endpoint: str, job: Job) -> None:
        self._job = job
        parts = urlsplit(endpoint)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._requests = [request_bytes(endpoint, question, unseen=job.unseen) for question in job.questions]
        self._asked = 0
        self._outcome = Outcome()
        self._selector = selectors.DefaultSelector()
        self._waiting: set[_Connection] = set()

    def run(self) -> Outcome:
        job, outcome = self._job, self._outcome
        clients = [_Connection(self._address, number, job.keep) for number in range(job.clients)]
        began = time.perf_counter()
        self._end = began + job.seconds
        try:
            for client in clients:
                self._selector.register(client.socket, selectors.EVENT_READ, client)
                self._next(client)
            while self._waiting and not outcome.timed_out:
                self._step()
        finally:
            self._selector.close()
            for client in clients:
                client.socket.close()
        outcome.elapsed = time.perf_counter() - began
        return outcome

    def _step(self) -> None:
        ready = self._selector.select(timeout=1.0)
        for key, _ in ready:
            self._read(key.data)
        if not ready:
            longest = min(client.started for client in self._waiting)
            self._outcome.timed_out = time.perf_counter() - longest > self._job.timeout_s

    def _read(self, client: _Connection) -> None:
        try:
            client.receive()
        except (OSError, httptools.HttpParserError) as error:
            self._fail(f"{type(error).__name__}: {error}")
            self._reopen(client)
            self._next(client)
            return
        if client.done:
            self._note(client)
            before = client.socket
            client.renew()
            if client.socket is not before:
                self._selector.unregister(before)
                self._selector.register(client.socket, selectors.EVENT_READ, client)
            self._next(client)

    def _reopen(self, client: _Connection) -> None:
        self._selector.unregister(client.socket)
        client.socket.close()
        client.open()
        self._selector.register(client.socket, selectors.EVENT_READ, client)

    def _note(self, client: _Connection) -> None:
        taken = time.perf_counter() - client.started
        if client.status != 200:
            self._fail(f"status {client.status}: {b''.join(client.pieces)[:300].decode(errors='replace')}")
            return
        self._outcome.seconds.append(taken)
        self._outcome.first_bytes.append(client.first_byte)
        self._outcome.received += client.size
        if self._job.keep:
            self._outcome.bodies.append(b"".join(client.pieces))

    def _fail(self, reason: str) -> None:
        self._outcome.failed += 1
        self._outcome.failure = self._outcome.failure or reason

    def _next(self, client: _Connection) -> None:
        """Sends the next question unless the time or the number of answers is used up."""
        job = self._job
        self._waiting.discard(client)
        if (job.most is not None and self._asked >= job.most) or (
            self._asked >= job.clients and time.perf_counter() >= self._end
        ):
            return
        request = self._requests[job.order[self._asked % len(job.order)]]
        if job.unseen:
            request = request.replace(_SLOT, b"u%015d" % (job.salt * 10**7 + self._asked))
        self._asked += 1
        self._waiting.add(client)
        client.ask(request)
