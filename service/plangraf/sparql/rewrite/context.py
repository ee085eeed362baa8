"""What all rewrites of one query share: its nodes, the edits so far, names that the query has not."""

from __future__ import annotations

from dataclasses import dataclass, field

from plangraf.sparql.nodes import Node, Select
from plangraf.sparql.rewrite.edits import Edits


class UnsupportedError(Exception):
    """What stands from `start` on the engine cannot answer as the standard says; `hint` says what to write."""

    def __init__(self, node: Node, message: str, hint: str) -> None:
        super().__init__(message)
        self.start = node.start
        self.hint = hint


@dataclass(slots=True)
class Rewriting:
    """One query while it is rewritten. `variables` are helpers that its text has got, without '?'."""

    text: str
    query: Select
    edits: Edits
    stem: str
    variables: list[str] = field(default_factory=list)

    def fresh(self) -> str:
        """A new variable, with its '?'."""
        name = f"{self.stem}{len(self.variables)}"
        self.variables.append(name)
        return f"?{name}"


def stem_for(text: str) -> str:
    """The beginning of a variable's name that stands nowhere in a text."""
    stem = "h"
    while stem in text:
        stem += "h"
    return f"{stem}_"
