"""Takes a window of the lines of an answer, and reads the terms of SPARQL TSV from them, within bounds.

One line is one row (SPARQL 1.1 Query Results CSV and TSV Formats, §4), so a row need not be parsed to be passed over.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, QuerySolutions, Triple, parse_query_results

# Bytes of a body that are read at most, and of one line.
MOST_READ = 32 * 1024 * 1024
_LONGEST_LINE = 1024 * 1024

Cell = NamedNode | BlankNode | Literal | Triple | None
"""A term of a row; None where the variable is unbound."""


class LineWindow:
    """Collects `most` lines of a body after the first `skip`; `head` is the first line when the body has a head.

    `more`: lines follow the window. `broken`: a line or the body was longer than is read. With `counting` it takes the
    lines behind the window too, without keeping them, so that `number` is that of all lines but the head.
    """

    def __init__(
        self, skip: int, most: int, *, has_head: bool = True, counting: bool = False, most_bytes: int = MOST_READ
    ) -> None:
        self.head: bytes | None = None
        self.lines: list[bytes] = []
        self.more = self.broken = False
        self.number = 0
        self._skip = skip
        self._most = most
        self._counting = counting
        self._most_bytes = most_bytes
        self._awaits_head = has_head
        self._rest = b""
        self._read = 0

    def take(self, chunk: bytes) -> bool:
        """Takes the next bytes; returns true when the window is full and something follows it."""
        self._read += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if self._add(line):
                return True
        self.broken = len(self._rest) > _LONGEST_LINE or self._read > self._most_bytes
        return self.broken

    def finish(self) -> None:
        """Takes what follows the last line feed, at the end of a whole body."""
        if self._rest:
            self._add(self._rest)
            self._rest = b""

    def _add(self, line: bytes) -> bool:
        line = line.rstrip(b"\r")
        if self._awaits_head:
            self.head, self._awaits_head = line, False
            return False
        self.number += 1
        if self.number > self._skip + self._most:
            self.more = True
        elif self.number > self._skip:
            self.lines.append(line)
        return self.more and not self._counting


def read_terms(window: LineWindow) -> tuple[list[str], list[Sequence[Cell]]]:
    """The columns and the rows of a window over SPARQL TSV, which may be a part that was cut at a line."""
    if not window.head:
        return [], []
    found = parse_query_results(b"\n".join([window.head, *window.lines, b""]), QueryResultsFormat.TSV)
    assert isinstance(found, QuerySolutions)
    columns = [variable.value for variable in found.variables]
    return columns, [[solution[name] for name in columns] for solution in found]
