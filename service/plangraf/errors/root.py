"""The base class of all errors of plangraf."""

from __future__ import annotations

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
