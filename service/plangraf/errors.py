"""Every error that a user can meet, as one tree; `code` is the name that the README documents.

PlangrafError
├── RequestError                    what the client sent cannot be answered as it stands
│   ├── QuerySyntaxError            malformed SPARQL, with line, column and token
│   │   └── QueryUnsupportedError   legal SPARQL that the engine would answer wrongly
│   ├── QueryLimitError             nesting, path length, token count or size over a limit
│   ├── UpdateRefusedError          an update sent to the query endpoint
│   ├── ServiceForbiddenError       SERVICE to an address that is not allowed
│   ├── ParameterError              a parameter that is malformed, unknown or repeated
│   ├── MalformedRequestError       bytes that are no valid HTTP
│   ├── MethodNotImplementedError   a method that no address answers
│   ├── RequestTimeoutError         a request that did not arrive in time
│   ├── AddressTooLongError         an address whose path is over the limit
│   ├── HeadTooLargeError           an address and header fields over the limit
│   ├── BodyTooLargeError           a request body over the limit
│   ├── UnsupportedMediaError       a request body of a type that the endpoint does not read
│   ├── UnsupportedCodingError      a request body in a content coding
│   ├── NotAcceptableError          no format that the client accepts
│   ├── NotInXmlError               the answer has what XML cannot hold
│   ├── CodingNotAcceptableError    no content coding that the client accepts
│   ├── PreconditionFailedError     If-Match names another representation than there is
│   ├── RangeError                  bytes that a file does not have
│   ├── MethodNotAllowedError       a method that this address does not answer
│   └── ResourceNotFoundError       nothing in the data has this name
│       ├── ResourceGoneError       an earlier version of the data had it
│       └── VersionGoneError        a version that is kept no more
├── EngineError                     the query was fine, the answer could not be finished
│   ├── QueryTimeoutError           evaluation passed its deadline
│   ├── QueryMemoryError            evaluation passed its memory limit
│   ├── WorkerCrashedError          the worker process died
│   ├── OverloadedError             too many queries in flight
│   ├── DisplacedError              ended because too many long queries ran at once
│   ├── NotReadyError               no version is open yet
│   └── AnswerBrokenError           the answer broke off after its first byte
├── DataError                       a source file that cannot become part of a version (diagnostics.diagnostic)
├── FeedDamagedError                the log of changes cannot be read
├── VersionsError                   the folder of versions cannot be read or written
└── SettingError                    a setting that cannot be used
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class PlangrafError(Exception):
    """Base of all errors that carry a message for the user.

    `code` names the error for programs; `extra()` gives the members that an RFC 9457 body adds.
    """

    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something failed that should not"

    def extra(self) -> dict[str, Any]:
        return {}


class RequestError(PlangrafError):
    code = "bad-request"
    title = "The request cannot be answered as it stands"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a text something stands: line and column count from 1, `token` is the text found there."""

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
        self.place = place
        self.hint = hint

    def extra(self) -> dict[str, Any]:
        members: dict[str, Any] = {
            "line": self.place.line,
            "column": self.place.column,
            "token": self.place.token,
        }
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

    def __init__(self, place: Place, address: str) -> None:
        super().__init__(
            f"Line {place.line}, column {place.column}: SERVICE {address} is refused, this service does not "
            "send queries to other servers. Query the other endpoint yourself and join by IRI, or use VALUES."
        )
        self.place = place

    def extra(self) -> dict[str, Any]:
        return {"line": self.place.line, "column": self.place.column, "token": self.place.token}


class ParameterError(RequestError):
    code = "bad-parameter"
    title = "A parameter cannot be used"

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"Parameter {name!r}: {message}")
        self.name = name

    def extra(self) -> dict[str, Any]:
        return {"parameter": self.name}


class MalformedRequestError(RequestError):
    code = "malformed-request"
    title = "The request is no valid HTTP"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "The bytes that came are no HTTP/1.1 request. This port speaks HTTP without TLS; "
            "look at the address (http:// or https://), at proxies on the way, and at Content-Length."
        )


class MethodNotImplementedError(RequestError):
    code = "method-not-implemented"
    title = "No address answers this method"

    def __init__(self, method: str, methods: Sequence[str]) -> None:
        super().__init__(
            f"{method} is no method that this service knows; case matters. Use one of: {', '.join(methods)}."
        )
        self.methods = list(methods)

    def extra(self) -> dict[str, Any]:
        return {"methods": self.methods}


class RequestTimeoutError(RequestError):
    code = "request-timeout"
    title = "The request did not arrive in time"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request was not complete after {seconds:g} seconds. Send it again, whole.")


class AddressTooLongError(RequestError):
    code = "address-too-long"
    title = "The path of the address is too long"

    def __init__(self, found: int, limit: int) -> None:
        super().__init__(
            f"The address has {found} bytes before its '?', the limit is {limit}. "
            "A query goes behind /sparql?query=, or is sent to /sparql with POST."
        )


class HeadTooLargeError(RequestError):
    code = "head-too-large"
    title = "Address and header fields are too long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Address and header fields are over {limit} bytes together. Send a long query with POST.")


class BodyTooLargeError(RequestError):
    code = "body-too-large"
    title = "The request body is too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is over the limit of {limit} bytes. Send a shorter query.")


class UnsupportedMediaError(RequestError):
    code = "unsupported-media-type"
    title = "The request body has a type that is not read here"

    def __init__(self, media_type: str, choices: list[str]) -> None:
        found = repr(media_type) if media_type else "no Content-Type"
        super().__init__(f"The body came with {found}. Send one of: {', '.join(choices)}.")


class UnsupportedCodingError(RequestError):
    code = "unsupported-coding"
    title = "The request body has a content coding, which is not read here"

    def __init__(self, coding: str) -> None:
        super().__init__(f"The body came with Content-Encoding {coding!r}. Send it as it is, without a coding.")


class NotAcceptableError(RequestError):
    code = "not-acceptable"
    title = "No format fits the Accept header"

    def __init__(self, asked: str, choices: list[str]) -> None:
        super().__init__(f"Nothing here fits {asked!r}. Ask for one of: {', '.join(choices)}.")
        self.choices = choices

    def extra(self) -> dict[str, Any]:
        return {"choices": self.choices}


class NotInXmlError(RequestError):
    code = "not-in-xml"
    title = "XML cannot hold this answer"

    def __init__(self, what: str) -> None:
        super().__init__(f"The answer has {what}. Ask for another format, such as JSON or N-Triples.")


class CodingNotAcceptableError(RequestError):
    code = "coding-not-acceptable"
    title = "No content coding fits the Accept-Encoding header"

    def __init__(self, accept_encoding: str, choices: Sequence[str]) -> None:
        super().__init__(
            f"Accept-Encoding is {accept_encoding!r}, which excludes every coding that there is: "
            f"{', '.join(choices)}. Name one of them, or leave the header out."
        )
        self.choices = list(choices)

    def extra(self) -> dict[str, Any]:
        return {"choices": self.choices}


class MethodNotAllowedError(RequestError):
    code = "method-not-allowed"
    title = "This address does not answer this method"

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not answered here. Use one of: {', '.join(allowed)}.")
        self.allowed = allowed


class ResourceNotFoundError(RequestError):
    code = "not-found"
    title = "Nothing has this name"

    def __init__(self, name: str, hint: str = "Check the spelling, or search with /sparql.") -> None:
        super().__init__(f"There is nothing called {name} in this version of the data. {hint}")


class ResourceGoneError(ResourceNotFoundError):
    code = "gone"
    title = "Removed from the data"

    def __init__(self, name: str, last: str | None, address: str | None) -> None:
        """`last` is the version that had it last, `address` where that version still tells of it, if it is kept.

        `last` is None for an IRI that the data themselves call deprecated without naming another.
        """
        there = f"It is still at {address}." if address else "That version is kept no more."
        removed = f"was removed; version {last} of the data had it last. {there}"
        given_up = "was given up: the data call it deprecated and name nothing that replaces it."
        RequestError.__init__(self, f"{name} {removed if last else given_up}")
        self.last, self.address = last, address

    def extra(self) -> dict[str, Any]:
        last = {"lastVersion": self.last} if self.last else {}
        return {**last, **({"lastAddress": self.address} if self.address else {})}


class VersionGoneError(ResourceNotFoundError):
    code = "version-gone"
    title = "This version is kept no more"

    def __init__(self, version: str, start_again: str | None = None) -> None:
        """`start_again` is where a walk over pages of that version begins anew, when it was one."""
        next_ = (
            f"The rest of this walk cannot be had; start again at {start_again}."
            if start_again
            else "/version/ lists those that are kept."
        )
        RequestError.__init__(self, f"Version {version} was removed from here. {next_}")
        self.start_again = start_again

    def extra(self) -> dict[str, Any]:
        return {"startAgain": self.start_again} if self.start_again else {}


class PreconditionFailedError(RequestError):
    code = "precondition-failed"
    title = "If-Match names another representation"

    def __init__(self, asked: str, tag: str) -> None:
        super().__init__(
            f"If-Match is {asked}, and what is here now has {'the ETag ' + tag if tag else 'no ETag'}. Fetch it anew."
        )


class RangeError(RequestError):
    code = "range-not-satisfiable"
    title = "The file has no such bytes"

    def __init__(self, asked: str, size: int) -> None:
        super().__init__(f"Range is {asked!r}, but the file has {size} bytes, counted from 0.")
        self.size = size

    def extra(self) -> dict[str, Any]:
        return {"bytes": self.size}


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
            f"More than {most} long queries ran at once, and this was the oldest of the client that had most. "
            "Try again later, one at a time, or make it shorter: fewer triples matched, LIMIT, a named graph."
        )


class NotReadyError(EngineError):
    code = "not-ready"
    title = "The data are not open yet"

    def __init__(self, why: str = "the version is being opened") -> None:
        super().__init__(f"No query can be answered yet: {why}. Try again in a moment.")


class AnswerBrokenError(EngineError):
    """Raised after the first byte of an answer: the connection must break, never end cleanly."""

    code = "answer-broken"
    title = "The answer broke off"

    def __init__(self, why: str) -> None:
        super().__init__(f"The answer broke off before its end: {why}.")


class FeedDamagedError(PlangrafError):
    """For clients, who cannot mend it; the service's log has the VersionsError that says what to do."""

    code = "feed-damaged"
    title = "The log of changes cannot be read"


class VersionsError(PlangrafError):
    code = "bad-versions-folder"
    title = "The folder of versions cannot be used"


class SettingError(PlangrafError):
    code = "bad-setting"
    title = "A setting cannot be used"
