"""Reports the progress of long work: one line for each step, with its counts and its duration."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Writes lines to `stream`, standard error by default; None writes nothing."""

    def __init__(self, stream: TextIO | None = sys.stderr) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        if self._stream is not None:
            print(text, file=self._stream, flush=True)

    @contextmanager
    def step(self, name: str, *, starting: str | None = None) -> Iterator[Callable[[str], None]]:
        """Times a step: `with progress.step("parse") as note: note("12 files")`.

        Args:
            name: the first word of its line.
            starting: a line to write before a step that may take long.
        """
        if starting:
            self.line(f"{name:<10}  {starting} …")
        notes: list[str] = []
        begin = time.monotonic()
        yield notes.append
        self.line(f"{name:<10}  {', '.join(notes)} ({time.monotonic() - begin:.1f} s)")


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `12 345 files`: a space separates thousands, as in the source documents."""
    return f"{number:,}".replace(",", " ") + f" {one if number == 1 else many or one + 's'}"
