"""A SPARQL endpoint over a few triples, on a free port, that notes what it is asked and can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from pyoxigraph import QueryResultsFormat, RdfFormat, Store

from local_server import run_in_thread

JSON = "application/sparql-results+json"


@dataclass
class Fault:
    """An answer in place of the right one; `cut` bytes of the body are announced and not sent."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})
    body: bytes = b""
    cut: int = 0
    no_length: bool = False


class Endpoint(ThreadingHTTPServer):
    """Answers POST with a form; `fault` replaces each answer while it is set, `gate` holds answers until it opens."""

    daemon_threads = True

    def __init__(self, turtle: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = Store()
        self.store.load(turtle.encode(), RdfFormat.TURTLE)
        self.fault: Fault | None = None
        self.gate: threading.Event | None = None
        self.asked: list[str] = []
        self.headers_seen: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sparql"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no fault of the endpoint's."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `Endpoint.asked`."""

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"])).decode()
        form = self.headers["content-type"].startswith("application/x-www-form-urlencoded")
        query = parse_qs(content)["query"][0] if form else content
        self.server.asked.append(query)
        self.server.headers_seen.append({name.lower(): value for name, value in self.headers.items()})
        if self.server.gate is not None:
            self.server.gate.wait(60)
        if self.path == "/moved":
            return self._send(Fault(307, {"Location": "/sparql"}))
        if self.server.fault is not None:
            return self._send(self.server.fault)
        results = self.server.store.query(query)
        body = results.serialize(format=QueryResultsFormat.JSON)  # type: ignore[union-attr]
        del results  # it cannot be freed by another thread
        return self._send(Fault(body=body or b""))

    def _send(self, answer: Fault) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not answer.no_length:
            self.send_header("Content-Length", str(len(answer.body) + answer.cut))
        # A client must not send its next request on a connection that ends.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = True


@contextmanager
def running_endpoint(turtle: str) -> Iterator[Endpoint]:
    endpoint = Endpoint(turtle)
    with run_in_thread(endpoint):
        yield endpoint
