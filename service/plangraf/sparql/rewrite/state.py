"""What all rewrites of one query share: its tree, the edits so far, fresh names of variables."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from plangraf.sparql.nodes import Group, Node, Select
from plangraf.sparql.rewrite.edits import Edits
from plangraf.sparql.scope import groups_in

if TYPE_CHECKING:
    from plangraf.sparql.lexer import Token
    from plangraf.sparql.parsed_query import Query


class UnsupportedError(Exception):
    """The engine cannot answer `node` as the standard says; `hint` says what to write instead."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.node = node
        self.hint = hint


class Rewriting:
    """One query while it is rewritten. `variables` are the helpers that its text has got, without '?'.

    `helped` are the groups with helpers, `renamed` are the variables that have a fresh name from one place to another.
    `object_kinds` are the kinds of the literals of each predicate of the data, None when unknown.
    `groups` and `selects` are all of the query, those of sub-SELECTs and EXISTS included, outermost first.
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

    def named(self, name: str, place: int) -> str:
        """A variable as the new text writes it at a place of the old one; the first rename is the outermost."""
        found = (new for start, end, old, new in self.renamed if old == name and start <= place < end)
        return next(found, f"?{name}")

    def _index(self, start: int) -> int:
        """Which token is the first from a place of the text on."""
        return bisect_left(self.tokens, start, key=lambda token: token.start)
