"""Digests of graphs: whether a store gives back the statements that were sent, in any order and in one pass.

A digest is the number of the statements and the sum of their hashes. Blank nodes have no names of their own, so that
they count as equal; literals count in the forms of the embedded engine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, QuerySolutions, RdfFormat, parse

from plangraf.engines.remote.forms import Term, embedded_form

_MODULUS = 1 << 128
_MOST_KINDS = 5


@dataclass(slots=True)
class Digest:
    """The digest of what was added, a statement each time."""

    count: int = 0
    total: int = 0

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds statements as N-Triples."""
        for quad in parse(b"\n".join(lines), RdfFormat.N_TRIPLES):
            self._add(_statement(quad.subject, quad.predicate, quad.object))

    def add_rows(self, rows: QuerySolutions) -> None:
        """Adds the rows of a table of subjects, predicates and objects."""
        for row in rows:
            self._add(_statement(*row))

    def _add(self, statement: str) -> None:
        self.count += 1
        self.total = (self.total + _hash(statement)) % _MODULUS


class Losses:
    """Finds what a store keeps otherwise than it was sent."""

    def __init__(self, rows: QuerySolutions) -> None:
        self._held = Counter(_hash(_statement(*row)) for row in rows)

    def compared(self, sent: Iterable[bytes]) -> str:
        """What of the statements is not held, by the datatype of the objects, with the first of each."""
        counts: Counter[str] = Counter()
        first: dict[str, str] = {}
        for quad in parse(b"\n".join(sent), RdfFormat.N_TRIPLES):
            found = _hash(_statement(quad.subject, quad.predicate, quad.object))
            if self._held[found]:
                self._held[found] -= 1
                continue
            kind = f"<{quad.object.datatype.value}>" if isinstance(quad.object, Literal) else "terms without datatype"
            counts[kind] += 1
            first.setdefault(kind, f"{quad.subject} {quad.predicate} {quad.object}")
        told = [f"{count} of {kind}, such as {first[kind]}" for kind, count in counts.most_common(_MOST_KINDS)]
        more = len(counts) - len(told)
        return "; ".join([*told, *([f"and {more} other datatypes"] if more else [])]) or "none that were sent"


def _statement(subject: Term, predicate: Term, object_: Term) -> str:
    return f"{_term(subject)} {predicate} {_term(embedded_form(object_))}"


def _term(term: Term) -> str:
    return "_:" if isinstance(term, BlankNode) else str(term)


def _hash(statement: str) -> int:
    return int.from_bytes(hashlib.blake2b(statement.encode(), digest_size=16).digest(), "big")
