"""Errors about the requested form of an answer: format, coding, range, precondition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plangraf.errors.base import RequestError


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


class NotStatisticalError(RequestError):
    code = "not-statistical"
    title = "The answer is not a statistical data set"


class CodingNotAcceptableError(RequestError):
    code = "coding-not-acceptable"
    title = "No content coding fits the Accept-Encoding header"

    def __init__(self, accept_encoding: str, choices: Sequence[str]) -> None:
        super().__init__(
            f"Accept-Encoding is {accept_encoding!r}, which excludes every coding offered: "
            f"{', '.join(choices)}. Name one of them, or leave the header out."
        )
        self.choices = list(choices)

    def extra(self) -> dict[str, Any]:
        return {"choices": self.choices}


class PreconditionFailedError(RequestError):
    code = "precondition-failed"
    title = "If-Match names another representation"

    def __init__(self, asked: str, tag: str) -> None:
        now = f"the ETag {tag}" if tag else "no ETag"
        super().__init__(f"If-Match is {asked}, and the representation here has {now}. Fetch it again.")


class RangeError(RequestError):
    code = "range-not-satisfiable"
    title = "The file has no such bytes"

    def __init__(self, asked: str, size: int) -> None:
        super().__init__(f"Range is {asked!r}, but the file has {size} bytes, counted from 0.")
        self.size = size

    def extra(self) -> dict[str, Any]:
        return {"bytes": self.size}
