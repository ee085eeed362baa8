"""Why an answer is empty, for the header `Plangraf-Explain` and for the page."""

from __future__ import annotations

from dataclasses import replace

from plangraf.engines.interface import QueryRequest
from plangraf.http.service import Pinned
from plangraf.sparql.explain.chosen_graphs import Graphs
from plangraf.sparql.explain.empty_answers import Explanation, why_empty
from plangraf.views.engine_answers import fetch_boolean, fetch_rows


async def explain_empty(service: Pinned, query: QueryRequest) -> Explanation | None:
    """Finds the first part of a query without a match; None when the answer is not empty or no reason is found."""
    engine = service.snapshot.engine
    everywhere = replace(query, default_graphs=None, named_graphs=None)

    async def ask(text: str) -> bool:
        return await fetch_boolean(engine, text, like=query)

    async def find(text: str) -> list[str]:
        rows = await fetch_rows(engine, text, like=everywhere)
        return [cell["value"] for row in rows for cell in row.values()]

    graphs = Graphs(service.snapshot.contents.graphs, find, query.default_graphs, query.named_graphs)
    return await why_empty(ask, query.query, graphs, service.settings.query_base)
