"""One page of the rows of a named query, with the labels of what they name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import Statements
from plangraf.views.answer_lines import Cell, LineWindow, read_terms
from plangraf.views.describe import fetch_labels

ROWS_OF_PAGE = 100
# Bytes of an answer that are read to count its rows.
_MOST_COUNTED = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RowsOfPage:
    """The rows from `first` (from 1) on; `total` is the number of all rows, or a bound below it when not `counted`."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    first: int
    total: int
    counted: bool
    labels: Statements

    @property
    def last_page(self) -> int | None:
        """The number of the last page; None when nobody has counted that far."""
        return max(1, -(-self.total // ROWS_OF_PAGE)) if self.counted else None


async def read_page(snapshot: Snapshot, chunks: AsyncIterator[bytes], page: int) -> RowsOfPage:
    """Reads one page of rows from an answer in SPARQL TSV, and counts the others within a bound.

    Raises:
        PlangrafError: the answer broke off, or the engine cannot give the labels.
    """
    skip = (page - 1) * ROWS_OF_PAGE
    window = LineWindow(skip, ROWS_OF_PAGE, counting=True, most_bytes=_MOST_COUNTED)
    counted = True
    async for chunk in chunks:
        if window.take(chunk):
            counted = False
            break
    if counted:
        window.finish()
    columns, rows = read_terms(window)
    named = {term for row in rows for term in row if isinstance(term, NamedNode)}
    labels = await fetch_labels(snapshot.engine, named)
    return RowsOfPage(columns, rows, skip + 1, window.number, counted, labels)


async def as_chunks(body: bytes) -> AsyncIterator[bytes]:
    """A whole answer in the form of a streamed one."""
    yield body
