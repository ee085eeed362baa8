"""`plangraf query`: one query to the current version, through the same engine and limits as over HTTP."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

from plangraf.engines.base import QueryRequest
from plangraf.engines.embedded.pool import EmbeddedEngine
from plangraf.http.resource.negotiation import by_name
from plangraf.rdf.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, Format, of_kinds
from plangraf.settings import Settings
from plangraf.sparql.safety import Limits, check
from plangraf.store.versions import VersionStore

# On a terminal a table reads better than the JSON that programs get by default.
_FORMATS: dict[str, tuple[Format, ...]] = {"SELECT": of_kinds("table", "bindings"), "ASK": BOOLEAN_FORMATS}


def ask(settings: Settings, query: str, format_name: str | None, out: BinaryIO) -> None:
    """Writes the answer to `out` as it comes.

    Args:
        settings: `versions` names the folder whose current version is asked, `query_…` the limits.
        query: SPARQL 1.1.
        format_name: short name, file ending or media type; None takes the first that fits the query's form.
        out: where the bytes of the answer go.
    Raises:
        RequestError: the query or the format cannot be used.
        EngineError: the answer could not be finished.
        VersionsError: there is no version.
    """
    limits = Limits.of(settings)
    choices = _FORMATS.get(check(query, limits).form, GRAPH_FORMATS)
    chosen = by_name([format_name], choices) if format_name else choices[0]
    version = VersionStore(settings.versions).current()
    engine = EmbeddedEngine(version, settings.model_copy(update={"query_workers": 1}))
    asyncio.run(_ask(engine, QueryRequest(query, chosen), out))


async def _ask(engine: EmbeddedEngine, request: QueryRequest, out: BinaryIO) -> None:
    await engine.start()
    try:
        answer = await engine.query(request)
        try:
            async for chunk in answer.chunks:
                out.write(chunk)
            out.flush()
        finally:
            await answer.aclose()
    finally:
        await engine.close()
