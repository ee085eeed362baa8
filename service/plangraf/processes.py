"""Ties the processes of one service together: no process outlives its parent."""

from __future__ import annotations

import ctypes
import resource
import select
import signal
import sys

from plangraf.errors import SettingError

_PR_SET_PDEATHSIG = 1
# Some systems allow a milliard, and programs that close all of them in turn would take minutes.
_MOST_DESCRIPTORS = 65_536


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """On Linux, asks the kernel to signal this process when its parent thread ends, however it ends (prctl(2)).

    The caller must then check that its parent still lives, because one that ended before is not told. A handler may
    ignore any signal but SIGKILL; `cli.http_process` watches a pipe instead, and a worker too (`worker.confine`).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)


def raise_descriptors(needed: int) -> None:
    """Raises this process's limit of open files, and that of the processes that it starts, as far as it may.

    Raises:
        SettingError: the most that it may is less than what is needed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        raise SettingError(
            f"ulimit -n: each process may open {hard} files, and the service needs {needed}. Raise the limit, in a "
            "unit of systemd with LimitNOFILE=65536."
        )
    most = min(hard, _MOST_DESCRIPTORS)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def is_closed(descriptor: int) -> bool:
    """Whether the other end of a pipe or socket is closed, for what closed it before the kernel was asked to tell."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))
