"""An answer is complete or an error: a client never takes the output of a killed worker for complete."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psutil
import pytest

pytestmark = pytest.mark.embedded("kills workers in the middle of an answer")

# A million rows and more, which no buffer on the way holds.
ROWS = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 3000000"
TRIPLES = "CONSTRUCT { ?a ?b ?f } WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 3000000"
FORMATS = {
    "application/sparql-results+json": ROWS,
    "application/sparql-results+xml": ROWS,
    "text/csv": ROWS,
    "text/turtle": TRIPLES,
}

WORKERS = 3


@pytest.fixture(scope="module")
def server(built: Path, run_server: Any) -> Iterator[Any]:
    with run_server(built, "--workers", "1", PLANGRAF_QUERY_WORKERS=str(WORKERS)) as running:
        yield running


def workers(server: Any) -> set[int]:
    """The process ids of the workers: the children of the loader."""
    found = set()
    for process in psutil.Process(server.process.pid).children(recursive=True):
        # One that was replaced just now may be gone, or wait to be reaped.
        with suppress(psutil.Error):
            if "plangraf.engines.embedded.loader" in " ".join(process.cmdline()) and not process.children():
                found.add(process.pid)
    return found


def kill_workers(server: Any) -> None:
    """Kills every worker, including the one that evaluates."""
    for pid in workers(server):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(autouse=True)
def replaced(server: Any) -> Iterator[Callable[[], None]]:
    """Back when the service has heard of all that were killed, each of which may cost a 500 until then.

    One that died idle gets its successor when its turn comes.
    """
    before = workers(server)

    def wait() -> None:
        deadline = time.monotonic() + 60
        while before - workers(server) and len(workers(server) - before) < WORKERS:
            assert time.monotonic() < deadline
            time.sleep(0.05)
            httpx.get(f"{server.url}/sparql", params={"query": f"ASK {{}} # {time.monotonic()}"})

    yield wait
    wait()


def connect(server: Any, accept: str, coding: str, version: str) -> socket.socket:
    address = urlsplit(server.url)
    connection = socket.create_connection((address.hostname, address.port), timeout=30)
    path = f"/sparql?query={quote(FORMATS[accept], safe='')}"
    lines = [f"GET {path} HTTP/{version}", "Host: x", f"Accept: {accept}", f"Accept-Encoding: {coding}", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def read_all(connection: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := connection.recv(1 << 20):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("accept", FORMATS)
def test_a_stream_of_a_killed_worker_has_no_end(
    server: Any, replaced: Callable[[], None], accept: str, coding: str
) -> None:
    with connect(server, accept, coding, "1.1") as connection:
        begin = connection.recv(65536)
        assert b" 200 " in begin.split(b"\r\n", 1)[0]
        assert (b"content-encoding: gzip" in begin.lower()) == (coding == "gzip")
        kill_workers(server)
        rest = read_all(connection)
    assert not (begin + rest).endswith(b"0\r\n\r\n")
    replaced()
    assert httpx.get(f"{server.url}/sparql", params={"query": "ASK {}"}).status_code == 200


def read_with_a_library(server: Any, accept: str) -> None:
    parameters, headers = {"query": FORMATS[accept]}, {"Accept": accept}
    with httpx.stream("GET", f"{server.url}/sparql", params=parameters, headers=headers, timeout=30) as response:
        assert response.status_code == 200
        for number, _ in enumerate(response.iter_raw()):
            if number == 3:
                kill_workers(server)


@pytest.mark.parametrize("accept", FORMATS)
def test_a_client_library_reports_the_broken_answer(server: Any, accept: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        read_with_a_library(server, accept)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("accept", FORMATS)
def test_http_1_0_gets_an_error_status_for_the_broken_answer(server: Any, accept: str, coding: str) -> None:
    found: list[bytes] = []
    with connect(server, accept, coding, "1.0") as connection:
        reader = threading.Thread(target=lambda: found.append(read_all(connection)))
        reader.start()
        deadline, in_a_row = time.monotonic() + 60, 0
        while in_a_row < 4:  # a short query of the service's own does not run for so long
            assert time.monotonic() < deadline
            time.sleep(0.1)
            idle = "plangraf_queries_running 0.0" in httpx.get(f"{server.url}/metrics").text
            in_a_row = 0 if idle else in_a_row + 1
        kill_workers(server)
        reader.join()
    assert re.match(rb"HTTP/1\.[01] 500 ", found[0]), found[0][:200]
    assert re.search(rb'"code":"(answer-broken|worker-crashed)"', found[0])
    assert len(found[0]) < 4096
