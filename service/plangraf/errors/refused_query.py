"""Errors of SPARQL queries, found before evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plangraf.errors.message import N_, Listed, Quoted, known, sentences
from plangraf.errors.root import RequestError


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text: line and column from 1, and the text of the token there."""

    line: int
    column: int
    token: str


class QuerySyntaxError(RequestError):
    code = "query-syntax"
    title = N_("The SPARQL query has an error")

    def __init__(self, message: str, place: Place, *, hint: str | None = None) -> None:
        said = sentences(message, hint)
        line, column = place.line, place.column
        super().__init__(
            N_(
                "Line %(line)s, column %(column)s, at %(token)s: %(what)s",
                line=line,
                column=column,
                token=Quoted(place.token),
                what=said,
            )
            if place.token
            else N_(
                "Line %(line)s, column %(column)s, at the end of the query: %(what)s",
                line=line,
                column=column,
                what=said,
            )
        )
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
    title = N_("The SPARQL query cannot be answered as the standard says")


class QueryLimitError(RequestError):
    code = "query-limit"
    title = N_("The query is over a limit")

    def __init__(self, what: str, found: int, limit: int) -> None:
        super().__init__(
            N_(
                "The query's %(bound)s is %(found)s, the limit is %(limit)s. Split it or flatten it.",
                bound=known(what),
                found=found,
                limit=limit,
            )
        )
        self.what, self.found, self.limit = what, found, limit

    def extra(self) -> dict[str, Any]:
        return {"bound": self.what, "found": self.found, "limit": self.limit}


class AnswerLimitError(RequestError):
    """A query whose answer would be too large, found before any of it is sent."""

    code = "answer-limit"
    title = N_("The answer would be too large")

    def __init__(self, name: str, what: str, limit: int, advice: str) -> None:
        super().__init__(
            N_(
                "%(name)s finds more than %(limit)s %(what)s, the most that it answers with. %(advice)s",
                name=name,
                limit=limit,
                what=known(what),
                advice=known(advice),
            )
        )
        self.what, self.limit = what, limit

    def extra(self) -> dict[str, Any]:
        return {"bound": self.what, "limit": self.limit}


class UpdateRefusedError(RequestError):
    code = "update-refused"
    title = N_("This endpoint answers queries only")

    def __init__(self, keyword: str) -> None:
        super().__init__(
            N_(
                "%(keyword)s is a SPARQL Update and nothing was changed: this endpoint is read-only. "
                "Data are changed in their source files and published with `plangraf build`.",
                keyword=keyword,
            )
        )


class ServiceForbiddenError(RequestError):
    code = "service-forbidden"
    title = N_("SERVICE is not allowed")

    def __init__(self, place: Place, address: str, allowed: Sequence[str] = ()) -> None:
        """`allowed` are the addresses that SERVICE may call, if any."""
        why = (
            N_("it is not among those that it may call")
            if allowed
            else N_("this service does not send queries to other servers")
        )
        refused = N_(
            "Line %(line)s, column %(column)s: SERVICE %(address)s is refused, %(why)s. "
            "Query the other endpoint yourself and join by IRI, or use VALUES.",
            line=place.line,
            column=place.column,
            address=address,
            why=why,
        )
        names = Listed(f"<{one}>" for one in allowed)
        others = N_("SERVICE may call %(addresses)s.", addresses=names) if allowed else None
        super().__init__(sentences(refused, others))
        self.place = place

    def extra(self) -> dict[str, Any]:
        return {"line": self.place.line, "column": self.place.column, "token": self.place.token}
