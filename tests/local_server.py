"""Runs an HTTP server of a test in a thread, and finds ports for those of other programs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer


@contextmanager
def run_in_thread(server: HTTPServer) -> Iterator[str]:
    """Serves requests until the end of the context; yields the server's address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nothing listens now; another program may take it."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
