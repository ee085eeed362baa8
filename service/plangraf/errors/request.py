"""Errors about requests: head, body, parameters, things that the data lack, and the requested form of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plangraf.errors.message import N_, Listed, Quoted, known, sentences
from plangraf.errors.root import RequestError


class ParameterError(RequestError):
    code = "bad-parameter"
    title = N_("A parameter cannot be used")

    def __init__(self, name: str, message: str) -> None:
        super().__init__(N_("Parameter %(name)s: %(what)s", name=Quoted(name), what=known(message)))
        self.name = name

    def extra(self) -> dict[str, Any]:
        return {"parameter": self.name}


class MalformedRequestError(RequestError):
    code = "malformed-request"
    title = N_("The request is not valid HTTP")

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or N_(
                "The bytes that arrived are not an HTTP/1.1 request. This port speaks HTTP without TLS; "
                "look at the address (http:// or https://), at proxies on the way, and at Content-Length."
            )
        )


class MethodNotImplementedError(RequestError):
    code = "method-not-implemented"
    title = N_("No address answers this method")

    def __init__(self, method: str, methods: Sequence[str]) -> None:
        super().__init__(
            N_(
                "%(method)s is not a method of this service; case matters. Use one of: %(choices)s.",
                method=method,
                choices=Listed(methods),
            )
        )
        self.methods = list(methods)

    def extra(self) -> dict[str, Any]:
        return {"methods": self.methods}


class MethodNotAllowedError(RequestError):
    code = "method-not-allowed"
    title = N_("This address does not answer this method")

    def __init__(self, method: str, allowed: list[str]) -> None:
        super().__init__(
            N_("%(method)s is not answered here. Use one of: %(choices)s.", method=method, choices=Listed(allowed))
        )
        self.allowed = allowed


class RequestTimeoutError(RequestError):
    code = "request-timeout"
    title = N_("The request did not arrive in time")

    def __init__(self, seconds: float) -> None:
        super().__init__(
            N_("The request was not complete after %(seconds)s seconds. Send it again, whole.", seconds=float(seconds))
        )


class AddressTooLongError(RequestError):
    code = "address-too-long"
    title = N_("The path of the address is too long")

    def __init__(self, found: int, limit: int) -> None:
        super().__init__(
            N_(
                "The address has %(found)s bytes before its '?', the limit is %(limit)s. "
                "A query goes behind /sparql?query=, or is sent to /sparql with POST.",
                found=found,
                limit=limit,
            )
        )


class HeadTooLargeError(RequestError):
    code = "head-too-large"
    title = N_("Address and header fields are too long")

    def __init__(self, limit: int) -> None:
        super().__init__(
            N_(
                "Address and header fields are over %(limit)s bytes together. Send a long query with POST.",
                limit=limit,
            )
        )


class BodyTooLargeError(RequestError):
    code = "body-too-large"
    title = N_("The request body is too large")

    def __init__(self, limit: int) -> None:
        super().__init__(
            N_("The request body is over the limit of %(limit)s bytes. Send a shorter query.", limit=limit)
        )


class HostRefusedError(RequestError):
    code = "host-refused"
    title = N_("The request names another host")

    def __init__(self, host: str, setting: str) -> None:
        super().__init__(
            N_(
                "The header Host is %(host)s, which is not a name of this service. Use the public address; an operator "
                "who gives the service another name adds it to %(setting)s.",
                host=Quoted(host),
                setting=setting,
            )
        )


class OriginRefusedError(RequestError):
    code = "origin-refused"
    title = N_("A page of another site sent the request")

    def __init__(self, origin: str, setting: str) -> None:
        super().__init__(
            N_(
                "The header Origin is %(origin)s, a site whose pages may not call this address. Send the request from "
                "a program outside a browser; an operator who trusts the site adds it to %(setting)s.",
                origin=Quoted(origin),
                setting=setting,
            )
        )


class ProtocolMissingError(RequestError):
    code = "protocol-missing"
    title = N_("This service was installed without the protocol of this address")

    def __init__(self, protocol: str, extra: str, package: str) -> None:
        super().__init__(
            N_(
                "The %(protocol)s needs the extra `%(extra)s` (%(package)s is not installed). Its operator installs it "
                "with `python -m pip install 'plangraf[%(extra)s]'` and starts the service again. "
                "The same data answer at /sparql, /queries and /doc.",
                protocol=protocol,
                extra=extra,
                package=package,
            )
        )


class FormatMissingError(RequestError):
    code = "format-missing"
    title = N_("This service was installed without the writer of this format")

    def __init__(self, label: str, extra: str, package: str) -> None:
        super().__init__(
            N_(
                "%(format)s needs the extra `%(extra)s` (%(package)s is not installed). The operator installs it with "
                "`python -m pip install 'plangraf[%(extra)s]'` and starts the service again. "
                "The same rows are here as CSV and in the other formats of this address.",
                format=label,
                extra=extra,
                package=package,
            )
        )


class UnsupportedMediaError(RequestError):
    code = "unsupported-media-type"
    title = N_("The request body has a type that is not read here")

    def __init__(self, media_type: str, choices: list[str]) -> None:
        found = Quoted(media_type) if media_type else N_("no Content-Type")
        super().__init__(
            N_("The body arrived with %(found)s. Send one of: %(choices)s.", found=found, choices=Listed(choices))
        )


class UnsupportedCodingError(RequestError):
    code = "unsupported-coding"
    title = N_("The request body has a content coding, which is not read here")

    def __init__(self, coding: str) -> None:
        super().__init__(
            N_("The body arrived with Content-Encoding %(coding)s. Send it without a coding.", coding=Quoted(coding))
        )


class ResourceNotFoundError(RequestError):
    code = "not-found"
    title = N_("Nothing has this name")

    def __init__(self, name: str, hint: str = N_("Check the spelling, or search with /sparql.")) -> None:
        super().__init__(
            sentences(N_("There is nothing called %(name)s in this version of the data.", name=name), hint)
        )


class ResourceGoneError(ResourceNotFoundError):
    code = "gone"
    title = N_("Removed from the data")

    def __init__(self, name: str, last: str | None, address: str | None) -> None:
        """`last` is the last version that had it, `address` its document in that version if that is still kept.

        `last` is None for an IRI that the data call deprecated without a replacement.
        """
        if last:
            there = (
                N_("It is still at %(address)s.", address=address) if address else N_("That version is no longer kept.")
            )
            removed = N_("%(name)s was removed; version %(last)s of the data had it last.", name=name, last=last)
            said = sentences(removed, there)
        else:
            said = N_(
                "%(name)s was given up: the data call it deprecated and name nothing that replaces it.", name=name
            )
        RequestError.__init__(self, said)
        self.last, self.address = last, address

    def extra(self) -> dict[str, Any]:
        last = {"lastVersion": self.last} if self.last else {}
        return {**last, **({"lastAddress": self.address} if self.address else {})}


class VersionNotHereError(ResourceNotFoundError):
    code = "version-not-here"
    title = N_("This replica does not have the version")

    def __init__(self, version: str, serving: str) -> None:
        """`serving` is the version that the replica serves."""
        RequestError.__init__(
            self,
            sentences(
                N_(
                    "This replica does not have version %(version)s; it serves %(serving)s.",
                    version=version,
                    serving=serving,
                ),
                N_("If the version was published just now, try again in a moment. /version/ lists those that it has."),
            ),
        )


class VersionGoneError(ResourceNotFoundError):
    code = "version-gone"
    title = N_("This version is no longer kept")

    def __init__(self, version: str, start_again: str | None = None) -> None:
        """`start_again` is the first page of a new walk, when the request was a page of a walk."""
        next_ = (
            N_("The rest of this walk is not available; start again at %(address)s.", address=start_again)
            if start_again
            else N_("/version/ lists those that are kept.")
        )
        RequestError.__init__(self, sentences(N_("Version %(version)s was removed from here.", version=version), next_))
        self.start_again = start_again

    def extra(self) -> dict[str, Any]:
        return {"startAgain": self.start_again} if self.start_again else {}


class NotAcceptableError(RequestError):
    code = "not-acceptable"
    title = N_("No format fits the Accept header")

    def __init__(self, asked: str, choices: list[str]) -> None:
        super().__init__(
            N_(
                "Nothing here fits %(asked)s. Ask for one of: %(choices)s.",
                asked=Quoted(asked),
                choices=Listed(choices),
            )
        )
        self.choices = choices

    def extra(self) -> dict[str, Any]:
        return {"choices": self.choices}


class NotInXmlError(RequestError):
    code = "not-in-xml"
    title = N_("XML cannot hold this answer")

    def __init__(self, what: str) -> None:
        super().__init__(
            N_("The answer has %(what)s. Ask for another format, such as JSON or N-Triples.", what=known(what))
        )


class NotStatisticalError(RequestError):
    code = "not-statistical"
    title = N_("The answer is not a statistical data set")


class CodingNotAcceptableError(RequestError):
    code = "coding-not-acceptable"
    title = N_("No content coding fits the Accept-Encoding header")

    def __init__(self, accept_encoding: str, choices: Sequence[str]) -> None:
        super().__init__(
            N_(
                "Accept-Encoding is %(asked)s, which excludes every coding offered: %(choices)s. "
                "Name one of them, or leave the header out.",
                asked=Quoted(accept_encoding),
                choices=Listed(choices),
            )
        )
        self.choices = list(choices)

    def extra(self) -> dict[str, Any]:
        return {"choices": self.choices}


class PreconditionFailedError(RequestError):
    code = "precondition-failed"
    title = N_("If-Match names another representation")

    def __init__(self, asked: str, tag: str) -> None:
        now = N_("the ETag %(tag)s", tag=tag) if tag else N_("no ETag")
        super().__init__(
            N_(
                "If-Match is %(asked)s, and the representation here has %(now)s. Fetch it again.",
                asked=asked,
                now=now,
            )
        )


class RangeError(RequestError):
    code = "range-not-satisfiable"
    title = N_("The file has no such bytes")

    def __init__(self, asked: str, size: int) -> None:
        super().__init__(
            N_(
                "Range is %(asked)s, but the file has %(size)s bytes, counted from 0.",
                asked=Quoted(asked),
                size=size,
            )
        )
        self.size = size

    def extra(self) -> dict[str, Any]:
        return {"bytes": self.size}


class SearchUnavailableError(ResourceNotFoundError):
    code = "search-unavailable"
    title = N_("This version cannot be searched")

    def __init__(self, version: str, reason: str) -> None:
        RequestError.__init__(
            self,
            N_(
                "Version %(version)s of the data cannot be searched: %(reason)s. Search the current version at "
                "/search, or write the index with `plangraf build --force`.",
                version=version,
                reason=known(reason),
            ),
        )
