"""Runs rdflib in a separate process behind a pipe, to measure it without a server."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.workload import CSV, TURTLE

_FORMATS = {TURTLE: "turtle", CSV: "csv"}


def serve(connection: Connection, ntriples: Path) -> None:
    """Loads a file and sends its number of triples, then answers (text, media type) with (seconds, body) until None.

    A failed query is answered with (-1, error).
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
