"""Errors of valid queries that get no complete answer."""

from __future__ import annotations

from typing import Any

from plangraf.errors.message import N_, known
from plangraf.errors.refused_query import Place
from plangraf.errors.root import PlangrafError


class EngineError(PlangrafError):
    code = "engine-error"
    title = N_("The answer could not be finished")


class QueryTimeoutError(EngineError):
    code = "query-timeout"
    title = N_("The query took too long")

    def __init__(self, limit_s: float) -> None:
        super().__init__(
            N_(
                "The query passed the time limit of %(seconds)s s. Narrow it, add LIMIT, or work on a download.",
                seconds=float(limit_s),
            )
        )
        self.limit_s = limit_s

    def extra(self) -> dict[str, Any]:
        return {"limitSeconds": self.limit_s}


class QueryMemoryError(EngineError):
    code = "query-memory"
    title = N_("The query needs too much memory")

    def __init__(self, limit_mb: int) -> None:
        super().__init__(
            N_(
                "The query needed more than the memory limit of %(limit)s MiB. Narrow its patterns, add LIMIT, or "
                "leave out ORDER BY, GROUP BY, DISTINCT or long texts over everything; for all of the data download "
                "the dump.",
                limit=limit_mb,
            )
        )
        self.limit_mb = limit_mb

    def extra(self) -> dict[str, Any]:
        return {"limitMiB": self.limit_mb}


class WorkerCrashedError(EngineError):
    code = "worker-crashed"
    title = N_("The query brought its worker down")

    def __init__(self, detail: str = N_("out of stack, or killed")) -> None:
        super().__init__(
            N_(
                "The process that evaluated this query died (%(detail)s); other queries are not affected. "
                "Write the query simpler, or ask for fewer rows.",
                detail=known(detail),
            )
        )


class OverloadedError(EngineError):
    code = "overloaded"
    title = N_("Too many queries in flight")

    def __init__(self, limit: int) -> None:
        super().__init__(N_("%(limit)s queries are already running or waiting. Try again in a moment.", limit=limit))


class DisplacedError(EngineError):
    code = "query-displaced"
    title = N_("The query made way for others")

    def __init__(self, most: int) -> None:
        super().__init__(
            N_(
                "More than %(most)s long queries ran at once, and this was the oldest query of the client that had "
                "most. Send fewer at a time, try again later, or make it shorter: fewer triples matched, LIMIT, a "
                "named graph.",
                most=most,
            )
        )


class NotReadyError(EngineError):
    code = "not-ready"
    title = N_("The data are not open yet")

    def __init__(self, why: str = N_("the version is being opened")) -> None:
        super().__init__(N_("No query can be answered yet: %(why)s. Try again in a moment.", why=known(why)))


class EngineUnavailableError(EngineError):
    code = "engine-unavailable"
    title = N_("The SPARQL endpoint behind this service does not answer")

    def __init__(self, why: str) -> None:
        super().__init__(
            N_(
                "No query can be answered now, because the SPARQL endpoint behind this service does not answer "
                "(%(why)s). Try again in a moment.",
                why=known(why),
            )
        )


class ServiceFailedError(EngineError):
    code = "service-failed"
    title = N_("Another endpoint gave no usable answer to SERVICE")

    def __init__(self, place: Place, address: str, why: str) -> None:
        super().__init__(
            N_(
                "Line %(line)s, column %(column)s: SERVICE <%(address)s> failed: %(why)s. "
                "Try again, or write SERVICE SILENT to go on without its rows.",
                line=place.line,
                column=place.column,
                address=address,
                why=known(why),
            )
        )
        self.place = place
        self.address = address

    def extra(self) -> dict[str, Any]:
        return {"line": self.place.line, "column": self.place.column, "endpoint": self.address}


class AnswerBrokenError(EngineError):
    """Raised after the first byte of an answer. The connection must break, because a clean end would look complete."""

    code = "answer-broken"
    title = N_("The answer broke off")

    def __init__(self, why: str) -> None:
        self.why = known(why)
        super().__init__(N_("The answer broke off before its end: %(why)s.", why=self.why))
