"""rdflib in a process of its own, asked over a pipe: what it takes without any server around it."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.workload import CSV, TURTLE

_FORMATS = {TURTLE: "turtle", CSV: "csv"}


def serve(connection: Connection, ntriples: Path) -> None:
    """Loads a file, says how many triples it has, then answers (text, media type) by (seconds, body) until told None.

    A query that fails is answered by (-1, its error).
    """
    from rdflib import Graph

    graph = Graph()
    graph.parse(ntriples, format="nt")
    connection.send(len(graph))
    while (asked := connection.recv()) is not None:
        text, accept = asked
        began = time.perf_counter()
        try:
            body = graph.query(text).serialize(format=_FORMATS.get(accept, "json")) or b""
        except Exception as error:
            connection.send((-1.0, f"{type(error).__name__}: {error}".encode()))
            continue
        connection.send((time.perf_counter() - began, body))
