"""Errors about requests: head, body, parameters, things that the data lack, and the requested form of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plangraf.errors.root import RequestError


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


class HostRefusedError(RequestError):
    code = "host-refused"
    title = "The request names another host"

    def __init__(self, host: str, setting: str) -> None:
        super().__init__(
            f"The header Host is {host!r}, which is not a name of this service. Use the public address; an operator "
            f"who gives the service another name adds it to {setting}."
        )


class OriginRefusedError(RequestError):
    code = "origin-refused"
    title = "A page of another site sent the request"

    def __init__(self, origin: str, setting: str) -> None:
        super().__init__(
            f"The header Origin is {origin!r}, a site whose pages may not call this address. Send the request from a "
            f"program outside a browser; an operator who trusts the site adds it to {setting}."
        )


class ProtocolMissingError(RequestError):
    code = "protocol-missing"
    title = "This service was installed without the protocol of this address"

    def __init__(self, protocol: str, extra: str, package: str) -> None:
        super().__init__(
            f"The {protocol} needs the extra `{extra}` ({package} is not installed). Its operator installs it with "
            f"`python -m pip install 'plangraf[{extra}]'` and starts the service again. "
            "The same data answer at /sparql, /queries and /doc."
        )


class FormatMissingError(RequestError):
    code = "format-missing"
    title = "This service was installed without the writer of this format"

    def __init__(self, label: str, extra: str, package: str) -> None:
        super().__init__(
            f"{label} needs the extra `{extra}` ({package} is not installed). The operator installs it with "
            f"`python -m pip install 'plangraf[{extra}]'` and starts the service again. "
            "The same rows are here as CSV and in the other formats of this address."
        )


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


class ResourceNotFoundError(RequestError):
    code = "not-found"
    title = "Nothing has this name"

    def __init__(self, name: str, hint: str = "Check the spelling, or search with /sparql.") -> None:
        super().__init__(f"There is nothing called {name} in this version of the data. {hint}")


class ResourceGoneError(ResourceNotFoundError):
    code = "gone"
    title = "Removed from the data"

    def __init__(self, name: str, last: str | None, address: str | None) -> None:
        """`last` is the last version that had it, `address` its document in that version if that is still kept.

        `last` is None for an IRI that the data call deprecated without a replacement.
        """
        there = f"It is still at {address}." if address else "That version is no longer kept."
        removed = f"was removed; version {last} of the data had it last. {there}"
        given_up = "was given up: the data call it deprecated and name nothing that replaces it."
        RequestError.__init__(self, f"{name} {removed if last else given_up}")
        self.last, self.address = last, address

    def extra(self) -> dict[str, Any]:
        last = {"lastVersion": self.last} if self.last else {}
        return {**last, **({"lastAddress": self.address} if self.address else {})}


class VersionGoneError(ResourceNotFoundError):
    code = "version-gone"
    title = "This version is no longer kept"

    def __init__(self, version: str, start_again: str | None = None) -> None:
        """`start_again` is the first page of a new walk, when the request was a page of a walk."""
        next_ = (
            f"The rest of this walk is not available; start again at {start_again}."
            if start_again
            else "/version/ lists those that are kept."
        )
        RequestError.__init__(self, f"Version {version} was removed from here. {next_}")
        self.start_again = start_again

    def extra(self) -> dict[str, Any]:
        return {"startAgain": self.start_again} if self.start_again else {}


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


class SearchUnavailableError(ResourceNotFoundError):
    code = "search-unavailable"
    title = "This version cannot be searched"

    def __init__(self, version: str, reason: str) -> None:
        RequestError.__init__(
            self,
            f"Version {version} of the data cannot be searched: {reason}. Search the current version at /search, "
            "or write the index with `plangraf build --force`.",
        )
