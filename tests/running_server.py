"""A real `plangraf serve` on a free port, for tests and for the programs beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import tested_engine
from forked_python import start_command
from plangraf.processes import die_with_parent


class Process(Protocol):
    """A running program, as subprocess.Popen has it."""

    pid: int
    stdout: IO[str] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Server:
    """A running `plangraf serve`: its address, its first line and its process."""

    url: str
    line: str
    process: Process


def start_python(*arguments: str | Path, env: Mapping[str, str], cwd: Path, stderr: IO[str]) -> Process:
    """Starts `plangraf` as people do, with a Python of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "plangraf.cli", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=cwd, env=env,
        # A run of tests that is killed must not leave its services behind.
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),
    )  # fmt: skip


@contextmanager
def running_server(
    versions: Path, *options: str, start: Callable[..., Process] = start_command, **environment: str
) -> Iterator[Server]:
    """`plangraf serve` on a free port over a built version; stopped by SIGTERM, which must be clean.

    One HTTP process unless `options` say otherwise: starting more is most of what such a test costs. The supervisor is
    a fork, which need not import; with `start=start_python` it is a Python of its own. What it starts is the same.
    """
    environment = {"PLANGRAF_PROCESSES": "1", **tested_engine.environment(versions), **environment}
    log_path = versions.parent / f"serve-{os.urandom(4).hex()}.log"
    with log_path.open("w+") as log:
        process = start(
            *("serve", "--no-build", "--port", "0", "--versions", versions, *options),
            env={**os.environ, **environment},
            cwd=versions.parent,
            stderr=log,
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
                assert process.wait(timeout=60) == 0, log_path.read_text()[-4000:]
            finally:
                process.kill()
                if process.stdout is not None:
                    process.stdout.close()
