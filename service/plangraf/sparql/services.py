"""SERVICE clauses of a query: what each asks of another endpoint, and the query with the answers in place of them.

A SERVICE with a constant IRI evaluates its pattern on its own, and its solutions are joined with those around it
(SPARQL 1.1 Federated Query, §4). A VALUES block with the same solutions in the same place is that join's other side, so
the engine gets the same answer without a call of its own:

    SERVICE <e> { ?s ex:p ?o }   is sent as   SELECT ?s ?o WHERE { ?s ex:p ?o } LIMIT n
                                 and becomes  VALUES (?s ?o) { (<…> "…") … }

What is not that simple is an error, never a guess: an address in a variable, a SERVICE inside another one, and a
SERVICE inside EXISTS or LATERAL, whose solutions would depend on each solution around them. Blank nodes of an answer
cannot be written in VALUES. After SILENT, a failure becomes one solution without values, as the specification says.

Pure: nothing is sent here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plangraf.errors import Place, QuerySyntaxError, QueryUnsupportedError
from plangraf.errors.message import N_
from plangraf.sparql.known_names import Names
from plangraf.sparql.nodes import (
    Exists,
    Expression,
    Group,
    Iri,
    Lateral,
    Select,
    ServiceClause,
    walk,
)
from plangraf.sparql.safety import Limits, Query, read
from plangraf.sparql.scope import expressions_in, expressions_of, in_scope, inner_groups

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_ESCAPE = re.compile(r"\\[uU]")
# Tokens of a row beside its values.
_BRACKETS = 2


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """A SERVICE clause: `query` is what its endpoint is asked, `variables` are the columns of the answer.

    Without variables, `query` has one column of another name, and only the number of rows counts.
    """

    address: str
    query: str
    variables: tuple[str, ...]
    most_rows: int
    silent: bool
    place: Place

    def values(self, rows: Sequence[Sequence[str | None]]) -> str:
        """The VALUES block of solutions; each term is in the syntax of SPARQL, None without a value."""
        head = " ".join(f"?{name}" for name in self.variables)
        body = " ".join(f"({' '.join(term or 'UNDEF' for term in row)})" for row in rows)
        return f"VALUES ({head}) {{ {body} }}"

    @property
    def failed_silently(self) -> str:
        """What stands for a failed call after SILENT: one solution without values."""
        return self.values([[None] * len(self.variables)])


class FederatedQuery:
    """A query with SERVICE clauses, read once."""

    def __init__(self, query: Query, clauses: Sequence[ServiceClause], base: str, most_tokens: int) -> None:
        self._query = query
        self._clauses = clauses
        self.calls = [_call(query, clause, base, most_tokens) for clause in clauses]

    @property
    def form(self) -> str:
        """SELECT, ASK, CONSTRUCT or DESCRIBE."""
        return self._query.tree.form

    def join(self, blocks: Sequence[str]) -> JoinedQuery:
        """The query with a block in place of each clause."""
        pieces: list[str] = []
        moved: list[tuple[int, int]] = [(0, 0)]
        at = length = 0
        for clause, block in zip(self._clauses, blocks, strict=True):
            before = self._query.text[at : clause.start]
            pieces += [before, block]
            length += len(before)
            moved.append((length, clause.start))
            length += len(block)
            at = clause.end
            moved.append((length, at))
        pieces.append(self._query.text[at:])
        return JoinedQuery("".join(pieces), self._query, tuple(moved), frozenset(one.start for one in self._clauses))

    @property
    def without_answers(self) -> JoinedQuery:
        """The query as if each endpoint had answered with no rows, to check it before anything is sent."""
        return self.join([call.values([]) for call in self.calls])


@dataclass(frozen=True, slots=True)
class JoinedQuery:
    """A query without SERVICE; `moved` are offsets of `text` with those of the query that was sent."""

    text: str
    _sent: Query
    _moved: tuple[tuple[int, int], ...]
    _clauses: frozenset[int]

    def as_sent(self, error: QuerySyntaxError) -> QuerySyntaxError:
        """An error about `text` as one about the query that was sent."""
        lines = self.text.splitlines(keepends=True)
        offset = sum(map(len, lines[: error.place.line - 1])) + error.place.column - 1
        new, old = self._moved[bisect_right(self._moved, offset, key=lambda pair: pair[0]) - 1]
        place = self._sent.place_at(old if old in self._clauses else old + offset - new)
        return type(error)(error.said, place, hint=error.hint)


def read_services(text: str, limits: Limits, base: str) -> FederatedQuery:
    """Reads a query with SERVICE clauses.

    Args:
        text: the query as the client sent it.
        limits: the bounds of a query.
        base: the base IRI of a query that declares none.
    Raises:
        QuerySyntaxError: malformed.
        QueryUnsupportedError: a SERVICE that VALUES cannot stand for.
        QueryLimitError: over a limit, which it names.
        UpdateRefusedError: it is an update.
    """
    query = read(text, limits, Names(base=base), services=True)
    clauses = sorted(_clauses(query, query.tree), key=lambda clause: clause.start)
    if clauses and query.text != text and _ESCAPE.search(query.text):
        hint = N_("Write the characters themselves in place of \\u….")
        message = N_("the codepoint escapes of this query would be read twice.")
        raise QueryUnsupportedError(message, query.place(clauses[0]), hint=hint)
    return FederatedQuery(query, clauses, base, limits.max_tokens)


def _call(query: Query, clause: ServiceClause, base: str, most_tokens: int) -> ServiceCall:
    if not isinstance(clause.name, Iri):
        hint = N_("Write the address as an IRI, in one SERVICE for each endpoint.")
        message = N_("the address of a SERVICE cannot be a variable here.")
        raise QueryUnsupportedError(message, query.place(clause.name), hint=hint)
    variables = tuple(in_scope(clause.group))
    columns = " ".join(f"?{name}" for name in variables) or "(1 AS ?row)"
    relative = any(token.kind == "iri" and not _SCHEME.match(token.iri) for token in query.tokens)
    prologue = (f"BASE <{base}>\n" if relative else "") + query.text[: query.tree.start]
    most_rows = most_tokens // (len(variables) + _BRACKETS)
    asked = f"{prologue}SELECT {columns} WHERE {query.written(clause.group)} LIMIT {most_rows + 1}"
    return ServiceCall(clause.name.value, asked, variables, most_rows, clause.silent, query.place(clause))


def _clauses(query: Query, select: Select) -> Iterator[ServiceClause]:
    yield from _in_group(query, select.where, None)
    for expression in expressions_of(select):
        yield from _in_expression(query, expression)


def _in_group(query: Query, group: Group, inside: str | None) -> Iterator[ServiceClause]:
    """The SERVICE clauses of a group and those inside it; `inside` is what they may not stand in."""
    if group.select is not None:
        yield from _in_group(query, group.select.where, inside)
    for element in group.elements:
        if isinstance(element, ServiceClause):
            if inside is not None:
                message = N_("SERVICE cannot stand inside %(inside)s here.", inside=inside)
                hint = N_("Join it in the WHERE of the query, or ask the other endpoint yourself and use VALUES.")
                raise QueryUnsupportedError(message, query.place(element), hint=hint)
            yield element
            for _ in _in_group(query, element.group, N_("another SERVICE")):
                pass  # the first one raises
        for inner in inner_groups(element):
            yield from _in_group(query, inner, inside or ("LATERAL" if isinstance(element, Lateral) else None))
    for expression in expressions_in(group):
        yield from _in_expression(query, expression)


def _in_expression(query: Query, expression: Expression) -> Iterator[ServiceClause]:
    for part in walk(expression):
        if isinstance(part, Exists):
            yield from _in_group(query, part.group, "EXISTS")
