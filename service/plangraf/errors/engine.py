"""Errors of valid queries that get no complete answer."""

from __future__ import annotations

from typing import Any

from plangraf.errors.refused_query import Place
from plangraf.errors.root import PlangrafError


class EngineError(PlangrafError):
    code = "engine-error"
    title = "The answer could not be finished"


class QueryTimeoutError(EngineError):
    code = "query-timeout"
    title = "The query took too long"

    def __init__(self, limit_s: float) -> None:
        super().__init__(
            f"The query passed the time limit of {limit_s:g} s. Narrow it, add LIMIT, or work on a download."
        )
        self.limit_s = limit_s

    def extra(self) -> dict[str, Any]:
        return {"limitSeconds": self.limit_s}


class QueryMemoryError(EngineError):
    code = "query-memory"
    title = "The query needs too much memory"

    def __init__(self, limit_mb: int) -> None:
        super().__init__(
            f"The query needed more than the memory limit of {limit_mb} MiB. Narrow its patterns, add LIMIT, or leave "
            "out ORDER BY, GROUP BY, DISTINCT or long texts over everything; for all of the data download the dump."
        )
        self.limit_mb = limit_mb

    def extra(self) -> dict[str, Any]:
        return {"limitMiB": self.limit_mb}


class WorkerCrashedError(EngineError):
    code = "worker-crashed"
    title = "The query brought its worker down"

    def __init__(self, detail: str = "out of stack, or killed") -> None:
        super().__init__(
            f"The process that evaluated this query died ({detail}); other queries are not affected. "
            "Write the query simpler, or ask for fewer rows."
        )


class OverloadedError(EngineError):
    code = "overloaded"
    title = "Too many queries in flight"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} queries are already running or waiting. Try again in a moment.")


class DisplacedError(EngineError):
    code = "query-displaced"
    title = "The query made way for others"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"More than {most} long queries ran at once, and this was the oldest query of the client that had most. "
            "Send fewer at a time, try again later, or make it shorter: fewer triples matched, LIMIT, a named graph."
        )


class NotReadyError(EngineError):
    code = "not-ready"
    title = "The data are not open yet"

    def __init__(self, why: str = "the version is being opened") -> None:
        super().__init__(f"No query can be answered yet: {why}. Try again in a moment.")


class EngineUnavailableError(EngineError):
    code = "engine-unavailable"
    title = "The SPARQL endpoint behind this service does not answer"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"No query can be answered now: the endpoint behind this service: {why}. Try again in a moment."
        )


class ServiceFailedError(EngineError):
    code = "service-failed"
    title = "Another endpoint gave no usable answer to SERVICE"

    def __init__(self, place: Place, address: str, why: str) -> None:
        super().__init__(
            f"Line {place.line}, column {place.column}: SERVICE <{address}> failed: {why}. "
            "Try again, or write SERVICE SILENT to go on without its rows."
        )
        self.place = place
        self.address = address

    def extra(self) -> dict[str, Any]:
        return {"line": self.place.line, "column": self.place.column, "endpoint": self.address}


class AnswerBrokenError(EngineError):
    """Raised after the first byte of an answer. The connection must break, because a clean end would look complete."""

    code = "answer-broken"
    title = "The answer broke off"

    def __init__(self, why: str) -> None:
        super().__init__(f"The answer broke off before its end: {why}.")
