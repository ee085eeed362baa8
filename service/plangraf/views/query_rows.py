"""One page of the rows of a named query, with the labels of what they name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode

from plangraf.engines.interface import Engine
from plangraf.engines.snapshots import Snapshot
from plangraf.rdf.graph import RDF_TYPE, Graph, Statements
from plangraf.views.answer_lines import Cell, LineWindow, read_terms
from plangraf.views.declarations import LABELS
from plangraf.views.describe import PLACE_IN_SOURCE, fetch_labels
from plangraf.views.engine_answers import fetch

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
    return RowsOfPage(columns, rows, skip + 1, window.number, counted, await _name(snapshot.engine, named))


async def _name(engine: Engine, things: set[NamedNode]) -> Statements:
    """The labels of things; of a thing without one its classes, and of a passage its place in a source."""
    told = await fetch_labels(engine, things)
    graph = Graph.of(told)
    unnamed = sorted((thing for thing in things if not any(graph.value(thing, name) for name in LABELS)), key=str)
    if not unnamed:
        return told
    places = await fetch(
        engine,
        f"""CONSTRUCT {{ ?passage ?place ?value }} WHERE {{
          VALUES ?passage {{ {" ".join(map(str, unnamed))} }}
          ?passage ?place ?value FILTER (?place IN ({", ".join(map(str, PLACE_IN_SOURCE))}))
        }}""",
    )
    further = {value for thing in unnamed for value in graph.named(thing, RDF_TYPE)}
    further |= {value for _, _, value in places if isinstance(value, NamedNode)}
    return [*told, *places, *await fetch_labels(engine, further - things)]


async def as_chunks(body: bytes) -> AsyncIterator[bytes]:
    """A whole answer in the form of a streamed one."""
    yield body
