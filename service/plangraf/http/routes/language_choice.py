"""`/language`: remembers the language of pages that a reader chose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from plangraf.errors import ParameterError
from plangraf.errors.message import N_, Quoted
from plangraf.http.resource.negotiation import LANGUAGE_COOKIE
from plangraf.http.resource.openapi import MALFORMED, Operation
from plangraf.http.resource.parameters import PageLanguage
from plangraf.http.resource.resource import Place, Resource
from plangraf.http.service import pinned
from plangraf.sparql.named.parameter_model import Refusal, StrictParameters

_A_YEAR_S = 365 * 86_400
# What an address has unencoded, and '%' of what is encoded already (RFC 3986 §2).
_IN_ADDRESS = "/?:@!$&'()*+,;=-._~%[]"


def resources() -> Iterator[Resource]:
    yield LanguageChoice()


def _read_back(text: str) -> str:
    """The path and query to return to, percent-encoded and without `lang`, which would overrule the choice.

    Raises:
        ValueError: the text can name another host, or has a character that no address has.
    """
    path, _, query = text.partition("?")
    if not path.startswith("/") or "//" in path or "\\" in text or not text.isprintable() or " " in text:
        raise ValueError
    kept = "&".join(pair for pair in query.split("&") if pair and pair.partition("=")[0] != "lang")
    return quote(f"{path}?{kept}" if kept else path, safe=_IN_ADDRESS)


class LanguageParameters(StrictParameters):
    to: PageLanguage = Field(description="Language of the pages from now on.", examples=["en"])
    back: Annotated[
        Annotated[str, AfterValidator(_read_back), WithJsonSchema({"type": "string", "pattern": "^/"})] | None,
        Refusal(N_("is not a path of this service. It begins with one '/', such as /plans?page=2.")),
    ] = Field(default=None, description="Path and query of the page to return to.", examples=["/plans?page=2"])


class LanguageChoice(Resource):
    """Remembers the language that a reader chose, in the service's only cookie, and returns to the page.

    Shared caches must not keep the answer, because it sets the cookie of one reader.
    """

    path = "/language"
    parameters = LanguageParameters
    kept = False
    operation = Operation(
        id="language",
        tag="Documents",
        summary="Choose the language of pages; the choice is kept in a cookie for a year",
        status=303,
        others=MALFORMED,
    )

    async def find(self, request: Request, place: Place) -> Response:
        service, given = pinned(request), place.parameters
        back = given.back or f"{service.prefix}/"
        if not back.startswith(f"{service.prefix}/"):
            raise ParameterError(
                "back",
                N_(
                    "%(value)s is not under %(prefix)s/, where this service is.",
                    value=Quoted(back),
                    prefix=service.prefix,
                ),
            )
        secure = service.settings.base_url.startswith("https:")
        response = Response(status_code=303, headers={"Location": back, "Cache-Control": "no-store"})
        response.set_cookie(
            LANGUAGE_COOKIE,
            given.to,
            max_age=_A_YEAR_S,
            path=f"{service.prefix}/",
            secure=secure,
            httponly=True,
            samesite="lax",
        )
        return response
