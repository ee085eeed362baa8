"""moto's S3 server as a process of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local_server import free_port
from plangraf.processes import die_with_parent

_STARTED_S = 120


@contextmanager
def object_server(host: str = "127.0.0.1") -> Iterator[str]:
    """Address of a server with no buckets."""
    port = free_port(host)
    address = f"http://{host}:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda: die_with_parent(signal.SIGTERM),
    )  # fmt: skip
    try:
        _await(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def variables(address: str) -> Mapping[str, str]:
    """The environment variables that lead the client of stores to a server."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "of-tests",
        "AWS_REGION": "eu-north-1",
    }


def make_bucket(server: str) -> str:
    """Address of a folder in a new bucket."""
    name = f"plans-{os.urandom(4).hex()}"
    urllib.request.urlopen(urllib.request.Request(f"{server}/{name}", method="PUT"), timeout=60).close()
    return f"s3://{name}/of/tests"


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTED_S
    while True:
        assert process.poll() is None, "moto's server did not start; is the extra `test` installed?"
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (OSError, urllib.error.URLError):
            assert time.monotonic() < deadline, "moto's server does not answer"
            time.sleep(0.1)
        else:
            return
