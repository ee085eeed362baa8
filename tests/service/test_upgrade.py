"""`plangraf serve` is replaced by new code under its clients: on SIGUSR2, and by systemd's socket."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from asking_clients import AskingClients
from plangraf.processes import die_with_parent
from small_home import ROOT

_DEADLINE_S = 120
PLAN = "/doc/5001/plan/2020-2023-7.ttl"
SLOW = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 300000"


class Upgraded:
    """A service whose code can be replaced, and the processes that follow it on its socket."""

    def __init__(self, folder: Path, versions: Path, *options: str, **environment: str) -> None:
        self._folder = folder
        self._link = folder / "code"
        self.install("1.0.0")
        self.log = folder / "log.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "plangraf.cli", "serve", "--no-build", "--port", "0", *options],
                stdout=log, stderr=log, cwd=folder,
                env={**os.environ, "PYTHONPATH": str(self._link), "PLANGRAF_HOME": str(ROOT),
                     "PLANGRAF_VERSIONS": str(versions), **environment},
                preexec_fn=lambda: die_with_parent(signal.SIGTERM),
            )  # fmt: skip
        self.url = self.until_said("plangraf http://").split()[1]
        self.pids = [self.process.pid]

    def install(self, release: str, *, broken: bool = False) -> None:
        """Puts a copy of the code in the place of the present one, as another release."""
        code = self._folder / f"release-{release}"
        shutil.copytree(
            ROOT / "service" / "plangraf", code / "plangraf", ignore=shutil.ignore_patterns("built", "__pycache__")
        )
        start = code / "plangraf" / "__init__.py"
        start.write_text(f'{start.read_text()}\n__version__ = "{release}"\n')
        if broken:
            (code / "plangraf" / "http" / "app.py").write_text("raise ImportError('a release without its packages')\n")
        link = self._folder / "next"
        link.symlink_to(code.name)
        link.replace(self._link)

    def until_said(self, text: str, times: int = 1) -> str:
        """Waits until a line of the log begins so, for the n-th time, and returns it."""
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            lines = [line for line in self.log.read_text().splitlines() if line.startswith(text)]
            if len(lines) >= times:
                return lines[times - 1]
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def upgrade(self) -> int:
        """Sends SIGUSR2, and waits until the successor answers; returns its process id."""
        psutil.Process(self.pids[-1]).send_signal(signal.SIGUSR2)
        return self.until_upgraded()

    def until_upgraded(self) -> int:
        line = self.until_said("plangraf: process ", len(self.pids))
        self.pids.append(int(line.split()[2]))
        return self.pids[-1]

    def release(self) -> str:
        return str(httpx.get(f"{self.url}/openapi.json").json()["info"]["version"])

    def end(self) -> None:
        for pid in reversed(self.pids):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                process.terminate()
                process.wait(60)


@contextmanager
def upgraded(folder: Path, versions: Path, *options: str, **environment: str) -> Iterator[Upgraded]:
    service = Upgraded(folder, versions, *options, **environment)
    try:
        yield service
    finally:
        service.end()


class Clients(AskingClients):
    """Half of them keep their connection as long as it stays open."""

    def __init__(self, url: str) -> None:
        super().__init__(keeping=2, closing=2)
        self._url = url

    def ask(self, client: httpx.Client) -> Iterator[str]:
        query = f"/sparql?format=json&query=ASK%20%7B%7D%20%23{os.urandom(4).hex()}"
        for path in (query, PLAN, "/health/ready"):
            yield str(client.get(self._url + path).status_code)


@pytest.mark.slow
@pytest.mark.parametrize("upgrades", [1, 3])
def test_new_code_takes_over_and_no_request_fails(light_versions: Path, tmp_path: Path, upgrades: int) -> None:
    with upgraded(tmp_path, light_versions, "--workers", "2") as service, Clients(service.url) as clients:
        assert service.release() == "1.0.0"
        for number in range(2, 2 + upgrades):
            clients.until(100)
            service.install(f"{number}.0.0")
            old, new = service.pids[-1], service.upgrade()
            clients.until(100)
            if old == service.process.pid:
                assert service.process.wait(_DEADLINE_S) == 0
            else:
                psutil.wait_procs([psutil.Process(old)] if psutil.pid_exists(old) else [], _DEADLINE_S)
            assert not psutil.pid_exists(old) or old == service.process.pid
            assert psutil.pid_exists(new)
            assert service.release() == f"{number}.0.0"
        clients.until(100)
    assert set(clients.outcomes) == {"200"}, clients.outcomes


@pytest.mark.slow
def test_what_an_upgrade_meets_is_answered_to_its_end(light_versions: Path, tmp_path: Path) -> None:
    with (
        upgraded(tmp_path, light_versions, "--workers", "1") as service,
        httpx.Client(base_url=service.url, timeout=60) as idle,
        httpx.Client(base_url=service.url, timeout=60) as cached,
        httpx.Client(base_url=service.url, timeout=60) as slow,
    ):
        assert idle.get("/health/live").headers.get("connection") is None
        tag = cached.get(PLAN).headers["etag"]
        with slow.stream("GET", "/sparql", params={"query": SLOW, "format": "csv"}) as response:
            parts = response.iter_bytes()
            rows = next(parts).count(b"\n")
            old = psutil.Process(service.process.pid).children()
            service.process.send_signal(signal.SIGUSR2)
            # Requests on an open connection are answered by the old process, and the last one says that it closes.
            open_ = {"/health/live": idle, PLAN: cached}
            deadline = time.monotonic() + _DEADLINE_S
            while open_:
                assert time.monotonic() < deadline
                for path, client in list(open_.items()):
                    answer = client.get(path)
                    assert answer.status_code == 200
                    assert answer.headers.get("etag") in (None, tag)
                    if answer.headers.get("connection") == "close":
                        del open_[path]
            service.until_upgraded()
            assert service.process.poll() is None
            assert sum(part.count(b"\n") for part in parts) + rows == 300_001
        slow.close()
        assert service.process.wait(_DEADLINE_S) == 0
        assert psutil.wait_procs(old, _DEADLINE_S)[1] == []
        assert httpx.get(service.url + PLAN).status_code == 200


@pytest.mark.slow
def test_code_that_does_not_start_leaves_the_old_service_and_says_so(light_versions: Path, tmp_path: Path) -> None:
    with upgraded(tmp_path, light_versions, "--workers", "1") as service, Clients(service.url) as clients:
        service.install("2.0.0", broken=True)
        service.process.send_signal(signal.SIGUSR2)
        line = service.until_said("plangraf: the successor ended")
        assert line == (
            "plangraf: the successor ended with status 1 before it answered; the lines above say why. "
            "This service goes on. Correct the cause, then send SIGUSR2 again."
        )
        assert "a release without its packages" in service.log.read_text()
        clients.until(100)
        assert service.release() == "1.0.0"
        assert service.process.poll() is None
        service.install("2.0.1")
        service.upgrade()
        assert service.process.wait(_DEADLINE_S) == 0
        assert service.release() == "2.0.1"
    assert set(clients.outcomes) == {"200"}, clients.outcomes


def test_sigterm_ends_a_service_and_the_successor_that_is_starting(light_versions: Path, tmp_path: Path) -> None:
    with upgraded(tmp_path, light_versions, "--workers", "1") as service:
        before = set(psutil.Process(service.process.pid).children(recursive=True))
        service.process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + _DEADLINE_S
        while not (started := set(psutil.Process(service.process.pid).children()) - before):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        service.process.terminate()
        assert service.process.wait(_DEADLINE_S) == 0
        assert psutil.wait_procs(list(started | before), _DEADLINE_S)[1] == []


SYSTEMD = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
kind = sys.argv[1]
given = {"tcp": listener, "udp": socket.socket(type=socket.SOCK_DGRAM)}[kind]
os.dup2(given.fileno(), 3)
os.set_inheritable(3, True)
environment = {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[2]}
os.execvpe(sys.executable, [sys.executable, "-m", "plangraf.cli", "serve", "--no-build", "--port", "1"], environment)
"""


def as_systemd(kind: str, sockets: int, versions: Path, folder: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SYSTEMD, kind, str(sockets)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        env={**os.environ, "PLANGRAF_VERSIONS": str(versions), "PLANGRAF_PROCESSES": "1", **more},
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),
    )  # fmt: skip


@pytest.mark.slow
def test_a_socket_of_systemd_is_used_and_systemd_is_told(light_versions: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(_DEADLINE_S)
        service = as_systemd("tcp", 1, light_versions, tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert service.stdout is not None
        try:
            port = int(service.stdout.readline())
            # It waits in the queue of the socket until the service accepts.
            assert httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=_DEADLINE_S).status_code == 200
            assert service.stdout.readline().startswith(f"plangraf http://127.0.0.1:{port} version ")
            assert notified.recv(100) == b"READY=1"
        finally:
            service.terminate()
            service.communicate(timeout=60)


@pytest.mark.parametrize(
    ("kind", "sockets", "said"), [("udp", 1, "is not a listening TCP socket"), ("tcp", 2, "systemd gave 2 sockets")]
)
def test_another_socket_of_systemd_is_refused(
    kind: str, sockets: int, said: str, light_versions: Path, tmp_path: Path
) -> None:
    service = as_systemd(kind, sockets, light_versions, tmp_path)
    _, error = service.communicate(timeout=60)
    assert service.returncode == 2
    assert error.startswith("plangraf: LISTEN_FDS: ")
    assert said in error
    assert error.count("\n") == 1
