"""The shared state of all rewrites of one query: its tree, the fresh names of variables, and the edits of its text.

An edit replaces a span by new words and by copies of spans of the same text. A copied span includes all edits inside
it, so edits may nest, and an alias may be replaced by a copy of its expression.
Each character of the result knows its origin.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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


class UnsupportedError(Exception):
    """The engine cannot evaluate `node` as the standard requires; `hint` is the advice for the user."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.hint = hint


class Rewriting:
    """One query during its rewriting. `variables` are the added helper variables, without '?'.

    `object_kinds` are the kinds of the literals of each predicate of the data, None when unknown.
    `helped` are the groups with helpers. `renamed` lists start, end, old name and fresh name of each renaming. `groups`
    and `selects` include those in sub-SELECTs and EXISTS, outermost first.
    """

    def __init__(self, query: Query, object_kinds: Mapping[str, frozenset[str]] | None = None) -> None:
        self.query = query
        self.object_kinds = object_kinds
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
        """Adds a helper variable and returns it with its '?'."""
        name = f"{self.edits.stem}{len(self.variables)}"
        self.variables.append(name)
        return f"?{name}"

    def rename(self, names: Iterable[str], start: int, end: int) -> None:
        """Gives variables a fresh name between two places of the text."""
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
        """The number of occurrences of each variable in a part of the text."""
        return Counter(token.text[1:] for token in self.tokens_in(start, end) if token.kind == "variable")

    def named(self, name: str, place: int) -> str:
        """The name of a variable in the new text, with its '?'. Of several renamings the first one is the outermost."""
        found = (new for start, end, old, new in self.renamed if old == name and start <= place < end)
        return next(found, f"?{name}")

    def _index(self, start: int) -> int:
        """The index of the first token at or after a place."""
        return bisect_left(self.tokens, start, key=lambda token: token.start)
