"""Real replicas: `plangraf serve --from` on ports of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from small_publications import HOME

from local_server import free_port
from plangraf.processes import die_with_parent

PUBLIC_URL = "https://plan.example.no"
# No test waits this long unless something is wrong, whatever else the machine does.
_LONGEST_S = 180
_POLL_S = "0.2"


@dataclass
class Replica:
    """A running `plangraf serve --from`."""

    url: str
    folder: Path
    log: Path
    process: subprocess.Popen[str]
    killed: bool = False
    cut_off: bool = False

    def ready(self) -> dict[str, Any] | None:
        """What `/health/ready` tells; None when it is not 200 or nothing answers."""
        try:
            answer = httpx.get(f"{self.url}/health/ready", timeout=10)
        except httpx.HTTPError:
            return None
        return dict(answer.json()) if answer.status_code == 200 else None

    def until_serves(self, version: str) -> None:
        """Waits until every HTTP process serves a version; there is one."""
        self.until(lambda: (self.ready() or {}).get("version") == version, f"{version} is not served")

    def until(self, holds: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + _LONGEST_S
        while not holds():
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, f"{otherwise}: {self.log.read_text()[-3000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        self.killed = True
        self.process.kill()
        self.process.wait()


@contextmanager
def running_replica(
    store: str, folder: Path, *, port: int | None = None, before: tuple[str, ...] = (), host: str = "127.0.0.1",
    **environment: str,
) -> Iterator[Replica]:  # fmt: skip
    """Starts a replica; it need not be ready yet. `before` is put before its command, such as `ip netns exec …`."""
    port = port or free_port()
    log = folder.parent / f"{folder.name}.log"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PLANGRAF_")}
    env |= {
        "PLANGRAF_HOME": str(HOME), "PLANGRAF_VERSIONS": str(folder), "PLANGRAF_PUBLIC_URL": PUBLIC_URL,
        "PLANGRAF_REPLICA_POLL_S": _POLL_S, "PLANGRAF_WATCH_S": "0.1", "PLANGRAF_PROCESSES": "1",
        "PLANGRAF_QUERY_WORKERS": "1", **environment,
    }  # fmt: skip
    command = [sys.executable, "-m", "plangraf.cli", "serve", "--from", store, "--host", host, "--port", str(port)]
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*before, *command], env=env, cwd=folder.parent, text=True, stdout=errors, stderr=errors,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )  # fmt: skip
    try:
        yield Replica(f"http://{host}:{port}", folder, log, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                assert process.wait(60) == 0, log.read_text()[-3000:]
            finally:
                process.kill()
                process.wait()
