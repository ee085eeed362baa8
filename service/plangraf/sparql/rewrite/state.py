"""What all rewrites of one query share: its nodes, the edits so far, names that the query has not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from plangraf.sparql.lexer import Token
from plangraf.sparql.nodes import Group, Iri, Node, Select
from plangraf.sparql.rewrite.edits import Edits
from plangraf.sparql.scope import groups_in


class UnsupportedError(Exception):
    """What stands from `start` on the engine cannot answer as the standard says; `hint` says what to write."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.start = node.start
        self.hint = hint


@dataclass(slots=True)
class Rewriting:
    """One query while it is rewritten. `variables` are helpers that its text has got, without '?'.

    `tokens` are those of the text, `expand` gives the absolute IRI of one, `helped` are the groups with helpers.
    `renamed` are variables with another name from one place to another.
    `groups` and `selects` are all of the query, those of sub-SELECTs and EXISTS included, outermost first.
    """

    text: str
    tokens: list[Token]
    query: Select
    edits: Edits
    stem: str
    expand: Callable[[Token], str]
    variables: list[str] = field(default_factory=list)
    helped: set[int] = field(default_factory=set)
    renamed: list[tuple[int, int, str, str]] = field(default_factory=list)
    groups: list[Group] = field(init=False)
    selects: list[Select] = field(init=False)

    def __post_init__(self) -> None:
        self.groups = list(groups_in(self.query))
        self.selects = [self.query, *(group.select for group in self.groups if group.select is not None)]

    def fresh(self) -> str:
        """A new variable, with its '?'."""
        name = f"{self.stem}{len(self.variables)}"
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

    def resolve(self, iri: Iri) -> str:
        """The absolute IRI of a node."""
        return self.expand(self.tokens[self._index(iri.start)])

    def _index(self, start: int) -> int:
        """Which token is the first from a place of the text on."""
        return bisect_left(self.tokens, start, key=lambda token: token.start)


def stem_for(text: str) -> str:
    """The beginning of a variable's name that no variable of a text has."""
    stem = "h_"
    while f"?{stem}" in text or f"${stem}" in text:
        stem = f"h{stem}"
    return stem
