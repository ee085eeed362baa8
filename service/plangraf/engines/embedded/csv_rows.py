"""Quotes the IRIs with a comma in the CSV of the engine, which writes them bare, so that a row has one field too many.

https://www.w3.org/TR/sparql11-results-csv-tsv/#csv: a field with a comma is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

_END = b"\r\n"
_QUOTED = re.compile(rb'"[^"]*"')
_PIECE = re.compile(rb'((?:"[^"]*"|[^",])*)(,|\Z)')
_ROW = re.compile(rb'((?:"[^"]*"|[^"\r])*)\r\n')
_IRI = re.compile(rb'[A-Za-z][A-Za-z0-9+.-]*:[^"]*')

IsKnown = Callable[[str], bool]


def last_row_end(text: bytes) -> int:
    """The offset after the last complete row; 0 when there is none. An end of line in quotation marks ends no row."""
    end = text.rfind(_END)
    while end >= 0:
        if text.count(b'"', 0, end) % 2 == 0:
            return end + len(_END)
        end = text.rfind(_END, 0, end)
    return 0


def quote_iris(rows: bytes, columns: int, is_known: IsKnown) -> bytes:
    """Complete rows, in which each has as many fields as there are columns.

    Args:
        rows: as the engine writes them.
        columns: at least 1.
        is_known: whether an IRI is one of the data. It decides where a row can be read in several ways.
    """
    bare = _QUOTED.sub(b"", rows)
    if bare.count(b",") == bare.count(_END) * (columns - 1):
        return rows
    return b"".join(_mend(match[1], columns, is_known) + _END for match in _ROW.finditer(rows))


def _mend(row: bytes, columns: int, is_known: IsKnown) -> bytes:
    pieces = _split(row)
    if len(pieces) == columns:
        return row
    readings = list(_readings(pieces, columns))
    known = (reading for reading in readings if all(is_known(iri.decode()) for iri in _joined(reading)))
    chosen = next(known, readings[0])
    return b",".join(b",".join(field) if len(field) == 1 else b'"' + b",".join(field) + b'"' for field in chosen)


def _split(row: bytes) -> list[bytes]:
    pieces = []
    for match in _PIECE.finditer(row):
        pieces.append(match[1])
        if not match[2]:
            break
    return pieces


def _readings(pieces: Sequence[bytes], columns: int) -> Iterator[list[Sequence[bytes]]]:
    """All ways to join neighbouring pieces to so many fields; a field of several pieces is an IRI."""
    if columns == 0:
        if not pieces:
            yield []
        return
    for taken in range(1, len(pieces) - columns + 2):
        field = pieces[:taken]
        if taken == 1 or _IRI.fullmatch(b",".join(field)):
            for rest in _readings(pieces[taken:], columns - 1):
                yield [field, *rest]


def _joined(reading: Sequence[Sequence[bytes]]) -> Iterator[bytes]:
    return (b",".join(field) for field in reading if len(field) > 1)
