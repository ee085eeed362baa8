"""Programs in forks of one Python process that has imported plangraf: each is a process, and none waits for imports.

An import of what a command needs takes most of its time, up to a second of the processor. `test_forked_python.py`
shows that a fork answers as a started Python does. What a command imports itself, and servers, need a started one.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO, TextIO

# What the commands import, as they do it.
_MODULES = (
    "plangraf.cli.__main__",
    "plangraf.cli.serve",
    "plangraf.checks.shacl.pyshacl_results",
    "plangraf.engines.embedded.pool",
    "plangraf.http.app",
    "plangraf.http.server.protocol",
    "plangraf.http.resource.negotiation",
    "plangraf.portals.checking",
    "plangraf.publish.pipeline",
    "plangraf.sheets.exporting",
    "plangraf.sheets.importing",
    "plangraf.sheets.judge",
    # pyarrow imports pandas at the first table, when it is there.
    "pandas",
    "plangraf.publish.class_tables",
    "rdflib.plugins.serializers.jsonld",
)
_LONGEST_REQUEST = 1024 * 1024
_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def run_command(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | int = "",
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Runs `plangraf` with these arguments; what it prints and its exit code are in the result.

    Args:
        arguments: the command and its own.
        env: all of its environment; that of this process when it is not given.
        cwd: its folder; that of this process when it is not given.
        stdin: the text that it reads, or the descriptor of a terminal.
        timeout: seconds until it is killed and TimeoutExpired is raised.
    """
    env = os.environ if env is None else env
    if isinstance(stdin, str) and _is_other_python(env):
        return subprocess.run(
            [sys.executable, "-m", "plangraf.cli", *map(str, arguments)],
            env=env, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
    return _fork("from plangraf.cli import main\nmain()\n", ["plangraf", *arguments], env, cwd, stdin, timeout)


def _is_other_python(env: Mapping[str, str]) -> bool:
    """Whether a variable that Python reads only when it starts, such as the seed of the hash, is another than here."""
    return any(env.get(name) != os.environ.get(name) for name in {*env, *os.environ} if name.startswith("PYTHON"))


def run_code(code: str, *arguments: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs Python code with `sys.argv[1:]`, the arguments."""
    return _fork(code, ["-c", *arguments], os.environ, None, "", timeout)


class Forked:
    """A running fork with the part of subprocess.Popen that tests of servers use. It is no child of this process."""

    def __init__(self, told: BinaryIO, stdout: TextIO | None = None) -> None:
        self.pid = int(told.readline())
        self.stdout = stdout
        self.returncode: int | None = None
        self._told = told

    def poll(self) -> int | None:
        return self._end_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutExpired when it has not ended after `timeout` seconds."""
        code = self._end_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ends just now
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end_within(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            with self._told:
                self.returncode = int(self._told.readline())
        return self.returncode


def start_command(*arguments: str | Path, env: Mapping[str, str], cwd: Path, stderr: IO[str]) -> Forked:
    """Starts `plangraf` with these arguments; its standard output is a pipe that the caller closes."""
    reading, writing = os.pipe()
    with Path(os.devnull).open() as nothing, os.fdopen(writing, "w") as out:
        files = [nothing.fileno(), out.fileno(), stderr.fileno()]
        told = _request("from plangraf.cli import main\nmain()\n", ["plangraf", *arguments], env, cwd, files)
    return Forked(told, os.fdopen(reading))


def _fork(
    code: str, argv: list[str | Path], env: Mapping[str, str], cwd: Path | None, stdin: str | int, timeout: float
) -> subprocess.CompletedProcess[str]:
    with (
        tempfile.TemporaryFile() as standard_input,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as error,
    ):
        if isinstance(stdin, str):
            standard_input.write(stdin.encode())
            standard_input.seek(0)
            stdin = standard_input.fileno()
        forked = Forked(_request(code, argv, env, cwd, [stdin, out.fileno(), error.fileno()]))
        try:
            forked.wait(timeout)
            ended = True
        except subprocess.TimeoutExpired:
            ended = False
            forked.kill()
            forked.wait()
        texts = []
        for file in (out, error):
            file.seek(0)
            texts.append(io.TextIOWrapper(file, encoding="utf-8").read())
    words = [str(word) for word in argv]
    if not ended:
        raise subprocess.TimeoutExpired(words, timeout, *texts)
    assert forked.returncode is not None
    return subprocess.CompletedProcess(words, forked.returncode, *texts)


def _request(code: str, argv: list[str | Path], env: Mapping[str, str], cwd: Path | None, files: list[int]) -> BinaryIO:
    """Asks for a fork with these three standard files; the pipe gives its process id and, at its end, its exit code."""
    words = [str(word) for word in argv]
    request = json.dumps({"code": code, "argv": words, "env": dict(env), "cwd": str(cwd or Path.cwd())}).encode()
    status, theirs = os.pipe()
    try:
        socket.send_fds(_process(), [request], [*files, theirs])
    finally:
        os.close(theirs)
    return os.fdopen(status, "rb", 0)


@cache
def _process() -> socket.socket:
    """The process that forks, started at the first program of this process; the socket sends it requests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _LONGEST_REQUEST)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _receive(requests: socket.socket) -> tuple[dict[str, str], list[str]] | None:
    """Forks for each request; returns the code and its environment in a fork, and None at the end of the requests."""
    running: dict[int, int] = {}
    wake, woken = socket.socketpair()
    for end in (wake, woken):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_ends(running)
        if requests in ready:
            data, files, _, _ = socket.recv_fds(requests, _LONGEST_REQUEST, 4)
            if not data:
                return None
            number = os.fork()
            if not number:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (requests, wake, woken):
                    one.close()
                for status in running.values():
                    os.close(status)
                return _enter(json.loads(data), files)
            for file in files[:3]:
                os.close(file)
            os.write(files[3], f"{number}\n".encode())
            running[number] = files[3]


def _tell_ends(running: dict[int, int]) -> None:
    for number in list(running):
        ended, status = os.waitpid(number, os.WNOHANG)
        if ended:
            with os.fdopen(running.pop(number), "w") as file:
                file.write(f"{os.waitstatus_to_exitcode(status)}\n")


def _enter(request: dict[str, object], files: list[int]) -> object:
    """Makes this fork the process that was asked for; returns its code."""
    # A run of tests that is killed must not leave its services behind: the forking process ends with it.
    importlib.import_module("plangraf.processes").die_with_parent(signal.SIGTERM)
    os.close(files[3])
    for standard, file in enumerate(files[:3]):
        os.dup2(file, standard)
        os.close(file)
    folder = os.environ[_METRICS]
    os.environ.clear()
    os.environ.update({_METRICS: folder, **request["env"]})  # type: ignore[dict-item]
    os.chdir(str(request["cwd"]))
    sys.argv[:] = request["argv"]  # type: ignore[assignment]
    return request["code"]


if __name__ == "__main__":
    # Prometheus' client decides at its import whether it counts for several processes. Each fork gets files of its own.
    os.environ[_METRICS] = tempfile.mkdtemp(prefix="metrics-of-forks-")
    for module in _MODULES:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    asked = _receive(socket.socket(fileno=int(sys.argv[1])))
    if asked is None:
        shutil.rmtree(os.environ[_METRICS])
    else:
        exec(compile(str(asked), "<code>", "exec"), {"__name__": "__main__"})  # noqa: S102  the tests' own code
