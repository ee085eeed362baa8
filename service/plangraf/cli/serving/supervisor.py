"""The supervisor of the HTTP processes of `plangraf serve`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from uvicorn import Config
from uvicorn.supervisors import Multiprocess, multiprocess

from plangraf.cli.http_process import HttpProcess
from plangraf.cli.serving.handover import State, Successor, tell_systemd
from plangraf.engines.embedded.loaders import LoaderHost


class Supervisor(Multiprocess):
    """uvicorn's supervisor; also announces, once, that every process has started and the service answers."""

    def __init__(
        self,
        config: Config,
        listener: socket.socket,
        host: LoaderHost,
        ask: Callable[[], Mapping[str, object] | None],
        announce: Callable[[Mapping[str, object]], None],
        tick: Callable[[], None],
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
        self._tick = tick
        self.announced = False
        self.stopped_by_signal = False

    def run(self) -> None:
        with wait_or_signal() as wait:
            self.init_processes()
            while not self.should_exit.is_set():
                # Polls often until the service is up, then at uvicorn's interval.
                wait(0.5 if self.announced else 0.02)
                self.handle_signals()
                self._tick()
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


def _tell(text: str) -> None:
    print(f"plangraf: {text}", file=sys.stderr, flush=True)
