"""A part of the answer to any query as rows of terms, for a page: read while it streams, within bounds.

The engine writes SPARQL TSV for SELECT and N-Triples for CONSTRUCT and DESCRIBE. Both have one line for each row, so
that rows outside the page are counted without being parsed.
https://www.w3.org/TR/sparql11-results-csv-tsv/ https://www.w3.org/TR/n-triples/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import orjson
from pyoxigraph import Literal, NamedNode, QueryResultsFormat, QuerySolutions, RdfFormat, parse, parse_query_results

from plangraf.engines.interface import QueryAnswer
from plangraf.rdf.formats import JSON, N_TRIPLES, TSV, Format
from plangraf.rdf.graph import Value
from plangraf.rdf.namespaces import PREFIXES

ROWS = 100
"""Rows on one page."""
MOST_ROWS = 10_000
"""A page tells no exact number beyond this, because to count is to read the whole answer."""
_BOOLEAN = NamedNode(PREFIXES["xsd"] + "boolean")
_TRIPLE = ("subject", "predicate", "object")
FORMAT_BY_FORM: dict[str, Format] = {"SELECT": TSV, "ASK": JSON, "CONSTRUCT": N_TRIPLES, "DESCRIBE": N_TRIPLES}
"""The format in which `read_rows` reads the answer to each form of query."""


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """The rows of one page. Row `first` of the answer, from 1, is the first of `rows`; a cell may be unbound.

    `total` counts all rows, at least; with `more` there are others that were not counted.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value | None]]
    first: int
    total: int
    more: bool

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS))


async def read_rows(answer: QueryAnswer, page: int) -> AnswerRows:
    """Reads one page of an answer in a format of FORMAT_BY_FORM; the caller closes the answer.

    Args:
        answer: of a query, with none of its chunks read.
        page: from 1.
    Raises:
        AnswerBrokenError: the answer broke off.
    """
    if answer.format == JSON:
        yes = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))["boolean"]
        return AnswerRows(("ask",), [[Literal(str(yes).lower(), datatype=_BOOLEAN)]], 1, 1, more=False)
    with_head = answer.format == TSV
    lines = _Lines((page - 1) * ROWS, with_head=with_head)
    more = await lines.read(answer.chunks)
    if with_head:
        columns, rows = _solutions(lines.head, lines.kept)
    else:
        columns = _TRIPLE
        rows = [list(quad.triple) for quad in parse(b"".join(lines.kept), RdfFormat.N_TRIPLES)]
    return AnswerRows(columns, rows, (page - 1) * ROWS + 1, lines.count, more)


class _Lines:
    """The lines of one page, and the number of all lines that were read."""

    def __init__(self, skipped: int, *, with_head: bool) -> None:
        self.head = b""
        self.kept: list[bytes] = []
        self.count = 0
        self._skipped = skipped
        self._with_head = with_head

    async def read(self, chunks: AsyncIterator[bytes]) -> bool:
        """Reads until the end or the bound; returns whether lines are left."""
        rest = b""
        async for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._add(line + b"\n")
            if self.count > MOST_ROWS:
                self.count = MOST_ROWS
                return True
        if rest:
            self._add(rest + b"\n")
        return False

    def _add(self, line: bytes) -> None:
        if self._with_head:
            self.head, self._with_head = line, False
            return
        if self._skipped <= self.count < self._skipped + ROWS:
            self.kept.append(line)
        self.count += 1


def _solutions(head: bytes, lines: Sequence[bytes]) -> tuple[tuple[str, ...], list[list[Value | None]]]:
    parsed = parse_query_results(head + b"".join(lines), format=QueryResultsFormat.TSV)
    assert isinstance(parsed, QuerySolutions)
    columns = tuple(variable.value for variable in parsed.variables)
    return columns, [list(solution) for solution in parsed]
