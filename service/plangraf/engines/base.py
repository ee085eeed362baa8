"""What an engine is to the rest of the service: a place to ask one SPARQL 1.1 query at a time.

The embedded engine is `pool.EmbeddedEngine`; any SPARQL 1.1 Protocol endpoint can stand in its place, since
the service asks standard queries with explicit order only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from plangraf.rdf.formats import Format
from plangraf.sparql.safety import CheckedQuery


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """One query and how its answer is wanted.

    `default_graphs` and `named_graphs` are the protocol's dataset: None means that the request names none,
    and the query's own FROM counts; as soon as one of them is given, both override FROM and FROM NAMED.
    `timeout_s` shortens the engine's own limit, it never lengthens it. `client` is who asks, so that nobody
    waits for another one's many queries; empty for what the service itself asks, which goes first. `ahead` is a
    query that nobody waits for, which takes only what others leave of the processor.
    """

    query: str
    format: Format
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    timeout_s: float | None = None
    client: str = ""
    ahead: bool = False


class QueryAnswer(Protocol):
    """An answer whose first bytes are there.

    `chunks` ends normally only when the answer is complete; else it raises AnswerBrokenError. `complete` is the
    whole answer when it is so short that it is there already. `queued_s` is the time it waited for its turn,
    `evaluated_s` the time from there to its first bytes.
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
        """Lets go of the answer; one that is not finished stops being evaluated at once."""


class Engine(Protocol):
    """Answers queries over one version of the data, and nothing else: files are the snapshot's."""

    @property
    def ready(self) -> bool: ...

    async def start(self) -> None:
        """Opens the version; back when queries can be answered. EngineError: it cannot be opened."""

    def check(self, query: str) -> CheckedQuery:
        """The query's form, once it passed the guard that keeps from the engine what it must never see.

        Raises:
            RequestError: what is wrong with it, and where.
        """

    async def query(self, request: QueryRequest) -> QueryAnswer:
        """The answer, from its first byte on.

        Raises:
            RequestError: the query is malformed, over a limit or not allowed.
            EngineError: it could not be evaluated: deadline, crash, too many at once, not ready.
        """

    async def close(self) -> None: ...
