"""The shared state of all rewrites of one query: its tree, the edits, the fresh names of variables."""

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
    """The engine cannot evaluate `node` as the standard requires; `hint` is the advice for the user."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
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

    def named(self, name: str, place: int) -> str:
        """The name of a variable in the new text, with its '?'. Of several renamings the first one is the outermost."""
        found = (new for start, end, old, new in self.renamed if old == name and start <= place < end)
        return next(found, f"?{name}")

    def _index(self, start: int) -> int:
        """The index of the first token at or after a place."""
        return bisect_left(self.tokens, start, key=lambda token: token.start)
