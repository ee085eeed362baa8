"""The errors of the client, one tree of its own, because the client imports nothing of the service.

ClientError
├── ProblemError            the service answered with a problem document (RFC 9457)
├── ConnectionFailedError   no answer came
├── AnswerError             an answer came that is not what was asked for
│   └── IncompleteError     a part of it is missing
├── UsageError              an argument that cannot be used
└── LibraryMissingError     a data frame of a library that is not installed
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


class ClientError(Exception):
    """Base of the client's errors: what happened, with which value, and what to do next."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a query; line and column count from 1."""

    line: int
    column: int
    token: str = ""


class ProblemError(ClientError):
    """The service refused or failed, and said why.

    Attributes:
        status: of HTTP.
        code: names the error for programs; docs/developers.md lists the codes. Empty when the answer has no problem
            document, as that of a proxy.
        title, detail: what the code means, and what happened here.
        hint: what was probably meant; empty when the service makes no suggestion.
        place: where in the query; None when the error has no place.
        request_id: under which the service's log has the request.
        members: all members of the problem document.
    """

    def __init__(self, status: int, members: Mapping[str, Any], address: str) -> None:
        self.status, self.members = status, dict(members)
        self.code = _text(members, "code")
        self.title = _text(members, "title") or _reason(status)
        self.detail = _text(members, "detail")
        self.hint = _text(members, "hint")
        self.request_id = _text(members, "instance")
        self.place = _place(members)
        told = [f"{status} {self.code or self.title}: {self.detail or 'the answer has no problem document'}"]
        if self.hint and self.hint not in self.detail:
            told.append(self.hint)
        super().__init__(f"{' '.join(told)} ({address})")


class ConnectionFailedError(ClientError):
    """The service cannot be reached, or the connection broke before an answer began."""


class AnswerError(ClientError):
    """The answer is not of the kind that was asked for, such as an HTML page of a proxy."""


class IncompleteError(AnswerError):
    """The answer was cut off, or a collection has more or fewer things than its total."""


class UsageError(ClientError, ValueError):
    """An argument cannot be used."""


class LibraryMissingError(ClientError, ImportError):
    """A data frame was asked for, and its library is not installed."""

    def __init__(self, library: str, kind: str) -> None:
        super().__init__(
            f"{kind} needs {library}, which is not installed. Install it (pip install {library}); "
            "the rows themselves need no further library."
        )


def problem_of(status: int, body: bytes, address: str) -> ProblemError:
    """The error of an answer whose status is not 200, with or without a problem document."""
    try:
        members = json.loads(body)
    except ValueError:
        members = {}
    return ProblemError(status, members if isinstance(members, dict) else {}, address)


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name, "")
    return value if isinstance(value, str) else ""


def _place(members: Mapping[str, Any]) -> Place | None:
    line, column = members.get("line"), members.get("column")
    if isinstance(line, int) and isinstance(column, int):
        return Place(line, column, _text(members, "token"))
    return None


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "an unknown status"
