"""A small server that answers as a test says, faults included, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local_server import run_in_thread

RESULTS = "application/sparql-results+json"


@dataclass(frozen=True)
class Scripted:
    """One answer.

    `cut` closes the connection so many bytes before the end of the body; `until_close` leaves the length out.
    """

    status: int = 200
    body: bytes = b""
    type: str = RESULTS
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    chunked: bool = False
    until_close: bool = False


def table(*values: int) -> Scripted:
    """A table with the column `n`."""
    bindings = [
        {"n": {"type": "literal", "value": str(n), "datatype": "http://www.w3.org/2001/XMLSchema#integer"}}
        for n in values
    ]
    body = {"head": {"vars": ["n"]}, "results": {"bindings": bindings}}
    return Scripted(body=json.dumps(body).encode(), headers={"Plangraf-Version": "0123456789abcdef"})


def problem(status: int, code: str, headers: Mapping[str, str] | None = None, **members: Any) -> Scripted:
    body = {"status": status, "code": code, "title": "A title", "detail": "What happened.", **members}
    return Scripted(status, json.dumps(body).encode(), "application/problem+json", headers or {})


@dataclass
class Faulty:
    """The address, and the paths that were asked for, in order."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def faulty_server(*answers: Scripted) -> Iterator[Faulty]:
    """A server that gives the answers one after the other, and the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = answers[min(len(faulty.asked), len(answers) - 1)]
            faulty.asked.append(self.path)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            # A client must not send its next request on a connection that ends.
            self.send_header("Connection", "close")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            sent = answer.body[: len(answer.body) - answer.cut]
            if answer.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent) + (b"" if answer.cut else b"0\r\n\r\n"))
            elif answer.until_close:
                self.end_headers()
                self.wfile.write(sent)
            else:
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(sent)
            if answer.cut:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Tests look at `asked`."""

    with run_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        faulty = Faulty(url)
        yield faulty
