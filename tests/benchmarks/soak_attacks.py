"""The attackers of the soak: one process and one loop start many attacks at a steady rate.

Each attack is a coroutine over bare sockets, from one of the addresses 127.0.0.3 to 127.0.0.20, which the service
treats as different clients. It counts the replies and does not judge them.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from benchmarks import soak_queries
from benchmarks.soak_connection import Answered, Connection

SOURCES = tuple(f"127.0.0.{last}" for last in range(3, 21))
# The question of soak_queries.shared changes as often.
SHARED_S = 10
# The most attacks at once. The rate limits only their starts, not the number that stays open.
_MOST_OPEN = 900
# High, so that the attackers take a small share of two processors.
_NICENESS = 10
_CROWD = 200
# The code in the member `type`, which comes first, because the detail may be long.
_CODE = re.compile(rb"/problem/([a-z-]+)\"")
_FORMATS = (
    "*/*",
    "text/csv",
    "application/sparql-results+xml",
    "text/turtle, */*;q=0.1",
    "application/ld+json, */*;q=.5",
)
_CODINGS = ("identity", "gzip", "br", "zstd", "*;q=0.5, identity;q=0")
_PATHS = (
    "/",
    "/sparql",
    "/queries",
    "/queries/plans",
    "/queries/plans-by-target?target=11.6",
    "/doc/5001/plan/2020-2023-7",
    "/id/5001/plan/2020-2023-7",
    "/ontology",
    "/metrics",
    "/openapi.json",
    "/health/ready",
    "/..%2f..%2fetc/passwd",
    "/%00%0a%0d",
    "/doc/" + "a/" * 500,
    "/queries/" + "plans-by-targe" * 300,
    "/%C3%A6%ff",
    "*",
    "//",
    "/?" + "&" * 5000,
)


@dataclass(frozen=True, slots=True)
class Attack:
    """What to attack, for how long, how hard: `rate` attacks are started per second, those in `only` or all."""

    host: str
    port: int
    canary: int
    seconds: float
    rate: float
    seed: int
    only: tuple[str, ...] = ()


def run(attack: Attack) -> Answered:
    """Attacks until the time is over, then closes all connections."""
    os.nice(_NICENESS)
    return asyncio.run(_Attackers(attack).run())


class _Attackers:
    def __init__(self, attack: Attack) -> None:
        self._attack = attack
        self._rng = random.Random(attack.seed)
        self._answered = Answered()
        self._lines: set[Connection] = set()
        self._kinds = [kind for kind in _WEIGHTED if not attack.only or kind.__name__ in attack.only]

    async def run(self) -> Answered:
        end = time.monotonic() + self._attack.seconds
        running: set[asyncio.Task[None]] = set()
        crowd = 0.0
        while (now := time.monotonic()) < end:
            kind = self._rng.choice(self._kinds)
            if now >= crowd and not self._attack.only:  # the first thing, and then three times a minute
                kind, crowd = _Attackers.crowd, now + 20
            if len(self._lines) < _MOST_OPEN:
                self._answered.attacks[kind.__name__] += 1
                task = asyncio.create_task(self._survive(kind, end))
                running.add(task)
                task.add_done_callback(running.discard)
            await asyncio.sleep(min(1 / self._attack.rate, end - now))
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return self._answered

    async def _survive(self, kind: Callable[[_Attackers], Awaitable[None]], end: float) -> None:
        try:
            async with asyncio.timeout(max(0.1, end - time.monotonic())):
                await kind(self)
        except TimeoutError:
            self._answered.replies["no answer in time"] += 1
        except OSError as error:
            self._answered.replies[type(error).__name__] += 1

    # What attacks are made of.

    async def _line(self, *, source: str | None = None, buffer: int | None = None) -> Connection:
        line = Connection(source or self._rng.choice(SOURCES), buffer=buffer)
        self._lines.add(line)
        try:
            await line.open(self._attack.host, self._attack.port)
        except BaseException:
            self._close(line)
            raise
        return line

    def _close(self, line: Connection) -> None:
        self._lines.discard(line)
        line.close()

    async def _send(self, data: bytes, *, source: str | None = None, read: int = 1 << 18) -> None:
        """Sends data, reads the start of the answer and counts it."""
        line = await self._line(source=source)
        try:
            await line.send(data)
            await self._read(line, read)
        finally:
            self._close(line)

    async def _read(self, line: Connection, most: int) -> None:
        """Reads at most `most` bytes and counts the answer; counts nothing for 0."""
        if not most:
            await line.receive()
            return
        head = await self._read_head(line, 65536)
        taken = len(head)
        while taken < most and (piece := await line.receive()):
            taken += len(piece)

    async def _read_head(self, line: Connection, most: int) -> bytes:
        """The first bytes of an answer, enough to classify it; reads at most `most` bytes at once."""
        head = await line.receive(most)
        # Head and body may arrive separately.
        failed = head[9:10] in (b"4", b"5")
        while len(head) < (5_000 if failed else 500) and not _CODE.search(head) and (piece := await line.receive(most)):
            head += piece
        self._note(head)
        return head

    def _note(self, head: bytes) -> None:
        if not head:
            self._answered.replies["closed"] += 1
            return
        status = head[9:12].decode("latin-1") if head.startswith(b"HTTP/1.") else "no HTTP"
        code = _CODE.search(head)
        self._answered.replies[f"{status} {code[1].decode()}" if code else status] += 1

    def _request(self, query: str, *, version: str = "1.1", **more: str) -> bytes:
        rng = self._rng
        wanted = f"Accept: {rng.choice(_FORMATS)}\r\nAccept-Encoding: {rng.choice(_CODINGS)}\r\n"
        headers = f"Host: x\r\nConnection: close\r\n{wanted}"
        text = query.encode("utf-8", "surrogatepass")
        if len(text) > 20_000 or rng.random() < 0.3:
            form = rng.random() < 0.5
            body = urlencode({"query": text, **more}).encode() if form else text
            kind = "application/x-www-form-urlencoded" if form else "application/sparql-query"
            tail = "" if form or not more else f"?{urlencode(more)}"
            content = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            return f"POST /sparql{tail} HTTP/{version}\r\n{headers}{content}".encode() + body
        return f"GET /sparql?{urlencode({'query': text, **more})} HTTP/{version}\r\n{headers}\r\n".encode()

    # The attacks.

    async def query(self) -> None:
        await self._send(self._request(soak_queries.hostile(self._rng, self._attack.canary)))

    async def old_client(self) -> None:
        """HTTP/1.0, for which the service buffers whole answers."""
        await self._send(self._request(soak_queries.hostile(self._rng, self._attack.canary), version="1.0"))

    async def fuzz(self) -> None:
        await self._send(self._request(soak_queries.fuzzed(self._rng)))

    async def call(self) -> None:
        """Dataset parameters that name a listener of this machine."""
        address = f"http://{self._rng.choice(soak_queries.LOOPBACKS)}:{self._attack.canary}/"
        name = self._rng.choice(("default-graph-uri", "named-graph-uri"))
        await self._send(self._request("SELECT * { ?s ?p ?o } LIMIT 1", **{name: address}))

    async def hurry(self) -> None:
        """A time limit that every query passes, so that each request costs a worker."""
        query = soak_queries.hostile(self._rng, self._attack.canary)
        await self._send(self._request(query, timeout=self._rng.choice(("0.000001", "0.001", "0.05", "1"))))

    async def equal(self) -> None:
        """Twenty clients ask the same heavy query at once."""
        data = self._request(soak_queries.hostile(self._rng, self._attack.canary))
        await asyncio.gather(*(self._send(data) for _ in range(20)), return_exceptions=True)

    async def crowd(self) -> None:
        """Two hundred clients at once, each with a different small query."""
        questions = [f"ASK {{ ?s ?p {self._rng.getrandbits(40)} }}" for _ in range(_CROWD)]
        await asyncio.gather(*(self._send(self._request(text)) for text in questions), return_exceptions=True)

    async def look_around(self) -> None:
        """Other addresses, methods and headers."""
        rng = self._rng
        method = rng.choice(("GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY", "TRACE", "PATCH"))
        tag = ", ".join(f'"{rng.getrandbits(64):x}"' for _ in range(rng.choice((0, 1, 500))))
        head = f"{method} {rng.choice(_PATHS)} HTTP/1.1\r\nHost: {rng.choice(('x', '', 'a:b:c', '127.0.0.1'))}\r\n"
        more = f"Connection: close\r\nAccept: {rng.choice(('', 'text/html', '*/*;q=0', 'a/b,' * 300))}\r\n"
        # An answer to HEAD has no body that could say why.
        read = 0 if method == "HEAD" else 1 << 18
        await self._send(f"{head}{more}If-None-Match: {tag}\r\n\r\n".encode(), read=read)

    async def many_parameters(self) -> None:
        count = self._rng.choice((150, 199, 5000))
        fields = "&".join(f"p{number}={number}" for number in range(count))
        await self._send(
            f"GET /sparql?query=ASK%7B%7D&{fields} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )

    async def huge_head(self) -> None:
        """A long header, many headers, or a long address."""
        size = self._rng.choice((20_000, 200_000, 1_000_000))
        part = self._rng.choice(
            (
                b"X-Long: " + b"a" * size,
                b"Accept: " + b"a/b," * (size // 4),
                b"\r\n".join([b"X-Many: 1"] * (size // 10)),
            )
        )
        if self._rng.random() < 0.3:
            await self._send(b"GET /sparql?query=ASK%7B%7D&x=" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n", read=1)
        else:
            await self._send(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n" + part + b"\r\n\r\n", read=1)

    async def huge_body(self) -> None:
        """A body of 10 MB, with a length or in chunks."""
        line = await self._line()
        try:
            chunked = self._rng.random() < 0.5
            size = "Transfer-Encoding: chunked" if chunked else "Content-Length: 10000000"
            kind = self._rng.choice(("application/sparql-query", "application/x-www-form-urlencoded"))
            await line.send(f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{size}\r\n\r\n".encode())
            piece = b"query=" + b"x" * 99_994
            for _ in range(100):
                await line.send(b"186a0\r\n" + piece + b"\r\n" if chunked else piece)
            await self._read(line, 1)
        finally:
            self._close(line)

    async def broken_text(self) -> None:
        """Invalid UTF-8, NUL, and incomplete escapes."""
        rng = self._rng
        text = rng.choice(
            (b"ASK { ?s ?p '\xff\xfe' }", b"ASK {\x00}", b"\xed\xa0\x80", b"%", b"ASK { ?s ?p '\xc3' }", b"")
        )
        kind = rng.choice(
            (b"application/sparql-query", b"application/x-www-form-urlencoded", b"text/plain; charset=\xff")
        )
        body = (b"query=" if b"form" in kind else b"") + text
        head = (
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
        )
        wrong_form = b"GET /sparql?query=%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        escaped = rng.choice((b"%ff%fe", b"%00", b"%", b"%zz", b"ASK%7B%7D%00", b"ASK+%7B%ED%A0%80%7D"))
        await self._send(head % (kind, len(body)) + body if rng.random() < 0.5 else wrong_form % escaped)

    async def garbage(self) -> None:
        """Bytes that are not HTTP, or the start of another protocol."""
        rng = self._rng
        begun = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
        await self._send(
            rng.choice(
                (
                    rng.randbytes(rng.randrange(1, 5000)),
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(500),
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.randbytes(50),
                    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                    b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % self._attack.canary,
                    b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n\r\n" % self._attack.canary,
                    begun + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                    begun + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
                    begun + b"Content-Length: -1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\x00: \x00\r\n\r\n",
                    b"\r\n" * 1000,
                )
            ),
            read=1,
        )

    async def leave(self) -> None:
        """Sends a query and disconnects before the answer or in the middle of it."""
        line = await self._line()
        try:
            query = soak_queries.endless(self._rng) if self._rng.random() < 0.5 else soak_queries.runaway(self._rng)
            await line.send(self._request(f"{query} # {self._rng.getrandbits(40):x}"))
            await asyncio.sleep(self._rng.choice((0, 0.01, 0.1, 0.5)))
            if self._rng.random() < 0.5:
                line.reset()
        finally:
            self._close(line)

    async def half_open(self) -> None:
        """Ten connections: silent ones, and heads that come a byte at a time and never end."""
        lines = [await self._line() for _ in range(10)]
        drip = self._rng.random() < 0.5
        try:
            if drip:
                for line in lines:
                    await line.send(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: ")
            for _ in range(30):
                await asyncio.sleep(1)
                for line in lines if drip else ():
                    await line.send(b"x")
        finally:
            for line in lines:
                self._close(line)

    async def dripping_body(self) -> None:
        line = await self._line()
        try:
            length = self._rng.choice((50, 200_000))
            head = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            await line.send(f"{head}Content-Length: {length}\r\n\r\n".encode())
            for _ in range(60):
                await asyncio.sleep(0.5)
                await line.send(b" ")
        finally:
            self._close(line)

    async def slow_reader(self) -> None:
        """Reads one byte per second of an endless, a shared or a cached answer."""
        shared = soak_queries.shared(int(time.time()) // SHARED_S)
        query = self._rng.choice((shared, shared, soak_queries.endless(self._rng)))
        version = self._rng.choice(("1.1", "1.1", "1.0"))
        line = await self._line(buffer=4096)
        try:
            await line.send(f"GET /sparql?query={quote(query, safe='')} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
            await self._read_head(line, 1000)
            for _ in range(40):
                await asyncio.sleep(1)
                if not await line.receive(1):
                    return
        finally:
            self._close(line)

    async def pipeline(self) -> None:
        """Pipelines many requests behind a long one, then disconnects or closes one direction."""
        line = await self._line()
        try:
            first = self._request(soak_queries.runaway(self._rng)).replace(b"Connection: close\r\n", b"")
            await line.send(first + b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n\r\n" * 500)
            if self._rng.random() < 0.5:
                line.half_close()
                await self._read(line, 1 << 20)
            else:
                await asyncio.sleep(1)
        finally:
            self._close(line)


# Repetition gives the weight of an attack.
_WEIGHTED: tuple[Callable[[_Attackers], Awaitable[None]], ...] = (
    *(_Attackers.query,) * 6,
    _Attackers.old_client,
    *(_Attackers.fuzz,) * 4,
    _Attackers.call,
    _Attackers.hurry,
    _Attackers.equal,
    *(_Attackers.look_around,) * 2,
    _Attackers.many_parameters,
    _Attackers.huge_head,
    _Attackers.huge_body,
    *(_Attackers.broken_text,) * 2,
    *(_Attackers.garbage,) * 2,
    *(_Attackers.leave,) * 2,
    _Attackers.half_open,
    _Attackers.dripping_body,
    *(_Attackers.slow_reader,) * 2,
    _Attackers.pipeline,
)
KINDS = tuple(dict.fromkeys(kind.__name__ for kind in _WEIGHTED))
