"""`plangraf serve`: binds, builds when needed, runs the HTTP processes, announces when they answer.

A child process builds, so that the patches of pySHACL to rdflib never reach the serving process. The HTTP processes
are uvicorn's; this process only supervises them.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import FrameType

from uvicorn import Config
from uvicorn.supervisors import Multiprocess, multiprocess

from plangraf.cli.http_process import HttpProcess, import_service
from plangraf.cli.serving.handover import Inherited, State, Successor, take_inherited, tell_systemd
from plangraf.diagnostics.diagnostic import DataError
from plangraf.engines.embedded import loaders
from plangraf.engines.embedded.loaders import LoaderHost
from plangraf.errors import SettingError, VersionsError
from plangraf.metrics_folder import metrics_folder
from plangraf.processes import raise_descriptors
from plangraf.publish.inputs import find_up_to_date
from plangraf.settings import Settings, descriptors_needed
from plangraf.store.versions import VersionStore

# A loaded machine may need several seconds to start Python and import the service.
_WORKER_SILENCE_S = 60
# Seconds that a client in the middle of an answer has to receive its end.
_GRACE_S = 10
_BACKLOG = 2048
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  compared with, never bound


def serve(settings: Settings, *, may_build: bool = True, drop: bool = False) -> int:
    """Serves until SIGTERM or SIGINT, or until a successor answers after SIGUSR2; returns the exit code.

    Raises:
        SettingError: the address cannot be bound.
        VersionsError: there is no version that could be served.
    """
    raise_descriptors(descriptors_needed(settings))
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # until there is something to hand over
    inherited = take_inherited()
    with inherited.listener if inherited is not None else bind(settings.host, settings.port) as listener:
        host, port = listener.getsockname()[:2]
        settings = settings.model_copy(update={"port": port, "versions": settings.versions.absolute()})
        store = VersionStore(settings.versions, settings.feed_page)
        if may_build and not _is_up_to_date(settings, drop=drop):
            code = build_beside(settings, drop=drop)
            if code < 0:
                return 0
            if code and not store.has_current():
                return code
            if code:
                _warn_of_old_version(store)
        try:
            store.catch_up()
        except VersionsError as error:  # serving does not need the feed
            print(f"plangraf: /feed does not have the current version. {error}", file=sys.stderr, flush=True)
        _refuse_without_versions(store)
        _listen(listener)
        os.environ.update(environment(settings))
        shown = _WILDCARDS.get(host, host)
        url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        with metrics_folder() as folder, LoaderHost(folder) as loader_host:
            # The HTTP processes share the folder, see metrics, and the loaders.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
            os.environ[loaders.VARIABLE] = str(loader_host.address)
            import_service()
            supervisor = _Supervisor(
                _config(settings.processes),
                listener,
                loader_host,
                partial(_ask_ready, shown, port),
                partial(_announce, url, inherited),
                replaces=inherited is not None and inherited.predecessor is not None,
            )
            supervisor.run()
        if not supervisor.announced and not supervisor.stopped_by_signal:
            print(
                "plangraf: the HTTP processes could not start; the lines above say why, `plangraf doctor` more.",
                file=sys.stderr,
            )
            return 1
        return 0


def _refuse_without_versions(store: VersionStore) -> None:
    """Raises what the current version raises, when no other version could be served in its place."""
    try:
        store.current()
    except VersionsError:
        if not store.readable():
            raise


def _announce(url: str, inherited: Inherited | None, ready: Mapping[str, object]) -> None:
    print(f"plangraf {url} version {ready['version']} triples {ready['triples']}", flush=True)
    tell_systemd(READY=1)
    if inherited is not None:
        inherited.announce()


def _config(processes: int) -> Config:
    return Config(
        "plangraf.cli.http_process:make_app",
        factory=True,
        workers=processes,
        ws="none",
        http="plangraf.http.server.protocol:Protocol",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_worker_healthcheck=_WORKER_SILENCE_S,
    )


def bind(host: str, port: int) -> socket.socket:
    """Binds a socket without listening, so that a busy port is reported before a long build.

    Raises:
        SettingError: the address cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingError(f"PLANGRAF_HOST: {host!r} is no address of this machine ({error}).") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _unbindable(host, port, error) from error
    return listener


def _listen(listener: socket.socket) -> None:
    """Listens here, not in the workers, because two servers can bind one port while neither listens."""
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        host, port = listener.getsockname()[:2]
        raise _unbindable(host, port, error) from error


def _unbindable(host: str, port: int, error: OSError) -> SettingError:
    if error.errno == errno.EADDRINUSE:
        why = f"port {port} is in use. Choose another with --port or PLANGRAF_PORT; 0 takes a free one"
    else:
        why = f"{host}:{port} cannot be bound ({error.strerror})"
    return SettingError(f"PLANGRAF_PORT: {why}.")


def _is_up_to_date(settings: Settings, *, drop: bool) -> bool:
    """Whether no build is needed; false for a damaged folder, because the build reports the damage."""
    try:
        return find_up_to_date(settings, drop=drop) is not None
    except (VersionsError, DataError):
        return False


def build_beside(settings: Settings, *, drop: bool = False) -> int:
    """Runs `plangraf build` as a child; returns its exit code, or -1 when a signal stopped this process meanwhile."""
    stopped = False
    child = subprocess.Popen(
        [sys.executable, "-m", "plangraf.cli", "build", *(["--drop"] if drop else [])],
        env={**os.environ, **environment(settings)},
        stdout=sys.stderr.fileno(),
    )

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        child.terminate()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return -1 if stopped else abs(code)


def environment(settings: Settings) -> dict[str, str]:
    """The settings that options can change, as environment variables for the child processes."""
    return {
        "PLANGRAF_HOME": str(settings.home),
        "PLANGRAF_DATA": ":".join(str(folder.absolute()) for folder in settings.data),
        "PLANGRAF_VERSIONS": str(settings.versions.absolute()),
        "PLANGRAF_HOST": settings.host,
        "PLANGRAF_PORT": str(settings.port),
        "PLANGRAF_PROCESSES": str(settings.processes),
    }


class _Supervisor(Multiprocess):
    """uvicorn's supervisor; also announces, once, that every process has started and the service answers."""

    def __init__(
        self,
        config: Config,
        listener: socket.socket,
        host: LoaderHost,
        ask: Callable[[], Mapping[str, object] | None],
        announce: Callable[[Mapping[str, object]], None],
        *,
        replaces: bool,
    ) -> None:
        super().__init__(config, sockets=[listener])
        # uvicorn looks the class up where it starts and restarts its processes.
        multiprocess.Process = partial(HttpProcess, host)  # type: ignore[misc, assignment]
        self._ask = ask
        self._announce = announce
        # Another service that answers on the same socket, so that connections need not be closed in a hurry.
        self._other_answers = replaces
        self._successor: Successor | None = None
        self.announced = False
        self.stopped_by_signal = False

    def run(self) -> None:
        with wait_or_signal() as wait:
            self.init_processes()
            while not self.should_exit.is_set():
                # Polls often until the service is up, then at uvicorn's interval.
                wait(0.5 if self.announced else 0.02)
                self.handle_signals()
                if self.announced:
                    self.keep_subprocess_alive()
                elif any(process.exitcode is not None for process in self.processes):
                    # Stop instead of restarting, because it would die again. uvicorn does so for some causes only.
                    self.should_exit.set()
                elif not self.should_exit.is_set() and (ready := self._all_up()) is not None:
                    self.announced = True
                    self._other_answers = False
                    self._announce(ready)
                self._look_at_successor()
            if self._other_answers:
                self._drain(wait)
        if self._successor is not None and not self._other_answers:
            self._successor.end()
        self.terminate_all()
        self.join_all()

    def _drain(self, wait: Callable[[float], None]) -> None:
        """Waits until each process has ended by itself, or until a signal to stop."""
        for process in self.processes:
            assert isinstance(process, HttpProcess)
            process.drain()
        self.stopped_by_signal = False
        while not self.stopped_by_signal and any(process.exitcode is None for process in self.processes):
            wait(0.5)
            self.handle_signals()

    def handle_usr2(self) -> None:
        """Starts the successor; this service goes on until it answers."""
        if os.getpid() == 1:
            _tell("SIGUSR2 does nothing in a container, which ends with its first process. Start another container.")
        elif not self.announced or self._successor is not None:
            _tell("SIGUSR2 does nothing now, because a start is under way.")
        else:
            try:
                self._successor = Successor(self.sockets[0])
            except OSError as error:
                _tell(f"the successor could not be started ({error}); this service goes on.")

    def _look_at_successor(self) -> None:
        if self._successor is None or self.should_exit.is_set():
            return
        state = self._successor.state()
        if state is State.ANSWERS:
            _tell(f"process {self._successor.pid} answers now; this one ends after its last answers.")
            tell_systemd(MAINPID=self._successor.pid)
            self._other_answers = True
            self.should_exit.set()
        elif state is State.FAILED:
            self._successor.end()
            _tell(
                f"the successor ended with status {self._successor.status} before it answered; the lines above say "
                "why. This service goes on. Correct the cause, then send SIGUSR2 again."
            )
            self._successor = None

    def _all_up(self) -> Mapping[str, object] | None:
        """What the service says of itself when every process has started; None before."""
        return self._ask() if all(process.is_ready(timeout=1) for process in self.processes) else None

    def keep_subprocess_alive(self) -> None:
        for process in self.processes:
            if process.exitcode is not None:
                _tell(f"HTTP process {process.pid} ended with status {process.exitcode}; another one starts.")
        super().keep_subprocess_alive()

    def handle_term(self) -> None:
        self.stopped_by_signal = True
        super().handle_term()

    def handle_hup(self) -> None:
        """Passes SIGHUP on, at which each process switches to the current version; uvicorn would restart them."""
        for process in self.processes:
            if process.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)

    def handle_int(self) -> None:
        self.stopped_by_signal = True
        super().handle_int()


@contextlib.contextmanager
def wait_or_signal() -> Iterator[Callable[[float], None]]:
    """Yields a function that waits for some seconds, or until a signal whose handler is in Python.

    Event.wait does not: after the handler it waits for the rest, which delays SIGTERM and SIGHUP by up to an interval.
    """
    woken, waker = socket.socketpair()
    with woken, waker:
        for end in (woken, waker):
            end.setblocking(False)
        before = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)

        def wait(seconds: float) -> None:
            if select.select([woken], [], [], seconds)[0]:
                woken.recv(4096)

        try:
            yield wait
        finally:
            signal.set_wakeup_fd(before)


def _ask_ready(host: str, port: int) -> Mapping[str, object] | None:
    """What `/health/ready` says; None while the service does not answer."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health/ready", headers={"Connection": "close"})
        response = connection.getresponse()
        said: Mapping[str, object] = json.loads(response.read())
        return said if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _tell(text: str) -> None:
    print(f"plangraf: {text}", file=sys.stderr, flush=True)


def _warn_of_old_version(store: VersionStore) -> None:
    current = store.current().id
    bar = "!" * 78
    print(
        f"{bar}\nnb  Byggingen stoppet. Versjon {current} fra eldre filer vises. Rett feilene over.\n"
        f"en  The build stopped. Version {current} of older files is served. Correct what is above.\n{bar}",
        file=sys.stderr,
        flush=True,
    )
