"""Ties the processes of one service together: no process outlives its parent."""

from __future__ import annotations

import ctypes
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """On Linux, asks the kernel to signal this process when its parent thread ends, however it ends (prctl(2)).

    The caller must then check that its parent still lives, because one that ended before is not told. A handler may
    ignore any signal but SIGKILL; `cli.http_process` watches a pipe instead, and a worker too (`worker.confine`).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)


def is_closed(descriptor: int) -> bool:
    """Whether the other end of a pipe or socket is closed, for what closed it before the kernel was asked to tell."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))
