"""Writes rows of terms in the four result formats of SPARQL 1.1, for rows that the embedded engine did not evaluate.

A row is a concatenation of cells, so that a caller encodes cells that many rows share only once. The bytes are those
that pyoxigraph writes; a test compares them. https://www.w3.org/TR/sparql11-results-csv-tsv/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape as escape_markup

import orjson
from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat

from plangraf.rdf.formats import Format
from plangraf.rdf.literals import XSD

Term = NamedNode | BlankNode | Literal
Cell = Callable[[str, Term | None], bytes | None]

_WHITE = re.compile(r"^[ \t\r\n]+|[ \t\r\n]+$|\r")
_STRING = XSD + "string"
_QUOTED = re.compile(r'[",\r\n]')
# What TSV writes in the short form of Turtle.
_SHORT = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "boolean": re.compile("true|false"),
}


@dataclass(frozen=True, slots=True)
class BindingsWriter:
    """One answer in one format: a head, rows with a separator between them, and an end."""

    head: bytes
    end: bytes
    between_rows: bytes
    row: tuple[bytes, bytes]
    between_cells: bytes
    cell: Cell

    @classmethod
    def of(cls, columns: Sequence[str], format_: Format) -> BindingsWriter:
        """The writer of a format.

        Raises:
            ValueError: it is none of the result formats.
        """
        writer = format_.writer
        if writer == QueryResultsFormat.JSON:
            head = b'{"head":{"vars":' + orjson.dumps(list(columns)) + b'},"results":{"bindings":['
            return cls(head, b"]}}", b",", (b"{", b"}"), b",", _json)
        if writer == QueryResultsFormat.XML:
            names = "".join(f'<variable name="{name}"/>' for name in columns)
            opened = '<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#">'
            head = f"{opened}<head>{names}</head><results>".encode()
            return cls(head, b"</results></sparql>", b"", (b"<result>", b"</result>"), b"", _xml)
        if writer == QueryResultsFormat.CSV:
            return cls(",".join(columns).encode() + b"\r\n", b"", b"", (b"", b"\r\n"), b",", _csv)
        if writer == QueryResultsFormat.TSV:
            head = "\t".join(f"?{name}" for name in columns).encode() + b"\n"
            return cls(head, b"", b"", (b"", b"\n"), b"\t", _tsv)
        raise ValueError(f"{format_.name} is not a format of rows")

    def cells(self, cells: Iterable[tuple[str, Term | None]]) -> bytes:
        """Neighbouring cells of a row, each with its column; JSON and XML leave out what is unbound."""
        encoded = (self.cell(name, term) for name, term in cells)
        return self.between_cells.join(cell for cell in encoded if cell is not None)

    def join(self, rows: Iterable[Sequence[bytes]]) -> bytes:
        """The whole answer; a row is a sequence of groups of cells, none of them without a bound cell."""
        first, last = self.row
        written = self.between_rows.join(first + self.between_cells.join(groups) + last for groups in rows)
        return self.head + written + self.end


def _json(name: str, term: Term | None) -> bytes | None:
    if term is None:
        return None
    if isinstance(term, NamedNode):
        value = {"type": "uri", "value": term.value}
    elif isinstance(term, BlankNode):
        value = {"type": "bnode", "value": term.value}
    else:
        value = {"type": "literal", "value": term.value}
        if term.language:
            value["xml:lang"] = term.language
        elif term.datatype.value != _STRING:
            value["datatype"] = term.datatype.value
    return orjson.dumps({name: value})[1:-1]


def _escape(text: str) -> str:
    """White space at an end, and carriage returns, as references, because XML readers drop or change them."""
    escaped = escape_markup(text, {'"': "&quot;", "'": "&apos;"})
    return _WHITE.sub(lambda match: "".join(f"&#{ord(each)};" for each in match[0]), escaped)


def _xml(name: str, term: Term | None) -> bytes | None:
    if term is None:
        return None
    if isinstance(term, NamedNode):
        inner = f"<uri>{_escape(term.value)}</uri>"
    elif isinstance(term, BlankNode):
        inner = f"<bnode>{term.value}</bnode>"
    elif term.language:
        inner = f'<literal xml:lang="{term.language}">{_escape(term.value)}</literal>'
    elif term.datatype.value != _STRING:
        inner = f'<literal datatype="{_escape(term.datatype.value)}">{_escape(term.value)}</literal>'
    else:
        inner = f"<literal>{_escape(term.value)}</literal>"
    return f'<binding name="{name}">{inner}</binding>'.encode()


def _csv(name: str, term: Term | None) -> bytes | None:
    if term is None:
        return b""
    value = str(term) if isinstance(term, BlankNode) else term.value
    return ('"' + value.replace('"', '""') + '"' if _QUOTED.search(value) else value).encode()


def _tsv(name: str, term: Term | None) -> bytes | None:
    if term is None:
        return b""
    if isinstance(term, Literal) and (short := _SHORT.get(term.datatype.value)) and short.fullmatch(term.value):
        return term.value.encode()
    return str(term).encode()
