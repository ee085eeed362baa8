"""`/`, `/docs`, `/openapi.json` and `/language`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

import orjson
from fastapi.openapi.docs import get_swagger_ui_html
from pydantic import AfterValidator, Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from plangraf.engines.snapshots import Snapshot
from plangraf.errors import ParameterError
from plangraf.http.pipeline.browser_headers import CONTENT_SECURITY_POLICY, policy_for
from plangraf.http.resource.negotiation import LANGUAGE_COOKIE
from plangraf.http.resource.openapi import MALFORMED, Operation, content
from plangraf.http.resource.resource import Asked, Place, Resource, View
from plangraf.http.routes.catalog import catalogue, dates_part
from plangraf.http.service import Pinned, pinned
from plangraf.pages.html import script
from plangraf.rdf.formats import DOCUMENT_FORMATS, HTML, PLAIN_JSON
from plangraf.sparql.named.binding import LANGUAGES, NamedQuery
from plangraf.sparql.named.parameter_model import Refusal, StrictParameters
from plangraf.views.catalog.schema_org import catalogue_json_ld
from plangraf.views.document_parts import document_path
from plangraf.views.engine_answers import fetch, fetch_rows

_DATASETS = """CONSTRUCT { ?dataset ?p ?o }
WHERE { ?dataset a <http://www.w3.org/ns/dcat#Dataset> ; ?p ?o }"""
# Most things of one list on the home page; the query returns all.
_SHOWN = 40
_A_YEAR_S = 365 * 86_400
# What an address has unencoded, and '%' of what is encoded already (RFC 3986 §2).
_IN_ADDRESS = "/?:@!$&'()*+,;=-._~%[]"


def resources(openapi: Callable[[Pinned], dict[str, Any]]) -> Iterator[Resource]:
    """Makes the site's own resources; `openapi` describes the addresses that a version serves."""
    yield Home()
    yield Docs()
    yield OpenApi(openapi)
    yield LanguageChoice()


class Home(Resource):
    path = "/"
    formats = DOCUMENT_FORMATS
    endings = False
    operation = Operation(
        id="home",
        tag="Documents",
        summary="The home page; for RDF clients the description of the datasets",
        answer="The page or graph",
        content=content(DOCUMENT_FORMATS),
    )

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        service, language = asked.service, asked.language

        async def write() -> bytes:
            if not asked.page:
                return asked.write_graph(await fetch(snapshot.engine, _DATASETS))
            return service.pages.render(
                "home.html",
                language,
                collections=await _fetch_collections(service, language),
                lists=list(service.collections.values()),
                downloads=bool(snapshot.contents.downloads()),
                # Kept versions link to the catalogue of the current version, because there is only that one.
                catalog=f"{service.base_prefix}/catalog",
                schema_org=script(catalogue_json_ld(await catalogue(service), language)),
            )

        return View(write=write, key=(dates_part(service) if asked.page else "",))


class Docs(Resource):
    path = "/docs"
    formats = (HTML,)
    endings = negotiated = False

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        prefix = asked.service.prefix
        page = get_swagger_ui_html(
            openapi_url=f"{prefix}/openapi.json",
            title="plangraf API",
            swagger_js_url=f"{prefix}/static/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}/static/swagger-ui.css",
            swagger_favicon_url=f"{prefix}/static/icon.svg",
            # Without this Swagger UI sends the address of a public service to a validator on another host.
            swagger_ui_parameters={"validatorUrl": None, "docExpansion": "list", "defaultModelsExpandDepth": -1},
        )
        body = bytes(page.body).replace(b"<html>", b'<html lang="en">', 1)

        return View(write=body, headers={CONTENT_SECURITY_POLICY: policy_for(body, scripts=True)})


class OpenApi(Resource):
    """The framework's description of the API, served as a resource."""

    path = "/openapi.json"
    formats = (PLAIN_JSON,)
    endings = negotiated = False

    def __init__(self, openapi: Callable[[Pinned], dict[str, Any]]) -> None:
        self._openapi = openapi

    async def read(self, asked: Asked, snapshot: Snapshot) -> View:
        async def write() -> bytes:
            return orjson.dumps(self._openapi(asked.service))

        return View(write=write)


@dataclass(frozen=True, slots=True)
class _Item:
    href: str
    text: str
    lang: str | None
    number: str


@dataclass(frozen=True, slots=True)
class _Collection:
    """The things that one named query lists; `lang` is the language of `title`."""

    name: str
    title: str
    lang: str
    things: list[_Item]


async def _fetch_collections(service: Pinned, language: str) -> list[_Collection]:
    """Runs the named queries whose rows are named things; returns one list for each."""
    found = []
    for query in sorted(service.queries.values(), key=lambda query: (query.head.position, query.name)):
        columns = list(query.head.columns)
        name = next((column for column in ("title", "label") if column in columns), None)
        needed = any(not parameter.optional for parameter in query.head.parameters.values())
        if needed or name is None or query.head.columns[columns[0]] != "iri":
            continue
        known = query.head.title
        title, lang = (known.in_language(language), language) if known else (query.head.summary, "en")
        found.append(
            _Collection(query.name, title, lang, await _fetch_items(service, query, columns[0], name, language))
        )
    return found


async def _fetch_items(service: Pinned, query: NamedQuery, thing: str, name: str, language: str) -> list[_Item]:
    items: dict[str, _Item] = {}
    for row in await fetch_rows(service.snapshot.engine, query.bind({"lang": [language]})):
        iri = row[thing]["value"]
        number = row.get("number", {}).get("value", "")
        named = row.get(name, {})
        text, lang = named.get("value") or iri, named.get("xml:lang")
        items.setdefault(iri, _Item(service.prefix + document_path(iri), text, lang, number))
    return list(items.values())[:_SHOWN]


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
    to: Annotated[Literal["nb", "en"], Refusal(f"is not offered; use one of: {', '.join(LANGUAGES)}.")] = Field(
        description="Language of the pages from now on.", examples=["en"]
    )
    back: (
        Annotated[
            str,
            AfterValidator(_read_back),
            Refusal("is not a path of this service. It begins with one '/', such as /plans?page=2."),
            WithJsonSchema({"type": "string", "pattern": "^/"}),
        ]
        | None
    ) = Field(default=None, description="Path and query of the page to return to.", examples=["/plans?page=2"])


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
            raise ParameterError("back", f"{back!r} is not under {service.prefix}/, where this service is.")
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
