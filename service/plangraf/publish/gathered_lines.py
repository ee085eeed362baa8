"""Gathers the lines of a build: in memory while they are few, in a file when they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from plangraf.publish.beside import beside
from plangraf.rdf.line_file import LineFile


class GatheredLines:
    """Lines that come in any order, and are sorted and unique at the end.

    Args:
        most: as many stay in memory.
        path: the file for more; it is removed when the context ends.
        explained: gives the context that explains an error of the file, which each method raises.
    """

    def __init__(
        self, most: int, path: Path, explained: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self._most, self._path, self._explained = most, path, explained
        self._lines: list[bytes] = []
        self._file: BinaryIO | None = None

    def __enter__(self) -> GatheredLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # of what a full disk did not take
                self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, lines: Iterable[bytes]) -> None:
        self._lines += lines
        if len(self._lines) > self._most or self._file is not None:
            with self._explained():
                if self._file is None:
                    self._file = self._path.open("wb")
                _write(self._file, self._lines)
            self._lines = []

    def sorted(self) -> Sequence[bytes]:
        """All lines: a LineFile when they are many."""
        if self._file is None:
            return _unique(self._lines)
        # In a process of its own, whose memory is free again when it ends.
        with self._explained():
            self._file.close()
            with beside(self._sort) as wait:
                wait()
            return LineFile(self._path)

    def _sort(self) -> None:
        with self._path.open("rb") as file:
            lines = [line[:-1] for line in file]
        with self._path.open("wb") as file:
            _write(file, _unique(lines))


def _unique(lines: list[bytes]) -> list[bytes]:
    lines.sort()
    # Two data folders may have the same dataset.
    return [line for line, _ in groupby(lines)]


def _write(file: BinaryIO, lines: Iterable[bytes]) -> None:
    file.writelines(line + b"\n" for line in lines)
