"""No process of `plangraf serve` outlives its parent, whichever of them is killed, how, and when.

SIGTERM belongs to the longer set; SIGKILL, which no process can answer, is the short form.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import pytest

from plangraf.processes import die_with_parent

pytestmark = pytest.mark.embedded("counts the processes of workers and loader")

MARK = "PLANGRAF_TEST_FAMILY"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
_DEADLINE_S = 120


class Family:
    """A service and all that it starts, found by a variable of their environment, because an orphan has no parent."""

    def __init__(self, versions: Path) -> None:
        self._mark = f"{MARK}={uuid.uuid4().hex}".encode()
        name, _, value = self._mark.decode().partition("=")
        self.root = subprocess.Popen(
            [sys.executable, "-m", "plangraf.cli", "serve", "--no-build", "--port", "0", "--versions", str(versions)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, name: value, "PLANGRAF_QUERY_TIMEOUT_S": "3600", "PLANGRAF_QUERY_WORKERS": "2"},
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )

    def members(self) -> list[psutil.Process]:
        return [process for processes in self.by_kind().values() for process in processes]

    def by_kind(self) -> dict[str, list[psutil.Process]]:
        """The members that live; a worker whose loader has ended is one still."""
        found: dict[str, list[psutil.Process]] = {"supervisor": [], "http": [], "loader": [], "worker": []}
        loading: set[int] = set()
        for process in psutil.process_iter():  # by process id, so that a loader comes before its workers
            with suppress(OSError, psutil.Error):
                is_ours = self._mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
                if not is_ours or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if process.pid == self.root.pid:
                    kind = "supervisor"
                elif "plangraf.engines.embedded.loader" not in process.cmdline():
                    kind = "http"
                else:
                    kind = "worker" if process.ppid() in {*loading, 1} else "loader"
                    loading.add(process.pid)
                found[kind].append(process)
        return found

    def has_busy_worker(self) -> bool:
        for worker in self.by_kind()["worker"]:
            with suppress(psutil.Error):
                if worker.cpu_times().user > 0.3:
                    return True
        return False

    def url(self) -> str:
        assert self.root.stdout is not None
        return self.root.stdout.readline().split()[1]


@pytest.fixture
def start(light_versions: Path) -> Iterator[Callable[[], Family]]:
    started: list[Family] = []

    def one() -> Family:
        started.append(Family(light_versions))
        return started[-1]

    yield one
    for family in started:
        for member in family.members():
            with suppress(psutil.Error):
                member.kill()
        family.root.communicate()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def computing(url: str, family: Family) -> Iterator[None]:
    """A query that would take hours, under way in a worker until the end of the context."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(f"GET /sparql?query={quote(RUNAWAY)} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        until(family.has_busy_worker)
        yield


@contextmanager
def killed_at_the_end(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)], ids=["kill", "term"]
)
@pytest.mark.parametrize(
    "kind",
    [
        "supervisor",
        pytest.param("http", marks=pytest.mark.slow),
        pytest.param("loader", marks=pytest.mark.slow),
        pytest.param("worker", marks=pytest.mark.slow),
    ],
)
def test_nothing_is_left_when_one_process_ends_during_a_query_and_then_the_supervisor(
    start: Callable[[], Family], kind: str, number: signal.Signals
) -> None:
    family = start()
    with computing(family.url(), family):
        family.by_kind()[kind][0].send_signal(number)
        if kind != "supervisor":
            family.root.kill()
    until(lambda: not family.members())


@pytest.mark.parametrize("delay_s", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in (0.1, 0.3))])
def test_nothing_is_left_of_a_start_that_is_killed(start: Callable[[], Family], delay_s: float) -> None:
    family = start()
    until(lambda: family.by_kind()["loader"])
    time.sleep(delay_s)
    family.root.kill()
    until(lambda: not family.members())


def test_an_http_process_that_still_starts_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "supervisor.py"
    program.write_text(
        "import asyncio, os, sys, time\n"
        "from pathlib import Path\n"
        "from uvicorn import Config\n"
        "from plangraf.cli.http_process import HttpProcess\n"
        "from plangraf.engines.embedded.loaders import LoaderHost\n"
        "async def app(scope, receive, send):\n"
        "    os.write(1, b'%d\\n' % os.getpid())\n"
        "    await asyncio.sleep(3600)\n"
        "with LoaderHost(Path(sys.argv[1])) as host:\n"
        "    processes = [HttpProcess(host, Config(app, lifespan='on', log_config=None), []) for _ in range(2)]\n"
        "    for process in processes:\n"
        "        process.start()\n"
        "    time.sleep(3600)\n"
    )
    with killed_at_the_end(str(program), str(tmp_path)) as process:
        assert process.stdout is not None
        started = [psutil.Process(int(process.stdout.readline())) for _ in range(2)]
        process.kill()
        _, left = psutil.wait_procs(started, timeout=30)
        for member in left:
            member.kill()
        assert not left


@pytest.mark.slow
def test_nothing_is_left_of_the_service_of_a_test_run_that_is_killed(light_versions: Path) -> None:
    """The tests start each service with a signal at their own end."""
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from running_server import running_server\n"
        "with running_server(Path(sys.argv[1])) as server:\n"
        "    print(server.process.pid, flush=True)\n"
        "    time.sleep(3600)\n"
    )
    tests = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    with killed_at_the_end("-c", program, str(light_versions), PYTHONPATH=paths) as run:
        assert run.stdout is not None
        root = psutil.Process(int(run.stdout.readline()))
        family = [root, *root.children(recursive=True)]
        run.kill()
        _, left = psutil.wait_procs(family, timeout=_DEADLINE_S)
        for member in left:
            member.kill()
        assert not left
