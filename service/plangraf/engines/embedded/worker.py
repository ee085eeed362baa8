"""A worker: evaluates one query at a time and streams the answer; the front may kill it at any moment.

A write to its socket blocks while the reader is slow. No other back-pressure is needed.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import orjson
from pyoxigraph import (
    DefaultGraph,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
)

from plangraf.engines.answer_filters import Output, filtered
from plangraf.engines.embedded.csv_rows import last_row_end, quote_iris
from plangraf.engines.embedded.stores import Stores
from plangraf.engines.embedded.wire import CHUNK, ERROR, FRAME, GROWN, LAST, OUT_OF_MEMORY, REQUEST
from plangraf.processes import is_closed
from plangraf.rdf.formats import GRAPH_FORMATS, RESULT_FORMATS

DEFAULT_GRAPH = DefaultGraph()
RESULTS = {format_.name: format_.writer for format_ in RESULT_FORMATS if isinstance(format_.writer, QueryResultsFormat)}
GRAPHS = {format_.name: format_.writer for format_ in GRAPH_FORMATS if isinstance(format_.writer, RdfFormat)}
_FLUSH = 64 * 1024
# Send the first piece when it is _FIRST bytes long, or when the engine fills its buffer after _FIRST_S. A fast answer
# so travels in one frame, which costs both sides least, and a slow one shows its first bytes early.
_ENGINE_BUFFER = 8 * 1024
_FIRST_S = 0.003
_FIRST = 128 * 1024
_LONGEST_FRAME = 8 * 1024 * 1024
# How long no request may follow before freed memory is returned, 0.1 s, and then before the worker reports its growth,
# 2 s, and without a limit, as a `struct timeval`.
_SILENCE = struct.pack("ll", 0, 100_000)
_LONG_SILENCE = struct.pack("ll", 2, 0)
_FOR_EVER = struct.pack("ll", 0, 0)
# Bytes of its own that an idle worker may have. Each scan copies pages of the loader, because the engine counts its
# references in them.
_GROWTH = 8 * 1024 * 1024
_OWN = re.compile(rb"^Private_(?:Clean|Dirty): *(\d+) kB", re.MULTILINE)
# Only glibc has it; other C libraries retain less. Found here, because a worker opens no file.
_MALLOC_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)


class _Output:
    """The stream that the engine writes to: sends the first piece early, later ones when they fill a frame."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pieces: list[bytes] = []
        self._size = 0
        self._started = False
        self._began = time.monotonic()

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        if self._is_worth_a_frame():
            self._send(CHUNK)
            self._started = True
        return len(data)

    def _is_worth_a_frame(self) -> bool:
        if self._started:
            return self._size >= _FLUSH
        late = self._size >= _ENGINE_BUFFER and time.monotonic() - self._began >= _FIRST_S
        return late or self._size >= _FIRST

    def flush(self) -> None:
        """Does nothing, because pieces are sent by size."""

    def finish(self) -> None:
        self._send(LAST)

    def _send(self, kind: bytes) -> None:
        payload = memoryview(b"".join(self._pieces))
        while len(payload) > _LONGEST_FRAME:  # so that the front never holds a whole long literal
            self._send_frame(CHUNK, payload[:_LONGEST_FRAME])
            payload = payload[_LONGEST_FRAME:]
        self._send_frame(kind, payload)
        self._pieces.clear()
        self._size = 0

    def _send_frame(self, kind: bytes, payload: memoryview) -> None:
        self._connection.sendall(FRAME.pack(kind, len(payload)) + payload)


class _CsvOutput(_Output):
    """CSV whose IRIs with a comma are quoted."""

    def __init__(self, connection: socket.socket, columns: int, store: Store) -> None:
        super().__init__(connection)
        self._columns, self._store, self._rest = columns, store, b""

    def write(self, data: bytes) -> int:
        whole = self._rest + data
        cut = last_row_end(whole)
        self._rest = whole[cut:]
        if cut:
            super().write(quote_iris(whole[:cut], self._columns, self._is_known))
        return len(data)

    def _is_known(self, iri: str) -> bool:
        try:
            node = NamedNode(iri)
        except ValueError:
            return False
        quads = self._store.quads_for_pattern
        found = (
            quads(node, None, None),
            quads(None, None, node),
            quads(None, node, None),
            quads(None, None, None, node),
        )
        return any(next(each, None) for each in found)


def confine(connection: socket.socket, says: int, memory: int, files: int = 0) -> int:
    """Bounds what this process can do: `memory` bytes more than it has, and no new file or socket at all.

    Over stores on disk it may open `files` files, because the engine opens their tables when it first reads them.

    The descriptor `says` becomes its standard error: the front reads there why the engine's runtime aborted. The
    kernel kills this process, whatever it does, as soon as the front closes its end of that pipe or dies. Returns a
    descriptor of this process's own `smaps_rollup`.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    fcntl.fcntl(says, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(says, fcntl.F_SETOWN, os.getpid())
    # A full pipe must not block the process, because only its first words count.
    fcntl.fcntl(says, fcntl.F_SETFL, fcntl.fcntl(says, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    os.dup2(says, 2)
    os.close(says)
    if is_closed(2):
        os._exit(0)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    # Opened now, because a worker may open no file later.
    rollup = os.open("/proc/self/smaps_rollup", os.O_RDONLY)
    full = max(connection.fileno(), rollup) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (full, full + files))
    with suppress(OSError):  # until every descriptor up to the limit is taken
        while True:
            os.dup(connection.fileno())
    resource.setrlimit(resource.RLIMIT_NOFILE, (full + files, full + files))
    return rollup


def serve(stores: Stores, connection: socket.socket, rollup: int) -> None:
    """Answers requests about the version until the front closes the connection.

    When no request has followed for a while, returns freed memory to the system, and later tells the front if much
    memory is this process's own (proc_pid_smaps(5), from the descriptor `rollup`).
    """

    def report_growth() -> None:
        if has_grown(rollup):
            connection.sendall(FRAME.pack(GROWN, 0))

    silences = (_SILENCE, trim_memory), (_LONG_SILENCE, report_growth)
    while True:
        head = _receive(connection, REQUEST.size, silences)
        if len(head) < REQUEST.size:
            return
        (size,) = REQUEST.unpack(head)
        request = orjson.loads(_receive(connection, size))
        try:
            _answer(stores, request, connection)
        except MemoryError:
            os.write(2, OUT_OF_MEMORY[1])
            raise
        except (SyntaxError, ValueError, RuntimeError, OSError) as error:
            predicate = getattr(error, "predicate", "")
            body = orjson.dumps({"kind": type(error).__name__, "message": str(error), "predicate": predicate})
            connection.sendall(FRAME.pack(ERROR, len(body)) + body)


def has_grown(rollup: int) -> bool:
    """Whether this process has more than `_GROWTH` of its own; its page faults are an upper bound that costs less."""
    if resource.getrusage(resource.RUSAGE_SELF).ru_minflt * resource.getpagesize() < _GROWTH:
        return False
    return sum(map(int, _OWN.findall(os.pread(rollup, 4096, 0)))) * 1024 > _GROWTH


def _receive(connection: socket.socket, size: int, silences: Sequence[tuple[bytes, Callable[[], None]]] = ()) -> bytes:
    """Receives so many bytes, fewer only when the front has closed the connection.

    Args:
        connection: to the front.
        size: how many bytes.
        silences: times without a byte, one after the other, and what is called once after each. A receive timeout of
            the kernel tells, because a poll before each request would cost more than the rest of its transport.
    """
    left = iter(silences)
    waits = next(left, None)
    if waits is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, waits[0])
    received = b""
    while len(received) < size:
        try:
            piece = connection.recv(size - len(received), socket.MSG_WAITALL)
        except BlockingIOError:
            assert waits is not None
            called, waits = waits[1], next(left, None)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _FOR_EVER if waits is None else waits[0])
            called()
            continue
        if not piece:
            break
        received += piece
    return received


def trim_memory() -> None:
    """Returns freed memory, which the C library would retain, to the system."""
    if _MALLOC_TRIM is not None:
        _MALLOC_TRIM(0)


def _answer(stores: Stores, request: dict[str, Any], connection: socket.socket) -> None:
    with _dataset(stores, request) as (store, options):
        result = store.query(request["query"], base_iri=request["base"], **options)
        if isinstance(result, QueryTriples):
            format_ = GRAPHS[request["format"]]
            output = filtered(_Output(connection), format_)
            result.serialize(cast(IO[bytes], output), format_)  # the engine calls only write and flush
        else:
            assert isinstance(result, QuerySolutions | QueryBoolean)
            output = _result_output(connection, request["format"], result, store)
            result.serialize(cast(IO[bytes], output), RESULTS[request["format"]])
        output.finish()


def _result_output(
    connection: socket.socket, format_: str, result: QuerySolutions | QueryBoolean, store: Store
) -> Output:
    if format_ == "csv" and isinstance(result, QuerySolutions) and result.variables:
        return _CsvOutput(connection, len(result.variables), store)
    return filtered(_Output(connection), RESULTS[format_])


@contextmanager
def _dataset(stores: Stores, request: dict[str, Any]) -> Iterator[tuple[Store, dict[str, Any]]]:
    """The store of a request, and the options by which the engine makes the request's dataset of it."""
    if request["default"] is not None or request["named"] is not None:
        default = [NamedNode(iri) for iri in dict.fromkeys(request["default"] or ())]
        named = [NamedNode(iri) for iri in request["named"] or ()]
        with _merged(stores, default, named) as (store, graphs):
            yield store, {"default_graph": graphs, "named_graphs": named}
    elif request["bulk"] and stores.wide is not None:
        yield stores.wide.all, {"default_graph": [DEFAULT_GRAPH, *stores.bulk]}
    elif stores.union is None:
        yield stores.graphs, {"use_default_graph_as_union": True}
    elif request["graphs"] and stores.on_disk is not None and stores.bulk:
        yield stores.graphs, {"default_graph": [DEFAULT_GRAPH], "named_graphs": list(stores.own_graphs())}
    else:
        yield stores.graphs if request["graphs"] else stores.union, {}


@contextmanager
def _merged(
    stores: Stores, default: list[NamedNode], named: list[NamedNode]
) -> Iterator[tuple[Store, list[NamedNode | DefaultGraph]]]:
    """Makes the default graph a set, because the engine repeats a triple for each FROM that holds it."""
    reaches = stores.on_disk is not None or any(graph in stores.bulk for graph in (*default, *named))
    wide = stores.wide if reaches else None
    store = stores.graphs if wide is None else wide.all
    small = frozenset(default).difference(stores.bulk)
    bulk = [graph for graph in default if graph in stores.bulk]
    if len(small) < 2 or stores.is_disjoint:
        yield store, [*default]
    elif small.issuperset(stores.own_graphs()):
        yield store, [DEFAULT_GRAPH, *bulk]
    elif wide is not None and wide.apart is not None:
        yield wide.apart, [*(part for part, graphs in wide.parts.items() if graphs & small), *bulk]
    else:
        merged = Store()
        merged.bulk_extend(_triples_of(store, small, DEFAULT_GRAPH))
        for graph in named:
            merged.bulk_extend(store.quads_for_pattern(None, None, None, graph))
        yield merged, [DEFAULT_GRAPH]


def _triples_of(store: Store, graphs: Iterable[NamedNode], target: NamedNode | DefaultGraph) -> list[Quad]:
    """The triples of some graphs, in another graph."""
    found = (quad for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph))
    return [Quad(quad.subject, quad.predicate, quad.object, target) for quad in found]
