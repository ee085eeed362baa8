"""The interface of an engine: it evaluates SPARQL 1.1 queries over one version.

`embedded.pool.EmbeddedEngine` implements it. A client of any SPARQL 1.1 Protocol endpoint could, too, because the
service sends standard queries only and orders their rows explicitly.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from plangraf.rdf.formats import Format
from plangraf.sparql.safety import CheckedQuery


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """One query, the format of its answer, and how the engine schedules it.

    `default_graphs` and `named_graphs` are the dataset of the SPARQL Protocol. When both are None, the query's own
    FROM and FROM NAMED apply; when either is given, both override them. `timeout_s` can shorten the engine's limit
    and never lengthens it. `client` identifies the sender, because the engine shares its workers fairly among
    clients; it is empty for the service's own queries, which run first. `ahead` marks a query that warms the cache:
    it runs at idle priority. Without `bulk` the bulk triples need not be among the data, unless the query names one of
    their subjects: a document of a municipality does not list a million observations.
    """

    query: str
    format: Format
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    timeout_s: float | None = None
    client: str = ""
    ahead: bool = False
    bulk: bool = True


class QueryAnswer(Protocol):
    """An answer whose first bytes have arrived.

    `chunks` ends normally only when the answer is complete; otherwise it raises AnswerBrokenError. `complete` holds
    the whole body when a short answer has arrived in one piece. The query waited `queued_s` for a worker and then
    ran `evaluated_s` until its first bytes.
    """

    @property
    def format(self) -> Format: ...

    @property
    def queued_s(self) -> float: ...

    @property
    def evaluated_s(self) -> float: ...

    @property
    def chunks(self) -> AsyncIterator[bytes]: ...

    @property
    def complete(self) -> bytes | None: ...

    async def aclose(self) -> None:
        """Releases the answer; stops its evaluation when it is not finished."""


class Engine(Protocol):
    """Evaluates queries over one version. Files of the version belong to its snapshot."""

    @property
    def ready(self) -> bool: ...

    async def start(self) -> None:
        """Opens the version; returns when the engine can answer queries.

        Raises:
            EngineError: the version cannot be opened.
        """

    def check(self, query: str) -> CheckedQuery:
        """Checks a query against the guard and the limits; returns its form.

        Raises:
            RequestError: what is wrong with it, and where.
        """

    async def query(self, request: QueryRequest) -> QueryAnswer:
        """Evaluates a query; returns when the first bytes of the answer have arrived.

        Raises:
            RequestError: the query is malformed, over a limit or not allowed.
            EngineError: the evaluation failed: deadline, crash, overload, engine not ready.
        """

    async def close(self) -> None: ...
