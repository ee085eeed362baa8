"""Reading requests strictly: parameters decoded once as UTF-8, bodies bounded while they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus, unquote_to_bytes

from pyoxigraph import NamedNode
from starlette.requests import Request

from plangraf.errors import (
    BodyTooLargeError,
    ParameterError,
    RequestError,
    UnsupportedCodingError,
    UnsupportedMediaError,
    UpdateRefusedError,
)
from plangraf.http.resource.negotiation import choose, choose_by_name, choose_language, field_of
from plangraf.rdf.formats import Format
from plangraf.sparql.named.binding import LANGUAGES

QUERY_TYPE = "application/sparql-query"
FORM_TYPE = "application/x-www-form-urlencoded"
_UPDATE_TYPE = "application/sparql-update"

_MOST_FIELDS = 200
_choose = lru_cache(512)(choose)
# The beginning of a query; the character after the keyword tells it from the name of a field.
_QUERY_BEGINS = re.compile(
    r"\ufeff?(\s|#[^\n]*\n)*(BASE|PREFIX|SELECT|ASK|CONSTRUCT|DESCRIBE)[\s({<*?$:#]", re.IGNORECASE
)
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


def parse_parameters(text: bytes) -> dict[str, list[str]]:
    """Parses a query string or a form into all values of each parameter, percent-decoded once.

    Raises:
        RequestError: the text is not UTF-8, or holds too many parameters.
    """
    found: dict[str, list[str]] = {}
    if text.count(b"&") >= _MOST_FIELDS:
        raise RequestError(f"The request has more than {_MOST_FIELDS} parameters.")
    try:
        for pair in text.replace(b"+", b" ").split(b"&"):
            if pair:
                name, _, value = pair.partition(b"=")
                found.setdefault(unquote_to_bytes(name).decode(), []).append(unquote_to_bytes(value).decode())
    except UnicodeDecodeError as error:
        raise RequestError(
            "The request's parameters are not UTF-8. Percent-encode text as UTF-8, such as %C3%A6 for æ."
        ) from error
    return found


def read_single(given: dict[str, list[str]], name: str) -> str | None:
    """Reads a parameter that may be given once; None when it is absent.

    Raises:
        ParameterError: it is repeated.
    """
    values = given.get(name, [])
    if len(values) > 1:
        raise ParameterError(name, f"is given {len(values)} times. Give it once.")
    return values[0] if values else None


def accept_header(request: Request) -> str | None:
    return field_of(request.scope, b"accept") or None


def choose_format(
    request: Request,
    given: dict[str, list[str]],
    choices: tuple[Format, ...],
    fixed: Format | None = None,
    spare: tuple[Format, ...] = (),
) -> tuple[Format, bool]:
    """Chooses the format; returns it and whether Accept decided. An ending overrides `format=`, which overrides Accept.

    Raises:
        NotAcceptableError, ParameterError: none of `choices` fits.
    """
    names = [name for value in given.get("format", []) for name in value.split(",") if name.strip()]
    if fixed is not None:
        return fixed, False
    if names:
        return choose_by_name(names, choices), False
    return _choose(accept_header(request), choices, spare), True


def read_language(request: Request, given: dict[str, list[str]]) -> tuple[str, bool]:
    """Chooses the language of a page; returns it and whether Accept-Language decided.

    Raises:
        ParameterError: `lang` is repeated or unknown.
    """
    lang = read_single(given, "lang")
    if lang is None:
        return choose_language(field_of(request.scope, b"accept-language")), True
    if lang not in LANGUAGES:
        raise ParameterError("lang", f"{lang!r} is not offered; use one of: {', '.join(LANGUAGES)}.")
    return lang, False


@dataclass(frozen=True, slots=True)
class SparqlRequest:
    """A request of the SPARQL Protocol; `query` is None when a GET has none.

    `timeout_s` is the client's own deadline, which can only shorten the service's.
    """

    query: str | None
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    timeout_s: float | None
    parameters: dict[str, list[str]]


async def read_sparql(request: Request, limit: int) -> SparqlRequest:
    """Reads the query and the dataset of a request (SPARQL 1.1 Protocol §2.1).

    Args:
        request: GET, or POST or QUERY in either form.
        limit: most bytes of a body.
    Raises:
        RequestError: the request is malformed, has no or several queries or an update, or its body is too large,
            coded or of another type.
    """
    given = parse_parameters(request.scope["query_string"])
    queries = given.get("query", [])
    with_body = request.method in ("POST", "QUERY")
    body = b""
    if with_body:
        _refuse_coding(request)
        media_type = await _read_media_type(request)
        body = await _read_body(request, limit)
        if media_type == QUERY_TYPE:
            queries = [*queries, _decode(body)]
        else:
            for name, values in parse_parameters(body).items():
                given[name] = [*given.get(name, []), *values]
            queries = given.get("query", [])
    if "update" in given:
        raise UpdateRefusedError("What the parameter 'update' holds")
    if len(queries) > 1:
        raise ParameterError("query", f"is given {len(queries)} times. Send exactly one query.")
    if with_body and not queries:
        raise ParameterError("query", _explain_missing_query(body))
    default_graphs, named_graphs = _read_graphs(given, "default-graph-uri"), _read_graphs(given, "named-graph-uri")
    chosen = bool(default_graphs or named_graphs)
    return SparqlRequest(
        queries[0] if queries else None,
        default_graphs if chosen else None,
        named_graphs if chosen else None,
        _read_timeout(given),
        given,
    )


def _read_timeout(given: dict[str, list[str]]) -> float | None:
    text = read_single(given, "timeout")
    if text is None:
        return None
    seconds = float(text) if _SECONDS.fullmatch(text) else 0.0
    if seconds <= 0:
        raise ParameterError("timeout", f"{text!r} is not a number of seconds above 0, such as 5 or 0.5.")
    return seconds


def read_flag(given: dict[str, list[str]], name: str) -> bool:
    """Reads a parameter that is true or false; false when it is absent.

    Raises:
        ParameterError: the value is neither.
    """
    text = read_single(given, name)
    if text not in (None, "true", "false"):
        raise ParameterError(name, f"{text!r} is neither true nor false.")
    return text == "true"


def client_of(request: Request) -> str:
    """The client for whom the engine schedules a request: its network address."""
    return request.client.host if request.client else "unknown"


def _refuse_coding(request: Request) -> None:
    coding = field_of(request.scope, b"content-encoding")
    if any(part.strip().lower() not in ("", "identity") for part in coding.split(",")):
        raise UnsupportedCodingError(coding)


async def _read_media_type(request: Request) -> str:
    """Reads the media type of a body and checks that we accept it.

    Raises:
        ParameterError: the request has neither a type nor a body.
        UpdateRefusedError: the type is that of updates.
        UnsupportedMediaError: the type is another one, or its charset is not UTF-8.
    """
    content_type = request.headers.get("content-type", "")
    media_type, *fields = [field.strip() for field in content_type.lower().split(";")]
    charsets = [field.partition("=")[2].strip('" ') for field in fields if field.startswith("charset")]
    if media_type == _UPDATE_TYPE:
        raise UpdateRefusedError("What the body holds")
    if not content_type and not await _has_body(request):
        raise ParameterError(
            "query",
            f"does not count in the address of a {request.method}, and no body came. Send the query in the body, as "
            f"{QUERY_TYPE} or as the field query of {FORM_TYPE}, or in the address with GET.",
        )
    if media_type not in (QUERY_TYPE, FORM_TYPE) or any(c not in ("utf-8", "utf8") for c in charsets):
        raise UnsupportedMediaError(content_type, [QUERY_TYPE, FORM_TYPE, "both in UTF-8"])
    return media_type


async def _has_body(request: Request) -> bool:
    async for chunk in request.stream():
        if chunk:
            return True
    return False


def _explain_missing_query(form: bytes) -> str:
    """Explains a form without the field `query`; the form may be the query itself."""
    if _QUERY_BEGINS.match(unquote_plus(form.decode("utf-8", "replace"))):
        return (
            "is missing: the form is the query itself. Send it as query=… "
            f"(curl --data-urlencode 'query=SELECT …'), or as it is with Content-Type: {QUERY_TYPE}."
        )
    return "is missing. Send exactly one query."


async def _read_body(request: Request, limit: int) -> bytes:
    """Reads the body; refuses it as soon as it is too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLargeError(limit)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLargeError(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"The query is not UTF-8: byte {error.start} cannot be read.") from error


def _read_graphs(given: dict[str, list[str]], name: str) -> tuple[str, ...]:
    for iri in given.get(name, []):
        try:
            NamedNode(iri)
        except ValueError as error:
            raise ParameterError(name, f"{iri!r} is not an absolute IRI: {error}.") from error
    return tuple(given.get(name, []))
