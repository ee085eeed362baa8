"""Ties the processes of one service together: no process outlives its parent."""

from __future__ import annotations

import ctypes
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
