"""Parameters of requests: decoded once as UTF-8, read by models, in bodies that are bounded while they are read."""

from __future__ import annotations

import re
from binascii import a2b_qp
from functools import lru_cache
from typing import Annotated, Final
from urllib.parse import unquote_plus, unquote_to_bytes

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from starlette.requests import Request

from plangraf.errors import (
    BodyTooLargeError,
    ParameterError,
    RequestError,
    UnsupportedCodingError,
    UnsupportedMediaError,
    UpdateRefusedError,
)
from plangraf.errors.message import N_, Listed, Quoted
from plangraf.http.resource.negotiation import (
    check_installed,
    choose,
    choose_by_name,
    choose_language,
    field_of,
    remembered_language,
)
from plangraf.numbers_in_text import whole_number
from plangraf.pages.words import LANGUAGE_NAMES, data_language
from plangraf.rdf.formats import Format, not_installed
from plangraf.sparql.named.binding import read_iri
from plangraf.sparql.named.parameter_model import ParameterModel, Refusal

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


def parse_parameters(text: bytes) -> dict[str, str | list[str]]:
    """Parses a query string or a form into the text of each parameter, or all its texts, percent-decoded once.

    Raises:
        RequestError: the text is not UTF-8, or holds too many parameters.
    """
    found: dict[str, str | list[str]] = {}
    if text.count(b"&") >= _MOST_FIELDS:
        raise RequestError(N_("The request has more than %(limit)s parameters.", limit=_MOST_FIELDS))
    try:
        for pair in text.replace(b"+", b" ").split(b"&"):
            if pair:
                coded_name, _, coded = pair.partition(b"=")
                name, value = _unquote(coded_name).decode(), _unquote(coded).decode()
                found[name] = [*_as_many(found[name]), value] if name in found else value
    except UnicodeDecodeError as error:
        raise RequestError(
            N_(
                "The request's parameters are not UTF-8. Percent-encode text as UTF-8, such as %(example)s for æ.",
                example="%C3%A6",
            )
        ) from error
    return found


def _unquote(text: bytes) -> bytes:
    """Percent-decodes a text as `unquote_to_bytes` does, which takes a tenth of the time of a point query.

    Quoted-printable has the same escapes with another sign, and Python decodes it in C. Each escape makes the text two
    bytes shorter; where one is malformed, the length tells.
    """
    if b"%" not in text:
        return text
    if b"=" not in text and b"\r" not in text and b"\n" not in text:  # these mean something else there
        found = a2b_qp(text.replace(b"%", b"="))
        if len(found) == len(text) - 2 * text.count(b"%"):
            return found
    return unquote_to_bytes(text)


def _as_many(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


# What is documented as any text, because only its reader knows more.
_TEXT: Final = WithJsonSchema({"type": "string"})
_Formats = Annotated[tuple[str, ...], BeforeValidator(_as_many), _TEXT]


class Formatted(ParameterModel):
    """The parameters of an address whose format the client chooses; a client may name several."""

    format: _Formats = Field(
        default=(), description="Format of the answer, before Accept; an ending of the address comes before both."
    )


def _check_page_language(code: str) -> str:
    if code not in LANGUAGE_NAMES:
        raise ValueError(
            N_("%(value)s is not offered; use one of: %(choices)s.", value=Quoted(code), choices=Listed(LANGUAGE_NAMES))
        )
    return code


_LANGUAGE_REFUSAL = Refusal(N_("is not offered; use one of: %(choices)s.", choices=Listed(LANGUAGE_NAMES)))
PageLanguage = Annotated[
    str,
    AfterValidator(_check_page_language),
    WithJsonSchema({"type": "string", "enum": list(LANGUAGE_NAMES)}),
]


class Negotiated(Formatted):
    """The parameters of an address that has pages."""

    # The text of a refusal counts only at the whole type of a field.
    lang: Annotated[PageLanguage | None, _LANGUAGE_REFUSAL] = Field(
        default=None, description="Language of a page, and of the names in a table, which has nb and en only."
    )


def accept_header(request: Request) -> str | None:
    return field_of(request.scope, b"accept") or None


def choose_format(
    request: Request,
    given: Formatted,
    choices: tuple[Format, ...],
    fixed: Format | None = None,
    spare: tuple[Format, ...] = (),
) -> tuple[Format, bool]:
    """Chooses the format; returns it and whether Accept decided. An ending overrides `format=`, which overrides Accept.

    Raises:
        NotAcceptableError, ParameterError: none of `choices` fits.
        FormatMissingError: the package of the named format is not installed.
    """
    if fixed is not None:
        return check_installed(fixed, not_installed(choices)), False
    if names := [name for value in given.format for name in value.split(",") if name.strip()]:
        return choose_by_name(names, choices), False
    return _choose(accept_header(request), choices, spare), True


def choose_answer_language(request: Request, lang: str | None, *, page: bool) -> tuple[str, bool]:
    """Chooses the language of the data in an answer; returns it and whether a header decided.

    `lang` comes first, for a page then the language that its reader chose earlier, and then Accept-Language.
    """
    if lang is not None:
        return data_language(lang), False
    if page:
        return data_language(_read_headers(request)), True
    return choose_language(field_of(request.scope, b"accept-language")), True


def choose_interface(request: Request) -> str:
    """Chooses the language of a page's own words, which may be one that the data lack.

    The order is that of `choose_answer_language`. A `lang` that no page has is reported where parameters are read.
    """
    try:
        lang = parse_parameters(request.scope["query_string"]).get("lang")
    except RequestError:
        lang = None
    return lang if isinstance(lang, str) and lang in LANGUAGE_NAMES else _read_headers(request)


def _read_headers(request: Request) -> str:
    header = field_of(request.scope, b"accept-language")
    return remembered_language(request.scope) or choose_language(header, tuple(LANGUAGE_NAMES))


def _read_seconds(text: object) -> float:
    if isinstance(text, str) and _SECONDS.fullmatch(text) and (seconds := float(text)) > 0:
        return seconds
    raise ValueError


def _read_flag(text: object) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise ValueError


_Iri = Annotated[str, AfterValidator(lambda text: read_iri(text).value)]
_Iris = Annotated[tuple[_Iri, ...], BeforeValidator(_as_many)]

EXAMPLE = """PREFIX plan: <https://w3id.org/plangraf/ontology#>
PREFIX dcterms: <http://purl.org/dc/terms/>

SELECT ?number ?title
WHERE { ?plan a plan:Plan ; plan:number ?number ; dcterms:title ?title }
ORDER BY ?number
"""


class SparqlParameters(Formatted):
    """The parameters of the SPARQL Protocol; a GET without a query asks for the service description.

    `timeout` is the client's own deadline in seconds, which can only shorten the service's.
    """

    query: Annotated[str | None, Refusal(repeated=N_("Send exactly one query."))] = Field(
        default=None, description="One SPARQL 1.1 query.", examples=[EXAMPLE]
    )
    default_graphs: _Iris = Field(
        default=(), alias="default-graph-uri", description="IRI of a graph of the default graph; overrides FROM."
    )
    named_graphs: _Iris = Field(
        default=(), alias="named-graph-uri", description="IRI of a named graph; overrides FROM NAMED."
    )
    format: _Formats = Field(
        default=(), description="Format of the answer, before Accept: json, xml, csv, tsv, turtle, jsonld, …"
    )
    timeout: Annotated[
        float | None,
        BeforeValidator(_read_seconds),
        Refusal(N_("is not a number of seconds above 0, such as 5 or 0.5.")),
        _TEXT,
    ] = Field(
        default=None,
        description="A shorter limit on the evaluation than the service's own, in seconds.",
        examples=["5"],
    )
    explain: Annotated[bool | None, BeforeValidator(_read_flag), Refusal(N_("is neither true nor false.")), _TEXT] = (
        Field(
            default=None,
            description="true: why an empty answer is so, in the header Plangraf-Explain.",
            examples=["true"],
        )
    )

    @property
    def graphs(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """The graphs of the dataset, the default ones and the named ones; None twice when the query decides."""
        return (self.default_graphs, self.named_graphs) if self.default_graphs or self.named_graphs else (None, None)


async def read_sparql(request: Request, limit: int) -> SparqlParameters:
    """Reads the query and the dataset of a request (SPARQL 1.1 Protocol §2.1).

    Args:
        request: GET, or POST or QUERY in either form.
        limit: most bytes of a body.
    Raises:
        RequestError: the request is malformed, has no or several queries or an update, or its body is too large,
            coded or of another type.
    """
    given = parse_parameters(request.scope["query_string"])
    with_body = request.method in ("POST", "QUERY")
    body = b""
    if with_body:
        refuse_coding(request)
        media_type = await _read_media_type(request)
        body = await read_whole_body(request, limit)
        sent = {"query": _decode(body)} if media_type == QUERY_TYPE else parse_parameters(body)
        for name, value in sent.items():
            given[name] = [*_as_many(given[name]), *_as_many(value)] if name in given else value
    if "update" in given:
        raise UpdateRefusedError(N_("What the parameter 'update' holds"))
    if with_body and "query" not in given:
        raise ParameterError("query", _explain_missing_query(body))
    return SparqlParameters.read(given)


def client_of(request: Request) -> str:
    """The client for whom the engine schedules a request: its network address."""
    client = request.scope.get("client")
    return client[0] if client else "unknown"


def refuse_coding(request: Request) -> None:
    """Refuses a body in a content coding.

    Raises:
        UnsupportedCodingError: it has one.
    """
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
        raise UpdateRefusedError(N_("What the body holds"))
    if not content_type and not await _has_body(request):
        raise ParameterError(
            "query",
            N_(
                "does not count in the address of a %(method)s, and no body came. Send the query in the "
                "body, as %(type)s or as the field query of %(form)s, or in the address with GET.",
                method=request.method,
                type=QUERY_TYPE,
                form=FORM_TYPE,
            ),
        )
    if media_type not in (QUERY_TYPE, FORM_TYPE) or any(c not in ("utf-8", "utf8") for c in charsets):
        raise UnsupportedMediaError(content_type, [QUERY_TYPE, FORM_TYPE, N_("both in UTF-8")])
    return media_type


async def _has_body(request: Request) -> bool:
    async for chunk in request.stream():
        if chunk:
            return True
    return False


def _explain_missing_query(form: bytes) -> str:
    """Explains a form without the field `query`; the form may be the query itself."""
    if _QUERY_BEGINS.match(unquote_plus(form.decode("utf-8", "replace"))):
        return N_(
            "is missing: the form is the query itself. Send it as query=… (curl --data-urlencode "
            "'query=SELECT …'), or as it is with Content-Type: %(type)s.",
            type=QUERY_TYPE,
        )
    return N_("is missing. Send exactly one query.")


async def read_whole_body(request: Request, limit: int) -> bytes:
    """Reads the body.

    Raises:
        BodyTooLargeError: it has more than `limit` bytes; found before the rest arrives.
    """
    if (whole_number(request.headers.get("content-length", "")) or 0) > limit:
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
        raise RequestError(N_("The query is not UTF-8: byte %(place)s cannot be read.", place=error.start)) from error
