"""Edits a text: replaces spans by new words and by copies of spans of the same text.

A copied span includes all edits inside it, so edits may nest, and an alias may be replaced by a copy of its expression.
Each character of the result knows its origin.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Span = tuple[int, int]
Part = str | Span


class TooLongError(Exception):
    """The text would exceed the limit at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    parts: tuple[Part, ...]

    def holds(self, part: Part) -> bool:
        """Whether a part is new text or lies inside this edit."""
        return isinstance(part, str) or (self.start <= part[0] and part[1] <= self.end)


@dataclass(slots=True)
class Edited:
    """The new text. `starts` has the start of each piece, `origins` its old place and whether it is a copy.

    `stem` is the common start of the names of helper variables. `copies`: some text is copied to another place.
    """

    text: str
    starts: list[int]
    origins: list[tuple[int, bool]]
    stem: str = ""
    copies: bool = False

    def origin(self, offset: int) -> int:
        """The place in the old text; for new text, the place of the replaced text."""
        at = bisect_right(self.starts, offset) - 1
        if at < 0:
            return 0
        old, copied = self.origins[at]
        return old + offset - self.starts[at] if copied else old


class Edits:
    """The edits of one text. `stem` is a start of names that no variable of the text has."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.edits: list[_Edit] = []

    @cached_property
    def stem(self) -> str:
        stem = "h_"
        while f"?{stem}" in self.text or f"${stem}" in self.text:
            stem = f"h{stem}"
        return stem

    def __bool__(self) -> bool:
        return bool(self.edits)

    def replace(self, start: int, end: int, parts: Sequence[Part]) -> None:
        """Replaces a span. Of two edits of the same span, the first encloses the second."""
        self.edits.append(_Edit(start, end, tuple(parts)))

    def wrap(self, start: int, end: int, before: str, after: str) -> None:
        self.replace(start, end, (before, (start, end), after))

    def applied(self, most: int) -> Edited:
        """Applies all edits.

        Raises:
            TooLongError: the result would be longer than `most` characters.
        """
        ordered = sorted(range(len(self.edits)), key=lambda i: (self.edits[i].start, -self.edits[i].end, i))
        writer = _Writer(self.text, [self.edits[i] for i in ordered], most)
        writer.copy(0, len(self.text))
        copies = any(not edit.holds(part) for edit in self.edits for part in edit.parts)
        return Edited("".join(writer.pieces), writer.starts, writer.origins, self.stem, copies)


class _Writer:
    def __init__(self, text: str, edits: list[_Edit], most: int) -> None:
        self.text = text
        self.edits = edits
        self.edit_starts = [edit.start for edit in edits]
        self.most = most
        self.open: set[int] = set()
        self.length = 0
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.origins: list[tuple[int, bool]] = []

    def copy(self, start: int, end: int) -> None:
        at = start
        # The first edit that starts at or after `start`.
        index = bisect_right(self.edit_starts, start - 1)
        while index < len(self.edits) and self.edits[index].start < end:
            edit = self.edits[index]
            if edit.start >= at and edit.end <= end and index not in self.open:
                self._write(self.text[at : edit.start], at, copied=True)
                self.open.add(index)
                for part in edit.parts:
                    if isinstance(part, str):
                        self._write(part, edit.start, copied=False)
                    else:
                        self.copy(*part)
                self.open.discard(index)
                at = edit.end
            index += 1
        self._write(self.text[at:end], at, copied=True)

    def _write(self, text: str, origin: int, *, copied: bool) -> None:
        if not text:
            return
        self.starts.append(self.length)
        self.origins.append((origin, copied))
        self.pieces.append(text)
        self.length += len(text)
        if self.length > self.most:
            raise TooLongError(origin)
