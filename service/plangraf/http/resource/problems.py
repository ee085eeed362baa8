"""Turns errors into RFC 9457 problem details: the one place that maps errors to statuses."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from plangraf import errors
from plangraf.errors.message import N_, Message
from plangraf.pages.words import Words
from plangraf.rdf.formats import Format
from plangraf.rdf.namespaces import BASE

PROBLEM = Format(
    "problem", "list", "application/problem+json", "json", "Problem details", aliases=("application/json",)
)

_STATUSES: dict[type[errors.PlangrafError], int] = {
    errors.PlangrafError: 500,
    errors.RequestError: 400,
    errors.ServiceForbiddenError: 403,
    errors.ResourceNotFoundError: 404,
    errors.ResourceGoneError: 410,
    errors.VersionGoneError: 410,
    errors.MethodNotAllowedError: 405,
    errors.NotAcceptableError: 406,
    errors.CodingNotAcceptableError: 406,
    errors.NotInXmlError: 406,
    errors.NotStatisticalError: 406,
    errors.OriginRefusedError: 403,
    errors.RequestTimeoutError: 408,
    errors.PreconditionFailedError: 412,
    errors.BodyTooLargeError: 413,
    errors.AddressTooLongError: 414,
    errors.UnsupportedCodingError: 415,
    errors.UnsupportedMediaError: 415,
    errors.OverloadedError: 429,
    errors.RangeError: 416,
    errors.HostRefusedError: 421,
    errors.HeadTooLargeError: 431,
    errors.MethodNotImplementedError: 501,
    errors.ProtocolMissingError: 501,
    errors.FormatMissingError: 501,
    errors.ServiceFailedError: 502,
    errors.QueryTimeoutError: 503,
    errors.QueryMemoryError: 503,
    errors.DisplacedError: 503,
    errors.NotReadyError: 503,
    errors.EngineUnavailableError: 503,
}

# Seconds after which a retry makes sense.
_RETRY_AFTER: dict[type[errors.PlangrafError], int] = {
    errors.OverloadedError: 1,
    errors.NotReadyError: 2,
    errors.VersionNotHereError: 5,
    errors.EngineUnavailableError: 5,
    errors.QueryTimeoutError: 5,
    errors.DisplacedError: 5,
}


def status_of(error: errors.PlangrafError | type[errors.PlangrafError]) -> int:
    """The HTTP status of an error, or of a class of errors."""
    cls = error if isinstance(error, type) else type(error)
    return next(_STATUSES[base] for base in cls.__mro__ if base in _STATUSES)


def describe_problem(error: Exception, request_id: str) -> dict[str, Any]:
    """The members of a problem; of an unexpected error they tell only the request id."""
    known = error if isinstance(error, errors.PlangrafError) else None
    code = known.code if known else errors.PlangrafError.code
    return {
        "type": f"{BASE}problem/{code}",
        "title": known.title if known else errors.PlangrafError.title,
        "status": status_of(known) if known else 500,
        "detail": str(said_by(error, request_id)),
        "instance": request_id,
        "code": code,
        **(known.extra() if known else {}),
    }


def said_by(error: Exception, request_id: str) -> Message:
    """What an error says to people; of an unexpected one only where it is logged."""
    if isinstance(error, errors.PlangrafError):
        return error.message
    return N_("The error is in the service's log under request id %(id)s.", id=request_id)


def headers_of(error: errors.PlangrafError | None) -> dict[str, str]:
    """The headers of the answer to an error, which is never cached."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if error and (seconds := _RETRY_AFTER.get(type(error))):
        headers["Retry-After"] = str(seconds)
    if isinstance(error, errors.MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, errors.UnsupportedCodingError):
        headers["Accept-Encoding"] = "identity"  # the coding that is accepted (RFC 9110 §15.5.16)
    if isinstance(error, errors.RangeError):
        headers["Content-Range"] = f"bytes */{error.size}"
    return headers


def problem(error: Exception, request_id: str, words: Words | None = None) -> Response:
    """The response to a failed request, for programs; with `words` it has title and detail in their language too."""
    body = describe_problem(error, request_id)
    if words is not None:
        title = error.title if isinstance(error, errors.PlangrafError) else errors.PlangrafError.title
        detail = words.message(said_by(error, request_id))
        body["localized"] = {"language": words.code, "title": words.message(title), "detail": detail}
    headers = headers_of(error if isinstance(error, errors.PlangrafError) else None)
    return Response(orjson.dumps(body, default=str), body["status"], headers, media_type=PROBLEM.media_type)
