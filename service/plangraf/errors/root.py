"""The base class of all errors of plangraf."""

from __future__ import annotations

from typing import Any, ClassVar

from plangraf.errors.message import N_, Message, known


class PlangrafError(Exception):
    """Base of all errors that carry a message for the user.

    `code` names the error for programs; `extra()` gives the members that an RFC 9457 body adds. `message` is the text
    of the error, which a page gives in its language.
    """

    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = N_("Something failed that should not")

    @property
    def message(self) -> Message:
        return known(self.args[0] if self.args and isinstance(self.args[0], str) else str(self))

    def extra(self) -> dict[str, Any]:
        return {}


class RequestError(PlangrafError):
    code = "bad-request"
    title = N_("The request cannot be answered as it stands")
