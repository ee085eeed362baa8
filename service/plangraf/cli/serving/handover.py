"""Hands the listening socket over, so that no connection is refused while the service is replaced.

A socket unit of systemd gives a socket to the service (sd_listen_fds(3)). A running service gives its own to its
successor: a new Python that runs the same command, with the code that is installed by then. The kernel queues
connections in the socket, whichever process accepts them. The successor writes one byte into a pipe when it answers; a
pipe that ends without it tells that the successor could not start.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from plangraf.errors import SettingError

_VARIABLE = "PLANGRAF_HANDOVER"
_SYSTEMD = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_FIRST_OF_SYSTEMD = 3
_ANSWERS = b"1"


class State(Enum):
    """How far a successor is."""

    STARTING = "starting"
    ANSWERS = "answers"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Inherited:
    """A listening socket from another process; `predecessor` is the pipe to a service that waits, None for systemd."""

    listener: socket.socket
    predecessor: int | None

    def announce(self) -> None:
        """Tells the predecessor that this service answers, so that it ends."""
        if self.predecessor is not None:
            with suppress(OSError):  # it may have ended meanwhile
                os.write(self.predecessor, _ANSWERS)
                os.close(self.predecessor)


def take_inherited() -> Inherited | None:
    """The socket that this process was started with; None without one. Children do not inherit it again.

    Raises:
        SettingError: it is not one listening TCP socket.
    """
    given = os.environ.pop(_VARIABLE, "")
    if given:
        descriptor, predecessor = map(int, given.split(","))
        for number in (descriptor, predecessor):
            os.set_inheritable(number, False)
        return Inherited(_as_listener(descriptor), predecessor)
    pid, sockets, _ = (os.environ.pop(name, "") for name in _SYSTEMD)
    if pid != str(os.getpid()) or not sockets.isdecimal() or int(sockets) == 0:
        return None
    if int(sockets) > 1:
        raise SettingError(f"LISTEN_FDS: systemd gave {sockets} sockets. Name one address in the socket unit.")
    os.set_inheritable(_FIRST_OF_SYSTEMD, False)
    return Inherited(_as_listener(_FIRST_OF_SYSTEMD), None)


def _as_listener(descriptor: int) -> socket.socket:
    try:
        listener = socket.socket(fileno=descriptor)
        tcp = listener.family in (socket.AF_INET, socket.AF_INET6) and listener.type == socket.SOCK_STREAM
        listens = bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError as error:
        raise SettingError(f"LISTEN_FDS: descriptor {descriptor} is not a socket ({error.strerror}).") from error
    if not (tcp and listens):
        raise SettingError(
            "LISTEN_FDS: the socket is not a listening TCP socket. Write ListenStream=<port> in the socket unit."
        )
    return listener


class Successor:
    """The process that takes over from this one."""

    def __init__(self, listener: socket.socket) -> None:
        """Starts it.

        Raises:
            OSError: it cannot be started.
        """
        self._pipe, theirs = os.pipe()
        try:
            self._process = subprocess.Popen(
                _command(),
                env={**os.environ, _VARIABLE: f"{listener.fileno()},{theirs}"},
                pass_fds=[listener.fileno(), theirs],
                stdin=subprocess.DEVNULL,
            )
        except OSError:
            os.close(self._pipe)
            raise
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        return self._process.pid

    def state(self) -> State:
        if not select.select([self._pipe], [], [], 0)[0]:
            return State.STARTING
        return State.ANSWERS if os.read(self._pipe, 1) == _ANSWERS else State.FAILED

    def end(self) -> None:
        """Ends one that does not answer yet, or waits for one that failed."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        self._process.wait()
        os.close(self._pipe)

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.returncode


def _command() -> list[str]:
    """The command that started this process: its script, whose path may lead to another release now, or the module."""
    script = Path(sys.argv[0])
    if script.name == "plangraf" and os.access(script, os.X_OK):
        return [str(script.absolute()), *sys.argv[1:]]
    return [sys.executable, "-m", "plangraf.cli", *sys.argv[1:]]


def tell_systemd(**values: str | int) -> None:
    """Sends a notification such as READY=1 to systemd (sd_notify(3)); without systemd it does nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    message = "\n".join(f"{name}={value}" for name, value in values.items()).encode()
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        notified.send(message)
