"""Runs a program that exits, as if killed, just before a chosen call that changes a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

from forked_python import run_code

_COUNTING = """
import os, pathlib, sys
from plangraf.store.versions import VersionStore
moment, calls = int(sys.argv[2]), 0
def counting(real):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == moment:
            os._exit(137)
        return real(*arguments, **options)
    return call
for owner, name in [(os, "fsync"), (os, "open"), (os, "close"), *((pathlib.Path, name) for name in (
        "open", "mkdir", "rename", "replace", "symlink_to", "unlink"))]:
    setattr(owner, name, counting(getattr(owner, name)))
store = VersionStore(pathlib.Path(sys.argv[1]))
"""


def run(body: str, folder: Path, moment: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python code with `store`, the versions of a folder, and `sys.argv[3:]`, the arguments.

    Args:
        body: the code.
        folder: of the versions.
        moment: the call that it ends before, from 1; with 0 it runs to its end and prints how many there are.
        arguments: for the code.
    """
    return run_code(f"{_COUNTING}{body}\nprint(calls)", folder, str(moment), *arguments)
