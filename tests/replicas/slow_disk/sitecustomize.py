"""In a process whose PYTHONPATH begins with this folder, each sync of the disk takes 50 ms longer."""

import os
import time

_fsync = os.fsync


def _slow_fsync(descriptor: int) -> None:
    time.sleep(0.05)
    _fsync(descriptor)


os.fsync = _slow_fsync
