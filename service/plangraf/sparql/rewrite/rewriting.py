"""What all rewrites of one query share: its tree, fresh names of variables, and the edits to its text so far.

An edit replaces a span by new words and by other spans of the same text. A span that stands in a replacement is copied
with all edits inside it, so that edits may lie in each other and an expression may be copied to where its name stood.
Each character of the result knows its origin.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from plangraf.sparql.nodes import Group, Node, Select
from plangraf.sparql.scope import groups_in

if TYPE_CHECKING:
    from plangraf.sparql.lexer import Token
    from plangraf.sparql.safety import Query

Span = tuple[int, int]
Part = str | Span


class TooLongError(Exception):
    """The text would grow beyond the limit, at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    parts: tuple[Part, ...]

    def holds(self, part: Part) -> bool:
        """Whether a part is new or stands inside this edit already."""
        return isinstance(part, str) or (self.start <= part[0] and part[1] <= self.end)


@dataclass(slots=True)
class Edited:
    """The new text. `starts` has where each piece of it begins, `origins` where it comes from and if it is copied.

    `stem` is the beginning of the helper variables, `copies` says whether something is copied to another place.
    """

    text: str
    starts: list[int]
    origins: list[tuple[int, bool]]
    stem: str = ""
    copies: bool = False

    def origin(self, offset: int) -> int:
        """The place in the old text; for new text, the place of what it replaces."""
        at = bisect_right(self.starts, offset) - 1
        if at < 0:
            return 0
        old, copied = self.origins[at]
        return old + offset - self.starts[at] if copied else old


class Edits:
    """`stem` is the beginning of a variable's name that no variable of the text has."""

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
        """Replaces a span. Of two edits of the same span the first is around the second."""
        self.edits.append(_Edit(start, end, tuple(parts)))

    def wrap(self, start: int, end: int, before: str, after: str) -> None:
        self.replace(start, end, (before, (start, end), after))

    def applied(self, most: int) -> Edited:
        """The text with all edits.

        Raises:
            TooLongError: it would be longer than `most` characters.
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
        # An edit begins at its first character, so the first one that may apply is found by its start.
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


class UnsupportedError(Exception):
    """The engine cannot answer `node` as the standard says; `hint` says what to write instead."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.node = node
        self.hint = hint


class Rewriting:
    """One query while it is rewritten. `variables` are the helpers that its text has got, without '?'.

    `helped` are the groups with helpers, `renamed` are the variables that have a fresh name from one place to another.
    `groups` and `selects` are all of the query, those of sub-SELECTs and EXISTS included, outermost first.
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        self.tree = query.tree
        self.text = query.text
        self.tokens = query.tokens
        self.edits = Edits(query.text)
        self.variables: list[str] = []
        self.helped: set[int] = set()
        self.renamed: list[tuple[int, int, str, str]] = []

    @cached_property
    def groups(self) -> list[Group]:
        return list(groups_in(self.tree))

    @cached_property
    def selects(self) -> list[Select]:
        if self.query.terminals.count("SELECT") <= (self.tree.form == "SELECT"):
            return [self.tree]
        return [self.tree, *(group.select for group in self.groups if group.select is not None)]

    def fresh(self) -> str:
        """A new variable, with its '?'."""
        name = f"{self.edits.stem}{len(self.variables)}"
        self.variables.append(name)
        return f"?{name}"

    def rename(self, names: Iterable[str], start: int, end: int) -> None:
        """Gives variables a fresh name from one place of the text to another."""
        fresh = {name: self.fresh() for name in sorted(names)}
        if not fresh:
            return
        self.renamed += [(start, end, name, new) for name, new in fresh.items()]
        for token in self.tokens_in(start, end):
            if token.kind == "variable" and token.text[1:] in fresh:
                self.edits.replace(token.start, token.end, (fresh[token.text[1:]],))

    def tokens_in(self, start: int, end: int) -> list[Token]:
        return self.tokens[self._index(start) : self._index(end)]

    def count_variables(self, start: int, end: int) -> Counter[str]:
        """How often each variable is written in a part of the text."""
        return Counter(token.text[1:] for token in self.tokens_in(start, end) if token.kind == "variable")

    def named(self, name: str, place: int) -> str:
        """A variable as the new text writes it at a place of the old one; the first rename is the outermost."""
        found = (new for start, end, old, new in self.renamed if old == name and start <= place < end)
        return next(found, f"?{name}")

    def _index(self, start: int) -> int:
        """Which token is the first from a place of the text on."""
        return bisect_left(self.tokens, start, key=lambda token: token.start)
