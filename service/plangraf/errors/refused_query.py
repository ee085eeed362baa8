"""Errors of SPARQL queries, found before evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plangraf.errors.root import RequestError


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text: line and column from 1, and the text of the token there."""

    line: int
    column: int
    token: str


class QuerySyntaxError(RequestError):
    code = "query-syntax"
    title = "The SPARQL query has an error"

    def __init__(self, message: str, place: Place, *, hint: str | None = None) -> None:
        where = f"Line {place.line}, column {place.column}"
        found = f", at {place.token!r}" if place.token else ", at the end of the query"
        super().__init__(f"{where}{found}: {message}" + (f" {hint}" if hint else ""))
        self.said = message
        self.place = place
        self.hint = hint

    def extra(self) -> dict[str, Any]:
        members: dict[str, Any] = {"line": self.place.line, "column": self.place.column, "token": self.place.token}
        if self.hint:
            members["hint"] = self.hint
        return members


class QueryUnsupportedError(QuerySyntaxError):
    code = "query-unsupported"
    title = "The SPARQL query cannot be answered as the standard says"


class QueryLimitError(RequestError):
    code = "query-limit"
    title = "The query is over a limit"

    def __init__(self, what: str, found: int, limit: int) -> None:
        super().__init__(f"The query's {what} is {found}, the limit is {limit}. Split it or flatten it.")
        self.what, self.found, self.limit = what, found, limit

    def extra(self) -> dict[str, Any]:
        return {"bound": self.what, "found": self.found, "limit": self.limit}


class AnswerLimitError(RequestError):
    """A query whose answer would be too large, found before any of it is sent."""

    code = "answer-limit"
    title = "The answer would be too large"

    def __init__(self, name: str, what: str, limit: int, advice: str) -> None:
        super().__init__(f"{name} finds more than {limit} {what}, the most that it answers with. {advice}")
        self.what, self.limit = what, limit

    def extra(self) -> dict[str, Any]:
        return {"bound": self.what, "limit": self.limit}


class UpdateRefusedError(RequestError):
    code = "update-refused"
    title = "This endpoint answers queries only"

    def __init__(self, keyword: str) -> None:
        super().__init__(
            f"{keyword} is a SPARQL Update and nothing was changed: this endpoint is read-only. "
            "Data are changed in their source files and published with `plangraf build`."
        )


class ServiceForbiddenError(RequestError):
    code = "service-forbidden"
    title = "SERVICE is not allowed"

    def __init__(self, place: Place, address: str, allowed: Sequence[str] = ()) -> None:
        """`allowed` are the addresses that SERVICE may call, if any."""
        why = (
            "it is not among those that it may call"
            if allowed
            else "this service does not send queries to other servers"
        )
        others = f" SERVICE may call {', '.join(f'<{one}>' for one in allowed)}." if allowed else ""
        super().__init__(
            f"Line {place.line}, column {place.column}: SERVICE {address} is refused, {why}. "
            f"Query the other endpoint yourself and join by IRI, or use VALUES.{others}"
        )
        self.place = place

    def extra(self) -> dict[str, Any]:
        return {"line": self.place.line, "column": self.place.column, "token": self.place.token}
