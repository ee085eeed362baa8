"""A real `plangraf serve` on a free port, for tests and for the programs beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plangraf.processes import die_with_parent


@dataclass(frozen=True)
class Server:
    """A running `plangraf serve`: its address, its first line and its process."""

    url: str
    line: str
    process: subprocess.Popen[str]


@contextmanager
def running_server(versions: Path, *options: str, **environment: str) -> Iterator[Server]:
    """`plangraf serve` on a free port over a built version; stopped by SIGTERM, which must be clean.

    One HTTP process unless `options` say otherwise: starting more is most of what such a test costs.
    """
    environment = {"PLANGRAF_PROCESSES": "1", **environment}
    log_path = versions.parent / f"serve-{os.urandom(4).hex()}.log"
    with log_path.open("w+") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "plangraf.cli",
                "serve",
                "--no-build",
                "--port",
                "0",
                "--versions",
                str(versions),
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=versions.parent,
            env={**os.environ, **environment},
            # A run of tests that is killed must not leave its services behind.
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line.startswith("plangraf http://"), (line, log_path.read_text())
            yield Server(line.split()[1], line, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                assert process.wait(timeout=20) == 0, log_path.read_text()[-4000:]
            finally:
                process.kill()
                if process.stdout is not None:
                    process.stdout.close()
