"""Errors of HTTP requests: arrival, head, body, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plangraf.errors.base import RequestError


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
    title = "The request is not valid HTTP"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "The bytes that arrived are not an HTTP/1.1 request. This port speaks HTTP without TLS; "
            "look at the address (http:// or https://), at proxies on the way, and at Content-Length."
        )


class MethodNotImplementedError(RequestError):
    code = "method-not-implemented"
    title = "No address answers this method"

    def __init__(self, method: str, methods: Sequence[str]) -> None:
        super().__init__(f"{method} is not a method of this service; case matters. Use one of: {', '.join(methods)}.")
        self.methods = list(methods)

    def extra(self) -> dict[str, Any]:
        return {"methods": self.methods}


class MethodNotAllowedError(RequestError):
    code = "method-not-allowed"
    title = "This address does not answer this method"

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(f"{method} is not answered here. Use one of: {', '.join(allowed)}.")
        self.allowed = allowed


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
        super().__init__(f"The body arrived with {found}. Send one of: {', '.join(choices)}.")


class UnsupportedCodingError(RequestError):
    code = "unsupported-coding"
    title = "The request body has a content coding, which is not read here"

    def __init__(self, coding: str) -> None:
        super().__init__(f"The body arrived with Content-Encoding {coding!r}. Send it without a coding.")
