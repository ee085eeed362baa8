"""Lines in a file, for data whose lines would take too much memory as objects."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload


class LineFile(Sequence[bytes]):
    """The lines of a file that does not change, without newlines. One takes 8 bytes of memory; processes share it.

    Args:
        path: the file, each of whose lines ends in a newline.
    Raises:
        OSError: it cannot be read.
    """

    __slots__ = ("_ends", "_map", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        # Of the line before: the first begins after none.
        self._ends = array("Q", [0])
        end = 0
        with path.open("rb") as file:
            for line in file:
                end += len(line)
                self._ends.append(end)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if end else b""

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._map[self._ends[index] : self._ends[index + 1] - 1]

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for line in file:
                yield line[:-1]

    def block(self, first: int, end: int) -> bytes:
        """The lines from `first` to before `end`, each with its newline."""
        return self._map[self._ends[first] : self._ends[min(end, len(self))]]
