"""An answer as Parquet: the rows of the engine go through a process that writes it, within a bound.

Parquet needs all rows before its first byte, because the type of a column depends on all of its values.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace

from plangraf.engines.interface import Engine, QueryAnswer, QueryRequest
from plangraf.errors import AnswerLimitError, WorkerCrashedError
from plangraf.errors.message import N_
from plangraf.rdf.formats import PARQUET, TSV, Format

MOST_MIB = 128
"""Of SPARQL TSV, about a million rows of five columns."""
_PROGRAM = ("-m", "plangraf.rdf.parquet_rows")
# One process for each HTTP process of the service, because it may take all the time of one processor.
_AT_ONCE = 1
# A longer body leaves in pieces of this size, so that it is coded piece by piece.
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class _WholeAnswer:
    """A finished answer; see engines.interface.QueryAnswer."""

    body: bytes
    queued_s: float
    evaluated_s: float
    format: Format = PARQUET

    @property
    def complete(self) -> bytes | None:
        return self.body if len(self.body) <= _PIECE else None

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        return self._cut()

    async def _cut(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), _PIECE):
            yield self.body[start : start + _PIECE]

    async def aclose(self) -> None:
        pass


class ParquetWriter:
    """Writes answers as Parquet, one after the other."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def query(self, engine: Engine, request: QueryRequest) -> QueryAnswer:
        """Evaluates a query that has rows, and gives them as Parquet.

        Raises:
            AnswerLimitError: the rows are more than MOST_MIB of SPARQL TSV.
            PlangrafError: what the engine raises; the answer broke off; the process ended.
        """
        async with self._free:
            answer = await engine.query(replace(request, format=TSV))
            began = time.monotonic()
            try:
                body = await _convert(answer.chunks)
            finally:
                await answer.aclose()
        return _WholeAnswer(body, answer.queued_s, answer.evaluated_s + time.monotonic() - began)

    async def write(self, table: bytes) -> bytes:
        """Writes a table that is SPARQL TSV already.

        Raises:
            AnswerLimitError, WorkerCrashedError: as `query`.
        """
        async with self._free:
            return await _convert(_one(table))


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _convert(chunks: AsyncIterator[bytes]) -> bytes:
    """Sends the chunks through the process; kills it when they are too many, when they break off, or when cancelled."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *_PROGRAM, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    reading = asyncio.create_task(process.stdout.read())
    try:
        size = 0
        # A process that has ended closes its pipe; its exit code tells more than the write that meets it.
        with suppress(BrokenPipeError, ConnectionResetError):
            async for chunk in chunks:
                size += len(chunk)
                if size > MOST_MIB * 2**20:
                    raise AnswerLimitError(
                        N_("The query"),
                        N_("MiB of rows for Parquet"),
                        MOST_MIB,
                        N_("Narrow it, or take the rows as CSV."),
                    )
                process.stdin.write(chunk)
                await process.stdin.drain()
            process.stdin.close()
        body = await reading
        if code := await process.wait():
            raise WorkerCrashedError(N_("the one that writes Parquet ended with code %(code)s", code=code))
        return body
    finally:
        reading.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
