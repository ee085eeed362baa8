"""An engine whose queries are spans, around any other engine; only when traces are on."""

from __future__ import annotations

from plangraf import tracing
from plangraf.engines.interface import Engine, QueryAnswer, QueryRequest
from plangraf.sparql.safety import CheckedQuery


class TracedEngine:
    """See plangraf.engines.interface.Engine. A span ends with the first bytes of the answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def ready(self) -> bool:
        return self._engine.ready

    async def start(self) -> None:
        await self._engine.start()

    def check(self, query: str) -> CheckedQuery:
        return self._engine.check(query)

    async def query(self, request: QueryRequest) -> QueryAnswer:
        with tracing.span("query", **tracing.query_attributes(request.query)) as span:
            answer = await self._engine.query(request)
            if span is not None:
                span.set_attribute("plangraf.query.queued_s", answer.queued_s)
                span.set_attribute("plangraf.query.evaluated_s", answer.evaluated_s)
            return answer

    async def close(self) -> None:
        await self._engine.close()
