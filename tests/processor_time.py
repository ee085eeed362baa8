"""How long the processor works for a call, whatever else this process and its collector of garbage do."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Work:
    """Seconds of this thread's processor time; 0 until the block ends."""

    seconds: float = 0.0


@contextmanager
def measured_work() -> Iterator[Work]:
    """Measures the block; a collection of all that a long run has made would count as its work."""
    work = Work()
    collecting = gc.isenabled()
    gc.disable()
    began = time.thread_time()
    try:
        yield work
    finally:
        work.seconds = time.thread_time() - began
        if collecting:
            gc.enable()
