"""A worker: evaluates one query at a time and streams the answer; it may be killed at any moment.

Writing to its socket blocks when the reader is slow, which is all the back-pressure that is needed.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
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

from plangraf.engine.frames import CHUNK, ERROR, FRAME, LAST, REQUEST

DEFAULT_GRAPH = DefaultGraph()
RESULTS = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
GRAPHS = {
    "turtle": RdfFormat.TURTLE,
    "jsonld": RdfFormat.JSON_LD,
    "ntriples": RdfFormat.N_TRIPLES,
    "rdfxml": RdfFormat.RDF_XML,
}
_FLUSH = 64 * 1024


class _Output:
    """Where the engine writes: the first piece leaves at once, later ones when they are worth a frame."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pieces: list[bytes] = []
        self._size = 0
        self._started = False

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._size += len(data)
        # The engine's own buffer is 8 KiB: what is smaller is a whole answer, and leaves with `finish`.
        if self._size >= (_FLUSH if self._started else 8 * 1024):
            self._send(CHUNK)
            self._started = True
        return len(data)

    def flush(self) -> None:
        """Nothing: pieces leave by size."""

    def finish(self) -> None:
        self._send(LAST)

    def _send(self, kind: bytes) -> None:
        payload = b"".join(self._pieces)
        self._connection.sendall(FRAME.pack(kind, len(payload)) + payload)
        self._pieces.clear()
        self._size = 0


def confine(connection: socket.socket, memory: int) -> None:
    """Bounds what this process can do: `memory` bytes more than it has, and no new file or socket at all."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # What the engine's runtime says when it aborts is told to the client by the front, and logged there.
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)
    os.close(silent)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    full = max(connection.fileno(), 2) + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (full, full))
    try:
        while True:
            os.dup(connection.fileno())
    except OSError:  # every descriptor up to the limit is taken now
        return


def serve(store: Store, connection: socket.socket) -> None:
    """Answers requests until the front closes the connection."""
    while True:
        head = connection.recv(REQUEST.size, socket.MSG_WAITALL)
        if len(head) < REQUEST.size:
            return
        (size,) = REQUEST.unpack(head)
        request = orjson.loads(connection.recv(size, socket.MSG_WAITALL))
        try:
            _answer(store, request, connection)
        except (SyntaxError, ValueError, RuntimeError, OSError) as error:
            body = orjson.dumps({"kind": type(error).__name__, "message": str(error)})
            connection.sendall(FRAME.pack(ERROR, len(body)) + body)


def _merged(store: Store, dataset: dict[str, list[NamedNode | DefaultGraph]]) -> Store:
    """The dataset with a set as default graph: the engine counts a triple once for each FROM that has it."""
    merged = Store()
    for graph in dataset["default_graph"]:
        quads = store.quads_for_pattern(None, None, None, graph)
        merged.bulk_extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    for graph in dataset["named_graphs"]:
        merged.bulk_extend(store.quads_for_pattern(None, None, None, graph))
    return merged


def _answer(store: Store, request: dict[str, Any], connection: socket.socket) -> None:
    dataset: dict[str, list[NamedNode | DefaultGraph]] = {}
    if request["default"] is not None or request["named"] is not None:
        dataset = {
            "default_graph": [NamedNode(iri) for iri in request["default"] or ()],
            "named_graphs": [NamedNode(iri) for iri in request["named"] or ()],
        }
        if len(dataset["default_graph"]) > 1:
            store, dataset = _merged(store, dataset), {"named_graphs": dataset["named_graphs"]}
            # An explicit dataset also overrides the query's own FROM.
            dataset["default_graph"] = [DEFAULT_GRAPH]
    output = _Output(connection)
    result = store.query(request["query"], **dataset)  # type: ignore[arg-type]  # list is invariant in the stub
    # The engine calls write and flush only.
    file = cast(IO[bytes], output)
    if isinstance(result, QuerySolutions | QueryBoolean):
        result.serialize(file, RESULTS[request["format"]])
    else:
        assert isinstance(result, QueryTriples)
        result.serialize(file, GRAPHS[request["format"]])
    output.finish()
