"""Takes a window of the lines of an answer, and reads rows of SPARQL TSV from them, within bounds.

One line is one row (SPARQL 1.1 Query Results CSV and TSV Formats, §4), so a row need not be parsed to be passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, QuerySolutions, parse_query_results

from plangraf.http.assistants.toolbox import size_of
from plangraf.rdf.namespaces import PREFIXES

# Bytes of an answer that a tool reads at most, and of one line.
_MOST_READ = 32 * 1024 * 1024
_LONGEST_LINE = 1024 * 1024
# Characters of one cell.
LONGEST_CELL = 2_000
_XSD = PREFIXES["xsd"]
_INTEGERS = frozenset(
    _XSD + name for name in ("integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger")
)
_NUMBERS = frozenset(_XSD + name for name in ("decimal", "double", "float"))
# JSON of other programs holds larger whole numbers only roughly.
_LARGEST_EXACT = 2**53
_TEXTS = frozenset(("iri", "string", "code", "lang-string"))


class LineWindow:
    """Collects `most` lines of a body after the first `skip`; `head` is the first line when the body has a head.

    `more`: lines follow the window. `broken`: a line or the body was longer than is read.
    """

    def __init__(self, skip: int, most: int, *, has_head: bool = True) -> None:
        self.head: bytes | None = None
        self.lines: list[bytes] = []
        self.more = self.broken = False
        self._left_out = skip
        self._most = most
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
        self.broken = len(self._rest) > _LONGEST_LINE or self._read > _MOST_READ
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
        elif self._left_out:
            self._left_out -= 1
        elif len(self.lines) < self._most:
            self.lines.append(line)
        else:
            self.more = True
        return self.more


def read_rows(window: LineWindow, types: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The rows of a window over SPARQL TSV: the bound cells by column, IRIs and texts as text, numbers as numbers.

    Args:
        window: over a whole body, or over a part that was cut at a line.
        types: by column, the types that the head of a named query declares; a text among them stays text.
    """
    if not window.head:
        return []
    body = b"\n".join([window.head, *window.lines, b""])
    found = parse_query_results(body, QueryResultsFormat.TSV)
    assert isinstance(found, QuerySolutions)
    columns = [variable.value for variable in found.variables]
    rows = []
    for solution in found:
        cells = {name: solution[name] for name in columns}
        rows.append(
            {
                name: _plain(term, as_text=types is not None and types.get(name) in _TEXTS)
                for name, term in cells.items()
                if term is not None
            }
        )
    return rows


def _plain(term: object, *, as_text: bool) -> Any:
    if isinstance(term, NamedNode):
        return term.value
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    if not isinstance(term, Literal):
        return str(term)
    text = term.value if len(term.value) <= LONGEST_CELL else f"{term.value[:LONGEST_CELL]}…"
    if as_text or term.language is not None:
        return text
    return _number(term.value, term.datatype.value, text)


def _number(text: str, datatype: str, otherwise: str) -> Any:
    """A typed literal as JSON has it; the text where that would change it."""
    try:
        if datatype in _INTEGERS:
            return number if abs(number := int(text)) <= _LARGEST_EXACT else otherwise
        if datatype in _NUMBERS and Decimal(repr(float(text))) == Decimal(text):
            return float(text)
    except (ValueError, InvalidOperation, OverflowError):
        return otherwise
    if datatype == _XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, otherwise)
    return otherwise


def fit(rows: Sequence[Any], most_bytes: int) -> int:
    """How many of the rows fit into so many bytes of JSON; at least one."""
    size = 0
    for number, row in enumerate(rows):
        size += size_of(row) + 1
        if size > most_bytes:
            return max(1, number)
    return len(rows)


def iris_in(rows: Sequence[Mapping[str, Any]], start: str) -> list[str]:
    """The IRIs in the cells of rows that begin with `start`, each once, in their order."""
    found = (value for row in rows for value in row.values() if isinstance(value, str) and value.startswith(start))
    return list(dict.fromkeys(found))
